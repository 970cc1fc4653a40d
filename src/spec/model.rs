//! From `openapiv3`'s types to the model of [`crate::api`]. Main type: [`Model`].
//!
//! What the types can't hold (3.1 and 3.2 words, examples) is read from the canonical document, which each of them
//! names in an `x-` key.

use std::sync::Arc;

use indexmap::IndexMap;
use openapiv3 as v3;
use serde_json::Value;

use super::envelope::{AT, EXPLODE, ITEM_SCHEMA, LOCATION, STYLE};
use super::examples;
use crate::api::{
    Encoding, HeaderSpec, Link, Location, MediaType, Parameter, RequestBody, ResponseSpec, Responses, StatusPattern,
    Style,
};
use crate::schema::{Document, Schema};

type Extensions = IndexMap<String, Value>;

/// Builds parts of the model from envelopes; `place` gives the user's pointer of a canonical one.
pub(super) struct Model<'a> {
    pub(super) document: &'a Arc<Document>,
    /// A schema that accepts everything, for parameters that have none.
    pub(super) anything: &'a Schema,
    pub(super) place: &'a dyn Fn(&str) -> String,
}

impl Model<'_> {
    pub(super) fn parameter(&self, parameter: &v3::Parameter) -> Parameter {
        let data = parameter.parameter_data_ref();
        let location = location(parameter, &data.extensions);
        let style = text(&data.extensions, STYLE).map_or_else(|| style_of(parameter), |_| Style::TabDelimited);
        let (schema, content) = self.value(&data.format);
        let schema = schema.unwrap_or_else(|| self.anything.clone());
        let at = at(&data.extensions);
        Parameter {
            name: data.name.clone(),
            location,
            required: data.required,
            style,
            explode: data.explode.unwrap_or(matches!(style, Style::Form)),
            allow_reserved: matches!(parameter, v3::Parameter::Query { allow_reserved: true, .. }),
            examples: examples::of_parameter(self.document, at, &schema, content.as_deref()),
            schema,
            content,
            pointer: (self.place)(at),
        }
    }

    /// The schema of a parameter or header, and the media type if it is written in one.
    fn value(&self, format: &v3::ParameterSchemaOrContent) -> (Option<Schema>, Option<String>) {
        match format {
            v3::ParameterSchemaOrContent::Schema(schema) => (self.schema(schema), None),
            v3::ParameterSchemaOrContent::Content(content) => match content.first() {
                Some((name, media)) => {
                    (media.schema.as_ref().and_then(|schema| self.schema(schema)), Some(name.clone()))
                }
                None => (None, None),
            },
        }
    }

    fn schema(&self, stub: &v3::ReferenceOr<v3::Schema>) -> Option<Schema> {
        self.document.schema(text(&stub.as_item()?.schema_data.extensions, AT)?)
    }

    pub(super) fn body(&self, body: &v3::RequestBody) -> RequestBody {
        RequestBody { required: body.required, contents: self.contents(&body.content) }
    }

    fn contents(&self, contents: &v3::Content) -> Vec<MediaType> {
        contents.iter().map(|(name, media)| self.media(name, media)).collect()
    }

    fn media(&self, name: &str, media: &v3::MediaType) -> MediaType {
        let schema = media.schema.as_ref().and_then(|schema| self.schema(schema));
        let item_schema = text(&media.extensions, ITEM_SCHEMA).and_then(|at| self.document.schema(at));
        let mut encoding: Vec<_> =
            media.encoding.iter().map(|(name, encoding)| (name.clone(), encoding_of(encoding))).collect();
        if name.starts_with("multipart/") {
            files(schema.as_ref(), &mut encoding);
        }
        MediaType {
            name: name.to_owned(),
            examples: examples::of_media(self.document, at(&media.extensions), schema.as_ref()),
            schema,
            item_schema,
            encoding,
        }
    }

    pub(super) fn responses(&self, responses: &v3::Responses) -> Responses {
        let statuses = responses.responses.iter().map(|(status, response)| (pattern(status), response));
        let default = responses.default.iter().map(|response| (StatusPattern::Default, response));
        let built = statuses.chain(default).filter_map(|(status, r)| Some((status, self.response(r.as_item()?))));
        Responses(built.collect())
    }

    fn response(&self, response: &v3::Response) -> ResponseSpec {
        let headers = response.headers.iter().filter_map(|(name, header)| Some((name, header.as_item()?)));
        let links = response.links.iter().filter_map(|(name, link)| Some(link_of(name, link.as_item()?)));
        ResponseSpec {
            description: response.description.clone(),
            contents: self.contents(&response.content),
            headers: headers.map(|(name, header)| self.header(name, header)).collect(),
            links: links.collect(),
        }
    }

    fn header(&self, name: &str, header: &v3::Header) -> HeaderSpec {
        HeaderSpec { name: name.to_owned(), required: header.required, schema: self.value(&header.format).0 }
    }
}

fn text<'a>(extensions: &'a Extensions, key: &str) -> Option<&'a str> {
    extensions.get(key).and_then(Value::as_str)
}

/// The canonical pointer that an envelope's part carries.
fn at(extensions: &Extensions) -> &str {
    text(extensions, AT).unwrap_or_default()
}

fn location(parameter: &v3::Parameter, extensions: &Extensions) -> Location {
    match parameter {
        v3::Parameter::Path { .. } => Location::Path,
        v3::Parameter::Header { .. } => Location::Header,
        v3::Parameter::Cookie { .. } => Location::Cookie,
        v3::Parameter::Query { .. } if text(extensions, LOCATION) == Some("querystring") => Location::Querystring,
        v3::Parameter::Query { .. } => Location::Query,
    }
}

fn style_of(parameter: &v3::Parameter) -> Style {
    match parameter {
        v3::Parameter::Query { style, .. } => query_style(style),
        v3::Parameter::Path { style, .. } => match style {
            v3::PathStyle::Matrix => Style::Matrix,
            v3::PathStyle::Label => Style::Label,
            v3::PathStyle::Simple => Style::Simple,
        },
        v3::Parameter::Header { .. } => Style::Simple,
        v3::Parameter::Cookie { .. } => Style::Form,
    }
}

fn query_style(style: &v3::QueryStyle) -> Style {
    match style {
        v3::QueryStyle::Form => Style::Form,
        v3::QueryStyle::SpaceDelimited => Style::SpaceDelimited,
        v3::QueryStyle::PipeDelimited => Style::PipeDelimited,
        v3::QueryStyle::DeepObject => Style::DeepObject,
    }
}

/// The content types that binary properties have without an `encoding` of their own: by `contentMediaType`, or
/// `application/octet-stream` (OpenAPI 3.0 section 4.7.14, 3.1 section 4.8.14.4).
fn files(schema: Option<&Schema>, encoding: &mut Vec<(String, Encoding)>) {
    let Some(schema) = schema.map(Schema::resolved) else { return };
    let Some(properties) = schema.value().get("properties").and_then(Value::as_object) else { return };
    for name in properties.keys() {
        let Some(property) = schema.below(&["properties", name]).map(|property| property.resolved()) else { continue };
        let property = property.value();
        // An encoded value is text: only one that is sent as it is makes a file.
        let own = property.get("contentMediaType").filter(|_| property.get("contentEncoding").is_none());
        let is_binary = property.get("format").and_then(Value::as_str) == Some("binary");
        let content_type = own.and_then(Value::as_str).or(is_binary.then_some("application/octet-stream"));
        let has_own = encoding.iter().any(|(known, own)| known == name && own.content_type.is_some());
        if let Some(content_type) = content_type.filter(|_| !has_own) {
            encoding.retain(|(known, _)| known != name);
            let content_type = Some(content_type.to_owned());
            encoding.push((name.clone(), Encoding { content_type, style: None, explode: None, allow_reserved: false }));
        }
    }
}

fn encoding_of(encoding: &v3::Encoding) -> Encoding {
    let is_tabbed = encoding.extensions.contains_key(STYLE);
    let style = if is_tabbed { Some(Style::TabDelimited) } else { encoding.style.as_ref().map(query_style) };
    Encoding {
        content_type: encoding.content_type.clone(),
        style,
        explode: encoding.extensions.get(EXPLODE).and_then(Value::as_bool),
        allow_reserved: encoding.allow_reserved,
    }
}

fn pattern(status: &v3::StatusCode) -> StatusPattern {
    match status {
        v3::StatusCode::Code(code) => StatusPattern::Exact(*code),
        v3::StatusCode::Range(class) => StatusPattern::Class(*class),
    }
}

fn link_of(name: &str, link: &v3::Link) -> Link {
    let operation = match &link.operation {
        v3::LinkOperation::OperationId(id) => id,
        v3::LinkOperation::OperationRef(reference) => reference,
    };
    Link {
        name: name.to_owned(),
        operation: operation.clone(),
        parameters: link.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: link.request_body.clone(),
    }
}
