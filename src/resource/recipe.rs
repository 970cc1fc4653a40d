//! A case that uses things of the pool as a scenario that makes them first, so that it replays anywhere. Main function:
//! [`scenario`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pool::{Entry, Maker, Use};
use crate::api::OperationId;
use crate::scenario::{
    Capture, Case, Content, Datum, IdentityName, Scenario, Step, Unique, Values, encode, placeholder,
};
use crate::wire::Request;

/// The most steps of a scenario; what needs more keeps the values that it was seen with.
const MOST_STEPS: usize = 8;

/// Who sends a scenario, and how.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Sends all steps.
    pub identity: &'a IdentityName,
    /// Stands before every path.
    pub base_path: &'a str,
    /// A usual case of an operation, to make a thing with in place of the case that made it; another one at each call.
    pub usual: &'a dyn Fn(&OperationId) -> Option<Case>,
}

/// The case with the steps that make what it uses.
pub fn scenario(operation: &OperationId, case: &Arc<Case>, uses: &[Use], setting: Setting<'_>) -> Scenario {
    let mut writer =
        Writer { setting, steps: Vec::new(), makers: Vec::new(), names: BTreeMap::new(), fresh: Values::new() };
    writer.prepare(uses);
    let last = writer.step(operation, case, uses, Vec::new(), false);
    writer.steps.push(last);
    Scenario { steps: writer.steps }
}

struct Writer<'a> {
    setting: Setting<'a>,
    steps: Vec<Step>,
    /// Of each step the request that made the thing in the run.
    makers: Vec<Arc<Maker>>,
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
        let maker = &entry.maker;
        self.prepare(&maker.uses);
        if self.steps.len() + 1 >= MOST_STEPS {
            return;
        }
        let name = self.name(&format!("{}_{field}", entry.kind));
        self.names.insert((entry.number, field.to_owned()), name.clone());
        let capture = Capture { name, from: held.from.clone() };
        // Several fields of one thing, and several things of one answer, come from one step.
        if let Some(index) = self.makers.iter().position(|known| Arc::ptr_eq(known, maker)) {
            self.steps[index].captures.push(capture);
        } else {
            let usual = (self.setting.usual)(&maker.operation).map(Arc::new);
            let case = usual.as_ref().unwrap_or(&maker.case);
            let step = self.step(&maker.operation, case, &maker.uses, vec![capture], true);
            self.steps.push(step);
            self.makers.push(Arc::clone(maker));
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
            marks.extend(fresh.iter().map(|name| placeholder(name)));
        }
        let mut request = encode(&bound, self.setting.base_path);
        bare(&mut request, &marks);
        Step {
            operation: operation.clone(),
            identity: self.setting.identity.clone(),
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
            let name = known.entry(plain.clone()).or_insert_with(|| format!("fresh_{count}")).clone();
            *text = text.replace(&plain, &placeholder(&name));
            fresh.push(name);
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
