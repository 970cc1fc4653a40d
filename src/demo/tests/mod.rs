//! The demo's tests: every planted bug shows and its fix holds, the document tells the truth, the clean twin is strict.

mod client;
mod differential;
mod document;
mod examples;
mod formats;
mod life;
mod planted;
mod races;
mod strict;
