//! `gadfly import`: requests that others recorded become inputs of ours; with a target they are sent, judged and proved.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::args::{FindingFlags, SearchFlags, StateFlags, TargetFlags};
use super::project::Project;
use super::run::{self, Plan};
use super::supervise::{self, RunFlags};
use super::{Context, Error, Exit, Ui, kept, target, ui, values};
use crate::campaign::{Options, Target};
use crate::config::Layer;
use crate::corpus::Reason;
use crate::engine::{Remembered, Watch};
use crate::generate::{self, UserValues};
use crate::identity::Identities;
use crate::import::{self, Dropped, Format, Imported, Problem, Session, Stray, session};
use crate::report::{line, visible};
use crate::resource::Link;
use crate::scenario::Scenario;
use crate::spec::Loaded;

/// The largest input that is taken from standard input or a file.
const MOST_BYTES: u64 = 65 << 20;
/// How many requests that are kept out are told one by one.
const MOST_TOLD: usize = 10;

/// Arguments of `gadfly import`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// Recordings: HAR archives, curl command lines, VCR cassettes, events of Schemathesis, .http files; `-` reads standard
    /// input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The API that they are about: of gadfly.toml, or an OpenAPI document [default: the only API of gadfly.toml]
    #[arg(long, value_name = "SPEC|NAME")]
    spec: Option<String>,
    /// The name under which inputs and fixtures are kept [default: that of gadfly.toml, else made from the document's]
    #[arg(long = "api", value_name = "NAME")]
    name: Option<String>,
    /// Read all files as har, curl, vcr, ndjson or http [default: what each looks like]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<FormatFlag>,
    /// What stands before every path in the recordings [default: the paths of the document's servers, or nothing]
    #[arg(long, value_name = "PATH")]
    recorded_path: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    search: SearchFlags,
    #[command(flatten)]
    findings: FindingFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    process: RunFlags,
}

const HELP: &str = "\
Without --url or --run nothing is sent: the requests become inputs of the corpus, with which the next
run begins. With one of them they are sent there, judged by all oracles, and what is found is proved,
made small and kept like any other finding. Hosts in recordings are not looked at, and no credential of
a recording is kept or sent: requests go out as the identity that --as names.";

impl Flags {
    /// Whether they are sent. A target that only the file speaks of is asked nothing.
    fn sends(&self) -> bool {
        self.target.url.is_some() || self.process.is_typed()
    }
}

/// A format as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatFlag {
    // Without docs of their own, as with colours.
    Har,
    Curl,
    Vcr,
    Ndjson,
    Http,
}

impl From<FormatFlag> for Format {
    fn from(flag: FormatFlag) -> Self {
        match flag {
            FormatFlag::Har => Self::Har,
            FormatFlag::Curl => Self::Curl,
            FormatFlag::Vcr => Self::Cassette,
            FormatFlag::Ndjson => Self::Events,
            FormatFlag::Http => Self::Raw,
        }
    }
}

/// What became of a file: what `--json` prints.
#[derive(Serialize)]
struct FileReport {
    file: String,
    requests: usize,
    imported: usize,
    twins: usize,
    kept_out: Vec<Stray>,
    unreadable: Vec<String>,
    dropped: Dropped,
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut layer = Layer::default();
    flags.target.fill(&mut layer);
    flags.search.fill(&mut layer);
    flags.findings.fill(&mut layer);
    flags.process.fill(&mut layer);
    let word = flags.spec.as_deref().or(flags.name.as_deref());
    let mut project = Project::open(context, word, layer)?;
    project.name = flags.name.clone().or(project.name);
    run::runtime()?.block_on(import(flags, project, context, ui))
}

async fn import(flags: &Flags, mut project: Project, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let process = if flags.sends() {
        // The document may be one that the target itself serves.
        supervise::start(&mut project.settings, &project.table, context, &project.root).await?
    } else {
        None
    };
    let project = &project;
    let settings = &project.settings;
    let used = [settings.identity.clone()];
    let headers = flags.target.all_headers(&context.environment)?;
    // Without a target nobody sends anything, so that no credential has to be there.
    let used = if flags.sends() { &used[..] } else { &[] };
    let identities = project.identities(&context.environment, used, &headers)?;
    let loaded = project.load(context).await?;
    let target = || target::resolve(settings, &loaded.api.servers, project.document.url());
    let sends_to = flags.sends().then(target).transpose()?;
    let values = values::resolve(context, settings, &project.table, &project.root, &loaded.api)?;
    let links = super::project::links(&project.table, &loaded.api)?;
    let import = Import { flags, project, context, loaded, identities, values, links };
    let base_path = sends_to.as_ref().map_or("", |target| target.base_path.as_str());
    let taken = import.read(base_path, ui)?;
    match sends_to {
        Some(target) => Box::pin(import.send((target, process), taken, ui)).await,
        None => import.keep(taken, ui),
    }
}

/// What is settled before a file is read.
struct Import<'a> {
    flags: &'a Flags,
    project: &'a Project,
    context: &'a Context,
    loaded: Loaded,
    identities: Identities,
    values: Arc<UserValues>,
    links: Vec<Link>,
}

/// What became of each file, and the scenarios, each with the name of its file.
type Taken = (Vec<FileReport>, Vec<(String, Imported)>);

impl Import<'_> {
    /// The scenarios of all files, each with the name of its file.
    fn read(&self, base_path: &str, ui: &mut Ui<'_>) -> Result<Taken, Error> {
        let Self { flags, loaded, .. } = self;
        let plan = import::Plan {
            api: &loaded.api,
            links: &self.links,
            generators: &generate::standard(&self.values),
            recorded_path: flags.recorded_path.as_deref(),
            base_path,
            identity: &self.project.settings.identity,
            only_valid: !flags.sends(),
        };
        let (mut reports, mut all) = (Vec::new(), Vec::new());
        for path in &flags.files {
            let (file, bytes) = bytes(path, self.context, ui)?;
            let read = import::read(&file, &bytes, flags.format.map(Format::from));
            let reading = read.map_err(|error| Error::Usage(error.to_string()))?;
            let requests = reading.recorded.len() + reading.problems.len();
            let Session { imported, strays, twins, dropped } = session(&reading.recorded, &plan);
            let unreadable = reading.problems.iter().map(Problem::to_string).collect();
            let report =
                FileReport { file, requests, imported: imported.len(), twins, kept_out: strays, unreadable, dropped };
            tell(&report, ui)?;
            all.extend(imported.into_iter().map(|one| (report.file.clone(), one)));
            reports.push(report);
        }
        if all.is_empty() {
            return Err(Error::Usage(format!(
                "nothing could be imported: none of the recorded requests is one of an operation of {}; \
                 --recorded-path says what stands before their paths",
                loaded.api.title
            )));
        }
        Ok((reports, all))
    }

    /// Into the corpus, for the next run.
    fn keep(self, (reports, all): Taken, ui: &mut Ui<'_>) -> Result<Exit, Error> {
        let Self { project, loaded, identities, .. } = self;
        let name = project.name(&loaded.api.title);
        let root = project.root.join(run::CORPUS);
        let mut own = kept::collection(&name, &root, Some(loaded.api), identities.redactor(), ui)?;
        let before = own.corpus.len();
        for (file, one) in &all {
            own.corpus.add(&one.scenario, &Reason::imported(file, &one.place, one.status));
        }
        let problems = own.corpus.save();
        for problem in &problems {
            ui.warn(&problem.to_string())?;
        }
        let (entries, added) = (own.corpus.len(), own.corpus.len() - before);
        let passed_over = all.len() - added;
        ui.report(&format!(
            "{}: {added} inputs added, {passed_over} known already or refused; it now has {entries}\n",
            visible(&name)
        ))?;
        let corpus = json!({"added": added, "passed_over": passed_over, "entries": entries});
        let object = json!({"format": ui::FORMAT, "api": name, "files": reports, "corpus": corpus});
        ui.object(&object, &identities.redactor())?;
        Ok(if problems.is_empty() { Exit::CLEAN } else { Exit::USAGE })
    }

    /// To the target: a run that sends nothing else.
    async fn send(
        self,
        (target, process): (Target, Option<Arc<Watch>>),
        (reports, all): Taken,
        ui: &mut Ui<'_>,
    ) -> Result<Exit, Error> {
        let Self { flags, project, context, loaded, identities, values, links } = self;
        let settings = &project.settings;
        let redactor = identities.redactor();
        let name = project.name(&loaded.api.title);
        let next = run::next_steps(&name, &flags.process.how(process.as_ref(), &target.base_url()));
        let (findings, state, root) = (flags.findings, flags.state, &project.root);
        let plan = Plan { name: name.clone(), target, settings, identities, findings, state, values, links, root };
        let recorded = Some(all.into_iter().map(|(_, one)| remembered(one)).collect());
        let options = Options { process, recorded, ..plan.options(context) };
        run::tell_fixtures(&options, findings, ui)?;
        let summary = {
            let mut console = ui.console(findings.remarks, next, redactor.clone());
            run::campaign(&loaded, options, &mut console).await?
        };
        ui.object(&json!({"format": ui::FORMAT, "api": name, "files": reports, "run": summary}), &redactor)?;
        Ok(run::exit(&summary, settings))
    }
}

fn remembered(one: Imported) -> Remembered {
    let reaches = one.status.is_some_and(|status| status / 100 == 2);
    Remembered { is_valid: one.is_valid, reaches, alone: false, scenario: Scenario::plain(one.scenario.steps) }
}

/// The name of a file for messages, and what is in it.
fn bytes(path: &Path, context: &Context, ui: &mut Ui<'_>) -> Result<(String, Vec<u8>), Error> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), ui.input(MOST_BYTES)?));
    }
    let mut bytes = Vec::new();
    let path = context.path(path);
    let shown = context.shown(&path);
    let read = std::fs::File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    read.map_err(Error::io(format!("read {shown}")))?;
    Ok((shown, bytes))
}

/// What is to be known of a file, in passing.
fn tell(report: &FileReport, ui: &mut Ui<'_>) -> Result<(), Error> {
    let FileReport { file, requests, imported, twins, kept_out, unreadable, dropped } = report;
    let mut text = format!("{}: {requests} requests, {imported} imported", visible(file));
    // Writing to a String can't fail.
    if *twins > 0 {
        _ = write!(text, ", {twins} the same as others");
    }
    if !kept_out.is_empty() {
        _ = write!(text, ", {} kept out", kept_out.len());
    }
    if *dropped != Dropped::default() {
        let Dropped { credentials, replaced } = dropped;
        _ = write!(text, "; {credentials} credentials were left out, {replaced} passwords and tokens replaced");
    }
    ui.note(&text)?;
    for problem in unreadable.iter().take(MOST_TOLD) {
        ui.warn(&format!("{file}: {problem}"))?;
    }
    for stray in kept_out.iter().take(MOST_TOLD) {
        ui.note(&format!("  kept out: {}, {}: {}", stray.place, line(&stray.request, 80), stray.reason))?;
    }
    let more = kept_out.len().saturating_sub(MOST_TOLD) + unreadable.len().saturating_sub(MOST_TOLD);
    if more > 0 { ui.note(&format!("  and {more} more; --json lists them all")) } else { Ok(()) }
}
