//! One life of the target. Main type: [`Process`]. Threads of its own wait for it and take what it writes, so that it
//! depends on no runtime.

use std::io;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;

use super::group::Guard;
use super::output::Output;
use super::usage::{Meter, Usage};
use super::{Exit, Launch};
use crate::wire::Origin;

/// How long is waited for the last lines of a process that has ended: something that it started may hold its output.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A running process; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) output: Arc<Output>,
    guard: Arc<Guard>,
    meter: Arc<Meter>,
    /// Whether it is ended because it hung.
    is_hung: Arc<AtomicBool>,
    exit: watch::Receiver<Option<Exit>>,
    waiter: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts the target, which is to listen here.
    pub(super) fn start(launch: &Launch, origin: &Origin) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, "no program is named");
        let mut command = launch.command(origin).ok_or_else(missing)?;
        let (guard, mut shell) = Guard::start()?;
        guard.take_in(&mut command);
        let child = command.spawn().inspect_err(|_| {
            guard.end();
            // There is nothing to guard, and no zombie is left.
            let _ = shell.wait();
        })?;
        let (guard, meter, output) = (Arc::new(guard), Arc::<Meter>::default(), Arc::<Output>::default());
        let (over, is_over) = mpsc::channel();
        let limit = launch.max_memory;
        let watched = (Arc::clone(&meter), Arc::clone(&guard));
        thread::spawn(move || watched.0.watch(limit, &watched.1, &is_over));
        let (tell, exit) = watch::channel(None);
        let is_hung = Arc::<AtomicBool>::default();
        let (held, watched) = (Arc::clone(&guard), Arc::clone(&meter));
        let life = Life { child, shell, guard: held, meter: watched, is_hung: Arc::clone(&is_hung) };
        let written = Arc::clone(&output);
        let waiter = thread::spawn(move || {
            let exit = life.last(&written, over);
            tell.send_replace(Some(exit));
        });
        Ok(Self { output, guard, meter, is_hung, exit, waiter: Some(waiter) })
    }

    /// How it ended, if it did; all that it wrote is there by then.
    pub(super) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        let ended = exit.wait_for(Option::is_some).await;
        // The waiter tells before it goes; without it nothing of the process is left.
        ended.ok().and_then(|exit| *exit).unwrap_or(Exit::Signal(9))
    }

    /// Ends it soon.
    pub(super) fn end(&self) {
        self.guard.end();
    }

    /// The same for one that hangs.
    pub(super) fn end_hung(&self) {
        self.is_hung.store(true, Ordering::SeqCst);
        self.end();
    }

    /// What it uses now, where the system tells.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.meter.look(self.guard.group);
        self.measured().map(|(now, _)| now)
    }

    /// What it used last, and the most that it did.
    pub(super) fn measured(&self) -> Option<(Usage, Usage)> {
        self.meter.measured()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        if let Some(waiter) = self.waiter.take() {
            // A waiter that panicked has nothing left to wait for.
            let _ = waiter.join();
        }
    }
}

/// What is needed to see a process off.
struct Life {
    child: Child,
    /// The guard's own process.
    shell: Child,
    guard: Arc<Guard>,
    meter: Arc<Meter>,
    is_hung: Arc<AtomicBool>,
}

impl Life {
    /// Takes what the process writes, and waits until it has ended with all that it started.
    fn last(mut self, output: &Arc<Output>, over: Sender<()>) -> Exit {
        let (open, all_read) = mpsc::channel::<()>();
        if let Some(stream) = self.child.stdout.take() {
            read(stream, output, open.clone());
        }
        if let Some(stream) = self.child.stderr.take() {
            read(stream, output, open.clone());
        }
        drop(open);
        let status = self.child.wait();
        drop(over);
        self.guard.end();
        // The guard ends by itself; that it can't be waited for would change nothing.
        let _ = self.shell.wait();
        let _ = all_read.recv_timeout(LAST_LINES);
        match status {
            _ if self.meter.is_too_much() => Exit::Memory,
            _ if self.is_hung.load(Ordering::SeqCst) => Exit::Hung,
            Ok(status) => Exit::of(status),
            Err(_) => Exit::Signal(9),
        }
    }
}

fn read(stream: impl io::Read + Send + 'static, output: &Arc<Output>, open: Sender<()>) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        output.drain(stream);
        drop(open);
    });
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Process {
        let command = ["sh", "-c", script].map(str::to_owned).into();
        Process::start(&Launch::new(command, "/".into()), &"http://127.0.0.1:9".parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn check(script: &str, exit: Exit, written: &[&str]) {
        let process = start(script);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(process.ended()), exit, "{script}");
        assert_eq!(process.output.since(0), written, "{script}");
    }

    #[test]
    fn all_that_a_process_wrote_is_there_when_it_has_ended() {
        check("echo one; exit 3", Exit::Code(3), &["one"]);
        check("printf 'half a line' >&2; kill -s SEGV $$", Exit::Signal(11), &["half a line"]);
        // What it leaves behind is ended too, and does not hold the output up.
        check("echo one; sleep 1000 & exit 0", Exit::Code(0), &["one"]);
    }

    #[test]
    fn it_ends_with_all_that_it_started_when_it_is_dropped() {
        let process = start("sleep 1000 & echo $!; wait");
        let member = loop {
            if let Some(line) = process.output.since(0).first() {
                break line.clone();
            }
            thread::yield_now();
        };
        let is_alive = || {
            let asked = std::process::Command::new("sh").args(["-c", "kill -0 \"$1\" 2>&1", "sh", &member]).output();
            asked.unwrap().status.success()
        };
        assert!(is_alive());
        drop(process);
        // Its new parent takes notice of the end a moment later.
        while is_alive() {
            thread::yield_now();
        }
    }

    #[test]
    fn what_can_not_be_started_is_an_error() {
        let launch = |command: Vec<String>| Launch::new(command, "/".into());
        let origin = "http://127.0.0.1:9".parse().unwrap();
        assert!(Process::start(&launch(vec!["/no/such/program".into()]), &origin).is_err());
        assert!(Process::start(&launch(vec![]), &origin).is_err());
    }
}
