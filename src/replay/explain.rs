//! What a person needs to know of a replay. Main function: [`explain`].

use std::fmt::Write;

use similar::TextDiff;

use super::Replayed;
use crate::finding::Volatile;
use crate::fixture::{Fixture, Observed, Provenance, State};
use crate::oracle::Registry;
use crate::redact::Redactor;
use crate::scenario::{Step, shell};
use crate::wire::Origin;

/// How the replay is shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The fixture's file as the user names it.
    pub file: &'a str,
    /// The name of its test.
    pub name: &'a str,
    /// Where the target listens.
    pub origin: &'a Origin,
    /// Knows every credential.
    pub redactor: &'a Redactor,
    /// What the fixture's oracle looks for, in one sentence.
    pub looks_for: &'a str,
}

impl<'a> View<'a> {
    /// What the oracle of this name looks for.
    pub fn looks_for(registry: &'a Registry, oracle: &str) -> &'a str {
        registry.iter().find(|known| known.id().0 == oracle).map_or("", |known| known.explain())
    }
}

/// The verdict, what the fixture asks, the requests to paste, what changed in the answer, and how to replay just this
/// one. Without credentials.
pub fn explain(fixture: &Fixture, replayed: &Replayed, view: &View<'_>) -> String {
    let mut out = String::new();
    // Writing to a String can't fail, here and below.
    _ = writeln!(out, "{}\n", replayed.verdict);
    facts(&mut out, fixture, view);
    if replayed.attempts > 1 {
        _ = writeln!(out, "attempts   {}", replayed.attempts);
    }
    requests(&mut out, &replayed.scenario.steps, view.origin);
    answer(&mut out, fixture, replayed, view.redactor);
    log(&mut out, &fixture.observed);
    _ = write!(
        out,
        "\nreplay just this one:\n  gadfly replay {name}\n  cargo test -- --exact {name}",
        name = view.name
    );
    // Once more over all of it, whatever was redacted before.
    view.redactor.text(&out)
}

/// What a fixture says, without a replay: what it asks and requires, the requests to paste, the answer at discovery, and
/// where it comes from.
pub fn describe(fixture: &Fixture, base_path: Option<&str>, view: &View<'_>) -> String {
    let mut out = String::new();
    // Writing to a String can't fail, here and below.
    _ = writeln!(out, "{}\n", state(&fixture.state));
    facts(&mut out, fixture, view);
    _ = writeln!(out, "requires   {} {}", fixture.oracle, fixture.parameters);
    _ = writeln!(out, "made by    {}", origin(fixture));
    requests(&mut out, &fixture.to_scenario(base_path.unwrap_or(&fixture.base_path)).steps, view.origin);
    _ = write!(out, "\nthe answer at discovery:\n{}", indented(&fixture.observed.render()));
    differing(&mut out, &fixture.observed.volatile);
    log(&mut out, &fixture.observed);
    // Once more over all of it, whatever was redacted before.
    view.redactor.text(&out)
}

fn state(state: &State) -> String {
    match state {
        State::Pending | State::Open => state.word().to_owned(),
        State::Known { reason, owner, until } => {
            let owner = owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
            format!("known: {reason} (until {until}{owner})")
        }
    }
}

/// Enough to make the finding again.
fn origin(fixture: &Fixture) -> String {
    let Provenance { seed, generator, index, spec, .. } = &fixture.provenance;
    let generator = generator.as_deref().unwrap_or("a recorded request");
    let index = index.map(|index| format!(" {index}")).unwrap_or_default();
    format!("{generator}{index}, seed {seed}, document {spec}")
}

fn facts(out: &mut String, fixture: &Fixture, view: &View<'_>) {
    let Fixture { title, oracle, operation, severity, confirmed, provenance, .. } = fixture;
    let owasp = fixture.owasp.map(|owasp| format!(", {}", owasp.code())).unwrap_or_default();
    _ = writeln!(out, "fixture    {}", view.file);
    _ = writeln!(out, "operation  {operation}");
    _ = writeln!(out, "finding    {title} ({severity}{owasp})");
    _ = writeln!(out, "forbids    {oracle}: {}", view.looks_for);
    let found = format!("{}, gadfly {}, seen {confirmed} times", provenance.date, provenance.gadfly);
    _ = writeln!(out, "found      {found}");
    if let Some(rule) = &fixture.rule {
        _ = writeln!(out, "request    {}, {rule}", fixture.intent);
    }
    if fixture.requires_fresh {
        _ = writeln!(out, "note       it was found on a target that had just been started");
    }
}

fn requests(out: &mut String, steps: &[Step], origin: &Origin) {
    for (index, step) in steps.iter().enumerate() {
        let number = if steps.len() > 1 { format!(" {}", index + 1) } else { String::new() };
        _ = writeln!(out, "\nrequest{number} as {}:", step.identity);
        for line in shell(step, origin) {
            _ = writeln!(out, "  {line}");
        }
    }
}

fn answer(out: &mut String, fixture: &Fixture, replayed: &Replayed, redactor: &Redactor) {
    let Some(last) = replayed.exchanges.last() else { return };
    if replayed.exchanges.len() < fixture.steps.len() {
        let now = Observed::of(&last.outcome, redactor).render();
        _ = write!(out, "\nthe answer to step {}:\n{}", replayed.exchanges.len(), indented(&now));
        return;
    }
    let now = Observed::varying(&last.outcome, redactor, &fixture.observed.volatile);
    let found = replayed.volatile.redacted(redactor);
    let (then, steady, volatile) = fixture.observed.beside(&now, &found);
    if then == steady {
        _ = write!(out, "\nthe answer, the same as at discovery:\n{}", indented(&now.render()));
    } else {
        let diff = TextDiff::from_lines(&then, &steady);
        let diff = diff.unified_diff().context_radius(3).header("at discovery", "now").to_string();
        _ = write!(out, "\nhow the answer changed:\n{}", indented(&diff));
    }
    differing(out, &volatile);
}

/// What no diff shows, since it is another one each time.
fn differing(out: &mut String, volatile: &Volatile) {
    if let Some(places) = volatile.shown() {
        _ = writeln!(out, "\ndiffers each time: {places}");
    }
}

/// What the target wrote when the finding was proved: a trace says where the bug is.
fn log(out: &mut String, observed: &Observed) {
    if !observed.log.is_empty() {
        _ = write!(out, "\nwhat the target wrote at discovery:\n{}", indented(&observed.render_log()));
    }
}

/// Two columns to the right; white space at the ends of lines, such as a diff has, would only be lost in copies.
fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        out.push_str(format!("  {line}").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::finding::Verdict;
    use crate::fixture::State;
    use crate::fixture::testing::{confirmed, redactor, sample};
    use crate::replay::testing::{answer, exchange, fixture};
    use crate::wire::{Outcome, Response};

    fn view(redactor: &Redactor) -> View<'_> {
        static ORIGIN: LazyLock<Origin> = LazyLock::new(|| "http://127.0.0.1:8080".parse().unwrap());
        View {
            file: "regressions/demo/x.json",
            name: "demo::x",
            origin: &ORIGIN,
            redactor,
            looks_for: "the server answers 5xx",
        }
    }

    #[test]
    fn all_that_is_needed_is_there() {
        let now = Response::new(500, [("Content-Type", "text/plain")].into_iter().collect(), "panic: tok-123");
        let fixture = sample();
        let mut exchanges = confirmed().exchanges;
        exchanges[1].outcome = Outcome::Response(now);
        let verdict = Verdict::Fail { reason: "the server answered 500".into() };
        let replayed = Replayed {
            verdict,
            scenario: fixture.to_scenario("/v2"),
            exchanges,
            attempts: 3,
            volatile: Volatile::default(),
        };
        let text = explain(&fixture, &replayed, &view(&redactor()));
        assert_eq!(text, include_str!("explained.txt").trim_end());
    }

    #[test]
    fn a_fixture_is_described_without_a_replay() {
        let known = State::Known { reason: "vendor".into(), owner: Some("team".into()), until: "2026-12-31".into() };
        let text = describe(&Fixture { state: known, ..sample() }, None, &view(&redactor()));
        assert!(
            text.starts_with("known: vendor (until 2026-12-31, team)\n\nfixture    regressions/demo/x.json\n"),
            "{text}"
        );
        for part in [
            "requires   server_error {\"class\":\"5xx\"}",
            "made by    a recorded request, seed 7, document d1ge57",
            "request 1 as alice:\n  curl -i --path-as-is -X POST http://127.0.0.1:8080/v1/orders",
            "request 2 as anonymous:\n  curl",
            "the answer at discovery:\n  status: 500\n",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn an_answer_that_is_the_same_is_shown_once() {
        let mut fixture = fixture(State::Open);
        let exchanges = vec![exchange(&fixture.to_scenario("").steps[0], answer(500))];
        fixture.observed = Observed::of(&exchanges[0].outcome, &redactor());
        let replayed = Replayed {
            verdict: Verdict::Pass,
            scenario: fixture.to_scenario(""),
            exchanges,
            attempts: 1,
            volatile: Volatile::default(),
        };
        let text = explain(&fixture, &replayed, &view(&redactor()));
        assert!(text.contains("the answer, the same as at discovery:\n  status: 500\n\n  x\n"), "{text}");
        assert!(text.starts_with("pass\n") && text.contains("\nrequest as anonymous:\n  curl"), "{text}");
    }

    /// What is shown of a replay that was answered so, of a fixture that was answered 500 with an id.
    fn answered(body: &'static str, volatile: &str) -> String {
        let json = |body: &'static str| {
            let headers = [("Content-Type", "application/json")].into_iter().collect();
            Outcome::Response(Response::new(500, headers, body))
        };
        let mut fixture = fixture(State::Open);
        let exchanges = vec![exchange(&fixture.to_scenario("").steps[0], json(body))];
        let volatile = Volatile { body: [volatile.to_owned()].into(), ..Volatile::default() };
        fixture.observed = Observed::varying(&json(r#"{"id": 121, "error": "boom"}"#), &redactor(), &volatile);
        fixture.observed.log = vec!["Traceback of tok-123".into()];
        let (verdict, scenario) = (Verdict::Fail { reason: "x".into() }, fixture.to_scenario(""));
        let replayed = Replayed { verdict, scenario, exchanges, attempts: 1, volatile: Volatile::default() };
        let described = describe(&fixture, None, &view(&redactor()));
        assert!(described.contains("\n    \"id\": 121,"), "{described}");
        assert!(described.contains("\ndiffers each time: /id\n"), "{described}");
        assert!(
            described.ends_with("\nwhat the target wrote at discovery:\n  Traceback of [redacted]\n"),
            "{described}"
        );
        explain(&fixture, &replayed, &view(&redactor()))
    }

    #[test]
    fn a_diff_shows_only_what_does_not_differ_each_time() {
        let text = answered(r#"{"id": 9, "error": "boom"}"#, "/id");
        assert!(text.contains("the answer, the same as at discovery:\n  status: 500\n"), "{text}");
        assert!(text.contains("\n    \"id\": 9,\n") && !text.contains("how the answer changed"), "{text}");
        let text = answered(r#"{"id": 9, "error": "bang"}"#, "/id");
        let (_, diff) = text.split_once("how the answer changed:\n").unwrap();
        assert!(diff.contains("-  \"error\": \"boom\"") && diff.contains("+  \"error\": \"bang\""), "{diff}");
        assert!(diff.contains("     \"id\": \"(differs each time)\",\n") && !diff.contains("121"), "{diff}");
        assert!(diff.contains("\ndiffers each time: /id\n"), "{diff}");
        assert!(diff.contains("\nwhat the target wrote at discovery:\n  Traceback of [redacted]\n"), "{diff}");
    }

    #[test]
    fn a_stale_one_shows_the_step_that_broke() {
        let fixture = sample();
        let exchanges = vec![exchange(&fixture.to_scenario("").steps[0], answer(404))];
        let verdict = Verdict::Stale { reason: "step 1".into() };
        let replayed = Replayed {
            verdict,
            scenario: fixture.to_scenario(""),
            exchanges,
            attempts: 1,
            volatile: Volatile::default(),
        };
        let text = explain(&fixture, &replayed, &view(&redactor()));
        assert!(text.contains("the answer to step 1:\n  status: 404\n"), "{text}");
        assert!(!text.contains("how the answer changed"), "{text}");
    }
}
