//! The `gadfly` command.

use std::process::ExitCode;

use gadfly::cli::{self, Context, Streams};

fn main() -> ExitCode {
    cli::report_panics();
    cli::main(&Context::from_process(), &mut Streams::of_process()).into()
}
