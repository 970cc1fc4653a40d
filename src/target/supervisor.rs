//! One target over all its lives. Main type: [`Supervisor`].

use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::process::Process;
use super::ready::{Sign, is_ready, listens, sign};
use super::{CrashReport, Death, Exit, Launch, Leaks, Lives};
use crate::wire::{FaultKind, Origin, Scheme};

/// Between two looks whether it is ready.
const LOOK: Duration = Duration::from_millis(10);
/// How long the news that a process has ended may take after its connections are gone: so many times this.
const NEWS: Duration = Duration::from_millis(100);
const LOOKS: u32 = 30;
/// After so many connections that it took meanwhile it is not ending.
const TAKEN: u32 = 4;
/// How long after an answer an end is still that request's doing, when nothing else is sent.
const AFTERMATH: Duration = Duration::from_millis(30);
/// The same where a death is sought that came later: of a thread or a timer that the request left behind.
const LONG_AFTERMATH: Duration = Duration::from_secs(1);
/// How often one that is silent is looked at until it counts as hung.
const SILENT: u32 = 3;
/// How often a start is tried when the process ends at once: the port may be held for a while by what was before.
const STARTS: u32 = 5;
/// How long one that tells what leaked has for its end.
const LEAVE: Duration = Duration::from_secs(5);
/// How much of its output is kept of a death, and how many lines if no crash is reported in them.
const MOST_BYTES: usize = 8 << 10;
const LAST_LINES: usize = 40;

/// The process under test; it ends when this is dropped.
pub struct Supervisor {
    launch: Launch,
    origin: Origin,
    process: Mutex<Arc<Process>>,
    lives: Mutex<Lives>,
    leaks: Mutex<Leaks>,
    /// Whether it answers harmless requests at all: of one that never did, silence says nothing.
    is_talkative: bool,
}

/// Why there is no target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No port is free.
    #[error("failed to find a free port: {0}")]
    Port(#[source] io::Error),
    /// It can't be started at all.
    #[error("failed to start {command:?}: {source}")]
    Start {
        /// The command.
        command: String,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// Somebody else is there.
    #[error("failed to start {command:?} at {origin}: something listens there already; end it, or leave the port free")]
    Taken {
        /// The command.
        command: String,
        /// Where it was to listen.
        origin: Origin,
    },
    /// It ended before it was ready.
    #[error("{command:?} ended before it took requests at {origin} ({exit}){written}")]
    Ended {
        /// The command.
        command: String,
        /// Where it was to listen.
        origin: Origin,
        /// How it ended.
        exit: Exit,
        /// Its last lines.
        written: String,
    },
    /// It did not get ready in time.
    #[error(
        "{command:?} took no requests at {origin} within {patience:?}; write {{port}} where it takes its port, or say \
         with `ready` how to tell{written}"
    )]
    Late {
        /// The command.
        command: String,
        /// Where it was to listen.
        origin: Origin,
        /// How long it had.
        patience: Duration,
        /// Its last lines.
        written: String,
    },
    /// It died too often.
    #[error("the target died {0} times, and `restarts` allows no more")]
    Spent(u32),
}

impl Supervisor {
    /// Starts the target here, or on a free port of this machine, and waits until it is ready.
    pub async fn start(launch: Launch, origin: Option<Origin>) -> Result<Self, Error> {
        let (origin, process) = match origin {
            Some(origin) => (origin.clone(), begin(&launch, &origin).await?),
            None => begin_anywhere(&launch).await?,
        };
        let process = Arc::new(process);
        let is_talkative = sign(&launch.ready, &origin, launch.stall / SILENT).await == Sign::Answered;
        let lives = Lives { starts: 1, ..Lives::default() };
        let (process, lives, leaks) = (Mutex::new(process), Mutex::new(lives), Mutex::default());
        Ok(Self { launch, origin, process, lives, leaks, is_talkative })
    }

    /// Where it listens, in all its lives.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it was not heard of to have ended, and is to go on.
    pub fn is_up(&self) -> bool {
        self.process().is_up()
    }

    /// Whether it ended by itself. One that is down otherwise was to make room for another one.
    pub fn is_dead(&self) -> bool {
        self.process().is_dead()
    }

    /// The number of this life.
    pub fn life(&self) -> u32 {
        self.lives_now().starts
    }

    /// Whether it is gone, after a request that ended like this.
    pub async fn is_gone(&self, kind: FaultKind) -> bool {
        match kind {
            FaultKind::Closed | FaultKind::Truncated | FaultKind::Refused | FaultKind::TimedOut => {
                !self.survives().await
            }
            _ => !self.is_up(),
        }
    }

    /// Waits a moment for its end: one that answers and ends at once is still up when the answer is here, and what it
    /// writes comes a little later as well. Where it `lingers` that moment is longer; one that ends is not waited for longer.
    pub async fn settle(&self, lingers: bool) {
        // Whether it ended is asked by whoever waits.
        let process = self.process();
        let moment = if lingers { LONG_AFTERMATH } else { AFTERMATH };
        let _ = timeout(moment, process.ended()).await;
        process.caught_up().await;
    }

    /// Waits until all that it has written so far was taken.
    pub async fn caught_up(&self) {
        self.process().caught_up().await;
    }

    /// Whether it still answers; if not, it is on its way to its end, and that is waited for. One that lives and is silent
    /// again and again is ended.
    pub async fn survives(&self) -> bool {
        let process = self.process();
        for _ in 0..SILENT {
            if process.exit().is_some() {
                return false;
            }
            match sign(&self.launch.ready, &self.origin, self.launch.stall / SILENT).await {
                Sign::Answered => return true,
                Sign::Gone => return self.stays(&process).await,
                Sign::Silent if !self.is_talkative => return process.exit().is_none(),
                Sign::Silent => {}
            }
        }
        process.end_hung();
        process.ended().await;
        false
    }

    /// Whether it takes connections again and again although it answered none: then it does not end.
    async fn stays(&self, process: &Process) -> bool {
        let mut taken = 0;
        for _ in 0..LOOKS {
            if timeout(NEWS, process.ended()).await.is_ok() {
                return false;
            }
            taken += u32::from(listens(&self.origin).await);
            if taken >= TAKEN {
                return true;
            }
        }
        true
    }

    /// The number of the next line that it writes.
    pub fn mark(&self) -> u64 {
        self.process().output.mark()
    }

    /// The lines that it wrote from there on, without what must not be shown.
    pub fn written(&self, mark: u64) -> Vec<String> {
        let lines = self.process().output.since(mark);
        lines.iter().map(|line| self.launch.redactor.text(line)).collect()
    }

    /// How many lines it wrote that may begin the report of something that it outlives.
    pub fn noticed(&self) -> u64 {
        self.process().output.noticed()
    }

    /// How it ended, if it did, with what it wrote from there on.
    pub fn death(&self, mark: u64) -> Option<Death> {
        let exit = self.process().exit()?;
        Some(Death { exit, output: told(&self.written(mark)) })
    }

    /// Starts it anew at the same place, and waits until it is ready. It may be dropped halfway and called again: the old
    /// process is no death then, a new one that is not ready yet ends at once, and neither is counted twice.
    pub async fn restart(&self) -> Result<(), Error> {
        let old = self.process();
        if old.is_dead() {
            self.count(&old, true);
        }
        if self.lives_now().starts > self.launch.restarts {
            return Err(Error::Spent(self.lives_now().deaths));
        }
        if !old.is_dead() {
            // Before anything is waited for, so that nobody takes its end for a death.
            let mark = old.send_off();
            self.end(&old).await;
            self.count(&old, false).then(|| self.leaks_now().take_in(&self.written(mark).join("\n")));
        }
        let process = Arc::new(begin(&self.launch, &self.origin).await?);
        // From here on nothing is waited for: the number of the life and its process change together.
        self.lives_now().starts += 1;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = process;
        Ok(())
    }

    /// Ends one that was sent off, and waits for that.
    async fn end(&self, old: &Process) {
        if old.exit().is_none() {
            // For the books: of its descriptors it is known only now and then.
            let _ = old.usage();
        }
        if self.launch.tells_leaks {
            old.ask_to_end();
            let _ = timeout(LEAVE, old.ended()).await;
        }
        old.end();
        old.ended().await;
    }

    /// What those told to have leaked that were ended so far; `None` if nobody asks them to tell it.
    pub fn leaks(&self) -> Option<Leaks> {
        self.launch.tells_leaks.then(|| self.leaks_now().clone())
    }

    /// What became of it so far.
    pub fn lives(&self) -> Lives {
        let (mut lives, process) = (self.lives_now().clone(), self.process());
        if process.is_up() {
            let _ = process.usage();
        }
        take(&mut lives, &process);
        lives
    }

    /// Puts a life that is over into the books. Answers whether it was not there.
    fn count(&self, process: &Process, is_death: bool) -> bool {
        let is_new = process.is_to_be_counted();
        if is_new {
            let mut lives = self.lives_now();
            take(&mut lives, process);
            lives.deaths += u32::from(is_death);
        }
        is_new
    }

    fn process(&self) -> Arc<Process> {
        Arc::clone(&self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn leaks_now(&self) -> MutexGuard<'_, Leaks> {
        self.leaks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lives_now(&self) -> MutexGuard<'_, Lives> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(lives: &mut Lives, process: &Process) {
    if let Some(measured) = process.measured() {
        lives.take(measured, process.exit() == Some(Exit::Memory));
    }
}

/// A port that nobody uses. It is none of those that the system gives to outgoing connections: one of them could take it
/// between two lives of the target.
fn free_port() -> Result<u16, Error> {
    const FIRST: u16 = 12_000;
    const NUMBER: u16 = 20_000;
    // Several runs at once begin their search far from each other, also if they were started one after the other.
    let start = u16::try_from(std::process::id().wrapping_mul(7_919) % u32::from(NUMBER)).unwrap_or_default();
    let mut ports = (0..NUMBER).map(|step| FIRST + (start + step) % NUMBER);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).ok_or_else(|| Error::Port(io::ErrorKind::AddrInUse.into()))
}

/// Starts a process on a free port, and on another one if somebody is faster there.
async fn begin_anywhere(launch: &Launch) -> Result<(Origin, Process), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let origin = Origin { scheme: Scheme::Http, host: "127.0.0.1".to_owned(), port: free_port()? };
        match begin(launch, &origin).await {
            Ok(process) => return Ok((origin, process)),
            Err(Error::Taken { .. }) if tries < STARTS => {}
            Err(error) => return Err(error),
        }
    }
}

/// Starts a process and waits until it is ready; one that ends at once is tried again.
async fn begin(launch: &Launch, origin: &Origin) -> Result<Process, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        // What answered there later would not be the process that is watched.
        if listens(origin).await {
            if tries >= STARTS {
                return Err(Error::Taken { command: launch.shown(), origin: origin.clone() });
            }
            tokio::time::sleep(LOOK * 10 * tries).await;
            continue;
        }
        let start = |source| Error::Start { command: launch.shown(), source };
        let process = Process::start(launch, origin).map_err(start)?;
        let written = |process: &Process| {
            let lines = process.output.since(0);
            launch.redactor.text(&[&[String::new()], last_lines(&lines)].concat().join("\n  "))
        };
        let (command, origin) = (launch.shown(), origin.clone());
        tokio::select! {
            biased;
            () = readiness(launch, &process, &origin) => {
                process.note_first();
                return Ok(process);
            }
            exit = process.ended() => {
                if tries >= STARTS {
                    return Err(Error::Ended { command, origin, exit, written: written(&process) });
                }
            }
            () = tokio::time::sleep(launch.patience) => {
                let patience = launch.patience;
                return Err(Error::Late { command, origin, patience, written: written(&process) });
            }
        }
        tokio::time::sleep(LOOK * 10 * tries).await;
    }
}

async fn readiness(launch: &Launch, process: &Process, origin: &Origin) {
    while !is_ready(&launch.ready, process, origin).await || process.exit().is_some() {
        tokio::time::sleep(LOOK).await;
    }
}

/// What is worth keeping of these lines: the report of the crash, or the last ones.
fn told(lines: &[String]) -> String {
    let text = lines.join("\n");
    let text = match CrashReport::find(&text) {
        Some(report) => text[report.at..].to_owned(),
        None => last_lines(lines).join("\n"),
    };
    text[..text.floor_char_boundary(MOST_BYTES)].to_owned()
}

fn last_lines(lines: &[String]) -> &[String] {
    &lines[lines.len().saturating_sub(LAST_LINES)..]
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// A target that says when it is up, and so need not listen.
    fn launch(script: &str) -> Launch {
        let command = ["sh", "-c", script].map(str::to_owned).into();
        Launch { ready: super::super::Ready::Line("up".into()), restarts: 2, ..Launch::new(command, "/".into()) }
    }

    #[tokio::test]
    async fn it_has_as_many_lives_as_are_allowed() {
        let supervisor = Supervisor::start(launch("echo up; echo $((6 * 7)); exec sleep 1000"), None).await.unwrap();
        assert!(supervisor.is_up());
        assert_eq!(supervisor.death(0), None);
        supervisor.restart().await.unwrap();
        assert_eq!((supervisor.lives().starts, supervisor.lives().deaths), (2, 0), "it was alive");
        supervisor.process().end();
        assert!(!supervisor.survives().await);
        let death = supervisor.death(0).unwrap();
        assert_eq!((death.exit, death.output.as_str()), (Exit::Signal(9), "up\n42"));
        supervisor.restart().await.unwrap();
        assert_eq!((supervisor.life(), supervisor.lives().deaths), (3, 1));
        supervisor.process().end();
        supervisor.process().ended().await;
        let spent = supervisor.restart().await.unwrap_err().to_string();
        assert_eq!(spent, "the target died 2 times, and `restarts` allows no more");
    }

    #[tokio::test]
    async fn a_restart_that_is_dropped_halfway_is_no_death_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // The second one is not ready as long as there is a folder of this name.
        let script = "mkdir first && echo up; echo $$ > second; test -d block || echo up; exec sleep 1000";
        let command = ["sh", "-c", script].map(str::to_owned).into();
        let launch = Launch { folder: folder.path().into(), command, ..launch("") };
        let supervisor = Supervisor::start(launch, None).await.unwrap();
        std::fs::remove_file(at("second")).unwrap();
        std::fs::create_dir(at("block")).unwrap();
        // It is dropped while the old one ends, or at the latest before another one is there.
        assert!(supervisor.restart().now_or_never().is_none());
        assert!(!supervisor.is_up(), "nothing is sent to one that is about to end");
        supervisor.process().ended().await;
        assert!(!supervisor.is_dead());
        // And while the new one gets ready.
        let second = async {
            while !std::fs::read_to_string(at("second")).is_ok_and(|text| text.ends_with('\n')) {
                tokio::task::yield_now().await;
            }
            std::fs::read_to_string(at("second")).unwrap()
        };
        let number = tokio::select! {
            _ = supervisor.restart() => panic!("it was never ready"),
            number = second => number,
        };
        let is_alive = || {
            let asked = std::process::Command::new("sh").args(["-c", "kill -0 $1 2>&1", "sh", number.trim()]).output();
            asked.unwrap().status.success()
        };
        while is_alive() {
            tokio::task::yield_now().await;
        }
        assert_eq!((supervisor.life(), supervisor.lives().deaths), (1, 0));
        std::fs::remove_dir(at("block")).unwrap();
        supervisor.restart().await.unwrap();
        assert_eq!((supervisor.is_up(), supervisor.life(), supervisor.lives().deaths), (true, 2, 0));
    }

    #[tokio::test]
    async fn a_death_counts_once_however_often_a_start_is_tried() {
        let supervisor = Supervisor::start(launch("echo up; exec sleep 1000"), None).await.unwrap();
        supervisor.process().end();
        supervisor.process().ended().await;
        assert!(supervisor.restart().now_or_never().is_none());
        supervisor.restart().await.unwrap();
        assert_eq!((supervisor.life(), supervisor.lives().deaths), (2, 1));
    }

    #[track_caller]
    fn check(launch: Launch, parts: &[&str]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(Supervisor::start(launch, None)).err().unwrap().to_string();
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn why_it_does_not_get_up_is_told_with_its_last_words() {
        let secret = crate::redact::Secret::new("hunter22");
        let redactor = crate::redact::Redactor::new([&secret]);
        let broken = Launch { redactor, ..launch("echo 'no database hunter22' >&2; exit 5") };
        check(broken, &["ended before it took requests", "exited with code 5", "\n  no database [redacted]"]);
        let patience = Duration::from_millis(50);
        check(Launch { patience, ..launch("exec sleep 1000") }, &["took no requests", "within 50ms", "write {port}"]);
        let command = vec!["/no/such/program".to_owned()];
        check(Launch { command, ..launch("") }, &["failed to start \"/no/such/program\""]);
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_not_mistaken_for_the_target() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", other.local_addr().unwrap()).parse().unwrap();
        let error = Supervisor::start(launch("echo up; exec sleep 1000"), Some(origin)).await.err().unwrap();
        assert!(matches!(error, Error::Taken { .. }), "{error}");
    }

    #[test]
    fn the_report_of_a_crash_is_worth_more_than_what_came_before_it() {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let panic = ["GET /a", "thread 'main' panicked at src/a.rs:1:2:", "boom"];
        assert_eq!(told(&lines(&panic)), "thread 'main' panicked at src/a.rs:1:2:\nboom");
        assert_eq!(told(&lines(&["a", "b"])), "a\nb");
        let many: Vec<String> = (0..LAST_LINES + 7).map(|number| number.to_string()).collect();
        assert!(told(&many).starts_with("7\n8\n"));
        assert_eq!(told(&["x".repeat(MOST_BYTES * 2)]).len(), MOST_BYTES);
    }
}
