//! For each planted bug a request that shows it, and what the clean twin makes of the same request.

use std::time::Duration;

use super::client::{ALICE, Outcome, answer, exchange, request, send, start};
use super::document::Document;
use super::life::STORIES;
use super::races::RACES;
use crate::demo::bugs::{Bug, PLANTED_BUGS};

const JSON: &str = "Content-Type: application/json";

struct Trigger {
    bug: Bug,
    line: &'static str,
    headers: &'static [&'static str],
    body: &'static [u8],
    effect: Effect,
    clean: u16,
}

#[derive(Clone, Copy)]
enum Effect {
    /// A status, and a text that the answer contains.
    Answer(u16, &'static str),
    /// A status, and a text that the answer lacks although the clean twin's answer contains it.
    Lacks(u16, &'static str),
    Dropped,
    Hung,
}

use Effect::{Answer, Dropped, Hung, Lacks};

const fn get(bug: Bug, line: &'static str, effect: Effect, clean: u16) -> Trigger {
    Trigger { bug, line, headers: &[ALICE], body: b"", effect, clean }
}

const fn json(bug: Bug, line: &'static str, body: &'static [u8], effect: Effect, clean: u16) -> Trigger {
    Trigger { bug, line, headers: &[ALICE, JSON], body, effect, clean }
}

const TRIGGERS: &[Trigger] = &[
    json(Bug::NullItem, "POST /orders", br#"{"items":[null]}"#, Answer(500, "reading 'sku'"), 422),
    json(Bug::NullName, "PATCH /me", br#"{"name":null}"#, Answer(500, "on a `None` value"), 422),
    json(
        Bug::HugeAmount,
        "POST /orders/1001/payments",
        br#"{"method":"card","amountCents":9223372036854775808}"#,
        Answer(500, "out of range integral"),
        422,
    ),
    json(
        Bug::HugeAmount,
        "POST /orders/1001/payments",
        br#"{"method":"card","amountCents":-99999999999999999999}"#,
        Answer(500, "out of range integral"),
        422,
    ),
    get(Bug::HugeOrderId, "GET /orders/9223372036854775808", Answer(500, "too large to fit"), 400),
    get(Bug::HugeOrderId, "GET /orders/99999999999999999999999", Answer(500, "too large to fit"), 400),
    get(Bug::ZeroPageSize, "GET /products?pageSize=0", Answer(500, "divide by zero"), 400),
    json(
        Bug::ListForFilters,
        "POST /search/advanced",
        br#"{"terms":["mug"],"filters":[]}"#,
        Answer(500, "invalid type: sequence"),
        422,
    ),
    get(Bug::QuoteInSearch, "GET /search?q=it%27s", Answer(500, "unbalanced quote"), 200),
    get(Bug::ImpossibleDate, "GET /orders?since=2024-02-30", Answer(500, "day is out of range"), 400),
    get(Bug::BadCursor, "GET /files?cursor=abc", Answer(500, "incorrect padding"), 400),
    Trigger {
        bug: Bug::UnknownMediaType,
        line: "PUT /me/preferences",
        headers: &[ALICE, JSON],
        body: b"{}",
        effect: Answer(500, "no decoder"),
        clean: 415,
    },
    json(
        Bug::NonAsciiName,
        "POST /accounts",
        r#"{"name":"Émile","email":"emile@example.org","password":"correct-horse"}"#.as_bytes(),
        Answer(500, "char boundary"),
        201,
    ),
    Trigger {
        bug: Bug::OddIfMatch,
        line: "PATCH /orders/1003",
        headers: &[ALICE, JSON, "If-Match: v1"],
        body: br#"{"note":"x"}"#,
        effect: Answer(500, "no opening quote"),
        clean: 400,
    },
    Trigger {
        bug: Bug::EmptyFilename,
        line: "POST /files",
        headers: &[ALICE, "Content-Type: multipart/form-data; boundary=b"],
        body: b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\nx\r\n--b--\r\n",
        effect: Answer(500, "index out of bounds"),
        clean: 201,
    },
    Trigger {
        bug: Bug::NoteNotUtf8,
        line: "POST /orders/1003/note",
        headers: &[ALICE, "Content-Type: text/plain"],
        body: b"caf\xe9",
        effect: Answer(500, "invalid utf-8 sequence"),
        clean: 400,
    },
    json(Bug::RatingBelowOne, "POST /products/MUG-0001/reviews", br#"{"rating":0,"title":"Bad"}"#, Dropped, 422),
    get(Bug::NulInFileId, "GET /files/%00/content", Dropped, 400),
    get(Bug::ReversedRange, "GET /reports/orders?from=2024-06-01&to=2024-05-01", Hung, 200),
    json(
        Bug::PasswordReturned,
        "POST /accounts",
        br#"{"name":"Carol","email":"carol@example.org","password":"correct-horse"}"#,
        Answer(201, "correct-horse"),
        201,
    ),
    get(
        Bug::PasswordHashInProfile,
        "GET /accounts/a0000000-0000-4000-8000-000000000001",
        Answer(200, "passwordHash"),
        200,
    ),
    get(Bug::CardInOrder, "GET /orders/1001", Answer(200, "cardNumber"), 200),
    get(Bug::StackTrace, "GET /products/ABC-1234", Answer(404, "at ProductStore.find"), 404),
    get(Bug::SqlText, "DELETE /files/1", Answer(400, "SQLSTATE"), 400),
    get(Bug::ConnectionString, "GET /health", Answer(200, "postgres://"), 200),
    get(Bug::UndeclaredStatus, "GET /orders", Answer(200, "on_hold"), 200),
    Trigger {
        bug: Bug::MissingUpdatedAt,
        line: "PUT /me/preferences",
        headers: &[ALICE, "Content-Type: application/x-www-form-urlencoded"],
        body: b"language=en&pageSize=25&newsletter=false",
        effect: Lacks(200, "updatedAt"),
        clean: 200,
    },
    json(
        Bug::VoucherPayment,
        "POST /orders/1001/payments",
        br#"{"method":"voucher","amountCents":100}"#,
        Answer(402, "vouchers"),
        201,
    ),
    json(Bug::HtmlError, "POST /search/advanced", b"{", Answer(400, "content-type: text/html"), 400),
    get(Bug::LimitOffByOne, "GET /orders?limit=101", Answer(200, "items"), 400),
    json(
        Bug::NegativeQuantity,
        "POST /orders",
        br#"{"items":[{"sku":"MUG-0001","quantity":-1}],
            "shipTo":{"name":"A","street":"B","city":"C","postcode":"N1 9GU","country":"GB"}}"#,
        Answer(201, "\"quantity\":-1"),
        422,
    ),
    json(Bug::ExtraProfileField, "PATCH /me", br#"{"name":"Alice","role":"admin"}"#, Answer(200, "customer"), 422),
    get(Bug::UncheckedSort, "GET /products?sort=zzz", Answer(200, "items"), 400),
    json(
        Bug::ShortTitle,
        "POST /products/MUG-0001/reviews",
        br#"{"rating":5,"title":"ok"}"#,
        Answer(201, "\"title\":\"ok\""),
        422,
    ),
    json(
        Bug::RatingAssumed,
        "POST /products/MUG-0001/reviews",
        br#"{"title":"fine"}"#,
        Answer(201, "\"rating\":5"),
        422,
    ),
];

impl Trigger {
    fn request(&self) -> Vec<u8> {
        request(self.line, self.headers, self.body)
    }

    fn check_fault(&self, outcome: &Outcome) {
        let shows = match (self.effect, outcome) {
            (Answer(status, text), Outcome::Answer(answer)) => answer.status == status && answer.text().contains(text),
            (Lacks(status, text), Outcome::Answer(answer)) => answer.status == status && !answer.text().contains(text),
            (Dropped, Outcome::Dropped) | (Hung, Outcome::Hung) => true,
            _ => false,
        };
        assert!(shows, "{:?} does not show: {outcome:?}", self.bug);
    }
}

#[tokio::test]
async fn every_planted_bug_shows_again_and_again() {
    let demo = start(false).await;
    for round in 0..5 {
        for trigger in TRIGGERS {
            let outcome = match trigger.effect {
                Hung if round > 0 => continue,
                Hung => exchange(&demo, &trigger.request(), Duration::from_millis(300)).await,
                _ => send(&demo, &trigger.request()).await,
            };
            trigger.check_fault(&outcome);
        }
    }
}

#[tokio::test]
async fn the_clean_twin_has_no_planted_bug() {
    let (demo, document) = (start(true).await, Document::load());
    for trigger in TRIGGERS {
        let answer = answer(&demo, &trigger.request()).await;
        assert_eq!(answer.status, trigger.clean, "{:?}: {}", trigger.bug, answer.text());
        match trigger.effect {
            Lacks(_, text) => assert!(answer.text().contains(text), "{:?}", trigger.bug),
            Answer(_, text) => assert!(!answer.text().contains(text) || text == "customer", "{:?}", trigger.bug),
            Dropped | Hung => {}
        }
        let row = PLANTED_BUGS.iter().find(|row| row.bug == trigger.bug).unwrap();
        document.operation(row.operation).check_answer(&document, &answer);
    }
}

#[test]
fn every_planted_bug_has_a_trigger_at_its_operation() {
    let document = Document::load();
    for row in PLANTED_BUGS {
        let operation = document.operation(row.operation);
        let mut triggers = TRIGGERS.iter().filter(|trigger| trigger.bug == row.bug).peekable();
        let is_told = STORIES.iter().any(|story| story.bug == row.bug) || RACES.contains(&row.bug);
        assert!(triggers.peek().is_some() != is_told, "{} has no trigger, or two", row.id);
        assert!(triggers.all(|trigger| operation.matches(trigger.line)), "{} is elsewhere", row.id);
    }
}

#[test]
fn the_table_is_in_order() {
    assert!(PLANTED_BUGS.len() >= 25);
    let numbered = (1..).map(|n| format!("D{n:02}"));
    for (row, id) in PLANTED_BUGS.iter().zip(numbered) {
        assert_eq!(row.id, id);
        assert!(row.sentence.ends_with('.') && !row.sentence.is_empty());
        assert!(row.owasp == "-" || (row.owasp.starts_with("API") && row.owasp.ends_with(":2023")), "{id}");
    }
}

#[test]
fn bugs_of_the_same_operation_and_oracle_differ_in_evidence() {
    let keys = PLANTED_BUGS.iter().map(|row| (row.operation, row.oracle, row.evidence));
    let mut keys: Vec<_> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), PLANTED_BUGS.len());
}
