//! Sentences of frameworks into rules. Main functions: [`rules`] (the field is known), [`free`] (the sentence names it).
//!
//! What sentences look like is data in `table`; here stands what they mean.

use regex::Captures;
use serde_json::Value;

use super::table::{CHILD_TABLE, Meaning, Meaning as M, NO_FIELDS, SUBJECT_TABLE, TABLE};
use crate::learn::complaint::way;
use crate::learn::rule::{Bound, Kind};
use crate::learn::{Complaint, Place, Rule};
use crate::schema::Format;

/// The longest sentence that is looked at.
const LONGEST: usize = 600;
/// The most members of a list of values, and the longest of them.
const MOST_VALUES: usize = 64;
const LONGEST_VALUE: usize = 80;
/// The longest learned pattern, and the longest learned length: a server's word is no order.
const LONGEST_PATTERN: usize = 200;
pub(super) const MOST_LENGTH: u64 = 4_096;

/// The rules that a sentence about a known field states, and the member of the field that it names, if it does.
pub(super) fn rules(text: &str) -> (Option<String>, Vec<Rule>) {
    let text = bounded(text);
    let child = CHILD_TABLE.first(text, |meaning, captures| {
        let rule = if matches!(meaning, M::Required) { Rule::Required } else { Rule::Forbidden };
        Some((captures.name("f")?.as_str().to_owned(), rule))
    });
    match child {
        Some((child, rule)) => (Some(child), vec![rule]),
        None => (None, TABLE.first(text, |meaning, captures| meant(text, meaning, captures)).unwrap_or_default()),
    }
}

/// The complaints of a sentence that has to name its field.
pub(super) fn free(text: &str) -> Vec<Complaint> {
    let text = bounded(text.trim());
    let (child, rules) = match go_tag(text) {
        Some(rule) => (None, vec![rule]),
        None => rules(text),
    };
    if rules.is_empty() {
        return Vec::new();
    }
    let (place, name) = match (subject(text), child) {
        // The path of an error in a nested value comes first: `body/address must have required property 'street'`.
        (Some((place, name)), Some(child)) if name != child && text.starts_with(place.word()) => {
            (place, format!("{name}.{child}"))
        }
        (_, Some(child)) => (Place::Unknown, child),
        (Some(found), None) => found,
        (None, None) => return Vec::new(),
    };
    let field = way(&name);
    rules.into_iter().map(|rule| Complaint { place, field: field.clone(), rule }).collect()
}

/// `Field validation for 'Name' failed on the 'required' tag` (go-playground/validator); limits are not in the text.
fn go_tag(text: &str) -> Option<Rule> {
    let (_, tag) = text.split_once("failed on the '")?;
    let (tag, _) = tag.split_once('\'')?;
    Some(match tag {
        "required" => Rule::Required,
        "email" => Rule::Format(Format::Email),
        "url" | "uri" | "http_url" => Rule::Format(Format::Uri),
        "datetime" => Rule::Format(Format::DateTime),
        "ip" | "ipv4" => Rule::Format(Format::Ipv4),
        "hostname" | "fqdn" => Rule::Format(Format::Hostname),
        "number" | "numeric" => Rule::Type(Kind::Number),
        "isdefault" | "excluded_if" | "excluded_with" => Rule::Forbidden,
        uuid if uuid.starts_with("uuid") => Rule::Format(Format::Uuid),
        _ => return None,
    })
}

fn subject(text: &str) -> Option<(Place, String)> {
    SUBJECT_TABLE.iter().find_map(|regex| {
        let captures = regex.captures(text)?;
        let name = captures.name("f")?.as_str().trim_matches(['.', ' ']);
        let place = captures.name("p").and_then(|part| match part.as_str() {
            "parameter" | "part" | "url" => None,
            word => Place::named(word),
        });
        let is_field = !NO_FIELDS.contains(&name.to_ascii_lowercase().as_str()) && !name.is_empty();
        is_field.then(|| (place.unwrap_or_default(), name.to_owned()))
    })
}

/// The beginning of a text, cut at a character.
fn bounded(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

fn meant(text: &str, meaning: Meaning, captures: &Captures<'_>) -> Option<Vec<Rule>> {
    let named = |name: &str| captures.name(name).map(|found| found.as_str());
    let number = || ["n", "n2", "n3", "n4"].into_iter().find_map(named).and_then(|text| text.parse::<f64>().ok());
    let length = || number().and_then(whole);
    let limit = |strict: &[&str]| {
        let found = captures[0].to_ascii_lowercase();
        let is_strict = strict.iter().any(|word| found.starts_with(word)) && !found.contains(['=', 'q']);
        number().map(|value| Bound { value, exclusive: is_strict && !found.contains("the m") })
    };
    Some(vec![match meaning {
        M::Required => Rule::Required,
        M::Forbidden => Rule::Forbidden,
        M::NotBlank => Rule::NotBlank,
        M::OneOf => Rule::OneOf(values(named("v")?)?),
        M::Between => return between(text, number()?, named("m")?.parse().ok()?),
        M::Least if captures[0].to_ascii_lowercase().starts_with("greater than the max") => return None,
        M::Least => Rule::Minimum(limit(&["greater", "larger", "more", "above", ">"])?),
        M::Most => Rule::Maximum(limit(&["less", "smaller", "lower", "below", "<"])?),
        M::MinLength => Rule::MinLength(length()?),
        M::MaxLength => Rule::MaxLength(length()?),
        M::MinItems => Rule::MinItems(length()?),
        M::MaxItems => Rule::MaxItems(length()?),
        M::Positive => Rule::Minimum(Bound { value: 0.0, exclusive: true }),
        M::NotNegative => Rule::Minimum(Bound { value: 0.0, exclusive: false }),
        M::Format(format) => Rule::Format(format),
        M::Pattern => Rule::Pattern(named("p").filter(|pattern| pattern.len() <= LONGEST_PATTERN)?.to_owned()),
        M::Type => Rule::Type(Kind::named(named("t")?)?),
        M::Nothing => return Some(Vec::new()),
    }])
}

/// Limits of a number or of a length, as the words around them say; a size may be that of a text or of a list, and only
/// what the request breaks is learned.
fn between(text: &str, low: f64, high: f64) -> Option<Vec<Rule>> {
    let text = text.to_ascii_lowercase();
    let bound = |value| Bound { value, exclusive: false };
    if !["length", "size", "character", "long", "item", "element"].iter().any(|word| text.contains(word)) {
        return Some(vec![Rule::Minimum(bound(low)), Rule::Maximum(bound(high))]);
    }
    let (low, high) = (whole(low)?, high.min(MOST_LENGTH as f64));
    let high = whole(high)?;
    Some(vec![Rule::MinLength(low), Rule::MaxLength(high), Rule::MinItems(low), Rule::MaxItems(high)])
}

/// A length that is one.
pub(super) fn whole(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (number.fract() == 0.0 && (0.0..=MOST_LENGTH as f64).contains(&number)).then_some(number as u64)
}

/// The values that a sentence lists: those in quotes, else those between commas.
pub(super) fn values(text: &str) -> Option<Vec<Value>> {
    let quoted = |quote: char| {
        let parts: Vec<&str> = text.split(quote).collect();
        parts.iter().skip(1).step_by(2).copied().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = text.chars().find(|c| matches!(c, '\'' | '"' | '`'));
    let listed = first.map_or_else(|| unquoted(text), quoted);
    let listed: Vec<String> = listed.into_iter().filter(|value| !value.is_empty()).take(MOST_VALUES).collect();
    let is_plain = |value: &String| value.len() <= LONGEST_VALUE && (first.is_some() || !value.contains(' '));
    // One bare word after "one of" may be the name of a list; a choice has two members or quotes.
    let is_list = !listed.is_empty() && (first.is_some() || listed.len() > 1) && listed.iter().all(is_plain);
    // "expected 'string', got 'int'" is about types.
    let is_types = listed.iter().all(|value| Kind::named(value).is_some());
    (is_list && !is_types).then(|| listed.into_iter().map(Value::String).collect())
}

fn unquoted(text: &str) -> Vec<String> {
    let inside = text.split_once('[').map(|(_, rest)| rest);
    let inner = inside.unwrap_or(text).split([']', ';', '(']).next().unwrap_or_default().trim_end_matches('.');
    let separated = inner.replace(" or ", ",").replace(" and ", ",").replace('|', ",");
    // Go writes its lists with blanks: `[a b]`.
    let is_go = inside.is_some() && !separated.contains(',');
    let separated = if is_go { separated.replace(' ', ",") } else { separated };
    separated.split(',').map(|part| part.trim().trim_end_matches('.').to_owned()).collect()
}
