//! Everything that a command needs to know of the process. Main types: [`Context`], [`Streams`].
//!
//! The sole place that reads arguments, environment, working folder and terminal.

#![expect(clippy::disallowed_methods, reason = "this module is where the process is looked at")]

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::config::Environment;

/// What is known of the process; it does not change.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment, without what is no UTF-8.
    pub environment: Environment,
    /// The working folder.
    pub folder: PathBuf,
    /// Whether standard input is a terminal.
    pub in_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub out_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub err_is_terminal: bool,
}

impl Context {
    /// Looks at this process.
    pub fn from_process() -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self {
            arguments: std::env::args_os().collect(),
            environment: std::env::vars_os().filter_map(text).collect(),
            // Without a working folder relative paths fail one by one, each with its own message.
            folder: std::env::current_dir().unwrap_or_default(),
            in_is_terminal: io::stdin().is_terminal(),
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// A variable's value; an empty one counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether this runs in continuous integration, where nobody reviews what is written.
    pub fn is_ci(&self) -> bool {
        self.variable("CI").is_some_and(|value| value != "false" && value != "0")
    }

    /// The file that a path given by the user stands for.
    pub fn path(&self, given: impl AsRef<Path>) -> PathBuf {
        self.folder.join(given)
    }

    /// A path as it is shown: relative to the working folder if it lies below it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).display().to_string()
    }
}

/// Where a command writes, and where it asks.
pub struct Streams {
    /// Where a person types; read only by a command that asks.
    pub input: Box<dyn BufRead>,
    /// Its product: reports and JSON.
    pub out: Box<dyn Write>,
    /// Everything else that people read.
    pub err: Box<dyn Write>,
}

impl Streams {
    /// The streams of this process.
    pub fn of_process() -> Self {
        let (out, err) = (Box::new(Patient(io::stdout())), Box::new(Patient(io::stderr())));
        Self { input: Box::new(io::stdin().lock()), out, err }
    }
}

/// A writer whose reader may go away: `gadfly spec | head` is no error, and a run whose terminal was closed must
/// still keep what it found.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut out = Patient(Gone);
        assert!(out.write_all(b"report").and_then(|()| out.flush()).is_ok());
    }

    #[track_caller]
    fn check(value: Option<&str>, expected: bool) {
        let environment = value.map(|value| ("CI".to_owned(), value.to_owned())).into_iter().collect();
        assert_eq!(Context { environment, ..Context::default() }.is_ci(), expected, "{value:?}");
    }

    #[test]
    fn ci_is_told_by_its_variable() {
        check(None, false);
        check(Some(""), false);
        check(Some("false"), false);
        check(Some("true"), true);
        check(Some("1"), true);
    }
}
