//! `gadfly spec`: what was understood of a document, and what was assumed or skipped.

use clap::Args;
use serde::Serialize;

use super::project::Project;
use super::{Context, Error, Exit, Ui, run};
use crate::api::{Api, Location, Operation, SchemeKind};
use crate::config::Layer;
use crate::redact::Redactor;
use crate::report::{Paint, Table, line};
use crate::spec::{Level, Loaded, Note};

/// Arguments of `gadfly spec`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// An API of gadfly.toml, or an OpenAPI document: a file or a URL [default: the only API of gadfly.toml]
    #[arg(value_name = "SPEC|NAME")]
    spec: Option<String>,
    /// List what was assumed and skipped, each with its place in the document
    #[arg(long)]
    notes: bool,
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let project = Project::open(context, flags.spec.as_deref(), Layer::default())?;
    let loaded = run::runtime()?.block_on(project.load(context))?;
    let text = render(&loaded, &project, flags.notes, ui.report_paint());
    ui.report(&text)?;
    ui.object(&Description::of(&loaded, &project), &Redactor::default())?;
    let is_empty = loaded.api.operations.is_empty();
    if is_empty {
        ui.warn("no operation of this document can be used")?;
    }
    Ok(if is_empty { Exit::SPECIFICATION } else { Exit::CLEAN })
}

/// Widest cell of a table.
const CELL: usize = 60;

fn render(loaded: &Loaded, project: &Project, notes: bool, paint: Paint) -> String {
    let api = &loaded.api;
    let spec = project.settings.spec.as_deref().unwrap_or_default();
    let title = line(&format!("{} {}", api.title, api.version), CELL);
    let mut out = format!("{} · OpenAPI {} · {}\n", paint.bold(&title), line(&api.spec_version, 20), line(spec, 200));
    for server in &api.servers {
        out.push_str(&format!("{} {}\n", paint.dim("server"), line(server, 200)));
    }
    for scheme in &api.schemes {
        let kind = line(&kind(&scheme.kind), CELL);
        out.push_str(&format!("{} {}: {kind}\n", paint.dim("scheme"), line(&scheme.name, CELL)));
    }
    out.push_str(&format!("\n{}\n{}\n", operations(api, paint), counts(loaded, notes, spec)));
    if notes {
        for note in &loaded.notes {
            out.push_str(&told(note, paint));
        }
    }
    out
}

fn operations(api: &Api, paint: Paint) -> String {
    let mut table = Table::default();
    let titles = ["OPERATION", "PARAMETERS", "BODY", "ANSWERS", "WHO"];
    table.row(titles, |_, text| paint.dim(text));
    for operation in &api.operations {
        let cells = [
            operation.id.as_str().to_owned(),
            parameters(operation),
            body(operation),
            operation.responses.patterns().join(" "),
            who(operation),
        ];
        let cells: Vec<String> =
            cells.iter().map(|cell| line(if cell.is_empty() { "-" } else { cell }, CELL)).collect();
        table.row(cells.iter().map(String::as_str), |_, text| text.to_owned());
    }
    table.render("")
}

/// Parameters beyond those of the path, which stand in the operation; `?` marks those that may be left out.
fn parameters(operation: &Operation) -> String {
    let beyond = operation.parameters.iter().filter(|parameter| parameter.location != Location::Path);
    let named = beyond.map(|parameter| format!("{}{}", parameter.name, if parameter.required { "" } else { "?" }));
    named.collect::<Vec<_>>().join(" ")
}

fn body(operation: &Operation) -> String {
    let Some(body) = &operation.body else { return String::new() };
    let names: Vec<_> = body.contents.iter().map(|media| media.essence()).collect();
    format!("{}{}", names.join(" "), if body.required { "" } else { "?" })
}

/// Alternatives of security schemes.
fn who(operation: &Operation) -> String {
    let named = |schemes: &[String]| if schemes.is_empty() { "anybody".to_owned() } else { schemes.join("+") };
    let all: Vec<_> = operation.security.iter().map(|requirement| named(&requirement.schemes)).collect();
    if all.is_empty() { "anybody".to_owned() } else { all.join(" or ") }
}

fn kind(kind: &SchemeKind) -> String {
    match kind {
        SchemeKind::ApiKey { location, name } => format!("API key in {} {name}", location.word()),
        SchemeKind::Http { scheme } => format!("HTTP {scheme}"),
        SchemeKind::OAuth2 => "OAuth 2.0".to_owned(),
        SchemeKind::OpenIdConnect => "OpenID Connect".to_owned(),
        SchemeKind::MutualTls => "client certificate".to_owned(),
        SchemeKind::Other(kind) => format!("{kind}, which gadfly does not know"),
    }
}

fn counts(loaded: &Loaded, listed: bool, spec: &str) -> String {
    let skipped = loaded.notes.iter().filter(|note| note.level == Level::Skipped).count();
    let assumed = loaded.notes.len() - skipped;
    let hint = if listed || loaded.notes.is_empty() { String::new() } else { format!("; gadfly spec {spec} --notes") };
    let operations = loaded.api.operations.len();
    let ending = if operations == 1 { "" } else { "s" };
    format!("{operations} operation{ending}, {assumed} assumed, {skipped} skipped{hint}")
}

fn told(note: &Note, paint: Paint) -> String {
    let (word, colour): (_, fn(Paint, &str) -> String) = match note.level {
        Level::Assumed => ("assumed", Paint::dim),
        Level::Skipped => ("skipped", Paint::warn),
    };
    let place = note.position.as_ref().map_or(String::new(), |at| format!("{at}: "));
    let of = note.operation.as_ref().map_or(String::new(), |operation| format!("{operation}: "));
    let message = line(&format!("{of}{}", note.message), 400);
    format!("\n{}{}: {message}\n  at {}\n", line(&place, 200), colour(paint, word), line(&note.pointer, 200))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Description<'a> {
    format: u32,
    spec: &'a str,
    title: &'a str,
    version: &'a str,
    spec_version: &'a str,
    digest: &'a str,
    servers: &'a [String],
    schemes: Vec<(&'a str, String)>,
    operations: Vec<Described<'a>>,
    notes: &'a [Note],
}

#[derive(Serialize)]
struct Described<'a> {
    id: &'a str,
    name: Option<&'a str>,
    tags: &'a [String],
    deprecated: bool,
    parameters: Vec<DescribedParameter<'a>>,
    body: Vec<&'a str>,
    body_required: bool,
    responses: Vec<String>,
    security: Vec<&'a [String]>,
    pointer: &'a str,
}

#[derive(Serialize)]
struct DescribedParameter<'a> {
    name: &'a str,
    #[serde(rename = "in")]
    location: &'static str,
    required: bool,
}

impl<'a> Description<'a> {
    fn of(loaded: &'a Loaded, project: &'a Project) -> Self {
        let api = &loaded.api;
        Self {
            format: super::ui::FORMAT,
            spec: project.settings.spec.as_deref().unwrap_or_default(),
            title: &api.title,
            version: &api.version,
            spec_version: &api.spec_version,
            digest: &api.digest,
            servers: &api.servers,
            schemes: api.schemes.iter().map(|scheme| (scheme.name.as_str(), kind(&scheme.kind))).collect(),
            operations: api.operations.iter().map(|operation| Described::of(operation)).collect(),
            notes: &loaded.notes,
        }
    }
}

impl<'a> Described<'a> {
    fn of(operation: &'a Operation) -> Self {
        let parameters = operation.parameters.iter().map(|parameter| DescribedParameter {
            name: &parameter.name,
            location: parameter.location.word(),
            required: parameter.required,
        });
        let body = operation.body.as_ref();
        Self {
            id: operation.id.as_str(),
            name: operation.name.as_deref(),
            tags: &operation.tags,
            deprecated: operation.deprecated,
            parameters: parameters.collect(),
            body: body.iter().flat_map(|body| &body.contents).map(|media| media.name.as_str()).collect(),
            body_required: body.is_some_and(|body| body.required),
            responses: operation.responses.patterns(),
            security: operation.security.iter().map(|requirement| requirement.schemes.as_slice()).collect(),
            pointer: &operation.pointer,
        }
    }
}
