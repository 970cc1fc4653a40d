//! One campaign from settings to exit code, shared by `fuzz` and `demo`. Main type: [`Plan`].

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::args::{FindingFlags, StateFlags};
use super::project::Project;
use super::{Context, Error, Exit, Ui};
use crate::campaign::{self, Filter, Options, Protection, Target, TransportKind};
use crate::config::{Settings, Transport};
use crate::fixture::REGRESSIONS;
use crate::generate::UserValues;
use crate::identity::Identities;
use crate::learn::{Kept, LearnedRule};
use crate::redact::Redactor;
use crate::report::{Reporter, Summary};
use crate::resource::Link;
use crate::spec::{Level, Loaded};
use crate::store::{Directory, Store};

/// The folder of kept inputs.
pub(super) const CORPUS: &str = "corpus";

/// What is fuzzed, and how.
pub(super) struct Plan<'a> {
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) settings: &'a Settings,
    pub(super) identities: Identities,
    pub(super) findings: FindingFlags,
    pub(super) state: StateFlags,
    /// What the user knows beyond the document.
    pub(super) values: Arc<UserValues>,
    /// What the user says of where values come from.
    pub(super) links: Vec<Link>,
    /// The folder that holds `regressions` and `corpus`.
    pub(super) root: &'a Path,
}

impl Plan<'_> {
    /// The campaign's options. In CI nobody reviews a pending fixture, so none is written unless it is asked for.
    pub(super) fn options(self, context: &Context) -> Options {
        let Self { name, target, settings, identities, findings, state, values, links, root } = self;
        let writes = !findings.no_fixtures && (!context.is_ci() || findings.accept_all);
        Options {
            seed: settings.seed,
            time: settings.time,
            requests: settings.requests,
            rate: settings.rate,
            concurrency: settings.concurrency,
            proof: settings.proof,
            identity: settings.identity.clone(),
            include: filters(&settings.include),
            exclude: filters(&settings.exclude),
            values,
            protection: Protection { clean_up: !state.no_clean_up, ruinous_last: !state.destructive },
            races: settings.races,
            links,
            accept_all: findings.accept_all,
            keep_remarks: findings.remarks,
            fixtures: writes.then(|| fixtures(root)),
            reviewed: Some(fixtures(root)),
            corpus: Some(corpus(root)),
            ..way(&name, target, settings, identities)
        }
    }
}

/// Options by which the target is reached; all others are as usual.
pub(super) fn way(name: &str, target: Target, settings: &Settings, identities: Identities) -> Options {
    Options {
        timeout: settings.timeout,
        transport: transport(settings),
        proxy: settings.proxy.clone(),
        run_id: settings.run_id.clone(),
        identities,
        ..Options::new(name, target)
    }
}

/// Operations by the patterns of the user.
pub(super) fn filters(patterns: &[String]) -> Vec<Filter> {
    patterns.iter().cloned().map(Filter).collect()
}

fn transport(settings: &Settings) -> TransportKind {
    match settings.transport {
        Transport::Auto => TransportKind::Auto,
        Transport::Http1 => TransportKind::Http1,
        Transport::Reqwest => TransportKind::Reqwest,
    }
}

/// Runs it, with a person watching through the reporter.
pub(super) async fn campaign(loaded: &Loaded, options: Options, reporter: &mut dyn Reporter) -> Result<Summary, Error> {
    Ok(campaign::run(loaded, options, reporter).await?)
}

/// What a script is to think of the run. A target that died of nobody knows what is as bad as a finding.
pub(super) fn exit(summary: &Summary, settings: &Settings) -> Exit {
    match settings.fail_on.0 {
        Some(least) if summary.proved(least).next().is_some() => Exit::FINDINGS,
        _ if summary.ended == "unreachable" => Exit::UNREACHABLE,
        Some(_) if summary.unexplained_deaths > 0 => Exit::FINDINGS,
        _ => Exit::CLEAN,
    }
}

/// The fixtures below this folder.
pub(super) fn fixtures(root: &Path) -> Arc<dyn Store> {
    Arc::new(Directory::new(root.join(REGRESSIONS)))
}

/// The kept inputs below this folder, and what was learned.
fn corpus(root: &Path) -> Arc<dyn Store> {
    Arc::new(Directory::new(root.join(CORPUS)))
}

/// What earlier runs of this API learned from refusals.
pub(super) fn learned(project: &Project, title: &str, ui: &mut Ui<'_>) -> Result<Vec<LearnedRule>, Error> {
    let (_, rules, problem) = Kept::open(corpus(&project.root), &project.name(title), Redactor::default());
    problem.map_or(Ok(()), |problem| ui.note(&problem.to_string()))?;
    Ok(rules)
}

/// The runtime of a command.
pub(super) fn runtime() -> Result<Runtime, Error> {
    Builder::new_multi_thread().enable_all().build().map_err(Error::io("start the runtime"))
}

/// The runtime of a run, which is one task: other threads that wait for answers would only have to wake it.
pub(super) fn single_threaded() -> Result<Runtime, Error> {
    Builder::new_current_thread().enable_all().build().map_err(Error::io("start the runtime"))
}

/// Tells in one line what was assumed of the specification; `gadfly spec` tells it in full.
pub(super) fn tell_notes(loaded: &Loaded, project: &Project, ui: &mut Ui<'_>) -> Result<(), Error> {
    let skipped = loaded.notes.iter().filter(|note| note.level == Level::Skipped).count();
    let assumed = loaded.notes.len() - skipped;
    if loaded.notes.is_empty() {
        return Ok(());
    }
    let spec = project.settings.spec.as_deref().unwrap_or_default();
    ui.note(&format!("specification: {assumed} assumed, {skipped} skipped; `gadfly spec {spec} --notes` tells why"))
}

/// Tells why no fixture will be written, if nobody asked for that.
pub(super) fn tell_fixtures(options: &Options, findings: FindingFlags, ui: &mut Ui<'_>) -> Result<(), Error> {
    if options.fixtures.is_some() || findings.no_fixtures {
        return Ok(());
    }
    ui.note("no fixtures are written in CI, where nobody reviews them; --accept-all keeps them")
}

/// What to do with the findings of a run; `how` says where the target is.
pub(super) fn next_steps(name: &str, how: &str) -> Vec<(&'static str, String)> {
    vec![
        ("accept", format!("gadfly accept {name}")),
        ("replay", format!("gadfly replay {name} {how}").trim_end().to_owned()),
    ]
}
