//! From the process to a subcommand and back to an exit code. Main functions: [`main`], [`report_panics`].

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};

use clap::Parser;

use super::args::{Arguments, Color, Command};
use super::{
    Context, Error, Exit, Streams, Ui, accept, compare, corpus, fuzz, import, list, replay, review, shift, show, spec,
};

/// Runs the command that the arguments ask for. A panic is a bug of ours and has an exit code of its own.
pub fn main(context: &Context, streams: &mut Streams) -> Exit {
    let parsed = match Arguments::try_parse_from(&context.arguments) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, context, streams),
    };
    let mut ui = Ui::new(context, streams, parsed.output);
    // Nothing of the streams or the context is looked at after a panic, so half-made changes can't be seen.
    let result = panic::catch_unwind(AssertUnwindSafe(|| run(&parsed.command, context, &mut ui)));
    match result {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => fail(&error, &mut ui),
        Err(_) => Exit::BUG,
    }
}

fn run(command: &Command, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    match command {
        #[cfg(feature = "demo")]
        Command::Demo(flags) => super::demo::run(flags, context, ui),
        Command::Fuzz(flags) => fuzz::run(flags, context, ui),
        Command::Replay(flags) => replay::run(flags, context, ui),
        Command::Accept(flags) => accept::run(flags, context, ui),
        Command::Review(flags) => review::run(flags, context, ui),
        Command::List(flags) => list::run(flags, context, ui),
        Command::Show(flags) => show::run(flags, context, ui),
        Command::Move(flags) => shift::run(flags, context, ui),
        Command::Spec(flags) => spec::run(flags, context, ui),
        Command::Corpus(flags) => corpus::run(flags, context, ui),
        Command::Import(flags) => import::run(flags, context, ui),
        Command::Compare(flags) => compare::run(flags, context, ui),
    }
}

/// Tells why it could not be done; where even that fails, the exit code remains.
fn fail(error: &Error, ui: &mut Ui<'_>) -> Exit {
    let exit = error.exit();
    // A lost message is not worth another error: there is nowhere left to tell it.
    let _ = ui.error(&error.to_string(), exit);
    exit
}

/// Shows what clap has to say: help and version on standard output, mistakes on standard error.
fn refuse(error: &clap::Error, context: &Context, streams: &mut Streams) -> Exit {
    let (to, is_terminal) = if error.use_stderr() {
        (&mut streams.err, context.err_is_terminal)
    } else {
        (&mut streams.out, context.out_is_terminal)
    };
    let text = error.render();
    let paints = super::ui::paints(Color::Auto, context, is_terminal);
    let shown = if paints { text.ansi().to_string() } else { text.to_string() };
    // As above: nowhere left to tell it.
    let _ = to.write_all(shown.as_bytes()).and_then(|()| to.flush());
    if error.use_stderr() { Exit::USAGE } else { Exit::CLEAN }
}

/// Makes a panic say that it is our bug, and what to send us.
pub fn report_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        let text = concat!(
            "\ngadfly has a bug. Please report it with the text above, the command line and the specification;\n",
            "findings that were proved before are kept. (gadfly ",
            env!("CARGO_PKG_VERSION"),
            ", exit code 70)\n"
        );
        // The process is ending; a closed standard error must not make it end otherwise.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }));
}

#[cfg(test)]
mod tests {
    use super::super::ui::testing::Recorded;
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], exit: Exit, out: &str, err: &str) {
        let recorded = Recorded::run(arguments, &[]);
        assert_eq!(recorded.exit, exit, "{recorded:?}");
        assert!(recorded.out.contains(out), "{recorded:?}");
        assert!(recorded.err.contains(err), "{recorded:?}");
        assert!(out.is_empty() == recorded.out.is_empty(), "{recorded:?}");
        assert!(err.is_empty() == recorded.err.is_empty(), "{recorded:?}");
    }

    #[test]
    fn help_is_a_product_and_mistakes_are_not() {
        check(&["--help"], Exit::CLEAN, "Exit codes:", "");
        check(&["--version"], Exit::CLEAN, env!("CARGO_PKG_VERSION"), "");
        check(&["fuzz", "--sed", "x"], Exit::USAGE, "", "--seed");
        check(&["fuz"], Exit::USAGE, "", "fuzz");
        check(&[], Exit::USAGE, "", "Usage:");
    }

    #[test]
    fn errors_are_objects_for_machines() {
        let recorded = Recorded::run(&["fuzz", "nothing", "--json"], &[]);
        let value: serde_json::Value = serde_json::from_str(&recorded.out).unwrap();
        assert_eq!(value["exit"], 2);
        assert!(value["error"].as_str().unwrap().contains("\"nothing\" is neither a file"), "{value}");
        assert_eq!(recorded.exit, Exit::USAGE);
    }
}
