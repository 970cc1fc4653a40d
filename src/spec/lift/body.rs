//! Body and form parameters of Swagger 2.0 become a request body. Main function: [`body`].

use serde_json::{Map, Value, json};

use super::parameter::{collection_style, value_schema};
use crate::schema::escape_token;
use crate::spec::Level;
use crate::spec::draft::{Notebook, Place};

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// A parameter in `body` or `formData`.
#[derive(Clone)]
pub(super) struct Input {
    /// Where it stood.
    pub(super) at: String,
    /// The user's place of that.
    pub(super) place: Place,
    pub(super) map: Map<String, Value>,
}

impl Input {
    fn word(&self, key: &str) -> &str {
        self.map.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_body(&self) -> bool {
        self.word("in") == "body"
    }

    /// Whether it stands for another one of the path item.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.word("in") == other.word("in") && (self.is_body() || self.word("name") == other.word("name"))
    }

    fn is_required(&self) -> bool {
        self.map.get("required").is_some_and(|required| *required == Value::Bool(true) || required == "true")
    }
}

/// The request body that these parameters ask for, to stand at `at`.
pub(super) fn body(at: &str, inputs: Vec<Input>, consumes: &[String], notebook: &mut Notebook) -> Value {
    let (bodies, fields): (Vec<_>, Vec<_>) = inputs.into_iter().partition(Input::is_body);
    let Some(body) = bodies.into_iter().next() else { return form(at, &fields, consumes, notebook) };
    if !fields.is_empty() {
        let message = "an operation has a body or a form, not both; the form is left out";
        notebook.remark(Level::Assumed, fields[0].place.clone(), at, message.to_owned());
    }
    single(at, body, consumes, notebook)
}

fn single(at: &str, body: Input, consumes: &[String], notebook: &mut Notebook) -> Value {
    let is_required = body.is_required();
    let Input { at: from, place, mut map } = body;
    notebook.moved_from(&from, place.clone(), at.to_owned());
    let schema = map.shift_remove("schema").unwrap_or_else(|| Value::Object(value_schema(&map)));
    let names: Vec<&str> = match consumes {
        [] => vec!["application/json"],
        names => names.iter().map(String::as_str).collect(),
    };
    let mut content = Map::new();
    for name in names {
        let to = format!("{at}/content/{}/schema", escape_token(name));
        let place = Place { file: place.file, pointer: format!("{}/schema", place.pointer) };
        notebook.moved_from(&format!("{from}/schema"), place, to);
        let mut media = json!({ "schema": schema });
        if let Some(example) = map.get("x-example").or_else(|| map.get("example")) {
            media["example"] = example.clone();
        }
        content.insert(name.to_owned(), media);
    }
    json!({ "required": is_required, "content": content })
}

fn form(at: &str, fields: &[Input], consumes: &[String], notebook: &mut Notebook) -> Value {
    let is_file = |field: &Input| field.word("type") == "file";
    let mut names: Vec<&str> = consumes.iter().map(String::as_str).filter(|name| is_form(name)).collect();
    if fields.iter().any(is_file) {
        names.retain(|name| name.starts_with(MULTIPART));
    }
    if names.is_empty() {
        names.push(if fields.iter().any(is_file) { MULTIPART } else { URLENCODED });
    }
    let media = media(fields);
    for name in &names {
        for field in fields {
            let to =
                format!("{at}/content/{}/schema/properties/{}", escape_token(name), escape_token(field.word("name")));
            notebook.moved_from(&field.at, field.place.clone(), to);
        }
    }
    if let Some(first) = fields.first() {
        notebook.moved_from(&first.at, first.place.clone(), at.to_owned());
    }
    let content: Map<_, _> = names.into_iter().map(|name| (name.to_owned(), media.clone())).collect();
    json!({ "required": fields.iter().any(Input::is_required), "content": content })
}

fn is_form(name: &str) -> bool {
    name.starts_with(URLENCODED) || name.starts_with(MULTIPART)
}

/// An object with the fields as properties, and how lists among them are written.
fn media(fields: &[Input]) -> Value {
    let (mut properties, mut encoding) = (Map::new(), Map::new());
    for field in fields {
        let name = field.word("name").to_owned();
        let mut schema =
            field.map.get("schema").and_then(Value::as_object).cloned().unwrap_or_else(|| value_schema(&field.map));
        for key in ["description", "example", "x-example"] {
            if let Some(value) = field.map.get(key) {
                schema.insert(key.trim_start_matches("x-").to_owned(), value.clone());
            }
        }
        if field.word("type") == "array" {
            let format = field.map.get("collectionFormat").and_then(Value::as_str).unwrap_or("csv");
            let (style, explode) = collection_style(format).unwrap_or(("form", false));
            encoding.insert(name.clone(), json!({ "style": style, "explode": explode }));
        }
        properties.insert(name, Value::Object(schema));
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required()).map(|field| field.word("name")).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    let mut media = json!({ "schema": schema });
    if !encoding.is_empty() {
        media["encoding"] = Value::Object(encoding);
    }
    media
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(at: &str, map: Value) -> Input {
        let Value::Object(map) = map else { panic!("an object is needed") };
        Input { at: at.to_owned(), place: Place { file: 0, pointer: at.to_owned() }, map }
    }

    #[track_caller]
    fn check(parameters: &[Value], consumes: &[&str], expected: &Value) -> Notebook {
        let mut notebook = Notebook::default();
        let inputs = parameters.iter().enumerate().map(|(i, map)| input(&format!("/p/{i}"), map.clone())).collect();
        let consumes: Vec<String> = consumes.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(body("/b", inputs, &consumes, &mut notebook), *expected);
        notebook
    }

    #[test]
    fn a_body_has_one_media_type_for_each_it_consumes() {
        let schema = json!({"$ref": "#/definitions/A"});
        let notebook = check(
            &[json!({"name": "b", "in": "body", "required": true, "schema": schema})],
            &["application/json", "text/xml"],
            &json!({"required": true, "content": {"application/json": {"schema": schema}, "text/xml": {"schema": schema}}}),
        );
        assert_eq!(notebook.place("/b/content/text~1xml/schema/items").pointer, "/p/0/schema/items");
        check(
            &[json!({"in": "body", "schema": {}})],
            &[],
            &json!({
                "required": false, "content": {"application/json": {"schema": {}}}
            }),
        );
    }

    #[test]
    fn a_form_is_an_object() {
        let fields = [
            json!({"name": "a", "in": "formData", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}),
            json!({"name": "b", "in": "formData", "type": "integer", "required": true, "description": "d"}),
        ];
        let schema = json!({
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"type": "string"}}, "b": {"type": "integer", "description": "d"}
            },
            "required": ["b"]
        });
        let media = json!({"schema": schema, "encoding": {"a": {"style": "form", "explode": true}}});
        let notebook =
            check(&fields, &["application/json"], &json!({"required": true, "content": {URLENCODED: media}}));
        let property = "/b/content/application~1x-www-form-urlencoded/schema/properties/b/type";
        assert_eq!(notebook.place(property).pointer, "/p/1/type");
        check(
            &fields,
            &[URLENCODED, MULTIPART],
            &json!({"required": true, "content": {URLENCODED: media, MULTIPART: media}}),
        );
    }

    #[test]
    fn files_need_multipart() {
        let file = [json!({"name": "f", "in": "formData", "type": "file"})];
        let media = json!({"schema": {"type": "object", "properties": {"f": {"type": "file"}}}});
        check(&file, &[URLENCODED], &json!({"required": false, "content": {MULTIPART: media}}));
    }

    #[test]
    fn a_body_wins_over_a_form() {
        let both = [
            json!({"name": "f", "in": "formData", "type": "string"}),
            json!({"name": "b", "in": "body", "schema": {}}),
        ];
        let notebook = check(&both, &[], &json!({"required": false, "content": {"application/json": {"schema": {}}}}));
        assert_eq!(notebook.remarks[0].place.pointer, "/p/0");
    }
}
