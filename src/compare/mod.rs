//! The same requests to two targets: what the second one does differently.
//!
//! Main types: [`Comparer`] (sends and proves), [`Difference`]. Both targets get the same scenarios in the same order, so
//! that both have the same history; what differs is asked again, and what differs from itself as well is noise. It judges
//! nothing but by comparison, and writes nothing.

mod noise;
mod outline;
mod run;
mod side;
mod spot;
#[cfg(test)]
mod tests;

pub use run::{Comparer, Comparison, Options};
pub use side::{Side, Sides};
pub use spot::{Class, Difference, Spot};
