//! Keywords with values that no dialect allows, mended in place so that the rest of the schema still counts.
//!
//! Main functions: [`shape`], [`keywords`]. One keyword of a wrong type would keep a validator from compiling, and so
//! would cost the whole answer or body. Each mending that changes what is accepted is told.

use serde_json::{Map, Value};

use super::draft::Notebook;

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

/// A schema is an object or a boolean; anything else is read as one that accepts everything.
pub(super) fn shape(at: &str, value: &mut Value, notebook: &mut Notebook) {
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
pub(super) fn keywords(at: &str, map: &mut Map<String, Value>, notebook: &mut Notebook) {
    let mut tidy = Tidy { at, map, notebook };
    tidy.types();
    for key in [
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minContains",
        "maxContains",
    ] {
        tidy.count(key);
    }
    for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        tidy.number(key);
    }
    for key in ["uniqueItems", "readOnly", "writeOnly", "deprecated", "nullable", "x-nullable"] {
        tidy.flag(key);
    }
    for key in ["title", "description", "$comment", "format", "pattern", "contentEncoding", "contentMediaType"] {
        tidy.string(key);
    }
    for key in ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependentRequired"] {
        tidy.object(key);
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        tidy.list(key);
    }
    tidy.required();
    tidy.enumeration();
    tidy.default();
    tidy.pattern();
    tidy.annotations();
}

struct Tidy<'a> {
    at: &'a str,
    map: &'a mut Map<String, Value>,
    notebook: &'a mut Notebook,
}

impl Tidy<'_> {
    fn assumed(&mut self, key: &str, message: String) {
        self.notebook.assumed(&format!("{}/{key}", self.at), message);
    }

    fn drop(&mut self, key: &str, why: &str) {
        if let Some(value) = self.map.shift_remove(key) {
            self.assumed(key, format!("`{key}: {}` {why}; it is ignored", brief(&value)));
        }
    }

    fn types(&mut self) {
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

    /// A size: a whole number that is not negative.
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

    fn enumeration(&mut self) {
        let Some(value) = self.map.get_mut("enum") else { return };
        let Value::Array(members) = value else { return self.drop("enum", "must be a list") };
        if members.is_empty() {
            return self.drop("enum", "has no members");
        }
        let mut unique: Vec<Value> = Vec::with_capacity(members.len());
        let before = members.len();
        let mut seen = std::collections::BTreeSet::new();
        unique.extend(members.drain(..).filter(|member| seen.insert(member.to_string())));
        *members = unique;
        if members.len() < before {
            self.assumed("enum", "`enum` holds a member twice".into());
        }
        self.enumeration_types();
    }

    /// Members of another type than the declared one: what YAML made of unquoted words is turned back.
    fn enumeration_types(&mut self) {
        let types = type_names(self.map.get("type"));
        let Some(Value::Array(members)) = self.map.get_mut("enum") else { return };
        if types.is_empty()
            || members.iter().all(|member| member.is_null() || types.iter().any(|name| is_of(name, member)))
        {
            return;
        }
        let mut is_mended = true;
        for member in members.iter_mut().filter(|member| !types.iter().any(|name| is_of(name, member))) {
            match types.iter().find_map(|name| coerced(name, member)) {
                Some(coerced) => *member = coerced,
                None => is_mended = member.is_null() && is_mended,
            }
        }
        let none_fits = !members.iter().any(|member| types.iter().any(|name| is_of(name, member)));
        let name = types.join(" or ");
        if none_fits {
            self.assumed("enum", format!("no member of `enum` is of type {name}; the type is ignored"));
            self.map.shift_remove("type");
        } else if is_mended {
            self.assumed("enum", format!("members of `enum` are not of type {name}; they are read as if they were"));
        } else {
            self.assumed("enum", format!("members of `enum` are not of type {name}; they are never valid"));
        }
    }

    fn default(&mut self) {
        let types = type_names(self.map.get("type"));
        let Some(default) = self.map.get("default") else { return };
        let is_nullable = ["nullable", "x-nullable"].iter().any(|key| self.map.get(*key) == Some(&Value::Bool(true)));
        if default.is_null() && is_nullable {
            return;
        }
        if !types.is_empty() && !types.iter().any(|name| is_of(name, default)) {
            let message = format!(
                "`default: {}` is not of type {}; it is never sent as valid",
                brief(default),
                types.join(" or ")
            );
            self.assumed("default", message);
        } else if let Some(Value::Array(members)) = self.map.get("enum")
            && !members.contains(default)
        {
            let message = format!("`default: {}` is no member of `enum`; it is never sent as valid", brief(default));
            self.assumed("default", message);
        }
    }

    /// `/^a$/` is how a pattern is written in programs, not in schemas.
    fn pattern(&mut self) {
        let Some(Value::String(pattern)) = self.map.get("pattern") else { return };
        let inner = pattern.strip_prefix("/^").and_then(|rest| rest.strip_suffix("$/"));
        let Some(inner) = inner.map(|inner| format!("^{inner}$")) else { return };
        self.assumed("pattern", format!("`{pattern}` stands in slashes; it is read without them"));
        self.map.insert("pattern".into(), inner.into());
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

fn known_type(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    KNOWN_TYPES
        .into_iter()
        .find(|known| *known == name)
        .or_else(|| TYPES.iter().find(|(written, _)| *written == name).map(|(_, meant)| *meant))
}

fn type_names(types: Option<&Value>) -> Vec<String> {
    match types {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value is of a type; 1.0 is an integer.
fn is_of(name: &str, value: &Value) -> bool {
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

fn coerced(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        ("string", Value::Number(_) | Value::Bool(_)) => Some(value.to_string().into()),
        ("integer" | "number" | "boolean", Value::String(text)) => {
            serde_json::from_str(text.trim()).ok().filter(|read| is_of(name, read))
        }
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn join(names: &[Value]) -> String {
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("` or `")
}

/// A value as it may stand in a sentence.
fn brief(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: &Value, remark: Option<&str>) {
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
    fn enums_of_another_type() {
        check(
            json!({"type": "string", "enum": [1, true]}),
            &json!({"type": "string", "enum": ["1", "true"]}),
            Some("as if"),
        );
        check(
            json!({"type": "integer", "enum": ["1", "2"]}),
            &json!({"type": "integer", "enum": [1, 2]}),
            Some("as if"),
        );
        check(json!({"type": "array", "enum": ["a"]}), &json!({"enum": ["a"]}), Some("type is ignored"));
        check(
            json!({"type": "integer", "enum": [1, "a"]}),
            &json!({"type": "integer", "enum": [1, "a"]}),
            Some("never valid"),
        );
        check(json!({"type": "string", "enum": ["a", null]}), &json!({"type": "string", "enum": ["a", null]}), None);
        check(json!({"enum": ["a", "a"]}), &json!({"enum": ["a"]}), Some("twice"));
        check(json!({"enum": []}), &json!({}), Some("no members"));
        check(json!({"enum": "a"}), &json!({}), Some("must be a list"));
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
        check(json!({"examples": {"a": {"value": 1}}}), &json!({"examples": [1]}), None);
        check(
            json!({"default": "x", "type": "integer"}),
            &json!({"default": "x", "type": "integer"}),
            Some("never sent"),
        );
        check(json!({"default": 3, "enum": [1]}), &json!({"default": 3, "enum": [1]}), Some("no member of"));
    }
}
