//! Valid by the document as far as it goes, with a payload in a place where it says little. Main type: [`Hostile`].
//!
//! Texts without a pattern, a format or an enum take any payload; integers without limits take any integer; texts of a
//! format that the validator does not judge take what only looks like it. First one payload in all texts at once,
//! then in each, then the next.

use std::sync::Arc;

use super::Generator;
use super::list::{Item, Listed, Lists, each_spot, origin};
use super::payloads::{self, LONG, Payload};
use super::plan::{Change, Part, Place, Plan, Plans, Spot};
use super::value::Wire;
use crate::api::Operation;
use crate::scenario::{Case, Datum, GeneratorId, Intent};
use crate::schema::{Constraints, Format, Types, View};
use crate::seed::Seed;

const ID: GeneratorId = GeneratorId("hostile");
/// The longest text that goes into a URL or a header.
const LONGEST_FIELD: usize = 6_000;

/// What is done at a spot.
#[derive(Clone, Copy, Debug)]
enum Attack {
    /// The payload in every text of the part.
    Everywhere(u16),
    /// The payload here.
    Payload(u16),
    /// One of the integers.
    Huge(u16),
    /// One of [`LONG`].
    Long(u8),
    /// One of the format's near misses.
    NearMiss(u8),
    /// The empty text, which many servers take for nothing.
    Empty,
}

/// Makes cases with payloads.
pub(crate) struct Hostile {
    lists: Lists<Attack>,
}

impl Hostile {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { lists: Lists::new(plans) }
    }

    fn list(&self, operation: &Arc<Operation>) -> Arc<Listed<Attack>> {
        self.lists.of(operation, fill)
    }
}

fn fill(plan: &Plan, items: &mut Vec<Item<Attack>>) {
    each_spot(plan, |place, spot, found| {
        let Some(part) = plan.part(place) else { return };
        let constraints = part.document().constraints(found.node);
        if found.again {
            return;
        }
        for (rank, kind) in attacks(part, constraints) {
            items.push(Item { place, spot, kind, rank });
        }
        if spot == 0 && part.spots.iter().filter(|spot| is_free(part.document().constraints(spot.node))).count() > 1 {
            items.extend((0..2).map(|index| Item { place, spot, kind: Attack::Everywhere(index), rank: 0 }));
        }
    });
}

/// Whether a spot takes any text.
fn is_free(constraints: &Constraints) -> bool {
    let rules = &constraints.string;
    let unformatted = matches!(rules.format, None | Some(Format::Password | Format::Binary));
    constraints.preferred.overlaps(Types::STRING)
        && constraints.enumeration.is_none()
        && rules.patterns.is_empty()
        && unformatted
}

fn attacks(part: &Part, constraints: &Constraints) -> Vec<(u8, Attack)> {
    let mut out = Vec::new();
    let byte = |index: usize| u8::try_from(index).unwrap_or(u8::MAX);
    if is_free(constraints) {
        let longest = if part.wire == Wire::Json { usize::MAX } else { LONGEST_FIELD };
        let fitting = numbered(payloads::texts()).filter(|(_, payload)| payload.bytes.len() <= longest);
        out.extend(fitting.map(|(index, _)| (byte(index.into()).saturating_add(1), Attack::Payload(index))));
        let lengths = LONG.iter().enumerate().filter(|(_, length)| **length <= longest);
        out.extend(lengths.map(|(index, _)| (3 + 4 * byte(index), Attack::Long(byte(index)))));
    }
    if constraints.preferred.overlaps(Types::INTEGER) && constraints.enumeration.is_none() {
        let integers = numbered(payloads::integers());
        out.extend(integers.map(|(index, _)| (1 + 2 * byte(index.into()), Attack::Huge(index))));
    }
    let judged_elsewhere = constraints.enumeration.is_some() || !constraints.string.patterns.is_empty();
    if let Some(format) = constraints.string.format.filter(|format| format.is_text() && !judged_elsewhere) {
        out.extend((0..format.near_misses().len()).map(|index| (2 + byte(index), Attack::NearMiss(byte(index)))));
    }
    if constraints.preferred.overlaps(Types::INTEGER.or(Types::STRING)) && part.wire == Wire::Pairs {
        out.push((4, Attack::Empty));
    }
    out
}

/// Payloads with their numbers.
fn numbered(payloads: &'static [Payload]) -> impl Iterator<Item = (u16, &'static Payload)> {
    (0..=u16::MAX).zip(payloads)
}

fn text(payload: &Payload) -> Option<&str> {
    std::str::from_utf8(&payload.bytes).ok()
}

fn hostile_text(attack: Attack) -> Option<(&'static str, Datum)> {
    Some(match attack {
        Attack::Everywhere(index) | Attack::Payload(index) => {
            let payload = payloads::texts().get(usize::from(index))?;
            (payload.class, Datum::string(text(payload)?))
        }
        Attack::Huge(index) => {
            let payload = payloads::integers().get(usize::from(index))?;
            (payload.class, Datum::Number(text(payload)?.into()))
        }
        Attack::Long(index) => ("long", Datum::String("A".repeat(*LONG.get(usize::from(index))?))),
        Attack::Empty => ("empty", Datum::string("")),
        Attack::NearMiss(_) => return None,
    })
}

impl Generator for Hostile {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        Some(self.list(operation).items.len() as u64)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let list = self.list(operation);
        let (item, spot) = list.item(index)?;
        let plan = &*list.plan;
        let part = plan.part(item.place)?;
        let origin = origin(ID, index, seed);
        let (class, value) = match item.kind {
            Attack::NearMiss(index) => {
                let format = part.document().constraints(spot.node).string.format?;
                ("bad_format", Datum::string(*format.near_misses().get(usize::from(index))?))
            }
            other => hostile_text(other)?,
        };
        let value = match item.kind {
            Attack::Everywhere(_) => everywhere(part, spot, &value)?,
            _ => plan.changed(item.place, spot, Change::Set(value), origin)?,
        };
        // What breaks a rule of the document is for those who name the rule; in text, types are for the server to see.
        let is_legal =
            item.kind.is_untyped() || !part.proved || part.schema.conforms(View::Request, &value.to_value()?);
        let is_sendable = stands(item.place, plan, &value);
        let intent = Intent::Hostile(class);
        (is_legal && is_sendable).then(|| plan.with(item.place, value, origin, intent))
    }
}

impl Attack {
    fn is_untyped(self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Whether the value leaves the path as it is.
fn stands(place: Place, plan: &Plan, value: &Datum) -> bool {
    let is_path = plan.part(place).is_some_and(|part| part.wire == Wire::Path);
    !is_path || !matches!(value, Datum::String(text) if matches!(text.as_str(), "" | "." | ".."))
}

/// The text in every free text of the value that the spot is in.
fn everywhere(part: &Part, spot: &Spot, text: &Datum) -> Option<Datum> {
    let mut value = part.goods.get(usize::from(spot.base))?.clone();
    let here = part.spots.iter().filter(|other| other.base == spot.base);
    let is_open = |other: &&Spot| is_free(part.document().constraints(other.node)) && !part.has_pin(&other.pointer);
    for other in here.filter(is_open) {
        if let Some(found) = value.at_mut(&other.pointer) {
            *found = text.clone();
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode;
    use crate::scenario::encode::samples::operation;

    fn sent(described: serde_json::Value, path: &str) -> Vec<(String, String)> {
        let operation = operation("POST", path, described);
        let hostile = Hostile::new(Arc::default());
        let count = hostile.count(&operation).unwrap();
        let cases = (0..count).filter_map(|index| hostile.case(&operation, index, Seed::new(1)));
        cases
            .map(|case| {
                let request = encode(&case, "");
                let Intent::Hostile(class) = case.intent else { panic!("{:?}", case.intent) };
                (class.to_owned(), format!("{} {}", request.target_text(), String::from_utf8_lossy(&request.body)))
            })
            .collect()
    }

    #[test]
    fn quotes_and_format_characters_come_first() {
        let schema = json!({"type": "object", "required": ["a", "b"], "properties": {
            "a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string", "pattern": "^x$"}
        }});
        let all = sent(json!({"body": {"application/json": {"schema": schema}}}), "/x");
        let polyglot = serde_json::to_string(text(&payloads::texts()[0]).unwrap()).unwrap();
        assert_eq!(all[0].1, format!("/x {{\"a\":{polyglot},\"b\":{polyglot}}}"));
        assert!(all[..30].iter().any(|(class, _)| class == "sql"));
        assert!(!all.iter().any(|(_, text)| text.contains("\"c\":\"'")), "a pattern is respected");
    }

    #[test]
    fn integers_grow_beyond_words_in_every_place() {
        let described = json!({
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}},
                           {"name": "n", "in": "query", "schema": {"type": "integer", "maximum": 9}}],
            "body": {"application/json": {"schema": {"type": "integer"}}}
        });
        let all = sent(described, "/x/{id}");
        let has = |text: &str| all.iter().any(|(class, sent)| class == "huge_integer" && sent.contains(text));
        assert!(has("/x/123456789012345678901234567890 "));
        assert!(has(" 123456789012345678901234567890"));
        assert!(!has("n=123456789012345678901234567890"), "that would break a rule that has a name");
    }
}
