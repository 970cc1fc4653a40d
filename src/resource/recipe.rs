//! A case that uses things of the pool as a scenario that makes them first, so that it replays anywhere. Main function:
//! [`scenario`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pool::{Entry, Maker, Use};
use crate::api::OperationId;
use crate::scenario::{
    Capture, Case, Content, Datum, IdentityName, Law, Scenario, Source, Step, Unique, Values, encode, placeholder,
};
use crate::wire::Request;

/// The most steps of a scenario; what needs more keeps the values that it was seen with.
const MOST_STEPS: usize = 8;

/// The case with the steps that make what it uses; `identity` sends them all.
pub fn scenario(
    operation: &OperationId,
    case: &Arc<Case>,
    uses: &[Use],
    identity: &IdentityName,
    base_path: &str,
) -> Scenario {
    let mut writer = Writer { identity, base_path, steps: Vec::new(), names: BTreeMap::new(), fresh: Values::new() };
    writer.prepare(uses);
    let last = writer.step(operation, case, uses, Vec::new(), false);
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
    let mut writer = Writer { identity, base_path, steps: Vec::new(), names: BTreeMap::new(), fresh: Values::new() };
    let is_it = |used: &Use| made.is_some_and(|(entry, _)| entry.number == used.entry.number);
    for act in acts {
        let others: Vec<Use> = act.uses.iter().filter(|used| !is_it(used)).cloned().collect();
        writer.prepare(&others);
    }
    if let Some((entry, field)) = made {
        writer.make(entry, field);
        let last = writer.steps.last_mut()?;
        if !last.case.as_ref().is_some_and(|case| Arc::ptr_eq(case, &entry.maker.case)) {
            return None;
        }
        if law == Law::WrongLocation {
            last.captures.push(Capture { name: LOCATION.to_owned(), from: Source::Header(LOCATION.to_owned()) });
        }
    }
    for act in acts {
        let step = writer.step(&act.operation, &Arc::new(act.case.clone()), &act.uses, Vec::new(), true);
        writer.steps.push(step);
    }
    if law == Law::WrongLocation {
        let last = writer.steps.last_mut()?;
        Arc::make_mut(&mut last.request).target = placeholder(LOCATION).into();
    }
    Some(Scenario { steps: writer.steps, law: Some(law) })
}

struct Writer<'a> {
    identity: &'a IdentityName,
    base_path: &'a str,
    steps: Vec<Step>,
    /// The placeholder of each field of each thing that a step makes.
    names: BTreeMap<(u64, String), String>,
    /// The placeholder of each text that was new when it was sent.
    fresh: Values,
}

impl Writer<'_> {
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
        let Some(held) = entry.fields.get(field) else { return };
        let maker = Arc::clone(&entry.maker);
        self.prepare(&maker.uses);
        if self.steps.len() + 1 >= MOST_STEPS {
            return;
        }
        let name = self.name(&format!("{}_{field}", entry.kind));
        self.names.insert((entry.number, field.to_owned()), name.clone());
        let capture = Capture { name, from: held.from.clone() };
        // Several fields of one thing, and several things of one answer, come from one step.
        let known =
            self.steps.iter_mut().find(|step| step.case.as_ref().is_some_and(|case| Arc::ptr_eq(case, &maker.case)));
        if let Some(step) = known {
            step.captures.push(capture);
        } else {
            let Maker { operation, case, uses } = &*maker;
            let step = self.step(operation, case, uses, vec![capture], true);
            self.steps.push(step);
        }
    }

    fn name(&self, wanted: &str) -> String {
        let is_free = |name: &String| !self.names.values().any(|taken| taken == name);
        let plain = Some(wanted.to_owned()).into_iter();
        let mut numbered = plain.chain((2..).map(|number| format!("{wanted}_{number}")));
        numbered.find(is_free).unwrap_or_default()
    }

    /// A step whose used values are placeholders, and whose unique texts are new each time if it makes something.
    fn step(
        &mut self,
        operation: &OperationId,
        case: &Arc<Case>,
        uses: &[Use],
        captures: Vec<Capture>,
        makes: bool,
    ) -> Step {
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
        if makes {
            self.renew(&mut bound, &mut fresh);
            marks.extend(self.fresh.values().map(|name| placeholder(name)));
        }
        let mut request = encode(&bound, self.base_path);
        bare(&mut request, &marks);
        Step {
            operation: operation.clone(),
            identity: self.identity.clone(),
            request: Arc::new(request),
            fresh,
            captures,
            case: Some(Arc::clone(case)),
        }
    }

    /// Replaces the texts that were new when the case was made.
    fn renew(&mut self, case: &mut Case, fresh: &mut Vec<String>) {
        let salt = case.provenance.salt();
        let Some(body) = &mut case.body else { return };
        let Content::Value(value) = &mut body.content else { return };
        let mut known = std::mem::take(&mut self.fresh);
        each_text(value, &mut String::new(), &mut |pointer, text| {
            let unique = Unique::of(pointer, salt);
            let (plain, email) = (unique.word(), unique.email());
            if *text != plain && *text != email {
                return;
            }
            let count = known.len() + 1;
            let name = known.entry(plain.clone()).or_insert_with(|| {
                // Only the first step that has it makes it new; the others send the same.
                fresh.push(format!("fresh_{count}"));
                format!("fresh_{count}")
            });
            *text = text.replace(&plain, &placeholder(name));
        });
        self.fresh = known;
    }
}

/// Calls for each text of a value with its pointer.
fn each_text(value: &mut Datum, pointer: &mut String, each: &mut dyn FnMut(&str, &mut String)) {
    let length = pointer.len();
    match value {
        Datum::String(text) => each(pointer, text),
        Datum::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                each_text(item, pointer, each);
                pointer.truncate(length);
            }
        }
        Datum::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&crate::schema::escape_token(name));
                each_text(member, pointer, each);
                pointer.truncate(length);
            }
        }
        _ => {}
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
