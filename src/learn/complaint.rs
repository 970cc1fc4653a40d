//! What a server says is wrong with a request. Main type: [`Complaint`].

use std::fmt;

use super::Rule;
use crate::api::Location;
use crate::schema::escape_token;

/// Which part of the request is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The body.
    Body,
    /// A query parameter.
    Query,
    /// A path parameter.
    Path,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// The answer does not say.
    #[default]
    Unknown,
}

impl Place {
    /// The place of this name, in any of the words that frameworks use.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "body" | "json" | "form" | "formdata" | "form_data" | "requestbody" | "payload" => Self::Body,
            "query" | "querystring" | "query_string" | "queryparams" => Self::Query,
            "path" | "params" | "param" | "uri" | "pathparams" => Self::Path,
            "header" | "headers" => Self::Header,
            "cookie" | "cookies" => Self::Cookie,
            _ => return None,
        })
    }

    /// The word by which it is shown and kept.
    pub fn word(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Unknown => "somewhere",
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        match location {
            Location::Path => Self::Path,
            Location::Query | Location::Querystring => Self::Query,
            Location::Header => Self::Header,
            Location::Cookie => Self::Cookie,
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// In which part.
    pub place: Place,
    /// The way to the field, as the answer names it; empty for the whole part.
    pub field: Vec<String>,
    /// What is asked of it.
    pub rule: Rule,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place.word())?;
        self.field.iter().try_for_each(|token| write!(f, "/{}", escape_token(token)))?;
        write!(f, " {}", self.rule)
    }
}

/// The way that a name describes: `/a/0`, `#/a/0`, `$.a[0]`, `a.0`, `a[0]`.
pub(super) fn way(name: &str) -> Vec<String> {
    let name = name.trim().trim_start_matches(['#', '$']);
    if name.starts_with('/') {
        return crate::schema::tokens(name)
            .map(std::borrow::Cow::into_owned)
            .filter(|token| !token.is_empty())
            .collect();
    }
    let parts = name.split(['.', '[', ']']).map(|part| part.trim_matches(['\'', '"', ' ']));
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &[&str]) {
        assert_eq!(way(name), expected, "{name}");
    }

    #[test]
    fn ways_in_all_spellings() {
        check("/a/b~1c/0", &["a", "b/c", "0"]);
        check("#/age", &["age"]);
        check("$.items[0].name", &["items", "0", "name"]);
        check("User.Address.Street", &["User", "Address", "Street"]);
        check("items['a']", &["items", "a"]);
        check("X-Tenant", &["X-Tenant"]);
        check("$", &[]);
        check("", &[]);
    }
}
