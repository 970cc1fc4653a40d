//! Keeping small files by key, so that a kill at any moment leaves no half file.
//!
//! Main type: trait [`Store`], with a directory and a memory implementation. It knows nothing of what it keeps.

mod directory;
mod memory;
mod problem;

use std::io;

pub use self::directory::Directory;
pub use self::memory::Memory;
pub use self::problem::Problem;

/// Keeps bytes under a key such as `demo/get-orders.json`.
pub trait Store: Send + Sync {
    /// The bytes under this key, or `None`.
    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>>;
    /// Writes whole or not at all, replacing what was there.
    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()>;
    /// All keys that begin with `prefix`, sorted.
    fn list(&self, prefix: &str) -> io::Result<Vec<String>>;
    /// Removes the key; no error if it is absent.
    fn delete(&self, key: &str) -> io::Result<()>;
    /// Removes what a process left half written when it was killed; others may be writing meanwhile. A store that never
    /// holds half a file has nothing to remove.
    fn sweep(&self) {}
}
