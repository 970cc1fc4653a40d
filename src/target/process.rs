//! One life of the target. Main type: [`Process`]. Threads of its own wait for it and take what it writes, so that it
//! depends on no runtime.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;

use super::group::Guard;
use super::output::{Output, mark};
use super::usage::{Measured, Meter, Usage};
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
    /// The line from which on it writes because it is to make room for another one.
    sent_off: OnceLock<u64>,
    /// Whether its life is in the books.
    is_counted: AtomicBool,
    /// What it used when it was ready, where the system tells.
    first: OnceLock<Usage>,
    exit: watch::Receiver<Option<Exit>>,
    waiter: Option<JoinHandle<()>>,
    marks: Arc<Marks>,
}

/// Our own ends of what the process writes to: a mark comes behind all that it has written. None once it has ended.
#[derive(Debug)]
struct Marks {
    ends: Mutex<Option<[PipeWriter; 2]>>,
    count: AtomicU64,
}

impl Marks {
    /// Puts a mark into both; answers its number.
    fn put(&self) -> Option<u64> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.as_mut()?.iter_mut().try_for_each(|end| end.write_all(&mark(number))).ok()?;
        Some(number)
    }

    fn close(&self) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Process {
    /// Starts the target, which is to listen here.
    pub(super) fn start(launch: &Launch, origin: &Origin) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, "no program is named");
        let mut command = launch.command(origin).ok_or_else(missing)?;
        let (guard, mut shell) = Guard::start()?;
        guard.take_in(&mut command);
        let ([out, error], ends) = pipes(&mut command)?;
        let marks = Arc::new(Marks { ends: Mutex::new(Some(ends)), count: AtomicU64::new(0) });
        let child = command.spawn().inspect_err(|_| {
            guard.end();
            // There is nothing to guard, and no zombie is left.
            let _ = shell.wait();
        })?;
        // It holds the process's own ends of the pipes.
        drop(command);
        let (guard, meter, output) = (Arc::new(guard), Arc::<Meter>::default(), Arc::<Output>::default());
        let (over, is_over) = mpsc::channel();
        let limit = launch.max_memory;
        let watched = (Arc::clone(&meter), Arc::clone(&guard));
        thread::spawn(move || watched.0.watch(limit, &watched.1, &is_over));
        let (tell, exit) = watch::channel(None);
        let is_hung = Arc::<AtomicBool>::default();
        let (held, watched) = (Arc::clone(&guard), Arc::clone(&meter));
        let (is_over, marked) = (Arc::clone(&is_hung), Arc::clone(&marks));
        let life = Life { child, shell, guard: held, meter: watched, is_hung: is_over, marks: marked };
        let (open, all_read) = mpsc::channel::<()>();
        read(out, 0, &output, open.clone());
        read(error, 1, &output, open);
        let waiter = thread::spawn(move || {
            let exit = life.last(&all_read, over);
            tell.send_replace(Some(exit));
        });
        let (sent_off, is_counted, first) = (OnceLock::new(), AtomicBool::new(false), OnceLock::new());
        Ok(Self { output, guard, meter, is_hung, sent_off, is_counted, first, exit, waiter: Some(waiter), marks })
    }

    /// Waits until all that it has written so far was taken.
    pub(super) async fn caught_up(&self) {
        if let Some(number) = self.marks.put() {
            // Of one that ends meanwhile the last lines are waited for by whoever sees it off.
            let _ = tokio::time::timeout(LAST_LINES, self.output.reach(number)).await;
        }
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

    /// Whether it was not heard of to have ended, and is to go on.
    pub(super) fn is_up(&self) -> bool {
        self.exit().is_none() && !self.is_sent_off()
    }

    /// Whether it ended, and not to make room for another one.
    pub(super) fn is_dead(&self) -> bool {
        self.exit().is_some() && !self.is_sent_off()
    }

    /// Whether it is to make room for another one: its end is our doing, whoever waits for that.
    fn is_sent_off(&self) -> bool {
        self.sent_off.get().is_some()
    }

    /// Notes that it is to make room for another one, before it is ended. Answers from which line on it writes because of
    /// that.
    pub(super) fn send_off(&self) -> u64 {
        *self.sent_off.get_or_init(|| self.output.mark())
    }

    /// Whether its life is to be put into the books: the first who asks does that.
    pub(super) fn is_to_be_counted(&self) -> bool {
        !self.is_counted.swap(true, Ordering::SeqCst)
    }

    /// Notes what it uses, now that it is ready.
    pub(super) fn note_first(&self) {
        if let Some(first) = self.usage() {
            self.first.get_or_init(|| first);
        }
    }

    /// Asks it to end by itself.
    pub(super) fn ask_to_end(&self) {
        self.guard.ask_to_end();
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
        self.meter.measured().map(|(now, _)| now)
    }

    /// What it used when it was ready, what last, and the most that it did.
    pub(super) fn measured(&self) -> Option<Measured> {
        let (last, most) = self.meter.measured()?;
        Some(Measured { first: self.first.get().copied()?, last, most })
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
    marks: Arc<Marks>,
}

impl Life {
    /// Waits until the process has ended with all that it started, and all that it wrote was taken.
    fn last(mut self, all_read: &Receiver<()>, over: Sender<()>) -> Exit {
        let status = self.child.wait();
        drop(over);
        self.guard.end();
        // The guard ends by itself; that it can't be waited for would change nothing.
        let _ = self.shell.wait();
        self.marks.close();
        let _ = all_read.recv_timeout(LAST_LINES);
        match status {
            _ if self.meter.is_too_much() => Exit::Memory,
            _ if self.is_hung.load(Ordering::SeqCst) => Exit::Hung,
            Ok(status) => Exit::of(status),
            Err(_) => Exit::Signal(9),
        }
    }
}

/// The ends from which standard output and standard error are read, and our own ends to write to.
fn pipes(command: &mut Command) -> io::Result<([PipeReader; 2], [PipeWriter; 2])> {
    let ((out, to_out), (error, to_error)) = (io::pipe()?, io::pipe()?);
    command.stdout(to_out.try_clone()?).stderr(to_error.try_clone()?);
    Ok(([out, error], [to_out, to_error]))
}

fn read(stream: PipeReader, number: usize, output: &Arc<Output>, open: Sender<()>) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        output.drain(number, stream);
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
            let asked = Command::new("sh").args(["-c", "kill -0 \"$1\" 2>&1", "sh", &member]).output();
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
    fn one_that_is_asked_to_end_has_time_for_its_last_words() {
        let process = start("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done");
        while !process.output.contains("up") {
            thread::yield_now();
        }
        process.ask_to_end();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(process.ended()), Exit::Code(5));
        // The shell may say of what it waited for that it was ended as well.
        assert!(process.output.contains("bye"), "{:?}", process.output.since(0));
        process.ask_to_end();
    }

    #[test]
    fn what_can_not_be_started_is_an_error() {
        let launch = |command: Vec<String>| Launch::new(command, "/".into());
        let origin = "http://127.0.0.1:9".parse().unwrap();
        assert!(Process::start(&launch(vec!["/no/such/program".into()]), &origin).is_err());
        assert!(Process::start(&launch(vec![]), &origin).is_err());
    }
}
