//! gadfly fuzzes HTTP APIs that are described by OpenAPI, proves what it finds, and keeps each finding as a
//! small file that is replayed as a test for ever after.
//!
//! # The map
//!
//! A module uses only modules of a lower rank; `tests/it/layers.rs` reads the sources and holds us to it.
//!
//! | rank | module | holds |
//! | --- | --- | --- |
//! | 0 | [`wire`] | requests, ordered headers, answers and faults as values |
//! | 0 | [`seed`] | the only place that makes random bytes |
//! | 0 | [`clock`] | the only place that reads a clock |
//! | 0 | [`redact`] | secrets, and their removal from text |
//! | 0 | [`store`] | atomic keeping of small files |
//! | 0 | `demo` | the embedded demo API, behind the feature `demo` |
//! | 1 | [`schema`] | JSON Schema 2020-12 as a value: resolve, bundle, validate |
//! | 1 | [`target`] | starts, awaits, watches and restarts the process under test |
//! | 2 | [`api`] | operations and what belongs to them, free of any specification version |
//! | 3 | [`spec`] | a file or URL to an [`api::Api`], with diagnostics |
//! | 3 | [`scenario`] | cases, steps, scenarios, traces; a case becomes bytes here |
//! | 4 | [`finding`] | what an oracle reports |
//! | 5 | [`resource`] | kinds of things, what operations do to them, and those that are known to exist |
//! | 5 | [`generate`] | one file per way to make a case |
//! | 5 | [`oracle`] | one file per oracle |
//! | 5 | [`transport`] | one file per way to send a request |
//! | 5 | [`identity`] | who sends it |
//! | 5 | [`learn`] | what refusals teach: answers to valid requests into rules that later ones keep |
//! | 6 | [`engine`] | plan, execute, fold: knows no report and no disk |
//! | 7 | [`triage`], [`corpus`], [`fixture`] | confirm; remember; the file format |
//! | 7 | [`import`] | what others recorded, as scenarios |
//! | 8 | [`minimize`] | make a proved finding small |
//! | 8 | [`compare`] | what a second target does differently |
//! | 8 | [`replay`], [`report`] | a fixture to a verdict; events to text |
//! | 9 | [`campaign`], [`config`] | the library's front door; file, environment and flags to options |
//! | 10 | [`cli`] | arguments, subcommands, exit codes |
//!
//! What the target does is a value ([`wire::Outcome`], [`finding::Finding`], [`finding::Verdict`]); what *we*
//! cannot do is an `Err`.

pub mod api;
pub mod campaign;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod config;
pub mod corpus;
#[cfg(feature = "demo")]
pub mod demo;
pub mod engine;
pub mod finding;
pub mod fixture;
pub mod generate;
pub mod identity;
pub mod import;
pub mod learn;
pub mod minimize;
pub mod oracle;
pub mod redact;
pub mod replay;
pub mod report;
pub mod resource;
pub mod scenario;
pub mod schema;
pub mod seed;
pub mod spec;
pub mod store;
pub mod target;
pub mod transport;
pub mod triage;
pub mod wire;

pub use cli::harness;
