//! Cases that wait for a later epoch. Main type: [`Held`].

use std::collections::VecDeque;

use percent_encoding::percent_decode;

use super::Planned;
use crate::oracle;
use crate::wire::Request;

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

/// Whether a request that ends what its path names may end more than one thing: a segment of the path leads elsewhere
/// (`.`, `..`, `a/..`), stands for many (`*`, `%`), or is empty where a name should be. `DELETE /files/.` has taken away the
/// folder of all files on a real server.
pub(super) fn ends_more(request: &Request) -> bool {
    request.method == "DELETE" && names_more(request.path())
}

/// Whether a path may be that of more than one thing.
pub(super) fn names_more(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').skip(1).any(leads_elsewhere)
}

fn leads_elsewhere(segment: &[u8]) -> bool {
    let once: Vec<u8> = percent_decode(segment).collect();
    let twice: Vec<u8> = percent_decode(&once).collect();
    [&once, &twice].into_iter().any(|text| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        let mut parts = text.split(|byte| b"/\\".contains(byte));
        !text.iter().any(is_name) || parts.any(|part| part == b"..") || text.contains(&b'*')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, target: &str, expected: bool) {
        assert_eq!(ends_more(&Request::new(method, target.to_owned())), expected, "{method} {target}");
    }

    #[test]
    fn what_may_end_more_than_one_thing_is_told() {
        for target in
            ["/a/.", "/a/%2E", "/a/", "/a//b", "/a/%2e%2e/b", "/a/x%2F..%5Cy", "/a/%252e%252e", "/a/*", "/a/x*", "/%20"]
        {
            check("DELETE", target, true);
            check("GET", target, false);
        }
        for target in ["/a/1", "/a/x.y", "/a/-1", "/a/..x", "/a/%F0%9F%98%80", "/a/b?path=.."] {
            check("DELETE", target, false);
        }
    }
}
