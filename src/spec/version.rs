//! Which version a document is of. Main type: [`Version`].

use serde_json::Value;

/// The version, as far as reading depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// Swagger 2.0.
    V2,
    /// `OpenAPI` 3.0.
    V30,
    /// `OpenAPI` 3.1, 3.2, and what may come.
    V31,
}

/// The version, its text as written, and what was assumed about it.
pub(super) type Detected = (Version, String, Option<String>);

impl Version {
    /// Whether keywords beside a schema's `$ref` count.
    pub(super) fn keeps_siblings(self) -> bool {
        self == Self::V31
    }

    /// The version that a root value declares; a message that says how to mend it otherwise.
    pub(super) fn detect(root: &Value) -> Result<Detected, String> {
        let Value::Object(map) = root else {
            return Err(match root {
                Value::Null => {
                    "the document is empty; an OpenAPI document is an object with `openapi` and `paths`".into()
                }
                _ => "this is no OpenAPI document: an object with `openapi` and `paths` is expected".into(),
            });
        };
        let declared = ["openapi", "swagger"].iter().find_map(|key| map.get(*key).and_then(text));
        match declared {
            Some(text) => Self::from_text(text),
            None if map.get("paths").is_some_and(Value::is_object) => {
                let message = "the document does not say its version; it is read as OpenAPI 3.0".to_owned();
                Ok((Self::V30, "3.0".to_owned(), Some(message)))
            }
            None => Err("this is no OpenAPI document: neither `openapi` nor `swagger` says a version".into()),
        }
    }

    fn from_text(text: String) -> Result<Detected, String> {
        let mut numbers = text.trim().split('.').map(|part| part.parse::<u32>().ok());
        let (major, minor) = (numbers.next().flatten(), numbers.next().flatten().unwrap_or(0));
        match (major, minor) {
            (Some(2), _) => Ok((Self::V2, text, None)),
            (Some(3), 0) => Ok((Self::V30, text, None)),
            (Some(3), 1 | 2) => Ok((Self::V31, text, None)),
            (Some(1), _) => Err(format!("Swagger {text} can't be read; convert the document to OpenAPI 3")),
            _ => {
                let message = format!("version `{text}` is not known; the document is read as OpenAPI 3.2");
                Ok((Self::V31, text, Some(message)))
            }
        }
    }
}

/// A version as text; YAML makes a number of an unquoted `2.0`.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.as_f64() == number.as_i64().map(|whole| whole as f64) => {
            Some(format!("{number}.0"))
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(root: &Value, expected: Result<(Version, &str), &str>) {
        match (Version::detect(root), expected) {
            (Ok((version, text, _)), Ok(expected)) => assert_eq!((version, text.as_str()), expected),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn versions_are_recognised_as_people_write_them() {
        check(&json!({"swagger": "2.0"}), Ok((Version::V2, "2.0")));
        check(&json!({"swagger": 2.0}), Ok((Version::V2, "2.0")));
        check(&json!({"swagger": 2}), Ok((Version::V2, "2.0")));
        check(&json!({"openapi": "3.0.3"}), Ok((Version::V30, "3.0.3")));
        check(&json!({"openapi": 3.1}), Ok((Version::V31, "3.1")));
        check(&json!({"openapi": "3.2.0"}), Ok((Version::V31, "3.2.0")));
        check(&json!({"openapi": "latest"}), Ok((Version::V31, "latest")));
        check(&json!({"paths": {}}), Ok((Version::V30, "3.0")));
        check(&json!({"swagger": "1.2"}), Err("convert"));
        check(&json!({"name": "package"}), Err("no OpenAPI document"));
        check(&json!(null), Err("empty"));
        check(&json!([1]), Err("an object"));
    }
}
