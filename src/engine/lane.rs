//! One operation in a run: its generators, its feedback, its figures. Main type: [`Lane`].
//!
//! It draws cases one after the other; whose turn it is, and who sends them, is decided by the planner.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bind::Binder;
use super::seen::Seen;
use super::{Account, Glimpse};
use crate::api::{Operation, OperationId};
use crate::generate::{Generator, Generators};
use crate::resource::{Action, Role};
use crate::scenario::{Case, GeneratorId, encode};
use crate::seed::Seed;
use crate::wire::{FaultKind, Request};

/// A unit of progress: a lane of weight 1 moves on by this much with each case.
pub(super) const STRIDE: u64 = 840;
/// The largest weight of a lane, as a multiple of the smallest.
const MAX_WEIGHT: u64 = 6;
/// For how many turns an operation rests after its first timeout, twice as many after the second, and so on: a case that
/// times out costs as much time as thousands of others.
const REST: u64 = 20;
/// How many indices of one generator may give nothing new before the next generator gets its turn.
const MAX_BARREN: u32 = 12;

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
}

/// One operation and its generators.
pub(super) struct Lane {
    pub(super) operation: Arc<Operation>,
    pub(super) report: LaneReport,
    /// Whose turn it is: the lane that is least far.
    pub(super) pass: u64,
    arms: Vec<Arm>,
    interest: u64,
    timeouts: u64,
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
}

/// One generator's position in one operation.
struct Arm {
    generator: Arc<dyn Generator>,
    weight: u64,
    pass: u64,
    next: u64,
    count: Option<u64>,
    barren: u32,
}

/// A case and the request that it becomes.
pub(super) struct Drawn {
    pub(super) case: Case,
    pub(super) request: Request,
}

/// What is needed to make a request of a case.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub(super) seed: Seed,
    pub(super) base_path: &'a str,
}

impl Lane {
    /// A lane that has not begun: what its operation asks for is looked at when its first turn comes, since a document
    /// may have a thousand of them.
    pub(super) fn new(operation: Arc<Operation>, role: Option<&Role>) -> Self {
        let report =
            LaneReport { operation: operation.id.clone(), requests: 0, outcomes: BTreeMap::new(), reached: false };
        let is_ruinous = is_ruinous(&operation, role);
        Self {
            operation,
            report,
            pass: 0,
            arms: Vec::new(),
            interest: 0,
            timeouts: 0,
            account: None,
            binder: Binder::new(role),
            drawn: 0,
            usuals: 0,
            refills: 0,
            is_ruinous,
        }
    }

    /// The operation's part.
    pub(super) fn role(&self) -> Option<&Role> {
        self.binder.role()
    }

    /// Gets ready for the first turn.
    pub(super) fn begin(&mut self, generators: &Generators, share: fn(GeneratorId) -> u64) {
        if !self.arms.is_empty() {
            return;
        }
        let arm = |generator: &Arc<dyn Generator>| Arm {
            count: generator.count(&self.operation),
            generator: Arc::clone(generator),
            weight: share(generator.id()).clamp(1, STRIDE),
            pass: 0,
            next: 0,
            barren: 0,
        };
        self.arms = generators.all().iter().map(arm).collect();
        self.binder.know(generators.usual(&self.operation, 0, Seed::new(0)));
    }

    /// The next case of the generator whose turn it is that was not sent yet.
    pub(super) fn draw(&mut self, making: Making<'_>, sent: &mut Seen) -> Option<Drawn> {
        for _ in 0..self.arms.len() {
            let arm = self.arms.iter_mut().filter(|arm| !arm.is_exhausted()).min_by_key(|arm| arm.pass)?;
            arm.pass += STRIDE / arm.weight;
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

    /// Whether a valid request is due: what never worked yet gets one in every other turn, since nothing else shows more.
    pub(super) fn is_to_be_reached(&self) -> bool {
        !self.report.reached && self.drawn.is_multiple_of(2)
    }

    /// The usual case once more, with new names.
    pub(super) fn usual(&mut self, generators: &Generators, seed: Seed) -> Option<Case> {
        self.usuals += 1;
        generators.usual(&self.operation, self.usuals, seed)
    }

    /// The next valid case that was not sent yet.
    pub(super) fn draw_valid(&mut self, making: Making<'_>, sent: &mut Seen) -> Option<Drawn> {
        let is_valid = |arm: &&mut Arm| matches!(arm.generator.id().0, "examples" | "valid") && !arm.is_exhausted();
        let mut valid: Vec<&mut Arm> = self.arms.iter_mut().filter(is_valid).collect();
        valid.sort_by_key(|arm| arm.pass);
        valid.into_iter().find_map(|arm| {
            arm.pass += STRIDE / arm.weight;
            arm.draw(&self.operation, making, sent, &mut |_| {})
        })
    }

    /// The lane has its turn.
    pub(super) fn advance(&mut self) {
        self.pass += STRIDE / self.weight();
        self.drawn += 1;
    }

    /// Nothing new is to be had here: the lane rests, and comes to an end after a while.
    pub(super) fn rest(&mut self) {
        self.pass += STRIDE * 8;
    }

    pub(super) fn is_exhausted(&self) -> bool {
        !self.arms.is_empty() && self.arms.iter().all(Arm::is_exhausted)
    }

    /// Takes in what a request led to.
    pub(super) fn fold(&mut self, case: Option<&Case>, glimpse: Glimpse, is_novel: bool, generators: &Generators) {
        self.report.requests += 1;
        *self.report.outcomes.entry(glimpse.to_string()).or_default() += 1;
        self.report.reached |= glimpse.is_success();
        if glimpse.is_fault(FaultKind::TimedOut) {
            self.timeouts += 1;
            self.pass += STRIDE * REST * self.timeouts;
        }
        // A moving average over about eight cases, scaled by 64.
        self.interest = self.interest * 7 / 8 + if is_novel { 64 } else { 0 };
        if let Some(case) = case {
            let account = self.account.get_or_insert_with(|| Account::new(generators.goals(&self.operation)));
            account.observe(case);
        }
    }

    /// The operation's rules, if it got a request; those that are still open are closed if all that is enumerated was
    /// drawn.
    pub(super) fn settled(&self) -> Option<Account> {
        let mut account = self.account.clone()?;
        if self.arms.iter().all(|arm| arm.next >= arm.generator.enumerated(&self.operation)) {
            account.close();
        }
        Some(account)
    }

    /// At least 1; more where answers are new.
    fn weight(&self) -> u64 {
        (1 + self.interest / 64).min(MAX_WEIGHT)
    }
}

impl Arm {
    /// Exhausted when its enumeration is over, or when it has long given nothing but what was sent already.
    fn is_exhausted(&self) -> bool {
        self.count.is_some_and(|count| self.next >= count) || self.barren >= 16 * MAX_BARREN
    }

    /// The next case that was not sent yet; `twin` is told of those whose request is the same as one that was.
    fn draw(
        &mut self,
        operation: &Arc<Operation>,
        making: Making<'_>,
        sent: &mut Seen,
        twin: &mut dyn FnMut(&Case),
    ) -> Option<Drawn> {
        for _ in 0..MAX_BARREN {
            if self.is_exhausted() {
                return None;
            }
            let index = self.next;
            self.next += 1;
            if let Some(case) = self.generator.case(operation, index, making.seed) {
                let request = encode(&case, making.base_path);
                if sent.insert(hash(&request)) {
                    self.barren = 0;
                    return Some(Drawn { case, request });
                }
                twin(&case);
            }
            self.barren += 1;
        }
        None
    }
}

/// Whether the operation ends what everything else lives on: all things of a kind, or the service itself.
fn is_ruinous(operation: &Operation, role: Option<&Role>) -> bool {
    const WORDS: [&str; 9] =
        ["shutdown", "reset", "purge", "wipe", "truncate", "drop", "terminate", "delete_all", "deleteall"];
    let last = operation.path.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.split(['-', '_', '.']).any(|part| part == *word) || text == *word)
    };
    role.is_some_and(|role| role.action == Action::DeleteAll)
        || (operation.method != "GET" && (says(last) || operation.name.as_deref().is_some_and(says)))
}

/// By which a request counts as sent already.
pub(super) fn hash(request: &Request) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    request.method.hash(&mut hasher);
    request.target.hash(&mut hasher);
    for header in &request.headers {
        header.name.hash(&mut hasher);
        header.value.hash(&mut hasher);
    }
    request.body.hash(&mut hasher);
    hasher.finish()
}
