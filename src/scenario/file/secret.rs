//! Finding credentials in what is about to be written. Main function: [`find_secret`].

use percent_encoding::percent_decode;
use serde_json::Value;

use super::StepRecord;
use crate::redact::Redactor;

impl StepRecord {
    /// Which member of the step holds a secret, as it is sent or percent-encoded. It can't be taken out, since the
    /// request would be another one.
    pub(crate) fn secret_place(&self, redactor: &Redactor) -> Option<String> {
        let finds = |bytes: &[u8]| {
            let decoded = percent_decode(bytes).decode_utf8_lossy();
            redactor.finds(&String::from_utf8_lossy(bytes)) || redactor.finds(&decoded)
        };
        if finds(&self.target.0) {
            return Some("target".to_owned());
        }
        if let Some(index) = self.headers.iter().position(|(name, value)| finds(&name.0) || finds(&value.0)) {
            return Some(format!("headers/{index}"));
        }
        let body = self.body.as_ref()?.bytes();
        // Escapes may hide it in JSON.
        let json = serde_json::from_slice::<Value>(&body);
        let in_json = json.is_ok_and(|value| find_secret(&value, redactor).is_some());
        (in_json || finds(&body)).then(|| "body".to_owned())
    }
}

/// The JSON pointer to a string or number that holds a secret, or to the object of which a name does.
pub(crate) fn find_secret(value: &Value, redactor: &Redactor) -> Option<String> {
    match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| Some(format!("/{index}{}", find_secret(item, redactor)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if redactor.finds(name) {
                return Some(String::new());
            }
            Some(format!("/{name}{}", find_secret(value, redactor)?))
        }),
        Value::String(text) => redactor.finds(text).then(String::new),
        scalar => redactor.finds(&scalar.to_string()).then(String::new),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::api::OperationId;
    use crate::redact::Secret;
    use crate::scenario::{IdentityName, Step};
    use crate::wire::Request;

    fn redactor() -> Redactor {
        Redactor::new([&Secret::new("Bearer tok-123"), &Secret::new("98765")])
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Request), place: Option<&str>) {
        let mut request = Request::new("POST", "/a?t=tok");
        request.headers.push("X", "tok");
        request.body = r#"{"tok":[1]}"#.into();
        change(&mut request);
        let step = Step {
            operation: OperationId::new("post", "/a"),
            identity: IdentityName::new("alice"),
            request: Arc::new(request),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        };
        assert_eq!(StepRecord::of(&step, "").secret_place(&redactor()).as_deref(), place);
    }

    #[test]
    fn secrets_are_found_however_they_are_written() {
        check(|_| {}, None);
        check(|request| request.target = "/a?t=tok-123".into(), Some("target"));
        check(|request| request.target = "/a?t=%74ok-123".into(), Some("target"));
        check(|request| request.headers.push("Y", "tok-123"), Some("headers/1"));
        check(|request| request.headers.push(&b"tok-123\xff"[..], "y"), Some("headers/1"));
        check(|request| request.body = "t=tok%2D123".into(), Some("body"));
        check(|request| request.body = r#"["\u0074ok-123"]"#.into(), Some("body"));
    }

    #[test]
    fn the_place_in_json_is_a_pointer() {
        assert_eq!(find_secret(&json!({"a": [0, {"b": "x tok-123"}]}), &redactor()).as_deref(), Some("/a/1/b"));
        assert_eq!(find_secret(&json!({"a": {"tok-123": 1}}), &redactor()).as_deref(), Some("/a"));
        assert_eq!(find_secret(&json!([98765]), &redactor()).as_deref(), Some("/0"));
        assert_eq!(find_secret(&json!({"a": [null, true, 1.5]}), &redactor()), None);
    }
}
