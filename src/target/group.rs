//! Ends a process with all that it started, whatever becomes of gadfly. Main type: [`Guard`].
//!
//! A small shell leads a process group, and the target is started into it: so a Ctrl-C for gadfly does not reach the
//! target. The shell waits for the end of a pipe that only gadfly holds, and then kills the group with itself: when we let
//! go of the pipe, and also when gadfly is killed. For a line in the pipe it asks the group to end. It is there before the target is, so at no moment can the target
//! outlive gadfly; and no signal handler and no unsafe code is needed.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Holds a process group; lets go of it when it is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    pipe: Mutex<Option<ChildStdin>>,
    /// The number of the group, which is that of the shell.
    pub(super) group: u32,
}

impl Guard {
    /// A new group. The second part is the shell, to be waited for.
    pub(super) fn start() -> io::Result<(Self, Child)> {
        if cfg!(not(unix)) {
            let message = "a target can be run under gadfly on Unix only";
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' TERM; while read -r _; do kill -s TERM 0; done; kill -s KILL 0"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        enter(&mut command, 0);
        let mut shell = command.spawn()?;
        let pipe = Mutex::new(shell.stdin.take());
        Ok((Self { pipe, group: shell.id() }, shell))
    }

    /// Puts what the command starts into the group.
    pub(super) fn take_in(&self, command: &mut Command) {
        enter(command, self.group);
    }

    /// Asks the group to end, by SIGTERM. Whoever does not hear it goes on.
    pub(super) fn ask_to_end(&self) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // Without its shell the group is gone already.
        let _ = pipe.as_mut().map(|pipe| pipe.write_all(b"\n"));
    }

    /// Ends the group soon; what is ended already stays so.
    pub(super) fn end(&self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Group 0 stands for a new one.
fn enter(command: &mut Command, group: u32) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, group.cast_signed());
    // Elsewhere nothing is started in the first place.
    #[cfg(not(unix))]
    let _ = (command, group);
}
