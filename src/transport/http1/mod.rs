//! Our own HTTP/1.1 client: exactly the bytes of a request go out, and whatever comes back is seen as it is.
//!
//! Main type: [`Http1`]. It never pipelines, follows nothing, decodes no content coding and keeps no cookies.

mod body;
mod client;
mod connect;
mod connection;
mod exchange;
mod head;
mod ordinary;
mod pool;
mod recorded;
mod stream;
#[cfg(test)]
mod tests;

pub use client::Http1;
pub use recorded::recorded;
