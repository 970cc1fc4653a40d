//! How a command talks. Main type: [`Ui`]: the product on standard output, all else on standard error.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde_json::json;

use super::args::{Color, OutputFlags};
use super::{Context, Error, Exit, Streams};
use crate::redact::Redactor;
use crate::report::{Console, Look, Pace, Paint, Screen, visible};

/// Version of the objects that `--json` prints.
pub(super) const FORMAT: u32 = 1;

/// The streams, and how they are to be used.
pub(super) struct Ui<'a> {
    context: &'a Context,
    streams: &'a mut Streams,
    flags: OutputFlags,
}

/// Whether colours are used: the flag decides, then `NO_COLOR`, then what the stream is.
pub(super) fn paints(color: Color, context: &Context, is_terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            is_terminal && context.variable("NO_COLOR").is_none() && context.variable("TERM") != Some("dumb")
        }
    }
}

impl<'a> Ui<'a> {
    pub(super) fn new(context: &'a Context, streams: &'a mut Streams, flags: OutputFlags) -> Self {
        Self { context, streams, flags }
    }

    fn paint(&self, is_terminal: bool) -> Paint {
        Paint::new(paints(self.flags.color, self.context, is_terminal))
    }

    /// The colours of the product for people.
    pub(super) fn report_paint(&self) -> Paint {
        let is_terminal = if self.flags.json { self.context.err_is_terminal } else { self.context.out_is_terminal };
        self.paint(is_terminal)
    }

    /// Prints the product for people: to standard output, unless that belongs to an object for machines.
    pub(super) fn report(&mut self, text: &str) -> Result<(), Error> {
        let to = if self.flags.json { &mut self.streams.err } else { &mut self.streams.out };
        to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(Error::io("write the report"))
    }

    /// The next line that is typed; `None` when there is no more.
    pub(super) fn line(&mut self) -> Result<Option<String>, Error> {
        let mut line = String::new();
        let length = self.streams.input.read_line(&mut line).map_err(Error::io("read standard input"))?;
        Ok((length > 0).then(|| line.trim().to_owned()))
    }

    /// All that is on standard input, up to this many bytes.
    pub(super) fn input(&mut self, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = (&mut self.streams.input).take(most).read_to_end(&mut bytes);
        read.map_err(Error::io("read standard input"))?;
        Ok(bytes)
    }

    /// Prints the object for machines, if one is wanted.
    pub(super) fn object(&mut self, value: &impl Serialize, redactor: &Redactor) -> Result<(), Error> {
        if !self.flags.json {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(value).map_err(|error| Error::io("write JSON")(error.into()))?;
        let out = &mut self.streams.out;
        writeln!(out, "{}", redactor.text(&text)).and_then(|()| out.flush()).map_err(Error::io("write JSON"))
    }

    /// Tells something in passing.
    pub(super) fn note(&mut self, text: &str) -> Result<(), Error> {
        if self.flags.quiet {
            return Ok(());
        }
        writeln!(self.streams.err, "{text}").map_err(Error::io("write to standard error"))
    }

    /// Tells something that needs attention.
    pub(super) fn warn(&mut self, text: &str) -> Result<(), Error> {
        let label = self.paint(self.context.err_is_terminal).warn("warning:");
        self.note(&format!("{label} {}", shown(text)))
    }

    /// Tells why a command failed.
    pub(super) fn error(&mut self, message: &str, exit: Exit) -> io::Result<()> {
        let label = self.paint(self.context.err_is_terminal).bad("error:");
        writeln!(self.streams.err, "{label} {}", shown(message))?;
        if self.flags.json {
            let object = json!({"format": FORMAT, "error": message, "exit": exit.code()});
            writeln!(self.streams.out, "{object:#}")?;
        }
        self.streams.out.flush()
    }

    /// A reporter for one run.
    pub(super) fn console(
        &mut self,
        remarks: bool,
        next: Vec<(&'static str, String)>,
        redactor: Redactor,
    ) -> Console<'_> {
        let look = Look {
            paint: self.report_paint(),
            notice_paint: self.paint(self.context.err_is_terminal),
            progress: match (self.flags.quiet, self.context.err_is_terminal) {
                (true, _) => Pace::Quiet,
                (false, true) => Pace::Bar,
                (false, false) => Pace::Lines,
            },
            remarks,
            width: self.width(),
            next,
        };
        let Streams { out, err, .. } = self.streams;
        let out: Option<&mut dyn Write> = if self.flags.json { None } else { Some(out) };
        Console::new(Screen { out, err }, look, redactor)
    }

    /// Characters in a line: what the shell says, else enough for a wide window or a log.
    fn width(&self) -> usize {
        let said = self.context.variable("COLUMNS").and_then(|columns| columns.parse().ok());
        said.unwrap_or(140).clamp(80, 240)
    }
}

/// A message, which may quote a document or a server, line by line without anything that a terminal obeys.
fn shown(message: &str) -> String {
    message.lines().map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(super) mod testing {
    //! Runs commands in this process.

    use std::cell::RefCell;
    use std::ffi::OsString;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a command wrote, and how it ended.
    #[derive(Debug)]
    pub(in super::super) struct Recorded {
        pub(in super::super) exit: Exit,
        pub(in super::super) out: String,
        pub(in super::super) err: String,
    }

    impl Recorded {
        /// Runs the command in an empty folder that holds these files.
        pub(in super::super) fn run(arguments: &[&str], files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            // No file above the folder is to be found.
            std::fs::create_dir(folder.path().join(".git")).unwrap();
            for (name, text) in files {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            let context = Context {
                arguments: ["gadfly"].iter().chain(arguments).map(OsString::from).collect(),
                folder: folder.path().to_owned(),
                ..Context::default()
            };
            let (out, err) = (Shared::default(), Shared::default());
            let input = Box::new(io::empty());
            let mut streams = Streams { input, out: Box::new(out.clone()), err: Box::new(err.clone()) };
            let exit = super::super::main(&context, &mut streams);
            let text = |shared: &Shared| String::from_utf8(shared.0.borrow().clone()).unwrap();
            Self { exit, out: text(&out), err: text(&err) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(color: Color, variables: &[(&str, &str)], is_terminal: bool, expected: bool) {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let context = Context { environment, ..Context::default() };
        assert_eq!(paints(color, &context, is_terminal), expected, "{color:?} {variables:?} {is_terminal}");
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        check(Color::Auto, &[], true, true);
        check(Color::Auto, &[], false, false);
        check(Color::Auto, &[("NO_COLOR", "1")], true, false);
        check(Color::Auto, &[("NO_COLOR", "")], true, true);
        check(Color::Auto, &[("TERM", "dumb")], true, false);
        check(Color::Always, &[("NO_COLOR", "1")], false, true);
        check(Color::Never, &[], true, false);
    }

    #[test]
    fn messages_may_quote_anything() {
        assert_eq!(shown("one\ntwo \u{1b}[2J"), "one\ntwo \\u{1b}[2J");
    }
}
