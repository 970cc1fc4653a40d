//! Steps that make things, under names that are new each time. Main function: [`renewals`]. It sends nothing: whether a
//! scenario still shows what it showed is for a proof to say.

use std::collections::BTreeSet;

use crate::engine::Planner;
use crate::import::{last_name, values};
use crate::minimize;
use crate::scenario::{Scenario, Step};
use crate::schema::is_uuid;

/// Methods by which something is called anew.
const GIVING: [&str; 3] = ["PUT", "POST", "PATCH"];

/// The scenario with other names for what the steps before its last one make, wherever these stand: for all that they may have
/// named, and for what is surely a name. None if they have no names, or new ones already. A target that lasts may take a name
/// only once.
pub(super) fn renewals(scenario: &Scenario, planner: &Planner) -> Vec<Scenario> {
    let (mut sure, mut all) = (BTreeSet::new(), BTreeSet::new());
    for index in 0..scenario.steps.len().saturating_sub(1) {
        sure.extend(planner.usual_names(&scenario.steps[index]));
        all.extend(given(&scenario.steps[index..]));
    }
    all.extend(sure.iter().cloned());
    let sets = if all == sure { vec![all] } else { vec![all, sure] };
    sets.iter().filter_map(|names| minimize::renewed(scenario, names)).collect()
}

/// What the first of these steps calls a thing that it or a later one has in its path.
fn given(steps: &[Step]) -> BTreeSet<String> {
    let Some((first, later)) = steps.split_first().filter(|(first, _)| GIVING.contains(&&*first.request.method)) else {
        return BTreeSet::new();
    };
    let own = (first.request.method == "PUT").then_some(first);
    let mut known: BTreeSet<String> = values(&first.request).into_iter().collect();
    if let Some(there) = last_name(&first.request).filter(|_| own.is_none()) {
        known.remove(&there);
    }
    let named = own.into_iter().chain(later).filter(|step| step.operation.as_str().ends_with('}'));
    let is_text = |name: &String| name.parse::<f64>().is_err() && !is_uuid(name) && !name.contains("{{");
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
        check(&[moving.clone(), get("/v1/files/{{fresh}}")], &[]);
        check(&[moving, get("/v1/files/a%5B")], &[]);
        check(&[get("/v1/files/b"), get("/v1/files/b")], &[]);
        check(&[step("POST /files", "/v1/files", r#"{"name": "files"}"#), step("GET /files", "/v1/files", "")], &[]);
        check(&[put], &["a["]);
    }
}
