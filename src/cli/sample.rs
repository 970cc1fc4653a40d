//! `gadfly spec --sample`: requests of every kind that a run would send to an operation. Main function: [`run`]. Nothing is
//! sent, and no credentials are in what is shown.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use super::project::Project;
use super::{Context, Error, Exit, Ui, target, values};
use crate::api::{Api, Operation, suggestion};
use crate::generate::{self, Generator};
use crate::redact::Redactor;
use crate::report::{Paint, visible};
use crate::scenario::file::{BodyRecord, ByteText};
use crate::scenario::{Case, Intent, encode};
use crate::seed::Seed;
use crate::spec::Loaded;
use crate::wire::{Origin, Request, curl};

/// How many cases of a generator are shown.
const SHOWN: usize = 3;
/// How many are looked through for cases that show something else.
const LOOKED_AT: u64 = 400;
/// How much of a line of a head or a body is shown.
const WIDTH: usize = 2_000;

/// A case as it would be sent.
struct Sample {
    case: Case,
    request: Request,
}

pub(super) fn run(
    wanted: &str,
    project: &Project,
    loaded: &Loaded,
    context: &Context,
    ui: &mut Ui<'_>,
) -> Result<Exit, Error> {
    let settings = &project.settings;
    let operation = find(&loaded.api, wanted)?;
    let values = values::resolve(context, settings, &project.table, &project.root, &loaded.api)?;
    values::tell(&values, &loaded.api, ui)?;
    let target = target::shown(settings, &loaded.api.servers, project.document.url())?;
    let mut samples: Vec<Sample> = Vec::new();
    for generator in generate::standard(&values).all() {
        samples.extend(of_generator(&**generator, operation, settings.seed, &target.base_path));
    }
    let mut out = String::new();
    for problem in generate::unbuildable(operation, &values) {
        writeln!(out, "# no valid case: {}\n", visible(&problem)).expect("writing to memory does not fail");
    }
    let texts: Vec<String> = samples.iter().map(|sample| text(sample, &target.origin, ui.report_paint())).collect();
    out.push_str(&texts.join("\n"));
    ui.report(&out)?;
    let records = samples.iter().map(|sample| Record::of(sample, &target.origin)).collect();
    let list = List {
        format: super::ui::FORMAT,
        operation: operation.id.as_str(),
        seed: settings.seed.number(),
        samples: records,
    };
    ui.object(&list, &Redactor::default())?;
    Ok(Exit::CLEAN)
}

/// The operation that is meant: by method and path, or by its `operationId`.
fn find<'a>(api: &'a Api, wanted: &str) -> Result<&'a Arc<Operation>, Error> {
    let is_meant = |operation: &&Arc<Operation>| {
        operation.id.as_str().eq_ignore_ascii_case(wanted) || operation.name.as_deref() == Some(wanted)
    };
    api.operations.iter().find(is_meant).ok_or_else(|| {
        let names =
            api.operations.iter().flat_map(|operation| [Some(operation.id.as_str()), operation.name.as_deref()]);
        let hint = suggestion(wanted, names.flatten());
        Error::Usage(format!("the specification has no operation {wanted:?}{hint}"))
    })
}

/// The first cases of a generator that each show something else.
fn of_generator(generator: &dyn Generator, operation: &Arc<Operation>, seed: Seed, base_path: &str) -> Vec<Sample> {
    let count = generator.count(operation).unwrap_or(LOOKED_AT).min(LOOKED_AT);
    let (mut kinds, mut samples) = (BTreeSet::new(), Vec::new());
    for case in (0..count).filter_map(|index| generator.case(operation, index, seed)) {
        if kinds.insert(kind(&case)) {
            let request = encode(&case, base_path);
            samples.push(Sample { case, request });
        }
        if samples.len() == SHOWN {
            break;
        }
    }
    samples
}

/// By which cases of a generator are told apart here.
fn kind(case: &Case) -> String {
    match &case.intent {
        Intent::Valid => case.provenance.index.to_string(),
        Intent::Boundary(rule) | Intent::Malformed(rule) => rule.keyword.clone(),
        Intent::Hostile(class) | Intent::Wire(class) => (*class).to_owned(),
    }
}

/// The request as it goes over the wire, below a line that says what it is.
fn text(sample: &Sample, origin: &Origin, paint: Paint) -> String {
    let Sample { case, request } = sample;
    let (generator, intent) = (case.provenance.generator.0, case.intent.word());
    let own = if generator == intent { String::new() } else { format!(" ({generator})") };
    let detail = case.intent.detail().map(|detail| format!(": {}", visible(&detail))).unwrap_or_default();
    let mut out = format!("{}\n", paint.dim(&format!("# {intent}{own}{detail}")));
    let sent = request.to_http1(origin);
    let head_length = sent.len() - request.body.len();
    lines(&sent[..head_length], &mut out);
    if !request.body.is_empty() {
        lines(&request.body, &mut out);
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

/// Bytes line by line; what no terminal should get is escaped.
fn lines(bytes: &[u8], out: &mut String) {
    let text = std::str::from_utf8(bytes).map_or_else(|_| escaped(bytes), str::to_owned);
    let text = text.strip_suffix("\r\n").unwrap_or(&text);
    for line in text.split('\n') {
        let shown: String = line.strip_suffix('\r').unwrap_or(line).chars().take(WIDTH).collect();
        let rest = line.len() - line.strip_suffix('\r').map_or(0, |_| 1) - shown.len();
        out.push_str(&visible(&shown));
        if rest > 0 {
            write!(out, "… ({rest} more bytes)").expect("writing to memory does not fail");
        }
        out.push('\n');
    }
}

/// Bytes that are no UTF-8, with their line breaks left.
fn escaped(bytes: &[u8]) -> String {
    let lines: Vec<String> = bytes.split(|byte| *byte == b'\n').map(|line| line.escape_ascii().to_string()).collect();
    lines.join("\n").replace("\\r\n", "\n").replace("\\\"", "\"").replace("\\'", "'")
}

/// What `--json` prints.
#[derive(Serialize)]
struct List<'a> {
    format: u32,
    operation: &'a str,
    seed: u64,
    samples: Vec<Record>,
}

/// A sample in it.
#[derive(Serialize)]
struct Record {
    intent: &'static str,
    /// The rule or the class.
    detail: Option<String>,
    generator: &'static str,
    index: u64,
    method: String,
    target: ByteText,
    headers: Vec<(ByteText, ByteText)>,
    body: Option<BodyRecord>,
    curl: String,
}

impl Record {
    fn of(sample: &Sample, origin: &Origin) -> Self {
        let Sample { case, request } = sample;
        Self {
            intent: case.intent.word(),
            detail: case.intent.detail(),
            generator: case.provenance.generator.0,
            index: case.provenance.index,
            method: request.method.clone(),
            target: ByteText(request.target.clone()),
            headers: request.headers.iter().map(|h| (ByteText(h.name.clone()), ByteText(h.value.clone()))).collect(),
            body: BodyRecord::of(&request.body),
            curl: curl(request, origin),
        }
    }
}
