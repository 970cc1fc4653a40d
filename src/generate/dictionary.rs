//! Every word of the user's dictionaries once in every text. Main type: [`Dictionary`].
//!
//! Where a word conforms the case is valid; elsewhere it is hostile: the user knows why it may matter there.

use std::sync::Arc;

use bytes::Bytes;

use super::Generator;
use super::list::{each_spot, origin};
use super::plan::{Cache, Change, Part, Place, Plan, Plans};
use super::value::Wire;
use crate::api::Operation;
use crate::scenario::{Case, Datum, GeneratorId, Intent, proves_valid};
use crate::schema::{Types, View};
use crate::seed::Seed;

const ID: GeneratorId = GeneratorId("dictionary");
/// The class of the hostile ones.
const CLASS: &str = "dictionary";

/// Makes cases with the user's words.
pub(crate) struct Dictionary {
    plans: Arc<Plans>,
    /// The texts of each operation: part, and spot within it.
    texts: Cache<Vec<(Place, u32)>>,
}

impl Dictionary {
    pub(crate) fn new(plans: Arc<Plans>) -> Self {
        Self { plans, texts: Cache::default() }
    }

    fn texts(&self, operation: &Arc<Operation>) -> (Arc<Plan>, Arc<Vec<(Place, u32)>>) {
        let plan = self.plans.plan(operation);
        let texts = self.texts.of(operation, || if plan.words.all.is_empty() { Vec::new() } else { texts(&plan) });
        (plan, texts)
    }
}

/// The spots where a text may stand.
fn texts(plan: &Plan) -> Vec<(Place, u32)> {
    let mut texts = Vec::new();
    each_spot(plan, |place, index, spot| {
        let Some(part) = plan.part(place) else { return };
        if !spot.again && part.document().constraints(spot.node).preferred.overlaps(Types::STRING) {
            texts.push((place, index));
        }
    });
    texts
}

/// A word as it arrives unchanged in a part; `None` if it can't be said there.
fn said(word: &Bytes, wire: Wire) -> Option<Datum> {
    if wire == Wire::Path && matches!(&word[..], b"" | b"." | b"..") {
        return None;
    }
    Some(match std::str::from_utf8(word) {
        Ok(text) => Datum::string(text),
        Err(_) if wire == Wire::Json => Datum::RawString(between_quotes(word)),
        Err(_) => Datum::RawString(word.clone()),
    })
}

/// Bytes that are no text as they stand in a JSON string.
fn between_quotes(word: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(word.len() + 8);
    for byte in word {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            other => out.push(*other),
        }
    }
    out.into()
}

fn case(plan: &Plan, part: &Part, index: usize, texts: &[(Place, u32)], seed: Seed) -> Option<Case> {
    let (place, spot) = *texts.get(index % texts.len())?;
    let datum = said(plan.words.all.get(index / texts.len())?, part.wire)?;
    let origin = origin(ID, index as u64, seed);
    let value = plan.changed(place, part.spots.get(spot as usize)?, Change::Set(datum), origin)?;
    let conforms = value.to_value().is_some_and(|value| part.schema.conforms(View::Request, &value));
    let mut case = plan.with(place, value, origin, Intent::Hostile(CLASS));
    if conforms && plan.is_proved() && proves_valid(&case) {
        case.intent = Intent::Valid;
    }
    Some(case)
}

impl Generator for Dictionary {
    fn id(&self) -> GeneratorId {
        ID
    }

    fn count(&self, operation: &Arc<Operation>) -> Option<u64> {
        let (plan, texts) = self.texts(operation);
        Some(plan.words.all.len() as u64 * texts.len() as u64)
    }

    fn case(&self, operation: &Arc<Operation>, index: u64, seed: Seed) -> Option<Case> {
        let (plan, texts) = self.texts(operation);
        let index = usize::try_from(index).ok().filter(|_| !texts.is_empty())?;
        let (place, _) = *texts.get(index % texts.len())?;
        case(&plan, plan.part(place)?, index, &texts, seed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::generate::UserValues;
    use crate::scenario::encode;
    use crate::scenario::encode::samples::operation;

    #[test]
    fn every_word_is_sent_once_in_every_text() {
        let described = json!({
            "parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 3}},
                           {"name": "n", "in": "query", "schema": {"type": "integer"}}],
            "body": {"application/json": {"schema": {"type": "object", "properties": {
                "a": {"type": "string"}, "b": {"type": "array", "items": {"type": "string"}}, "c": {"type": "boolean"}
            }}}}
        });
        let operation = operation("POST", "/x", described);
        let mut values = UserValues::default();
        values.add_words([&b"abc"[..], b"d\xff\"", b"abc", b"longer"].map(Bytes::from_static));
        let dictionary = Dictionary::new(Arc::new(Plans::new(Arc::new(values))));
        let count = dictionary.count(&operation).unwrap();
        assert_eq!(count, 3 * 3);
        let mut sent = BTreeSet::new();
        for index in 0..count {
            let case = dictionary.case(&operation, index, Seed::new(1)).unwrap();
            let request = encode(&case, "");
            let text = format!("{} {}", request.target_text(), request.body.escape_ascii());
            let is_valid = !text.contains("xff") && !text.contains("%FF") && !text.contains("q=longer");
            assert_eq!(case.intent, if is_valid { Intent::Valid } else { Intent::Hostile("dictionary") }, "{text}");
            sent.insert(text);
        }
        assert_eq!(sent.len(), 9, "{sent:#?}");
        assert!(sent.iter().any(|text| text.contains("q=d%FF%22")), "{sent:#?}");
        assert!(sent.iter().any(|text| text.contains(r#"[\"d\xff\\\"\"]"#)), "{sent:#?}");
        assert!(dictionary.case(&operation, count, Seed::new(1)).is_none());
        assert_eq!(Dictionary::new(Arc::default()).count(&operation), Some(0));
    }
}
