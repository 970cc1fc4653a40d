//! A step with other names for its placeholders. Main function: [`renamed`].

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Capture, Step, placeholder};
use crate::wire::Request;

/// New names of placeholders by their old ones.
pub(crate) type Names = BTreeMap<String, String>;

/// The step with other names for its placeholders.
pub(crate) fn renamed(step: &Step, names: &Names) -> Step {
    let new = |name: &String| names.get(name).unwrap_or(name).clone();
    let request = &step.request;
    let headers = request.headers.iter().map(|header| (header.name.clone(), replaced(&header.value, names))).collect();
    Step {
        request: Arc::new(Request {
            method: request.method.clone(),
            target: replaced(&request.target, names),
            headers,
            body: replaced(&request.body, names),
        }),
        fresh: step.fresh.iter().map(new).collect(),
        captures: step.captures.iter().map(|capture| Capture { name: new(&capture.name), ..capture.clone() }).collect(),
        ..step.clone()
    }
}

/// All at once, since a new name may be the old one of another.
fn replaced(bytes: &Bytes, names: &Names) -> Bytes {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.clone() };
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let known = after.split_once("}}").and_then(|(name, after)| Some((names.get(name)?, after)));
        if let Some((name, after)) = known {
            out.push_str(&placeholder(name));
            rest = after;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &'static str, expected: &str) {
        let names = [("a", "b"), ("b", "c")].map(|(old, new)| (old.to_owned(), new.to_owned())).into();
        assert_eq!(replaced(&Bytes::from_static(text.as_bytes()), &names), expected);
    }

    #[test]
    fn names_change_places() {
        check("/x/{{a}}/{{b}}?q={{7*7}}", "/x/{{b}}/{{c}}?q={{7*7}}");
        check("{{a", "{{a");
        check("{{{{a}}", "{{{{b}}");
        check("", "");
    }
}
