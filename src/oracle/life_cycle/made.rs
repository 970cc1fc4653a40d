//! Laws about what was created, or refused to be.

use serde_json::Value;

use super::tail::Tail;
use crate::scenario::placeholder;
use crate::wire::{Exchange, Response};

/// Members by which things are told apart.
const IDS: [&str; 4] = ["id", "uuid", "guid", "key"];

/// Create, read.
pub(super) fn created_object_missing(tail: &Tail<'_>) -> Option<String> {
    // Created things that may not be seen yet are answered with something else, or are not called created.
    let is_missing = tail.is_done(0) && tail.status(0) != Some(204) && tail.status(1) == Some(404);
    is_missing.then(|| format!("{} is answered 404 right after", tail.step(1).operation))
}

/// Create, read, read at the `Location`.
pub(super) fn wrong_location(tail: &Tail<'_>) -> Option<String> {
    let created = tail.exchange(0);
    if tail.status(0) != Some(201) || !tail.is_done(0) {
        return None;
    }
    let location = tail.response(0)?.headers.text("location")?;
    if !is_here(location, created) {
        return None;
    }
    let (read, found) = (tail.read(1)?, tail.response(2)?);
    match found.status {
        404 | 410 => Some(format!("{location:?} is answered {}", found.status)),
        200 => {
            let (own, other) = (id(read)?, id(found)?);
            (own != other).then(|| format!("{location:?} is {other}, and what was created is {own}"))
        }
        _ => None,
    }
}

/// Refused create, list.
pub(super) fn refused_create_stored(tail: &Tail<'_>) -> Option<String> {
    if !tail.is_refused(0) {
        return None;
    }
    let listed = tail.read(1)?.json()?;
    let step = tail.step(0);
    let template: Value = serde_json::from_slice(&step.request.body).ok()?;
    let sent: Value = serde_json::from_slice(&tail.exchange(0).request.body).ok()?;
    let marks: Vec<String> = step.fresh.iter().map(|name| placeholder(name)).collect();
    let mut unique = Vec::new();
    texts(&template, "", &mut |place, text| {
        if marks.iter().any(|mark| text.contains(mark.as_str())) {
            unique.extend(sent.pointer(place).and_then(Value::as_str).map(|word| (place.to_owned(), word)));
        }
    });
    let mut found = None;
    texts(listed, "", &mut |_, text| {
        let known = unique.iter().find(|(_, word)| *word == text);
        found = found.take().or_else(|| known.map(|(place, _)| place.clone()));
    });
    found.map(|place| format!("{} lists what was sent at {place}", tail.step(1).operation))
}

/// Whether a `Location` is a path, or a URL of the server that was asked: one that a proxy stands before has others.
fn is_here(location: &str, exchange: &Exchange) -> bool {
    let Some((_, rest)) = location.split_once("://") else {
        return location.starts_with('/') && !location.starts_with("//");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let head = String::from_utf8_lossy(&exchange.sent);
    let mut fields = head.split("\r\n").take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    fields.any(|(name, value)| name.eq_ignore_ascii_case("host") && value.trim().eq_ignore_ascii_case(authority))
}

fn id(response: &Response) -> Option<&Value> {
    let body = response.json()?;
    let all = [Some(body), body.get("data")];
    let named = all.into_iter().flatten().find_map(|body| IDS.iter().find_map(|name| body.get(*name)));
    named.filter(|value| value.is_string() || value.is_number())
}

fn texts<'v>(value: &'v Value, place: &str, each: &mut dyn FnMut(&str, &'v str)) {
    match value {
        Value::String(text) => each(place, text),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| texts(item, &format!("{place}/{index}"), each));
        }
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            texts(member, &format!("{place}/{}", crate::schema::escape_token(name)), each);
        }),
        _ => {}
    }
}
