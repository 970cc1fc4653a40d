//! A case that uses things of the pool as a scenario that makes them first, so that it replays anywhere. Main function:
//! [`scenario`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::{Entry, Maker, Name, Recipe, Use};
use super::renewal::Renewal;
use crate::api::OperationId;
use crate::scenario::{
    Capture, Case, Content, Datum, IdentityName, Law, Names, Scenario, Source, Step, Values, encode, placeholder,
    renamed,
};
use crate::wire::Request;

/// The most steps of a scenario; what needs more keeps the values that it was seen with.
pub const MOST_STEPS: usize = 8;

/// The case with the steps that make what it uses; `identity` sends them all.
pub fn scenario(
    operation: &OperationId,
    case: &Arc<Case>,
    uses: &[Use],
    identity: &IdentityName,
    base_path: &str,
) -> Scenario {
    write(operation, case, uses, &Renewal::Never, Writer::new(identity, base_path))
}

/// The same for a case that makes something: it is made under other names each time.
pub fn kept(
    operation: &OperationId,
    case: &Arc<Case>,
    uses: &[Use],
    names: &[Name],
    identity: &IdentityName,
    base_path: &str,
) -> Scenario {
    write(operation, case, uses, &Renewal::Anew(names), Writer::new(identity, base_path))
}

fn write(
    operation: &OperationId,
    case: &Arc<Case>,
    uses: &[Use],
    renewal: &Renewal<'_>,
    mut writer: Writer<'_>,
) -> Scenario {
    writer.prepare(uses);
    let last = writer.step(operation, case, uses, renewal);
    writer.steps.push(last);
    Scenario::plain(writer.steps)
}

/// One request of the life of a thing.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its operation.
    pub operation: OperationId,
    /// As typed values.
    pub case: Case,
    /// The things of the pool in it.
    pub uses: Vec<Use>,
}

/// The name under which the `Location` of what was made is captured.
const LOCATION: &str = "location";

/// What is done with one thing, as a scenario that tries a law: the steps that make what is needed, the one that makes
/// the thing itself, and then one for each act. `made` is the thing to make anew, with the field by which it is named; with
/// none the first act makes it, or tries to.
///
/// `None` if the step that makes the thing would not stand directly before the acts.
pub fn life(
    law: Law,
    made: Option<(&Arc<Entry>, &str)>,
    acts: &[Act],
    identity: &IdentityName,
    base_path: &str,
) -> Option<Scenario> {
    let mut writer = Writer::new(identity, base_path);
    let is_it = |used: &Use| made.is_some_and(|(entry, _)| entry.number == used.entry.number);
    for act in acts {
        let others: Vec<Use> = act.uses.iter().filter(|used| !is_it(used)).cloned().collect();
        writer.prepare(&others);
    }
    if let Some((entry, field)) = made {
        writer.make(entry, field);
        let last = writer.steps.last_mut()?;
        let case = entry.maker.case()?;
        if !last.case.as_ref().is_some_and(|of| Arc::ptr_eq(of, case)) {
            return None;
        }
        if law == Law::WrongLocation {
            last.captures.push(Capture { name: LOCATION.to_owned(), from: Source::Header(LOCATION.to_owned()) });
        }
    }
    for act in acts {
        let step = writer.step(&act.operation, &Arc::new(act.case.clone()), &act.uses, &Renewal::Shared);
        writer.steps.push(step);
    }
    if law == Law::WrongLocation {
        let last = writer.steps.last_mut()?;
        Arc::make_mut(&mut last.request).target = placeholder(LOCATION).into();
    }
    Some(Scenario { steps: writer.steps, law: Some(law) })
}

/// Writes steps that make what others use.
pub(super) struct Writer<'a> {
    identity: &'a IdentityName,
    base_path: &'a str,
    steps: Vec<Step>,
    /// The placeholder of each field of each thing that a step makes.
    names: BTreeMap<(u64, String), String>,
    /// All placeholders.
    taken: BTreeSet<String>,
    /// The placeholder of each text that was new when it was sent.
    pub(super) fresh: Values,
    /// Requests that are among the steps, each with its step.
    made: Vec<(Arc<Maker>, usize)>,
    /// Recorded scenarios of which steps are among the steps.
    recorded: Vec<Repeated>,
}

/// A recorded scenario that is repeated, as far as it is needed.
struct Repeated {
    scenario: Arc<Scenario>,
    names: Names,
    /// Where its steps stand.
    steps: Vec<usize>,
}

impl<'a> Writer<'a> {
    fn new(identity: &'a IdentityName, base_path: &'a str) -> Self {
        Self {
            identity,
            base_path,
            steps: Vec::new(),
            names: BTreeMap::new(),
            taken: BTreeSet::new(),
            fresh: Values::new(),
            made: Vec::new(),
            recorded: Vec::new(),
        }
    }

    /// The steps that make the things.
    fn prepare(&mut self, uses: &[Use]) {
        for used in uses {
            let is_made = self.names.contains_key(&(used.entry.number, used.field.clone()));
            if is_made || self.steps.len() + 1 >= MOST_STEPS {
                continue;
            }
            self.make(&used.entry, &used.field);
        }
    }

    fn make(&mut self, entry: &Arc<Entry>, field: &str) {
        // What was there before is called as it is: no step tells of it.
        let Some(from) = entry.held(field).and_then(|held| held.from.clone()) else { return };
        let maker = Arc::clone(&entry.maker);
        let wanted = format!("{}_{field}", entry.kind);
        // Several fields of one thing, and several things of one answer, come from one step.
        let known = self.made.iter().find(|(made, _)| Arc::ptr_eq(made, &maker)).map(|(_, step)| *step);
        let Some(step) = known.or_else(|| self.add(&maker)) else { return };
        let name = self.name(&wanted);
        self.names.insert((entry.number, field.to_owned()), name.clone());
        self.steps[step].captures.push(Capture { name, from });
    }

    /// The request that told of things as a step, after those that it needs itself; none if there is no room for them.
    fn add(&mut self, maker: &Arc<Maker>) -> Option<usize> {
        let at = match &maker.recipe {
            Recipe::Typed { case, names } => {
                self.prepare(&maker.uses);
                if self.steps.len() + 1 >= MOST_STEPS {
                    return None;
                }
                let step = self.step(&maker.operation, case, &maker.uses, &Renewal::Anew(names));
                self.steps.push(step);
                self.steps.len() - 1
            }
            Recipe::Recorded { scenario, index } => self.repeat(scenario, *index)?,
        };
        self.made.push((Arc::clone(maker), at));
        Some(at)
    }

    /// The steps of a recorded scenario up to this one, as far as they are not there yet.
    fn repeat(&mut self, scenario: &Arc<Scenario>, index: usize) -> Option<usize> {
        let known = self.recorded.iter().position(|repeated| Arc::ptr_eq(&repeated.scenario, scenario));
        let known = known.unwrap_or_else(|| {
            let names = self.rename(scenario);
            self.recorded.push(Repeated { scenario: Arc::clone(scenario), names, steps: Vec::new() });
            self.recorded.len() - 1
        });
        let missing = (index + 1).saturating_sub(self.recorded[known].steps.len());
        if self.steps.len() + missing >= MOST_STEPS {
            return None;
        }
        while self.recorded[known].steps.len() <= index {
            let Repeated { names, steps, .. } = &mut self.recorded[known];
            let step = renamed(&scenario.steps[steps.len()], names);
            steps.push(self.steps.len());
            self.steps.push(Step { identity: self.identity.clone(), ..step });
        }
        Some(self.recorded[known].steps[index])
    }

    /// New names for the placeholders of a recorded scenario, so that they differ from those of others.
    fn rename(&mut self, scenario: &Scenario) -> Names {
        let declared = |step: &Step| -> Vec<String> {
            step.fresh.iter().chain(step.captures.iter().map(|capture| &capture.name)).cloned().collect()
        };
        let all: BTreeSet<String> = scenario.steps.iter().flat_map(declared).collect();
        all.into_iter().map(|old| (old.clone(), self.name(&old))).collect()
    }

    /// A placeholder that no other has.
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let plain = Some(wanted.to_owned()).into_iter();
        let mut numbered = plain.chain((2..).map(|number| format!("{wanted}_{number}")));
        let name = numbered.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }

    /// A step whose used values are placeholders. If it makes something, its unique texts and those at `names` are new
    /// each time.
    fn step(&mut self, operation: &OperationId, case: &Arc<Case>, uses: &[Use], renewal: &Renewal<'_>) -> Step {
        let mut bound = Case::clone(case);
        let mut marks = Vec::new();
        for used in uses {
            let Some(name) = self.names.get(&(used.entry.number, used.field.clone())) else { continue };
            if let Some(value) = value_mut(&mut bound, used.parameter, &used.pointer) {
                let mark = placeholder(name);
                *value = match value {
                    Datum::Number(_) => Datum::Number(mark.clone().into()),
                    _ => Datum::String(mark.clone()),
                };
                marks.push(mark);
            }
        }
        let mut fresh = Vec::new();
        self.renew(&mut bound, renewal, &mut fresh);
        marks.extend(self.fresh.values().chain(&fresh).map(|name| placeholder(name)));
        let mut request = encode(&bound, self.base_path);
        bare(&mut request, &marks);
        Step {
            operation: operation.clone(),
            identity: self.identity.clone(),
            request: Arc::new(request),
            fresh,
            captures: Vec::new(),
            case: Some(Arc::clone(case)),
            at_once: false,
        }
    }
}

/// The value at this place of a case.
pub(super) fn value_mut<'c>(case: &'c mut Case, parameter: Option<usize>, pointer: &str) -> Option<&'c mut Datum> {
    let part = match parameter {
        Some(index) => &mut case.arguments.iter_mut().find(|argument| argument.parameter == index)?.value,
        None => match &mut case.body.as_mut()?.content {
            Content::Value(value) => value,
            Content::Raw(_) => return None,
        },
    };
    part.at_mut(pointer)
}

/// Encoding made plain text of the placeholders; makes placeholders of it again.
fn bare(request: &mut Request, marks: &[String]) {
    for mark in marks {
        let encoded = mark.replace('{', "%7B").replace('}', "%7D");
        let replaced = |bytes: &[u8]| -> Option<Vec<u8>> {
            let text = std::str::from_utf8(bytes).ok()?;
            text.contains(&encoded).then(|| text.replace(&encoded, mark).into_bytes())
        };
        if let Some(target) = replaced(&request.target) {
            request.target = target.into();
        }
        if let Some(body) = replaced(&request.body) {
            request.body = body.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::Source;
    use crate::scenario::encode::samples::{case, operation};

    fn id() -> IdentityName {
        IdentityName::new("anonymous")
    }

    fn recorded(operation: &str, target: &str, body: &'static str, capture: &str) -> Step {
        let mut request = Request::new("POST", target.to_owned());
        request.body = body.into();
        Step {
            operation: OperationId::from_text(operation),
            identity: id(),
            request: Arc::new(request),
            fresh: vec!["fresh".into()],
            captures: vec![Capture { name: capture.into(), from: Source::Body("/id".into()) }],
            case: None,
            at_once: false,
        }
    }

    /// An order that a recorded scenario made, after the user whose it is.
    fn order(number: u64) -> Arc<Entry> {
        let steps = vec![
            recorded("POST /users", "/users", "{{fresh}}", "user_id"),
            recorded("POST /orders", "/orders", "{{user_id}} {{fresh}}", "order_id"),
        ];
        let recipe = Recipe::Recorded { scenario: Arc::new(Scenario::plain(steps)), index: 1 };
        let maker = Maker { operation: OperationId::from_text("POST /orders"), recipe, uses: vec![] };
        let held = super::super::Held { value: json!(7), from: Some(Source::Body("/id".into())) };
        Arc::new(Entry {
            number,
            kind: "order".into(),
            fields: BTreeMap::from([("id".to_owned(), held)]),
            others: BTreeMap::new(),
            maker: Arc::new(maker),
            is_ours: true,
            is_subject: true,
        })
    }

    #[test]
    fn what_recorded_steps_made_is_made_by_them_again() {
        let path = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
            {"name": "other", "in": "query", "schema": {"type": "integer"}}]);
        let read = operation("GET", "/orders/{id}", json!({"parameters": path}));
        let case = Arc::new(case(&read, &[("id", Datum::integer(7)), ("other", Datum::integer(7))]));
        let used = |parameter, entry: Arc<Entry>| Use {
            parameter: Some(parameter),
            pointer: "".into(),
            entry,
            field: "id".into(),
        };
        let made = scenario(&read.id, &case, &[used(0, order(1)), used(1, order(2))], &id(), "");
        let sent: Vec<_> = made
            .steps
            .iter()
            .map(|step| format!("{} {}", step.request.target_text(), String::from_utf8_lossy(&step.request.body)))
            .collect();
        let expected = [
            "/users {{fresh}}",
            "/orders {{user_id}} {{fresh}}",
            "/users {{fresh_2}}",
            "/orders {{user_id_2}} {{fresh_2}}",
            "/orders/{{order_id_2}}?other={{order_id_4}} ",
        ];
        assert_eq!(sent, expected);
        assert_eq!(made.steps[3].fresh, ["fresh_2"]);
        let names: Vec<_> = made.steps[1].captures.iter().map(|capture| capture.name.as_str()).collect();
        assert_eq!(names, ["order_id", "order_id_2"]);
    }
}
