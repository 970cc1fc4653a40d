//! The embedded demo API: a small web shop, in memory, with planted bugs and a clean twin without them.
//!
//! Main type: [`Demo`], a running server. [`DOCUMENT`] describes it, [`PLANTED_BUGS`] says what is wrong with it
//! and which oracle must notice, [`LEAST`] how little it takes, [`TOKENS`] are its callers.
//!
//! It is a self-check and a place to try the tool, not a benchmark: nothing in the generators or the oracles may
//! know it, and it uses no other module of this crate, so that its validators and ours can be compared.

mod accounts;
mod addresses;
mod admin;
mod bugs;
mod call;
mod fields;
mod files;
mod json;
mod least;
mod meeting;
mod multipart;
mod orders;
mod payments;
mod products;
mod reply;
mod search;
mod seed;
mod server;
mod state;
mod validate;

#[cfg(test)]
mod tests;

pub use self::bugs::{PLANTED_BUGS, PlantedBug};
pub use self::least::{LEAST, Least};
pub use self::seed::{TOKENS, Token};
pub use self::server::{BASE_PATH, DOCUMENT, Demo, Options};
