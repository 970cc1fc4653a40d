//! Requests that others recorded, as scenarios of ours.
//!
//! Main functions: [`read`] (a file's bytes to recorded requests), [`session()`] (recorded requests to scenarios of a
//! document's operations). Hosts are not looked at, and credentials are left out. Nothing is sent or written here.

mod cassette;
mod clean;
mod curl;
mod form;
mod har;
mod link;
mod place;
mod raw;
mod recorded;
mod renew;
mod session;
mod shell;

pub use clean::Dropped;
pub(crate) use link::{free, last_name, replaced, scalars, values};
pub use recorded::{Error, Format, Problem, Reading, Recorded, read};
pub use session::{Imported, Plan, Session, Stray, session};
