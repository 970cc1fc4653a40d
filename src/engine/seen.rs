//! Which requests were sent already, in bounded memory. Main type: [`Seen`].

/// Slots of the table: 2^18 of 8 bytes, 2 MiB.
const SLOTS: usize = 1 << 18;

/// A lossy set of hashes: an old entry is forgotten when a new one needs its slot, so a request may be sent twice
/// after a long while, and never is one left out that was not sent.
#[derive(Debug)]
pub(super) struct Seen {
    slots: Vec<u64>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { slots: vec![0; SLOTS] }
    }

    /// Whether the hash is new; remembers it.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        // Zero marks an empty slot.
        let hash = hash | 1;
        let slot = &mut self.slots[(hash >> 32) as usize % SLOTS];
        let is_new = *slot != hash;
        *slot = hash;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_known() {
        let mut seen = Seen::new();
        assert!(seen.insert(0xdead_beef_0000_0002));
        assert!(!seen.insert(0xdead_beef_0000_0002));
        assert!(seen.insert(0xdead_beee_0000_0002));
    }
}
