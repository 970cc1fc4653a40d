//! The corpora of a project. Main type: [`Collection`]. What is shown of them is decided in `corpus`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::corpus::{KnownApi, Prune, pruned};
use super::project::Project;
use super::{Context, Error, Exit, Ui, run, target, ui};
use crate::campaign::{self, Options};
use crate::clock;
use crate::config::{File, Layer};
use crate::corpus::{Corpus, Settings, Surplus};
use crate::engine::{self, Ledger, Tally};
use crate::generate;
use crate::redact::Redactor;
use crate::report::made;
use crate::resource::Graph;
use crate::seed::Seed;
use crate::store::{Directory, Store};

/// The corpus of one API.
pub(super) struct Collection {
    /// The API's name.
    pub(super) name: String,
    /// What is kept.
    pub(super) corpus: Corpus,
    /// The document, if one is known.
    pub(super) api: KnownApi,
    redactor: Redactor,
}

/// The corpus of the API that the word means, or of the only API.
pub(super) fn open(word: Option<&str>, context: &Context, ui: &mut Ui<'_>) -> Result<Collection, Error> {
    #[cfg(feature = "demo")]
    if word == Some(super::demo::NAME) && File::discover(&context.folder)?.api(super::demo::NAME).is_none() {
        return demo(context, ui);
    }
    let project = Project::open(context, word, Layer::default())?;
    let loaded = run::runtime()?.block_on(project.load(context))?;
    let identities = project.identities(&context.environment, &[], &[])?;
    let name = project.name(&loaded.api.title);
    collection(&name, &project.root.join(run::CORPUS), Some(loaded.api), identities.redactor(), ui)
}

/// The corpus of the demo, whose document is built in.
#[cfg(feature = "demo")]
fn demo(context: &Context, ui: &mut Ui<'_>) -> Result<Collection, Error> {
    let loaded = crate::spec::load_bytes("specs/demo.yaml", crate::demo::DOCUMENT.as_bytes())?;
    let file = File::discover(&context.folder)?;
    let root = file.folder().unwrap_or(&context.folder).join(run::CORPUS);
    collection(super::demo::NAME, &root, Some(loaded.api), Redactor::default(), ui)
}

/// The corpus that the word means, or all there are: those without a document that is known have none.
pub(super) fn open_all(word: Option<&str>, context: &Context, ui: &mut Ui<'_>) -> Result<Vec<Collection>, Error> {
    if word.is_some() {
        return Ok(vec![open(word, context, ui)?]);
    }
    let file = File::discover(&context.folder)?;
    let root = file.folder().unwrap_or(&context.folder).join(run::CORPUS);
    let keys = Directory::new(&root).list("").map_err(Error::io(format!("read {}", context.shown(&root))))?;
    let folders: BTreeSet<&str> = keys.iter().filter_map(|key| Some(key.split_once('/')?.0)).collect();
    if folders.is_empty() {
        ui.note(&format!("{} holds no input yet; `gadfly fuzz` keeps them there", context.shown(&root)))?;
    }
    let mut all = Vec::new();
    for folder in folders {
        let configured = file
            .apis
            .iter()
            .find(|(name, table)| crate::scenario::file::folder_name(name) == folder && table.layer.spec.is_some());
        let is_demo = cfg!(feature = "demo") && folder == "demo";
        all.push(match configured {
            Some((name, _)) => open(Some(name), context, ui)?,
            None if is_demo => open(Some(folder), context, ui)?,
            None => {
                ui.note(&format!("no document of {folder} is configured, so nothing tells what applies to it"))?;
                collection(folder, &root, None, Redactor::default(), ui)?
            }
        });
    }
    Ok(all)
}

/// A corpus elsewhere: a folder of corpora with one of the same API, or the folder of one API.
pub(super) fn open_folder(folder: &Path, own: &Collection, ui: &mut Ui<'_>) -> Result<Corpus, Error> {
    let below = folder.join(crate::scenario::file::folder_name(&own.name));
    let folder = if below.is_dir() { below } else { folder.to_owned() };
    let (Some(root), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str())) else {
        return Err(Error::Usage(format!("{} is no folder of a corpus", folder.display())));
    };
    if !folder.is_dir() {
        return Err(Error::Usage(format!("{} is no folder; name the corpus of another clone", folder.display())));
    }
    Ok(collection(name, root, None, own.redactor.clone(), ui)?.corpus)
}

/// The corpus of an API in this folder of corpora; what can't be read is told.
pub(super) fn collection(
    name: &str,
    root: &Path,
    api: KnownApi,
    redactor: Redactor,
    ui: &mut Ui<'_>,
) -> Result<Collection, Error> {
    let settings = Settings {
        store: Arc::new(Directory::new(root)),
        api: name.to_owned(),
        base_path: String::new(),
        redactor: redactor.clone(),
    };
    let (corpus, problems) = Corpus::open(settings);
    for problem in &problems {
        ui.warn(&problem.to_string())?;
    }
    Ok(Collection { name: name.to_owned(), corpus, api, redactor })
}

/// What came of sending all that is kept.
type Sent = (Collection, Vec<Surplus>, Option<Tally>);

/// Removes what is not worth keeping, and says so.
pub(super) fn prune(flags: &Prune, context: &Context, ui: &mut Ui<'_>) -> Result<Exit, Error> {
    let (mut collection, surplus, made) = if flags.target.url.is_some() {
        run::runtime()?.block_on(sent(flags, context, ui))?
    } else {
        let collection = open(flags.spec.as_deref(), context, ui)?;
        let surplus = collection.corpus.surplus(collection.api.as_deref());
        (collection, surplus, None)
    };
    let before = collection.corpus.len();
    if !flags.dry_run {
        for one in &surplus {
            collection.corpus.remove(&one.hash).map_err(|problem| Error::Usage(problem.to_string()))?;
        }
    }
    ui.report(&pruned(&surplus, &collection, flags.dry_run))?;
    let object = json!({
        "format": ui::FORMAT, "api": collection.name, "dry_run": flags.dry_run, "entries_before": before,
        "entries": before - surplus.len(), "removed": surplus, "made": made,
    });
    ui.object(&object, &Redactor::default())?;
    Ok(Exit::CLEAN)
}

/// What is not worth keeping by what a target answers, and what was made there to see that.
async fn sent(flags: &Prune, context: &Context, ui: &mut Ui<'_>) -> Result<Sent, Error> {
    let mut layer = Layer { identity: flags.identity.clone(), ..Layer::default() };
    flags.target.fill(&mut layer);
    let project = Project::open(context, flags.spec.as_deref(), layer)?;
    let loaded = project.load(context).await?;
    let settings = &project.settings;
    let headers = flags.target.all_headers(&context.environment)?;
    let identities = project.identities(&context.environment, std::slice::from_ref(&settings.identity), &headers)?;
    let redactor = identities.redactor();
    let target = target::resolve(settings, &loaded.api.servers, project.document.url())?;
    let name = project.name(&loaded.api.title);
    let options = Options { identity: settings.identity.clone(), ..run::way(&name, target, settings, identities) };
    let mut executor = campaign::executor(&options)?;
    if !flags.no_clean_up {
        let operations = &loaded.api.operations;
        let graph = Graph::with_links(operations, &super::project::links(&project.table, &loaded.api)?);
        let generators = generate::standard(&options.values);
        let ledger = Ledger::new(operations, Arc::new(graph), generators, &options.target.base_path);
        executor.ledger = Some(Arc::new(ledger));
    }
    let mut own = collection(&name, &project.root.join(run::CORPUS), Some(loaded.api), redactor, ui)?;
    own.corpus.set_base_path(&options.target.base_path);
    let unreachable = |reason| campaign::Error::Unreachable { base_url: options.target.base_url(), reason };
    // New in each run: the target remembers what was made.
    let names = Seed::new(clock::moment());
    let replayed = own.corpus.replay(&executor, &options.identity, names).await;
    let shown = replayed.map_err(campaign::Error::from)?.map_err(unreachable)?;
    engine::clean_up_since(&executor, 0, names).await.map_err(campaign::Error::from)?;
    let tally = executor.ledger.map(|ledger| ledger.tally());
    if let Some(tally) = tally.as_ref().filter(|tally| tally.made > 0) {
        ui.note(&format!("made there: {}", made(tally)))?;
    }
    let surplus = own.corpus.surplus_of(&shown);
    Ok((own, surplus, tally))
}
