//! The `gadfly` command.

fn main() {}
