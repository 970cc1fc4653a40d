//! `gadfly demo`: starts the embedded demo API and fuzzes it, or only starts it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::args::{FindingFlags, SearchFlags, StateFlags};
use super::run::{self, Plan};
use super::{Context, Error, Exit, Ui};
use crate::campaign::Target;
use crate::config::{File, Layer, Settings, Span};
use crate::demo::{BASE_PATH, DOCUMENT, Demo, Options, PLANTED_BUGS, PlantedBug, TOKENS};
use crate::identity::{Credentials, Identities};
use crate::redact::Secret;
use crate::report::{Event, FindingRecord, Paint, Reporter, Summary, Table};
use crate::scenario::IdentityName;
use crate::spec;
use crate::wire::{Origin, Scheme};

/// Arguments of `gadfly demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// Only start it, until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Start its twin without the planted bugs
    #[arg(long)]
    clean: bool,
    /// Listen on this port of 127.0.0.1 [default: 8787 with --serve, else a free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    #[command(flatten)]
    search: SearchFlags,
    /// Time allowed for one request [default: 3s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Span>,
    #[command(flatten)]
    findings: FindingFlags,
}

const HELP: &str = "\
The demo is a small web shop in memory with planted bugs, each with an id; at the end a table says which of them were
found. It is sent as alice unless --as says otherwise. With --clean nothing of medium severity or above is to be found.";

/// Where `--serve` listens unless told otherwise: what the document says.
const SERVE_PORT: u16 = 8787;

/// The name of its fixtures' folder.
pub(super) const NAME: &str = "demo";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let port = flags.port.unwrap_or(if flags.serve { SERVE_PORT } else { 0 });
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // The demo has threads of its own, as any other target has.
    let runtime = run::runtime()?;
    let started = runtime.block_on(Demo::start(Options { clean: flags.clean, address }));
    let demo = started.map_err(Error::io(format!("start the demo on {address}; choose another --port")))?;
    let exit = if flags.serve {
        runtime.block_on(serve(&demo, flags, ui))
    } else {
        run::single_threaded()?.block_on(fuzz(&demo, flags, context, ui))
    };
    runtime.block_on(demo.stop());
    exit
}

/// Serves until the user has enough.
async fn serve(demo: &Demo, flags: &Flags, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let url = demo.base_url();
    let callers: BTreeMap<_, _> = TOKENS.iter().map(|token| (token.identity, token.token)).collect();
    let object = serde_json::json!({"format": super::ui::FORMAT, "url": url, "clean": flags.clean, "tokens": callers});
    ui.object(&object, &crate::redact::Redactor::default())?;
    ui.report(&format!("{url}\n"))?;
    ui.note(&format!("the demo listens at {url} until Ctrl-C; bearer tokens:"))?;
    for (identity, token) in callers {
        ui.note(&format!("  {identity:<6} {token}"))?;
    }
    tokio::signal::ctrl_c().await.map_err(Error::io("wait for Ctrl-C"))?;
    Ok(Exit::CLEAN)
}

async fn fuzz(demo: &Demo, flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let settings = settings(flags, context)?;
    let identities = identities();
    identities.require(&settings.identity).map_err(|error| Error::Usage(error.to_string()))?;
    let loaded = spec::load_bytes("specs/demo.yaml", DOCUMENT.as_bytes())?;
    let address = demo.address();
    let origin = Origin { scheme: Scheme::Http, host: address.ip().to_string(), port: address.port() };
    let target = Target { origin, base_path: BASE_PATH.to_owned() };
    let file = File::discover(&context.folder)?;
    let root = file.folder().unwrap_or(&context.folder);
    // The demo ends with this command, so its fixtures are replayed against another one.
    let next =
        vec![("accept", format!("gadfly accept {NAME}")), ("replay", "cargo test, or gadfly demo --serve".into())];
    let name = NAME.to_owned();
    // What was made goes with it as well.
    let state = StateFlags { no_clean_up: true, destructive: false };
    let plan = Plan {
        name,
        target,
        settings: &settings,
        identities,
        findings: flags.findings,
        state,
        values: Arc::default(),
        links: Vec::new(),
        root,
    };
    let options = plan.options(context);
    run::tell_fixtures(&options, flags.findings, ui)?;
    // The demo's tokens are printed in its document: masking them would only hide what is going on.
    let redactor = crate::redact::Redactor::default();
    let (summary, found) = {
        let console = ui.console(flags.findings.remarks, next, redactor.clone());
        let mut score = Score { inner: console, found: BTreeMap::new() };
        let summary = run::campaign(&loaded, options, &mut score).await?;
        (summary, score.found)
    };
    let planted = if flags.clean { &[] } else { PLANTED_BUGS };
    let paint = ui.report_paint();
    ui.report(&table(planted, &found, paint))?;
    ui.object(&Scored::new(&summary, planted, &found), &redactor)?;
    Ok(run::exit(&summary, &settings))
}

/// The settings: flags and environment, without those that say where an API is.
fn settings(flags: &Flags, context: &Context) -> Result<Settings, Error> {
    let mut layer = Layer { timeout: flags.timeout, ..Layer::default() };
    flags.search.fill(&mut layer);
    flags.findings.fill(&mut layer);
    let environment = Layer::from_environment(&context.environment)?;
    let environment = Layer { transport: None, proxy: None, ..environment };
    let alice = TOKENS.first().map(|token| token.identity.to_owned());
    let own = Layer { identity: alice, races: Some(true), ..Layer::default() };
    Ok(Settings::resolve(layer, environment, own))
}

/// The demo's callers.
pub(super) fn identities() -> Identities {
    let mut identities = Identities::new();
    for token in TOKENS {
        let bearer = Secret::new(format!("Bearer {}", token.token));
        let credentials = Credentials { headers: vec![("Authorization".into(), bearer)], query: vec![] };
        identities.insert(IdentityName::new(token.identity), credentials);
    }
    identities
}

/// Listens for planted bugs, and passes everything on.
struct Score<R> {
    inner: R,
    found: Found,
}

/// Planted bugs by id, with the signature of the finding that shows each.
type Found = BTreeMap<&'static str, String>;

impl<R: Reporter> Reporter for Score<R> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Event::Found { record, .. } = event {
            for bug in PLANTED_BUGS.iter().filter(|bug| shows(bug, record)) {
                self.found.entry(bug.id).or_insert_with(|| record.signature.clone());
            }
        }
        self.inner.event(event)
    }
}

/// Whether a proved finding is this bug: its oracle, its operation, and the words that tell it from others.
fn shows(bug: &PlantedBug, record: &FindingRecord) -> bool {
    let said = || {
        let FindingRecord { title, evidence, outcome, curl, .. } = record;
        [title, evidence, outcome, curl].into_iter().chain(&record.rule)
    };
    record.stable
        && record.oracle == bug.oracle
        && record.operation == bug.operation
        && bug.evidence.is_none_or(|evidence| said().any(|text| text.contains(evidence)))
}

/// The planted bugs by id.
fn table(planted: &[PlantedBug], found: &Found, paint: Paint) -> String {
    if planted.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for bug in planted {
        let is_found = found.contains_key(bug.id);
        let word = if is_found { "found" } else { "missed" };
        table.row([bug.id, word, bug.oracle, bug.operation, bug.sentence], |column, text| match column {
            1 if is_found => paint.good(text),
            1 => paint.bad(text),
            _ => text.to_owned(),
        });
    }
    let share = 100 * found.len() / planted.len();
    format!("\nplanted bugs: {} of {} found ({share} %)\n{}", found.len(), planted.len(), table.render("  "))
}

/// The summary of a run with the planted bugs: what `--json` prints.
#[derive(Serialize)]
struct Scored<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    planted: Vec<&'a str>,
    found: Vec<&'a str>,
    missed: Vec<&'a str>,
}

impl<'a> Scored<'a> {
    fn new(summary: &'a Summary, planted: &'a [PlantedBug], found: &'a Found) -> Self {
        let planted: Vec<_> = planted.iter().map(|bug| bug.id).collect();
        let (found, missed) = planted.iter().partition(|id| found.contains_key(**id));
        Self { summary, planted, found, missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Ratio, Severity};

    fn record(bug: &PlantedBug, evidence: &str) -> FindingRecord {
        FindingRecord {
            oracle: bug.oracle.to_owned(),
            severity: Severity::High,
            owasp: None,
            operation: bug.operation.to_owned(),
            title: "x".to_owned(),
            evidence: evidence.to_owned(),
            signature: "v1:0".to_owned(),
            confirmed: Ratio { hits: 3, tries: 3 },
            clean: None,
            stable: true,
            intent: "valid".to_owned(),
            rule: None,
            outcome: "500".to_owned(),
            log: vec![],
            curl: "curl".to_owned(),
            steps: vec![],
            fixture: None,
            known_until: None,
            seconds: 0.0,
        }
    }

    #[test]
    fn a_finding_is_a_bug_by_oracle_operation_and_words() {
        for bug in PLANTED_BUGS {
            let right = record(bug, &format!("... {} ...", bug.evidence.unwrap_or_default()));
            assert!(shows(bug, &right), "{}", bug.id);
            assert!(!shows(bug, &FindingRecord { stable: false, ..right.clone() }), "{}", bug.id);
            assert!(!shows(bug, &FindingRecord { oracle: "another".to_owned(), ..right.clone() }), "{}", bug.id);
            assert!(!shows(bug, &FindingRecord { operation: "GET /".to_owned(), ..right }), "{}", bug.id);
            assert_eq!(shows(bug, &record(bug, "nothing of it")), bug.evidence.is_none(), "{}", bug.id);
        }
    }

    #[test]
    fn the_table_tells_what_was_missed() {
        let found = Found::from([(PLANTED_BUGS[0].id, "v1:0".to_owned())]);
        let text = table(&PLANTED_BUGS[..2], &found, Paint::default());
        assert!(text.starts_with("\nplanted bugs: 1 of 2 found (50 %)\n"), "{text}");
        assert!(text.contains(&format!("  {}  found   ", PLANTED_BUGS[0].id)), "{text}");
        assert!(text.contains(&format!("  {}  missed  ", PLANTED_BUGS[1].id)), "{text}");
        assert_eq!(table(&[], &Found::new(), Paint::default()), "");
    }
}
