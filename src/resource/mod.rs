//! What an API is about: kinds of things, the operations that make, list, read, change and end them, what refers to
//! them, and those that are known to exist.
//!
//! Main types: [`Graph`] (from the document alone), [`Pool`] (live values, harvested from answers), [`Use`] (a value of
//! the pool in a case). It sends nothing; when which value is used is decided by `engine`.

mod alike;
mod entry;
mod flow;
mod follow;
mod graph;
mod harvest;
mod link;
mod located;
mod name;
mod naming;
mod opened;
mod pool;
mod recipe;
mod renewal;

pub use entry::{Entry, Maker, Name, Recipe, Teller, Use};
pub use flow::{Consumer, Flow};
pub use graph::{Action, BodyNeed, Graph, Kind, Need, Role, Taken};
pub use harvest::{Found, Held, harvest};
pub use link::{Into, Link, Origin, Take};
pub(crate) use name::words;
pub use naming::Tries;
pub use pool::Pool;
pub use recipe::{Act, MOST_STEPS, kept, life, scenario};
