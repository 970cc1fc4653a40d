//! `cargo test` as a way to run gadfly: every accepted fixture, and a brief fuzz of each operation, as named tests.
//!
//! Main function: [`main`]. It reads arguments and environment; the trials themselves are made in `replay::harness` and
//! `cli::trials`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use super::args::TargetFlags;
use super::site::Site;
use super::supervise::{Running, Started};
use super::{Context, stand_in, trials};
use crate::api::Api;
use crate::config::File;
use crate::fixture::REGRESSIONS;
use crate::replay::Replayer;
use crate::replay::harness::{self, Plan};
use crate::store::Directory;

/// Replays the fixtures of `regressions/` and fuzzes the operations of `specs/`, each as a test of its own.
///
/// `GADFLY_URL` says where the API is, or `GADFLY_URL_<NAME>` for the API of that name. Without them the embedded demo
/// stands in for the API named `demo`, an API with a `run` command in `gadfly.toml` is started, and the tests of others are
/// ignored.
pub fn main() -> ExitCode {
    let context = Context::from_process();
    let arguments = Arguments::from_args();
    let file = match File::discover(&context.folder) {
        Ok(file) => file,
        Err(error) => return harness::broken(&error.to_string(), &arguments),
    };
    let root = file.folder().unwrap_or(&context.folder).to_owned();
    let context = Arc::new(context);
    let file = Arc::new(file);
    let apis = trials::apis(&file, &root);
    let documents: BTreeMap<String, Arc<Api>> = apis.iter().filter_map(trials::Api::document).collect();
    let running = Arc::new(Running::default());
    let places = {
        let (context, file, running) = (Arc::clone(&context), Arc::clone(&file), Arc::clone(&running));
        Arc::new(move |api: &str| place(&context, &file, &running, api))
    };
    let extra = trials::all(&context, apis, &root, &(places as trials::Places));
    let runs = file.apis.values().any(|table| table.layer.run.is_some());
    let has_target = runs || context.environment.keys().any(|name| name == URL || name.starts_with(URL_OF));
    let plan = Plan {
        fixtures: Arc::new(Directory::new(root.join(REGRESSIONS))),
        replayer: Replayer::begin(),
        site: Arc::new(move |api| site(&context, &file, &running, api)),
        document: Arc::new(move |folder| documents.get(folder).cloned()),
        has_target,
    };
    harness::run(plan, extra, &arguments)
}

/// Says where every API is.
pub(super) const URL: &str = "GADFLY_URL";
/// Says where one API is.
const URL_OF: &str = "GADFLY_URL_";

/// The URL that the environment gives for this API, or that of its stand-in.
fn url(context: &Context, api: &str) -> Result<String, String> {
    let own = format!("{URL_OF}{}", api.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    match context.variable(&own).or_else(|| context.variable(URL)) {
        Some(url) => Ok(url.to_owned()),
        None => stand_in::url(api).ok_or_else(|| format!("no target: set {URL}=http://127.0.0.1:PORT or {own}")),
    }
}

/// Where an API is, if it is anywhere.
pub(super) enum Place {
    /// At this URL; perhaps run by gadfly.
    Here(String, Option<Started>),
    /// Nowhere, for this reason.
    Absent(String),
    /// It can't be started, for this reason.
    Unusable(String),
}

fn place(context: &Context, file: &File, running: &Running, api: &str) -> Place {
    match url(context, api) {
        Ok(url) => Place::Here(url, None),
        Err(reason) => match running.of(context, file, api) {
            Some(Ok(started)) => Place::Here(started.url.clone(), Some(started)),
            Some(Err(error)) => Place::Unusable(error),
            None => Place::Absent(reason),
        },
    }
}

fn site(context: &Context, file: &File, running: &Running, api: &str) -> harness::Site {
    let (url, process) = match place(context, file, running, api) {
        Place::Here(url, started) => (url, started.map(|started| started.watch)),
        Place::Absent(reason) => return harness::Site::Absent(reason),
        Place::Unusable(error) => return harness::Site::Unusable(error),
    };
    let flags = TargetFlags { url: Some(url), ..TargetFlags::default() };
    // An identity that lacks its variable fails the fixtures that name it, not the others.
    match Site::open(context, file, api, &flags, &[], process) {
        Ok(site) => harness::Site::Target(Box::new(site.target)),
        Err(error) => harness::Site::Unusable(error.to_string()),
    }
}
