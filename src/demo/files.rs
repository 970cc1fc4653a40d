//! Uploaded files: listing, uploading, downloading, deleting.
//!
//! Handlers only. A caller sees the files it owns; an administrator sees all.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::bugs::Bug;
use super::call::{Call, Pairs};
use super::multipart::Part;
use super::reply::{self, Answer, Problem};
use super::state::{Account, File, Role, Shared, Store, file_id, stamp};
use super::validate::{self, Checked, Invalid};

const FIGURES: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) async fn list(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let query = call.query()?;
    let prefix = query.optional("prefix", |text| validate::length(text, 0, 40))?.unwrap_or_default();
    let limit = query.optional("limit", |text| validate::digits(text, 1, 50))?.unwrap_or(20);
    let start = cursor(&store, &query)?;
    let (limit, start) = (usize::try_from(limit).unwrap_or_default(), usize::try_from(start).unwrap_or(usize::MAX));
    let mut items: Vec<Value> = store.with(|data| {
        let files = data.files.iter().filter(|file| may_see(&caller, file) && file.name.starts_with(&prefix));
        files.skip(start).take(limit + 1).map(File::to_json).collect()
    });
    let next = (items.len() > limit).then(|| encode(start + limit));
    items.truncate(limit);
    reply::ok(&json!({ "items": items, "nextCursor": next }))
}

pub(crate) async fn upload(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let parts = call.multipart()?;
    if store.planted(Bug::EmptyFilename) && parts.iter().any(|part| part.filename.as_deref() == Some("")) {
        return Err(Problem::crash("index out of bounds: the len is 0 but the index is 0"));
    }
    let file = new_file(&parts)?;
    let file = store.with(|data| {
        data.files.insert(|key| File { id: file_id(key), owner: caller.id, created_at: stamp(key), ..file })
    });
    reply::created(&file.to_json())
}

pub(crate) async fn content(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    if store.planted(Bug::NulInFileId) && call.path_text("fileId").contains('\0') {
        reply::drop_connection();
    }
    let id = call.path("fileId", validate::uuid)?;
    let wanted = |file: &&File| file.id == id && may_see(&caller, file);
    let content = store.with(|data| {
        let file = data.files.iter().find(wanted).or_else(|| data.deleted.iter().find(wanted));
        file.map(|file| file.content.clone())
    });
    let content = content.ok_or_else(|| Problem::not_found("no such file"))?;
    Ok(reply::text(StatusCode::OK, "application/octet-stream", content))
}

pub(crate) async fn delete(State(store): State<Shared>, call: Call) -> Answer {
    let caller = store.caller(&call)?;
    let id = call.path("fileId", validate::uuid).map_err(|problem| {
        if store.planted(Bug::SqlText) {
            Problem::bad_request(
                "ERROR: invalid input syntax for type uuid (SQLSTATE 22P02)\n\
                 STATEMENT: DELETE FROM files WHERE id = $1 AND owner_id = $2",
            )
        } else {
            problem
        }
    })?;
    let wanted = |file: &File| file.id == id && may_see(&caller, file);
    let removed = store.with(|data| {
        let file = data.files.iter().find(|file| wanted(file)).cloned();
        if store.planted(Bug::DeletedContent) {
            data.deleted.extend(file);
            data.forget_oldest();
        }
        data.files.remove(wanted)
    });
    if removed { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(Problem::not_found("no such file")) }
}

impl File {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "folder": self.folder, "description": self.description,
            "size": self.content.len(), "createdAt": self.created_at,
        })
    }
}

fn may_see(caller: &Account, file: &File) -> bool {
    caller.role == Role::Admin || file.owner == caller.id
}

fn new_file(parts: &[Part]) -> Checked<File> {
    let known = |part: &Part| matches!(part.name.as_str(), "file" | "folder" | "description");
    if !parts.iter().all(known) {
        return Err(Invalid::rule("has a property that is not documented"));
    }
    let file = only(parts, "file")?.ok_or_else(|| Invalid::rule("is required").within("file"))?;
    let folder = text(parts, "folder", |text| {
        validate::pattern(text, 1, 32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    })?;
    let name = file.filename.as_deref().filter(|name| !name.is_empty());
    Ok(File {
        id: String::new(),
        owner: String::new(),
        name: name.unwrap_or("unnamed").to_owned(),
        folder: folder.unwrap_or_else(|| "inbox".to_owned()),
        description: text(parts, "description", |text| validate::length(text, 0, 200))?,
        content: file.content.clone(),
        created_at: String::new(),
    })
}

fn only<'a>(parts: &'a [Part], name: &str) -> Checked<Option<&'a Part>> {
    let mut named = parts.iter().filter(|part| part.name == name);
    let first = named.next();
    if named.next().is_some() { Err(Invalid::rule("must be sent once").within(name)) } else { Ok(first) }
}

fn text<T>(parts: &[Part], name: &str, check: impl FnOnce(&str) -> Checked<T>) -> Checked<Option<T>> {
    let Some(part) = only(parts, name)? else { return Ok(None) };
    let text = std::str::from_utf8(&part.content).map_err(|_| Invalid::rule("must be UTF-8"));
    text.and_then(check).map(Some).map_err(|invalid| invalid.within(name))
}

/// The position that a cursor stands for. A legal cursor that this server never made stands behind the last page.
fn cursor(store: &Store, query: &Pairs) -> Result<u32, Problem> {
    let cursor = query.optional("cursor", validate::cursor);
    if store.planted(Bug::BadCursor) && cursor.is_err() {
        return Err(Problem::crash("binascii.Error: incorrect padding"));
    }
    Ok(cursor?.map_or(0, |text| decode(&text)))
}

/// Four base64url figures, which hold 24 bits.
fn encode(position: usize) -> String {
    [18, 12, 6, 0].map(|shift| char::from(FIGURES[position >> shift & 63])).iter().collect()
}

fn decode(cursor: &str) -> u32 {
    let figure = |byte| FIGURES.iter().position(|figure| *figure == byte).and_then(|at| u32::try_from(at).ok());
    let position = cursor.bytes().try_fold(0_u32, |sum, byte| Some(sum.checked_mul(64)? | figure(byte)?));
    position.unwrap_or(u32::MAX)
}
