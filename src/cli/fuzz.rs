//! `gadfly fuzz`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{FindingFlags, SearchFlags, StateFlags, TargetFlags};
use super::project::Project;
use super::run::{self, Plan};
use super::supervise::{self, RunFlags};
use super::values::{self, ValueFlags};
use super::{Context, Error, Exit, Ui, target};
use crate::campaign::Options;
use crate::config::Layer;
use crate::report::Summary;

/// Arguments of `gadfly fuzz`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(super) struct Flags {
    /// An API of gadfly.toml, or an OpenAPI document: a file or a URL [default: the only API of gadfly.toml]
    #[arg(value_name = "SPEC|NAME")]
    spec: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    search: SearchFlags,
    #[command(flatten)]
    values: ValueFlags,
    #[command(flatten)]
    findings: FindingFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    process: RunFlags,
    /// Write which rule of which operation was exercised, and why others can't be, to this file as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    coverage: Option<PathBuf>,
    /// Print the settings that hold, and where each comes from, and do nothing else
    #[arg(long, help_heading = "Output")]
    print_config: bool,
}

const HELP: &str = "\
Every option is also a key of gadfly.toml under [api.NAME] and a variable such as GADFLY_URL or GADFLY_TIME; flags
beat the environment, the environment beats the file. Findings of medium severity and above are shown when they are
proved, and written to regressions/pending; `gadfly accept` keeps them as tests.";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut layer = Layer::default();
    flags.target.fill(&mut layer);
    flags.search.fill(&mut layer);
    flags.findings.fill(&mut layer);
    flags.values.fill(&mut layer);
    flags.process.fill(&mut layer);
    let mut project = Project::open(context, flags.spec.as_deref(), layer)?;
    flags.values.fix(&mut project.table);
    if flags.print_config {
        return print_config(&project, ui);
    }
    run::single_threaded()?.block_on(fuzz(flags, project, context, ui))
}

async fn fuzz(flags: &Flags, mut project: Project, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    // The document may be one that the target itself serves.
    let process = supervise::start(&mut project.settings, &project.table, context, &project.root).await?;
    let project = &project;
    let settings = &project.settings;
    let used = [settings.identity.clone()];
    let headers = flags.target.all_headers(&context.environment)?;
    let identities = project.identities(&context.environment, &used, &headers)?;
    let redactor = identities.redactor();
    let loaded = project.load(context).await?;
    let target = target::resolve(settings, &loaded.api.servers, project.document.url())?;
    let name = project.name(&loaded.api.title);
    run::tell_notes(&loaded, project, ui)?;
    let next = run::next_steps(&name, &flags.process.how(process.as_ref(), &target.base_url()));
    let values = values::resolve(context, settings, &project.table, &project.root, &loaded.api)?;
    values::tell(&values, &loaded.api, ui)?;
    let links = super::project::links(&project.table, &loaded.api)?;
    let plan = Plan {
        name,
        target,
        settings,
        identities,
        findings: flags.findings,
        state: flags.state,
        root: &project.root,
        values,
        links,
    };
    let options = Options { process, ..plan.options(context) };
    run::tell_fixtures(&options, flags.findings, ui)?;
    let summary = {
        let mut console = ui.console(flags.findings.remarks, next, redactor.clone());
        run::campaign(&loaded, options, &mut console).await?
    };
    if let Some(path) = &flags.coverage {
        write_coverage(path, &summary)?;
    }
    ui.object(&summary, &redactor)?;
    Ok(run::exit(&summary, settings))
}

/// One object with the rules of each operation.
fn write_coverage(path: &Path, summary: &Summary) -> Result<(), Error> {
    let object = serde_json::json!({
        "format": super::ui::FORMAT, "api": summary.api, "rules": summary.rules, "operations": summary.coverage,
    });
    std::fs::write(path, format!("{object:#}\n")).map_err(Error::io(format!("write {}", path.display())))
}

fn print_config(project: &Project, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let name = project.name.as_deref().unwrap_or("NAME");
    ui.report(&project.settings.to_toml(name, &project.table))?;
    let rows = project.settings.rows().into_iter().map(|(key, value, source)| {
        let value = serde_json::from_str(&value).unwrap_or(serde_json::Value::String(value));
        (key.to_owned(), serde_json::json!({"value": value, "source": source.to_string()}))
    });
    let settings: serde_json::Map<_, _> = rows.collect();
    let object = serde_json::json!({"format": super::ui::FORMAT, "name": project.name, "settings": settings});
    ui.object(&object, &crate::redact::Redactor::default())?;
    Ok(Exit::CLEAN)
}
