//! Carries out one scenario, step by step, and what goes out at once together. Main type: [`Executor`]. It judges nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Ledger;
use super::foreign::touches;
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

/// What kind of answer (hundreds of the status, none for a fault) each step before the last one got: what prepares a
/// request works as before if these are the same.
pub fn preparations(exchanges: &[Exchange]) -> Vec<Option<u16>> {
    let before = exchanges.len().saturating_sub(1);
    exchanges[..before].iter().map(|exchange| exchange.outcome.status().map(|status| status / 100)).collect()
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
        self.run_whole(scenario, None, fresh, pause).await
    }

    /// The same as [`Executor::run`] for a scenario that stands on what is there already. `whole` makes that first: it is
    /// carried out where a target that is watched had to be started anew.
    pub async fn run_or(&self, scenario: &Scenario, whole: Option<Scenario>, fresh: Seed) -> Result<Execution, Error> {
        self.run_whole(scenario, whole, fresh, Duration::ZERO).await
    }

    async fn run_whole(
        &self,
        scenario: &Scenario,
        whole: Option<Scenario>,
        fresh: Seed,
        pause: Duration,
    ) -> Result<Execution, Error> {
        let Some(process) = &self.process else { return self.carry_out(scenario, fresh, pause).await };
        let run_id = process.run_id.clone();
        let errand = Errand { scenario: scenario.clone(), whole, fresh, pause, run_id };
        process.clone().run(self.clone(), errand).await
    }

    /// How many things were made at the target, as far as that is remembered.
    pub fn made(&self) -> u64 {
        self.ledger.as_ref().map_or(0, |ledger| ledger.made())
    }

    /// The same in this manner, where the target is watched.
    #[must_use]
    pub fn in_manner(&self, manner: Manner) -> Self {
        let process = self.process.as_ref().map(|process| process.in_manner(manner));
        Self { process, ..self.clone() }
    }

    /// The same, and an end a while after the last answer counts as well, where the target is watched.
    #[must_use]
    pub fn lingering(&self) -> Self {
        let process = self.process.as_ref().map(|process| Supervised { lingers: true, ..process.clone() });
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
        while exchanges.len() < scenario.steps.len() {
            let group = scenario.group(exchanges.len());
            let is_last = group.end == scenario.steps.len();
            if is_last && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let steps = &scenario.steps[group.clone()];
            exchanges.extend(self.send(steps, group.start, fresh, &mut values).await?);
            let done = steps.iter().zip(&exchanges[group.start..]).enumerate();
            for (offset, (step, exchange)) in done.filter(|(offset, _)| group.start + offset + 1 < scenario.steps.len())
            {
                let index = group.start + offset;
                if let Some(broken) = self.takes_what_was_there(scenario, index, exchange) {
                    return Ok(Execution { exchanges, broken: Some(broken), log: Vec::new(), reported: None });
                }
                match capture(index, step, exchange, &mut values) {
                    None => {}
                    // Of requests that go out at once one may be refused, and then there is nothing to ask of it.
                    Some(_) if group.len() > 1 && exchange.outcome.response().is_some() => {
                        return Ok(Execution { exchanges, broken: None, log: Vec::new(), reported: None });
                    }
                    broken => return Ok(Execution { exchanges, broken, log: Vec::new(), reported: None }),
                }
            }
        }
        Ok(Execution { exchanges, broken: None, log: Vec::new(), reported: None })
    }

    /// That later steps would end or change what was there before: a step that was to make it was answered by what is told of
    /// things that exist.
    fn takes_what_was_there(&self, scenario: &Scenario, index: usize, exchange: &Exchange) -> Option<SetupBroken> {
        let step = &scenario.steps[index];
        let is_taken =
            |later: &Step| later.operation.as_str().split_once(' ').is_some_and(|(method, path)| touches(method, path));
        let is_old = !step.captures.is_empty()
            && scenario.steps[index + 1..].iter().any(is_taken)
            && self.ledger.as_ref()?.tells_of_old(step, exchange);
        let reason = || format!("{} told of what was there, and what follows would change it", step.operation);
        is_old.then(|| SetupBroken { step: index, reason: reason() })
    }

    /// Sends the steps of a group, the first of which is the scenario's step `start`, at once.
    async fn send(
        &self,
        steps: &[Step],
        start: usize,
        fresh: Seed,
        values: &mut Values,
    ) -> Result<Vec<Exchange>, Error> {
        let mut requests = Vec::with_capacity(steps.len());
        for (index, step) in (start..).zip(steps) {
            for name in &step.fresh {
                let unique = fresh.child(name, index as u64);
                values.insert(name.clone(), Unique::fresh(unique).word());
            }
            requests.push(self.identities.apply(&step.identity, &substitute(step, values))?);
        }
        let exchanges = match <[_; 1]>::try_from(requests) {
            Ok([request]) => vec![self.transport.send(request, self.options).await?],
            Err(requests) => self.transport.send_at_once(requests, self.options).await?,
        };
        if let Some(ledger) = &self.ledger {
            steps.iter().zip(&exchanges).for_each(|(step, exchange)| ledger.observe(step, exchange));
        }
        Ok(exchanges)
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use serde_json::json;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::{ANONYMOUS, Capture, IdentityName, Source};
    use crate::transport::{Canned, canned};
    use crate::wire::{FaultKind, Request};

    /// Canned answers, and the targets that went out together.
    struct Groups {
        canned: Canned,
        groups: Mutex<Vec<Vec<String>>>,
    }

    impl Groups {
        fn note(&self, requests: &[Arc<Request>]) {
            let targets = requests.iter().map(|request| request.target_text().into_owned()).collect();
            self.groups.lock().unwrap().push(targets);
        }
    }

    impl Transport for Groups {
        fn name(&self) -> &'static str {
            "groups"
        }

        fn send(&self, request: Arc<Request>, options: Options) -> BoxFuture<'_, Result<Exchange, transport::Error>> {
            self.note(&[Arc::clone(&request)]);
            self.canned.send(request, options)
        }

        fn send_at_once(
            &self,
            requests: Vec<Arc<Request>>,
            options: Options,
        ) -> BoxFuture<'_, Result<Vec<Exchange>, transport::Error>> {
            self.note(&requests);
            self.canned.send_at_once(requests, options)
        }
    }

    fn step(target: &'static str, at_once: bool, captured: &[&str]) -> Step {
        let capture = |name: &&str| Capture { name: (*name).to_owned(), from: Source::Body("/id".to_owned()) };
        Step {
            operation: OperationId::new("get", "/"),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("GET", target)),
            fresh: vec!["name".to_owned()],
            captures: captured.iter().map(capture).collect(),
            case: None,
            at_once,
        }
    }

    /// What went out together, and what is said to be broken, where these are the answers.
    #[track_caller]
    fn check(answers: Vec<Outcome>, groups: &[&[&str]], broken: Option<usize>) {
        let steps = [
            step("/a", false, &[]),
            step("/b", false, &["b"]),
            step("/c", true, &["c"]),
            step("/{{b}}/{{c}}", false, &[]),
        ];
        let transport = Arc::new(Groups { canned: Canned::list(answers), groups: Mutex::default() });
        let options = Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let executor = Executor {
            transport: Arc::clone(&transport) as Arc<dyn Transport>,
            identities: Arc::new(Identities::new()),
            options,
            ledger: None,
            process: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let execution = runtime.block_on(executor.run(&Scenario::plain(steps.to_vec()), Seed::new(1))).unwrap();
        assert_eq!(*transport.groups.lock().unwrap(), groups);
        assert_eq!(execution.exchanges.len(), groups.iter().map(|group| group.len()).sum::<usize>());
        assert_eq!(execution.broken.map(|broken| broken.step), broken);
    }

    #[test]
    fn what_goes_out_at_once_is_sent_together_and_what_follows_uses_all_of_its_answers() {
        let id = |id: u32| canned::json(200, &json!({"id": id}));
        check(vec![id(1), id(2), id(3), id(4)], &[&["/a"], &["/b", "/c"], &["/2/3"]], None);
    }

    #[test]
    fn where_one_of_them_is_refused_nothing_follows_and_nothing_is_broken() {
        let id = canned::json(200, &json!({"id": 1}));
        let refused = canned::json(409, &json!({}));
        check(vec![id.clone(), refused.clone(), id.clone()], &[&["/a"], &["/b", "/c"]], None);
        check(vec![id.clone(), id.clone(), refused], &[&["/a"], &["/b", "/c"]], None);
        let fault = canned::fault(FaultKind::Closed);
        check(vec![id.clone(), id, fault.clone()], &[&["/a"], &["/b", "/c"]], Some(2));
        check(vec![fault], &[&["/a"]], Some(0));
    }
}
