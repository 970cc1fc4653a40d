//! One operation: a method on a path template.

use std::fmt;
use std::sync::Arc;

use super::{Parameter, RequestBody, Requirement, Responses};

/// The stable name of an operation: method and path template, such as `GET /orders/{id}`, without the base path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(Arc<str>);

impl OperationId {
    /// From a method (any case) and a path template.
    pub fn new(method: &str, path: &str) -> Self {
        Self(format!("{} {path}", method.to_ascii_uppercase()).into())
    }

    /// Takes the text of an id as it is, such as from a fixture.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The text: `GET /orders/{id}`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short form for file and test names: `get_orders_id`.
    pub fn slug(&self) -> String {
        let mut slug = String::new();
        for c in self.0.chars().map(|c| c.to_ascii_lowercase()) {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('_') {
                slug.push('_');
            }
        }
        slug.truncate(80);
        slug.trim_end_matches('_').to_owned()
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its stable name.
    pub id: OperationId,
    /// The method in upper case.
    pub method: String,
    /// The path template as written, such as `/orders/{id}`.
    pub path: String,
    /// `operationId`.
    pub name: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `deprecated`.
    pub deprecated: bool,
    /// Parameters of the path item and of the operation, the latter winning.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<RequestBody>,
    /// What may come back.
    pub responses: Responses,
    /// Alternatives, of which one must be met; empty means public. An alternative without schemes means optional.
    pub security: Vec<Requirement>,
    /// JSON pointer to the operation in the user's own document.
    pub pointer: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, slug: &str) {
        assert_eq!(OperationId::new(method, path).slug(), slug);
    }

    #[test]
    fn slugs_are_plain() {
        check("get", "/orders/{id}", "get_orders_id");
        check("POST", "/", "post");
        check("delete", "/a.b/{x}{y}/", "delete_a_b_x_y");
    }
}
