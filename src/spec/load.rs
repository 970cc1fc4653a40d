//! The steps from bytes to a specification, in their order. Main functions: [`load_file`], [`load_with`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::draft::{Draft, Remark};
use super::files::{self, Fetch, Source};
use super::note::{Note, Position};
use super::version::Version;
use super::{dialect, lift, locate, read, satisfiable, settle, text};
use crate::api::Api;

/// A specification as understood.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub api: Arc<Api>,
    /// What of an older version was read in the form of the newest, one note for each kind.
    pub lifted: Vec<Note>,
    /// What was assumed or skipped.
    pub notes: Vec<Note>,
}

/// A document that can't be used at all.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {}: {message}", self.place())]
pub struct Error {
    /// The file or URL as given.
    pub file: String,
    /// Where in the file, if known.
    pub position: Option<Position>,
    /// What is wrong, and how to mend it.
    pub message: String,
    /// Whether the file itself could not be read (it is missing, say).
    pub is_io: bool,
}

impl Error {
    /// The file, with line and column if they are known.
    fn place(&self) -> String {
        self.position.as_ref().map_or_else(|| self.file.clone(), Position::to_string)
    }
}

/// Reads a specification and the files it refers to.
pub fn load_file(path: &Path) -> Result<Loaded, Error> {
    let file = path.display().to_string();
    let bytes = Disk.fetch(path).map_err(|error| Error {
        file: file.clone(),
        position: None,
        message: format!("{error}; name a file that can be read"),
        is_io: true,
    })?;
    load(&file, bytes, &Disk)
}

/// Reads a specification that stands alone; `name` is used in messages.
pub fn load_bytes(name: &str, bytes: &[u8]) -> Result<Loaded, Error> {
    load_with(name, bytes, &Nothing)
}

/// Reads a specification, and with `fetch` the files it refers to; `name` is a path with `/`, or a URL.
pub fn load_with(name: &str, bytes: &[u8], fetch: &dyn Fetch) -> Result<Loaded, Error> {
    load(name, bytes.to_owned(), fetch)
}

fn load(name: &str, bytes: Vec<u8>, fetch: &dyn Fetch) -> Result<Loaded, Error> {
    let (text, decoded) = text::decode(bytes);
    let error = |message: String, place: Option<(usize, usize)>| Error {
        file: name.to_owned(),
        position: place.map(|(line, column)| Position { file: name.to_owned(), line, column }),
        message,
        is_io: false,
    };
    let parsed = text::parse(&text).map_err(|failure| error(failure.message, failure.place))?;
    let (version, spec_version, assumed) = Version::detect(&parsed.value).map_err(|message| error(message, None))?;
    let mut draft = Draft::new(parsed.value);
    draft.digits = parsed.digits;
    let told = decoded.map(str::to_owned).into_iter().chain(assumed).map(|message| (String::new(), message));
    for (at, message) in told.chain(parsed.remarks) {
        draft.notebook.assumed(&at, message);
    }
    if version == Version::V2 {
        draft.notebook.lifted(
            "/swagger",
            "Swagger 2.0 is read as OpenAPI 3: parameters in `body` and `formData` as request bodies, `collectionFormat` \
             as a style, `host` and `basePath` as a server",
        );
    }
    let sources = files::bundle(&mut draft, Source::root(name, text, parsed.is_json, version), fetch);
    if version == Version::V2 {
        lift::lift(&mut draft);
    } else {
        lift::mend(&mut draft);
    }
    let counting: Vec<&str> = sources.iter().filter(|s| s.keeps_siblings).map(|s| s.prefix.as_str()).collect();
    let keeps_siblings = |at: &str| counting.iter().any(|prefix| files::is_within(at, prefix));
    dialect::convert(&mut draft, &keeps_siblings);
    settle::settle(&mut draft);
    let lifted = notes(draft.notebook.take_lifts(), &sources);
    let api = read::api(draft.root, draft.digits, spec_version, &mut draft.notebook);
    satisfiable::check(&api.operations, &mut draft.notebook);
    Ok(Loaded { api: Arc::new(api), lifted, notes: notes(draft.notebook.remarks, &sources) })
}

/// The files of this machine.
struct Disk;

impl Fetch for Disk {
    /// Devices and pipes, which may have no end, are refused.
    fn fetch(&self, path: &Path) -> io::Result<Vec<u8>> {
        if std::fs::metadata(path)?.is_file() { std::fs::read(path) } else { Err(io::Error::other("it is no file")) }
    }
}

/// No files at all.
struct Nothing;

impl Fetch for Nothing {
    fn fetch(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Err(io::Error::other("the document was not read from a file"))
    }
}

/// Remarks by file. What is said at one place for several operations, since they share it, is said once for none.
fn shared(mut remarks: Vec<Remark>) -> Vec<Remark> {
    remarks.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    remarks.dedup_by(|next, kept| {
        let is_same = next.place == kept.place && next.message == kept.message;
        if is_same && next.operation != kept.operation {
            kept.operation = None;
        }
        is_same
    });
    remarks
}

/// Remarks with lines and columns, in the order of the files.
fn notes(remarks: Vec<Remark>, sources: &[Source]) -> Vec<Note> {
    let remarks = shared(remarks);
    let mut notes = Vec::with_capacity(remarks.len());
    for remarks in remarks.chunk_by(|a, b| a.place.file == b.place.file) {
        let Some(Source { name, text, is_json, .. }) = sources.get(remarks[0].place.file) else { continue };
        let places = locate::locate(text, *is_json, remarks.iter().map(|remark| remark.place.pointer.as_str()));
        notes.extend(remarks.iter().map(|remark| Note {
            level: remark.level,
            message: remark.message.clone(),
            pointer: remark.place.pointer.clone(),
            position: places.get(remark.place.pointer.as_str()).map(|(line, column)| Position {
                file: name.clone(),
                line: *line,
                column: *column,
            }),
            operation: remark.operation.clone(),
        }));
    }
    // Within a file by place; the sort is stable, so the files stay in the order of reading.
    let order =
        |note: &Note| sources.iter().position(|source| note.position.as_ref().is_some_and(|p| p.file == source.name));
    notes.sort_by_cached_key(|note| (order(note), note.position.as_ref().map(|p| (p.line, p.column))));
    notes
}
