//! `gadfly.toml`: one table per API. Main types: [`File`], [`ApiTable`].

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::identity::{IdentityTable, Value, named_values};
use super::layer::{KEYS, header_field};
use super::table::{Entry, Table, Text, table};
use super::{Environment, Error, FixedValue, HeaderField, Layer, LinkTable};
use crate::api::suggestion;
use crate::identity::Identities;
use crate::scenario::IdentityName;

/// The file's name.
pub const FILE_NAME: &str = "gadfly.toml";

/// What stands in the file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Where it is; `None` if there is none.
    pub path: Option<PathBuf>,
    /// The APIs by name.
    pub apis: BTreeMap<String, ApiTable>,
}

/// `[api.NAME]`.
#[derive(Clone, Debug, Default)]
pub struct ApiTable {
    /// The plain options.
    pub layer: Layer,
    /// The identities by name.
    pub identities: BTreeMap<IdentityName, IdentityTable>,
    headers: Vec<Value>,
    environment: Vec<Value>,
    /// The values that are fixed for places of requests.
    pub values: Vec<FixedValue>,
    /// What produces the values of what.
    pub links: Vec<LinkTable>,
}

impl File {
    /// Looks for the file in `folder` and above it, up to the root of a repository or of the file system.
    pub fn discover(folder: &Path) -> Result<Self, Error> {
        for folder in folder.ancestors() {
            let path = folder.join(FILE_NAME);
            match std::fs::read_to_string(&path) {
                Ok(text) => return Self::read(&path, &text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(Error::Read { file: path, source }),
            }
            // `.git` is a folder in a clone and a file in a linked worktree.
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(Self::default())
    }

    /// Reads the file's text.
    pub fn read(path: &Path, text: &str) -> Result<Self, Error> {
        let name = path.display().to_string();
        let text = Text { file: &name, text };
        let document = DeTable::parse(text.text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            text.error(&(start..start), error.message().trim().to_owned())
        })?;
        let root = Table::new(text, "the file", document.get_ref(), &["api"])?;
        let mut apis = BTreeMap::new();
        if let Some(tables) = root.table("api")? {
            for entry in Table::open(text, tables).entries() {
                let name = entry.key.get_ref().to_string();
                check_name(text, entry, "an API")?;
                apis.insert(name.clone(), ApiTable::read(text, &name, entry)?);
            }
        }
        Ok(Self { path: Some(path.to_owned()), apis })
    }

    /// The folder that relative paths in the file start from.
    pub fn folder(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }

    /// The API of this name.
    pub fn api(&self, name: &str) -> Option<&ApiTable> {
        self.apis.get(name)
    }

    /// The API that is meant when none is named.
    pub fn only_api(&self) -> Result<(&str, &ApiTable), Error> {
        let mut all = self.apis.iter();
        let message = match (all.next(), all.next()) {
            (Some((name, api)), None) => return Ok((name, api)),
            (None, _) => format!("no specification given; name a file or URL, or add [api.NAME] to {FILE_NAME}"),
            (Some(_), Some(_)) => {
                let names: Vec<_> = self.apis.keys().map(String::as_str).collect();
                format!("several APIs are configured; name one of {}", names.join(", "))
            }
        };
        Err(Error::Api { message })
    }

    /// What to say of a word that names neither an API nor a file.
    pub fn unknown(&self, word: &str) -> Error {
        let known: Vec<_> = self.apis.keys().map(String::as_str).collect();
        let hint = suggestion(word, known.iter().copied());
        let configured =
            if known.is_empty() { String::new() } else { format!("; configured are {}", known.join(", ")) };
        Error::Api { message: format!("{word:?} is neither a file nor an API of {FILE_NAME}{configured}{hint}") }
    }
}

impl ApiTable {
    fn read(text: Text<'_>, name: &str, entry: Entry<'_>) -> Result<Self, Error> {
        let mut known = KEYS.to_vec();
        known.extend(["env", "headers", "identity", "link", "values"]);
        let title = format!("[api.{name}]");
        let own = Table::new(text, &title, table(text, entry)?, &known)?;
        let mut api = Self { layer: Layer::from_table(own)?, ..Self::default() };
        for entry in own.entries() {
            match entry.key.get_ref().as_ref() {
                "env" => api.environment = named_values(text, entry)?,
                "headers" => api.headers = named_values(text, entry)?,
                "identity" => api.identities = identities(text, entry)?,
                "link" => api.links = LinkTable::all(text, entry)?,
                "values" => api.values = FixedValue::all(text, entry)?,
                _ => {}
            }
        }
        Ok(api)
    }

    /// Names of the headers that go with every request.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(Value::name)
    }

    /// The identities with their credentials, and the headers that all of them send; `extra` beats the file.
    ///
    /// A variable that is not set is an error for the identities that are `used`; others that lack one are left
    /// out, so that a run as `alice` does not ask for the password of `admin`.
    pub fn identities(
        &self,
        environment: &Environment,
        used: &[IdentityName],
        extra: &[HeaderField],
    ) -> Result<Identities, Error> {
        let mut identities = Identities::new();
        for field in self.common_headers(environment, extra)? {
            identities.push_common_header(&field.name, &field.value);
        }
        for (name, table) in &self.identities {
            match table.credentials(name.as_str(), environment) {
                Ok(credentials) => identities.insert(name.clone(), credentials),
                Err(error) if used.contains(name) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(identities)
    }

    /// Variables for the process under test: name, value, and whether the value came from our own environment and so may
    /// be a secret.
    pub fn environment(&self, environment: &Environment) -> Result<Vec<(String, String, bool)>, Error> {
        let fill = |value: &Value| {
            let name = value.name().to_owned();
            let filled = value.fill(environment, || format!("variable {name:?} of `env`"))?;
            Ok((name, filled, value.holds_variables()))
        };
        self.environment.iter().map(fill).collect()
    }

    fn common_headers(&self, environment: &Environment, extra: &[HeaderField]) -> Result<Vec<HeaderField>, Error> {
        let mut fields = extra.to_vec();
        for value in &self.headers {
            let name = value.name();
            if !extra.iter().any(|field| field.name.eq_ignore_ascii_case(name)) {
                let filled = value.fill(environment, || format!("header {name:?}"))?;
                let refuse = |message| Error::File { at: value.at().clone(), message };
                fields.push(header_field(name, &filled).map_err(refuse)?);
            }
        }
        Ok(fields)
    }
}

fn identities(text: Text<'_>, entry: Entry<'_>) -> Result<BTreeMap<IdentityName, IdentityTable>, Error> {
    let mut identities = BTreeMap::new();
    for entry in Table::open(text, table(text, entry)?).entries() {
        let name = entry.key.get_ref().as_ref();
        check_name(text, entry, "an identity")?;
        if name == crate::scenario::ANONYMOUS {
            let message = "`anonymous` is always there and sends no credentials; choose another name";
            return Err(text.error(&entry.key.span(), message));
        }
        identities.insert(IdentityName::new(name), IdentityTable::read(text, name, entry)?);
    }
    Ok(identities)
}

/// Names become folders and stand in fixtures, so they are plain.
fn check_name(text: Text<'_>, entry: Entry<'_>, what: &str) -> Result<(), Error> {
    let name = entry.key.get_ref().as_ref();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let message = format!("{name:?} can't name {what}; use letters, digits, `-`, `_` and `.`");
    Err(text.error(&entry.key.span(), message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Request;

    const SHOP: &str = r#"
        [api.shop]
        spec = "specs/shop.yaml"
        url = "http://127.0.0.1:8080"
        time = 90
        include = "orders"
        headers = { X-Tenant = "${TENANT:-7}" }

        [api.shop.identity.alice]
        bearer = "${ALICE}"
        cookie = { sid = "${ALICE}", theme = "dark" }

        [api.shop.identity.bob]
        basic = "bob:${BOB}"
        query = { key = "k" }
    "#;

    fn read(text: &str) -> Result<File, Error> {
        File::read(Path::new("gadfly.toml"), text)
    }

    fn environment(names: &[&str]) -> Environment {
        names.iter().map(|name| ((*name).to_owned(), format!("{}-secret", name.to_lowercase()))).collect()
    }

    #[test]
    fn a_file_becomes_apis_and_identities() {
        let file = read(SHOP).unwrap();
        let (name, api) = file.only_api().unwrap();
        assert_eq!(name, "shop");
        assert_eq!(api.layer.include.as_deref(), Some(&["orders".to_owned()][..]));
        assert_eq!(api.layer.time.unwrap().0.as_secs(), 90);
        let identities = api.identities(&environment(&["ALICE", "BOB"]), &[], &[]).unwrap();
        let sent = |who| identities.apply(&IdentityName::new(who), &Request::new("GET", "/")).unwrap();
        let alice = sent("alice");
        assert_eq!(alice.headers.text("authorization"), Some("Bearer alice-secret"));
        assert_eq!(alice.headers.text("cookie"), Some("sid=alice-secret; theme=dark"));
        assert_eq!(alice.headers.text("x-tenant"), Some("7"));
        assert_eq!(sent("bob").headers.text("authorization"), Some("Basic Ym9iOmJvYi1zZWNyZXQ="));
        assert_eq!(sent("bob").target_text(), "/?key=k");
    }

    #[test]
    fn only_an_identity_that_is_used_must_be_complete() {
        let api = read(SHOP).unwrap().apis.remove("shop").unwrap();
        let alice = IdentityName::new("alice");
        let identities = api.identities(&environment(&["ALICE"]), std::slice::from_ref(&alice), &[]).unwrap();
        assert_eq!(identities.names().map(IdentityName::as_str).collect::<Vec<_>>(), ["alice"]);
        let error = api.identities(&environment(&["BOB"]), &[alice], &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "gadfly.toml:10:18: `bearer` of identity \"alice\" needs the environment variable ALICE, which is not set; \
             export it, or write ${ALICE:-default}"
        );
    }

    #[test]
    fn headers_of_the_command_line_beat_those_of_the_file() {
        let api = read(SHOP).unwrap().apis.remove("shop").unwrap();
        let extra = ["x-tenant: 8".parse().unwrap()];
        let identities = api.identities(&Environment::new(), &[], &extra).unwrap();
        let sent = identities.apply(&IdentityName::new("anonymous"), &Request::new("GET", "/")).unwrap();
        let tenants: Vec<_> = sent.headers.iter().map(|header| header.value.clone()).collect();
        assert_eq!(tenants, ["8"]);
    }

    #[track_caller]
    fn check(text: &str, message: &str) {
        assert_eq!(read(text).unwrap_err().to_string(), message);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        check("[api.a]\nulr = 1", "gadfly.toml:2:1: unknown key `ulr` in [api.a]; did you mean `url`?");
        check("[apis.a]", "gadfly.toml:1:2: unknown key `apis` in the file; did you mean `api`?");
        check("[api.a]\nurl = 1", "gadfly.toml:2:7: `url` takes a string, not an integer");
        check("[api.a]\n  include = [1]", "gadfly.toml:2:14: `include` takes a string, not an integer");
        check("[api.a]\nproof = 0", "gadfly.toml:2:9: `proof` takes a number of repetitions: it must be at least 1");
        check("[api.a]\nraces = 1", "gadfly.toml:2:9: `races` takes true or false, not an integer");
        check("[api.a]\nrate = true", "gadfly.toml:2:8: `rate` takes a number of requests per second, not a boolean");
        check("[[api.a.link]]\nfrmo = 'x'", "gadfly.toml:2:1: unknown key `frmo` in a link; did you mean `from`?");
        check("[api.a]\nlink = 1", "gadfly.toml:2:8: `link` takes tables: [[api.NAME.link]]");
        check(
            "[[api.a.link]]\nto = 'GET /a'\ninto = 'path/id'",
            "gadfly.toml:1:1: a link needs `from` and `take`, or `none = true`",
        );
        check("[[api.a.link]]\nnone = 'x'", "gadfly.toml:2:8: `none` takes true or false, not a string");
        check("api = 3", "gadfly.toml:1:7: `api` takes a table, not an integer");
        check(
            "[api.a]\ntime = \"soon\"",
            "gadfly.toml:2:8: `time` takes a duration: \"soon\" is no duration; write 90s, 5m, 1h, 250ms or a number \
             of seconds",
        );
        check(
            "[api.a.identity.bob]\nbaerer = \"x\"",
            "gadfly.toml:2:1: unknown key `baerer` in identity \"bob\"; did you mean `bearer`?",
        );
        check("[api.a.identity.bob]\nbearer = \"${\"", "gadfly.toml:2:10: `${` without a `}` in \"${\"");
        check("[api.\"../up\"]", "gadfly.toml:1:6: \"../up\" can't name an API; use letters, digits, `-`, `_` and `.`");
        check(
            "[api.a.identity.anonymous]",
            "gadfly.toml:1:17: `anonymous` is always there and sends no credentials; choose another name",
        );
    }

    #[test]
    fn broken_toml_is_told_with_its_place() {
        let error = read("[api.a]\nurl = \"x").unwrap_err().to_string();
        assert!(error.starts_with("gadfly.toml:2:"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_value_can_not_smuggle_in_a_header() {
        let api = read(SHOP).unwrap().apis.remove("shop").unwrap();
        let environment = Environment::from([("ALICE".to_owned(), "x\r\nX-Admin: 1".to_owned())]);
        let error = api.identities(&environment, &[IdentityName::new("alice")], &[]).unwrap_err().to_string();
        assert!(error.contains("line break") && !error.contains("X-Admin"), "{error}");
    }

    #[test]
    fn the_file_is_found_upward_but_not_beyond_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("repository/a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(root.path().join(FILE_NAME), "[api.outside]").unwrap();
        assert!(File::discover(&inner).unwrap().api("outside").is_some());
        std::fs::create_dir(root.path().join("repository/.git")).unwrap();
        assert!(File::discover(&inner).unwrap().apis.is_empty());
        std::fs::write(root.path().join("repository").join(FILE_NAME), "[api.inside]").unwrap();
        assert!(File::discover(&inner).unwrap().api("inside").is_some());
    }

    #[track_caller]
    fn check_choice(text: &str, message: &str) {
        assert_eq!(read(text).unwrap().only_api().unwrap_err().to_string(), message);
    }

    #[test]
    fn an_api_must_be_named_if_there_are_several() {
        check_choice("[api.a]\n[api.b]", "several APIs are configured; name one of a, b");
        check_choice("", "no specification given; name a file or URL, or add [api.NAME] to gadfly.toml");
        assert_eq!(
            read("[api.shop]").unwrap().unknown("shpo").to_string(),
            "\"shpo\" is neither a file nor an API of gadfly.toml; configured are shop; did you mean `shop`?"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[api\\.a\\]\n)?\\PC*") {
            let _ = read(&text);
        }
    }
}
