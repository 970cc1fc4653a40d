//! The two targets. Main types: [`Side`], [`Sides`].

use std::sync::Arc;

use super::outline::Local;
use crate::api::Operation;
use crate::engine::{self, Error, Execution, Executor, Ledger};
use crate::generate;
use crate::resource::Graph;
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::wire::Origin;

/// One of the two targets.
pub struct Side {
    /// The way to it.
    pub executor: Executor,
    /// Where it listens.
    pub origin: Origin,
    /// What stands before every path there.
    pub base_path: String,
}

/// Both.
pub struct Sides {
    /// The one that is right.
    pub base: Side,
    /// The one that is looked at.
    pub head: Side,
}

impl Side {
    /// From now on it is remembered what these operations make there, to be ended by [`Side::clean_up`].
    pub fn remember(&mut self, operations: &[Arc<Operation>], graph: &Arc<Graph>) {
        let generators = generate::standard(&Arc::default());
        let ledger = Ledger::new(operations, Arc::clone(graph), generators, &self.base_path);
        self.executor.ledger = Some(Arc::new(ledger));
    }

    /// Ends what was made there, if that was remembered.
    pub async fn clean_up(&self, names: Seed) -> Result<(), Error> {
        engine::clean_up_since(&self.executor, 0, names).await.map(drop)
    }

    /// What only this target says in its answers to the scenario.
    pub(super) fn local(&self, scenario: &Scenario, execution: &Execution) -> Local {
        let pairs = scenario.steps.iter().zip(&execution.exchanges);
        let captured = pairs.filter_map(|(step, exchange)| Some((step, exchange.outcome.response()?)));
        let captured = captured.flat_map(|(step, response)| {
            step.captures.iter().filter_map(|capture| Some((capture.take(response)?, capture.name.clone())))
        });
        Local { authority: format!("{}:{}", self.origin.host, self.origin.port), captured: captured.collect() }
    }
}

/// The scenario below another base path.
pub(super) fn moved(scenario: &Scenario, from: &str, to: &str) -> Scenario {
    let mut scenario = scenario.clone();
    if from == to {
        return scenario;
    }
    for step in &mut scenario.steps {
        if let Some(below) = step.request.target.strip_prefix(from.as_bytes()) {
            let target = [to.as_bytes(), below].concat();
            Arc::make_mut(&mut step.request).target = target.into();
        }
    }
    scenario
}
