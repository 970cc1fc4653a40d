//! A brief fuzz of each operation as a named test. Main function: [`all`].
//!
//! The budget is a number of requests and the seed is fixed, so a pull request gives the same cases each time. Nothing
//! is written: what a trial finds is told in its failure, with the command that keeps it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use libtest_mimic::{Completion, Failed, Trial};

use super::harness::Place;
use super::project::{Document, name_of};
use super::run::{self, Plan};
use super::{Context, Error, target, values};
use crate::api::OperationId;
use crate::campaign::{self, Filter, Options};
use crate::config::{ApiTable, File, Layer, Settings};
use crate::finding::Severity;
use crate::generate::UserValues;
use crate::report::{FindingRecord, Summary};
use crate::scenario::file::folder_name;
use crate::spec::{self, Loaded};

/// Requests for each operation, proof not counted.
const REQUESTS: u64 = 150;

/// Says where an API is, and starts it at the first need if gadfly is to run it.
pub(super) type Places = Arc<dyn Fn(&str) -> Place + Send + Sync>;

/// One API with its document.
pub(super) struct Api {
    name: String,
    table: ApiTable,
    loaded: Result<Loaded, String>,
}

impl Api {
    /// The folder of its fixtures, and what its document says.
    pub(super) fn document(&self) -> Option<(String, Arc<crate::api::Api>)> {
        let loaded = self.loaded.as_ref().ok()?;
        Some((folder_name(&self.name), Arc::clone(&loaded.api)))
    }
}

/// One trial for each operation of each document; one failing trial for a document that can't be read.
pub(super) fn all(context: &Arc<Context>, apis: Vec<Api>, root: &Path, places: &Places) -> Vec<Trial> {
    apis.into_iter().flat_map(|api| of_api(context, api, root, places)).collect()
}

/// The documents of the configuration that are files, and those of `specs/` that it does not name.
pub(super) fn apis(file: &File, root: &Path) -> Vec<Api> {
    let mut apis = Vec::new();
    let mut named: Vec<PathBuf> = Vec::new();
    for (name, table) in &file.apis {
        let Some(spec) = table.layer.spec.as_deref().filter(|spec| !spec.contains("://")) else { continue };
        let path = root.join(spec);
        apis.push(Api { name: name.clone(), table: table.clone(), loaded: load(&path) });
        named.push(path);
    }
    for path in documents(&root.join("specs")) {
        if !named.contains(&path) {
            apis.push(Api {
                name: name_of(&Document::File(path.clone()), ""),
                table: ApiTable::default(),
                loaded: load(&path),
            });
        }
    }
    apis
}

fn load(path: &Path) -> Result<Loaded, String> {
    spec::load_file(path).map_err(|error| error.to_string())
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_document = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        path.is_file() && extension.is_some_and(|extension| matches!(extension, "json" | "yaml" | "yml"))
    };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_document).collect();
    paths.sort();
    paths
}

fn of_api(context: &Arc<Context>, api: Api, root: &Path, places: &Places) -> Vec<Trial> {
    let Api { name, table, loaded } = api;
    let loaded = match loaded {
        Ok(loaded) => Arc::new(loaded),
        Err(error) => return vec![Trial::test(format!("fuzz::{name}::specification"), || Err(error.into()))],
    };
    let values = match values(context, &table, &loaded, root) {
        Ok(values) => values,
        Err(error) => return vec![Trial::test(format!("fuzz::{name}::values"), move || Err(error.into()))],
    };
    let table = Arc::new(table);
    let reviewed = run::fixtures(root);
    let operations = loaded.api.operations.iter().map(|operation| operation.id.clone()).collect::<Vec<_>>();
    operations
        .into_iter()
        .map(|operation| {
            let (context, table, loaded) = (Arc::clone(context), Arc::clone(&table), Arc::clone(&loaded));
            let (api, values, reviewed) = (name.clone(), Arc::clone(&values), Arc::clone(&reviewed));
            let places = Arc::clone(places);
            Trial::ignorable_test(format!("fuzz::{name}::{}", operation.slug()), move || {
                let options = |url| {
                    let options = options(&context, &api, &table, &loaded, url)?;
                    Ok(Options { values: Arc::clone(&values), reviewed: Some(Arc::clone(&reviewed)), ..options })
                };
                fuzz(places(&api), &api, &loaded, &operation, options)
            })
        })
        .collect()
}

/// What the user knows beyond the document, read once for all trials of an API.
fn values(context: &Context, table: &ApiTable, loaded: &Loaded, root: &Path) -> Result<Arc<UserValues>, Error> {
    let environment = Layer::from_environment(&context.environment)?;
    let settings = Settings::resolve(Layer::default(), environment, table.layer.clone());
    values::resolve(context, &settings, table, root, &loaded.api)
}

fn fuzz(
    place: Place,
    api: &str,
    loaded: &Loaded,
    operation: &OperationId,
    options: impl FnOnce(String) -> Result<Options, Failed>,
) -> Result<Completion, Failed> {
    let (url, started) = match place {
        Place::Here(url, started) => (url, started),
        Place::Absent(reason) => return Ok(Completion::ignored_with(reason)),
        Place::Unusable(error) => return Err(error.into()),
    };
    let process = started.as_ref().map(|started| Arc::clone(&started.watch));
    let options = options(url)?;
    let options = Options { include: vec![Filter(operation.as_str().to_owned())], process, ..options };
    if !loaded.api.operation(operation).is_some_and(|operation| options.selects(operation)) {
        return Ok(Completion::ignored_with("excluded by the configuration"));
    }
    let how = if started.is_some() { String::new() } else { format!(" --url {}", options.target.base_url()) };
    let _turn = started.as_ref().map(|started| started.turn.lock().unwrap_or_else(PoisonError::into_inner));
    let runtime = run::runtime()?;
    let summary = runtime.block_on(campaign::run(loaded, options, &mut ()))?;
    judge(&format!("{api}{how}"), &summary)
}

fn options(context: &Context, api: &str, table: &ApiTable, loaded: &Loaded, url: String) -> Result<Options, Failed> {
    let flags = Layer { url: Some(url), requests: Some(REQUESTS), ..Layer::default() };
    // How long a trial takes is set by its requests, never by the clock.
    let environment = Layer { time: None, ..Layer::from_environment(&context.environment)? };
    let settings = Settings::resolve(flags, environment, table.layer.clone());
    let target = target::resolve(&settings, &loaded.api.servers, None)?;
    let identities = table.identities(&context.environment, std::slice::from_ref(&settings.identity), &[])?;
    let findings = super::args::FindingFlags { no_fixtures: true, ..Default::default() };
    let (name, root, values) = (api.to_owned(), &*context.folder, Arc::default());
    let links = super::project::links(table, &loaded.api)?;
    let plan = Plan {
        name,
        target,
        settings: &settings,
        identities,
        findings,
        state: super::args::StateFlags::default(),
        values,
        links,
        root,
    };
    Ok(Options { time: None, corpus: None, fixtures: None, ..plan.options(context) })
}

/// `what` says which API it is, and where.
fn judge(what: &str, summary: &Summary) -> Result<Completion, Failed> {
    let found: Vec<_> = summary.proved(Severity::Medium).collect();
    if found.is_empty() && summary.unexplained_deaths == 0 {
        return Ok(Completion::Completed);
    }
    if found.is_empty() {
        return Err(format!("{}\nlook for it: gadfly fuzz {what}", summary.notices.join("\n")).into());
    }
    let mut text = format!("{} findings of medium severity or worse\n", found.len());
    text.extend(found.into_iter().map(told));
    // Writing to a String can't fail.
    _ = writeln!(text, "\nkeep them as fixtures: gadfly fuzz {what}");
    Err(text.into())
}

fn told(finding: &FindingRecord) -> String {
    let FindingRecord { severity, oracle, operation, title, evidence, confirmed, .. } = finding;
    let commands = finding.commands().collect::<Vec<_>>().join("\n  ");
    format!("\n{severity} {oracle} in {operation}, {confirmed}\n  {title}\n  {evidence}\n  {commands}\n")
}
