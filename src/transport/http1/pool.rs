//! Connections that wait for their next request. Main type: [`Pool`]. It opens none itself.

use std::sync::{Mutex, PoisonError};

use super::connection::Connection;

/// Idle connections, last in, first out: the one used last is the least likely to have been closed meanwhile.
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    capacity: usize,
}

impl Pool {
    pub(super) fn new(capacity: usize) -> Self {
        Self { idle: Mutex::default(), capacity }
    }

    /// A connection on which nothing came while it was idle; others are dropped.
    pub(super) fn take(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Keeps the connection unless there are enough.
    pub(super) fn put(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.capacity {
            idle.push(connection);
        }
    }
}
