//! `gadfly show`: what one fixture asks and requires, and where it comes from. Nothing is sent.

use clap::Args;
use serde_json::json;

use super::args::TargetFlags;
use super::{Context, Error, Exit, Ui, shelf, ui};
use crate::fixture::{REGRESSIONS, trial_name};
use crate::redact::Redactor;
use crate::report::visible;

/// Arguments of `gadfly show`.
#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// The beginning of a fixture's id, or its file or test name
    #[arg(value_name = "ID")]
    id: String,
    /// Where the API is, for the curl commands
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) fn run(flags: &Flags, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let (shelf, _) = shelf::open(context)?;
    let entry = shelf::one(&shelf, &flags.id)?;
    let target = TargetFlags { url: flags.url.clone(), ..TargetFlags::default() };
    let text = shelf::described(&entry, context, &target)?;
    ui.report(&safe(&text))?;
    let file: serde_json::Value = serde_json::from_slice(&crate::fixture::write(&entry.fixture))
        .map_err(|error| Error::io("read a fixture")(error.into()))?;
    let object = json!({
        "format": ui::FORMAT, "file": format!("{REGRESSIONS}/{}", entry.key), "name": trial_name(&entry.key),
        "state": entry.standing(), "fixture": file,
    });
    ui.object(&object, &Redactor::default())?;
    Ok(Exit::CLEAN)
}

/// Line by line without anything that a terminal obeys: a fixture quotes a server.
pub(super) fn safe(text: &str) -> String {
    text.lines().map(|line| visible(line).trim_end().to_owned() + "\n").collect()
}
