//! Fixtures as named tests of `cargo test` and nextest, by libtest-mimic. Main functions: [`run`], [`trials`].
//!
//! It reads no environment and no arguments: a [`Plan`] holds what was resolved from them. All that there is to say
//! goes into the failure of its trial, since anything else on stdout would break the output formats of the harness.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::{Replayer, Target, takes_away};
use crate::api::Api;
use crate::finding::Verdict;
use crate::fixture::{Entry, REGRESSIONS, accepted_keys, folder_of, load, trial_name};
use crate::store::Store;

/// What is to be tested, and against what.
pub struct Plan {
    /// The accepted fixtures.
    pub fixtures: Arc<dyn Store>,
    /// Sends them.
    pub replayer: Replayer,
    /// Where the API of a fixture is; asked by each trial for itself, with the name of the API's folder.
    pub site: Arc<SiteOf>,
    /// The document of the API of a folder, if one is known: it tells of operations that were removed.
    pub document: Arc<DocumentOf>,
    /// Whether there is any target at all: without one an empty run is no mistake.
    pub has_target: bool,
}

/// Says where an API is. It is called inside the runtime of the trial that asks, which lives no longer than the
/// trial: a stand-in server runs in a thread of its own, and a transport is made anew for each call.
pub type SiteOf = dyn Fn(&str) -> Site + Send + Sync;

/// Says what an API has.
pub type DocumentOf = dyn Fn(&str) -> Option<Arc<Api>> + Send + Sync;

/// Where an API is.
pub enum Site {
    /// Here.
    Target(Box<Target>),
    /// Nobody said; its trials are ignored for this reason.
    Absent(String),
    /// What was said is no good; its trials fail for this reason.
    Unusable(String),
}

/// Runs those of all trials that the arguments select.
pub fn run(plan: Plan, extra: Vec<Trial>, arguments: &Arguments) -> ExitCode {
    libtest_mimic::run(arguments, trials(plan, extra, arguments)).exit_code()
}

/// One trial that fails for this reason: nothing can be tested at all.
pub fn broken(reason: &str, arguments: &Arguments) -> ExitCode {
    let reason = reason.to_owned();
    libtest_mimic::run(arguments, vec![Trial::test("gadfly::set_up", || Err(reason.into()))]).exit_code()
}

/// One trial for each accepted fixture, what takes away what others use after the rest; and `extra` ones of others.
pub fn trials(plan: Plan, mut extra: Vec<Trial>, arguments: &Arguments) -> Vec<Trial> {
    let keys = match accepted_keys(&*plan.fixtures) {
        Ok(keys) => keys,
        Err(error) => {
            let reason = format!("failed to list the fixtures of {REGRESSIONS}: {error}");
            extra.push(Trial::test("gadfly::fixtures_are_unreadable", || Err(reason.into())));
            return extra;
        }
    };
    if keys.is_empty() && extra.is_empty() {
        return vec![nothing_to_run(&plan)];
    }
    let plan = Arc::new(plan);
    let is_last = |key: &String| load(&*plan.fixtures, REGRESSIONS, key).is_ok_and(|fixture| takes_away(&fixture));
    // nextest starts the test program once for each trial, by its exact name: all files would be read as often.
    let (last, first): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| !arguments.exact && is_last(key));
    let trial = |key: String| {
        let plan = Arc::clone(&plan);
        Trial::ignorable_test(trial_name(&key), move || replay(&plan, &key))
    };
    first.into_iter().chain(last).map(trial).chain(extra).collect()
}

/// An empty run must not look like a good one.
fn nothing_to_run(plan: &Plan) -> Trial {
    let reason = format!("{REGRESSIONS} holds no fixture, and there is no specification to fuzz by");
    let has_target = plan.has_target;
    Trial::ignorable_test("gadfly::nothing_to_run", move || {
        if has_target {
            return Err(format!("{reason}: a target is given, but nothing was tested; run `gadfly fuzz` first").into());
        }
        Ok(Completion::ignored_with(format!("no target is given, {reason}")))
    })
}

fn replay(plan: &Plan, key: &str) -> Result<Completion, Failed> {
    let entry = Entry { fixture: load(&*plan.fixtures, REGRESSIONS, key)?, key: key.to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match (plan.site)(folder_of(key)) {
            Site::Target(target) => replay_at(plan, &entry, &target).await,
            Site::Absent(reason) => Ok(Completion::ignored_with(reason)),
            Site::Unusable(reason) => Err(reason.into()),
        }
    })
}

async fn replay_at(plan: &Plan, entry: &Entry, target: &Target) -> Result<Completion, Failed> {
    let file = format!("{REGRESSIONS}/{}", entry.key);
    let document = || (plan.document)(folder_of(&entry.key));
    let replayed = plan.replayer.replay(entry, target, document).await;
    let replayed = replayed.map_err(|error| format!("failed to replay {file}: {error}"))?;
    match &replayed.verdict {
        Verdict::Pass => Ok(Completion::Completed),
        // Neither may stay unseen, and a passed trial has no message.
        Verdict::Known { .. } => Ok(Completion::ignored_with(&replayed.verdict)),
        Verdict::UnexpectedPass => Ok(Completion::ignored_with(format!("unexpected pass: take `known` out of {file}"))),
        Verdict::Fail { .. } | Verdict::Stale { .. } | Verdict::Unreachable { .. } => {
            Err(plan.replayer.explained(entry, &replayed, target).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::engine::Executor;
    use crate::finding::Signature;
    use crate::fixture::{Fixture, State, write};
    use crate::replay::testing::{Fake, answer, executor, fixture, refused, registry};
    use crate::store::Memory;
    use crate::transport;
    use crate::wire::{Origin, Outcome};

    const NAME: &str = "demo::get_a::no_5xx_89abcdef";

    fn plan(files: &[(&str, &[u8])], has_target: bool, site: impl Fn(&str) -> Site + Send + Sync + 'static) -> Plan {
        let store = Memory::default();
        for (key, bytes) in files {
            store.put(key, bytes).unwrap();
        }
        Plan {
            fixtures: Arc::new(store),
            replayer: Replayer { registry: registry(), today: "2026-06-01".into(), ..Replayer::begin() },
            site: Arc::new(site),
            document: Arc::new(|_| None),
            has_target,
        }
    }

    fn answering(outcome: Outcome) -> impl Fn(&str) -> Site {
        move |api| {
            assert_eq!(api, "demo");
            let executor = executor(Fake::always(outcome.clone()));
            let origin = "http://127.0.0.1:8080".parse().unwrap();
            Site::Target(Box::new(Target { executor, origin, base_path: Some("/v1".into()) }))
        }
    }

    /// The counts of passed, failed and ignored trials.
    #[track_caller]
    fn check(plan: Plan, extra: Vec<Trial>, expected: (u64, u64, u64)) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut arguments = Arguments::from_iter(["test", "--quiet", "--test-threads=1"]);
        arguments.logfile = Some(log.path().to_str().unwrap().to_owned());
        let counts = libtest_mimic::run(&arguments, trials(plan, extra, &arguments));
        let text = std::fs::read_to_string(log.path()).unwrap();
        assert_eq!((counts.num_passed, counts.num_failed, counts.num_ignored), expected, "{text}");
    }

    fn file(state: State) -> Vec<u8> {
        write(&fixture(state))
    }

    const KEY: &str = "demo/get_a-no_5xx-89abcdef.json";

    #[test]
    fn each_accepted_fixture_is_one_trial_with_a_name() {
        let open = file(State::Open);
        let files: [(&str, &[u8]); 4] =
            [(KEY, &open), ("pending/demo/get_b-no_5xx-1.json", &open), ("README.md", b""), ("other/x.json", b"")];
        let extra = vec![Trial::test("demo::fuzz::get_a", || Ok(()))];
        assert_eq!(names(&files, extra, &["test"]), [NAME, "other::x", "demo::fuzz::get_a"]);
    }

    fn names(files: &[(&str, &[u8])], extra: Vec<Trial>, arguments: &[&str]) -> Vec<String> {
        let plan = plan(files, true, |_| Site::Absent("n".into()));
        let trials = trials(plan, extra, &Arguments::from_iter(arguments));
        trials.iter().map(|trial| trial.name().to_owned()).collect()
    }

    #[test]
    fn what_takes_away_what_others_use_comes_after_the_rest() {
        let mut taker = fixture(State::Open);
        taker.steps.iter_mut().for_each(|step| "DELETE /a".clone_into(&mut step.operation));
        let files: [(&str, &[u8]); 2] = [("demo/a.json", &write(&taker)), ("demo/b.json", &file(State::Open))];
        let extra = || vec![Trial::test("demo::fuzz::get_a", || Ok(()))];
        assert_eq!(names(&files, extra(), &["test"]), ["demo::b", "demo::a", "demo::fuzz::get_a"]);
        assert_eq!(
            names(&files, extra(), &["test", "--exact", "demo::b"]),
            ["demo::a", "demo::b", "demo::fuzz::get_a"]
        );
    }

    #[test]
    fn outcomes_follow_the_verdict() {
        let known = State::Known { reason: "vendor".into(), owner: None, until: "2026-12-31".into() };
        let open = file(State::Open);
        let known = file(known);
        let run =
            |file: &[u8], outcome, expected| check(plan(&[(KEY, file)], true, answering(outcome)), vec![], expected);
        run(&open, answer(200), (1, 0, 0));
        run(&open, answer(500), (0, 1, 0));
        run(&known, answer(500), (0, 0, 1));
        run(&known, answer(200), (0, 0, 1));
        run(&open, refused(), (0, 1, 0));
        run(b"{", answer(200), (0, 1, 0));
    }

    #[test]
    fn what_the_document_does_not_have_any_more_does_not_pass() {
        let text = r#"{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{}}"#;
        let api = crate::spec::load_bytes("x.json", text.as_bytes()).unwrap().api;
        let with = |api: Option<Arc<Api>>| {
            let plan = plan(&[(KEY, &file(State::Open))], true, answering(answer(404)));
            Plan { document: Arc::new(move |_| api.clone()), ..plan }
        };
        check(with(None), vec![], (1, 0, 0));
        check(with(Some(api)), vec![], (0, 1, 0));
    }

    #[test]
    fn without_a_target_fixtures_are_ignored_and_a_bad_one_fails() {
        let open = file(State::Open);
        check(plan(&[(KEY, &open)], false, |_| Site::Absent("set GADFLY_URL".into())), vec![], (0, 0, 1));
        check(plan(&[(KEY, &open)], true, |_| Site::Unusable("no URL".into())), vec![], (0, 1, 0));
        check(plan(&[(KEY, b"{")], false, |_| Site::Absent("set GADFLY_URL".into())), vec![], (0, 1, 0));
    }

    #[test]
    fn nothing_to_run_is_no_silent_success() {
        check(plan(&[], true, answering(answer(200))), vec![], (0, 1, 0));
        check(plan(&[], false, answering(answer(200))), vec![], (0, 0, 1));
        check(plan(&[], true, answering(answer(200))), vec![Trial::test("x", || Ok(()))], (1, 0, 0));
    }

    #[test]
    fn the_failure_says_all_there_is_to_know() {
        let fixture = fixture(State::Open);
        let plan = plan(&[(KEY, &write(&fixture))], true, answering(answer(500)));
        let failure = replay(&plan, KEY).err().unwrap();
        let text = failure.message().unwrap();
        for part in ["regressions/demo/get_a-no_5xx-89abcdef.json", "curl -i", NAME, "fail: the server answered 500"] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn an_unknown_oracle_fails_with_its_name() {
        let strange =
            Fixture { oracle: "crystal_ball".into(), id: Signature::from_text("v1:x"), ..fixture(State::Open) };
        let plan = plan(&[(KEY, &write(&strange))], true, answering(answer(200)));
        let failure = replay(&plan, KEY).err().unwrap();
        assert!(failure.message().unwrap().contains("no oracle is named \"crystal_ball\"; there are no_5xx"));
    }

    /// Answers each of `statuses` to one connection after the one that asks for the base URL, then stops listening.
    fn serve(statuses: Vec<u16>) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            let asked = [("/v1/", 200)].into_iter().chain(statuses.into_iter().map(|status| ("/v1/a", status)));
            for (target, status) in asked {
                let (stream, _) = listener.accept().unwrap();
                let head = BufReader::new(&stream).lines().map_while(Result::ok);
                let first = head.take_while(|line| !line.is_empty()).next().unwrap();
                assert_eq!(first, format!("GET {target} HTTP/1.1"));
                write!(&stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        origin
    }

    /// What each of two fixtures comes to over real connections, one trial after the other.
    #[track_caller]
    fn check_wire(statuses: Vec<u16>, expected: (u64, u64, u64)) {
        let origin = serve(statuses);
        let site = move |_: &str| {
            let executor = Executor { transport: transport::http1(origin.clone()), ..executor(Fake::list(vec![])) };
            Site::Target(Box::new(Target { executor, origin: origin.clone(), base_path: Some("/v1".into()) }))
        };
        let open = file(State::Open);
        check(plan(&[(KEY, &open), ("demo/again.json", &open)], true, site), vec![], expected);
    }

    #[test]
    fn trials_share_a_server_and_no_connection() {
        check_wire(vec![200, 404], (2, 0, 0));
        check_wire(vec![200, 500], (1, 1, 0));
        check_wire(vec![200], (1, 1, 0));
    }
}
