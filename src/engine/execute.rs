//! Carries out one scenario, step by step. Main type: [`Executor`]. It judges nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Ledger;
use super::supervised::{Errand, Manner, Supervised};
use crate::identity::{Identities, UnknownIdentity};
use crate::scenario::{Scenario, Step, Unique, Values, substitute};
use crate::seed::Seed;
use crate::transport::{self, Options, Transport};
use crate::wire::{Exchange, Outcome};

/// Sends the steps of scenarios to one target.
#[derive(Clone)]
pub struct Executor {
    /// The way to the target.
    pub transport: Arc<dyn Transport>,
    /// Who may send.
    pub identities: Arc<Identities>,
    /// How each request is sent.
    pub options: Options,
    /// Remembers what is made, if it is to be cleaned up.
    pub ledger: Option<Arc<Ledger>>,
    /// The target's process, if it is watched.
    pub process: Option<Supervised>,
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Execution {
    /// One exchange for each step that was carried out.
    pub exchanges: Vec<Exchange>,
    /// Why the later steps were not, if so.
    pub broken: Option<SetupBroken>,
    /// What the target wrote about it, where it is watched: what names its requests, and all that was written meanwhile if
    /// nothing else was sent. It may hold secrets of identities: redact before showing.
    pub log: Vec<String>,
    /// What the target reported meanwhile although it lives on: of one that is watched, and if nothing else was sent.
    pub reported: Option<Arc<str>>,
}

/// A step before the last one did not give what later steps need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupBroken {
    /// Index of the step.
    pub step: usize,
    /// In plain words.
    pub reason: String,
}

/// What we could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A step names an identity that is not configured.
    #[error(transparent)]
    Identity(#[from] UnknownIdentity),
    /// A request can't be sent this way.
    #[error(transparent)]
    Transport(#[from] transport::Error),
}

impl Executor {
    /// Sends the steps in order. `fresh` makes the new unique values: another seed, other values.
    pub async fn run(&self, scenario: &Scenario, fresh: Seed) -> Result<Execution, Error> {
        self.run_slowly(scenario, fresh, Duration::ZERO).await
    }

    /// The same with a pause before the last step: what is true only a while after a change was answered is true by then.
    pub async fn run_slowly(&self, scenario: &Scenario, fresh: Seed, pause: Duration) -> Result<Execution, Error> {
        let Some(process) = &self.process else { return self.carry_out(scenario, fresh, pause).await };
        let run_id = process.run_id.clone();
        let errand = Errand { scenario: scenario.clone(), whole: None, fresh, pause, run_id };
        process.clone().run(self.clone(), errand).await
    }

    /// The same as [`Executor::run`] for a scenario that stands on what is there already. `whole` makes that first: it is
    /// carried out where a target that is watched had to be started anew.
    pub async fn run_or(&self, scenario: &Scenario, whole: Option<Scenario>, fresh: Seed) -> Result<Execution, Error> {
        let pause = Duration::ZERO;
        let Some(process) = &self.process else { return self.carry_out(scenario, fresh, pause).await };
        let run_id = process.run_id.clone();
        let errand = Errand { scenario: scenario.clone(), whole, fresh, pause, run_id };
        process.clone().run(self.clone(), errand).await
    }

    /// The same in this manner, where the target is watched.
    #[must_use]
    pub fn in_manner(&self, manner: Manner) -> Self {
        let process = self.process.as_ref().map(|process| process.in_manner(manner));
        Self { process, ..self.clone() }
    }

    /// Sends the steps, whatever becomes of the target.
    pub(super) async fn carry_out(
        &self,
        scenario: &Scenario,
        fresh: Seed,
        pause: Duration,
    ) -> Result<Execution, Error> {
        let mut values = Values::new();
        let mut exchanges = Vec::with_capacity(scenario.steps.len());
        for (index, step) in scenario.steps.iter().enumerate() {
            for name in &step.fresh {
                let unique = fresh.child(name, index as u64);
                values.insert(name.clone(), Unique::fresh(unique).word());
            }
            let is_last = index + 1 == scenario.steps.len();
            if is_last && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let exchange = self.send(step, &values).await?;
            if let Some(ledger) = &self.ledger {
                ledger.observe(step, &exchange);
            }
            let broken = if is_last { None } else { capture(index, step, &exchange, &mut values) };
            exchanges.push(exchange);
            if broken.is_some() {
                return Ok(Execution { exchanges, broken, log: Vec::new(), reported: None });
            }
        }
        Ok(Execution { exchanges, broken: None, log: Vec::new(), reported: None })
    }

    async fn send(&self, step: &Step, values: &Values) -> Result<Exchange, Error> {
        let request = substitute(step, values);
        let request = self.identities.apply(&step.identity, &request)?;
        Ok(self.transport.send(request, self.options).await?)
    }
}

/// Takes what later steps need; says what is missing.
fn capture(index: usize, step: &Step, exchange: &Exchange, values: &mut Values) -> Option<SetupBroken> {
    let broken = |reason: String| Some(SetupBroken { step: index, reason });
    let response = match &exchange.outcome {
        Outcome::Response(response) => response,
        Outcome::Fault(fault) => return broken(format!("{}: {}", step.operation, fault.kind)),
    };
    for capture in &step.captures {
        let Some(value) = capture.take(response) else {
            return broken(format!(
                "{} answered {} without what {:?} is taken from",
                step.operation, response.status, capture.name
            ));
        };
        values.insert(capture.name.clone(), value);
    }
    None
}
