//! One generator's position in one operation. Main type: [`Arm`].
//!
//! Which arm has its turn is decided by how far each one is; whether the answers were new, by the lane.

use std::sync::Arc;

use super::ahead::{Ahead, Stock};
use super::seen::Seen;
use crate::api::Operation;
use crate::generate::Generator;
use crate::scenario::{Case, retarget};
use crate::seed::Seed;
use crate::wire::Request;

/// A unit of progress: a lane of weight 1 moves on by this much with each case.
pub(super) const STRIDE: u64 = 840;
/// How many indices of one generator may give nothing new before the next generator gets its turn.
const MAX_BARREN: u32 = 12;

/// One generator's position in one operation.
pub(super) struct Arm {
    pub(super) generator: Arc<dyn Generator>,
    /// Its share of the operation's turns at least.
    share: u64,
    pub(super) interest: Interest,
    /// Whose turn it is: the arm that is least far.
    pub(super) pass: u64,
    pub(super) next: u64,
    count: Option<u64>,
    barren: u32,
    stock: Stock,
    /// Its position when cases were last ordered.
    ordered_at: u64,
}

/// A case and the request that it becomes.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) case: Case,
    pub(super) request: Request,
    /// By which it counts as sent already.
    hash: u64,
}

/// What is needed to make cases and their requests.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub(super) seed: Seed,
    pub(super) base_path: Arc<str>,
}

impl Making {
    /// The generator's case of this index, if it has one.
    pub(super) fn make(&self, generator: &dyn Generator, operation: &Arc<Operation>, index: u64) -> Option<Drawn> {
        let (case, mut request) = generator.written(operation, index, self.seed)?;
        if !self.base_path.is_empty() {
            retarget(&mut request, &case, &self.base_path);
        }
        let hash = hash(&request);
        Some(Drawn { case, request, hash })
    }
}

/// How often something new came of the last cases.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interest(u64);

impl Interest {
    /// A moving average over about eight cases, scaled by 64.
    pub(super) fn observe(&mut self, is_novel: bool) {
        self.0 = self.0 * 7 / 8 + if is_novel { 64 } else { 0 };
    }

    /// 0 where nothing is new, about 7 where everything is.
    pub(super) fn level(self) -> u64 {
        self.0 / 64
    }
}

impl Arm {
    pub(super) fn new(generator: &Arc<dyn Generator>, operation: &Arc<Operation>, share: u64) -> Self {
        Self {
            count: generator.count(operation),
            generator: Arc::clone(generator),
            share: share.max(1),
            interest: Interest::default(),
            pass: 0,
            next: 0,
            barren: 0,
            stock: Stock::default(),
            ordered_at: 0,
        }
    }

    /// Has a turn: its share is the floor, and it has more turns where answers are new.
    pub(super) fn advance(&mut self) {
        self.pass += (STRIDE / (self.share * (1 + self.interest.level()))).max(1);
    }

    /// Has as many cases made as were drawn since this was last called: the next epoch is likely to need as many again.
    pub(super) fn order(&mut self, operation: &Arc<Operation>, making: &Making, ahead: &Ahead) {
        let drawn = self.next - self.ordered_at;
        self.ordered_at = self.next;
        let end = (self.next + drawn).min(self.count.unwrap_or(u64::MAX));
        ahead.order(&mut self.stock, operation, &self.generator, making, self.next..end);
    }

    /// Exhausted when its enumeration is over, or when it has long given nothing but what was sent already.
    pub(super) fn is_exhausted(&self) -> bool {
        self.count.is_some_and(|count| self.next >= count) || self.barren >= 16 * MAX_BARREN
    }

    /// The next case that was not sent yet; `twin` is told of those whose request is the same as one that was.
    pub(super) fn draw(
        &mut self,
        operation: &Arc<Operation>,
        making: &Making,
        sent: &mut Seen,
        twin: &mut dyn FnMut(&Case),
    ) -> Option<Drawn> {
        for _ in 0..MAX_BARREN {
            if self.is_exhausted() {
                return None;
            }
            let index = self.next;
            self.next += 1;
            let on_the_spot = || making.make(&*self.generator, operation, index);
            if let Some(drawn) = self.stock.take(index, on_the_spot) {
                if sent.insert(drawn.hash) {
                    self.barren = 0;
                    return Some(drawn);
                }
                twin(&drawn.case);
            }
            self.barren += 1;
        }
        None
    }
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
