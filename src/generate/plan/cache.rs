//! What is made once per operation. Main type: [`Cache`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Plan;
use crate::api::{Operation, OperationId};
use crate::generate::user::UserValues;

/// How many operations are remembered: more than nearly all documents have. What is made is a pure function of its
/// operation, so what was dropped is made again alike.
const KEPT: usize = 8_192;

/// Values by operation.
pub(crate) struct Cache<T> {
    kept: Mutex<Kept<T>>,
}

/// The plans of the operations that are worked on, shared by the generators.
#[derive(Default)]
pub(crate) struct Plans {
    cache: Cache<Plan>,
    values: Arc<UserValues>,
}

struct Kept<T> {
    entries: BTreeMap<OperationId, Entry<T>>,
    clock: u64,
}

struct Entry<T> {
    operation: Arc<Operation>,
    value: Arc<T>,
    used: u64,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { kept: Mutex::new(Kept { entries: BTreeMap::new(), clock: 0 }) }
    }
}

impl<T> Cache<T> {
    /// The operation's value, made if need be.
    pub(crate) fn of(&self, operation: &Arc<Operation>, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = self.known(operation) {
            return value;
        }
        // Made without the lock: two threads may make the same value twice, and it is the same.
        let value = Arc::new(make());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.len() >= KEPT {
            let oldest = kept.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(id, _)| id.clone());
            oldest.map(|id| kept.entries.remove(&id));
        }
        kept.clock += 1;
        let entry = Entry { operation: Arc::clone(operation), value: Arc::clone(&value), used: kept.clock };
        kept.entries.insert(operation.id.clone(), entry);
        value
    }

    fn known(&self, operation: &Arc<Operation>) -> Option<Arc<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let used = kept.clock;
        let entry = kept.entries.get_mut(&operation.id)?;
        // Another document may have an operation of the same name.
        if !Arc::ptr_eq(&entry.operation, operation) {
            return None;
        }
        entry.used = used;
        Some(Arc::clone(&entry.value))
    }
}

impl Plans {
    /// Plans with what the user has to say.
    pub(crate) fn new(values: Arc<UserValues>) -> Self {
        Self { cache: Cache::default(), values }
    }

    /// The operation's plan.
    pub(crate) fn plan(&self, operation: &Arc<Operation>) -> Arc<Plan> {
        self.cache.of(operation, || Plan::with_values(operation, &self.values))
    }
}
