//! Valid cases changed so that they keep what was learned. Main function: [`shape`].
//!
//! Each rule is applied on its own, and taken back if the part that it changed conforms to the document no more: the
//! document is the word of its author, a learned rule only of an answer.

use std::sync::Arc;

use arbitrary::Unstructured;
use serde_json::Value;

use super::lesson::{EACH, all, change};
use super::rule::{Bound, Check, Kind, is_blank, number};
use super::{Place, Rule, Spot, resolve};
use crate::api::{Operation, is_json};
use crate::scenario::{Argument, Body, Case, Content, Datum, proves_malformed};
use crate::schema::{Document, NodeId, Schema, escape_token};
use crate::seed::Seed;

/// How many values are tried for a rule.
const TRIES: u64 = 4;
/// How long a list is made at most.
const MOST_ITEMS: usize = 64;
/// Bytes of the tape that a format's sample is drawn from.
const SAMPLE: usize = 96;

/// Where values come from, and what must be left alone.
pub trait Ground {
    /// Whether the user has fixed what stands at this pointer of a parameter, or of the body.
    fn is_fixed(&self, operation: &Arc<Operation>, parameter: Option<usize>, pointer: &str) -> bool;
    /// A good value of a parameter.
    fn argument(&self, operation: &Arc<Operation>, parameter: usize) -> Option<Datum>;
    /// A good body.
    fn body(&self, operation: &Arc<Operation>) -> Option<Body>;
    /// A likely value of a schema's node.
    fn value(&self, document: &Document, node: NodeId, seed: Seed) -> Option<Datum>;
}

/// Whether a case keeps a rule.
pub(super) fn keeps(case: &Case, spot: &Spot, check: &Check) -> bool {
    let holds = |value: Option<&Datum>| check.holds(value);
    if spot.place == Place::Body {
        return match case.body.as_ref().map(|body| &body.content) {
            Some(Content::Value(value)) => spot.tokens.is_empty() || all(value, &spot.tokens, &holds),
            Some(Content::Raw(_)) => true,
            None => check.rule != Rule::Required || !spot.tokens.is_empty(),
        };
    }
    let Some(index) = resolve::index(&case.operation, spot) else { return true };
    let argument = case.arguments.iter().find(|argument| argument.parameter == index).map(|argument| &argument.value);
    match (&spot.tokens[1..], argument) {
        ([], argument) => holds(argument),
        (inner, Some(value)) => all(value, inner, &holds),
        _ => true,
    }
}

/// Changes the case to keep these rules, as far as it conforms even so; whether it was changed.
pub(super) fn shape<'r>(
    case: &mut Case,
    rules: impl Iterator<Item = (&'r Spot, &'r Check)>,
    ground: &dyn Ground,
) -> bool {
    let mut original = None;
    for (spot, check) in rules {
        if keeps(case, spot, check) || is_fixed(case, spot, ground) {
            continue;
        }
        let before = case.clone();
        let is_mended = |case: &Case| keeps(case, spot, check) && conforms(case, spot);
        let is_done = (0..TRIES).any(|attempt| {
            mend(case, spot, check, ground, attempt);
            let is_mended = is_mended(case);
            if !is_mended {
                case.clone_from(&before);
            }
            is_mended
        });
        if is_done {
            original.get_or_insert(before);
        }
    }
    match original {
        Some(original) if proves_malformed(case) => {
            *case = original;
            false
        }
        original => original.is_some(),
    }
}

fn is_fixed(case: &Case, spot: &Spot, ground: &dyn Ground) -> bool {
    let is_body = spot.place == Place::Body;
    let way = if is_body { &spot.tokens[..] } else { spot.tokens.get(1..).unwrap_or_default() };
    let token = |token: &String| if token == EACH { "/0".to_owned() } else { format!("/{}", escape_token(token)) };
    let parameter = if is_body { None } else { resolve::index(&case.operation, spot) };
    let mut pointer = String::new();
    // What stands within a fixed value is fixed as well.
    let mut prefixes = way.iter().map(token);
    loop {
        if ground.is_fixed(&case.operation, parameter, &pointer) {
            return true;
        }
        let Some(next) = prefixes.next() else { return false };
        pointer.push_str(&next);
    }
}

/// Whether the part that a spot is in conforms.
fn conforms(case: &Case, spot: &Spot) -> bool {
    if spot.place == Place::Body {
        return match (&case.body, body_schema(case)) {
            (Some(Body { content: Content::Value(value), .. }), Some(schema)) => value.conforms(schema),
            _ => true,
        };
    }
    let Some(index) = resolve::index(&case.operation, spot) else { return false };
    let declared = &case.operation.parameters[index];
    match case.arguments.iter().find(|argument| argument.parameter == index) {
        Some(argument) => argument.value.conforms(&declared.schema),
        None => !declared.required,
    }
}

fn body_schema(case: &Case) -> Option<&Schema> {
    case.operation.body.as_ref()?.schema_of(&case.body.as_ref()?.media_type)
}

fn mend(case: &mut Case, spot: &Spot, check: &Check, ground: &dyn Ground, attempt: u64) {
    let seed = case.provenance.seed.child("learned", case.provenance.index).child(&spot.to_string(), attempt);
    if spot.place != Place::Body {
        return mend_argument(case, spot, check, ground, seed, attempt);
    }
    if spot.tokens.is_empty() {
        if case.body.is_none() {
            case.body = ground.body(&case.operation);
        }
        return;
    }
    let schema = body_schema(case).cloned();
    let wanted = wanted(check, &spot.tokens);
    let node = schema.as_ref().and_then(|schema| resolve::declared(schema, &wanted));
    let is_text = schema.is_none() && !case.body.as_ref().is_some_and(|body| is_json(&body.media_type));
    let name = spot.tokens.last().cloned().unwrap_or_default();
    let make = || {
        let declared = schema.as_ref().zip(node);
        declared.and_then(|(schema, node)| ground.value(schema.document(), node, seed))
    };
    if let Some(Body { content: Content::Value(value), .. }) = &mut case.body
        && !is_text
    {
        change(value, &spot.tokens, &mut |here| mended(check, here, &make, &name, seed, attempt));
    }
}

fn mend_argument(case: &mut Case, spot: &Spot, check: &Check, ground: &dyn Ground, seed: Seed, attempt: u64) {
    let Some(index) = resolve::index(&case.operation, spot) else { return };
    let operation = Arc::clone(&case.operation);
    let declared = &operation.parameters[index];
    let position = case.arguments.iter().position(|argument| argument.parameter == index);
    let inner = &spot.tokens[1..];
    if let (false, Some(position)) = (inner.is_empty(), position) {
        let node = resolve::declared(&declared.schema, &wanted(check, inner));
        let make = || ground.value(declared.schema.document(), node?, seed);
        let name = spot.tokens.last().cloned().unwrap_or_default();
        let value = &mut case.arguments[position].value;
        return change(value, inner, &mut |here| mended(check, here, &make, &name, seed, attempt));
    }
    let make = || {
        let is_whole = !matches!(check.rule, Rule::MinItems(_));
        let good = ground.argument(&operation, index).filter(|_| is_whole && attempt == 0);
        let node = || resolve::declared(&declared.schema, &wanted(check, &[]));
        good.or_else(|| ground.value(declared.schema.document(), node()?, seed))
    };
    let here = position.map(|position| &case.arguments[position].value);
    match (position, mended(check, here, &make, &declared.name, seed, attempt)) {
        (Some(position), Some(value)) => case.arguments[position].value = value,
        (Some(position), None) => drop(case.arguments.remove(position)),
        (None, Some(value)) => case.arguments.push(Argument { parameter: index, value }),
        (None, None) => {}
    }
}

/// The way to what has to be made for a rule: an item for a list that is too short, else the field itself.
fn wanted(check: &Check, tokens: &[String]) -> Vec<String> {
    let item = matches!(check.rule, Rule::MinItems(_)).then(|| EACH.to_owned());
    tokens.iter().cloned().chain(item).collect()
}

/// What is to stand at a field so that it keeps the rule; nothing where it is to be left out.
fn mended(
    check: &Check,
    here: Option<&Datum>,
    make: &dyn Fn() -> Option<Datum>,
    name: &str,
    seed: Seed,
    attempt: u64,
) -> Option<Datum> {
    if check.rule != Rule::Required && check.holds(here) {
        return here.cloned();
    }
    let bytes = seed.tape(SAMPLE);
    let mut tape = Unstructured::new(&bytes);
    match (&check.rule, here) {
        (Rule::Required, Some(value)) if *value != Datum::Null => Some(value.clone()),
        (Rule::Required | Rule::NotBlank, _) => {
            let value = make().filter(|value| !is_blank(value) && attempt + 1 < TRIES);
            Some(value.unwrap_or_else(|| plausible(name, &mut tape)))
        }
        (Rule::Forbidden, _) | (_, None) => None,
        (Rule::Type(kind), Some(value)) => {
            Some(make().filter(|made| check.holds(Some(made))).unwrap_or_else(|| of(*kind, value)))
        }
        (Rule::OneOf(values), Some(value)) => member(values, seed, attempt).or_else(|| Some(value.clone())),
        (Rule::Minimum(bound), Some(value)) => Some(limited(value, *bound, 1.0)),
        (Rule::Maximum(bound), Some(value)) => Some(limited(value, *bound, -1.0)),
        (Rule::Format(format), Some(_)) => Some(Datum::String(format.sample(&mut tape))),
        (Rule::Pattern(_), Some(value)) => {
            let sample = check.pattern().and_then(|pattern| pattern.sample(&mut tape, 0, 64));
            Some(sample.map_or_else(|| value.clone(), Datum::String))
        }
        (rule, Some(value)) => Some(sized(rule, value, make)),
    }
}

/// A value for a member that the document says nothing of, by its name.
fn plausible(name: &str, tape: &mut Unstructured<'_>) -> Datum {
    use crate::schema::Format::{Date, DateTime, Email, Uri, Uuid};
    const NAMES: [(&str, crate::schema::Format); 8] = [
        ("email", Email),
        ("uuid", Uuid),
        ("guid", Uuid),
        ("url", Uri),
        ("uri", Uri),
        ("datetime", DateTime),
        ("timestamp", DateTime),
        ("date", Date),
    ];
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let format = NAMES.iter().find(|(word, _)| plain.contains(word));
    Datum::String(format.map_or_else(|| "text".to_owned(), |(_, format)| format.sample(tape)))
}

/// A value of a type, the same one where it can be read so.
fn of(kind: Kind, value: &Datum) -> Datum {
    let text = match value {
        Datum::String(text) => text.clone(),
        Datum::Number(text) => text.to_string(),
        Datum::Bool(flag) => flag.to_string(),
        _ => String::new(),
    };
    match kind {
        Kind::String => Datum::String(if text.is_empty() { "text".to_owned() } else { text }),
        Kind::Integer => text.parse().map_or_else(|_| Datum::integer(1), Datum::integer),
        Kind::Number => Datum::Number(number(&text).map_or_else(|| "1".into(), |number| number.to_string().into())),
        Kind::Boolean => Datum::Bool(text != "false"),
        Kind::Array if *value == Datum::Null => Datum::Array(Vec::new()),
        Kind::Array => Datum::Array(vec![value.clone()]),
        Kind::Object => Datum::Object(Vec::new()),
    }
}

/// One of the values, another one in each attempt; in every other one as the JSON that its text is.
fn member(values: &[Value], seed: Seed, attempt: u64) -> Option<Datum> {
    let count = values.len() as u64;
    let first = if attempt == 0 { seed.below(count) } else { attempt / 2 % count.max(1) };
    let chosen = values.get(usize::try_from(first).ok()?)?;
    let json = chosen.as_str().filter(|_| attempt % 2 == 1).and_then(|text| serde_json::from_str::<Value>(text).ok());
    Some(Datum::from(json.as_ref().unwrap_or(chosen)))
}

/// A number moved to a limit; `step` leads inside.
fn limited(value: &Datum, bound: Bound, step: f64) -> Datum {
    let Datum::Number(text) = value else { return value.clone() };
    let is_whole = number(text).is_some_and(|number| number.fract() == 0.0);
    let mut limit = bound.value;
    if is_whole {
        limit = if step > 0.0 { limit.ceil() } else { limit.floor() };
    }
    // An integer is written as one: displaying a whole number gives no fraction.
    if bound.exclusive && (!is_whole || bound.value.fract() == 0.0) {
        limit += if is_whole { step } else { step * (limit.abs() * 1e-6).max(1e-6) };
    }
    Datum::Number(limit.to_string().into())
}

/// A text or a list of the length that is asked for.
fn sized(rule: &Rule, value: &Datum, make: &dyn Fn() -> Option<Datum>) -> Datum {
    let length = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(4_096);
    match (rule, value) {
        (Rule::MinLength(least), Datum::String(text)) => {
            let missing = length(*least).saturating_sub(text.chars().count());
            Datum::String(format!("{text}{}", "a".repeat(missing)))
        }
        (Rule::MaxLength(most), Datum::String(text)) => Datum::String(text.chars().take(length(*most)).collect()),
        (Rule::MinItems(least), Datum::Array(items)) => {
            let missing = length(*least).min(MOST_ITEMS).saturating_sub(items.len());
            let more = make().or_else(|| items.first().cloned()).into_iter().cycle().take(missing);
            Datum::Array(items.iter().cloned().chain(more).collect())
        }
        (Rule::MaxItems(most), Datum::Array(items)) => {
            Datum::Array(items.iter().take(length(*most)).cloned().collect())
        }
        (_, value) => value.clone(),
    }
}
