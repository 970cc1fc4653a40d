//! The fixtures of a project, for the commands that look through them. Main functions: [`open`], [`one`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::args::TargetFlags;
use super::site::Site;
use super::{Context, Error, run};
use crate::config::File;
use crate::fixture::{Entry, Fixture, REGRESSIONS, Shelf, State, folder_of, trial_name};
use crate::oracle::Registry;
use crate::redact::Redactor;
use crate::replay::{self, View};
use crate::wire::Origin;

/// The fixtures of the project that the working folder is in, and what could not be read of them.
pub(super) fn open(context: &Context) -> Result<(Shelf, BTreeSet<String>), Error> {
    let (shelf, problems) = Shelf::open(run::fixtures(&root(context)?), REGRESSIONS)?;
    Ok((shelf, problems.iter().map(ToString::to_string).collect()))
}

/// The folder that holds `regressions`.
fn root(context: &Context) -> Result<PathBuf, Error> {
    let file = File::discover(&context.folder)?;
    Ok(file.folder().unwrap_or(&context.folder).to_owned())
}

/// The one fixture that the word names.
pub(super) fn one(shelf: &Shelf, word: &str) -> Result<Entry, Error> {
    let mut entries = shelf.named(word)?.entries;
    if entries.len() < 2 {
        let none = || Error::Usage(format!("no fixture's id begins with {word:?}; `gadfly list` shows them all"));
        return entries.pop().ok_or_else(none);
    }
    let names: Vec<_> = entries.iter().take(5).map(|entry| format!("{REGRESSIONS}/{}", entry.key)).collect();
    let more = if entries.len() > names.len() { ", ..." } else { "" };
    Err(Error::Usage(format!(
        "{word:?} names {} fixtures, one of them is needed: {}{more}",
        entries.len(),
        names.join(", ")
    )))
}

/// What a fixture says, with requests to where its API is, as far as that is known.
pub(super) fn described(entry: &Entry, context: &Context, flags: &TargetFlags) -> Result<String, Error> {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);
    let file = File::discover(&context.folder)?;
    let site = Site::open(context, &file, folder_of(&entry.key), flags, &[], None);
    // A wrong flag is told; that nobody says where the API is matters only to who sends something.
    let site = if flags.url.is_some() { Some(site?) } else { site.ok() };
    let somewhere = || Origin { scheme: crate::wire::Scheme::Http, host: "127.0.0.1".to_owned(), port: 8080 };
    let redactor = site.as_ref().map_or_else(Redactor::default, |site| site.target.executor.identities.redactor());
    let view = View {
        file: &format!("{REGRESSIONS}/{}", entry.key),
        name: &trial_name(&entry.key),
        origin: &site.as_ref().map_or_else(somewhere, |site| site.target.origin.clone()),
        redactor: &redactor,
        looks_for: View::looks_for(&REGISTRY, &entry.fixture.oracle),
    };
    // A file that somebody made says `open` wherever it stands.
    let state = if entry.standing() == State::Pending.word() { State::Pending } else { entry.fixture.state.clone() };
    let fixture = Fixture { state, ..entry.fixture.clone() };
    let text = replay::describe(&fixture, site.as_ref().and_then(|site| site.target.base_path.as_deref()), &view);
    if site.is_some() {
        return Ok(text);
    }
    Ok(format!("{text}\nnobody says where the API is; --url puts its address into the commands above\n"))
}
