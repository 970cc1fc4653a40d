//! What became of a target over all its lives. Main type: [`Lives`]. It counts; it starts and ends nothing.

use serde::Serialize;

use super::Usage;
use super::usage::Measured;

/// What became of the target, for the summary of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lives {
    /// How often it was started.
    pub starts: u32,
    /// How often it died.
    pub deaths: u32,
    /// What the life that grew most used when it was ready, where the system tells: of memory, and of descriptors.
    pub first: Option<Usage>,
    /// What that life used last: the same of memory, and of descriptors.
    pub last: Option<Usage>,
    /// The most that any life used.
    pub most: Option<Usage>,
}

impl Lives {
    /// Takes a life in. One that was ended since it used too much has no part in what grew: its death is told.
    pub(super) fn take(&mut self, life: Measured, is_too_much: bool) {
        let most = self.most.get_or_insert_default();
        most.memory = most.memory.max(life.most.memory);
        most.descriptors = most.descriptors.max(life.most.descriptors);
        if is_too_much {
            return;
        }
        let (first, last) = (self.first.get_or_insert(life.first), self.last.get_or_insert(life.last));
        let grew_more = |first: u64, last: u64, before: u64| last.saturating_sub(first) >= before;
        if grew_more(life.first.memory, life.last.memory, last.memory.saturating_sub(first.memory)) {
            (first.memory, last.memory) = (life.first.memory, life.last.memory);
        }
        if grew_more(life.first.descriptors, life.last.descriptors, last.descriptors.saturating_sub(first.descriptors))
        {
            (first.descriptors, last.descriptors) = (life.first.descriptors, life.last.descriptors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory and descriptors.
    type Used = (u64, u64);

    fn usage((memory, descriptors): Used) -> Usage {
        Usage { memory, descriptors }
    }

    /// What is told of lives that used this first and last, and of which some were ended since they used too much.
    #[track_caller]
    fn check(lives: &[(Used, Used, bool)], first: Used, last: Used, most: Used) {
        let mut told = Lives::default();
        for (first, last, is_too_much) in lives {
            let (first, last) = (usage(*first), usage(*last));
            told.take(Measured { first, last, most: last }, *is_too_much);
        }
        assert_eq!((told.first, told.last, told.most), (Some(usage(first)), Some(usage(last)), Some(usage(most))));
    }

    #[test]
    fn the_life_that_grew_most_is_told_and_not_the_last_one() {
        check(&[((20, 6), (337, 9), false), ((20, 6), (21, 6), false)], (20, 6), (337, 9), (337, 9));
        // Memory and descriptors may have grown in different lives.
        check(&[((20, 6), (90, 6), false), ((21, 5), (22, 550), false)], (20, 5), (90, 550), (90, 550));
        check(&[((20, 6), (19, 5), false), ((30, 7), (30, 7), false)], (30, 7), (30, 7), (30, 7));
    }

    #[test]
    fn one_that_used_too_much_did_not_grow_but_used_the_most() {
        check(&[((20, 6), (900, 6), true), ((21, 6), (22, 6), false)], (21, 6), (22, 6), (900, 6));
    }
}
