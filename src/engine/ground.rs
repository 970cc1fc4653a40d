//! What learned rules are kept with: values of the generators, and the places that the user has fixed.

use std::sync::Arc;

use crate::api::Operation;
use crate::generate::Generators;
use crate::learn::Ground;
use crate::scenario::{Body, Datum};
use crate::schema::{Document, NodeId};
use crate::seed::Seed;

impl Ground for Generators {
    fn is_fixed(&self, operation: &Arc<Operation>, parameter: Option<usize>, pointer: &str) -> bool {
        Self::is_fixed(self, operation, parameter, pointer)
    }

    fn argument(&self, operation: &Arc<Operation>, parameter: usize) -> Option<Datum> {
        self.good_argument(operation, parameter)
    }

    fn body(&self, operation: &Arc<Operation>) -> Option<Body> {
        self.good_body(operation)
    }

    fn value(&self, document: &Document, node: NodeId, seed: Seed) -> Option<Datum> {
        Self::likely(document, node, seed)
    }
}
