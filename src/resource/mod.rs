//! What an API is about: kinds of things, the operations that make, list, read, change and end them, what refers to
//! them, and those that are known to exist.
//!
//! Main types: [`Graph`] (from the document alone), [`Pool`] (live values, harvested from answers), [`Use`] (a value of
//! the pool in a case). It sends nothing; when which value is used is decided by `engine`.

mod alike;
mod flow;
mod graph;
mod harvest;
mod link;
mod name;
mod pool;
mod recipe;
mod renamed;

pub use flow::{Consumer, Flow};
pub use graph::{Action, BodyNeed, Graph, Kind, Need, Role, Taken};
pub use harvest::{Found, harvest};
pub use link::{Into, Link, Origin, Take};
pub use pool::{Entry, Held, Maker, Name, Pool, Recipe, Teller, Use};
pub use recipe::{Act, kept, life, scenario};
