//! Operations for tests, made from the words of a specification without its loader.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::api::{Encoding, Location, MediaType, Operation, OperationId, Parameter, RequestBody, Responses, Style};
use crate::scenario::{Argument, Body, Case, Content, Datum, GeneratorId, Intent, Provenance};
use crate::schema::{Document, Schema};
use crate::seed::Seed;

/// An operation of this path item's form: `{"parameters": [..], "body": {"application/json": {..}}}`, with an
/// optional `components`.
pub(crate) fn operation(method: &str, path: &str, described: Value) -> Arc<Operation> {
    let document = Document::new(described);
    let root = document.root();
    let count = root["parameters"].as_array().map_or(0, Vec::len);
    let parameters = (0..count).map(|index| parameter(&document, &format!("/parameters/{index}"))).collect();
    let body = root["body"].as_object().map(|contents| RequestBody {
        required: root["optionalBody"] != true,
        contents: contents.keys().map(|name| media(&document, name)).collect(),
    });
    Arc::new(Operation {
        id: OperationId::new(method, path),
        method: method.to_owned(),
        path: path.to_owned(),
        name: None,
        tags: vec![],
        deprecated: false,
        parameters,
        body,
        responses: Responses::default(),
        security: vec![],
        pointer: String::new(),
    })
}

fn schema(document: &Arc<Document>, pointer: &str) -> Schema {
    document.schema(&format!("{pointer}/schema")).unwrap_or_else(|| Schema::standalone(json!(true)))
}

fn parameter(document: &Arc<Document>, pointer: &str) -> Parameter {
    let value = document.root().pointer(pointer).unwrap();
    let location = match value["in"].as_str().unwrap() {
        "path" => Location::Path,
        "query" => Location::Query,
        "querystring" => Location::Querystring,
        "header" => Location::Header,
        _ => Location::Cookie,
    };
    let default = if matches!(location, Location::Query | Location::Cookie) { Style::Form } else { Style::Simple };
    let style = value["style"].as_str().map_or(default, style);
    let content = value["content"].as_object().and_then(|content| content.keys().next().cloned());
    let schema = match &content {
        Some(name) => schema(document, &format!("{pointer}/content/{}", name.replace('/', "~1"))),
        None => schema(document, pointer),
    };
    Parameter {
        name: value["name"].as_str().unwrap().to_owned(),
        location,
        required: location == Location::Path || value["required"] == true,
        style,
        explode: value["explode"].as_bool().unwrap_or(style == Style::Form),
        allow_reserved: value["allowReserved"] == true,
        schema,
        content,
        examples: value.get("example").cloned().into_iter().collect(),
        pointer: pointer.to_owned(),
    }
}

pub(crate) fn style(word: &str) -> Style {
    match word {
        "matrix" => Style::Matrix,
        "label" => Style::Label,
        "form" => Style::Form,
        "spaceDelimited" => Style::SpaceDelimited,
        "pipeDelimited" => Style::PipeDelimited,
        "deepObject" => Style::DeepObject,
        "tabDelimited" => Style::TabDelimited,
        _ => Style::Simple,
    }
}

fn media(document: &Arc<Document>, name: &str) -> MediaType {
    let pointer = format!("/body/{}", name.replace('/', "~1"));
    let value = document.root().pointer(&pointer).unwrap();
    let encoding = value["encoding"].as_object().into_iter().flatten().map(|(name, encoding)| {
        let encoding = Encoding {
            content_type: encoding["contentType"].as_str().map(str::to_owned),
            style: encoding["style"].as_str().map(style),
            explode: encoding["explode"].as_bool(),
            allow_reserved: encoding["allowReserved"] == true,
        };
        (name.clone(), encoding)
    });
    MediaType {
        name: name.to_owned(),
        schema: Some(schema(document, &pointer)),
        item_schema: None,
        examples: value.get("example").cloned().into_iter().collect(),
        encoding: encoding.collect(),
    }
}

/// A case that sends these values for the parameters of these names.
pub(crate) fn case(operation: &Arc<Operation>, arguments: &[(&str, Datum)]) -> Case {
    let argument = |(name, value): &(&str, Datum)| Argument {
        parameter: operation.parameters.iter().position(|parameter| parameter.name == *name).unwrap(),
        value: value.clone(),
    };
    Case {
        operation: Arc::clone(operation),
        arguments: arguments.iter().map(argument).collect(),
        headers: vec![],
        body: None,
        intent: Intent::Valid,
        provenance: Provenance { generator: GeneratorId("test"), index: 0, seed: Seed::new(0) },
    }
}

/// The case with this JSON value as its body.
pub(crate) fn with_body(mut case: Case, media_type: &str, value: &Value) -> Case {
    case.body = Some(Body { media_type: media_type.to_owned(), content: Content::Value(Datum::from(value)) });
    case
}

/// The case with these bytes as its body.
pub(crate) fn with_raw(mut case: Case, media_type: &str, bytes: &'static [u8]) -> Case {
    case.body = Some(Body { media_type: media_type.to_owned(), content: Content::Raw(Bytes::from_static(bytes)) });
    case
}
