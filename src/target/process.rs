//! One life of the target. Main type: [`Process`]. Threads of its own wait for it and take what it writes, so that it
//! depends on no runtime.

use std::io;
use std::process::Child;
use std::sync::Arc;
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
    leader: u32,
    guard: Arc<Guard>,
    meter: Arc<Meter>,
    exit: watch::Receiver<Option<Exit>>,
    waiter: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts the target, which is to listen here.
    pub(super) fn start(launch: &Launch, origin: &Origin) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, "no program is named");
        let mut command = launch.command(origin).ok_or_else(missing)?;
        if cfg!(not(unix)) {
            // Without process groups, what it starts might outlive gadfly.
            return Err(io::Error::new(io::ErrorKind::Unsupported, "a target can be run under gadfly on Unix only"));
        }
        Guard::prepare(&mut command);
        let mut child = command.spawn()?;
        let (guard, keeper) = Guard::over(&child).inspect_err(|_| {
            // Nothing is to outlive gadfly, and this one would.
            let _ = child.kill();
        })?;
        let (guard, meter, output) = (Arc::new(guard), Arc::<Meter>::default(), Arc::<Output>::default());
        let (over, is_over) = mpsc::channel();
        let (leader, limit) = (child.id(), launch.max_memory);
        let watched = (Arc::clone(&meter), Arc::clone(&guard));
        thread::spawn(move || watched.0.watch(leader, limit, &watched.1, &is_over));
        let (tell, exit) = watch::channel(None);
        let life = Life { child, keeper, guard: Arc::clone(&guard), meter: Arc::clone(&meter) };
        let written = Arc::clone(&output);
        let waiter = thread::spawn(move || {
            let exit = life.last(&written, over);
            tell.send_replace(Some(exit));
        });
        Ok(Self { output, leader, guard, meter, exit, waiter: Some(waiter) })
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

    /// What it uses now, where the system tells.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.meter.look(self.leader);
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
    keeper: Child,
    guard: Arc<Guard>,
    meter: Arc<Meter>,
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
        let _ = self.keeper.wait();
        let _ = all_read.recv_timeout(LAST_LINES);
        match status {
            _ if self.meter.is_too_much() => Exit::Memory,
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
