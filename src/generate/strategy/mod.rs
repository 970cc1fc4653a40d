//! Cases for property tests of one's own handlers. Main type: [`CaseStrategy`], a proptest [`Strategy`].
//!
//! The cases are those of the `valid` generator. A failing one shrinks in two steps: its tape is shortened and
//! flattened, which keeps patterns and formats; then its values are simplified one by one, as far as they stay valid.

mod tape;
mod value;

use std::fmt;
use std::sync::Arc;

use arbitrary::Unstructured;
use proptest::arbitrary::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::plan::Plan;
use super::valid;
use crate::api::Operation;
use crate::scenario::{Case, GeneratorId, Provenance};
use crate::seed::Seed;

use tape::TapeShrinker;
use value::ValueShrinker;

const ID: GeneratorId = GeneratorId("proptest");
/// How many tapes are drawn until one gives a case.
const ATTEMPTS: u32 = 64;

/// Makes valid cases of an operation.
///
/// ```
/// use gadfly::generate::strategy::CaseStrategy;
/// use gadfly::scenario::{encode, proves_valid};
/// use proptest::test_runner::TestRunner;
///
/// let document = br#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/orders/{id}": {
///     "get": {"parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
///             "responses": {"200": {"description": "an order"}}}}}}"#;
/// let loaded = gadfly::spec::load_bytes("orders.json", document).unwrap();
/// let strategy = CaseStrategy::new(&loaded.api.operations[0]).expect("a valid case can be made");
/// TestRunner::default()
///     .run(&strategy, |case| {
///         assert!(encode(&case, "").target.starts_with(b"/orders/"));
///         assert!(proves_valid(&case));
///         Ok(())
///     })
///     .unwrap();
/// ```
#[derive(Clone)]
pub struct CaseStrategy {
    plan: Arc<Plan>,
}

impl CaseStrategy {
    /// The strategy of an operation; `None` if no valid case of it can be made (see [`super::unbuildable`]).
    pub fn new(operation: &Arc<Operation>) -> Option<Self> {
        let plan = Arc::new(Plan::new(operation));
        plan.is_proved().then_some(Self { plan })
    }

    /// The case that a tape of choices decodes to: what a fuzzer with a mutator of its own calls. An empty tape gives
    /// the plainest case.
    pub fn case(&self, tape: &[u8]) -> Option<Case> {
        let provenance = Provenance { generator: ID, index: 0, seed: Seed::new(0) };
        valid::case_of(&self.plan, &mut Unstructured::new(tape), provenance)
    }
}

impl fmt::Debug for CaseStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseStrategy({})", self.plan.operation.id)
    }
}

impl Strategy for CaseStrategy {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        for _ in 0..ATTEMPTS {
            let number = any::<u64>().new_tree(runner)?.current();
            let tape = Seed::new(number).tape(valid::tape_length(&self.plan));
            if let Some(case) = self.case(&tape) {
                return Ok(CaseTree::new(self.clone(), tape, case));
            }
        }
        Err(format!("no tape gave a valid case of {}", self.plan.operation.id).into())
    }
}

/// A case that can be made simpler.
pub struct CaseTree {
    strategy: CaseStrategy,
    /// The case to be tested.
    current: Case,
    /// The simplest that is known to fail.
    failing: Case,
    tape: TapeShrinker,
    /// Once the tape gives nothing more.
    value: Option<ValueShrinker>,
}

impl CaseTree {
    fn new(strategy: CaseStrategy, tape: Vec<u8>, case: Case) -> Self {
        Self { strategy, failing: case.clone(), current: case, tape: TapeShrinker::new(tape), value: None }
    }

    /// The next simpler case; `false` if there is none.
    fn next(&mut self) -> bool {
        if self.value.is_none() {
            while let Some(tape) = self.tape.next() {
                match self.strategy.case(tape) {
                    // The same case from a simpler tape needs no test.
                    Some(case) if same(&case, &self.failing) => self.tape.keep(),
                    Some(case) => {
                        self.current = case;
                        return true;
                    }
                    None => {}
                }
            }
        }
        let shrinker = self.value.get_or_insert_with(|| ValueShrinker::new(&self.failing));
        match shrinker.next(&self.failing) {
            Some(case) => {
                self.current = case;
                true
            }
            None => false,
        }
    }
}

/// Whether two cases send the same.
fn same(one: &Case, other: &Case) -> bool {
    one.arguments == other.arguments && one.body == other.body
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        // What was tested last fails, so it is what is made simpler from now on.
        self.failing = self.current.clone();
        match &mut self.value {
            Some(shrinker) => shrinker.keep(&self.failing),
            None => self.tape.keep(),
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        let found = self.next();
        if !found {
            self.current = self.failing.clone();
        }
        found
    }
}

impl fmt::Debug for CaseTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseTree").field("current", &self.current).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
