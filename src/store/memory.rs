//! Files that are held in memory, for tests. Main type: [`Memory`].

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use super::Store;

/// In memory, for tests.
#[derive(Debug, Default)]
pub struct Memory {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Memory {
    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.entries().get(key).cloned())
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.entries().insert(key.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        Ok(self.entries().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        self.entries().remove(key);
        Ok(())
    }
}
