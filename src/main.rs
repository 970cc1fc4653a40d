//! The `gadfly` command.

use std::process::ExitCode;

use gadfly::cli::{self, Context, Streams};

/// A fuzzer allocates small pieces all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::report_panics();
    cli::main(&Context::from_process(), &mut Streams::of_process()).into()
}
