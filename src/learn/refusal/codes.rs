//! Machine-readable codes of validators into rules: pydantic's error types, ajv's keywords, zod's issues. Main functions:
//! [`pydantic`], [`ajv`], [`zod`].

use serde_json::{Map, Value};

use super::message::{values, whole};
use crate::learn::Rule;
use crate::learn::rule::{Bound, Kind};
use crate::schema::Format;

type Members = Map<String, Value>;

fn text<'v>(members: &'v Members, name: &str) -> Option<&'v str> {
    members.get(name)?.as_str()
}

fn bound(value: Option<&Value>, exclusive: bool) -> Option<Bound> {
    value?.as_f64().map(|value| Bound { value, exclusive })
}

fn length(value: Option<&Value>) -> Option<u64> {
    value?.as_f64().and_then(whole)
}

/// The rule of an error of pydantic 1 or 2 (docs.pydantic.dev, "Validation Errors").
pub(super) fn pydantic(error: &Members) -> Option<Rule> {
    let code = text(error, "type")?;
    let none = Members::new();
    let context = error.get("ctx").and_then(Value::as_object).unwrap_or(&none);
    let limit = |names: [&str; 2]| names.iter().find_map(|name| context.get(*name));
    let old = code.rsplit('.').next().unwrap_or(code);
    Some(match old {
        "missing" | "missing_argument" | "none_required" | "none.not_allowed" | "not_allowed" => Rule::Required,
        "extra" | "extra_forbidden" | "unexpected_keyword_argument" => Rule::Forbidden,
        "literal_error" | "enum" | "const" => match context.get("enum_values").or(context.get("permitted")) {
            Some(Value::Array(members)) if !members.is_empty() => Rule::OneOf(members.clone()),
            _ => Rule::OneOf(values(text(context, "expected")?)?),
        },
        "greater_than" | "not_gt" => Rule::Minimum(bound(limit(["gt", "limit_value"]), true)?),
        "greater_than_equal" | "not_ge" => Rule::Minimum(bound(limit(["ge", "limit_value"]), false)?),
        "less_than" | "not_lt" => Rule::Maximum(bound(limit(["lt", "limit_value"]), true)?),
        "less_than_equal" | "not_le" => Rule::Maximum(bound(limit(["le", "limit_value"]), false)?),
        "string_too_short" | "min_length" => Rule::MinLength(length(limit(["min_length", "limit_value"]))?),
        "string_too_long" | "max_length" => Rule::MaxLength(length(limit(["max_length", "limit_value"]))?),
        "too_short" | "min_items" => Rule::MinItems(length(limit(["min_length", "limit_value"]))?),
        "too_long" | "max_items" => Rule::MaxItems(length(limit(["max_length", "limit_value"]))?),
        "string_pattern_mismatch" | "regex" => Rule::Pattern(text(context, "pattern")?.to_owned()),
        "email" => Rule::Format(Format::Email),
        code => return pydantic_type(code),
    })
}

fn pydantic_type(code: &str) -> Option<Rule> {
    let word = ["_type", "_parsing", "_parsing_size", "_from_float", "_from_date_parsing", "_from_datetime_parsing"]
        .iter()
        .find_map(|ending| code.strip_suffix(ending))
        .unwrap_or(code);
    Some(match word {
        "uuid" => Rule::Format(Format::Uuid),
        "datetime" | "datetime_object" | "timezone_naive" => Rule::Format(Format::DateTime),
        "date" => Rule::Format(Format::Date),
        "time" => Rule::Format(Format::Time),
        "url" | "url_scheme" => Rule::Format(Format::Uri),
        "model_attributes" | "dataclass" | "model" => Rule::Type(Kind::Object),
        "tuple" | "set" => Rule::Type(Kind::Array),
        "finite_number" => Rule::Type(Kind::Number),
        word => Rule::Type(Kind::named(word)?),
    })
}

/// The rule of an error of ajv, and the member that it names (ajv.js.org, "Error objects").
pub(super) fn ajv(error: &Members) -> Option<(Option<&str>, Rule)> {
    let params = error.get("params")?.as_object()?;
    let limit = params.get("limit");
    let rule = match text(error, "keyword")? {
        "required" => return Some((Some(text(params, "missingProperty")?), Rule::Required)),
        "additionalProperties" | "unevaluatedProperties" => {
            let name = text(params, "additionalProperty").or(text(params, "unevaluatedProperty"));
            return Some((Some(name?), Rule::Forbidden));
        }
        "enum" => Rule::OneOf(params.get("allowedValues")?.as_array()?.clone()),
        "const" => Rule::OneOf(vec![params.get("allowedValue")?.clone()]),
        "type" => Rule::Type(Kind::named(text(params, "type")?)?),
        "minimum" => Rule::Minimum(bound(limit, false)?),
        "maximum" => Rule::Maximum(bound(limit, false)?),
        "exclusiveMinimum" => Rule::Minimum(bound(limit, true)?),
        "exclusiveMaximum" => Rule::Maximum(bound(limit, true)?),
        "minLength" => Rule::MinLength(length(limit)?),
        "maxLength" => Rule::MaxLength(length(limit)?),
        "minItems" => Rule::MinItems(length(limit)?),
        "maxItems" => Rule::MaxItems(length(limit)?),
        "format" => Rule::Format(Format::named(text(params, "format")?)?),
        "pattern" => Rule::Pattern(text(params, "pattern")?.to_owned()),
        _ => return None,
    };
    Some((None, rule))
}

/// The rule of an issue of zod 3 or 4, and the members that it names (zod.dev, "Error formatting").
pub(super) fn zod(issue: &Members) -> Option<(Vec<&str>, Rule)> {
    let is_absent = text(issue, "received") == Some("undefined")
        || text(issue, "message").is_some_and(|message| message.ends_with("received undefined"));
    let kind = text(issue, "type").or(text(issue, "origin"));
    let is_text = kind == Some("string");
    let is_list = matches!(kind, Some("array" | "set"));
    let exclusive = issue.get("inclusive") == Some(&Value::Bool(false));
    let (least, most) = (issue.get("minimum"), issue.get("maximum"));
    let rule = match text(issue, "code")? {
        "invalid_type" if is_absent => Rule::Required,
        "invalid_type" => Rule::Type(Kind::named(text(issue, "expected")?)?),
        "unrecognized_keys" => {
            let keys = issue.get("keys")?.as_array()?.iter().filter_map(Value::as_str).take(16);
            return Some((keys.collect(), Rule::Forbidden));
        }
        "invalid_enum_value" | "invalid_value" => {
            Rule::OneOf(issue.get("options").or(issue.get("values"))?.as_array()?.clone())
        }
        "invalid_string" | "invalid_format" => {
            Rule::Format(Format::named(text(issue, "validation").or(text(issue, "format"))?)?)
        }
        "too_small" if is_text => Rule::MinLength(length(least)?),
        "too_small" if is_list => Rule::MinItems(length(least)?),
        "too_small" => Rule::Minimum(bound(least, exclusive)?),
        "too_big" if is_text => Rule::MaxLength(length(most)?),
        "too_big" if is_list => Rule::MaxItems(length(most)?),
        "too_big" => Rule::Maximum(bound(most, exclusive)?),
        _ => return None,
    };
    Some((Vec::new(), rule))
}
