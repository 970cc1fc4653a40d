//! Reads the demo's document as tests need it: operations, example requests, schemas of requests and answers.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::client::{ADMIN, ALICE, Answer, request};
use crate::demo::DOCUMENT;

const METHODS: &[&str] = &["get", "put", "post", "patch", "delete"];

pub(super) struct Document {
    root: Value,
    /// Compiled schemas, by their text: thousands of answers are checked against a few dozen.
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
}

pub(super) struct Operation {
    pub(super) name: String,
    pub(super) parameters: Vec<Value>,
    pub(super) value: Value,
}

/// A parameter in place of the example's: its name, where it goes, its raw text.
pub(super) struct Replaced<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Document {
    pub(super) fn load() -> Self {
        let root = serde_saphyr::from_str(DOCUMENT).expect("the document is YAML");
        Self { root, validators: RefCell::default() }
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.root["paths"].as_object().unwrap() {
            for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
                let value = item[*method].clone();
                let shared = item["parameters"].as_array().into_iter().flatten();
                let own = value["parameters"].as_array().into_iter().flatten();
                let parameters = shared.chain(own).map(|parameter| self.resolve(parameter).clone()).collect();
                operations.push(Operation { name: format!("{} {path}", method.to_uppercase()), parameters, value });
            }
        }
        operations
    }

    #[track_caller]
    pub(super) fn operation(&self, name: &str) -> Operation {
        let found = self.operations().into_iter().find(|operation| operation.name == name);
        found.unwrap_or_else(|| panic!("no operation {name}"))
    }

    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.root.pointer(&reference[1..]).expect("a reference that leads somewhere"),
            None => value,
        }
    }

    /// A validator for what is sent (`hidden` is `readOnly`) or answered (`hidden` is `writeOnly`).
    pub(super) fn validator(&self, schema: &Value, hidden: &str) -> Rc<Validator> {
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry(format!("{hidden} {schema}")).or_insert_with(|| {
            let mut root = json!({ "allOf": [schema], "components": self.root["components"] });
            hide(&mut root, hidden);
            Rc::new(jsonschema::options().should_validate_formats(true).build(&root).expect("a valid schema"))
        });
        Rc::clone(validator)
    }
}

impl Operation {
    pub(super) fn matches(&self, line: &str) -> bool {
        let line = line.split('?').next().unwrap();
        let (mut template, mut actual) = (self.name.split('/'), line.split('/'));
        template.by_ref().zip(actual.by_ref()).all(|(part, text)| part.starts_with('{') || part == text)
            && self.name.matches('/').count() == line.matches('/').count()
    }

    pub(super) fn media_type(&self) -> Option<&str> {
        let content = self.value["requestBody"]["content"].as_object()?;
        content.keys().next().map(String::as_str)
    }

    pub(super) fn media(&self) -> &Value {
        &self.value["requestBody"]["content"][self.media_type().unwrap_or_default()]
    }

    /// The request that the document's examples make.
    pub(super) fn example(&self) -> Vec<u8> {
        self.request(None, &self.example_body())
    }

    /// The example with another parameter or another body.
    pub(super) fn request(&self, replaced: Option<&Replaced<'_>>, body: &[u8]) -> Vec<u8> {
        let (mut line, mut query) = (self.name.clone(), Vec::new());
        let mut headers = vec![if line.contains("/admin") { ADMIN } else { ALICE }.to_owned()];
        for parameter in &self.parameters {
            let name = parameter["name"].as_str().unwrap();
            let example = parameter.get("example").map(plain);
            let Some(text) = replaced.filter(|new| new.name == name).map(|new| new.text.to_owned()).or(example) else {
                continue;
            };
            match parameter["in"].as_str().unwrap() {
                "path" => line = line.replace(&format!("{{{name}}}"), &encode(&text)),
                "query" => query.push(format!("{name}={}", encode(&text))),
                "header" => headers.push(format!("{name}: {text}")),
                _ => headers.push(format!("Cookie: {name}={text}")),
            }
        }
        if !query.is_empty() {
            line = format!("{line}?{}", query.join("&"));
        }
        match self.media_type() {
            Some("multipart/form-data") => headers.push("Content-Type: multipart/form-data; boundary=b".to_owned()),
            Some(media_type) => headers.push(format!("Content-Type: {media_type}")),
            None => {}
        }
        request(&line, &headers.iter().map(String::as_str).collect::<Vec<_>>(), body)
    }

    fn example_body(&self) -> Vec<u8> {
        let example = &self.media()["example"];
        let members = example.as_object().into_iter().flatten();
        let text = match self.media_type() {
            None => String::new(),
            Some("application/json") => example.to_string(),
            Some("application/x-www-form-urlencoded") => {
                members.map(|(name, value)| format!("{name}={}", encode(&plain(value)))).collect::<Vec<_>>().join("&")
            }
            Some("multipart/form-data") => {
                let parts = members.map(|(name, value)| {
                    let filename = if name == "file" { "; filename=\"a.txt\"" } else { "" };
                    let value = plain(value);
                    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n{value}\r\n")
                });
                parts.collect::<String>() + "--b--\r\n"
            }
            Some(_) => plain(example),
        };
        text.into_bytes()
    }

    /// Status, content type and body are as documented.
    #[track_caller]
    pub(super) fn check_answer(&self, document: &Document, answer: &Answer) {
        let documented = self.value["responses"].get(answer.status.to_string());
        let response = documented.map(|response| document.resolve(response));
        let response = response.unwrap_or_else(|| panic!("{}: undocumented {}", self.name, answer.text()));
        let Some(content) = response.get("content") else {
            assert!(answer.body.is_empty(), "{}: undocumented body", self.name);
            return;
        };
        let media_type = answer.header("content-type").expect("a content type");
        let media = content.get(media_type).unwrap_or_else(|| panic!("{}: {}", self.name, answer.text()));
        if let Some(schema) = media.get("schema") {
            let validator = document.validator(schema, "writeOnly");
            let errors: Vec<_> = validator.iter_errors(&answer.json()).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?} in {}", self.name, answer.text());
        }
    }
}

/// Takes the properties marked `hidden` out of every schema.
fn hide(value: &mut Value, hidden: &str) {
    if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut) {
        let names: Vec<_> =
            properties.iter().filter(|(_, schema)| schema[hidden] == true).map(|(name, _)| name.clone()).collect();
        properties.retain(|name, _| !names.contains(name));
        if let Some(required) = value.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !names.iter().any(|hidden| name == hidden));
        }
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| hide(member, hidden)),
        Value::Array(members) => members.iter_mut().for_each(|member| hide(member, hidden)),
        _ => {}
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encodes everything but letters and digits.
pub(super) fn encode(text: &str) -> String {
    let bytes = text.bytes();
    let pieces = bytes.map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    pieces.collect()
}
