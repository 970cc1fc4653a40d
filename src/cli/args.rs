//! The command line as typed. Main type: [`Arguments`]. Groups of flags that several commands share stand here; what
//! they come to is resolved in `project`.

use std::num::NonZeroU32;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "demo")]
use super::demo;
use super::{accept, compare, corpus, exit, fuzz, import, list, replay, review, shift, show, spec};
use crate::config::{self, Environment, FailOn, HeaderField, Layer, Span, Transport};
use crate::seed::Seed;

/// Fuzzes HTTP APIs that are described by OpenAPI, proves what it finds, and replays it as tests for ever after.
#[derive(Debug, Parser)]
#[command(name = "gadfly", version, after_help = exit::HELP, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) output: OutputFlags,
}

/// The subcommands, one file each.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start the embedded demo API and fuzz it
    #[cfg(feature = "demo")]
    Demo(Box<demo::Flags>),
    /// Fuzz an API and keep what is proved as pending fixtures
    Fuzz(Box<fuzz::Flags>),
    /// Replay accepted fixtures against a running API
    Replay(Box<replay::Flags>),
    /// Move pending fixtures to those that are replayed
    Accept(accept::Flags),
    /// Walk pending fixtures one by one: accept, known, reject or skip
    Review(Box<review::Flags>),
    /// List fixtures and what was rejected
    List(list::Flags),
    /// Show what one fixture asks, what it requires, and where it comes from
    Show(show::Flags),
    /// Give fixtures another state: open, known, pending or rejected
    Move(shift::Flags),
    /// Show what was understood of a specification
    Spec(spec::Flags),
    /// List, count, merge and prune the inputs that earlier runs kept
    Corpus(corpus::Flags),
    /// Take in requests that others recorded; with --url or --run, send and judge them
    Import(Box<import::Flags>),
    /// Send the same requests to two targets and show what the second one does differently
    Compare(Box<compare::Flags>),
}

/// How output looks; every command takes them.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct OutputFlags {
    /// Print exactly one JSON object on standard output
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) json: bool,
    /// Show nothing but the report at the end, and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
    /// When to use colours: auto, always or never; auto respects `NO_COLOR`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    #[arg(hide_possible_values = true)]
    pub(super) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    // Without docs of their own, which would make clap show the help of every flag in its long form.
    #[default]
    Auto,
    Always,
    Never,
}

/// Where requests go, and as whom.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetFlags {
    /// Where the API is; the document's base path stays unless this URL has a path of its own
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Put this before every path, in place of the document's base path ("/" for none)
    #[arg(long, value_name = "PATH")]
    pub(super) base_path: Option<String>,
    /// Allow this host as target although it is not this machine (repeatable)
    #[arg(long = "allow-host", value_name = "HOST")]
    pub(super) allow_hosts: Vec<String>,
    /// Send this header with every request: 'Name: value' (repeatable)
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    pub(super) headers: Vec<HeaderField>,
    /// How requests are sent: auto, http1 or reqwest
    #[arg(long, value_name = "TRANSPORT")]
    pub(super) transport: Option<Transport>,
    /// Send every request through this proxy
    #[arg(long, value_name = "URL")]
    pub(super) proxy: Option<String>,
    /// Time allowed for one request [default: 3s]
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<Span>,
}

impl TargetFlags {
    /// The headers of the flags, and those of the environment that no flag replaces.
    pub(super) fn all_headers(&self, environment: &Environment) -> Result<Vec<HeaderField>, config::Error> {
        let mut headers = self.headers.clone();
        let is_flag = |name: &str| self.headers.iter().any(|flag| flag.name.eq_ignore_ascii_case(name));
        headers.extend(HeaderField::from_environment(environment)?.into_iter().filter(|field| !is_flag(&field.name)));
        Ok(headers)
    }

    pub(super) fn fill(&self, layer: &mut Layer) {
        layer.url.clone_from(&self.url);
        layer.base_path.clone_from(&self.base_path);
        layer.allow_hosts = list(&self.allow_hosts);
        layer.transport = self.transport;
        layer.proxy.clone_from(&self.proxy);
        layer.timeout = self.timeout;
    }
}

/// What is tried, and for how long.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Search")]
pub(super) struct SearchFlags {
    /// Send as this identity of gadfly.toml [default: anonymous]
    #[arg(long = "as", value_name = "IDENTITY")]
    pub(super) identity: Option<String>,
    /// Only operations that match: text, tag, operationId, or a pattern such as 'GET /admin/*' (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub(super) include: Vec<String>,
    /// No operations that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub(super) exclude: Vec<String>,
    /// The run's seed: the same seed makes the same cases [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<Seed>,
    /// Time budget: 90s, 5m, 1h [default: 60s, or none if --requests is given]
    #[arg(long, value_name = "DURATION")]
    pub(super) time: Option<Span>,
    /// Request budget
    #[arg(long, value_name = "NUMBER")]
    pub(super) requests: Option<u64>,
    /// Most requests per second
    #[arg(long, value_name = "NUMBER")]
    pub(super) rate: Option<NonZeroU32>,
    /// Requests in flight at once [default: 16]
    #[arg(long, value_name = "NUMBER")]
    pub(super) concurrency: Option<NonZeroU32>,
    /// How often a suspicion is re-sent alone before it counts [default: 3]
    #[arg(long, value_name = "NUMBER")]
    pub(super) proof: Option<NonZeroU32>,
    /// Try requests at once as well, on things that the run makes: two equal creations, two changes of one thing
    #[arg(long)]
    pub(super) races: bool,
}

impl SearchFlags {
    pub(super) fn fill(&self, layer: &mut Layer) {
        layer.identity.clone_from(&self.identity);
        layer.include = list(&self.include);
        layer.exclude = list(&self.exclude);
        layer.seed = self.seed;
        layer.time = self.time;
        layer.requests = self.requests;
        layer.rate = self.rate.map(NonZeroU32::get);
        layer.concurrency = self.concurrency.map(|count| count.get() as usize);
        layer.proof = self.proof.map(NonZeroU32::get);
        layer.races = self.races.then_some(true);
    }
}

/// What becomes of the target.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "State")]
pub(super) struct StateFlags {
    /// Leave what the run made; without this, the run deletes it at the end, the newest first
    #[arg(long)]
    pub(super) no_clean_up: bool,
    /// Give what may ruin the target (delete everything, reset, shut down, change one's own password, end or change what
    /// the run did not make) its turn like anything else; without this it comes last
    #[arg(long)]
    pub(super) destructive: bool,
}

/// What becomes of findings.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Findings")]
pub(super) struct FindingFlags {
    /// Exit with 1 from this severity on: remark, low, medium, high, critical or never [default: medium]
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// List contract remarks one by one, and keep them as fixtures too
    #[arg(long)]
    pub(super) remarks: bool,
    /// Write fixtures straight to regressions/, without waiting for `gadfly accept`; in CI too
    #[arg(long, conflicts_with = "no_fixtures")]
    pub(super) accept_all: bool,
    /// Write no fixtures
    #[arg(long)]
    pub(super) no_fixtures: bool,
}

impl FindingFlags {
    pub(super) fn fill(self, layer: &mut Layer) {
        layer.fail_on = self.fail_on;
    }
}

/// A repeatable flag that was not given says nothing.
pub(super) fn list(items: &[String]) -> Option<Vec<String>> {
    (!items.is_empty()).then(|| items.to_vec())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_header_flag_replaces_that_of_the_environment() {
        let flags = TargetFlags { headers: vec!["x-a: flag".parse().unwrap()], ..TargetFlags::default() };
        let environment = [("GADFLY_HEADERS".to_owned(), "X-A: variable\nX-B: variable".to_owned())].into();
        let all = flags.all_headers(&environment).unwrap();
        let shown: Vec<_> = all.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
        assert_eq!(shown, [("x-a", "flag"), ("X-B", "variable")]);
    }

    #[test]
    fn flags_that_were_not_given_say_nothing() {
        let mut layer = Layer::default();
        TargetFlags::default().fill(&mut layer);
        SearchFlags::default().fill(&mut layer);
        FindingFlags::default().fill(&mut layer);
        assert_eq!(layer, Layer::default());
    }
}
