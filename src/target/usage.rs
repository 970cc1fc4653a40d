//! What a process uses. Main types: [`Usage`], [`Measured`], [`Meter`]. Where there is no `/proc`, nothing is known, and that is told.
//!
//! A process that takes more memory than it may is ended before the machine suffers. It is looked at every few
//! milliseconds, so it may get a little more than that.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::group::Guard;

/// How often the memory is looked at.
const PERIOD: Duration = Duration::from_millis(20);
/// Every how many looks it is asked anew which processes belong to the group, and which descriptors they hold.
const RARELY: u32 = 25;

/// What a process uses at a moment, with all that it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Bytes of memory that are in use (resident).
    pub memory: u64,
    /// Open descriptors: files, sockets, pipes.
    pub descriptors: u64,
}

/// What one life used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// When it was ready.
    pub(super) first: Usage,
    pub(super) last: Usage,
    pub(super) most: Usage,
}

/// Looks at a process group as long as it lives.
#[derive(Debug, Default)]
pub(super) struct Meter {
    measured: Mutex<Option<(Usage, Usage)>>,
    is_too_much: AtomicBool,
}

impl Meter {
    /// What was used last, and the most that was.
    pub(super) fn measured(&self) -> Option<(Usage, Usage)> {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the group was ended because it used too much.
    pub(super) fn is_too_much(&self) -> bool {
        self.is_too_much.load(Ordering::SeqCst)
    }

    /// Looks at the guard's group until the other end of `over` is gone.
    pub(super) fn watch(&self, limit: Option<u64>, guard: &Guard, over: &Receiver<()>) {
        let mut members = Vec::new();
        let mut descriptors = 0;
        for look in 0_u32.. {
            if look % RARELY == 0 {
                members = members_of(guard.group);
                descriptors = members.iter().map(|process| open_descriptors(*process)).sum();
            }
            let memory = members.iter().filter_map(|process| resident(*process)).sum();
            self.take(Usage { memory, descriptors });
            if limit.is_some_and(|limit| memory > limit) {
                self.is_too_much.store(true, Ordering::SeqCst);
                guard.end();
                return;
            }
            if over.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Looks at it once, now.
    pub(super) fn look(&self, group: u32) {
        let members = members_of(group);
        let memory = members.iter().filter_map(|process| resident(*process)).sum();
        self.take(Usage { memory, descriptors: members.iter().map(|process| open_descriptors(*process)).sum() });
    }

    fn take(&self, now: Usage) {
        // A process that is ending uses nothing any more.
        if now.memory == 0 {
            return;
        }
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let most = measured.map_or(now, |(_, most)| Usage {
            memory: most.memory.max(now.memory),
            descriptors: most.descriptors.max(now.descriptors),
        });
        *measured = Some((now, most));
    }
}

/// Bytes of memory that the process has, where the system tells.
fn resident(process: u32) -> Option<u64> {
    resident_in(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

fn open_descriptors(process: u32) -> u64 {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |entries| entries.count() as u64)
}

/// The processes of a group, without the guard that leads it.
fn members_of(group: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let all = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let is_member = |process: &u32| {
        let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
        *process != group && stat.is_ok_and(|stat| group_in(&stat) == Some(group))
    };
    all.filter(is_member).collect()
}

/// The fifth field; the name in the second one may hold spaces and parentheses.
fn group_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        assert_eq!(resident_in("Name:\tx\nVmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n"), Some(1234 << 10));
        assert_eq!(resident_in("Name:\tx\n"), None);
        assert_eq!(group_in("77 (a b) c) S 1 75 75 0 -1"), Some(75));
        assert_eq!(group_in("nonsense"), None);
    }

    #[test]
    fn the_most_is_remembered() {
        let meter = Meter::default();
        assert_eq!(meter.measured(), None);
        let usage = |memory, descriptors| Usage { memory, descriptors };
        for now in [usage(5, 9), usage(7, 3), usage(6, 4), usage(0, 0)] {
            meter.take(now);
        }
        assert_eq!(meter.measured(), Some((usage(6, 4), usage(7, 9))));
    }
}
