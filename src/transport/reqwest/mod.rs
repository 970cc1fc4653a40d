//! The second way to a target: HTTP/2 and proxies, through the crate `reqwest`; and documents from a URL.
//!
//! Main types: [`Reqwest`], [`fetch()`]. It sends only what it can send as it was written: what the crate would
//! rewrite is refused by name. Names of fields go out in lower case, and `Accept: */*` is added where there is none.

mod client;
mod express;
mod fault;
mod fetch;
#[cfg(test)]
mod tests;

pub use client::Reqwest;
pub use fetch::{FetchError, fetch};
