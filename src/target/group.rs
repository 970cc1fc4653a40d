//! Ends a process with all that it started, whatever becomes of gadfly. Main type: [`Guard`].
//!
//! The target leads a process group of its own, so that a Ctrl-C for gadfly does not reach it before its crash is told
//! from ours. A small shell waits for the end of a pipe that only gadfly holds, and then kills the group: when we let go
//! of the pipe, and also when gadfly itself is killed. So no signal handler and no unsafe code is needed.

use std::io;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Holds a process group; lets go of it when it is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    pipe: Mutex<Option<ChildStdin>>,
}

impl Guard {
    /// Puts the command into a group of its own.
    pub(super) fn prepare(command: &mut Command) {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Elsewhere nothing is started in the first place.
        #[cfg(not(unix))]
        let _ = command;
    }

    /// Guards the group that this process leads. The second part is the guard's own process, to be waited for.
    pub(super) fn over(leader: &Child) -> io::Result<(Self, Child)> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read -r _; kill -s KILL -- \"-$1\"", "guard", &leader.id().to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self::prepare(&mut command);
        let mut guard = command.spawn()?;
        let pipe = Mutex::new(guard.stdin.take());
        Ok((Self { pipe }, guard))
    }

    /// Ends the group soon; what is ended already stays so.
    pub(super) fn end(&self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
