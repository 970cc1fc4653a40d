//! What is remembered of a target's lives: who may be behind a death or a report. Main types: [`Past`], [`UnderWay`].
//! It sends nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::alarm::Alarms;
use super::execute::Execution;
use super::supervised::Errand;
use super::written;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::wire::Id;

/// How many of the last scenarios are remembered: a process may die a while after an answer, and what it writes may be read
/// a while after it was written.
const MOST_RECENT: usize = 400;
/// How many deaths wait to be looked into.
const MOST_FALLS: usize = 8;

/// A death that no scenario under way accounts for, with the last ones before it, the oldest first.
pub type Fall = Vec<(Scenario, Seed)>;

/// A scenario that was carried out, and the ids of its requests where they have some.
#[derive(Clone)]
pub(super) struct Recent {
    pub(super) errand: Arc<Errand>,
    pub(super) ids: Vec<Id>,
}

#[derive(Default)]
pub(super) struct Past {
    /// Carried out in this life, the oldest first.
    pub(super) recent: VecDeque<Recent>,
    /// Whether nothing was sent to this process yet.
    pub(super) is_fresh: bool,
    /// Whether the one that died last is accounted for.
    pub(super) is_explained: bool,
    /// Deaths whose lost scenarios are not all carried out once more, by the number of the life.
    pub(super) open: BTreeMap<u32, Inquiry>,
    /// The last life whose death was looked at.
    pub(super) begun: u32,
    pub(super) falls: VecDeque<Fall>,
    pub(super) alarms: Alarms,
    /// Why the process could not be started anew.
    pub(super) trouble: Option<String>,
}

#[derive(Default)]
pub(super) struct Inquiry {
    recent: Fall,
    pub(super) lost: usize,
    has_begun: bool,
    is_explained: bool,
}

impl Recent {
    pub(super) fn of(errand: &Arc<Errand>, execution: &Execution) -> Self {
        Self { errand: Arc::clone(errand), ids: written::ids(execution, errand.run_id.as_ref()) }
    }

    /// One of which nobody knows how far it got.
    fn unseen(errand: &Arc<Errand>) -> Self {
        Self { errand: Arc::clone(errand), ids: Vec::new() }
    }
}

/// One that is under way. Whoever carries it out may be dropped; it may be behind what becomes of the process all the same.
pub(super) struct UnderWay<'a> {
    past: &'a Mutex<Past>,
    errand: &'a Arc<Errand>,
    /// The life in which it was lost, if it was.
    lost_in: Option<u32>,
    is_over: bool,
}

impl<'a> UnderWay<'a> {
    pub(super) fn new(past: &'a Mutex<Past>, errand: &'a Arc<Errand>) -> Self {
        Self { past, errand, lost_in: None, is_over: false }
    }

    /// It was carried out.
    pub(super) fn remember(mut self, execution: &Execution) {
        self.is_over = true;
        self.past().remember(Recent::of(self.errand, execution));
    }

    /// It could not be sent.
    pub(super) fn forget(&mut self) {
        self.is_over = true;
    }

    /// It was lost with the process of this life.
    pub(super) fn lose(&mut self, life: u32) {
        self.lost_in = Some(life);
        self.past().open.entry(life).or_default().lost += 1;
    }

    /// One that was lost is settled.
    pub(super) fn settle(mut self, is_culprit: bool) {
        self.is_over = true;
        let innocent = (!is_culprit).then(|| self.errand.as_sent());
        self.lost_in.into_iter().for_each(|life| self.past().resolve(life, innocent.clone()));
    }

    fn past(&self) -> MutexGuard<'a, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        match self.lost_in {
            _ if self.is_over => {}
            Some(life) => self.past().resolve(life, Some(self.errand.as_sent())),
            None => self.past().remember(Recent::unseen(self.errand)),
        }
    }
}

impl Past {
    pub(super) fn remember(&mut self, recent: Recent) {
        if self.recent.len() >= MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(recent);
    }

    /// The last ones, which may be behind a death; the oldest first.
    pub(super) fn suspects(&self) -> Fall {
        self.recent.iter().map(|recent| recent.errand.as_sent()).collect()
    }

    /// The process of this life is found dead. Whoever finds it may be dropped before there is another one.
    pub(super) fn begin_inquiry(&mut self, life: u32) {
        if std::mem::replace(&mut self.begun, life) == life || std::mem::take(&mut self.is_explained) {
            return;
        }
        let suspects = self.suspects();
        self.recent.clear();
        let inquiry = self.open.entry(life).or_default();
        // Those that were lost came last.
        let lost = std::mem::take(&mut inquiry.recent);
        inquiry.recent = suspects.into_iter().chain(lost).collect();
        inquiry.has_begun = true;
        self.conclude(life);
    }

    /// One that was lost in this life is settled: it is the culprit, or an innocent one is given.
    pub(super) fn resolve(&mut self, life: u32, innocent: Option<(Scenario, Seed)>) {
        let Some(inquiry) = self.open.get_mut(&life) else { return };
        inquiry.lost = inquiry.lost.saturating_sub(1);
        inquiry.is_explained |= innocent.is_none();
        inquiry.recent.extend(innocent);
        self.conclude(life);
    }

    /// Lets go of the deaths that were noticed when there were so many already.
    pub(super) fn forget_falls_after(&mut self, number: usize) {
        self.falls.truncate(number);
    }

    fn conclude(&mut self, life: u32) {
        if !self.open.get(&life).is_some_and(|inquiry| inquiry.has_begun && inquiry.lost == 0) {
            return;
        }
        let Some(inquiry) = self.open.remove(&life) else { return };
        if !inquiry.is_explained {
            self.fall(inquiry.recent);
        }
    }

    pub(super) fn fall(&mut self, fall: Fall) {
        if self.falls.len() < MOST_FALLS {
            self.falls.push_back(fall);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(seed: u64) -> (Scenario, Seed) {
        (Scenario::plain(Vec::new()), Seed::new(seed))
    }

    fn recent(seed: u64) -> Recent {
        let (scenario, fresh) = one(seed);
        let errand = Errand { scenario, whole: None, fresh, pause: std::time::Duration::ZERO, run_id: None };
        Recent { errand: Arc::new(errand), ids: Vec::new() }
    }

    /// The seeds of the scenarios in each fall.
    fn falls(past: &Past) -> Vec<Vec<u64>> {
        past.falls.iter().map(|fall| fall.iter().map(|(_, fresh)| fresh.number()).collect()).collect()
    }

    /// A life in which 1 and 2 were carried out.
    fn past() -> Past {
        let mut past = Past::default();
        past.remember(recent(1));
        past.remember(recent(2));
        past
    }

    #[test]
    fn a_death_without_a_culprit_is_looked_into() {
        let mut past = past();
        past.begin_inquiry(1);
        assert_eq!(falls(&past), [[1, 2]]);
        assert!(past.recent.is_empty() && past.open.is_empty());
    }

    #[test]
    fn those_that_were_lost_are_waited_for() {
        let mut past = past();
        past.open.entry(1).or_default().lost += 2;
        past.resolve(1, Some(one(3)));
        past.begin_inquiry(1);
        assert!(past.falls.is_empty());
        past.resolve(1, Some(one(4)));
        assert_eq!(falls(&past), [[1, 2, 3, 4]]);
    }

    #[test]
    fn a_culprit_explains_the_death_of_all() {
        let mut past = past();
        past.open.entry(1).or_default().lost += 2;
        past.begin_inquiry(1);
        past.resolve(1, None);
        past.resolve(1, Some(one(3)));
        assert!(past.falls.is_empty() && past.open.is_empty());
    }

    #[test]
    fn a_death_that_was_seen_alone_needs_no_inquiry() {
        let mut past = past();
        past.is_explained = true;
        past.begin_inquiry(1);
        assert!(past.falls.is_empty());
        past.begin_inquiry(2);
        assert_eq!(falls(&past).len(), 1, "only that one was explained");
    }

    #[test]
    fn one_death_is_looked_at_once_however_often_a_start_is_tried() {
        let mut past = past();
        past.is_explained = true;
        past.begin_inquiry(1);
        past.begin_inquiry(1);
        assert!(past.falls.is_empty());
        past.remember(recent(3));
        past.begin_inquiry(2);
        past.begin_inquiry(2);
        assert_eq!(falls(&past), [[1, 2, 3]]);
    }

    #[test]
    fn what_is_dropped_halfway_is_suspected_and_not_waited_for() {
        let past = Mutex::new(past());
        let dropped = recent(3).errand;
        drop(UnderWay::new(&past, &dropped));
        let lost = recent(4).errand;
        let mut under_way = UnderWay::new(&past, &lost);
        under_way.lose(1);
        past.lock().unwrap().begin_inquiry(1);
        assert!(past.lock().unwrap().falls.is_empty(), "it is waited for");
        drop(under_way);
        assert_eq!(falls(&past.lock().unwrap()), [[1, 2, 3, 4]]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut past = Past::default();
        for seed in 0..500 {
            past.remember(recent(seed));
            past.fall(vec![one(seed)]);
        }
        assert_eq!((past.recent.len(), past.falls.len()), (MOST_RECENT, MOST_FALLS));
        assert_eq!(past.recent[0].errand.fresh.number(), 500 - MOST_RECENT as u64);
        past.begin_inquiry(1);
        assert_eq!((past.suspects().len(), past.falls.len()), (0, MOST_FALLS));
    }
}
