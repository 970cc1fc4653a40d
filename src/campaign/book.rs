//! What was found so far: one entry for one bug, before anything reaches the disk. Main type: [`Book`].
//!
//! It decides what is worth proving. It sends nothing and writes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::api::OperationId;
use crate::finding::{Finding, OracleId, Severity, Signature};
use crate::oracle;
use crate::scenario::{Case, Intent, Scenario};
use crate::triage::{Ratio, Suspicion};

/// How many different signatures of one oracle in one operation are proved; an error text that differs with each
/// request must not fill the disk.
const MAX_PER_PLACE: usize = 8;
/// How often a suspicion that did not show again gets another chance.
const MAX_CHANCES: u32 = 2;

/// Suspicions that wait for proof, and the signatures that are settled.
#[derive(Debug, Default)]
pub(super) struct Book {
    settled: BTreeSet<Signature>,
    /// What somebody rejected, and what of it was seen again.
    rejected: BTreeSet<Signature>,
    seen_again: BTreeSet<Signature>,
    chances: BTreeMap<Signature, u32>,
    proved: Arc<BTreeSet<Signature>>,
    /// What bugs have in common that only the target's log tells apart, with the kinds of requests that showed one.
    shared: BTreeMap<Signature, BTreeSet<String>>,
    /// How many signatures wait to be seen once more.
    second_chances: usize,
    places: BTreeMap<OracleId, BTreeMap<OperationId, usize>>,
    grave: VecDeque<Suspicion>,
    lesser: VecDeque<Suspicion>,
    remarks: VecDeque<Suspicion>,
    counts: BTreeMap<Severity, usize>,
    /// What the target seems to have died of, and is not proved.
    deaths: BTreeSet<Signature>,
}

impl Book {
    /// A book in which nothing of what was rejected is ever entered.
    pub(super) fn without(rejected: BTreeSet<Signature>) -> Self {
        Self { rejected, ..Self::default() }
    }

    /// How many of the rejected findings were seen again.
    pub(super) fn seen_again(&self) -> usize {
        self.seen_again.len()
    }

    /// Whether the oracle may say something of this scenario that is worth keeping: what it says of one request is about
    /// its operation, and there may be enough of that.
    pub(super) fn wants(&self, oracle: OracleId, scenario: &Scenario) -> bool {
        let [step] = scenario.steps.as_slice() else { return true };
        self.second_chances > 0 || !self.is_crowded(oracle, &step.operation)
    }

    /// Whether a finding is worth keeping the traffic of: it is not settled, and there are not enough like it.
    pub(super) fn is_new(&self, finding: &Finding) -> bool {
        let has_chances = self.chances.contains_key(&finding.signature);
        let is_settled = self.settled.contains(&finding.signature) || self.seen_again.contains(&finding.signature);
        let may_hide_another = self.shared.contains_key(&finding.signature);
        (!is_settled || may_hide_another) && (has_chances || !self.is_crowded(finding.oracle(), &finding.operation))
    }

    fn is_crowded(&self, oracle: OracleId, operation: &OperationId) -> bool {
        let operations = self.places.get(&oracle);
        operations.and_then(|operations| operations.get(operation)).is_some_and(|taken| *taken >= MAX_PER_PLACE)
    }

    /// Takes a suspicion in, unless it is settled or there are enough like it.
    pub(super) fn suspect(&mut self, suspicion: Suspicion) {
        let finding = &suspicion.finding;
        if self.rejected.contains(&finding.signature) {
            self.seen_again.insert(finding.signature.clone());
            return;
        }
        if !self.is_new(finding) {
            return;
        }
        if let Some(shown_by) = self.shared.get_mut(&finding.signature)
            && !shown_by.insert(kind_of(&suspicion))
        {
            return;
        }
        if finding.oracle() == oracle::PROCESS_DIED {
            self.deaths.insert(finding.signature.clone());
        }
        if self.chances.contains_key(&finding.signature) {
            self.second_chances = self.second_chances.saturating_sub(1);
        } else {
            let operations = self.places.entry(finding.oracle()).or_default();
            *operations.entry(finding.operation.clone()).or_default() += 1;
        }
        self.settled.insert(finding.signature.clone());
        // Remarks never stop the search: they are proved when it is over.
        match finding.severity {
            Severity::Remark => self.remarks.push_back(suspicion),
            Severity::Low if !needs_quiet(&suspicion) => self.lesser.push_back(suspicion),
            _ => self.grave.push_back(suspicion),
        }
    }

    /// The next suspicion that should not wait.
    pub(super) fn next_grave(&mut self) -> Option<Suspicion> {
        let next = self.grave.pop_front()?;
        Some(Suspicion { known: Arc::clone(&self.proved), ..next })
    }

    /// The next one that may; remarks only when asked for.
    pub(super) fn next_lesser(&mut self, with_remarks: bool) -> Option<Suspicion> {
        let remark = |book: &mut Self| if with_remarks { book.remarks.pop_front() } else { None };
        self.lesser.pop_front().or_else(|| remark(self))
    }

    /// Whether something that should not wait is waiting.
    pub(super) fn is_pressing(&self) -> bool {
        !self.grave.is_empty()
    }

    /// How many suspicions wait.
    pub(super) fn waiting(&self) -> usize {
        self.grave.len() + self.lesser.len() + self.remarks.len()
    }

    /// Takes the outcome of a proof in. Answers whether the finding is to be reported now: it is stable, or has had
    /// its chances. What was `suspected` may be what several bugs have in common: then others are looked for behind it.
    pub(super) fn prove(&mut self, suspected: &Signature, finding: &Finding, ratio: Ratio) -> bool {
        if finding.is_proved_by(ratio) {
            self.deaths.remove(suspected);
            if finding.signature != *suspected {
                self.shared.entry(suspected.clone()).or_default();
            }
            if self.rejected.contains(&finding.signature) {
                self.seen_again.insert(finding.signature.clone());
                return false;
            }
            if !Arc::make_mut(&mut self.proved).insert(finding.signature.clone()) {
                return false;
            }
            *self.counts.entry(finding.severity).or_default() += 1;
            return true;
        }
        let chances = self.chances.entry(suspected.clone()).or_default();
        *chances += 1;
        if *chances < MAX_CHANCES {
            self.settled.remove(suspected);
            self.second_chances += 1;
            return false;
        }
        // What never showed again when sent alone is the neighbours' doing, and no finding at all.
        ratio.hits > 0
    }

    /// What the target seems to have died of, as far as it is not proved.
    pub(super) fn unproved_deaths(&self) -> impl Iterator<Item = &Signature> {
        self.deaths.iter()
    }

    /// Stable findings by severity.
    pub(super) fn counts(&self) -> &BTreeMap<Severity, usize> {
        &self.counts
    }
}

/// What the request of a suspicion was made for: others that were made for the same show the same bug most likely.
fn kind_of(suspicion: &Suspicion) -> String {
    let case = suspicion.scenario.steps.last().and_then(|step| step.case.as_deref());
    let kind = |case: &Case| match &case.intent {
        Intent::Boundary(rule) | Intent::Malformed(rule) => format!("{} {}", rule.keyword, rule.place),
        other => other.detail().unwrap_or_else(|| other.word().to_owned()),
    };
    case.map(kind).unwrap_or_default()
}

/// Whether load on the target may have led to it, or other requests may get between its own: then it is proved while
/// nothing else is sent. A server that keeps so many things and no more may drop one while a law is waited for.
fn needs_quiet(suspicion: &Suspicion) -> bool {
    let is_law = suspicion.scenario.law.is_some();
    is_law || suspicion.exchanges.last().is_some_and(|last| last.outcome.status().is_none_or(|status| status >= 500))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Requirement;
    use crate::scenario::encode::samples;
    use crate::scenario::{ANONYMOUS, IdentityName, Law, Step};
    use crate::wire::Request;

    fn step(operation: &OperationId) -> Step {
        Step {
            operation: operation.clone(),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("GET", "/a")),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once: false,
        }
    }

    fn suspicion(severity: Severity, text: &str) -> Suspicion {
        let oracle = OracleId("server_error");
        let operation = OperationId::new("get", "/a");
        let signature = Signature::new(oracle, &operation, &[text]);
        let requirement = Requirement { oracle, parameters: json!({}) };
        let finding = Finding {
            requirement,
            severity,
            owasp: None,
            operation: operation.clone(),
            step: 0,
            title: String::new(),
            evidence: String::new(),
            signature,
        };
        Suspicion::new(finding, Scenario::single(step(&operation)), vec![])
    }

    #[test]
    fn one_bug_is_proved_once() {
        let mut book = Book::default();
        book.suspect(suspicion(Severity::High, "a"));
        book.suspect(suspicion(Severity::High, "a"));
        assert_eq!(book.waiting(), 1);
    }

    #[test]
    fn what_was_rejected_is_counted_and_not_proved() {
        let (first, second) = (suspicion(Severity::High, "a"), suspicion(Severity::High, "b"));
        let mut book = Book::without([first.finding.signature.clone()].into());
        for suspicion in [&first, &first, &second] {
            book.suspect(suspicion.clone());
        }
        assert_eq!((book.waiting(), book.seen_again()), (1, 1));
    }

    #[test]
    fn what_several_bugs_share_is_looked_behind_once_for_each_kind_of_request() {
        let shared = suspicion(Severity::High, "oops");
        let told = |error: &str| {
            let signature = shared.finding.signature.narrowed(&[error]);
            Finding { signature, ..shared.finding.clone() }
        };
        let mut book = Book::default();
        let shows = |book: &mut Book, error: Option<&str>| {
            book.suspect(shared.clone());
            let next = book.next_grave()?;
            let finding = error.map_or_else(|| shared.finding.clone(), told);
            Some(book.prove(&next.finding.signature, &finding, Ratio { hits: 3, tries: 3 }))
        };
        assert_eq!(shows(&mut book, Some("KeyError")), Some(true));
        assert_eq!(shows(&mut book, Some("KeyError")), Some(false), "it is known");
        assert_eq!(shows(&mut book, Some("IndexError")), None, "made for the same, it shows the same");
        let mut other = shared.clone();
        let operation = samples::operation("GET", "/a", json!({}));
        other.scenario.steps[0].case = Some(Arc::new(samples::case(&operation, &[])));
        book.suspect(other);
        assert!(book.next_grave().is_some());
        assert!(book.prove(&shared.finding.signature, &told("IndexError"), Ratio { hits: 3, tries: 3 }));
        // One bug alone behind an answer is looked behind no more.
        let mut plain = Book::default();
        assert_eq!(shows(&mut plain, None), Some(true));
        assert_eq!(shows(&mut plain, None), None);
    }

    #[test]
    fn a_flood_from_one_place_is_bounded() {
        let mut book = Book::default();
        for index in 0..100 {
            book.suspect(suspicion(Severity::High, &index.to_string()));
        }
        assert_eq!(book.waiting(), MAX_PER_PLACE);
        let one_more = suspicion(Severity::High, "one more");
        assert!(!book.is_new(&one_more.finding));
        let wants = |book: &Book, oracle| book.wants(OracleId(oracle), &one_more.scenario);
        assert!(!wants(&book, "server_error") && wants(&book, "hang"));
        // One of them did not show again: it may, and then it counts.
        let first = book.next_grave().unwrap();
        assert!(!book.prove(&first.finding.signature, &first.finding, Ratio { hits: 0, tries: 3 }));
        assert!(wants(&book, "server_error") && book.is_new(&first.finding) && !book.is_new(&one_more.finding));
        book.suspect(first);
        assert!(!wants(&book, "server_error"));
    }

    #[test]
    fn remarks_wait() {
        let mut book = Book::default();
        book.suspect(suspicion(Severity::Remark, "a"));
        book.suspect(suspicion(Severity::Low, "b"));
        assert!(!book.is_pressing() && book.next_grave().is_none());
        assert!(book.next_lesser(false).is_some());
        assert!(book.next_lesser(false).is_none());
        assert!(book.next_lesser(true).is_some());
    }

    #[test]
    fn what_a_law_compares_is_proved_alone() {
        let mut book = Book::default();
        let mut law = suspicion(Severity::Low, "a");
        law.scenario.law = Some(Law::PartialPut);
        book.suspect(law);
        assert!(book.is_pressing() && book.next_grave().is_some());
    }

    #[test]
    fn an_unstable_suspicion_gets_another_chance_and_no_more() {
        let mut book = Book::default();
        let first = suspicion(Severity::High, "a");
        book.suspect(first.clone());
        book.next_grave().unwrap();
        assert!(!book.prove(&first.finding.signature, &first.finding, Ratio { hits: 1, tries: 3 }));
        book.suspect(first.clone());
        assert_eq!(book.waiting(), 1);
        assert!(book.prove(&first.finding.signature, &first.finding, Ratio { hits: 1, tries: 3 }));
        book.next_grave().unwrap();
        book.suspect(first);
        assert_eq!(book.waiting(), 0);
    }

    #[test]
    fn what_never_shows_again_is_no_finding() {
        let mut book = Book::default();
        let first = suspicion(Severity::High, "a");
        for _ in 0..MAX_CHANCES {
            assert!(!book.prove(&first.finding.signature, &first.finding, Ratio { hits: 0, tries: 3 }));
        }
    }
}
