//! Sends scenarios to both targets and keeps what differs. Main type: [`Comparer`].

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join;

use super::noise::Noise;
use super::outline::{Local, Outline};
use super::spot::{Class, Difference, Spot, spots, unstable};
use crate::api::{Api, OperationId};
use crate::engine::{Error, Execution, Executor, Novelty, Planner};
use crate::oracle::Registry;
use crate::scenario::{GeneratorId, Provenance, Scenario, Trace, typed};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, Origin, Request};

/// The oracle that says whether an answer breaks its schema.
const SCHEMA: &str = "response_schema";
/// After so many scenarios in a row to which a target took no connection it is gone.
const OUTAGE: u32 = 4;

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

/// How both are compared.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Makes the values that must be unique.
    pub names: Seed,
    /// How often a difference must show.
    pub tries: u32,
    /// Whether what takes several times as long is told.
    pub timing: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What the second target does differently, in the order in which it was found.
    pub differences: Vec<Difference>,
    /// Scenarios that were compared.
    pub compared: u64,
    /// Scenarios that one of the targets could not be asked.
    pub skipped: u64,
    /// Requests to each of the targets.
    pub requests: u64,
    /// Which target takes no connections any more, if one does not.
    pub unreachable: Option<&'static str>,
}

/// Compares two targets.
pub struct Comparer<'a> {
    api: &'a Api,
    sides: &'a Sides,
    registry: Registry,
    options: Options,
    noise: Noise,
    known: BTreeMap<(OperationId, Class, String), usize>,
    refused: [u32; 2],
    turns: u64,
    comparison: Comparison,
}

/// What both targets answered to one scenario.
struct Pair {
    base: Execution,
    head: Execution,
    outlines: Vec<(Outline, Outline)>,
}

/// A difference that is not proved yet, by the step whose answer differs.
type Suspicion = (usize, Spot);

impl<'a> Comparer<'a> {
    /// Has compared nothing yet.
    pub fn new(api: &'a Api, sides: &'a Sides, options: Options) -> Self {
        Self {
            api,
            sides,
            registry: Registry::default(),
            options,
            noise: Noise::default(),
            known: BTreeMap::new(),
            refused: [0; 2],
            turns: 0,
            comparison: Comparison::default(),
        }
    }

    /// What was found.
    pub fn finish(self) -> Comparison {
        self.comparison
    }

    /// Whether one of the targets is gone.
    pub fn is_over(&self) -> bool {
        self.comparison.unreachable.is_some()
    }

    /// Compares new cases, of so many requests; what the first target answers is learned from.
    pub async fn fresh(&mut self, planner: &mut Planner, requests: u64) -> Result<(), Error> {
        let mut novelty = Novelty::default();
        let mut left = usize::try_from(requests).unwrap_or(usize::MAX);
        let late = left / 10;
        while left > 0 && !self.is_over() {
            if left <= late {
                planner.release();
            }
            let epoch = planner.plan(planner.epoch_size().min(left));
            if epoch.is_empty() {
                return Ok(());
            }
            for planned in epoch {
                left = left.saturating_sub(planned.requests());
                let scenario = planner.replayable(&planned);
                let Some(exchanges) = self.scenario(&scenario, "a new case").await? else { continue };
                let own = exchanges.len().checked_sub(planned.requests()).map(|start| &exchanges[start..]);
                let is_whole = exchanges.len() == scenario.steps.len() && !planned.is_trial();
                let lesson = own.filter(|_| is_whole).and_then(|own| planner.look(&planned, own));
                let operation = scenario.steps.last().map(|step| &step.operation);
                if let (Some(lesson), Some(operation)) = (lesson, operation) {
                    let is_novel = novelty.observe(operation, lesson.glimpse);
                    planner.fold(&planned, lesson, is_novel);
                }
            }
        }
        Ok(())
    }

    /// Compares one scenario, whose paths are those of the first target. Gives what the first target answered; or the
    /// second one, if that let us wait in vain, so that its operation is asked less often.
    pub async fn scenario(&mut self, scenario: &Scenario, source: &str) -> Result<Option<Vec<Exchange>>, Error> {
        if self.is_over() {
            return Ok(None);
        }
        let scenario = self.judged(scenario);
        self.turns += 1;
        // This transport may not be able to send it.
        let Ok(first) = self.both(&scenario, 0).await else {
            self.comparison.skipped += 1;
            return Ok(None);
        };
        if self.counts_refusals(&first) {
            self.comparison.skipped += 1;
            return Ok(None);
        }
        self.comparison.compared += 1;
        let telling = if is_fault(&first.head, FaultKind::TimedOut) { &first.head } else { &first.base };
        let exchanges = telling.exchanges.clone();
        let mut suspicions = self.suspicions(&scenario, &first);
        let mut last = first;
        let tries = self.options.tries.max(2);
        let mut shown = 1;
        while shown < tries && !suspicions.is_empty() {
            let next = self.both(&scenario, shown).await?;
            if [&next.base, &next.head].into_iter().any(|execution| is_fault(execution, FaultKind::Refused)) {
                // The request ended the target: it will not show again.
                suspicions.retain(|(_, spot)| spot.class == Class::StatusClass);
                break;
            }
            self.learn(&scenario, &last, &next);
            let again = self.suspicions(&scenario, &next);
            let same = |(step, spot): &Suspicion| {
                let twin = again
                    .iter()
                    .find(|(at, other)| at == step && (other.class, &other.place) == (spot.class, &spot.place));
                twin.is_some() && !self.differs_from_itself(&scenario, *step, spot, &last, &next)
            };
            suspicions.retain(same);
            last = next;
            shown += 1;
        }
        self.keep(suspicions, &scenario, source, &last, shown);
        Ok(Some(exchanges))
    }

    /// The scenario with what its requests are as typed values, by which answers are judged.
    fn judged(&self, scenario: &Scenario) -> Scenario {
        let mut scenario = scenario.clone();
        let base_path = self.sides.base.base_path.as_bytes();
        for step in scenario.steps.iter_mut().filter(|step| step.case.is_none()) {
            let Some(operation) = self.api.operation(&step.operation) else { continue };
            let Some(below) = step.request.target.strip_prefix(base_path) else { continue };
            let request = Request { target: step.request.target.slice_ref(below), ..Request::clone(&step.request) };
            let provenance = Provenance { generator: GeneratorId("recorded"), index: 0, seed: Seed::new(0) };
            step.case = Some(Arc::new(typed(operation, &request, provenance)));
        }
        scenario
    }

    /// Sends the scenario to both at once, with the same new names.
    async fn both(&mut self, scenario: &Scenario, turn: u32) -> Result<Pair, Error> {
        let fresh = self.options.names.child("compare", self.turns).child("turn", u64::from(turn));
        let Sides { base, head } = self.sides;
        let moved = moved(scenario, &base.base_path, &head.base_path);
        let (base, head) = try_join(base.executor.run(scenario, fresh), head.executor.run(&moved, fresh)).await?;
        self.comparison.requests += base.exchanges.len().max(head.exchanges.len()) as u64;
        let one = local(scenario, &base, &self.sides.base.origin);
        let other = local(scenario, &head, &self.sides.head.origin);
        let pairs = base.exchanges.iter().zip(&head.exchanges);
        let outlines = pairs.map(|(a, b)| (Outline::of(a, &one), Outline::of(b, &other))).collect();
        Ok(Pair { base, head, outlines })
    }

    /// Whether a target took no connection; after some in a row it is gone.
    fn counts_refusals(&mut self, pair: &Pair) -> bool {
        let both = [(&pair.base, "base"), (&pair.head, "head")];
        for (count, (execution, name)) in self.refused.iter_mut().zip(both) {
            *count = if is_fault(execution, FaultKind::Refused) { *count + 1 } else { 0 };
            if *count >= OUTAGE {
                self.comparison.unreachable = Some(name);
            }
        }
        self.refused.iter().any(|count| *count > 0)
    }

    /// What differs in this pair and is neither noise nor told already.
    fn suspicions(&mut self, scenario: &Scenario, pair: &Pair) -> Vec<Suspicion> {
        let mut found = Vec::new();
        let answers = pair.base.exchanges.iter().zip(&pair.head.exchanges).zip(&pair.outlines);
        for (index, ((base, head), (one, other))) in answers.enumerate() {
            let operation = &scenario.steps[index].operation;
            let mut spots = spots(base, head, (one, other), self.options.timing);
            if base.outcome.status() == head.outcome.status() {
                spots.extend(self.schema(scenario, pair, index));
            }
            for spot in spots.into_iter().filter(|spot| !self.noise.covers(operation, spot)) {
                match self.known.get(&(operation.clone(), spot.class, spot.place.clone())) {
                    Some(known) => self.comparison.differences[*known].again += 1,
                    None => found.push((index, spot)),
                }
            }
            // What follows from another status follows from it.
            if base.outcome.status() != head.outcome.status() {
                break;
            }
        }
        found
    }

    /// The ways in which the second target's answer breaks its schema and that of the first one does not.
    fn schema(&self, scenario: &Scenario, pair: &Pair, step: usize) -> Vec<Spot> {
        let judge = |execution: &Execution| {
            let mut found = self.registry.judge(&Trace { scenario, exchanges: &execution.exchanges[..=step] });
            found.retain(|finding| finding.oracle().0 == SCHEMA);
            found
        };
        let before = judge(&pair.base);
        let is_new = |signature| before.iter().all(|finding| finding.signature != signature);
        let new = judge(&pair.head).into_iter().filter(|finding| is_new(finding.signature.clone()));
        let spot = |finding: crate::finding::Finding| Spot {
            class: Class::Schema,
            place: finding.signature.to_string(),
            base: "conforms there".to_owned(),
            head: finding.title,
        };
        new.map(spot).collect()
    }

    /// What of a target's answers differs from its own to the same requests.
    fn learn(&mut self, scenario: &Scenario, last: &Pair, next: &Pair) {
        for (index, step) in scenario.steps.iter().enumerate() {
            for spots in own_differences(index, last, next) {
                self.noise.learn(&step.operation, &spots);
            }
        }
    }

    fn differs_from_itself(&self, scenario: &Scenario, step: usize, spot: &Spot, last: &Pair, next: &Pair) -> bool {
        let is_it = |other: &Spot| (other.class, &other.place) == (spot.class, &spot.place);
        self.noise.covers(&scenario.steps[step].operation, spot)
            || own_differences(step, last, next).iter().flatten().any(is_it)
    }

    fn keep(&mut self, proved: Vec<Suspicion>, scenario: &Scenario, source: &str, pair: &Pair, shown: u32) {
        for (step, spot) in proved {
            let operation = scenario.steps[step].operation.clone();
            let key = (operation.clone(), spot.class, spot.place.clone());
            if self.known.contains_key(&key) {
                continue;
            }
            self.known.insert(key, self.comparison.differences.len());
            self.comparison.differences.push(Difference {
                operation,
                spot,
                scenario: scenario.clone(),
                step,
                source: source.to_owned(),
                base: pair.base.exchanges[step].clone(),
                head: pair.head.exchanges[step].clone(),
                hits: shown,
                tries: self.options.tries.max(2),
                again: 0,
            });
        }
    }
}

/// Whether the last answer is missing for this reason.
fn is_fault(execution: &Execution, kind: FaultKind) -> bool {
    let fault = execution.exchanges.last().and_then(|exchange| exchange.outcome.fault());
    fault.is_some_and(|fault| fault.kind == kind)
}

/// What each of the targets answers differently from itself.
fn own_differences(step: usize, last: &Pair, next: &Pair) -> [Vec<Spot>; 2] {
    let (Some(before), Some(now)) = (last.outlines.get(step), next.outlines.get(step)) else {
        return Default::default();
    };
    let of =
        |one: &Execution, other: &Execution, outlines| unstable(&one.exchanges[step], &other.exchanges[step], outlines);
    [of(&last.base, &next.base, (&before.0, &now.0)), of(&last.head, &next.head, (&before.1, &now.1))]
}

/// The scenario below another base path.
fn moved(scenario: &Scenario, from: &str, to: &str) -> Scenario {
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

/// What only this target says in its answers to the scenario.
fn local(scenario: &Scenario, execution: &Execution, origin: &Origin) -> Local {
    let pairs = scenario.steps.iter().zip(&execution.exchanges);
    let captured = pairs.filter_map(|(step, exchange)| Some((step, exchange.outcome.response()?)));
    let captured = captured.flat_map(|(step, response)| {
        step.captures.iter().filter_map(|capture| Some((capture.take(response)?, capture.name.clone())))
    });
    Local { authority: format!("{}:{}", origin.host, origin.port), captured: captured.collect() }
}

impl Side {
    /// Ends what was made there, if that was remembered.
    pub async fn clean_up(&self, names: Seed) -> Result<(), Error> {
        for scenario in self.executor.ledger.iter().flat_map(|ledger| ledger.left()) {
            self.executor.run(&scenario, names).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::identity::Identities;
    use crate::scenario::{ANONYMOUS, Capture, IdentityName, Source, Step};
    use crate::spec::load_bytes;
    use crate::transport::canned::{self, Canned};
    use crate::transport::{self};
    use crate::wire::Outcome;

    const SHOP: &str = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post: {responses: {'201': {description: made}}}
  /orders/{orderId}:
    get:
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: one
          content: {application/json: {schema: {properties: {state: {enum: [open, paid]}}}}}
";

    fn side(port: u16, answer: impl Fn(&Request) -> Outcome + Send + Sync + 'static) -> Side {
        let options = transport::Options { timeout: Duration::from_secs(1), fresh_connection: false };
        let transport = Arc::new(Canned::new(answer));
        let executor =
            Executor { transport, identities: Arc::new(Identities::new()), options, ledger: None, process: None };
        let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
        Side { executor, origin, base_path: format!("/v{port}") }
    }

    fn step(operation: &str, target: &str, captures: Vec<Capture>) -> Step {
        let (method, _) = operation.split_once(' ').unwrap();
        Step {
            operation: OperationId::from_text(operation),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new(method, target.to_owned())),
            fresh: vec![],
            captures,
            case: None,
            at_once: false,
        }
    }

    /// The differences of an order that is made and read; each target is told how often it was asked.
    fn compared(
        base: impl Fn(u32) -> Value + Send + Sync + 'static,
        head: impl Fn(u32) -> Value + Send + Sync + 'static,
    ) -> Comparison {
        let answers = |ids: u32, path: &'static str, body: Box<dyn Fn(u32) -> Value + Send + Sync>| {
            let asked = AtomicU32::new(0);
            move |request: &Request| {
                assert!(request.target_text().starts_with(path), "{}", request.target_text());
                if request.method == "POST" {
                    let turn = asked.fetch_add(1, Ordering::Relaxed);
                    return canned::json(201, &json!({"id": ids + turn}));
                }
                let mut body = body(asked.load(Ordering::Relaxed));
                let status = body["status"].take().as_u64().map_or(200, |status| u16::try_from(status).unwrap());
                body["id"] = request.target_text().rsplit('/').next().unwrap().parse::<u32>().unwrap().into();
                canned::json(status, &body)
            }
        };
        let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
        let sides = Sides {
            base: side(1, answers(10, "/v1/", Box::new(base))),
            head: side(2, answers(900, "/v2/", Box::new(head))),
        };
        let options = Options { names: Seed::new(1), tries: 3, timing: false };
        let mut comparer = Comparer::new(&api, &sides, options);
        let capture = Capture { name: "id".into(), from: Source::Body("/id".into()) };
        let steps = vec![
            step("POST /orders", "/v1/orders", vec![capture]),
            step("GET /orders/{orderId}", "/v1/orders/{{id}}", vec![]),
        ];
        let scenario = Scenario::plain(steps);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..3 {
                comparer.scenario(&scenario, "a test").await.unwrap();
            }
        });
        comparer.finish()
    }

    #[track_caller]
    fn check(
        base: impl Fn(u32) -> Value + Send + Sync + 'static,
        head: impl Fn(u32) -> Value + Send + Sync + 'static,
        expected: &[&str],
    ) {
        let comparison = compared(base, head);
        let shown = |one: &Difference| {
            let Spot { class, place, base, head } = &one.spot;
            let place = if *class == Class::Schema { "" } else { place };
            format!("{} {class} {place}: {base} / {head}", one.operation)
        };
        let found: Vec<String> = comparison.differences.iter().map(shown).collect();
        assert_eq!(found, expected);
        assert_eq!((comparison.compared, comparison.unreachable), (3, None));
    }

    #[test]
    fn targets_that_do_the_same_have_no_difference() {
        // Ids differ from target to target and from time to time, and so does what is said beside them.
        check(|turn| json!({"state": "open", "n": turn}), |turn| json!({"state": "open", "n": turn + 7}), &[]);
    }

    #[test]
    fn what_differs_each_time_is_told_once() {
        let get = "GET /orders/{orderId}";
        check(
            |_| json!({"state": "open"}),
            |_| json!({"state": "paid"}),
            &[&format!("{get} value 200 body/state: open / paid")],
        );
        check(
            |_| json!({"note": "x"}),
            |_| json!({}),
            &[&format!("{get} member_gone 200 body/note: (there) / (gone)")],
        );
        check(|_| json!({}), |_| json!({"status": 500}), &[&format!("{get} status_class 2xx -> 5xx: 200 / 500")]);
    }

    #[test]
    fn a_schema_that_only_the_second_one_breaks_is_told() {
        let comparison = compared(|_| json!({"state": "open"}), |_| json!({"state": "lost"}));
        let classes: Vec<Class> = comparison.differences.iter().map(|one| one.spot.class).collect();
        assert_eq!(classes, [Class::Value, Class::Schema]);
        assert_eq!((comparison.differences[0].tries, comparison.differences[0].again), (3, 2));
    }

    #[test]
    fn what_differs_only_sometimes_is_not_told() {
        check(|_| json!({}), |turn| json!({"status": if turn == 2 { 500 } else { 200 }}), &[]);
        check(|turn| json!({"state": if turn % 2 == 0 { "open" } else { "paid" }}), |_| json!({"state": "open"}), &[]);
    }

    #[test]
    fn a_request_that_ends_the_target_is_told_though_it_can_not_show_again() {
        let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
        let asked = AtomicU32::new(0);
        let dies = move |_: &Request| {
            let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            canned::fault(if is_first { FaultKind::Closed } else { FaultKind::Refused })
        };
        let sides = Sides { base: side(1, |_| canned::json(200, &json!({}))), head: side(1, dies) };
        let mut comparer = Comparer::new(&api, &sides, Options { names: Seed::new(1), tries: 3, timing: false });
        let scenario = Scenario::single(step("GET /orders/{orderId}", "/v1/orders/1", vec![]));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(comparer.scenario(&scenario, "a test")).unwrap();
        let found = comparer.finish().differences;
        assert_eq!((found.len(), found[0].spot.class, found[0].hits, found[0].tries), (1, Class::StatusClass, 1, 3));
    }

    #[test]
    fn a_target_that_is_gone_ends_it() {
        let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
        let sides = Sides {
            base: side(1, |_| canned::json(200, &json!({}))),
            head: side(1, |_| canned::fault(FaultKind::Refused)),
        };
        let mut comparer = Comparer::new(&api, &sides, Options { names: Seed::new(1), tries: 3, timing: false });
        let scenario = Scenario::single(step("GET /orders/{orderId}", "/v1/orders/1", vec![]));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..2 * OUTAGE {
                comparer.scenario(&scenario, "a test").await.unwrap();
            }
        });
        let comparison = comparer.finish();
        assert_eq!((comparison.unreachable, comparison.differences.len()), (Some("head"), 0));
        assert_eq!(comparison.skipped, u64::from(OUTAGE));
    }
}
