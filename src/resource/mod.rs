//! What an API is about: kinds of things, the operations that make, list, read, change and end them, what refers to
//! them, and those that are known to exist.
//!
//! Main types: [`Graph`] (from the document alone), [`Pool`] (live values, harvested from answers), [`Use`] (a value of
//! the pool in a case). It sends nothing; when which value is used is decided by `engine`.

mod graph;
mod harvest;
mod name;
mod pool;
mod recipe;

pub use graph::{Action, Graph, Kind, Need, Role};
pub use harvest::{Found, harvest};
pub use pool::{Entry, Held, Maker, Pool, Use};
pub use recipe::{Act, life, scenario};
