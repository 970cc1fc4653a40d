//! Files below a folder. Main type: [`Directory`].

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Store;

/// How the name of a file begins and ends that is not whole yet.
const UNFINISHED: (&str, &str) = (".gadfly-", ".tmp");
/// Whether a file is locked while it is written. On Windows nobody could read it at the moment in which it is whole.
const LOCKS: bool = cfg!(unix);

/// A folder; keys are relative paths with `/`.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The file that a key stands for.
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn checked(&self, key: &str) -> io::Result<PathBuf> {
        let odd = key.is_empty() || key.starts_with('/') || key.split('/').any(|part| part == ".." || part.is_empty());
        if odd {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("not a key of a store: {key:?}")));
        }
        Ok(self.root.join(key))
    }
}

impl Store for Directory {
    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.checked(key)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.checked(key)?;
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        // A temporary file in the same folder, synced, then renamed over the target: a reader sees the old
        // bytes or the new ones, whenever the process is killed.
        let mut file = unfinished(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        walk(&self.root, "", &mut keys)?;
        keys.retain(|key| key.starts_with(prefix) && !name(key).starts_with('.'));
        keys.sort();
        Ok(keys)
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        match std::fs::remove_file(self.checked(key)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sweep(&self) {
        let mut keys = Vec::new();
        // Best effort: what can't be listed or removed harms nobody, and is told where it is read or written.
        _ = walk(&self.root, "", &mut keys);
        let is_unfinished = |key: &&String| name(key).starts_with(UNFINISHED.0) && key.ends_with(UNFINISHED.1);
        for path in keys.iter().filter(is_unfinished).map(|key| self.path(key)) {
            // Only its writer holds the lock, and the system lets go of it when that is killed.
            let abandoned = File::open(&path).ok().filter(|file| LOCKS && file.try_lock().is_ok());
            if abandoned.is_some() {
                _ = std::fs::remove_file(&path);
            }
        }
    }
}

/// A new file that [`Store::sweep`] of another process leaves alone as long as it is open.
fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(UNFINISHED.0).suffix(UNFINISHED.1).tempfile_in(folder)?;
        // Where files can't be locked, nobody takes this one for abandoned either.
        let is_locked = LOCKS && file.as_file().lock().is_ok();
        // It was not locked for a moment, in which somebody may have removed it.
        if !is_locked || file.path().exists() {
            return Ok(file);
        }
    }
}

/// The last part of a key.
fn name(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// Files below `folder` as keys, hidden ones too; no hidden folder is entered.
fn walk(folder: &Path, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_hidden = name.starts_with('.');
        let key = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // A file that is not finished may be gone by now, so nothing more is asked about it.
        if is_hidden || !entry.file_type()?.is_dir() {
            keys.push(key);
        } else {
            walk(&entry.path(), &key, keys)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    fn check(store: &dyn Store) {
        assert_eq!(store.get("a/b.json").unwrap(), None);
        store.put("a/b.json", b"1").unwrap();
        store.put("a/b.json", b"2").unwrap();
        store.put("c.json", b"3").unwrap();
        assert_eq!(store.get("a/b.json").unwrap().as_deref(), Some(&b"2"[..]));
        assert_eq!(store.list("").unwrap(), ["a/b.json", "c.json"]);
        assert_eq!(store.list("a/").unwrap(), ["a/b.json"]);
        store.delete("a/b.json").unwrap();
        store.delete("a/b.json").unwrap();
        assert_eq!(store.list("").unwrap(), ["c.json"]);
    }

    #[test]
    fn both_stores_keep_the_same_promises() {
        check(&Memory::default());
        let folder = tempfile::tempdir().unwrap();
        check(&Directory::new(folder.path()));
    }

    #[test]
    fn keys_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path().join("inner"));
        for key in ["../x", "/x", "a//b", ""] {
            assert!(store.put(key, b"x").is_err(), "{key:?} must be refused");
        }
    }

    #[test]
    fn a_temporary_file_left_by_a_kill_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".gadfly-abc.tmp"), b"half").unwrap();
        assert!(Directory::new(folder.path()).list("").unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_kill_left_is_swept_and_what_somebody_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path());
        store.put("a/b.json", b"1").unwrap();
        let [left, hidden] = ["a/.gadfly-abc.tmp", "a/.other.tmp"].map(|key| store.path(key));
        std::fs::write(&left, b"half").unwrap();
        std::fs::write(&hidden, b"not ours").unwrap();
        let written = unfinished(&folder.path().join("a")).unwrap();
        store.sweep();
        assert_eq!(
            [&*left, &hidden, written.path(), &store.path("a/b.json")].map(Path::exists),
            [false, true, true, true]
        );
        // As a kill leaves it: the file is there, and nobody has it open.
        let path = written.into_temp_path();
        store.sweep();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_swept_in_peace() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path().join("absent"));
        store.sweep();
        assert!(!store.root().exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_writer_beside_a_sweep_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path());
        std::thread::scope(|scope| {
            let sweeping = scope.spawn(|| (0..2_000).for_each(|_| store.sweep()));
            (0..200).for_each(|number: u32| store.put("a.json", &number.to_le_bytes()).unwrap());
            sweeping.join().unwrap();
        });
        assert_eq!(store.get("a.json").unwrap().unwrap(), 199_u32.to_le_bytes());
    }
}
