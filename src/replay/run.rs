//! Sends one fixture and judges what comes back. Main function: [`run`].

use std::sync::Arc;
use std::time::Duration;

use super::conclude::{Conclusion, is_transient};
use crate::engine::{self, Executor, Manner};
use crate::finding::{Verdict, Volatile};
use crate::fixture::Fixture;
use crate::oracle::{self, Registry, UnknownOracle};
use crate::scenario::{Law, Scenario};
use crate::seed::Seed;
use crate::wire::{Exchange, FaultKind, Request};

/// How often a fixture is sent before a refused connection, or an answer that may come from load, counts.
const ATTEMPTS: u32 = 3;
/// How often a race is tried before it counts as mended: it need not show each time.
const RACES: u32 = 5;

/// So many pauses later a law that seemed broken is looked at for the last time.
const SETTLING: u32 = 4;

/// Why a report of the process can't be judged.
const UNSEEN: &str = "it was answered, and what the process writes is not seen: let gadfly run the target, with `--run -- \
                      COMMAND` or `run` in gadfly.toml";

/// The circumstances of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// The base path of the target; `None` if it is the one at which the fixture was found.
    pub base_path: Option<&'a str>,
    /// Today's date, `YYYY-MM-DD`.
    pub today: &'a str,
    /// Makes the values that must be unique; another one for each replay, since the target remembers.
    pub fresh: Seed,
    /// How long to wait before the fixture is sent once more; longer each time.
    pub pause: Duration,
}

/// What a replay came to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The conclusion.
    pub verdict: Verdict,
    /// What was to be sent.
    pub scenario: Scenario,
    /// What was sent the last time, and what came back; credentials are in it, so redact before showing.
    pub exchanges: Vec<Exchange>,
    /// How often it was sent.
    pub attempts: u32,
    /// What differed from attempt to attempt.
    pub volatile: Volatile,
}

/// What we could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The fixture names an oracle that this gadfly does not have.
    #[error(transparent)]
    Oracle(#[from] UnknownOracle),
    /// A step names an unknown identity, or a request can't be sent this way.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

/// Replays a fixture: each attempt alone on a new connection, with no less time than it had at discovery.
pub async fn run(
    fixture: &Fixture,
    executor: &Executor,
    registry: &Registry,
    conditions: Conditions<'_>,
) -> Result<Replayed, Error> {
    let executor = patient(executor, fixture);
    let scenario = fixture.to_scenario(conditions.base_path.unwrap_or(&fixture.base_path));
    let law = Law::named(&fixture.oracle);
    let mut attempts = 0;
    let mut outcomes = Vec::new();
    loop {
        attempts += 1;
        let fresh = conditions.fresh.child(fixture.id.as_str(), attempts.into());
        // What a law asks for may be true only a while after it was confirmed.
        let settling = match law {
            Some(law) if law.is_race() => conditions.pause,
            Some(_) if attempts > 1 => conditions.pause * SETTLING,
            _ => Duration::ZERO,
        };
        let execution = executor.run_slowly(&scenario, fresh, settling).await?;
        // A law's last try may have other steps; only answers to the judged one are compared.
        let judged = execution.exchanges.get(scenario.steps.len().saturating_sub(1));
        outcomes.extend(judged.map(|exchange| exchange.outcome.clone()));
        let conclusion = Conclusion::of(fixture, (registry, &executor.identities), &scenario, &execution)?;
        let conclusion = unless_unseen(conclusion, fixture, &executor, conditions.pause).await?;
        if is_looked_at_again(&conclusion, law, attempts) {
            continue;
        }
        let may_pass = matches!(conclusion, Conclusion::Unreachable(_)) || is_transient(&execution);
        if may_pass && attempts < ATTEMPTS {
            tokio::time::sleep(conditions.pause * attempts).await;
            continue;
        }
        let verdict = conclusion.verdict(&fixture.state, conditions.today);
        let volatile = Volatile::between(outcomes.iter());
        return Ok(Replayed { verdict, scenario, exchanges: execution.exchanges, attempts, volatile });
    }
}

/// The conclusion, unless it holds only as far as answers tell: whether the process survived, or what it wrote. One that is
/// watched was looked at already, and may end for somebody else meanwhile.
async fn unless_unseen(
    conclusion: Conclusion,
    fixture: &Fixture,
    executor: &Executor,
    pause: Duration,
) -> Result<Conclusion, Error> {
    if conclusion != Conclusion::Holds || executor.process.is_some() {
        return Ok(conclusion);
    }
    if asks_for_reports(fixture) {
        return Ok(Conclusion::Stale(UNSEEN.to_owned()));
    }
    if asks_for_survival(fixture) && !listens(executor, pause).await? {
        return Ok(Conclusion::Broken("it was answered, and nobody takes connections any more".to_owned()));
    }
    Ok(conclusion)
}

/// Whether a law is tried once more: a race need not show each time, and what another one asks for may be true a while
/// later.
fn is_looked_at_again(conclusion: &Conclusion, law: Option<Law>, attempts: u32) -> bool {
    match law {
        Some(law) if law.is_race() => *conclusion == Conclusion::Holds && attempts < RACES,
        Some(_) => matches!(conclusion, Conclusion::Broken(_)) && attempts == 1,
        None => false,
    }
}

fn patient(executor: &Executor, fixture: &Fixture) -> Executor {
    let mut executor = executor.clone();
    executor.options.timeout = executor.options.timeout.max(Duration::from_millis(fixture.timeout_ms));
    executor.options.fresh_connection = true;
    // Where the target is watched, one that is to survive is looked at afterwards, and so nobody else may be sent for.
    let manner = match (fixture.requires_fresh || asks_for_reports(fixture), asks_for_survival(fixture)) {
        // Some reports are told only once by a process.
        (true, _) => Manner::Afresh,
        (false, true) => Manner::Alone,
        (false, false) => Manner::Beside,
    };
    let executor = executor.in_manner(manner);
    // It may have died a while after the answer.
    if asks_for_survival(fixture) { executor.lingering() } else { executor }
}

fn asks_for_survival(fixture: &Fixture) -> bool {
    fixture.oracle == oracle::PROCESS_DIED.0
}

/// Whether it asks what the process writes. Where nobody sees that, an answer shows nothing.
fn asks_for_reports(fixture: &Fixture) -> bool {
    fixture.oracle == oracle::RUNTIME_ERROR.0
}

/// Whether a harmless request finds somebody, whatever the answer. A process that is ending may take the connection still.
async fn listens(executor: &Executor, pause: Duration) -> Result<bool, Error> {
    let request = Arc::new(Request::new("GET", "/"));
    for _ in 0..ATTEMPTS {
        let sent = executor.transport.send(Arc::clone(&request), executor.options).await;
        match sent.map_err(engine::Error::from)?.outcome.fault().map(|fault| fault.kind) {
            Some(FaultKind::Refused) => return Ok(false),
            Some(FaultKind::Closed | FaultKind::Truncated) => tokio::time::sleep(pause).await,
            _ => return Ok(true),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::State;
    use crate::replay::testing::{Fake, answer, created, executor, fault, fixture, refused, registry, two_steps};
    use crate::scenario::file::{ByteText, StepRecord};
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::wire::{FaultKind, Headers, Outcome, Response};

    const TODAY: &str = "2026-06-01";

    fn known(until: &str) -> State {
        State::Known { reason: "vendor".into(), owner: Some("team".into()), until: until.into() }
    }

    fn replay(fixture: &Fixture, executor: &Executor) -> Result<Replayed, Error> {
        replay_by(&registry(), fixture, executor)
    }

    fn replay_by(registry: &Registry, fixture: &Fixture, executor: &Executor) -> Result<Replayed, Error> {
        let conditions =
            Conditions { base_path: Some("/v1"), today: TODAY, fresh: Seed::new(1), pause: Duration::ZERO };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(fixture, executor, registry, conditions))
    }

    /// What it comes to by gadfly's own oracles, with these answers in order.
    fn judged(fixture: &Fixture, answers: Vec<Outcome>) -> Replayed {
        replay_by(&Registry::default(), fixture, &executor(Fake::list(answers))).unwrap()
    }

    /// The verdict on these answers in order, and how often the fixture was sent.
    #[track_caller]
    fn check(fixture: &Fixture, answers: Vec<Outcome>, verdict: &str, attempts: u32) {
        let replayed = replay(fixture, &executor(Fake::list(answers))).unwrap();
        assert_eq!((&*replayed.verdict.to_string(), replayed.attempts), (verdict, attempts));
    }

    #[test]
    fn an_open_fixture_passes_once_the_bug_is_mended() {
        let open = fixture(State::Open);
        check(&open, vec![answer(200)], "pass", 1);
        check(&open, vec![answer(400)], "pass", 1);
        check(&open, vec![answer(500)], "fail: the server answered 500", 1);
        check(&open, vec![fault(FaultKind::Closed)], "fail: connection closed without an answer", 1);
    }

    #[test]
    fn a_known_fixture_waits_until_its_date() {
        check(&fixture(known("2026-12-31")), vec![answer(500)], "known: vendor (until 2026-12-31, team)", 1);
        check(&fixture(known(TODAY)), vec![answer(500)], "known: vendor (until 2026-06-01, team)", 1);
        check(&fixture(known("2026-12-31")), vec![answer(200)], "unexpected pass", 1);
        let passed = "fail: the server answered 500; accepted until 2026-05-31, team (vendor), and that day has \
                      passed: mend it, or set a later date";
        check(&fixture(known("2026-05-31")), vec![answer(500)], passed, 1);
    }

    #[test]
    fn a_method_that_is_gone_is_stale_not_passed() {
        let mut open = fixture(State::Open);
        let gone = "stale: the target answers 405 to GET /a, as if there were no such operation: delete the fixture, or \
                    restore it";
        check(&open, vec![answer(405)], gone, 1);
        open.observed.status = Some(405);
        check(&open, vec![answer(405)], "pass", 1);
        let mut odd = fixture(State::Open);
        odd.steps[0].method = "BREW".into();
        check(&odd, vec![answer(405)], "pass", 1);
    }

    #[test]
    fn a_pending_fixture_shows_what_it_would() {
        check(&fixture(State::Pending), vec![answer(200)], "pass", 1);
        check(&fixture(State::Pending), vec![answer(500)], "fail: the server answered 500", 1);
    }

    #[test]
    fn a_refused_connection_is_tried_again_before_it_counts() {
        let open = fixture(State::Open);
        check(&open, vec![refused(), refused(), answer(200)], "pass", 3);
        check(&open, vec![refused(), refused(), refused()], "unreachable: port closed", 3);
        check(&fixture(known(TODAY)), vec![refused(), refused(), refused()], "unreachable: port closed", 3);
    }

    #[test]
    fn what_may_come_from_load_is_tried_again_before_it_counts() {
        let open = fixture(State::Open);
        check(&open, vec![answer(503), fault(FaultKind::TimedOut), answer(200)], "pass", 3);
        check(&open, vec![answer(503), answer(503), answer(503)], "fail: the server answered 503", 3);
        check(&open, vec![answer(503), answer(500)], "fail: the server answered 500", 2);
        let timed_out = || fault(FaultKind::TimedOut);
        check(&open, vec![timed_out(), timed_out(), timed_out()], "fail: no answer in time", 3);
        let throttled = "stale: the target answers 429 (too many requests) to it; replay more slowly";
        check(&open, vec![answer(429), answer(429), answer(429)], throttled, 3);
    }

    #[test]
    fn what_differs_from_attempt_to_attempt_is_told() {
        let busy = |body: &'static str| Outcome::Response(Response::new(503, Headers::new(), body));
        let fake = Fake::list(vec![busy(r#"{"id":1}"#), busy(r#"{"id":2}"#), busy(r#"{"id":3}"#)]);
        let replayed = replay(&fixture(State::Open), &executor(fake)).unwrap();
        assert_eq!(replayed.volatile.shown().as_deref(), Some("/id"));
        let once = replay(&fixture(State::Open), &executor(Fake::list(vec![answer(200)]))).unwrap();
        assert!(once.volatile.is_empty(), "{:?}", once.volatile);
    }

    #[test]
    fn a_target_that_is_to_survive_is_asked_whether_it_did() {
        let died = Fixture { oracle: "process_died".into(), ..fixture(State::Open) };
        let replay = |answers| judged(&died, answers).verdict.to_string();
        assert_eq!(replay(vec![answer(400), answer(404)]), "pass");
        assert_eq!(replay(vec![answer(200), fault(FaultKind::TimedOut)]), "pass");
        let gone = "fail: it was answered, and nobody takes connections any more";
        assert_eq!(replay(vec![answer(200), fault(FaultKind::Closed), refused()]), gone);
        let dropped = || fault(FaultKind::Closed);
        assert_eq!(replay(vec![answer(200), dropped(), dropped(), dropped()]), "pass", "somebody is there");
        assert_eq!(replay(vec![answer(200), refused()]), gone);
        let closed = "fail: connection closed without an answer: port closed";
        assert_eq!(replay(vec![fault(FaultKind::Closed)]), closed);
    }

    #[test]
    fn what_the_process_writes_is_judged_only_where_it_is_seen() {
        let told = Fixture { oracle: "runtime_error".into(), ..fixture(State::Open) };
        let replay = |answers| judged(&told, answers).verdict.to_string();
        assert_eq!(replay(vec![answer(200)]), format!("stale: {UNSEEN}"));
        assert_eq!(replay(vec![fault(FaultKind::Closed)]), "fail: connection closed without an answer: port closed");
    }

    #[test]
    fn a_setup_that_no_longer_works_is_stale_not_passed() {
        let two = two_steps();
        check(&two, vec![created(r#"{"id":7}"#), answer(500)], "fail: the server answered 500", 1);
        check(
            &two,
            vec![created(r#"{"no":7}"#)],
            "stale: step 1 that prepares the request: POST /a answered 201 without what \"id\" is taken from",
            1,
        );
        check(
            &two,
            vec![fault(FaultKind::Closed)],
            "stale: step 1 that prepares the request: POST /a: connection closed without an answer",
            1,
        );
        let mut silent = two_steps();
        silent.steps[0].captures.clear();
        let reason = "stale: step 1 that prepares the request: POST /a answered 404, not 201";
        check(&silent, vec![answer(404), answer(404)], reason, 1);
    }

    #[test]
    fn credentials_that_are_not_accepted_prove_nothing() {
        let mut alice = fixture(State::Open);
        alice.steps[0].identity = IdentityName::new("alice");
        let stale = "stale: the target answers 401 to the credentials of alice; renew them in the configuration";
        check(&alice, vec![answer(401)], stale, 1);
        check(&alice, vec![answer(403)], "pass", 1);
        let mut tampered = alice.clone();
        tampered.steps[0].headers.push((ByteText("authorization".into()), ByteText("x".into())));
        check(&tampered, vec![answer(401)], "pass", 1);
        let mut anonymous = alice.clone();
        anonymous.steps[0].identity = IdentityName::new(ANONYMOUS);
        check(&anonymous, vec![answer(401)], "pass", 1);
        alice.observed.status = Some(401);
        check(&alice, vec![answer(401)], "pass", 1);
    }

    #[test]
    fn each_attempt_has_its_own_connection_time_and_values() {
        let fake = Arc::new(Fake::list(vec![answer(503), answer(200)]));
        let mut open = fixture(State::Open);
        open.timeout_ms = 9_000;
        open.steps[0].fresh = vec!["name".into()];
        open.steps[0].target = ByteText("/a/{{name}}".into());
        let mut executor = executor(Fake::list(vec![]));
        executor.transport = fake.clone();
        replay(&open, &executor).unwrap();
        let targets = fake.targets();
        assert!(targets.iter().all(|target| target.starts_with("/v1/a/g")), "{targets:?}");
        assert_ne!(targets[0], targets[1]);
        let options = fake.options();
        assert!(options.iter().all(|options| options.fresh_connection && options.timeout == Duration::from_secs(9)));
    }

    #[test]
    fn what_is_true_only_a_while_after_it_was_confirmed_is_waited_for() {
        let mut law = two_steps();
        law.oracle = "created_object_missing".into();
        let made = || created(r#"{"id":7}"#);
        let replay = |answers| {
            let replayed = judged(&law, answers);
            (replayed.verdict.word(), replayed.attempts)
        };
        assert_eq!(replay(vec![made(), answer(404), made(), answer(200)]), ("pass", 2));
        assert_eq!(replay(vec![made(), answer(404), made(), answer(404)]), ("fail", 2));
    }

    /// A fixture that makes something twice at once; without the reads a finding needs no more of it.
    fn race() -> Fixture {
        let mut fixture = two_steps();
        let create = fixture.steps.remove(0);
        let read = fixture.steps.remove(0);
        let once = StepRecord { captures: vec![], ..create.clone() };
        let again = StepRecord { answered: Some(409), ..once.clone() };
        let raced = StepRecord { answered: None, ..create };
        let twin = StepRecord { at_once: true, ..raced.clone() };
        let first = StepRecord { answered: Some(200), ..read.clone() };
        fixture.steps = vec![once, again, raced, twin, first, read];
        Fixture { oracle: "double_create".into(), ..fixture }
    }

    /// The verdict of a race whose tries are answered so, and how often it was tried.
    #[track_caller]
    fn check_race(tries: Vec<Vec<Outcome>>, verdict: &str, attempts: u32) {
        let replayed = judged(&race(), tries.into_iter().flatten().collect());
        let shown = replayed.verdict.to_string();
        assert!(shown.starts_with(verdict) && replayed.attempts == attempts, "{shown}, {} times", replayed.attempts);
    }

    #[test]
    fn a_race_is_red_if_it_shows_in_any_try_and_green_if_it_shows_in_none() {
        let ok = |body: &'static str| Outcome::Response(Response::new(200, Headers::new(), body));
        let lost = || vec![created(r#"{"id":1}"#), answer(409), created(r#"{"id":2}"#), answer(409)];
        let shown = || {
            let both = [created(r#"{"id":2}"#), created(r#"{"id":3}"#), ok(r#"{"id":2}"#), ok(r#"{"id":3}"#)];
            [vec![created(r#"{"id":1}"#), answer(409)], both.to_vec()].concat()
        };
        check_race(vec![shown()], "fail: two equal creations at once make two things", 1);
        check_race(vec![lost(), lost(), shown()], "fail: two equal creations", 3);
        check_race(vec![lost(), lost(), lost(), lost(), lost()], "pass", 5);
        let twice = vec![created(r#"{"id":1}"#), created(r#"{"id":4}"#), created(r#"{"id":2}"#), answer(409)];
        check_race(vec![twice], "stale: step 2 that prepares the request: POST /a answered 201, not 409", 1);
        let throttled = vec![created(r#"{"id":1}"#), answer(403), created(r#"{"id":2}"#), answer(409)];
        check_race(vec![throttled], "stale: sent one after the other, the same requests do not do any more", 1);
    }

    #[test]
    fn what_we_cannot_do_is_an_error() {
        let mut stranger = fixture(State::Open);
        stranger.steps[0].identity = IdentityName::new("mallory");
        let error = replay(&stranger, &executor(Fake::always(answer(200)))).unwrap_err().to_string();
        assert!(error.contains("no identity is named \"mallory\""), "{error}");
        let strange = Fixture { oracle: "crystal_ball".into(), ..fixture(State::Open) };
        let error = replay(&strange, &executor(Fake::always(answer(200)))).unwrap_err().to_string();
        assert!(error.contains("no oracle is named \"crystal_ball\""), "{error}");
    }
}
