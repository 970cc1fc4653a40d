//! What a request to an operation is made of: parameters and body (OpenAPI 3.1 sections 4.8.12 to 4.8.15).

use serde_json::Value;

use crate::schema::Schema;

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    /// In the path template.
    Path,
    /// One or more `name=value` of the query.
    Query,
    /// The whole query string (OpenAPI 3.2).
    Querystring,
    /// A header field.
    Header,
    /// In the `Cookie` header.
    Cookie,
}

impl Location {
    /// The word the specification uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Querystring => "querystring",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// How a value is written (OpenAPI 3.1 section 4.8.12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `;name=value`, path only.
    Matrix,
    /// `.value`, path only.
    Label,
    /// `a,b`.
    Simple,
    /// `name=a&name=b` or `name=a,b`.
    Form,
    /// `a%20b`.
    SpaceDelimited,
    /// `a|b`.
    PipeDelimited,
    /// `name[key]=value`.
    DeepObject,
    /// `a\tb`: `collectionFormat: tsv` of Swagger 2.0.
    TabDelimited,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name as written.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// Whether it must be sent. Path parameters always must.
    pub required: bool,
    /// How it is written.
    pub style: Style,
    /// Whether arrays and objects are spread.
    pub explode: bool,
    /// Whether reserved characters stay as they are.
    pub allow_reserved: bool,
    /// The value's schema; one that accepts everything if the document has none.
    pub schema: Schema,
    /// The media type in which the value is written, for parameters with `content`.
    pub content: Option<String>,
    /// The document's examples of the value: `example`, `examples`, and those of the schema.
    pub examples: Vec<Value>,
    /// JSON pointer in the user's own document.
    pub pointer: String,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// Whether it must be sent.
    pub required: bool,
    /// The media types in the document's order.
    pub contents: Vec<MediaType>,
}

/// One media type of a body, and what it holds.
#[derive(Clone, Debug)]
pub struct MediaType {
    /// The name as written, such as `application/json` or `text/*`.
    pub name: String,
    /// The schema, if one is given.
    pub schema: Option<Schema>,
    /// The schema of one item of a stream (OpenAPI 3.2 `itemSchema`).
    pub item_schema: Option<Schema>,
    /// The document's examples of the whole value.
    pub examples: Vec<Value>,
    /// How single properties are written in forms and multipart bodies.
    pub encoding: Vec<(String, Encoding)>,
}

/// How one property of a form or multipart body is written (OpenAPI 3.1 section 4.8.15).
#[derive(Clone, Debug)]
pub struct Encoding {
    /// `contentType`, possibly a comma-separated list.
    pub content_type: Option<String>,
    /// `style`.
    pub style: Option<Style>,
    /// `explode`.
    pub explode: Option<bool>,
    /// `allowReserved`.
    pub allow_reserved: bool,
}

impl RequestBody {
    /// The schema of a body of this media type, whatever its parameters; `None` if none is declared for it.
    pub fn schema_of(&self, media_type: &str) -> Option<&Schema> {
        let essence = essence(media_type);
        self.contents.iter().find(|content| content.matches(&essence))?.schema.as_ref()
    }
}

impl MediaType {
    /// The name's essence in lower case, without parameters.
    pub fn essence(&self) -> String {
        essence(&self.name)
    }

    /// Whether values of this type are JSON: `application/json`, `text/json` or a `+json` type.
    pub fn is_json(&self) -> bool {
        is_json(&self.essence())
    }

    /// Whether an answer of this media type (its essence) is one of these; `*/*` and `text/*` match.
    pub fn matches(&self, media_type: &str) -> bool {
        let own = self.essence();
        own == media_type
            || own == "*/*"
            || own.strip_suffix("/*").is_some_and(|kind| media_type.split('/').next() == Some(kind))
            || own.strip_prefix("application/*+").is_some_and(|suffix| {
                media_type.starts_with("application/") && media_type.rsplit('+').next() == Some(suffix)
            })
    }
}

/// A media type in lower case, without parameters.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a media type's essence means JSON (RFC 8259, RFC 6839 section 3.1).
pub(crate) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(declared: &str, answered: &str, expected: bool) {
        let media =
            MediaType { name: declared.into(), schema: None, item_schema: None, examples: vec![], encoding: vec![] };
        assert_eq!(media.matches(answered), expected, "{declared} / {answered}");
    }

    #[test]
    fn the_schema_of_a_body_is_found_whatever_the_parameters_of_its_type() {
        let content = |name: &str, kind: &str| MediaType {
            name: name.into(),
            schema: Some(Schema::standalone(serde_json::json!({"type": kind}))),
            item_schema: None,
            examples: vec![],
            encoding: vec![],
        };
        let contents = vec![content("application/json", "object"), content("text/*", "string")];
        let body = RequestBody { required: true, contents };
        let kind = |media_type: &str| Some(body.schema_of(media_type)?.resolved().value()["type"].clone());
        assert_eq!(kind("Application/JSON; charset=utf-8"), Some("object".into()));
        assert_eq!(kind("text/plain"), Some("string".into()));
        assert_eq!(kind("image/png"), None);
    }

    #[test]
    fn wildcards_match() {
        check("application/json; charset=utf-8", "application/json", true);
        check("*/*", "image/png", true);
        check("image/*", "image/png", true);
        check("image/*", "text/plain", false);
        check("application/*+json", "application/problem+json", true);
        check("application/json", "application/problem+json", false);
    }
}
