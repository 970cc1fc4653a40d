//! The same requests to two targets: what the second one does differently.
//!
//! Main types: [`Comparer`] (sends and proves), [`Difference`]. Both targets get the same scenarios in the same order, so
//! that both have the same history; what differs is asked again several times, and counts if the second target always shows
//! what the first one never does. What the first one was once seen to change by itself is noise for the whole run. It judges
//! nothing but by comparison, and writes nothing.

mod drift;
mod noise;
#[cfg(test)]
mod noisy_tests;
mod outline;
mod prove;
mod round;
mod run;
mod side;
mod spot;
#[cfg(test)]
mod tests;

pub use run::{Comparer, Comparison, Key, Options};
pub use side::{Side, Sides};
pub use spot::{Class, Difference, Spot};
