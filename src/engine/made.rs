//! What a request made, as far as its answer tells. Main function: [`made`].
//!
//! An answer may hold more than that: what a thing consists of, or all that there is of its kind. That is not the run's to
//! end.

use serde_json::Value;

use crate::api::{Operation, OperationId, StatusPattern};
use crate::resource::{Action, Found, Graph, Role, harvest};
use crate::scenario::Source;
use crate::wire::{Exchange, Headers, Outcome, Request, Response};

/// How many things of one answer are looked at.
const MOST: usize = 1_000;

/// Whether the document says that what is new is answered by 201: another 2xx then tells of what was there.
pub(super) fn declares_created(operation: &Operation) -> bool {
    operation.responses.0.iter().any(|(status, _)| *status == StatusPattern::Exact(201))
}

/// The things that were made by this request; `None` for each that nobody can name.
pub(super) fn made(graph: &Graph, role: &Role, request: &Request, response: &Response) -> Vec<Option<Found>> {
    let found = harvest(graph, role, response);
    let Some(first) = first(&found, role) else { return vec![None] };
    let Some(list) = list(&found[first]) else { return vec![found.into_iter().nth(first)] };
    let Some(items) = response.json().and_then(|body| body.pointer(list)?.as_array()) else {
        return vec![found.into_iter().nth(first)];
    };
    let items: Vec<&Value> = items.iter().filter(|item| item.is_object()).take(MOST).collect();
    let asked = asked(request);
    if items.len() > asked {
        return vec![None; asked];
    }
    let of_item = |item: &&Value| {
        let alone = Response::new(response.status, Headers::new(), item.to_string());
        harvest(graph, role, &alone).into_iter().find(|found| is_it(found, role))
    };
    items.iter().map(of_item).collect()
}

/// The things that an answer tells of; those that it made are subjects of it, and what came with them is not.
pub(super) fn told(graph: &Graph, operation: &OperationId, exchange: &Exchange) -> Vec<Found> {
    let (Outcome::Response(response), Some(role)) = (&exchange.outcome, graph.role(operation)) else {
        return Vec::new();
    };
    let mut found = harvest(graph, role, response);
    only_made(&mut found, role, &exchange.request, response);
    found
}

/// Takes what was not made from the subjects of an answer by which something was.
fn only_made(found: &mut [Found], role: &Role, request: &Request, response: &Response) {
    if !matches!(role.action, Action::Create | Action::Replace) {
        return;
    }
    let Some(first) = first(found, role) else { return };
    let list = list(&found[first]).map(str::to_owned);
    let length = |list: &String| response.json().and_then(|body| body.pointer(list)?.as_array()).map_or(0, Vec::len);
    let is_whole = list.as_ref().is_none_or(|list| length(list) <= asked(request));
    for (index, thing) in found.iter_mut().enumerate().filter(|(_, thing)| is_it(thing, role)) {
        let is_made = match &list {
            Some(own) => self::list(thing) == Some(own),
            None => index == first,
        };
        thing.is_subject &= is_made && is_whole;
    }
}

/// What an answer is about: what lies in no list, or else what comes first.
fn first(found: &[Found], role: &Role) -> Option<usize> {
    let alone = found.iter().position(|found| is_it(found, role) && list(found).is_none());
    alone.or_else(|| found.iter().position(|found| is_it(found, role)))
}

fn is_it(found: &Found, role: &Role) -> bool {
    found.is_subject && Some(&found.kind) == role.kind.as_ref()
}

/// JSON pointer to the list in which an answer has a thing.
fn list(found: &Found) -> Option<&str> {
    let pointer = found.fields.values().find_map(|held| match &held.from {
        Some(Source::Body(pointer)) => Some(pointer.as_str()),
        _ => None,
    })?;
    let (thing, _) = pointer.rsplit_once('/')?;
    let (list, index) = thing.rsplit_once('/')?;
    index.bytes().all(|byte| byte.is_ascii_digit()).then_some(list)
}

/// How many things a request asks for at most: one, or as many as its body lists.
fn asked(request: &Request) -> usize {
    match serde_json::from_slice(&request.body) {
        Ok(Value::Array(items)) => items.len(),
        Ok(Value::Object(members)) => {
            members.values().filter_map(|value| value.as_array().map(Vec::len)).max().unwrap_or(1).max(1)
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::operation;

    /// The ids of what was made, and of what the answer is about after all.
    #[track_caller]
    fn check(body: &Value, answer: &Value, expected: &[Option<&str>], subjects: usize) {
        let path = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
        let graph = Graph::new(&[
            operation("POST", "/boxes", json!({})),
            operation("DELETE", "/boxes/{id}", json!({"parameters": path})),
        ]);
        let role = graph.role(&OperationId::from_text("POST /boxes")).unwrap();
        let request = Request { body: body.to_string().into(), ..Request::new("POST", "/boxes") };
        let response = Response::new(201, Headers::new(), answer.to_string());
        let made = made(&graph, role, &request, &response);
        let id = |found: &Option<Found>| found.as_ref().map(|found| found.fields["id"].text());
        let expected: Vec<_> = expected.iter().map(|id| id.map(str::to_owned)).collect();
        assert_eq!(made.iter().map(id).collect::<Vec<_>>(), expected, "{answer}");
        let mut found = harvest(&graph, role, &response);
        only_made(&mut found, role, &request, &response);
        assert_eq!(found.iter().filter(|found| found.is_subject).count(), subjects, "{answer}");
    }

    #[test]
    fn what_was_made_is_told_from_what_was_there() {
        let name = json!({"name": "x"});
        check(&name, &json!({"id": "a"}), &[Some("a")], 1);
        check(&name, &json!({"box": {"id": "a"}}), &[Some("a")], 1);
        check(&name, &json!([{"id": "a"}]), &[Some("a")], 1);
        check(&name, &json!({}), &[None], 0);
        // All that there are.
        check(&name, &json!([{"id": "a"}, {"id": "b"}]), &[None], 0);
        // What it consists of.
        check(&name, &json!({"id": "a", "parts": [{"id": "p"}]}), &[Some("a")], 1);
        check(&json!({"parts": [1, 2]}), &json!({"box": {"id": "a"}, "all": [{"id": "p"}]}), &[Some("a")], 1);
    }

    #[test]
    fn each_thing_of_a_list_counts() {
        let body = json!([{}, {}, {}, {}, {}]);
        let items: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|id| json!({"id": id})).collect();
        let all = [Some("a"), Some("b"), Some("c"), Some("d"), Some("e")];
        check(&body, &json!(items), &all, 4);
        check(&json!({"boxes": body}), &json!({"created": items}), &all, 4);
        check(&body, &json!([{"id": "a"}, {}]), &[Some("a"), None], 1);
    }
}
