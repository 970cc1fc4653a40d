//! The request target: base path, path template filled in, query.

use bytes::Bytes;

use super::percent::{Keep, push};
use super::style::{self, Pairs};
use super::{arguments, body};
use crate::api::{Location, Parameter, Style};
use crate::scenario::{Case, Datum};

/// The target of a case. A `?` in the template begins a query; a `#` and what follows is never sent (RFC 3986, 3.5).
pub(super) fn target(case: &Case, base_path: &str) -> Bytes {
    let mut out = Vec::with_capacity(64);
    push(&mut out, base_path.as_bytes(), Keep::Template);
    let template = case.operation.path.split('#').next().unwrap_or_default();
    let (path, own_query) = template.split_once('?').unwrap_or((template, ""));
    fill(&mut out, path, case);
    if out.first() != Some(&b'/') {
        out.insert(0, b'/');
    }
    let mut query = Vec::new();
    push(&mut query, own_query.as_bytes(), Keep::Template);
    for (parameter, value) in arguments(case, Location::Query) {
        push_query(&mut query, parameter, value);
    }
    for (parameter, value) in arguments(case, Location::Querystring) {
        push_whole(&mut query, parameter, value);
    }
    if !query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&query);
    }
    Bytes::from(out)
}

/// Writes the template with its values. A name without a value stays as it is, encoded.
fn fill(out: &mut Vec<u8>, template: &str, case: &Case) {
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        push(out, literal.as_bytes(), Keep::Template);
        let Some((name, tail)) = after.split_once('}') else {
            push(out, after.as_bytes(), Keep::Unreserved);
            return;
        };
        match arguments(case, Location::Path).find(|(parameter, _)| parameter.name == name) {
            Some((parameter, value)) => push_path(out, parameter, value),
            None => push(out, format!("{{{name}}}").as_bytes(), Keep::Unreserved),
        }
        rest = tail;
    }
    push(out, rest.as_bytes(), Keep::Template);
}

fn push_path(out: &mut Vec<u8>, parameter: &Parameter, value: &Datum) {
    match (&parameter.content, parameter.style) {
        (Some(media_type), _) => push(out, &body::text(media_type, value), Keep::Unreserved),
        (None, Style::Label) => style::label(out, value, parameter.explode),
        (None, Style::Matrix) => style::matrix(out, &parameter.name, value, parameter.explode),
        (None, _) => style::simple(out, value, parameter.explode, Keep::Unreserved),
    }
}

fn push_query(out: &mut Vec<u8>, parameter: &Parameter, value: &Datum) {
    let pairs = Pairs::of_query(parameter);
    match &parameter.content {
        None => pairs.push(out, &parameter.name, value),
        Some(media_type) => {
            let text = body::text(media_type, value);
            pairs.pair(out, parameter.name.as_bytes(), |_, out| push(out, &text, Keep::Unreserved));
        }
    }
}

/// A parameter that is the whole query (OpenAPI 3.2): a form unless it says that it is something else.
fn push_whole(out: &mut Vec<u8>, parameter: &Parameter, value: &Datum) {
    if !out.is_empty() {
        out.push(b'&');
    }
    match parameter.content.as_deref() {
        Some(media_type) if !media_type.contains("urlencoded") => {
            push(out, &body::text(media_type, value), Keep::Unreserved);
        }
        _ => out.extend_from_slice(&super::form::write(&[], value)),
    }
}
