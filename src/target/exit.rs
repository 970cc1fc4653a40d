//! How a process ended. Main types: [`Exit`], [`Death`].

use std::fmt;
use std::process::ExitStatus;

/// How a process ended. Its text stands in fixtures and signatures, so it holds nothing that differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// By us: it used more memory than it may.
    Memory,
    /// By us: it lived, and answered nobody any more.
    Hung,
}

impl Exit {
    pub(super) fn of(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        Self::Code(status.code().unwrap_or(-1))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Hung => f.write_str("hung: it answered nobody any more, and was ended"),
            Self::Memory => f.write_str("out of memory: it used more than max_memory"),
        }
    }
}

/// The names of those that tell of a crash; a few numbers differ between systems.
fn signal_name(signal: i32) -> Option<&'static str> {
    const BUS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 7 } else { 10 };
    const SYS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 31 } else { 12 };
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        BUS => "SIGBUS",
        SYS => "SIGSYS",
        _ => return None,
    })
}

/// The end of a life, and what the process wrote before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// How it ended.
    pub exit: Exit,
    /// The lines that it wrote meanwhile, from the report of the crash on if there is one; it may hold secrets, so redact
    /// before showing.
    pub output: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exit: Exit, expected: &str) {
        assert_eq!(exit.to_string(), expected);
    }

    #[test]
    fn endings_are_told_in_words() {
        check(Exit::Code(3), "exited with code 3");
        check(Exit::Signal(6), "killed by signal 6 (SIGABRT)");
        check(Exit::Signal(11), "killed by signal 11 (SIGSEGV)");
        check(Exit::Signal(60), "killed by signal 60");
        check(Exit::Hung, "hung: it answered nobody any more, and was ended");
        check(Exit::Memory, "out of memory: it used more than max_memory");
    }

    #[cfg(unix)]
    #[test]
    fn a_status_is_a_code_or_a_signal() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(Exit::of(ExitStatus::from_raw(3 << 8)), Exit::Code(3));
        assert_eq!(Exit::of(ExitStatus::from_raw(9)), Exit::Signal(9));
        // The bit 128 tells of a core file.
        assert_eq!(Exit::of(ExitStatus::from_raw(128 + 6)), Exit::Signal(6));
    }
}
