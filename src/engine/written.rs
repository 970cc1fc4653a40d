//! Which of the lines that a target writes belong to a scenario. Main functions: [`of_alone`], [`of_beside`].
//!
//! A line that holds the id of a request is about that request. What holds none is told by the time: it belongs to what was
//! carried out then, if nothing else was. It reads lines and nothing else.

use super::execute::Execution;
use crate::wire::{Id, RunId};

/// How many lines are kept, and how many if there is a report among them.
const MOST: usize = 20;
const MOST_OF_A_REPORT: usize = 40;
/// How many of the lines before a report are kept where there are many.
const BEFORE: usize = 3;

/// The lines of a scenario that was carried out alone, of those that the target wrote meanwhile: all but what is said late
/// of another request. A handler names its request in the line of its log, seldom in those of a trace below it, so that the
/// lines without an id stay.
pub(super) fn of_alone(lines: Vec<String>, execution: &Execution, run_id: Option<&RunId>) -> Vec<String> {
    let own = ids(execution, run_id);
    let is_own = |line: &String| {
        let named = run_id.map_or(Vec::new(), |run_id| run_id.find(line));
        named.is_empty() || named.iter().any(|id| own.iter().any(|own| own.as_str() == *id))
    };
    let lines = shown(lines.into_iter().filter(is_own), run_id);
    let begin = execution.reported.as_deref().and_then(|reported| reported.lines().next());
    match begin.and_then(|begin| lines.iter().position(|line| line == begin)) {
        Some(at) => lines.into_iter().skip(at.saturating_sub(BEFORE)).take(MOST_OF_A_REPORT).collect(),
        None => lines.into_iter().take(MOST).collect(),
    }
}

/// The last lines that name a request of the scenario.
pub(super) fn of_beside(lines: Vec<String>, execution: &Execution, run_id: &RunId) -> Vec<String> {
    let own = ids(execution, Some(run_id));
    let is_own = |line: &String| own.iter().any(|id| line.contains(id.as_str()));
    let lines: Vec<String> = lines.into_iter().filter(is_own).collect();
    let skipped = lines.len().saturating_sub(MOST);
    shown(lines.into_iter().skip(skipped), Some(run_id))
}

/// What the requests of the execution are called, where they are named.
pub(super) fn ids(execution: &Execution, run_id: Option<&RunId>) -> Vec<Id> {
    let id = |run_id: &RunId| execution.exchanges.iter().map(|exchange| run_id.of(&exchange.request)).collect();
    run_id.map_or(Vec::new(), id)
}

/// Without the ids, which are of this run alone.
fn shown(lines: impl Iterator<Item = String>, run_id: Option<&RunId>) -> Vec<String> {
    lines.map(|line| run_id.map_or_else(|| line.clone(), |run_id| run_id.without(&line))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::transport::canned;
    use crate::wire::{Exchange, FaultKind, Request, RunHeader};

    fn run_id() -> RunId {
        RunHeader::Always("X-Id".into()).of_run(7, true).unwrap()
    }

    fn execution() -> Execution {
        let exchange = Exchange {
            request: Arc::new(Request::new("GET", "/a")),
            sent: bytes::Bytes::new(),
            outcome: canned::fault(FaultKind::TimedOut),
            elapsed: Duration::ZERO,
        };
        Execution { exchanges: vec![exchange], broken: None, log: Vec::new(), reported: None }
    }

    /// Lines about the own request (`<own>`) and another one (`<other>`).
    fn lines(texts: &[&str]) -> Vec<String> {
        let id = |target: &'static str| run_id().of(&Request::new("GET", target)).as_str().to_owned();
        let (own, other) = (id("/a"), id("/b"));
        texts.iter().map(|text| text.replace("<own>", &own).replace("<other>", &other)).collect()
    }

    #[test]
    fn alone_all_belongs_to_it_but_what_names_another_request() {
        let written = lines(&["GET <own>", "Traceback", "late: <other>"]);
        assert_eq!(of_alone(written.clone(), &execution(), Some(&run_id())), ["GET [id]", "Traceback"]);
        assert_eq!(of_alone(written.clone(), &execution(), None), written, "no request is named");
        assert_eq!(of_alone(vec!["x".to_owned(); 99], &execution(), None).len(), MOST);
    }

    #[test]
    fn a_report_is_kept_although_much_was_written_before_it() {
        let reported = Execution { reported: Some("a.c:1:2: runtime error: x\n  #0".into()), ..execution() };
        let mut written: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        written.extend(lines(&["a.c:1:2: runtime error: x", "  #0"]));
        let kept = of_alone(written, &reported, None);
        assert_eq!(kept, ["47", "48", "49", "a.c:1:2: runtime error: x", "  #0"]);
    }

    #[test]
    fn beside_others_only_what_names_it_belongs_to_it() {
        let written = lines(&["GET <own>", "Traceback", "GET <other>", "slow: <own>"]);
        assert_eq!(of_beside(written, &execution(), &run_id()), ["GET [id]", "slow: [id]"]);
        let many: Vec<String> = (0..99).flat_map(|number| lines(&[&format!("{number} <own>")])).collect();
        let kept = of_beside(many, &execution(), &run_id());
        assert_eq!((kept.len(), kept[0].as_str()), (MOST, "79 [id]"));
    }
}
