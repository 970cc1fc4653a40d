//! Courses of requests and answers for the tests of the laws.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::LifeCycle;
use crate::api::OperationId;
use crate::finding::Finding;
use crate::oracle::testing::{Played, Shot, pair, quiet};
use crate::scenario::{Capture, IdentityName, Law, Scenario, Source, Step};
use crate::wire::{Exchange, Headers, Outcome, Request, Response};

/// A request and its answer: method and path, what was sent, the status, what came back. `null` is no body. A path that
/// ends with `if-match` is asked under a condition; a status of 0 is a request that was not sent.
pub(super) type Row = (&'static str, Value, u16, Value);

/// The course in which these are the last requests.
pub(super) fn course(law: Law, rows: &[Row]) -> Played {
    with_location(law, "", rows)
}

/// The same with this `Location` in the first answer.
pub(super) fn with_location(law: Law, location: &str, rows: &[Row]) -> Played {
    let case = Arc::new(Shot::new("GET", "/things", &json!({})).case());
    let pairs = rows.iter().enumerate().map(|(index, (line, sent, status, answered))| {
        let (method, path) = line.split_once(' ').unwrap();
        let (path, is_conditional) = path.strip_suffix(" if-match").map_or((path, false), |path| (path, true));
        let bytes = |value: &Value| if value.is_null() { Bytes::new() } else { value.to_string().into() };
        let mut template = Request::new(method, path.to_owned());
        if is_conditional {
            template.headers.push("If-Match", "\"1\"");
        }
        template.body = bytes(sent);
        let mut request = template.clone();
        request.body = String::from_utf8(request.body.to_vec()).unwrap().replace("{{fresh_1}}", "gabc23def456").into();
        let step = Step {
            operation: OperationId::new(method, path),
            identity: IdentityName::new("anonymous"),
            request: Arc::new(template),
            fresh: if index == 0 { vec!["fresh_1".into()] } else { vec![] },
            captures: if law == Law::DoubleCreate && matches!(index, 2 | 3) { vec![id()] } else { vec![] },
            case: Some(Arc::clone(&case)),
            at_once: matches!((law, index), (Law::DoubleCreate, 3) | (Law::LostUpdate, 8)),
        };
        let headers: Headers = match location {
            "" => Headers::new(),
            _ if index > 0 => Headers::new(),
            _ => [("Location", location.to_owned())].into_iter().collect(),
        };
        let exchange = Exchange {
            request: Arc::new(request),
            sent: Bytes::from_static(b"POST /things HTTP/1.1\r\nHost: here:80\r\n\r\n"),
            outcome: Outcome::Response(Response::new(*status, headers, bytes(answered))),
            elapsed: Duration::ZERO,
        };
        (step, exchange)
    });
    let (steps, mut exchanges): (_, Vec<_>) = pairs.unzip();
    exchanges.truncate(rows.iter().take_while(|(_, _, status, _)| *status > 0).count());
    Played::of(Scenario { steps, law: Some(law) }, exchanges)
}

fn id() -> Capture {
    Capture { name: "id".into(), from: Source::Body("/id".into()) }
}

/// The bug is found, the clean twin and all the harmless courses are not.
#[track_caller]
pub(super) fn check(law: Law, planted: &[Row], clean: &[Row], harmless: &[(&str, Vec<Row>)]) -> Finding {
    let finding = pair(&LifeCycle(law), &course(law, planted), &course(law, clean));
    for (why, rows) in harmless {
        eprintln!("{why}");
        quiet(&LifeCycle(law), &course(law, rows));
    }
    finding
}

/// The rows with some of them replaced.
pub(super) fn with(rows: &[Row], changed: &[(usize, Row)]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for (index, row) in changed {
        rows[*index] = row.clone();
    }
    rows
}
