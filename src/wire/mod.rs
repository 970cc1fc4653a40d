//! What goes over the wire and what comes back, as values.
//!
//! Main types: [`Request`], [`Exchange`], [`Outcome`]. Nothing here opens a connection, and nothing here knows
//! what an operation is. Names and values of headers are bytes: a fuzzer sends what a client library would not.

mod curl;
mod exchange;
mod headers;
mod origin;
mod request;
mod response;
mod run_id;

pub use curl::curl;
pub use exchange::{Exchange, Fault, FaultKind, Outcome, ends_in, is_load};
pub use headers::{Header, Headers};
pub use origin::{Origin, OriginError, Scheme};
pub use request::Request;
pub(crate) use request::target_of;
pub use response::{Ending, Response};
pub use run_id::{Id, RunHeader, RunId};
