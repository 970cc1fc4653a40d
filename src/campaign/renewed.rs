//! Steps that make things, under names that are new each time. Main function: [`renewed`]. It sends nothing: whether a
//! scenario still shows what it showed is for a proof to say.

use std::collections::BTreeSet;

use crate::engine::Planner;
use crate::import::{last_name, values};
use crate::minimize;
use crate::scenario::{Scenario, Step};
use crate::schema::is_uuid;

/// Methods by which something is called anew.
const GIVING: [&str; 3] = ["PUT", "POST", "PATCH"];

/// The scenario with other names for what the steps before its last one make, wherever these stand; `None` if they have
/// none, or new ones already. A target that lasts may take a name only once.
pub(super) fn renewed(scenario: &Scenario, planner: &Planner) -> Option<Scenario> {
    let mut names: Vec<String> = Vec::new();
    for index in 0..scenario.steps.len().saturating_sub(1) {
        let own = planner.usual_names(&scenario.steps[index]).into_iter().chain(given(&scenario.steps[index..]));
        for name in own {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    minimize::renewed(scenario, &names)
}

/// What the first of these steps calls a thing that it or a later one has in its path.
fn given(steps: &[Step]) -> BTreeSet<String> {
    let Some((first, later)) = steps.split_first().filter(|(first, _)| GIVING.contains(&&*first.request.method)) else {
        return BTreeSet::new();
    };
    let own = (first.request.method == "PUT").then_some(first);
    let known: BTreeSet<String> = values(&first.request).into_iter().collect();
    let named = own.into_iter().chain(later).filter(|step| step.operation.as_str().ends_with('}'));
    let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
    let is_text = |name: &String| !is_number(name) && !is_uuid(name) && !name.contains("{{");
    named.filter_map(|step| last_name(&step.request)).filter(|name| is_text(name) && known.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::{ANONYMOUS, IdentityName};
    use crate::wire::Request;

    fn step(operation: &str, target: &str, body: &'static str) -> Step {
        let operation = OperationId::from_text(operation);
        let (method, _) = operation.as_str().split_once(' ').unwrap();
        let mut request = Request::new(method, target.to_owned());
        request.headers.push("Content-Type", "application/json");
        request.body = body.into();
        let (identity, request) = (IdentityName::new(ANONYMOUS), Arc::new(request));
        Step { operation, identity, request, fresh: vec![], captures: vec![], case: None, at_once: false }
    }

    #[track_caller]
    fn check(steps: &[Step], expected: &[&str]) {
        assert_eq!(given(steps).iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_name_is_given_by_who_puts_it_there() {
        let put = step("PUT /files/{path}", "/v1/files/a%5B", "");
        let moving = step("PATCH /files/{path}", "/v1/files/a%5B", r#"{"path": "b", "size": 12}"#);
        let get = |target: &str| step("GET /files/{path}", target, "");
        check(&[put.clone(), moving.clone(), get("/v1/files/b")], &["a["]);
        check(&[moving.clone(), get("/v1/files/b")], &["b"]);
        check(&[moving.clone(), get("/v1/files/12")], &[]);
        check(&[moving, get("/v1/files/{{fresh}}")], &[]);
        check(&[get("/v1/files/b"), get("/v1/files/b")], &[]);
        check(&[step("POST /files", "/v1/files", r#"{"name": "files"}"#), step("GET /files", "/v1/files", "")], &[]);
        check(&[put], &["a["]);
    }
}
