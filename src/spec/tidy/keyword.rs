//! Single keywords: sizes, numbers, flags, lists, names. Main functions: [`shape`], [`keywords`].

use serde_json::{Map, Value};

use crate::spec::draft::Notebook;

/// A schema is an object or a boolean; anything else is read as one that accepts everything.
pub(in crate::spec) fn shape(at: &str, value: &mut Value, notebook: &mut Notebook) {
    let found = match value {
        Value::Object(_) | Value::Bool(_) => return,
        Value::Null => "null",
        Value::Array(_) => "a list",
        Value::String(_) => "a string",
        Value::Number(_) => "a number",
    };
    notebook
        .assumed(at, format!("a schema must be an object, this is {found}; it is read as one that accepts anything"));
    *value = Value::Object(Map::new());
}

/// Mends the keywords of one schema.
pub(in crate::spec) fn keywords(at: &str, map: &mut Map<String, Value>, notebook: &mut Notebook) {
    let mut tidy = Tidy { at, map, notebook };
    tidy.types();
    tidy.forms();
    tidy.required();
    tidy.enumeration();
    tidy.default();
    tidy.pattern();
    tidy.annotations();
}

/// What the value of a keyword looks like.
#[derive(Clone, Copy, Debug)]
enum Form {
    Count,
    Number,
    Flag,
    Text,
    Object,
    List,
}

fn form(keyword: &str) -> Option<Form> {
    Some(match keyword {
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
        | "maxContains" => Form::Count,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Form::Number,
        "uniqueItems" | "readOnly" | "writeOnly" | "deprecated" | "nullable" | "x-nullable" => Form::Flag,
        "title" | "description" | "$comment" | "format" | "pattern" | "contentEncoding" | "contentMediaType" => {
            Form::Text
        }
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" | "dependentRequired" => {
            Form::Object
        }
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Form::List,
        _ => return None,
    })
}

impl Form {
    /// Whether a value surely has this form; those that don't are looked at more closely.
    fn is_kept(self, value: &Value) -> bool {
        match self {
            Self::Count => value.is_u64(),
            Self::Number => value.as_f64().is_some_and(|number| number > 0.0),
            Self::Flag => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::Object => value.is_object(),
            Self::List => value.as_array().is_some_and(|members| !members.is_empty()),
        }
    }
}

pub(super) struct Tidy<'a> {
    pub(super) at: &'a str,
    pub(super) map: &'a mut Map<String, Value>,
    notebook: &'a mut Notebook,
}

impl Tidy<'_> {
    pub(super) fn assumed(&mut self, key: &str, message: String) {
        self.notebook.assumed(&format!("{}/{key}", self.at), message);
    }

    pub(super) fn drop(&mut self, key: &str, why: &str) {
        if let Some(value) = self.map.shift_remove(key) {
            self.assumed(key, format!("`{key}: {}` {why}; it is ignored", brief(&value)));
        }
    }

    /// A size: a whole number that is not negative.
    /// Mends what does not have the form of its keyword; nearly every keyword has it, which is found out in one pass.
    fn forms(&mut self) {
        let is_due = |(key, value): &(&String, &Value)| form(key).is_some_and(|form| !form.is_kept(value));
        let due: Vec<String> = self.map.iter().filter(is_due).map(|(key, _)| key.clone()).collect();
        for key in due {
            match form(&key) {
                Some(Form::Count) => self.count(&key),
                Some(Form::Number) => self.number(&key),
                Some(Form::Flag) => self.flag(&key),
                Some(Form::Text) => self.string(&key),
                Some(Form::Object) => self.object(&key),
                Some(Form::List) => self.list(&key),
                None => {}
            }
        }
    }

    fn count(&mut self, key: &str) {
        let Some(value) = self.map.get(key) else { return };
        if value.is_u64() {
            return;
        }
        let whole = as_number(value).filter(|number| *number >= 0.0 && number.fract() == 0.0 && *number < 1e18);
        let Some(whole) = whole else { return self.drop(key, "is no size") };
        if value.is_string() {
            self.assumed(key, format!("`{key}` is a string; it is read as a number"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole, positive and small"
        )]
        self.map.insert(key.to_owned(), (whole as u64).into());
    }

    fn number(&mut self, key: &str) {
        let Some(value) = self.map.get(key) else { return };
        let is_flag = value.is_boolean() && key.starts_with("exclusive");
        if !is_flag && !value.is_number() {
            let Some(number) = value.as_str().and_then(|text| serde_json::from_str(text).ok()).filter(Value::is_number)
            else {
                return self.drop(key, "is no number");
            };
            self.assumed(key, format!("`{key}` is a string; it is read as a number"));
            self.map.insert(key.to_owned(), number);
        }
        if key == "multipleOf" && self.map.get(key).and_then(Value::as_f64).is_some_and(|step| step <= 0.0) {
            self.drop(key, "must be above zero");
        }
    }

    fn flag(&mut self, key: &str) {
        match self.map.get(key) {
            None | Some(Value::Bool(_)) => {}
            Some(Value::String(text)) if matches!(text.to_ascii_lowercase().as_str(), "true" | "false") => {
                let is_set = text.eq_ignore_ascii_case("true");
                self.map.insert(key.to_owned(), is_set.into());
                self.assumed(key, format!("`{key}` is a string; it is read as a boolean"));
            }
            Some(_) => self.drop(key, "is neither true nor false"),
        }
    }

    fn string(&mut self, key: &str) {
        match self.map.get(key) {
            None | Some(Value::String(_)) => {}
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => {
                let text = scalar.to_string();
                self.map.insert(key.to_owned(), text.into());
            }
            Some(_) => drop(self.map.shift_remove(key)),
        }
    }

    fn object(&mut self, key: &str) {
        if self.map.get(key).is_some_and(|value| !value.is_object()) {
            self.drop(key, "must be an object");
        }
    }

    fn list(&mut self, key: &str) {
        let Some(value) = self.map.get_mut(key) else { return };
        match value {
            Value::Array(members) if !members.is_empty() => {}
            Value::Object(_) => {
                *value = Value::Array(vec![value.take()]);
                self.assumed(key, format!("`{key}` must be a list; it is read as one of one member"));
            }
            _ => self.drop(key, "must be a list with members"),
        }
    }

    fn required(&mut self) {
        match self.map.get_mut("required") {
            None => {}
            Some(Value::Array(names)) => {
                let before = names.len();
                let mut seen = std::collections::BTreeSet::new();
                names.retain(|name| name.as_str().is_some_and(|name| seen.insert(name.to_owned())));
                if names.len() < before {
                    self.assumed("required", "`required` must hold different names; the others are ignored".into());
                }
            }
            Some(Value::Bool(_)) => self.drop("required", "stands at a property, not in the list of its parent"),
            Some(_) => self.drop("required", "must be a list of names"),
        }
    }

    /// `examples` of a schema is a list; some give it names, as a media type has them.
    fn annotations(&mut self) {
        if let Some(examples) = self.map.get_mut("examples") {
            let listed = match examples.take() {
                Value::Array(list) => list,
                Value::Object(named) => named.into_iter().map(|(_, example)| example_value(example)).collect(),
                other => vec![other],
            };
            *examples = Value::Array(listed);
        }
    }
}

fn example_value(example: Value) -> Value {
    match example {
        Value::Object(mut members) if members.contains_key("value") => members.remove("value").unwrap_or_default(),
        other => other,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A value as it may stand in a sentence.
pub(super) fn brief(value: &Value) -> String {
    value.as_str().map_or_else(|| shortened(&value.to_string()), shortened)
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    pub(in crate::spec::tidy) fn check(schema: Value, expected: &Value, remark: Option<&str>) {
        let mut notebook = Notebook::default();
        let Value::Object(mut map) = schema else { panic!("an object is needed") };
        keywords("/s", &mut map, &mut notebook);
        assert_eq!(Value::Object(map), *expected);
        let messages: Vec<_> = notebook.remarks.iter().map(|remark| remark.message.as_str()).collect();
        match remark {
            Some(part) => assert!(messages.iter().any(|message| message.contains(part)), "{messages:?}"),
            None => assert_eq!(messages, [""; 0]),
        }
    }

    #[test]
    fn sizes_and_numbers() {
        check(json!({"minLength": "3", "maximum": "4.5"}), &json!({"minLength": 3, "maximum": 4.5}), Some("a string"));
        check(json!({"maxLength": 5.0, "minimum": -1}), &json!({"maxLength": 5, "minimum": -1}), None);
        check(json!({"maxLength": -1}), &json!({}), Some("no size"));
        check(json!({"minimum": "low"}), &json!({}), Some("no number"));
        check(json!({"multipleOf": 0}), &json!({}), Some("above zero"));
        check(json!({"exclusiveMinimum": true, "minimum": 0}), &json!({"exclusiveMinimum": true, "minimum": 0}), None);
    }

    #[test]
    fn the_rest_of_the_schema_still_counts() {
        check(json!({"required": true, "type": "string"}), &json!({"type": "string"}), Some("stands at a property"));
        check(json!({"required": ["a", "a", 1]}), &json!({"required": ["a"]}), Some("different names"));
        check(json!({"properties": [], "maxItems": 1}), &json!({"maxItems": 1}), Some("must be an object"));
        check(json!({"allOf": {"type": "string"}}), &json!({"allOf": [{"type": "string"}]}), Some("one member"));
        check(json!({"anyOf": []}), &json!({}), Some("with members"));
        check(json!({"description": 5, "title": null}), &json!({"description": "5"}), None);
        check(json!({"readOnly": "true"}), &json!({"readOnly": true}), Some("a boolean"));
        check(json!({"pattern": "/^a$/"}), &json!({"pattern": "^a$"}), Some("slashes"));
        check(
            json!({"pattern": "a", "type": "integer"}),
            &json!({"pattern": "a", "type": "integer"}),
            Some("no effect"),
        );
        check(json!({"pattern": "[z-a]"}), &json!({"pattern": "[z-a]"}), Some("ECMA-262"));
        check(json!({"examples": {"a": {"value": 1}}}), &json!({"examples": [1]}), None);
        check(
            json!({"default": "x", "type": "integer"}),
            &json!({"default": "x", "type": "integer"}),
            Some("never sent"),
        );
        check(json!({"default": 3, "enum": [1]}), &json!({"default": 3, "enum": [1]}), Some("no member of"));
    }
}
