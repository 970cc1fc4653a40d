//! Breaches of a document that servers accept by custom, so that accepting them is no finding.
//!
//! Function: [`is_custom`]. The list is that of the peers' false alarms; what is added here costs a finding, what is
//! missing here costs trust.

use std::borrow::Cow;

use serde_json::Value;

use super::declared::Walk;
use super::names;
use crate::api::{Location, MediaType, Parameter};
use crate::scenario::{Body, Case, Content, Datum, Rule};
use crate::schema::tokens;

/// Headers that a client library, a gateway or the framework reads before the service does.
const WELL_KNOWN: &str = "accept accept-charset accept-encoding accept-language authorization cache-control connection \
    content-encoding content-language content-length content-type cookie date dnt expect host if-match \
    if-modified-since if-none-match if-range if-unmodified-since origin pragma prefer range referer te \
    traceparent tracestate transfer-encoding upgrade user-agent via x-correlation-id x-forwarded-for \
    x-forwarded-host x-forwarded-proto x-real-ip x-request-id x-requested-with";

/// Formats whose breach in a JSON body counts.
const FORMATS: &[&str] = &["date", "date-time", "uuid", "ipv4", "ipv6"];

/// Whether the breach of this rule is one that servers accept by custom.
pub(super) fn is_custom(case: &Case, rule: &Rule) -> bool {
    let keyword = rule.keyword.as_str();
    // Overlapping alternatives are a matter of the document; content types and encodings one of the framework.
    if matches!(keyword, "media_type" | "encoding" | "oneOf" | "not" | "contentEncoding" | "contentMediaType") {
        return true;
    }
    let (location, below) = rule.place.split_once('/').unwrap_or((&rule.place, ""));
    if location == "body" { in_body(case, rule, below) } else { in_parameter(case, rule, location, below) }
}

fn in_parameter(case: &Case, rule: &Rule, location: &str, below: &str) -> bool {
    let keyword = rule.keyword.as_str();
    if matches!(keyword, "additionalProperties" | "unevaluatedProperties" | "propertyNames" | "format") {
        return true;
    }
    let is_this = |parameter: &Parameter| {
        let name = below.strip_prefix(parameter.name.as_str());
        parameter.location.word() == location && name.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let Some(index) = case.operation.parameters.iter().position(is_this) else { return false };
    let parameter = &case.operation.parameters[index];
    let is_header = parameter.location == Location::Header;
    if is_header && names::lists(WELL_KNOWN, &parameter.name) {
        return true;
    }
    let schemas = Walk::new(Some(&parameter.schema)).schemas(&[]);
    let argument = case.arguments.iter().find(|argument| argument.parameter == index);
    match argument {
        None => has_default(&schemas),
        Some(argument) => value_of_parameter(parameter, &argument.value, keyword, &schemas),
    }
}

/// Whether a parameter's value is read leniently: everything is text there, and what is odd is taken as absent.
fn value_of_parameter(parameter: &Parameter, value: &Datum, keyword: &str, schemas: &[&Value]) -> bool {
    let wants_list = wants(schemas, "array");
    let Some(text) = scalar_text(value) else {
        // A list for a single value: many take the first or the last one. A list of one is a value.
        let is_single = matches!(value, Datum::Array(items) if items.len() <= 1);
        return (keyword == "type" && !wants_list) || is_single;
    };
    let text = text.trim();
    let says_nothing = text.is_empty() || text.eq_ignore_ascii_case("null");
    let leaves_route = parameter.location == Location::Path
        && (matches!(text, "." | "..") || text.contains(['/', '\\', '?', '#', ';']));
    says_nothing
        || leaves_route
        || (keyword == "type" && (wants_list || wants(schemas, "object") || reads_as(text, schemas)))
        || is_near_miss(text, keyword, schemas)
}

fn in_body(case: &Case, rule: &Rule, below: &str) -> bool {
    if matches!(case.operation.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS" | "TRACE") {
        return true;
    }
    let Some(body) = &case.body else { return false };
    let essence = body.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = essence == "application/x-www-form-urlencoded" || essence == "multipart/form-data";
    let is_json = super::contract::is_json(&essence);
    if !is_form && !is_json {
        return true;
    }
    let Content::Value(value) = &body.content else { return false };
    let keyword = rule.keyword.as_str();
    if is_form && matches!(keyword, "type" | "format" | "additionalProperties" | "minLength") {
        return true;
    }
    in_json(case, body, value, rule, below)
}

fn in_json(case: &Case, body: &Body, value: &Datum, rule: &Rule, below: &str) -> bool {
    let pointer = if below.is_empty() { String::new() } else { format!("/{below}") };
    let names: Vec<Cow<'_, str>> = tokens(&pointer).collect();
    let tokens: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let media_type = case.operation.body.as_ref().and_then(|declared| declared_as(&declared.contents, body));
    let Some(schema) = media_type.and_then(|media_type| media_type.schema.as_ref()) else { return false };
    let walk = Walk::new(Some(schema));
    let schemas = walk.schemas(&tokens);
    let keyword = rule.keyword.as_str();
    match (keyword, value.at(&pointer)) {
        ("required", _) => rule.member.as_deref().is_some_and(|member| {
            let schemas = walk.schemas(&[&tokens[..], &[member]].concat());
            has_default(&schemas) || is_flagged(&schemas, "readOnly")
        }),
        ("format", Some(Datum::String(text))) => !formats(&schemas).any(|format| is_bad(format, text)),
        ("format", _) => true,
        // A member that is null is absent to most servers: that is a breach only where it must be there.
        ("type", Some(Datum::Null)) => tokens.split_last().is_some_and(|(last, parents)| {
            let is_item = last.bytes().all(|b| b.is_ascii_digit());
            !is_item && !requires(&walk.schemas(parents), last)
        }),
        ("type", Some(Datum::String(text))) => reads_as(text.trim(), &schemas),
        (_, Some(found)) => scalar_text(found).is_some_and(|text| is_near_miss(text.trim(), keyword, &schemas)),
        (_, None) => false,
    }
}

fn declared_as<'a>(contents: &'a [MediaType], body: &Body) -> Option<&'a MediaType> {
    let essence = body.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    contents
        .iter()
        .find(|content| content.essence() == essence)
        .or_else(|| contents.iter().find(|content| content.matches(&essence)))
}

/// Whether the text is another spelling of an allowed value, or misses a step that no decimal arithmetic can hold.
fn is_near_miss(text: &str, keyword: &str, schemas: &[&Value]) -> bool {
    let members = || schemas.iter().filter_map(|schema| schema.get("enum")?.as_array()).flatten();
    let steps = || schemas.iter().filter_map(|schema| schema.get("multipleOf")?.as_f64());
    match keyword {
        "enum" => members().filter_map(Value::as_str).any(|member| member.trim().eq_ignore_ascii_case(text)),
        "multipleOf" => steps().any(|step| step.fract() != 0.0),
        // Beyond the limit by less than a double shows, and doubles are what JSON is read as (RFC 8259 section 6).
        "minimum" | "maximum" => {
            let limits = || schemas.iter().filter_map(|schema| schema.get(keyword)?.as_f64());
            is_beyond_64_bits(text) && text.parse().is_ok_and(|number: f64| limits().any(|limit| same(limit, number)))
        }
        _ => false,
    }
}

fn is_beyond_64_bits(text: &str) -> bool {
    text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

fn same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// Whether a text reads as a value of a wanted type.
fn reads_as(text: &str, schemas: &[&Value]) -> bool {
    let digits: String = text.chars().filter(|c| *c != '_' && *c != ',').collect();
    let number = digits.parse::<f64>().ok();
    let booleans = ["0", "1", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"];
    (wants(schemas, "number") && number.is_some())
        || (wants(schemas, "integer") && number.is_some_and(|number| number.fract() == 0.0 || !number.is_finite()))
        || (wants(schemas, "boolean") && booleans.iter().any(|word| word.eq_ignore_ascii_case(text)))
        || wants(schemas, "string")
}

/// Whether a date, a UUID or an address is bad beyond the spellings that parsers are lenient about.
fn is_bad(format: &str, text: &str) -> bool {
    let text = text.trim();
    match format {
        "date" | "date-time" => {
            let date: String = text.chars().take(10).collect();
            let spaced = text.replacen(' ', "T", 1);
            let reads = text.parse::<jiff::civil::DateTime>().is_ok()
                || spaced.parse::<jiff::Timestamp>().is_ok()
                || (text.len() > 10 && date.parse::<jiff::civil::Date>().is_ok());
            !reads && text.parse::<f64>().is_err()
        }
        "uuid" => {
            let bare = text.trim_start_matches("urn:uuid:").trim_matches(['{', '}']).replace('-', "");
            bare.len() != 32 || !bare.bytes().all(|b| b.is_ascii_hexdigit())
        }
        _ => text.parse::<std::net::IpAddr>().is_err(),
    }
}

fn formats<'a>(schemas: &[&'a Value]) -> impl Iterator<Item = &'a str> {
    let named: Vec<&str> = schemas.iter().filter_map(|schema| schema.get("format")?.as_str()).collect();
    named.into_iter().filter(|format| FORMATS.contains(format))
}

fn wants(schemas: &[&Value], kind: &str) -> bool {
    schemas.iter().any(|schema| match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(many)) => many.iter().any(|one| one == kind),
        _ => false,
    })
}

fn has_default(schemas: &[&Value]) -> bool {
    schemas.iter().any(|schema| schema.get("default").is_some())
}

fn is_flagged(schemas: &[&Value], flag: &str) -> bool {
    schemas.iter().any(|schema| schema.get(flag) == Some(&Value::Bool(true)))
}

fn requires(schemas: &[&Value], member: &str) -> bool {
    let required = schemas.iter().filter_map(|schema| schema.get("required")?.as_array()).flatten();
    required.into_iter().any(|name| name == member)
}

/// A scalar as it is written in a parameter.
fn scalar_text(value: &Datum) -> Option<String> {
    Some(match value {
        Datum::Null => "null".to_owned(),
        Datum::Bool(flag) => flag.to_string(),
        Datum::Number(text) => text.to_string(),
        Datum::String(text) => text.clone(),
        Datum::RawString(raw) => String::from_utf8_lossy(raw).into_owned(),
        Datum::Array(_) | Datum::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::testing::Shot;
    use crate::scenario::Intent;

    fn description() -> Value {
        json!({
            "parameters": [
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                {"name": "huge", "in": "query", "schema": {"type": "integer", "maximum": 1e23}},
                {"name": "page", "in": "query", "required": true, "schema": {"type": "integer", "default": 1}},
                {"name": "sort", "in": "query", "required": true, "schema": {"enum": ["asc", "desc"]}},
                {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[a-z]+$"}},
                {"name": "If-Match", "in": "header", "schema": {"type": "string", "minLength": 3}},
                {"name": "X-Tenant", "in": "header", "required": true, "schema": {"type": "string", "minLength": 3}}
            ],
            "requestBody": {"content": {
                "application/json": {"schema": {
                    "type": "object", "required": ["count", "at", "currency"],
                    "properties": {
                        "count": {"type": "integer", "maximum": 9},
                        "name": {"type": "string", "maxLength": 5},
                        "at": {"type": "string", "format": "date-time"},
                        "id": {"type": "string", "format": "uuid"},
                        "mail": {"type": "string", "format": "email"},
                        "kind": {"enum": ["a", "b"]},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "price": {"multipleOf": 0.01},
                        "currency": {"type": "string", "default": "EUR"},
                        "a/b": {"type": "string"}
                    }
                }},
                "text/plain": {"schema": {"type": "string", "maxLength": 3}}
            }},
            "responses": {"200": {}}
        })
    }

    #[track_caller]
    fn check(shot: &Shot, keyword: &str, place: &str, custom: bool) {
        let rule = Rule { keyword: keyword.into(), place: place.into(), member: None, change: String::new() };
        let shot = shot.clone().intent(Intent::Malformed(rule.clone()));
        assert_eq!(is_custom(&shot.case(), &rule), custom, "{keyword} at {place}");
    }

    fn shot() -> Shot {
        Shot::new("POST", "/orders/{id}", &description())
    }

    #[track_caller]
    fn parameter(name: &str, value: Datum, keyword: &str, place: &str, custom: bool) {
        check(&shot().argument(name, value), keyword, place, custom);
    }

    #[test]
    fn parameters_are_text_to_servers() {
        for text in ["12", " 12", "1e3", "1_000", "", "null", "1.0"] {
            parameter("limit", Datum::string(text), "type", "query/limit", true);
        }
        parameter("limit", Datum::string("abc"), "type", "query/limit", false);
        parameter("limit", Datum::string("1.5"), "type", "query/limit", false);
        parameter("limit", Datum::integer(10), "maximum", "query/limit", false);
        parameter("limit", Datum::Array(vec![Datum::integer(1)]), "type", "query/limit", true);
        parameter("limit", Datum::Array(vec![Datum::integer(1), Datum::integer(2)]), "type", "query/limit", true);
        parameter("deep", Datum::string("yes"), "type", "query/deep", true);
        parameter("deep", Datum::string("perhaps"), "type", "query/deep", false);
        parameter("sort", Datum::string("ASC"), "enum", "query/sort", true);
        parameter("sort", Datum::string("up"), "enum", "query/sort", false);
        parameter("id", Datum::string("a/b"), "pattern", "path/id", true);
        parameter("id", Datum::string("77"), "pattern", "path/id", false);
        parameter("If-Match", Datum::string("x"), "minLength", "header/If-Match", true);
        parameter("X-Tenant", Datum::string("x"), "minLength", "header/X-Tenant", false);
    }

    #[test]
    fn what_no_double_tells_from_the_limit_is_within_it() {
        parameter("huge", Datum::Number("100000000000000000000000".into()), "maximum", "query/huge", true);
        parameter("huge", Datum::Number("200000000000000000000000".into()), "maximum", "query/huge", false);
    }

    #[test]
    fn missing_parameters_count_unless_they_have_a_default() {
        check(&shot(), "required", "query/page", true);
        check(&shot(), "required", "query/sort", false);
        check(&shot(), "required", "header/X-Tenant", false);
        check(&shot(), "additionalProperties", "query/extra", true);
        check(&shot(), "media_type", "body", true);
    }

    #[track_caller]
    fn body(value: &Value, keyword: &str, place: &str, custom: bool) {
        check(&shot().json_body(value), keyword, place, custom);
    }

    #[track_caller]
    fn lacking(member: &str, custom: bool) {
        let member_name = Some(member.to_owned());
        let rule =
            Rule { keyword: "required".into(), place: "body".into(), member: member_name, change: String::new() };
        let shot = shot().json_body(&json!({})).intent(Intent::Malformed(rule.clone()));
        assert_eq!(is_custom(&shot.case(), &rule), custom, "{member}");
    }

    #[test]
    fn json_bodies_are_read_strictly_but_for_customs() {
        body(&json!({"count": 10}), "maximum", "body/count", false);
        body(&json!({"count": "7"}), "type", "body/count", true);
        body(&json!({"count": "x"}), "type", "body/count", false);
        body(&json!({"count": [7]}), "type", "body/count", false);
        body(&json!({"count": null}), "type", "body/count", false);
        body(&json!({"name": null}), "type", "body/name", true);
        body(&json!({"name": 7}), "type", "body/name", false);
        body(&json!({"tags": [null]}), "type", "body/tags/0", false);
        body(&json!({"kind": "A"}), "enum", "body/kind", true);
        body(&json!({"kind": "c"}), "enum", "body/kind", false);
        body(&json!({"price": 0.015}), "multipleOf", "body/price", true);
        lacking("count", false);
        lacking("currency", true);
        body(&json!({"a/b": null}), "type", "body/a~1b", true);
        body(&json!({"z": 1}), "additionalProperties", "body/z", false);
        body(&json!([]), "type", "body", false);
    }

    #[test]
    fn formats_count_when_no_parser_could_read_them() {
        body(&json!({"at": "2026-02-30T00:00:00Z"}), "format", "body/at", false);
        body(&json!({"at": "yesterday"}), "format", "body/at", false);
        body(&json!({"at": "2026-02-03T00:00:00"}), "format", "body/at", true);
        body(&json!({"at": "2026-02-03 00:00:00Z"}), "format", "body/at", true);
        body(&json!({"id": "00000000000000000000000000000000"}), "format", "body/id", true);
        body(&json!({"id": "no uuid"}), "format", "body/id", false);
        body(&json!({"mail": "no mail"}), "format", "body/mail", true);
    }

    #[test]
    fn bodies_that_mean_nothing_are_ignored() {
        let get = Shot::new("DELETE", "/orders/{id}", &description()).json_body(&json!({"count": 10}));
        check(&get, "maximum", "body/count", true);
        check(&shot().value_body("text/plain", Datum::string("long")), "maxLength", "body", true);
        check(&shot().raw_body("application/json", "{"), "syntax", "body", false);
        check(&shot(), "required", "body", false);
    }
}
