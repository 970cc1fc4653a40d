//! `gadfly spec`: what was understood of a document, and what was lifted, assumed or skipped.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::project::{self, Project};
use super::{Context, Error, Exit, Ui, run, sample};
use crate::config::Layer;
use crate::learn::LearnedRule;
use crate::redact::Redactor;
use crate::report::{Diagram, Paint, Table, line, visible};
use crate::resource::Graph;
use crate::spec::{Loaded, Note, OperationOverview, Overview};

/// Arguments of `gadfly spec`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// An API of gadfly.toml, or an OpenAPI document: a file or a URL [default: the only API of gadfly.toml]
    #[arg(value_name = "SPEC|NAME")]
    spec: Option<String>,
    /// Show what was lifted, assumed and skipped, each beside its lines in the document
    #[arg(long)]
    notes: bool,
    /// Show requests of every kind that a run would send to this operation: 'POST /orders', or an operationId
    #[arg(long, value_name = "OPERATION", conflicts_with = "notes")]
    sample: Option<String>,
    /// Draw which operations make what others need: as a Mermaid flowchart, or as an SVG
    #[arg(long, value_name = "mermaid|svg", conflicts_with_all = ["notes", "sample"], hide_possible_values = true)]
    graph: Option<Form>,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Mermaid,
    Svg,
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let project = Project::open(context, flags.spec.as_deref(), Layer::default())?;
    let loaded = run::runtime()?.block_on(project.load(context))?;
    if let Some(wanted) = &flags.sample {
        return sample::run(wanted, &project, &loaded, context, ui);
    }
    if let Some(form) = flags.graph {
        return draw(form, &project, &loaded, ui);
    }
    let spec = project.settings.spec.as_deref().unwrap_or_default();
    let overview = loaded.overview();
    let learned = run::learned(&project, &loaded.api.title, ui)?;
    if flags.notes {
        ui.report(&notes(loaded.lifted.iter().chain(&loaded.notes), context))?;
    }
    ui.report(&render(&overview, spec, flags.notes, ui.report_paint()))?;
    if !learned.is_empty() {
        ui.report(&lessons(&learned, ui.report_paint()))?;
    }
    ui.object(&Description::of(&loaded, &overview, spec, &learned), &Redactor::default())?;
    Ok(if overview.operations.is_empty() { Exit::SPECIFICATION } else { Exit::CLEAN })
}

/// Prints the graph, which may go into a file as it is.
fn draw(form: Form, project: &Project, loaded: &Loaded, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let operations = &loaded.api.operations;
    let graph = Graph::with_links(operations, &project::links(&project.table, &loaded.api)?);
    let diagram = Diagram::new(&loaded.api.title, &graph.flows(operations), operations.len());
    let (name, text) = match form {
        Form::Mermaid => ("mermaid", diagram.mermaid()),
        Form::Svg => ("svg", diagram.svg()),
    };
    ui.report(&text)?;
    for note in diagram.notes() {
        ui.note(note)?;
    }
    let object = json!({"format": super::ui::FORMAT, "form": name, "graph": text, "notes": diagram.notes()});
    ui.object(&object, &Redactor::default())?;
    Ok(if operations.is_empty() { Exit::SPECIFICATION } else { Exit::CLEAN })
}

/// Widest cell of a table, and widest title.
const CELL: usize = 60;

fn render(overview: &Overview, spec: &str, notes_shown: bool, paint: Paint) -> String {
    let title = line(format!("{} {}", overview.title, overview.version).trim(), CELL);
    let title = if title.is_empty() { "An API without a title".to_owned() } else { title };
    let servers: Vec<_> = overview.servers.iter().map(|server| line(server, CELL)).collect();
    let mut out = format!(
        "{} · OpenAPI {} · {} · at {}\n\n",
        paint.bold(&title),
        line(&overview.spec_version, 20),
        line(spec, 200),
        servers.join(", ")
    );
    if !overview.operations.is_empty() {
        out.push_str(&operations(&overview.operations, paint));
        out.push('\n');
    }
    out.push_str(&counts(overview, spec, notes_shown));
    out
}

fn operations(operations: &[OperationOverview], paint: Paint) -> String {
    let mut table = Table::default();
    table.row(["OPERATION", "PARAMETERS", "BODY", "ANSWERS", "NEEDS"], |_, text| paint.dim(text));
    for operation in operations {
        let body: Vec<_> = operation.body.iter().map(|(name, holds)| format!("{name}: {holds}")).collect();
        let cells = [
            operation.id.clone(),
            parameters(operation),
            body.join(", "),
            operation.responses.join(" "),
            operation.security.join(" or "),
        ];
        let cells = cells.map(|cell| line(if cell.is_empty() { "-" } else { &cell }, CELL));
        table.row(cells.iter().map(String::as_str), |_, text| text.to_owned());
    }
    table.render("")
}

/// Parameters beyond those of the path, which stand in the operation; `?` marks those that may be left out.
fn parameters(operation: &OperationOverview) -> String {
    let beyond = operation.parameters.iter().filter(|parameter| parameter.location != "path");
    let named = beyond.map(|parameter| format!("{}{}", parameter.name, if parameter.required { "" } else { "?" }));
    named.collect::<Vec<_>>().join(" ")
}

fn counts(overview: &Overview, spec: &str, notes_shown: bool) -> String {
    let Overview { lifted, assumed, skipped, .. } = overview;
    let operations = match overview.operations.len() {
        0 => "no operation that can be used".to_owned(),
        1 => "1 operation".to_owned(),
        number => format!("{number} operations"),
    };
    let is_silent = notes_shown || lifted + assumed + skipped == 0;
    let hint = if is_silent { String::new() } else { format!("; `gadfly spec {spec} --notes` shows where and why") };
    format!("{operations}, {lifted} lifted, {assumed} assumed, {skipped} skipped{hint}\n")
}

/// What answers to earlier runs taught.
fn lessons(learned: &[LearnedRule], paint: Paint) -> String {
    let mut table = Table::default();
    for lesson in learned {
        let cells = [
            line(&lesson.operation, CELL),
            line(&lesson.place.to_string(), CELL),
            line(&lesson.rule.to_string(), CELL),
        ];
        table.row(cells.iter().map(String::as_str), |_, text| text.to_owned());
    }
    format!("\n{}\n{}", paint.bold("learned from answers"), table.render("  "))
}

/// The notes, each beside its lines.
fn notes<'a>(notes: impl Iterator<Item = &'a Note>, context: &Context) -> String {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    let mut out = String::new();
    for note in notes {
        let file = note.position.as_ref().map_or("", |at| at.file.as_str());
        // The document may be behind a URL; then the note does without its lines.
        let source = sources.entry(file).or_insert_with(|| read(context, file));
        for line in note.excerpt(source).lines() {
            writeln!(out, "{}", visible(line)).expect("writing to memory does not fail");
        }
        out.push('\n');
    }
    out
}

fn read(context: &Context, file: &str) -> String {
    let bytes = std::fs::read(context.path(file)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What `--json` prints.
#[derive(Serialize)]
struct Description<'a> {
    format: u32,
    spec: &'a str,
    digest: &'a str,
    #[serde(flatten)]
    overview: &'a Overview,
    notes: Vec<&'a Note>,
    learned: &'a [LearnedRule],
}

impl<'a> Description<'a> {
    fn of(loaded: &'a Loaded, overview: &'a Overview, spec: &'a str, learned: &'a [LearnedRule]) -> Self {
        Self {
            format: super::ui::FORMAT,
            spec,
            digest: &loaded.api.digest,
            overview,
            notes: loaded.lifted.iter().chain(&loaded.notes).collect(),
            learned,
        }
    }
}
