//! Bounds on what is read and kept, so that no answer can exhaust us. Main type: [`Limits`].

/// How much of an answer is read and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a status line with its header fields, and of all interim answers before it.
    pub head: usize,
    /// Bytes of a body that are kept; further ones are counted.
    pub kept: usize,
    /// Bytes of a body that are read; then the connection is given up.
    pub read: u64,
    /// Connections kept open between requests.
    pub idle: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 << 10, kept: 1 << 20, read: 16 << 20, idle: 128 }
    }
}

/// How many bytes of a broken answer are shown with its fault.
pub(super) const PARTIAL: usize = 16 << 10;
