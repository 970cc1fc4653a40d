//! The least number that will do, looked for by halves. Main type: [`Bisection`].

/// A search between a number that will not do and one that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bisection {
    /// Nothing up to here will do.
    low: u128,
    /// This does.
    high: u128,
    stage: Stage,
}

/// Which number is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Zero, which does most often.
    Zero,
    /// The one before: where it will not do, no other will.
    Neighbour,
    /// One between: a power of ten as long as there is one.
    Between,
}

impl Bisection {
    /// Begins with a number that does. Zero may be no number that is looked for.
    pub(super) fn new(high: u128, can_be_zero: bool) -> Self {
        Self { low: 0, high, stage: if can_be_zero { Stage::Zero } else { Stage::Neighbour } }
    }

    /// The least number so far that does.
    pub(super) fn high(&self) -> u128 {
        self.high
    }

    /// The number to try.
    pub(super) fn next(&self) -> Option<u128> {
        match self.stage {
            Stage::Zero => (self.high > 0).then_some(0),
            _ if self.high.saturating_sub(self.low) <= 1 => None,
            Stage::Neighbour => Some(self.high - 1),
            Stage::Between => {
                let powers: Vec<u128> = (0..=38)
                    .map(|exponent| 10_u128.pow(exponent))
                    .filter(|power| (self.low + 1..self.high).contains(power))
                    .collect();
                let middle = self.low + (self.high - self.low) / 2;
                Some(powers.get(powers.len() / 2).copied().unwrap_or(middle))
            }
        }
    }

    /// Takes in whether it does.
    pub(super) fn tell(&mut self, does: bool) {
        let Some(tried) = self.next() else { return };
        if does {
            self.high = tried;
        } else {
            self.low = tried;
        }
        self.stage = if self.stage == Stage::Zero { Stage::Neighbour } else { Stage::Between };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is left of a number where all from `least` on do, and after how many tries.
    fn left(high: u128, least: u128) -> (u128, usize) {
        let mut search = Bisection::new(high, true);
        let mut tries = 0;
        while let Some(tried) = search.next() {
            search.tell(tried >= least);
            tries += 1;
        }
        (search.high(), tries)
    }

    #[test]
    fn the_least_is_found_soon() {
        for (high, least, most) in [
            (0, 0, 0),
            (7, 0, 1),
            (2_305_843_009_213_693_952, 1001, 24),
            (2_147_483_648, 2_147_483_648, 2),
            (100, 7, 9),
        ] {
            let (left, tries) = left(high, least);
            assert_eq!(left, least);
            assert!(tries <= most, "{high}: {tries} tries");
        }
        assert_eq!(Bisection::new(1, false).next(), None);
    }

    proptest! {
        #[test]
        fn the_least_is_found(high in any::<u64>(), least in any::<u64>()) {
            let (high, least) = (u128::from(high.max(least)), u128::from(high.min(least)));
            let (left, tries) = left(high, least);
            prop_assert_eq!(left, least);
            prop_assert!(tries <= 80);
        }
    }
}
