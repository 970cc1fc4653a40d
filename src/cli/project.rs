//! Which API is meant, and what is settled for it. Main type: [`Project`].

use std::path::{Path, PathBuf};

use super::{Context, Error};
use crate::api::Api;
use crate::config::{ApiTable, Environment, File, HeaderField, Layer, LinkTable, Settings};
use crate::identity::Identities;
use crate::resource::Link;
use crate::scenario::IdentityName;
use crate::spec::{self, Loaded};

/// An API with its settings.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// The API's name in `gadfly.toml`, if it has a table there.
    pub(super) name: Option<String>,
    /// Its table; empty if it has none.
    pub(super) table: ApiTable,
    /// The options that hold.
    pub(super) settings: Settings,
    /// Where the specification is.
    pub(super) document: Document,
    /// The folder that holds `regressions` and `corpus`: that of `gadfly.toml`, else the working folder.
    pub(super) root: PathBuf,
}

/// Where a specification is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// In this file.
    File(PathBuf),
    /// Behind this URL.
    Url(String),
}

impl Document {
    fn of(text: &str, folder: &Path) -> Self {
        if is_url(text) { Self::Url(text.to_owned()) } else { Self::File(folder.join(text)) }
    }

    /// The one that an API's table names, if it names one.
    pub(super) fn configured(table: &ApiTable, file: &File) -> Option<Self> {
        let folder = file.folder().unwrap_or(Path::new(""));
        table.layer.spec.as_deref().map(|spec| Self::of(spec, folder))
    }

    /// The URL, if it came from one.
    pub(super) fn url(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url),
            Self::File(_) => None,
        }
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

impl Project {
    /// The API that `word` means: a name of `gadfly.toml`, a file or a URL; without a word, what `GADFLY_SPEC` says,
    /// or the only API of the file.
    pub(super) fn open(context: &Context, word: Option<&str>, flags: Layer) -> Result<Self, Error> {
        let file = File::discover(&context.folder)?;
        let environment = Layer::from_environment(&context.environment)?;
        let word = word.map(str::to_owned).or_else(|| environment.spec.clone());
        let (name, document) = choose(context, &file, word.as_deref())?;
        let table = name.as_deref().and_then(|name| file.api(name)).cloned().unwrap_or_default();
        let shown = match &document {
            Document::File(path) => context.shown(path),
            Document::Url(url) => url.clone(),
        };
        let flags = Layer { spec: word.is_some().then_some(shown), ..flags };
        let settings = Settings::resolve(flags, environment, table.layer.clone());
        let root = file.folder().unwrap_or(&context.folder).to_owned();
        Ok(Self { name, table, settings, document, root })
    }

    /// The name under which fixtures and corpus are kept.
    pub(super) fn name(&self, title: &str) -> String {
        self.name.clone().unwrap_or_else(|| name_of(&self.document, title))
    }

    /// Who may send; the identities that are used must be complete.
    pub(super) fn identities(
        &self,
        environment: &Environment,
        used: &[IdentityName],
        headers: &[HeaderField],
    ) -> Result<Identities, Error> {
        let identities = self.table.identities(environment, used, headers)?;
        for name in used {
            identities.require(name).map_err(|error| Error::Usage(error.to_string()))?;
        }
        Ok(identities)
    }

    /// Reads the specification.
    pub(super) async fn load(&self, context: &Context) -> Result<Loaded, Error> {
        let loaded = match &self.document {
            Document::File(path) => spec::load_file(path),
            Document::Url(url) => {
                let bytes = super::fetch::document(url).await?;
                spec::load_bytes(url, &bytes)
            }
        };
        let mut loaded = loaded.map_err(|mut error| {
            error.file = context.shown(Path::new(&error.file));
            error.position.iter_mut().for_each(|at| shorten(context, at));
            error
        })?;
        for at in loaded.lifted.iter_mut().chain(&mut loaded.notes).filter_map(|note| note.position.as_mut()) {
            shorten(context, at);
        }
        Ok(loaded)
    }
}

/// What the user says of where values come from, found in the document.
pub(super) fn links(table: &ApiTable, api: &Api) -> Result<Vec<Link>, Error> {
    let link = |table: &LinkTable| {
        let source = table.source.as_ref().map(|(from, take)| (from.as_str(), take.as_str()));
        Link::parse(api, source, &table.to, &table.into).map_err(|message| table.error(message).into())
    };
    table.links.iter().map(link).collect()
}

fn shorten(context: &Context, at: &mut spec::Position) {
    at.file = context.shown(Path::new(&at.file));
}

/// The API's name, if it has one, and its document.
fn choose(context: &Context, file: &File, word: Option<&str>) -> Result<(Option<String>, Document), Error> {
    let Some(word) = word else {
        let (name, table) = file.only_api()?;
        return Ok((Some(name.to_owned()), document(name, table, file)?));
    };
    if let Some(table) = file.api(word) {
        return Ok((Some(word.to_owned()), document(word, table, file)?));
    }
    let document = Document::of(word, &context.folder);
    if let Document::File(path) = &document
        && !path.exists()
        && !word.contains(['/', '\\', '.'])
    {
        return Err(file.unknown(word).into());
    }
    // A file or URL that the configuration knows under a name is that API, with its identities and fixtures.
    let same = |table: &ApiTable| Document::configured(table, file).as_ref() == Some(&document);
    let name = file.apis.iter().find(|(_, table)| same(table)).map(|(name, _)| name.clone());
    Ok((name, document))
}

fn document(name: &str, table: &ApiTable, file: &File) -> Result<Document, Error> {
    let missing = || Error::Usage(format!("[api.{name}] has no `spec`; add it, or name a file or URL"));
    Document::configured(table, file).ok_or_else(missing)
}

/// A name made from the document's own: that of the file, or the title if the file has a name like any other.
pub(super) fn name_of(document: &Document, title: &str) -> String {
    let stem = match document {
        Document::File(path) => path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned(),
        Document::Url(_) => String::new(),
    };
    let stem = slug(&stem);
    let common = ["", "openapi", "swagger", "api", "spec", "schema", "index", "openapi-spec", "api-docs"];
    let name = if common.contains(&stem.as_str()) { slug(title) } else { stem };
    if name.is_empty() { "api".to_owned() } else { name }
}

/// Lower-case letters and digits with single dashes between.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(40);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, title: &str, name: &str) {
        assert_eq!(name_of(&Document::of(document, Path::new("/work")), title), name);
    }

    #[test]
    fn an_api_without_a_name_gets_one() {
        check("specs/shop.v2.yaml", "x", "shop-v2");
        check("openapi.json", "Pet Store (beta)", "pet-store-beta");
        check("http://127.0.0.1/openapi.json", "Pet Store", "pet-store");
        check("swagger.yaml", "東京", "api");
    }

    fn project(toml: &str, word: Option<&str>) -> Result<Project, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gadfly.toml"), toml).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("inner/other.yaml"), "").unwrap();
        let context = Context { folder: folder.path().join("inner"), ..Context::default() };
        Project::open(&context, word, Layer::default())
    }

    const TWO: &str = "[api.shop]\nspec = 'shop.yaml'\nproof = 7\n[api.users]\nspec = 'inner/users.yaml'\n";

    #[track_caller]
    fn check_name(word: &str, name: Option<&str>) {
        assert_eq!(project(TWO, Some(word)).unwrap().name.as_deref(), name);
    }

    #[test]
    fn an_api_is_found_by_name_and_by_file() {
        check_name("shop", Some("shop"));
        check_name("users.yaml", Some("users"));
        check_name("other.yaml", None);
        check_name("http://127.0.0.1/shop.yaml", None);
        assert_eq!(project(TWO, Some("shop")).unwrap().settings.proof, 7);
    }

    #[track_caller]
    fn check_refused(toml: &str, word: Option<&str>, part: &str) {
        let error = project(toml, word).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn what_is_not_there_is_told() {
        check_refused(TWO, Some("shpo"), "did you mean `shop`?");
        check_refused(TWO, None, "several APIs");
        check_refused("[api.shop]", None, "[api.shop] has no `spec`");
        check_refused("", None, "no specification given");
    }
}
