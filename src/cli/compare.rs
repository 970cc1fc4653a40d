//! `gadfly compare`: the same requests to two targets, and what the second one does differently.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::args::TargetFlags;
use super::project::Project;
use super::supervise::{self, RunFlags};
use super::{Context, Error, Exit, Ui, compared, kept, run, target, values};
use crate::campaign::{self, Options, Target};
use crate::clock;
use crate::compare::{self, Comparer, Side, Sides};
use crate::config::{HeaderField, Layer, Span};
use crate::engine::{Supervised, Watch};
use crate::fixture::{REGRESSIONS, Shelf};
use crate::generate;
use crate::identity::Identities;
use crate::resource::Graph;
use crate::scenario::file::folder_name;
use crate::scenario::{IdentityName, Scenario};
use crate::seed::Seed;
use crate::spec::Loaded;
use crate::wire::RunHeader;

/// The first pause before what load may cause is asked for once more.
const PAUSE: Duration = Duration::from_millis(100);
/// How many requests new cases make unless told otherwise.
const REQUESTS: u64 = 2_000;

/// Arguments of `gadfly compare`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// An API of gadfly.toml, or an OpenAPI document: a file or a URL [default: the only API of gadfly.toml]
    #[arg(value_name = "SPEC|NAME")]
    spec: Option<String>,
    /// Where the API is as it should be, such as the released version
    #[arg(long, value_name = "URL")]
    base: String,
    /// Where the API is that is looked at, such as the next version; with --run, where it is to listen [default: a free port]
    #[arg(long, value_name = "URL")]
    head: Option<String>,
    /// Requests of new cases; 0 compares with fixtures and kept inputs alone [default: 2000]
    #[arg(long, value_name = "NUMBER")]
    requests: Option<u64>,
    /// The seed of new cases: the same seed makes the same cases [default: 1]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<Seed>,
    /// Send as this identity of gadfly.toml [default: anonymous]
    #[arg(long = "as", value_name = "IDENTITY")]
    identity: Option<String>,
    /// Only operations that match: text, tag, operationId, or a pattern such as 'GET /admin/*' (repeatable)
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// No operations that match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// How often both are asked at once before what still differs is asked for of one after the other, five times [default: 3]
    #[arg(long, value_name = "NUMBER")]
    proof: Option<NonZeroU32>,
    /// Tell of answers that take several times as long each time as well; they do not change the exit code
    #[arg(long)]
    timing: bool,
    /// Put this before every path of both, in place of the document's base path ("/" for none)
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    /// Allow this host as target although it is not this machine (repeatable)
    #[arg(long = "allow-host", value_name = "HOST")]
    allow_hosts: Vec<String>,
    /// Send this header with every request: 'Name: value' (repeatable)
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<HeaderField>,
    /// Time allowed for one request [default: 3s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Span>,
    /// Leave what was made at both; without this, it is deleted at the end
    #[arg(long)]
    no_clean_up: bool,
    #[command(flatten)]
    process: RunFlags,
}

const HELP: &str = "\
Both get the same requests in the same order: the fixtures of the API, its kept inputs, and new
cases. What differs is asked again several times, of both at once and then of one after the other; it
counts if head always shows what base never does. What base was once seen to change by itself is
noise for the whole run. With --run gadfly starts the second one, and starts it anew when it dies:
that it dies is a difference. Exit code 1 says that there are differences, 0 that there are none.";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut layer = Layer {
        url: Some(flags.base.clone()),
        seed: flags.seed,
        identity: flags.identity.clone(),
        include: super::args::list(&flags.include),
        exclude: super::args::list(&flags.exclude),
        proof: flags.proof.map(NonZeroU32::get),
        ..Layer::default()
    };
    let target = target_flags(flags);
    let url = layer.url.take();
    target.fill(&mut layer);
    layer.url = url;
    flags.process.fill(&mut layer);
    let project = Project::open(context, flags.spec.as_deref(), layer)?;
    run::runtime()?.block_on(compare(flags, &target, &project, context, ui))
}

fn target_flags(flags: &Flags) -> TargetFlags {
    TargetFlags {
        base_path: flags.base_path.clone(),
        allow_hosts: flags.allow_hosts.clone(),
        headers: flags.headers.clone(),
        timeout: flags.timeout,
        ..TargetFlags::default()
    }
}

async fn compare(
    flags: &Flags,
    target: &TargetFlags,
    project: &Project,
    context: &Context,
    ui: &mut Ui<'_>,
) -> Result<Exit, Error> {
    // The document may be one that the target itself serves.
    let (head, process) = head(flags, project, context).await?;
    let settings = &project.settings;
    let used = [settings.identity.clone()];
    let headers = target.all_headers(&context.environment)?;
    let identities = project.identities(&context.environment, &used, &headers)?;
    let redactor = identities.redactor();
    let loaded = project.load(context).await?;
    run::tell_notes(&loaded, project, ui)?;
    let (base, meant) = side((&flags.base, "--base", None), project, &loaded, &identities).await?;
    let (head, _) = side((&head, "--head", process), project, &loaded, &identities).await?;
    let mut sides = Sides { base, head };
    let operations = campaign::operations(&loaded.api, &meant)?;
    let links = super::project::links(&project.table, &loaded.api)?;
    let graph = Arc::new(Graph::with_links(&operations, &links));
    if !flags.no_clean_up {
        sides.base.remember(&operations, &graph);
        sides.head.remember(&operations, &graph);
    }
    // New in each run: both targets remember what was made.
    let names = Seed::new(clock::moment());
    let options = compare::Options { names, tries: settings.proof, pause: PAUSE, timing: flags.timing };
    let mut comparer = Comparer::new(&loaded.api, &sides, options);
    for (source, scenario) in known(project, &loaded, &meant, ui)? {
        comparer.scenario(&scenario, &source).await.map_err(campaign::Error::from)?;
    }
    let values = values::resolve(context, settings, &project.table, &project.root, &loaded.api)?;
    let (generators, identity) = (generate::standard(&values), meant.identity.clone());
    let base_path = &meant.target.base_path;
    let mut planner = campaign::planner(operations, graph, generators, meant.seed, identity, base_path);
    let requests = flags.requests.unwrap_or(REQUESTS);
    comparer.fresh(&mut planner, requests).await.map_err(campaign::Error::from)?;
    let comparison = comparer.finish();
    tell_lives(&sides.head, ui).await?;
    if comparison.unreachable.is_none() {
        sides.base.clean_up(names).await.map_err(campaign::Error::from)?;
        sides.head.clean_up(names).await.map_err(campaign::Error::from)?;
    }
    compared::report(&comparison, &loaded, &sides, project, &redactor, ui)
}

/// Where the second target is, which gadfly starts first if that is asked for.
async fn head(flags: &Flags, project: &Project, context: &Context) -> Result<(String, Option<Arc<Watch>>), Error> {
    let mut settings = project.settings.clone();
    settings.url.clone_from(&flags.head);
    let process = supervise::start(&mut settings, &project.table, context, &project.root).await?;
    match settings.url {
        Some(url) => Ok((url, process)),
        None => {
            Err(Error::Usage("--head URL says where the second target is, or --run -- COMMAND starts it".to_owned()))
        }
    }
}

/// Tells of the deaths of a target that gadfly runs, and what they mean for the rest.
async fn tell_lives(head: &Side, ui: &mut Ui<'_>) -> Result<(), Error> {
    let Some(Supervised { watch, .. }) = &head.executor.process else { return Ok(()) };
    // Nothing may have been sent since the last death.
    watch.settle().await;
    let deaths = watch.supervisor().lives().deaths;
    if deaths > 0 {
        ui.note(&format!(
            "--head died {deaths} times and was started anew: what it held in memory was gone each time, and what follows \
             from that is a difference like any other"
        ))?;
    }
    if watch.take_fall().is_some() {
        ui.warn("--head died of no request alone; `gadfly fuzz` with --run looks for what does it in sequence")?;
    }
    if let Some(trouble) = watch.trouble() {
        ui.warn(&format!("--head is down: {trouble}"))?;
    }
    Ok(())
}

/// One of the targets, which must be there, and what was said of it.
async fn side(
    (url, flag, process): (&str, &str, Option<Arc<Watch>>),
    project: &Project,
    loaded: &Loaded,
    identities: &Identities,
) -> Result<(Side, Options), Error> {
    let mut settings = project.settings.clone();
    settings.url = Some(url.to_owned());
    let target = target::resolve(&settings, &loaded.api.servers, project.document.url());
    let target = target.map_err(|error| Error::Usage(format!("{flag}: {error}")))?;
    let name = project.name(&loaded.api.title);
    let options = Options {
        identity: settings.identity.clone(),
        include: run::filters(&settings.include),
        exclude: run::filters(&settings.exclude),
        seed: settings.seed,
        process,
        // Both are to get the same requests.
        run_id: match &settings.run_id {
            RunHeader::WhereWatched => RunHeader::Never,
            chosen => chosen.clone(),
        },
        ..run::way(&name, target, &settings, identities.clone())
    };
    let executor = campaign::executor(&options)?;
    campaign::check_reachable(&executor, &options).await?;
    let Target { origin, base_path } = options.target.clone();
    Ok((Side { executor, origin, base_path }, options))
}

/// The fixtures and the kept inputs of the API.
fn known(
    project: &Project,
    loaded: &Loaded,
    meant: &Options,
    ui: &mut Ui<'_>,
) -> Result<Vec<(String, Scenario)>, Error> {
    let Options { name, identity: own, identities, .. } = meant;
    let base_path = &meant.target.base_path;
    let folder = format!("{}/", folder_name(name));
    let (shelf, problems) = Shelf::open(run::fixtures(&project.root), REGRESSIONS)?;
    for problem in &problems {
        ui.warn(&problem.to_string())?;
    }
    let mut all = Vec::new();
    for entry in shelf.accepted()?.entries.into_iter().chain(shelf.pending()?.entries) {
        if entry.key.strip_prefix("pending/").unwrap_or(&entry.key).starts_with(&folder) {
            let scenario = entry.fixture.to_scenario(base_path);
            all.push((format!("the fixture {REGRESSIONS}/{}", entry.key), as_known(scenario, own, identities)));
        }
    }
    let root = project.root.join(run::CORPUS);
    let mut collection = kept::collection(name, &root, Some(loaded.api.clone()), identities.redactor(), ui)?;
    collection.corpus.set_base_path(base_path);
    let (remembered, _) = collection.corpus.recall(&loaded.api);
    let mine = |mut scenario: Scenario| {
        scenario.steps.iter_mut().for_each(|step| step.identity = own.clone());
        scenario
    };
    all.extend(remembered.into_iter().map(|one| ("a kept input".to_owned(), mine(one.scenario))));
    all.retain(|(_, scenario)| selects(meant, loaded, scenario));
    Ok(all)
}

/// The scenario as whoever is known: a fixture may name somebody who is not configured here.
fn as_known(mut scenario: Scenario, own: &IdentityName, identities: &Identities) -> Scenario {
    for step in scenario.steps.iter_mut().filter(|step| identities.require(&step.identity).is_err()) {
        step.identity = own.clone();
    }
    scenario
}

/// Whether all its operations are among those that are meant.
fn selects(meant: &Options, loaded: &Loaded, scenario: &Scenario) -> bool {
    let is_meant = |id| loaded.api.operation(id).is_some_and(|operation| meant.selects(operation));
    scenario.steps.iter().all(|step| is_meant(&step.operation))
}
