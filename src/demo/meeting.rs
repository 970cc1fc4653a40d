//! Where two requests at once meet, so that a planted race shows each time and not by luck. Main type: [`Meeting`].
//!
//! A handler with a race has read what it will write over; it waits here until another one that is about the same thing
//! has read as well. One that nobody meets goes on after a moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a lone request waits: far longer than two that are written at once are apart, and short to a person.
const MOMENT: Duration = Duration::from_millis(50);

/// Those who wait, by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    waiting: Mutex<BTreeMap<String, Arc<Notify>>>,
}

impl Meeting {
    /// Waits for another one about this.
    pub(crate) async fn wait(&self, about: String) {
        let Some(here) = self.arrive(&about) else { return };
        if timeout(MOMENT, here.notified()).await.is_err() {
            self.leave(&about, &here);
        }
    }

    /// Calls whoever waits; with nobody there, the place at which to wait.
    fn arrive(&self, about: &str) -> Option<Arc<Notify>> {
        let mut waiting = self.waiting();
        if let Some(other) = waiting.remove(about) {
            other.notify_one();
            return None;
        }
        let here = Arc::new(Notify::new());
        waiting.insert(about.to_owned(), Arc::clone(&here));
        Some(here)
    }

    fn leave(&self, about: &str, here: &Arc<Notify>) {
        let mut waiting = self.waiting();
        if waiting.get(about).is_some_and(|other| Arc::ptr_eq(other, here)) {
            waiting.remove(about);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
