//! Recorded requests as scenarios of a document's operations. Main function: [`session`].

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::clean::{Cleaner, Dropped};
use super::link::{Links, marked};
use super::place::{bases, find};
use super::recorded::Recorded;
use super::renew::renewed;
use crate::api::{Api, Operation, OperationId};
use crate::generate::Generators;
use crate::resource::{Graph, Link};
use crate::scenario::{Case, IdentityName, Intent, Provenance, Scenario, Step, typed};
use crate::wire::{Request, Response};

/// What becomes of recordings.
pub struct Plan<'a> {
    /// The document.
    pub api: &'a Api,
    /// What the user says of where values come from.
    pub links: &'a [Link],
    /// Knows which values the user fixed.
    pub generators: &'a Generators,
    /// What stands before every path in the recordings; `None` for what the document says.
    pub recorded_path: Option<&'a str>,
    /// What stands before every path at the target.
    pub base_path: &'a str,
    /// Who sends the requests.
    pub identity: &'a IdentityName,
    /// Whether only valid requests prepare others, as those of the corpus must be.
    pub only_valid: bool,
}

/// A recorded request as a scenario: it comes last, after those that make what it needs.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Where it was recorded.
    pub place: String,
    /// What is sent.
    pub scenario: Scenario,
    /// What it was answered, if that was recorded.
    pub status: Option<u16>,
    /// Whether it is proved valid.
    pub is_valid: bool,
}

impl Imported {
    /// The operation that it is about.
    pub fn operation(&self) -> Option<&OperationId> {
        self.scenario.steps.last().map(|step| &step.operation)
    }
}

/// A recorded request of no operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stray {
    /// Where it was recorded.
    pub place: String,
    /// Its method and path.
    pub request: String,
    /// Why it is kept out.
    pub reason: String,
}

/// What recordings came to.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The scenarios in the order of the recordings.
    pub imported: Vec<Imported>,
    /// The requests that are kept out.
    pub strays: Vec<Stray>,
    /// How many were the same as one before.
    pub twins: usize,
    /// What was left out of them.
    pub dropped: Dropped,
}

/// A recorded request of an operation, without credentials and without what stands before its path.
pub(super) struct Placed {
    pub(super) place: String,
    pub(super) operation: Arc<Operation>,
    pub(super) request: Request,
    pub(super) answer: Option<Response>,
    pub(super) case: Arc<Case>,
}

/// The requests of one session in order as scenarios.
pub fn session(recorded: &[Recorded], plan: &Plan<'_>) -> Session {
    let mut session = Session::default();
    let cleaner = Cleaner::new(plan.api);
    let bases = bases(plan);
    let mut placed = Vec::new();
    for one in recorded {
        match find(plan.api, &bases, &one.request) {
            Ok((operation, below)) => {
                let request = Request { target: below, ..one.request.clone() };
                let request = cleaner.clean(operation, &request, &mut session.dropped);
                let provenance = Provenance::recorded(placed.len() as u64);
                placed.push(Placed {
                    place: one.place.clone(),
                    operation: Arc::clone(operation),
                    case: Arc::new(typed(operation, &request, provenance)),
                    request,
                    answer: one.answer.clone(),
                });
            }
            Err(reason) => {
                let request = format!("{} {}", one.request.method, String::from_utf8_lossy(one.request.path()));
                session.strays.push(Stray { place: one.place.clone(), request, reason });
            }
        }
    }
    write(&placed, plan, &mut session);
    session
}

/// Each request with those that it needs.
fn write(placed: &[Placed], plan: &Plan<'_>, session: &mut Session) {
    let graph = Graph::with_links(&plan.api.operations, plan.links);
    let links = Links::of(&graph, placed, plan.only_valid);
    let fresh = renewed(placed, &graph, plan);
    let mut seen = BTreeSet::new();
    for (index, one) in placed.iter().enumerate() {
        let steps = links.steps(index);
        let step = |at: &usize| {
            let names: Vec<_> = fresh.get(at).into_iter().flatten().collect();
            let mut marks = links.marks(*at, &steps);
            marks.extend(names.iter().map(|renewed| (renewed.site.clone(), renewed.text.clone())));
            let mut request = marked(&placed[*at].request, &marks);
            request.target = [plan.base_path.as_bytes(), &request.target].concat().into();
            Step {
                operation: placed[*at].operation.id.clone(),
                identity: plan.identity.clone(),
                request: Arc::new(request),
                fresh: names.iter().map(|renewed| renewed.name.clone()).collect(),
                captures: links.captures(*at, &steps),
                case: Some(Arc::clone(&placed[*at].case)),
                at_once: false,
            }
        };
        let scenario = Scenario::plain(steps.iter().map(step).collect());
        let sent: Vec<String> = scenario.steps.iter().map(|step| format!("{:?}", step.request)).collect();
        if !seen.insert(sent) {
            session.twins += 1;
            continue;
        }
        session.imported.push(Imported {
            place: one.place.clone(),
            scenario,
            status: one.answer.as_ref().map(|answer| answer.status),
            is_valid: one.case.intent == Intent::Valid,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::generate;
    use crate::import::read;
    use crate::scenario::{ANONYMOUS, Source};
    use crate::spec::load_bytes;

    const SHOP: &str = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'https://shop.example/v1'}]
paths:
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'201': {description: made}}
  /orders/{orderId}:
    parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: one}}}
    delete: {responses: {'204': {description: gone}}}
  /orders/latest:
    get: {responses: {'200': {description: one}}}
  /notes:
    post:
      requestBody: {content: {application/json: {schema: {properties: {order_id: {type: integer}, text: {type: string}}}}}}
      responses: {'201': {description: made}}
components:
  schemas:
    Order: {type: object, properties: {name: {type: string, maxLength: 30}, email: {type: string, format: email}}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Shop-Key}
";

    fn import(recorded: &[Recorded], recorded_path: Option<&str>) -> Session {
        let api = load_bytes("shop.yaml", SHOP.as_bytes()).unwrap().api;
        let plan = Plan {
            api: &api,
            links: &[],
            generators: &generate::standard(&Arc::default()),
            recorded_path,
            base_path: "/v2",
            identity: &IdentityName::new(ANONYMOUS),
            only_valid: true,
        };
        session(recorded, &plan)
    }

    /// A session as a HAR archive would hold it: request lines with bodies, and what was answered.
    fn recorded(lines: &[(&str, &str, u16, &str)]) -> Vec<Recorded> {
        let one = |(index, (line, body, status, answer)): (usize, &(&str, &str, u16, &str))| {
            let (method, target) = line.split_once(' ').unwrap();
            let mut request = Request::new(method, target.to_owned());
            request.headers.push("X-Shop-Key", "s3cret");
            if !body.is_empty() {
                request.headers.push("Content-Type", "application/json");
                request.body = (*body).to_owned().into();
            }
            let answer = Response::new(*status, crate::wire::Headers::new(), (*answer).to_owned());
            Recorded { place: format!("entry {}", index + 1), request, answer: Some(answer) }
        };
        lines.iter().enumerate().map(one).collect()
    }

    /// The requests of each scenario in short.
    fn shown(session: &Session) -> Vec<Vec<String>> {
        let step = |step: &Step| {
            let body = String::from_utf8_lossy(&step.request.body);
            format!("{} {} {body}", step.request.method, step.request.target_text()).trim_end().to_owned()
        };
        session.imported.iter().map(|one| one.scenario.steps.iter().map(step).collect()).collect()
    }

    #[test]
    fn ids_of_answers_are_taken_from_answers_again() {
        let session = import(
            &recorded(&[
                ("POST /v1/orders", r#"{"name":"Ann","email":"ann@example.org"}"#, 201, r#"{"id":4711}"#),
                ("GET /v1/orders/4711", "", 200, r#"{"id":4711}"#),
                ("POST /v1/notes", r#"{"order_id":4711,"text":"hello"}"#, 201, r#"{"id":1}"#),
                ("DELETE /v1/orders/4711", "", 204, ""),
                ("GET /v1/orders/4711?x", "", 404, "{}"),
                ("GET /v1/orders/12", "", 404, "{}"),
            ]),
            None,
        );
        let made = r#"POST /v2/orders {"name":"{{fresh}}","email":"{{fresh_2}}@example.com"}"#.to_owned();
        let note = r#"POST /v2/notes {"order_id":{{order_id}},"text":"hello"}"#.to_owned();
        let get = "GET /v2/orders/{{order_id}}".to_owned();
        let delete = "DELETE /v2/orders/{{order_id}}".to_owned();
        let expected = vec![
            vec![made.clone()],
            vec![made.clone(), get.clone()],
            vec![made.clone(), note.clone()],
            vec![made.clone(), note.clone(), delete.clone()],
            vec![made, note, delete, format!("{get}?x")],
            vec!["GET /v2/orders/12".to_owned()],
        ];
        assert_eq!(shown(&session), expected);
        let first = &session.imported[1].scenario.steps[0];
        let expected = crate::scenario::Capture { name: "order_id".into(), from: Source::Body("/id".into()) };
        assert_eq!(first.captures, [expected]);
        assert_eq!(first.fresh, ["fresh", "fresh_2"]);
        assert_eq!(session.dropped, Dropped { credentials: 6, replaced: 0 });
        let valid: Vec<bool> = session.imported.iter().map(|one| one.is_valid).collect();
        assert_eq!(valid, [true, true, true, true, false, true]);
    }

    #[test]
    fn what_the_client_chose_stays_as_it_is() {
        let session = import(
            &recorded(&[
                ("GET /v1/orders/7", "", 200, r#"{"id":7}"#),
                ("DELETE /v1/orders/7", "", 204, ""),
                ("POST /v1/orders", r#"{"name":"Zoe"}"#, 422, "{}"),
                ("POST /v1/orders", r#"{"name":"Zoë"}"#, 201, "{}"),
            ]),
            None,
        );
        let expected = [
            ["GET /v2/orders/7"],
            ["DELETE /v2/orders/7"],
            [r#"POST /v2/orders {"name":"Zoe"}"#],
            [r#"POST /v2/orders {"name":"Zoë"}"#],
        ];
        assert_eq!(shown(&session), expected);
    }

    #[track_caller]
    fn check(line: &str, recorded_path: Option<&str>, expected: Result<&str, &str>) {
        let session = import(&recorded(&[(line, "", 200, "")]), recorded_path);
        match (session.imported.first(), session.strays.first()) {
            (Some(one), None) => assert_eq!(one.operation().map(OperationId::as_str), expected.ok(), "{line}"),
            (None, Some(stray)) => assert_eq!(Err(stray.reason.as_str()), expected, "{line}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_are_placed_by_method_and_path() {
        check("GET /v1/orders/7", None, Ok("GET /orders/{orderId}"));
        check("GET /orders/7", None, Ok("GET /orders/{orderId}"));
        check("GET /v2/orders/7?a=b", None, Ok("GET /orders/{orderId}"));
        check("GET /v1/orders/latest", None, Ok("GET /orders/latest"));
        check("GET /api/orders/7", Some("/api/"), Ok("GET /orders/{orderId}"));
        check("GET /api/orders/7", None, Err("no operation of the document has such a path"));
        check("GET /v10/orders/7", None, Err("no operation of the document has such a path"));
        check("PUT /v1/orders/7", None, Err("the document has no PUT there, only DELETE, GET"));
    }

    #[test]
    fn the_same_request_is_imported_once() {
        let session = import(&recorded(&[("GET /v1/orders/7", "", 200, ""), ("GET /v1/orders/7", "", 200, "")]), None);
        assert_eq!((session.imported.len(), session.twins), (1, 1));
    }

    proptest! {
        #[test]
        fn no_recording_makes_it_panic(
            lines in prop::collection::vec(("(/v1)?(/orders|/notes)?(/[a-z0-9%]{0,4})?", "[{}\":a-z0-9_,]{0,20}", 200u16..500), 0..5),
        ) {
            let all: Vec<_> = lines.iter().map(|(path, body, status)| (format!("POST {path}"), body, *status)).collect();
            let all: Vec<_> = all.iter().map(|(line, body, status)| (line.as_str(), body.as_str(), *status, body.as_str())).collect();
            let session = import(&recorded(&all), None);
            prop_assert_eq!(session.imported.len() + session.strays.len() + session.twins, all.len());
        }
    }

    #[test]
    fn a_file_becomes_a_session() {
        let text = "curl https://other.example/v1/orders/7 -H 'Authorization: Bearer t'\ncurl https://x/y";
        let reading = read("a.txt", text.as_bytes(), None).unwrap();
        let session = import(&reading.recorded, None);
        assert_eq!((session.imported.len(), session.strays.len(), session.dropped.credentials), (1, 1, 1));
        assert_eq!(session.imported[0].place, "line 1");
        assert!(session.imported[0].scenario.steps[0].request.headers.is_empty());
    }
}
