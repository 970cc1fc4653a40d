//! What a specification says, free of the specification's version.
//!
//! Main type: [`Api`]. It is built by `spec` and read by everybody else; it neither loads nor sends anything.

mod nearest;
mod operation;
mod parameter;
mod response;
mod security;

use std::sync::Arc;

pub(crate) use nearest::suggestion;
pub use operation::{Operation, OperationId};
pub(crate) use parameter::is_json;
pub use parameter::{Encoding, Location, MediaType, Parameter, RequestBody, Style};
pub use response::{HeaderSpec, Link, ResponseSpec, Responses, StatusPattern};
pub use security::{Requirement, Scheme, SchemeKind};

use crate::schema::Document;

/// An API as described.
#[derive(Clone, Debug)]
pub struct Api {
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// The specification's own version as written, such as `3.1.0`.
    pub spec_version: String,
    /// Base URLs in the document's order, variables filled in with their defaults; may be relative.
    pub servers: Vec<String>,
    /// Operations in the document's order.
    pub operations: Vec<Arc<Operation>>,
    /// The security schemes by name.
    pub schemes: Vec<Scheme>,
    /// The canonical document that all schemas point into.
    pub document: Arc<Document>,
    /// A hash of the canonical document: which specification a finding was made with.
    pub digest: String,
}

impl Api {
    /// The operation with this id.
    pub fn operation(&self, id: &OperationId) -> Option<&Arc<Operation>> {
        self.operations.iter().find(|operation| operation.id == *id)
    }
}
