//! `gadfly corpus`: what earlier runs kept, listed, counted, merged and pruned. Nothing is removed but by `prune`, which
//! says what it removes.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::args::TargetFlags;
use super::kept::{self, Collection};
use super::{Context, Error, Exit, Ui, ui};
use crate::corpus::{Kept, Surplus, Survey};
use crate::redact::Redactor;
use crate::report::{Paint, Table, line, visible};

/// Arguments of `gadfly corpus`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// List kept inputs: what each is about, why it is kept, and whether it still applies
    Ls(Ls),
    /// Count kept inputs, the operations they cover, and why they are kept
    Stats(Which),
    /// Take in what other corpora have and this one has not
    Merge(Merge),
    /// Remove inputs that do not apply to the document, and those that show nothing of their own
    Prune(Box<Prune>),
}

#[derive(Args, Clone, Debug)]
struct Which {
    /// An API of gadfly.toml, or an OpenAPI document [default: all that have a corpus]
    #[arg(value_name = "SPEC|NAME")]
    spec: Option<String>,
}

#[derive(Args, Clone, Debug)]
struct Ls {
    #[command(flatten)]
    which: Which,
    /// Only inputs about operations whose method and path contain this text
    #[arg(long, value_name = "TEXT")]
    operation: Option<String>,
}

#[derive(Args, Clone, Debug)]
struct Merge {
    /// Folders of other corpora: `corpus` of another clone, or the folder of one API in it
    #[arg(value_name = "FROM", required = true)]
    from: Vec<PathBuf>,
    /// The API that takes them in: of gadfly.toml, or an OpenAPI document [default: the only API of gadfly.toml]
    #[arg(long, value_name = "SPEC|NAME")]
    into: Option<String>,
}

#[derive(Args, Clone, Debug)]
#[command(after_help = PRUNE)]
pub(super) struct Prune {
    /// An API of gadfly.toml, or an OpenAPI document [default: the only API of gadfly.toml]
    #[arg(value_name = "SPEC|NAME")]
    pub(super) spec: Option<String>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Send as this identity of gadfly.toml [default: anonymous]
    #[arg(long = "as", value_name = "IDENTITY")]
    pub(super) identity: Option<String>,
    #[command(flatten)]
    pub(super) target: TargetFlags,
    /// Leave what was made there; without this, it is deleted at the end
    #[arg(long, requires = "url")]
    pub(super) no_clean_up: bool,
}

const PRUNE: &str = "\
Without --url nothing is sent: of the inputs that were kept for the same answer of the same operation the best one stays
(valid before others, then the shortest); inputs of the first format do not say what was answered, and stay. With --url
each input is sent there once, and the smallest ones stay that together show all kinds of answers; what they make there
is deleted again. If the target stops answering nothing is removed.";

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    match &flags.action {
        Action::Ls(ls) => list(ls, context, ui),
        Action::Stats(which) => stats(which, context, ui),
        Action::Merge(merge) => take_in(merge, context, ui),
        Action::Prune(prune) => kept::prune(prune, context, ui),
    }
}

fn list(flags: &Ls, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut apis = Vec::new();
    for collection in kept::open_all(flags.which.spec.as_deref(), context, ui)? {
        let mut entries = collection.corpus.list(collection.api.as_deref());
        if let Some(wanted) = &flags.operation {
            let wanted = wanted.to_lowercase();
            entries.retain(|kept| kept.operation.to_lowercase().contains(&wanted));
        }
        ui.report(&table(&entries, &collection, ui.report_paint()))?;
        apis.push(json!({"api": collection.name, "entries": entries}));
    }
    ui.object(&json!({"format": ui::FORMAT, "apis": apis}), &Redactor::default())?;
    Ok(Exit::CLEAN)
}

fn table(entries: &[Kept], collection: &Collection, paint: Paint) -> String {
    let mut table = Table::default();
    table.row(["ENTRY", "OPERATION", "STEPS", "INTENT", "KEPT BECAUSE IT"], |_, text| paint.dim(text));
    for kept in entries {
        let why = match &kept.set_aside {
            Some(reason) => format!("set aside: {reason}"),
            None => kept.novelty.clone(),
        };
        let cells = [
            kept.hash.clone(),
            line(&kept.operation, 50),
            (kept.prepared_by.len() + 1).to_string(),
            kept.intent.clone().unwrap_or_else(|| "-".to_owned()),
            line(&why, 110),
        ];
        table.row(cells.iter().map(String::as_str), |column, text| match column {
            4 if kept.set_aside.is_some() => paint.warn(text),
            _ => text.to_owned(),
        });
    }
    let aside = entries.iter().filter(|kept| kept.set_aside.is_some()).count();
    let aside = if collection.api.is_some() { format!(", {aside} of them set aside") } else { String::new() };
    let count = count(entries.len());
    format!("{}: {count}{aside}\n\n{}\n", paint.bold(&visible(&collection.name)), table.render(""))
}

fn count(entries: usize) -> String {
    format!("{entries} {}", if entries == 1 { "input" } else { "inputs" })
}

fn stats(flags: &Which, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut apis = Vec::new();
    for Collection { corpus, api, .. } in kept::open_all(flags.spec.as_deref(), context, ui)? {
        let survey = corpus.survey(api.as_deref());
        ui.report(&figures(&survey, ui.report_paint()))?;
        apis.push(survey);
    }
    ui.object(&json!({"format": ui::FORMAT, "apis": apis}), &Redactor::default())?;
    Ok(Exit::CLEAN)
}

fn figures(survey: &Survey, paint: Paint) -> String {
    let mut table = Table::default();
    let mut row = |label: &str, text: &str| {
        table.row([label, text], |column, text| if column == 0 { paint.dim(text) } else { text.to_owned() });
    };
    let Survey { entries, with_steps, bytes, operations, reached, .. } = survey;
    row("inputs", &format!("{entries}, {with_steps} of them with steps that make what they need; {bytes} bytes"));
    let of = survey.document.as_ref().map_or_else(String::new, |document| {
        format!(", {} of {} in the document", document.covered, document.operations)
    });
    row("operations", &format!("{operations}{of}; {reached} answered 2xx"));
    if let Some(document) = &survey.document {
        row("document", &format!("{} apply to it, {} are set aside", document.applies, document.set_aside));
    }
    let mut by_reason: Vec<_> = survey.novelty.iter().collect();
    by_reason.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (index, (reason, count)) in by_reason.into_iter().enumerate() {
        row(if index == 0 { "kept because" } else { "" }, &format!("{count} {}", line(reason, 80)));
    }
    format!("{}\n{}\n", paint.bold(&visible(&survey.api)), table.render(""))
}

fn take_in(flags: &Merge, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let mut own = kept::open(flags.into.as_deref(), context, ui)?;
    let mut all = Vec::new();
    for from in &flags.from {
        let other = kept::open_folder(&context.path(from), &own, ui)?;
        let merged = own.corpus.merge(&other, own.api.as_deref());
        let from = context.shown(&context.path(from));
        ui.report(&format!(
            "{}: {} added, {} show nothing new, {} do not apply to the document, {} refused\n",
            visible(&from),
            merged.added,
            merged.known,
            merged.set_aside,
            merged.refused
        ))?;
        all.push(json!({"from": from, "merged": merged}));
    }
    let problems = own.corpus.save();
    for problem in &problems {
        ui.warn(&problem.to_string())?;
    }
    let entries = own.corpus.len();
    ui.report(&format!("{} now has {}\n", visible(&own.name), count(entries)))?;
    let object = json!({"format": ui::FORMAT, "api": own.name, "from": all, "entries": entries});
    ui.object(&object, &Redactor::default())?;
    Ok(if problems.is_empty() { Exit::CLEAN } else { Exit::USAGE })
}

/// What was or would be removed, and what stays.
pub(super) fn pruned(surplus: &[Surplus], collection: &Collection, is_dry: bool) -> String {
    let mut out = String::new();
    let verb = if is_dry { "would remove" } else { "removed" };
    for Surplus { hash, operation, reason, .. } in surplus {
        // Writing to a String can't fail.
        _ = writeln!(out, "{verb} {hash}  {}  {}", line(operation, 60), line(reason, 140));
    }
    let bytes: usize = surplus.iter().map(|one| one.bytes).sum();
    let stays = collection.corpus.len() - if is_dry { surplus.len() } else { 0 };
    _ = writeln!(
        out,
        "{}: {verb} {} of {bytes} bytes; {} stay",
        visible(&collection.name),
        count(surplus.len()),
        count(stays)
    );
    out
}

/// A document, if there is one.
pub(super) type KnownApi = Option<Arc<crate::api::Api>>;
