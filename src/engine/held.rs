//! Cases that wait for a later epoch. Main type: [`Held`].

use std::collections::{BTreeMap, VecDeque};

use super::Planned;
use super::ruin::ends_more;
use crate::oracle;

/// How many cases of one epoch may ask the target to wait: several at once take all the threads that it has, and then
/// nothing else is answered.
pub(super) const WAITS: usize = 1;
/// How many such cases may stand in line; more are not sent.
const MOST_WAITS: usize = 256;

/// How many cases of one operation are kept for the end, and how many one epoch may have then, of all operations.
const MOST_LATE: usize = 24;
const LATE: usize = 8;

/// Cases in line.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Those that ask the target to wait.
    waits: VecDeque<Planned>,
    /// Valid ones that a busy target turned away.
    again: VecDeque<Planned>,
    /// Those that may take what the run did not make, by lane, and apart from them those that may end more than one thing.
    late: BTreeMap<(usize, bool), VecDeque<Planned>>,
}

impl Held {
    /// Takes a case in that has to wait for its turn; gives it back if it has not. `may_wait` says that the operation waits if
    /// it is asked to, `is_for_the_end` that the case may take what is not the run's.
    pub(super) fn hold(&mut self, planned: Planned, may_wait: bool, is_for_the_end: bool) -> Option<Planned> {
        let last = planned.scenario.steps.last();
        let (line, most) = match last {
            Some(step) if may_wait && oracle::to_wait_long(step, &step.request) => (&mut self.waits, MOST_WAITS),
            Some(step) if is_for_the_end => {
                (self.late.entry((planned.lane, ends_more(&step.request))).or_default(), MOST_LATE)
            }
            _ => return Some(planned),
        };
        if line.len() < most {
            line.push_back(planned);
        }
        None
    }

    /// Whether no more cases of a lane are kept for the end.
    pub(super) fn is_full(&self, lane: usize) -> bool {
        self.late.get(&(lane, false)).is_some_and(|line| line.len() >= MOST_LATE)
    }

    /// Takes a case in that is to be sent once more.
    pub(super) fn repeat(&mut self, planned: Planned) {
        self.again.push_back(planned);
    }

    /// Those of an epoch that has room for so many; `is_late` says that what was kept for the end has its turn.
    pub(super) fn take(&mut self, room: usize, is_late: bool) -> Vec<Planned> {
        let again = self.again.len().min(room);
        let waits = WAITS.min(self.waits.len()).min(room - again);
        let mut taken: Vec<Planned> = self.again.drain(..again).chain(self.waits.drain(..waits)).collect();
        if is_late {
            taken.extend(self.take_late(room - again - waits));
        }
        taken
    }

    /// One of each lane at least, if there is room: each operation must have its turn.
    fn take_late(&mut self, room: usize) -> Vec<Planned> {
        let most = LATE.max(self.late.len()).min(room);
        let mut taken = Vec::new();
        while taken.len() < most && !self.late.is_empty() {
            let room = most - taken.len();
            taken.extend(self.late.values_mut().filter_map(VecDeque::pop_front).take(room));
            self.late.retain(|_, line| !line.is_empty());
        }
        taken
    }
}
