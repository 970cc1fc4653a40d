//! What a document refers to is brought into it. Main function: [`bundle`], main trait: [`Fetch`].
//!
//! Files are read as they are reached and stand below [`FILES`] in the draft, each under its path relative to the
//! document's folder. Afterwards every `$ref` is local, and every referenced value has a kind. URLs are not fetched.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::anchors::Anchors;
use super::draft::{Draft, FILES, Notebook};
use super::kind::Kind;
use super::text::{self, Parsed};
use super::version::Version;
use crate::schema::{Digits, escape_token};

/// How many files a document may consist of; more is a loop of our own or an attack.
const MAX_FILES: usize = 4096;
/// How big all of them may be together.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Reads the files that a document refers to.
pub trait Fetch {
    /// The bytes of a file, named relative to where the document itself was named.
    fn fetch(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// One file that was read.
pub(super) struct Source {
    /// As the user would name it.
    pub(super) name: String,
    pub(super) text: String,
    /// Whether that is JSON.
    pub(super) is_json: bool,
    /// Where it stands in the draft.
    pub(super) prefix: String,
    /// Whether keywords beside a `$ref` count in it.
    pub(super) keeps_siblings: bool,
}

impl Source {
    /// The document itself.
    pub(super) fn root(name: &str, text: String, is_json: bool, version: Version) -> Self {
        Self { name: name.to_owned(), text, is_json, prefix: String::new(), keeps_siblings: version.keeps_siblings() }
    }
}

/// Whether a pointer leads into the file with this prefix; all other files stand apart from the root.
pub(super) fn is_within(at: &str, prefix: &str) -> bool {
    match prefix {
        "" => !at.strip_prefix('/').is_some_and(|rest| rest.starts_with(FILES)),
        _ => at.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// Brings everything into the draft that it refers to; the root is the first source.
pub(super) fn bundle(draft: &mut Draft, root: Source, fetch: &dyn Fetch) -> Vec<Source> {
    let (folder, file) = root.name.rsplit_once('/').map_or(("", root.name.as_str()), |(folder, file)| (folder, file));
    let mut bundler = Bundler {
        folder: folder.to_owned(),
        is_rooted: root.name.contains('/'),
        fetch,
        files: vec![File { key: file.to_owned(), anchors: Anchors::of(&root.text, &draft.root), value: None }],
        keys: BTreeMap::from([(file.to_owned(), Ok(0))]),
        bytes: root.text.len(),
        sources: vec![root],
        found: Vec::new(),
        digits: Digits::default(),
    };
    bundler.run(draft);
    draft.digits.extend(bundler.digits);
    bundler.sources
}

struct File {
    /// Its path relative to the document's folder.
    key: String,
    anchors: Anchors,
    /// What it says, until it is put into the draft.
    value: Option<Value>,
}

impl File {
    /// Where it stands in the draft.
    fn prefix(&self, index: usize) -> String {
        if index == 0 { String::new() } else { format!("/{FILES}/{}", escape_token(&self.key)) }
    }
}

struct Bundler<'a> {
    folder: String,
    is_rooted: bool,
    fetch: &'a dyn Fetch,
    files: Vec<File>,
    /// The number of each file that was tried, or why it can't be read.
    keys: BTreeMap<String, Result<usize, String>>,
    bytes: usize,
    sources: Vec<Source>,
    /// Targets that were met on the current walk.
    found: Vec<(String, Kind)>,
    /// The integers that the values of the files can't hold.
    digits: Digits,
}

impl Bundler<'_> {
    fn run(&mut self, draft: &mut Draft) {
        let mut pending = VecDeque::from([(String::new(), Kind::Document)]);
        let mut known = BTreeSet::new();
        while let Some((at, kind)) = pending.pop_front() {
            let file = draft.notebook.place(&at).file;
            draft.walk_region(&at, kind, &mut |kind, at, value, notebook| self.visit(file, kind, at, value, notebook));
            self.settle_files(draft);
            for (target, kind) in std::mem::take(&mut self.found) {
                // Many references share a target, and what is told of it the first time holds for all of them.
                if !known.insert(target.clone()) {
                    continue;
                }
                let is_new = draft.kind_at(&target) == Kind::Data && draft.root.pointer(&target).is_some();
                if is_new && !draft.regions.contains_key(&target) {
                    draft.regions.insert(target.clone(), kind);
                    pending.push_back((target, kind));
                }
            }
        }
    }

    /// Puts the files that were read on a walk into the draft, which is borrowed during it.
    fn settle_files(&mut self, draft: &mut Draft) {
        for (index, file) in self.files.iter_mut().enumerate() {
            let (Some(value), Value::Object(root)) = (file.value.take(), &mut draft.root) else { continue };
            draft.notebook.file(file.prefix(index), index);
            let files = root.entry(FILES).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(files) = files {
                files.insert(file.key.clone(), value);
            }
        }
    }

    fn visit(&mut self, file: usize, kind: Kind, at: &str, value: &mut Value, notebook: &mut Notebook) {
        let Value::Object(map) = value else { return };
        if kind.may_refer() {
            for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
                let is_due = key == "$ref" || kind == Kind::Schema;
                if let Some(Value::String(reference)) = map.get(key).filter(|_| is_due) {
                    let target = self.resolve(file, kind, at, reference, notebook);
                    map.insert(key.to_owned(), target.into());
                }
            }
        }
        if kind == Kind::Schema {
            dynamic_to_static(map);
            self.mapping(file, at, map, notebook);
        }
    }

    /// `discriminator.mapping` holds references, or names of components.
    fn mapping(&mut self, file: usize, at: &str, map: &mut Map<String, Value>, notebook: &mut Notebook) {
        let mapping = map.get_mut("discriminator").and_then(|d| d.get_mut("mapping")).and_then(Value::as_object_mut);
        for target in mapping.into_iter().flat_map(|mapping| mapping.values_mut()) {
            let Some(reference) = target.as_str().filter(|text| text.contains(['#', '/', '.'])) else { continue };
            *target = self.resolve(file, Kind::Schema, at, reference, notebook).into();
        }
    }

    /// A reference as it stands in a file, as one into the draft.
    fn resolve(&mut self, file: usize, kind: Kind, at: &str, reference: &str, notebook: &mut Notebook) -> String {
        if reference.strip_prefix("#/").is_some_and(|rest| rest.starts_with(FILES)) {
            return reference.to_owned();
        }
        match self.target(file, at, reference) {
            Ok(target) => {
                let local = format!("#{}", encoded(&target));
                self.found.push((target, kind));
                local
            }
            Err(why) => {
                notebook.lost(kind, at, format!("`$ref: {reference}` {why}"));
                // What is left leads nowhere, which is dealt with when all references are known.
                format!("#/{FILES}//{}", encoded(&escape_token(reference)))
            }
        }
    }

    /// The pointer in the draft that a reference of a file leads to.
    fn target(&mut self, file: usize, at: &str, reference: &str) -> Result<String, String> {
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let (name, fragment) = (decoded(name.trim()), decoded(fragment));
        if let Some(pointer) = self.files[file].anchors.identified(&name) {
            let base = format!("{}{pointer}", self.files[file].prefix(file));
            return Ok(format!("{base}{fragment}"));
        }
        let index = if name.is_empty() { file } else { self.file(file, &name)? };
        let target = &self.files[index];
        let prefix = target.prefix(index);
        if fragment.is_empty() || fragment.starts_with('/') {
            let within = at.strip_prefix(&prefix).filter(|_| index == file && name.is_empty());
            let base = within.map(|within| target.anchors.base(within, &fragment)).unwrap_or_default();
            return Ok(format!("{prefix}{base}{fragment}"));
        }
        match target.anchors.named(&fragment) {
            Some(pointer) => Ok(format!("{prefix}{pointer}")),
            None => Ok(format!("{prefix}/{fragment}")),
        }
    }

    /// The number of the file that a name in another file means.
    fn file(&mut self, from: usize, name: &str) -> Result<usize, String> {
        if name.contains("://") {
            return Err("is a URL; nothing is fetched, and what it describes is taken to be anything".to_owned());
        }
        if name.starts_with(['/', '\\']) {
            return Err("is an absolute path; write it relative to the file that it stands in".to_owned());
        }
        let folder = self.files[from].key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = normalised(&format!("{folder}/{}", name.replace('\\', "/")));
        if let Some(known) = self.keys.get(&key) {
            return known.clone();
        }
        let read = self.read(&key).map_err(|error| format!("can't be read ({error}); it is taken to be anything"));
        self.keys.insert(key, read.clone());
        read
    }

    fn read(&mut self, key: &str) -> Result<usize, String> {
        if self.files.len() >= MAX_FILES {
            return Err(format!("the document has more than {MAX_FILES} files"));
        }
        let root = if self.folder.starts_with('/') || self.folder.is_empty() && self.is_rooted { "/" } else { "" };
        let name = format!("{root}{}", normalised(&format!("{}/{key}", self.folder)));
        let bytes = self.fetch.fetch(Path::new(&name)).map_err(|error| error.to_string())?;
        self.bytes += bytes.len();
        if self.bytes > MAX_BYTES {
            return Err(format!("the document's files hold more than {MAX_BYTES} bytes"));
        }
        let text = text::decode(bytes).0;
        let Parsed { value, digits, is_json, .. } = text::parse(&text).map_err(|failure| failure.message)?;
        self.digits.extend(digits);
        let keeps_siblings = self.keeps_siblings(&value);
        let file = File { key: key.to_owned(), anchors: Anchors::of(&text, &value), value: Some(value) };
        self.sources.push(Source { name, text, is_json, prefix: file.prefix(self.files.len()), keeps_siblings });
        self.files.push(file);
        Ok(self.files.len() - 1)
    }

    /// A file has its own version if it is a whole document, or a schema that names its dialect.
    fn keeps_siblings(&self, value: &Value) -> bool {
        let dialect = value.get("$schema").and_then(Value::as_str);
        let is_document = ["openapi", "swagger"].iter().any(|key| value.get(*key).is_some());
        match (dialect, Version::detect(value)) {
            (Some(dialect), _) => ["2019-09", "2020-12"].iter().any(|draft| dialect.contains(draft)),
            (None, Ok((version, ..))) if is_document => version.keeps_siblings(),
            _ => self.sources[0].keeps_siblings,
        }
    }
}

/// Dynamic references lead to their own document's anchor: no document was found that needs more.
fn dynamic_to_static(map: &mut Map<String, Value>) {
    for key in ["$dynamicRef", "$recursiveRef"] {
        if let Some(reference) = map.shift_remove(key)
            && !map.contains_key("$ref")
        {
            map.insert("$ref".into(), reference);
        }
    }
}

/// A relative path without `.`, and without `..` where that is possible.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A pointer as it may stand in a fragment: what would be decoded is encoded.
fn encoded(pointer: &str) -> String {
    pointer.replace('%', "%25")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_their_text() {
        for (path, expected) in
            [("/a.yaml", "a.yaml"), ("x/./y/../a.yaml", "x/a.yaml"), ("x/../../a", "../a"), ("../../a", "../../a")]
        {
            assert_eq!(normalised(path), expected);
        }
    }
}
