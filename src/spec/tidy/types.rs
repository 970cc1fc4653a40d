//! The keyword `type`, and what values are of a type.

use serde_json::Value;

use super::keyword::{Tidy, brief};

/// What people write for a type, and what they mean.
const TYPES: [(&str, &str); 31] = [
    ("any", ""),
    ("arr", "array"),
    ("array[string]", "array"),
    ("bigint", "integer"),
    ("bool", "boolean"),
    ("byte", "string"),
    ("bytes", "string"),
    ("char", "string"),
    ("date", "string"),
    ("date-time", "string"),
    ("datetime", "string"),
    ("decimal", "number"),
    ("dict", "object"),
    ("double", "number"),
    ("email", "string"),
    ("enum", "string"),
    ("float", "number"),
    ("hash", "object"),
    ("int", "integer"),
    ("int32", "integer"),
    ("int64", "integer"),
    ("json", "object"),
    ("list", "array"),
    ("long", "integer"),
    ("map", "object"),
    ("none", "null"),
    ("num", "number"),
    ("str", "string"),
    ("text", "string"),
    ("timestamp", "string"),
    ("uuid", "string"),
];

const KNOWN_TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

impl Tidy<'_> {
    pub(super) fn types(&mut self) {
        let Some(found) = self.map.get("type") else { return };
        let names = match found {
            Value::String(name) if KNOWN_TYPES.contains(&name.as_str()) => return,
            Value::Array(names) => names.clone(),
            other => vec![other.clone()],
        };
        let mut read: Vec<Value> = Vec::new();
        for name in &names {
            let known =
                name.as_str().map_or(Some(if name.is_null() { "null" } else { "" }), known_type).unwrap_or_default();
            if known.is_empty() {
                return self.drop("type", "is no type of JSON Schema");
            }
            if !read.iter().any(|other| other == known) {
                read.push(known.into());
            }
        }
        if read == names {
            return self.single_type(read);
        }
        let message = format!("`type: {}` is read as `{}`", brief(found), join(&read));
        self.assumed("type", message);
        self.single_type(read);
    }

    fn single_type(&mut self, mut names: Vec<Value>) {
        match names.len() {
            0 => self.drop("type", "names no type"),
            1 => drop(self.map.insert("type".into(), names.remove(0))),
            _ => drop(self.map.insert("type".into(), Value::Array(names))),
        }
    }
}

fn known_type(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    KNOWN_TYPES
        .into_iter()
        .find(|known| *known == name)
        .or_else(|| TYPES.iter().find(|(written, _)| *written == name).map(|(_, meant)| *meant))
}

pub(super) fn type_names(types: Option<&Value>) -> Vec<String> {
    match types {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value is of a type; 1.0 is an integer.
pub(super) fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        _ => value.is_string(),
    }
}

/// A value as one of another type, if it spells one.
pub(super) fn coerced(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        ("string", Value::Number(_) | Value::Bool(_)) => Some(value.to_string().into()),
        ("integer" | "number" | "boolean", Value::String(text)) => {
            serde_json::from_str(text.trim()).ok().filter(|read| is_of(name, read))
        }
        _ => None,
    }
}

fn join(names: &[Value]) -> String {
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("` or `")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::keyword::tests::check;

    #[test]
    fn types_are_read_as_meant() {
        check(json!({"type": "int"}), &json!({"type": "integer"}), Some("`type: int` is read as `integer`"));
        check(json!({"type": "String"}), &json!({"type": "string"}), Some("read as `string`"));
        check(json!({"type": ["string", null]}), &json!({"type": ["string", "null"]}), Some("read as"));
        check(json!({"type": ["string"]}), &json!({"type": "string"}), None);
        check(json!({"type": ["string", "null"]}), &json!({"type": ["string", "null"]}), None);
        check(json!({"type": "Pet"}), &json!({}), Some("no type"));
        check(json!({"type": "any"}), &json!({}), Some("no type"));
        check(json!({"type": {"a": 1}}), &json!({}), Some("no type"));
        check(json!({"type": []}), &json!({}), Some("names no type"));
    }
}
