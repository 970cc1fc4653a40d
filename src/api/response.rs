//! What an operation may answer (OpenAPI 3.1 sections 4.8.16 and 4.8.17).

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::MediaType;
use crate::schema::Schema;

/// A key of `responses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusPattern {
    /// `404`.
    Exact(u16),
    /// `4XX`, as its first digit.
    Class(u16),
    /// `default`.
    Default,
}

impl StatusPattern {
    /// Whether it covers this status.
    pub fn covers(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(class) => class == status / 100,
            Self::Default => true,
        }
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => status.fmt(f),
            Self::Class(class) => write!(f, "{class}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl FromStr for StatusPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wild = |text: &str| text.len() == 3 && text[1..].eq_ignore_ascii_case("xx");
        match text {
            _ if text.eq_ignore_ascii_case("default") => Ok(Self::Default),
            _ if text.is_ascii() && wild(text) => text[..1].parse().map(Self::Class).map_err(|e| e.to_string()),
            _ => text.parse().map(Self::Exact).map_err(|_| format!("{text:?} is no status")),
        }
    }
}

/// The answers of an operation in the document's order.
#[derive(Clone, Debug, Default)]
pub struct Responses(pub Vec<(StatusPattern, ResponseSpec)>);

impl Responses {
    /// What is documented for this status: the exact one, else its class, else `default`.
    pub fn for_status(&self, status: u16) -> Option<&ResponseSpec> {
        let covering = self.0.iter().filter(|(pattern, _)| pattern.covers(status));
        covering
            .min_by_key(|(pattern, _)| match pattern {
                StatusPattern::Exact(_) => 0,
                StatusPattern::Class(_) => 1,
                StatusPattern::Default => 2,
            })
            .map(|(_, response)| response)
    }

    /// The patterns as written, for messages.
    pub fn patterns(&self) -> Vec<String> {
        self.0.iter().map(|(pattern, _)| pattern.to_string()).collect()
    }
}

/// One documented answer.
#[derive(Clone, Debug, Default)]
pub struct ResponseSpec {
    /// `description`.
    pub description: String,
    /// The media types in the document's order; empty means that no body is described.
    pub contents: Vec<MediaType>,
    /// The headers.
    pub headers: Vec<HeaderSpec>,
    /// The links.
    pub links: Vec<Link>,
}

/// One documented header of an answer.
#[derive(Clone, Debug)]
pub struct HeaderSpec {
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// Its schema.
    pub schema: Option<Schema>,
}

/// A link to another operation (OpenAPI 3.1 section 4.8.20).
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// `operationId` or `operationRef` of the operation it leads to.
    pub operation: String,
    /// Parameter name to runtime expression or constant.
    pub parameters: Vec<(String, Value)>,
    /// `requestBody`.
    pub body: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_pattern_wins() {
        let spec = |description: &str| ResponseSpec { description: description.into(), ..ResponseSpec::default() };
        let responses = Responses(vec![
            (StatusPattern::Default, spec("default")),
            (StatusPattern::Class(4), spec("class")),
            (StatusPattern::Exact(404), spec("exact")),
        ]);
        let named = |status| responses.for_status(status).unwrap().description.clone();
        assert_eq!([named(404), named(400), named(500)], ["exact", "class", "default"]);
    }

    #[test]
    fn patterns_are_read_as_people_write_them() {
        for (text, expected) in
            [("200", Some(StatusPattern::Exact(200))), ("4xx", Some(StatusPattern::Class(4))), ("ok", None)]
        {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
