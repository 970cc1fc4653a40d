//! Who sends what, in which order, and what came of it.
//!
//! Main types: [`Case`] (one request as typed values), [`Scenario`] (an ordered list of steps), [`Trace`] (a
//! scenario with its exchanges). A case becomes a [`crate::wire::Request`] in [`encode()`]; nothing is sent here.

mod case;
mod datum;
mod decode;
pub(crate) mod encode;
pub mod file;
mod law;
mod renamed;
mod shell;
mod step;
mod template;
mod trace;
mod unique;

pub use case::{Argument, Body, Case, Content, GeneratorId, Intent, Provenance, RECORDED, Rule};
pub use datum::Datum;
pub use decode::{Breach, breaches, fits_path, is_valid, malformed_request, proves_malformed, proves_valid, typed};
pub use encode::{encode, retarget};
pub use law::Law;
pub(crate) use renamed::{Names, renamed};
pub use shell::shell;
pub use step::{ANONYMOUS, Capture, IdentityName, Scenario, Source, Step};
pub use template::{Values, placeholder, substitute};
pub use trace::Trace;
pub use unique::Unique;
