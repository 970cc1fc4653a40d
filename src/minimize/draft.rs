//! A request taken apart into pieces that can be left out or made smaller. Main type: [`Draft`].

use bytes::Bytes;
use serde_json::Value;

use crate::wire::{Header, Headers, Request};

/// A request in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    method: String,
    path: Bytes,
    query: Vec<Bytes>,
    headers: Vec<Header>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    /// JSON that is written back as the same bytes.
    Json(Value),
    /// `application/x-www-form-urlencoded`: the pairs as written.
    Form(Vec<Bytes>),
    /// Anything else.
    Opaque(Bytes),
}

impl Draft {
    /// Takes a request apart.
    pub fn of(request: &Request) -> Self {
        let mut parts = request.target.splitn(2, |byte| *byte == b'?');
        let path = Bytes::copy_from_slice(parts.next().unwrap_or_default());
        let query = parts.next().map(split_pairs).unwrap_or_default();
        let body = match serde_json::from_slice::<Value>(&request.body) {
            Ok(value) if value.to_string().as_bytes() == request.body => Body::Json(value),
            _ if is_form(request) => Body::Form(split_pairs(&request.body)),
            _ => Body::Opaque(request.body.clone()),
        };
        Self { method: request.method.clone(), path, query, headers: request.headers.iter().cloned().collect(), body }
    }

    /// Puts the pieces together again.
    pub fn request(&self) -> Request {
        let mut target = self.path.to_vec();
        if !self.query.is_empty() {
            target.push(b'?');
            target.extend(self.query.join(&b'&'));
        }
        let body = match &self.body {
            Body::Json(value) => value.to_string().into(),
            Body::Form(pairs) => pairs.join(&b'&').into(),
            Body::Opaque(bytes) => bytes.clone(),
        };
        let headers: Headers = self.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
        Request { method: self.method.clone(), target: target.into(), headers, body }
    }

    /// Smaller drafts, the boldest first: each leaves a piece out or makes one simpler.
    pub fn smaller(&self) -> Vec<Self> {
        let mut drafts = Vec::new();
        self.without_headers(&mut drafts);
        self.without_query(&mut drafts);
        self.with_smaller_body(&mut drafts);
        drafts
    }

    fn without_headers(&self, drafts: &mut Vec<Self>) {
        let keep = |header: &Header| header.name.eq_ignore_ascii_case(b"content-type");
        if self.headers.iter().filter(|header| !keep(header)).count() > 1 {
            let headers = self.headers.iter().filter(|header| keep(header)).cloned().collect();
            drafts.push(Self { headers, ..self.clone() });
        }
        drafts.extend(without_each(&self.headers).map(|headers| Self { headers, ..self.clone() }));
    }

    fn without_query(&self, drafts: &mut Vec<Self>) {
        if self.query.len() > 1 {
            drafts.push(Self { query: Vec::new(), ..self.clone() });
        }
        drafts.extend(without_each(&self.query).map(|query| Self { query, ..self.clone() }));
        for (index, pair) in self.query.iter().enumerate() {
            if let Some(half) = half_of_value(pair) {
                let mut query = self.query.clone();
                query[index] = half;
                drafts.push(Self { query, ..self.clone() });
            }
        }
    }

    fn with_smaller_body(&self, drafts: &mut Vec<Self>) {
        let mut push = |body| drafts.push(Self { body, ..self.clone() });
        match &self.body {
            Body::Json(value) => smaller_values(value).into_iter().for_each(|value| push(Body::Json(value))),
            Body::Form(pairs) => without_each(pairs).for_each(|pairs| push(Body::Form(pairs))),
            Body::Opaque(bytes) if bytes.len() > 8 => {
                let middle = bytes.len() / 2;
                push(Body::Opaque(bytes.slice(..middle)));
                push(Body::Opaque(bytes.slice(middle..)));
            }
            Body::Opaque(_) => {}
        }
    }
}

fn is_form(request: &Request) -> bool {
    request.headers.text("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn split_pairs(text: &[u8]) -> Vec<Bytes> {
    text.split(|byte| *byte == b'&').map(Bytes::copy_from_slice).collect()
}

/// `name=value` with half of a long value; never cuts a percent-encoded byte in two.
fn half_of_value(pair: &Bytes) -> Option<Bytes> {
    let start = pair.iter().position(|byte| *byte == b'=')? + 1;
    let length = pair.len() - start;
    if length < 16 {
        return None;
    }
    let mut end = start + length / 2;
    while end > start && pair[end.saturating_sub(2)..end].contains(&b'%') {
        end -= 1;
    }
    Some(pair.slice(..end))
}

fn without_each<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    (0..items.len()).map(|index| {
        let mut rest = items.to_vec();
        rest.remove(index);
        rest
    })
}

/// Smaller values: members and elements left out, from the outside in; then scalars made simpler.
fn smaller_values(value: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    match value {
        Value::Object(members) => {
            for name in members.keys() {
                let mut rest = members.clone();
                rest.shift_remove(name);
                out.push(Value::Object(rest));
            }
            for (name, member) in members {
                out.extend(smaller_values(member).into_iter().map(|smaller| {
                    let mut changed = members.clone();
                    changed[name] = smaller;
                    Value::Object(changed)
                }));
            }
        }
        Value::Array(items) => {
            if items.len() > 2 {
                let (left, right) = items.split_at(items.len() / 2);
                out.extend([Value::from(left), Value::from(right)]);
            }
            out.extend(without_each(items).take(16).map(Value::Array));
            for (index, item) in items.iter().enumerate().take(4) {
                out.extend(smaller_values(item).into_iter().map(|smaller| {
                    let mut changed = items.clone();
                    changed[index] = smaller;
                    Value::Array(changed)
                }));
            }
        }
        Value::String(text) if text.chars().count() > 1 => {
            let half = text.chars().count() / 2;
            let (left, right): (String, String) =
                (text.chars().take(half).collect(), text.chars().skip(half).collect());
            out.extend([Value::from(""), Value::from(left), Value::from(right)]);
        }
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn post(target: &str, body: &str) -> Request {
        let mut request = Request::new("POST", target.to_owned());
        request.headers.push("Content-Type", "application/json");
        request.body = body.to_owned().into();
        request
    }

    #[track_caller]
    fn check(request: &Request, expected: &Request) {
        let drafts = Draft::of(request).smaller();
        assert!(drafts.iter().any(|draft| draft.request() == *expected), "{expected:?} is not among {drafts:?}");
    }

    #[test]
    fn every_piece_can_be_left_out() {
        check(&post("/a?b=1&c=2", "{}"), &post("/a?c=2", "{}"));
        check(&post("/a?b=1&c=2", "{}"), &post("/a", "{}"));
        check(&post("/a", r#"{"x":1,"y":{"z":[1,2]}}"#), &post("/a", r#"{"y":{"z":[1,2]}}"#));
        check(&post("/a", r#"{"y":{"z":[1,2]}}"#), &post("/a", r#"{"y":{"z":[2]}}"#));
        check(&post("/a", r#"{"y":"abcd"}"#), &post("/a", r#"{"y":"cd"}"#));
    }

    #[test]
    fn values_only_get_smaller() {
        let value = json!({"a": [1, 2, 3, {"b": "text"}], "c": null});
        for smaller in smaller_values(&value) {
            assert!(smaller.to_string().len() < value.to_string().len(), "{smaller}");
        }
    }

    #[test]
    fn percent_encoded_bytes_stay_whole() {
        let half = half_of_value(&Bytes::from_static(b"q=%41%41%41%41%41%41")).unwrap();
        assert_eq!(half, "q=%41%41%41");
    }

    proptest! {
        #[test]
        fn taking_apart_and_putting_together_changes_nothing(
            path in "/[a-z/%.]{0,12}", query in proptest::option::of("[a-z=&%0-9]{0,20}"), body in ".{0,40}"
        ) {
            let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            // `/a?` and `/a` are one to a draft only if the query is absent: an empty pair is a piece.
            let request = post(&target, &body);
            prop_assert_eq!(Draft::of(&request).request(), request);
        }
    }
}
