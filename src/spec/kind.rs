//! The grammar of specifications: what stands below what. Main type: [`Kind`].
//!
//! One table serves 2.0 and 3.x, since no word means two things in them. It is what keeps a walk from taking data
//! for a schema: below an `example` or a `default` everything is [`Kind::Data`].

/// What a value of the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root.
    Document,
    /// `components` of 3.x.
    Components,
    /// What stands below one path.
    PathItem,
    /// One method of it.
    Operation,
    /// A parameter or a header; of 2.0 as well.
    Parameter,
    /// `requestBody`.
    Body,
    /// What stands below a media type.
    Media,
    /// How a property of a form is written.
    Encoding,
    /// One answer.
    Response,
    /// A link to another operation.
    Link,
    /// Path items by runtime expression.
    Callback,
    /// An Example Object.
    Example,
    /// A security scheme.
    Scheme,
    /// A schema.
    Schema,
    /// Anything by name.
    Map(&'static Kind),
    /// A list of anything.
    List(&'static Kind),
    /// `items` as JSON Schema had it before 2020: one schema or a list.
    SchemaOrList,
    /// Data: no reference in it is followed.
    Data,
}

const SCHEMAS: Kind = Kind::Map(&Kind::Schema);
const PARAMETERS: Kind = Kind::Map(&Kind::Parameter);
const RESPONSES: Kind = Kind::Map(&Kind::Response);
const PATHS: Kind = Kind::Map(&Kind::PathItem);
const CONTENT: Kind = Kind::Map(&Kind::Media);
const EXAMPLES: Kind = Kind::Map(&Kind::Example);
const CALLBACKS: Kind = Kind::Map(&Kind::Callback);
const LINKS: Kind = Kind::Map(&Kind::Link);

/// The methods that a path item has keys for (`OpenAPI` 3.2 adds `query`).
pub(super) const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

impl Kind {
    /// What stands below `key`.
    pub(super) fn child(self, key: &str) -> Self {
        match self {
            Self::Document => document(key),
            Self::Components => components(key),
            Self::PathItem => path_item(key),
            Self::Operation => operation(key),
            Self::Parameter | Self::Body | Self::Media | Self::Encoding | Self::Response => envelope(key),
            Self::Callback if !key.starts_with("x-") => Self::PathItem,
            Self::Schema => schema(key),
            Self::Map(kind) if !key.starts_with("x-") || *kind == Self::Schema => *kind,
            Self::Callback
            | Self::Map(_)
            | Self::List(_)
            | Self::SchemaOrList
            | Self::Link
            | Self::Example
            | Self::Scheme
            | Self::Data => Self::Data,
        }
    }

    /// What the members of a list are.
    pub(super) fn item(self) -> Self {
        match self {
            Self::List(kind) => *kind,
            Self::SchemaOrList => Self::Schema,
            _ => Self::Data,
        }
    }

    /// What stands at a pointer below a value of this kind.
    pub(super) fn at(self, pointer: &str) -> Self {
        pointer.split('/').skip(1).fold(self, |kind, token| match kind {
            Self::List(_) => kind.item(),
            Self::SchemaOrList if token.bytes().all(|b| b.is_ascii_digit()) => kind.item(),
            Self::SchemaOrList => Self::Schema.child(token),
            _ => kind.child(&token.replace("~1", "/").replace("~0", "~")),
        })
    }

    /// Whether a Reference Object may stand in its place.
    pub(super) fn may_refer(self) -> bool {
        !matches!(self, Self::Document | Self::Components | Self::Operation | Self::Map(_) | Self::List(_) | Self::Data)
    }
}

fn document(key: &str) -> Kind {
    match key {
        "paths" | "webhooks" | "x-webhooks" => PATHS,
        "components" => Kind::Components,
        "definitions" => SCHEMAS,
        "parameters" => PARAMETERS,
        "responses" => RESPONSES,
        "securityDefinitions" => Kind::Map(&Kind::Scheme),
        _ => Kind::Data,
    }
}

fn components(key: &str) -> Kind {
    match key {
        "schemas" => SCHEMAS,
        "responses" => RESPONSES,
        "parameters" | "headers" => PARAMETERS,
        "examples" => EXAMPLES,
        "requestBodies" => Kind::Map(&Kind::Body),
        "securitySchemes" => Kind::Map(&Kind::Scheme),
        "links" => LINKS,
        "callbacks" => CALLBACKS,
        "pathItems" => PATHS,
        "mediaTypes" => CONTENT,
        _ => Kind::Data,
    }
}

fn path_item(key: &str) -> Kind {
    match key {
        "parameters" => Kind::List(&Kind::Parameter),
        "additionalOperations" => Kind::Map(&Kind::Operation),
        _ if METHODS.iter().any(|method| key.eq_ignore_ascii_case(method)) => Kind::Operation,
        _ => Kind::Data,
    }
}

fn operation(key: &str) -> Kind {
    match key {
        "parameters" => Kind::List(&Kind::Parameter),
        "requestBody" => Kind::Body,
        "responses" => RESPONSES,
        "callbacks" => CALLBACKS,
        _ => Kind::Data,
    }
}

/// The objects between an operation and its schemas share their words.
fn envelope(key: &str) -> Kind {
    match key {
        "schema" | "itemSchema" | "items" => Kind::Schema,
        "content" => CONTENT,
        "examples" => EXAMPLES,
        "headers" => PARAMETERS,
        "links" => LINKS,
        "encoding" => Kind::Map(&Kind::Encoding),
        "itemEncoding" => Kind::Encoding,
        "prefixEncoding" => Kind::List(&Kind::Encoding),
        _ => Kind::Data,
    }
}

fn schema(key: &str) -> Kind {
    match key {
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => SCHEMAS,
        "dependencies" => Kind::Map(&Kind::SchemaOrList),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Kind::List(&Kind::Schema),
        "items" => Kind::SchemaOrList,
        "additionalProperties"
        | "additionalItems"
        | "not"
        | "contains"
        | "propertyNames"
        | "if"
        | "then"
        | "else"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => Kind::Schema,
        _ => Kind::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pointer: &str, expected: Kind) {
        assert_eq!(Kind::Document.at(pointer), expected, "{pointer}");
    }

    #[test]
    fn a_pointer_leads_to_its_kind() {
        check("", Kind::Document);
        check("/paths/~1a~1{id}/get/parameters/0/schema", Kind::Schema);
        check("/paths/~1a/POST/requestBody/content/application~1json/schema/items/properties/default", Kind::Schema);
        check("/paths/~1a/get/responses/default/content/text~1plain/examples/x", Kind::Example);
        check("/definitions/A/properties/properties/properties/example", Kind::Schema);
        check("/components/schemas/x-odd/items/0/allOf/1", Kind::Schema);
    }

    #[test]
    fn data_stays_data() {
        check("/components/schemas/A/example/properties/b", Kind::Data);
        check("/components/schemas/A/default", Kind::Data);
        check("/paths/x-note/get", Kind::Data);
        check("/info/title", Kind::Data);
    }
}
