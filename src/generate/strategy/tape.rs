//! Simpler tapes: shorter, with pieces taken out, with smaller bytes. Main type: [`TapeShrinker`].

/// The sizes of the pieces that are taken out or flattened, in their turn.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// What is tried at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// Only the first part of the tape.
    Cut,
    /// Without a piece.
    Delete(usize),
    /// With a piece of zeros.
    Flatten(usize),
    /// With half of a byte.
    Halve,
    /// With one less in a byte.
    Decrement,
}

/// Walks through simpler tapes. What was kept is where the walk goes on from.
#[derive(Clone, Debug)]
pub(super) struct TapeShrinker {
    kept: Vec<u8>,
    tried: Vec<u8>,
    moves: Vec<Move>,
    index: usize,
    at: usize,
    /// Whether something was kept in this round, so that another round is worth its while.
    progress: bool,
}

impl TapeShrinker {
    pub(super) fn new(tape: Vec<u8>) -> Self {
        let pieces = SIZES.iter().flat_map(|size| [Move::Delete(*size), Move::Flatten(*size)]);
        let moves = [Move::Cut].into_iter().chain(pieces).chain([Move::Halve, Move::Decrement]).collect();
        Self { tried: tape.clone(), kept: tape, moves, index: 0, at: 0, progress: false }
    }

    /// The next simpler tape; `None` after a round in which nothing was kept.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        loop {
            let Some(step) = self.moves.get(self.index).copied() else {
                if !self.progress {
                    return None;
                }
                (self.index, self.at, self.progress) = (0, 0, false);
                continue;
            };
            let Some(tried) = self.apply(step) else {
                self.index += 1;
                self.at = 0;
                continue;
            };
            self.at += step.stride();
            if tried != self.kept {
                self.tried = tried;
                return Some(&self.tried);
            }
        }
    }

    /// The tape that was tried last is good: go on from there.
    pub(super) fn keep(&mut self) {
        if self.tried != self.kept {
            let shorter = self.tried.len() < self.kept.len();
            self.kept.clone_from(&self.tried);
            self.progress = true;
            if shorter {
                // What followed has moved here.
                let stride = self.moves.get(self.index).map_or(0, |step| step.stride());
                self.at = self.at.saturating_sub(stride);
            }
        }
    }

    /// The tape after a move at the position; `None` past the end.
    fn apply(&self, step: Move) -> Option<Vec<u8>> {
        let mut tape = self.kept.clone();
        match step {
            Move::Cut => {
                // Nothing, then a half, three quarters, and so on: a case rarely needs its whole tape.
                let keeps = tape.len() - (tape.len() >> self.at);
                if self.at > 8 || self.at > 0 && keeps >= tape.len() {
                    return None;
                }
                tape.truncate(keeps);
            }
            Move::Delete(size) => {
                let end = (self.at + size).min(tape.len());
                if self.at >= tape.len() {
                    return None;
                }
                tape.drain(self.at..end);
            }
            Move::Flatten(size) => {
                let end = (self.at + size).min(tape.len());
                tape.get_mut(self.at..end).filter(|piece| !piece.is_empty())?.fill(0);
            }
            Move::Halve => *tape.get_mut(self.at)? /= 2,
            Move::Decrement => {
                let byte = tape.get_mut(self.at)?;
                *byte = byte.saturating_sub(1);
            }
        }
        Some(tape)
    }
}

impl Move {
    /// How far the next position lies.
    fn stride(self) -> usize {
        match self {
            Self::Delete(size) | Self::Flatten(size) => size,
            Self::Cut | Self::Halve | Self::Decrement => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shrinks while the tape still fails, as a test runner does.
    #[track_caller]
    fn check(tape: &[u8], fails: fn(&[u8]) -> bool, expected: &[u8]) {
        let mut shrinker = TapeShrinker::new(tape.to_vec());
        let mut evaluations = 0;
        while let Some(tried) = shrinker.next() {
            evaluations += 1;
            if fails(tried) {
                shrinker.keep();
            }
        }
        assert_eq!(shrinker.kept, expected);
        assert!(evaluations < 2_000, "{evaluations}");
    }

    #[test]
    fn tapes_end_at_what_matters() {
        let tape: Vec<u8> = (0..200_u8).map(|index| index ^ 0x5A).collect();
        check(&tape, |_| true, &[]);
        check(&tape, |tape| tape.iter().any(|byte| *byte >= 100), &[100]);
        check(&tape, |tape| tape.len() >= 3, &[0, 0, 0]);
        check(&tape, |tape| tape.get(2).is_some_and(|byte| *byte > 7), &[0, 0, 8]);
    }
}
