//! One operation in a run: its generators, its feedback, its figures. Main type: [`Lane`].
//!
//! It draws cases one after the other; whose turn it is, and who sends them, is decided by the planner.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ahead::Ahead;
use super::arm::{Arm, Drawn, Interest, Making, STRIDE};
use super::bind::Binder;
use super::foreign::touches;
use super::ruin::is_ruinous;
use super::seen::Seen;
use super::{Account, Glimpse};
use crate::api::{Operation, OperationId};
use crate::generate::Generators;
use crate::oracle;
use crate::resource::Role;
use crate::scenario::{Case, GeneratorId};
use crate::seed::Seed;
use crate::wire::FaultKind;

/// The largest weight of a lane, as a multiple of the smallest.
const MAX_WEIGHT: u64 = 6;
/// For how many turns an operation rests after its first timeout, twice as many after the second, and so on: a case that
/// times out costs as much time as thousands of others.
const REST: u64 = 20;
/// After so many deaths of the target's process an operation is set aside: each costs two starts of it at least.
const MOST_DEATHS: u64 = 6;
/// How many cases of one operation are sent once more because the target was busy.
const REPEATS: u32 = 16;
/// After so many of an operation's waits that were answered in time, its waits are nothing special.
const SHORT_WAITS: u32 = 3;
/// How many turns of an operation are valid requests only, until one succeeds.
const FIRST: u64 = 6;

/// What became of one operation so far.
#[derive(Clone, Debug)]
pub struct LaneReport {
    /// The operation.
    pub operation: OperationId,
    /// Requests that were folded.
    pub requests: u64,
    /// Outcomes by status or fault.
    pub outcomes: BTreeMap<String, u64>,
    /// Whether it answered 2xx at least once.
    pub reached: bool,
    /// What the last valid request was told, as long as none succeeded.
    pub said: Option<String>,
    /// The number of the request that it answered so first, among all that were folded.
    pub reached_at: Option<u64>,
}

/// One operation and its generators.
pub(super) struct Lane {
    pub(super) operation: Arc<Operation>,
    pub(super) report: LaneReport,
    /// Whose turn it is: the lane that is least far.
    pub(super) pass: u64,
    arms: Vec<Arm>,
    interest: Interest,
    timeouts: u64,
    deaths: u64,
    /// Made when the operation's first answer comes in.
    account: Option<Account>,
    pub(super) binder: Binder,
    /// How many cases were drawn, and how often valid ones were asked for in vain.
    drawn: u64,
    /// How often the usual case was drawn.
    usuals: u64,
    pub(super) refills: u32,
    /// Whether it may ruin the target for everything else, and so waits for the end.
    pub(super) is_ruinous: bool,
    /// Whether it ends the thing that its path names, or empties or resets it.
    pub(super) touches: bool,
    /// Whether its requests may ask the target to wait.
    pub(super) may_wait: bool,
    /// How many of its cases were sent once more.
    repeats: u32,
    /// How many long waits in a row were answered in time.
    short_waits: u32,
}

impl Lane {
    /// A lane that has not begun: what its operation asks for is looked at when its first turn comes, since a document
    /// may have a thousand of them.
    pub(super) fn new(operation: Arc<Operation>, role: Option<&Role>) -> Self {
        let report = LaneReport {
            operation: operation.id.clone(),
            requests: 0,
            outcomes: BTreeMap::new(),
            reached: false,
            said: None,
            reached_at: None,
        };
        let is_ruinous = is_ruinous(&operation, role);
        let may_wait = oracle::may_wait(&operation);
        let touches = touches(&operation.method, &operation.path);
        Self {
            operation,
            report,
            pass: 0,
            arms: Vec::new(),
            interest: Interest::default(),
            timeouts: 0,
            deaths: 0,
            account: None,
            binder: Binder::new(role),
            drawn: 0,
            usuals: 0,
            refills: 0,
            is_ruinous,
            touches,
            may_wait,
            repeats: 0,
            short_waits: 0,
        }
    }

    /// The operation's part.
    pub(super) fn role(&self) -> Option<&Role> {
        self.binder.role()
    }

    /// How many segments the path has.
    pub(super) fn depth(&self) -> usize {
        self.operation.path.matches('/').count()
    }

    /// Gets ready for the first turn.
    pub(super) fn begin(&mut self, generators: &Generators, share: fn(GeneratorId) -> u64) {
        if !self.arms.is_empty() {
            return;
        }
        let arm = |generator| Arm::new(generator, &self.operation, share(generator.id()));
        self.arms = generators.all().iter().map(arm).collect();
        self.binder.know(generators.usual(&self.operation, 0, Seed::new(0)));
    }

    /// The next case of the generator whose turn it is that was not sent yet.
    pub(super) fn draw(&mut self, making: &Making, sent: &mut Seen) -> Option<Drawn> {
        for _ in 0..self.arms.len() {
            let arm = self.arms.iter_mut().filter(|arm| !arm.is_exhausted()).min_by_key(|arm| arm.pass)?;
            arm.advance();
            let mut twin = |case: &Case| {
                if let Some(account) = &mut self.account {
                    account.observe(case);
                }
            };
            if let Some(drawn) = arm.draw(&self.operation, making, sent, &mut twin) {
                return Some(drawn);
            }
        }
        None
    }

    /// Whether a valid request is due: what never worked yet gets one in its first turns and in every other one after
    /// them, since nothing else shows more.
    pub(super) fn is_to_be_reached(&self) -> bool {
        !self.report.reached && (self.drawn <= FIRST || self.drawn.is_multiple_of(2))
    }

    /// The usual case once more, with new names. Where nothing has worked after the first ones, every other one has another
    /// body: its values may.
    pub(super) fn usual(&mut self, generators: &Generators, making: &Making, sent: &mut Seen) -> Option<Case> {
        self.usuals += 1;
        let mut usual = generators.usual(&self.operation, self.usuals, making.seed)?;
        let is_vain = !self.report.reached && self.usuals > FIRST && usual.body.is_some();
        if is_vain && self.usuals % 2 == 1 {
            let other = self.draw_valid(making, sent).and_then(|drawn| drawn.case.body);
            usual.body = other.or(usual.body);
        }
        Some(usual)
    }

    /// The next valid case that was not sent yet.
    pub(super) fn draw_valid(&mut self, making: &Making, sent: &mut Seen) -> Option<Drawn> {
        let is_valid = |arm: &&mut Arm| matches!(arm.generator.id().0, "examples" | "valid") && !arm.is_exhausted();
        let mut valid: Vec<&mut Arm> = self.arms.iter_mut().filter(is_valid).collect();
        valid.sort_by_key(|arm| arm.pass);
        valid.into_iter().find_map(|arm| {
            arm.advance();
            arm.draw(&self.operation, making, sent, &mut |_| {})
        })
    }

    /// Has cases made that its next turns are likely to need.
    pub(super) fn order(&mut self, making: &Making, ahead: &Ahead) {
        self.arms.iter_mut().for_each(|arm| arm.order(&self.operation, making, ahead));
    }

    /// The lane has its turn.
    pub(super) fn advance(&mut self) {
        self.pass_over();
        self.drawn += 1;
    }

    /// The lane has its turn and nothing to send.
    pub(super) fn pass_over(&mut self) {
        self.pass += STRIDE / self.weight();
    }

    /// Nothing new is to be had here: the lane rests, and comes to an end after a while.
    pub(super) fn rest(&mut self) {
        self.pass += STRIDE * 8;
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.is_set_aside() || !self.arms.is_empty() && self.arms.iter().all(Arm::is_exhausted)
    }

    /// Whether the target died of it so often that it gets no more requests.
    pub(super) fn is_set_aside(&self) -> bool {
        self.deaths >= MOST_DEATHS
    }

    /// Counts an answer to the run's request of this number.
    pub(super) fn count(&mut self, glimpse: Glimpse, number: u64) {
        self.report.requests += 1;
        *self.report.outcomes.entry(glimpse.to_string()).or_default() += 1;
        if glimpse.is_success() {
            self.report.reached = true;
            self.report.reached_at.get_or_insert(number);
        }
    }

    /// Takes in what a case led to.
    pub(super) fn fold(&mut self, case: Option<&Case>, glimpse: Glimpse, is_novel: bool, generators: &Generators) {
        if glimpse.is_fault(FaultKind::TimedOut) {
            self.timeouts += 1;
            self.pass += STRIDE * REST * self.timeouts;
        }
        if glimpse.is_fault(FaultKind::Died) {
            self.blame();
        }
        self.interest.observe(is_novel);
        if let Some(case) = case {
            let generator = case.provenance.generator;
            if let Some(arm) = self.arms.iter_mut().find(|arm| arm.generator.id() == generator) {
                arm.interest.observe(is_novel);
            }
            let account = self.account.get_or_insert_with(|| Account::new(generators.goals(&self.operation)));
            account.observe(case);
        }
    }

    /// The target died of it.
    pub(super) fn blame(&mut self) {
        self.deaths += 1;
        self.pass += STRIDE * REST * self.deaths;
    }

    /// Takes in what a refused valid request was told.
    pub(super) fn hear(&mut self, said: Option<String>) {
        if said.is_some() && !self.report.reached {
            self.report.said = said;
        }
    }

    /// Takes in what a request that asked the target to wait led to.
    pub(super) fn waited(&mut self, glimpse: Glimpse) {
        self.short_waits = if glimpse.is_fault(FaultKind::TimedOut) { 0 } else { self.short_waits + 1 };
        self.may_wait = self.short_waits < SHORT_WAITS;
    }

    /// Whether a valid request that a busy target turned away is worth another one; counts it.
    pub(super) fn repeats(&mut self) -> bool {
        let is_due = !self.report.reached && self.repeats < REPEATS;
        self.repeats += u32::from(is_due);
        is_due
    }

    /// The operation's rules, if it got a request; those that are still open are closed if all that is enumerated was
    /// drawn.
    pub(super) fn settled(&self) -> Option<Account> {
        let mut account = self.account.clone()?;
        // A lane without arms only sent what was recorded.
        let is_drawn = |arm: &Arm| arm.next >= arm.generator.enumerated(&self.operation);
        if !self.arms.is_empty() && self.arms.iter().all(is_drawn) {
            account.close();
        }
        Some(account)
    }

    /// At least 1; more where answers are new.
    fn weight(&self) -> u64 {
        (1 + self.interest.level()).min(MAX_WEIGHT)
    }
}
