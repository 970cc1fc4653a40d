//! Files below a folder. Main type: [`Directory`].

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Store;

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
        let mut file = tempfile::Builder::new().prefix(".gadfly-").suffix(".tmp").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        walk(&self.root, "", &mut keys)?;
        keys.retain(|key| key.starts_with(prefix));
        keys.sort();
        Ok(keys)
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        match std::fs::remove_file(self.checked(key)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Files below `folder`, as keys; dotfiles (our temporary files among them) are passed over.
fn walk(folder: &Path, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let key = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &key, keys)?;
        } else {
            keys.push(key);
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
}
