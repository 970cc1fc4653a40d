//! How many requests are under way at once. Main type: [`Throttle`].
//!
//! A target that answers 429 or 503 is asked by fewer at once, and by more again when it does so no longer. Which cases
//! are sent does not depend on it.

/// After how many other answers, for each that is under way, one more is let in.
const CALM: usize = 8;
/// How many answers are looked at to tell whether fewer at once have helped.
const TRIAL: u32 = 64;
/// From how many such answers among them it is not the load that causes them.
const IN_VAIN: u32 = 16;

/// Additive increase, multiplicative decrease.
#[derive(Debug)]
pub(super) struct Throttle {
    most: usize,
    window: usize,
    /// Answers since the last change.
    since: usize,
    /// At the narrowest: all answers, and those that told of load.
    trial: (u32, u32),
    is_off: bool,
}

impl Throttle {
    /// At most so many at once.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, window: most, since: 0, trial: (0, 0), is_off: false }
    }

    /// How many may be under way.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// Takes an answer in.
    pub(super) fn observe(&mut self, tells_of_load: bool) {
        if self.is_off {
            return;
        }
        self.since += 1;
        if self.window == 1 {
            self.try_out(tells_of_load);
        }
        // What was under way at the last change says nothing about it.
        if tells_of_load && self.since >= self.window {
            self.window = (self.window / 2).max(1);
            self.since = 0;
        } else if !tells_of_load && self.window < self.most && self.since >= CALM * self.window {
            self.window += 1;
            self.since = 0;
        }
    }

    /// One at a time: if the target says so still, it always does.
    fn try_out(&mut self, tells_of_load: bool) {
        let (all, of_load) = &mut self.trial;
        *all += 1;
        *of_load += u32::from(tells_of_load);
        if *of_load >= IN_VAIN {
            self.is_off = true;
            self.window = self.most;
        } else if *all >= TRIAL {
            self.trial = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window after these answers; `!` tells of load.
    fn check(most: usize, answers: &str, window: usize) {
        let mut throttle = Throttle::new(most);
        answers.chars().for_each(|answer| throttle.observe(answer == '!'));
        assert_eq!(throttle.window(), window, "{answers}");
    }

    #[test]
    fn load_halves_the_window_once_for_all_that_was_under_way() {
        check(16, "", 16);
        check(16, "................!", 8);
        check(16, "................!!!!!!!", 8);
        check(16, "................!!!!!!!!!", 4);
        check(1, "!", 1);
    }

    #[test]
    fn calm_widens_it_again() {
        let calm = ".".repeat(8 * 2);
        check(4, &format!("....!{calm}"), 3);
        check(4, &format!("....!{}", ".".repeat(200)), 4);
    }

    #[test]
    fn what_fewer_at_once_does_not_help_is_no_load() {
        check(8, &"!".repeat(200), 8);
    }
}
