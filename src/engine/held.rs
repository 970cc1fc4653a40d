//! Cases that wait for a later epoch. Main type: [`Held`].

use std::collections::VecDeque;

use super::Planned;

/// How many cases of one epoch may ask the target to wait: several at once take all the threads that it has, and then
/// nothing else is answered.
pub(super) const WAITS: usize = 1;
/// How many such cases may stand in line; more are not sent.
const MOST_WAITS: usize = 256;

/// Cases in line.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Those that ask the target to wait.
    waits: VecDeque<Planned>,
    /// Valid ones that a busy target turned away.
    again: VecDeque<Planned>,
}

impl Held {
    /// Takes a case in that asks the target to wait.
    pub(super) fn wait(&mut self, planned: Planned) {
        if self.waits.len() < MOST_WAITS {
            self.waits.push_back(planned);
        }
    }

    /// Takes a case in that is to be sent once more.
    pub(super) fn repeat(&mut self, planned: Planned) {
        self.again.push_back(planned);
    }

    /// Those of an epoch that has room for so many.
    pub(super) fn take(&mut self, room: usize) -> Vec<Planned> {
        let again = self.again.len().min(room);
        let waits = WAITS.min(self.waits.len()).min(room - again);
        self.again.drain(..again).chain(self.waits.drain(..waits)).collect()
    }
}
