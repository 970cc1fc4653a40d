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
        match bound {
            0 | 1 => 0,
            // Nearly all choices are small, and one byte is quickly read.
            2..=256 => usize::from(self.byte()) % bound,
            _ => self.0.int_in_range(0..=bound - 1).unwrap_or(0),
        }
    }

    /// Once in `n` times; never on an empty tape.
    pub(crate) fn once_in(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    /// A number between these, both included.
    pub(crate) fn between(&mut self, least: i128, most: i128) -> i128 {
        let most = most.max(least);
        match (i64::try_from(least), i64::try_from(most)) {
            (Ok(least), Ok(most)) => self.0.int_in_range(least..=most).unwrap_or(least).into(),
            _ => self.0.int_in_range(least..=most).unwrap_or(least),
        }
    }

    /// The next bytes; zeros where the tape is at its end.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        // Filling fails for no length: what is missing is zero.
        self.0.fill_buffer(bytes).unwrap_or_default();
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.fill(&mut byte);
        byte[0]
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }
}
