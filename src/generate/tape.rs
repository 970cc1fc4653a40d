//! Choices from a byte tape. Main type: [`Tape`]. An empty tape gives the first choice each time, so shorter and
//! smaller tapes mean simpler values.

use arbitrary::Unstructured;

/// Reads choices; never fails.
pub(crate) struct Tape<'a, 'b>(&'a mut Unstructured<'b>);

impl<'a, 'b> Tape<'a, 'b> {
    pub(crate) fn new(bytes: &'a mut Unstructured<'b>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves, for formats and patterns.
    pub(crate) fn bytes(&mut self) -> &mut Unstructured<'b> {
        self.0
    }

    /// A number below `bound`; 0 if there is nothing to choose.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound <= 1 { 0 } else { self.0.int_in_range(0..=bound - 1).unwrap_or(0) }
    }

    /// Once in `n` times; never on an empty tape.
    pub(crate) fn once_in(&mut self, n: u8) -> bool {
        self.0.int_in_range(0..=n - 1).is_ok_and(|drawn| drawn == n - 1)
    }

    /// A number between these, both included.
    pub(crate) fn between(&mut self, least: i128, most: i128) -> i128 {
        self.0.int_in_range(least..=most.max(least)).unwrap_or(least)
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }
}
