//! Cases that wait for a later epoch. Main type: [`Held`].

use std::collections::VecDeque;

use super::Planned;
use super::ruin::ends_more;
use crate::oracle;

/// How many cases of one epoch may ask the target to wait: several at once take all the threads that it has, and then
/// nothing else is answered.
pub(super) const WAITS: usize = 1;
/// How many such cases may stand in line; more are not sent.
const MOST_WAITS: usize = 256;

/// How many cases that may ruin the target are kept for the end, and how many of them one epoch may have then.
const MOST_RUINOUS: usize = 256;
const RUINOUS: usize = 8;

/// Cases in line.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Those that ask the target to wait.
    waits: VecDeque<Planned>,
    /// Valid ones that a busy target turned away.
    again: VecDeque<Planned>,
    /// Those that may end more than one thing.
    ruinous: VecDeque<Planned>,
}

impl Held {
    /// Takes a case in that has to wait for its turn; gives it back if it has not. `may_wait` says that the operation waits if
    /// it is asked to, `is_late` that what may ruin the target has its turn.
    pub(super) fn hold(&mut self, planned: Planned, may_wait: bool, is_late: bool) -> Option<Planned> {
        let last = planned.scenario.steps.last();
        let (line, most) = match last {
            Some(step) if may_wait && oracle::to_wait_long(step, &step.request) => (&mut self.waits, MOST_WAITS),
            Some(step) if !is_late && ends_more(&step.request) => (&mut self.ruinous, MOST_RUINOUS),
            _ => return Some(planned),
        };
        if line.len() < most {
            line.push_back(planned);
        }
        None
    }

    /// Takes a case in that is to be sent once more.
    pub(super) fn repeat(&mut self, planned: Planned) {
        self.again.push_back(planned);
    }

    /// Those of an epoch that has room for so many; `is_late` says that what may ruin the target has its turn.
    pub(super) fn take(&mut self, room: usize, is_late: bool) -> Vec<Planned> {
        let again = self.again.len().min(room);
        let waits = WAITS.min(self.waits.len()).min(room - again);
        let ruinous = if is_late { RUINOUS.min(self.ruinous.len()).min(room - again - waits) } else { 0 };
        self.again.drain(..again).chain(self.waits.drain(..waits)).chain(self.ruinous.drain(..ruinous)).collect()
    }
}
