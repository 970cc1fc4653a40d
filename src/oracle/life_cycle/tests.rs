//! Each law with a planted bug, its clean twin, and what servers do for good reasons.

use serde_json::{Value, json};

use super::testing::{Row, check, with, with_location};
use super::*;
use crate::oracle::testing::{Played, quiet};

const NONE: Value = Value::Null;
const CREATE: &str = "POST /things";
const READ: &str = "GET /things/{id}";
const DELETE: &str = "DELETE /things/{id}";
const PUT: &str = "PUT /things/{id}";
const PATCH: &str = "PATCH /things/{id}";
const PART: &str = "GET /things/{id}/part";

fn thing() -> Value {
    json!({"id": 7, "name": "a", "color": "red", "size": 1, "tags": ["x"]})
}

fn create() -> Row {
    (CREATE, json!({"name": "a", "color": "red", "size": 1, "tags": ["x"]}), 201, thing())
}

fn shown(change: &Value) -> Row {
    let mut thing = thing();
    for (name, value) in change.as_object().unwrap() {
        thing[name] = value.clone();
    }
    (READ, NONE, 200, thing)
}

fn read() -> Row {
    shown(&json!({}))
}

fn gone() -> Row {
    (READ, NONE, 404, json!({"error": "no"}))
}

#[test]
fn what_was_deleted_is_gone() {
    let deleted = (DELETE, NONE, 204, NONE);
    let planted = [create(), read(), read(), gone(), deleted.clone(), read()];
    let soft = shown(&json!({"status": "deleted"}));
    let told = |body: Value| (DELETE, NONE, 200, body);
    let counted = |n: u32| shown(&json!({ "views": n }));
    let harmless = [
        ("410", with(&planted, &[(5, (READ, NONE, 410, NONE))])),
        ("403", with(&planted, &[(5, (READ, NONE, 403, NONE))])),
        ("401", with(&planted, &[(5, (READ, NONE, 401, NONE))])),
        ("a soft deletion", with(&planted, &[(5, soft)])),
        ("a refusal in words", with(&planted, &[(5, (READ, NONE, 200, json!({"error": "not found"})))])),
        ("accepted for later", with(&planted, &[(4, (DELETE, NONE, 202, NONE))])),
        ("a job", with(&planted, &[(4, told(json!({"id": 9, "status": "PENDING"})))])),
        ("a deletion that is refused in words", with(&planted, &[(4, told(json!({"success": false})))])),
        ("a deletion that is refused", with(&planted, &[(4, (DELETE, NONE, 409, NONE))])),
        ("a reader that answers anything", with(&planted, &[(3, read())])),
        ("a creation for later", with(&planted, &[(0, (CREATE, NONE, 202, thing()))])),
        ("another thing under the same id", with(&planted, &[(5, shown(&json!({"name": "b"})))])),
    ];
    let finding = check(Law::DeleteWithoutEffect, &planted, &with(&planted, &[(5, gone())]), &harmless);
    assert_eq!((finding.operation.as_str(), finding.severity), (DELETE, Severity::Medium));
    // What changes with each read does not hide the bug.
    let volatile = with(&planted, &[(1, counted(1)), (2, counted(2)), (5, counted(3))]);
    check(Law::DeleteWithoutEffect, &volatile, &with(&volatile, &[(5, gone())]), &[]);
}

#[test]
fn what_was_deleted_can_not_be_used() {
    let (deleted, part) = ((DELETE, NONE, 204, NONE), (PART, NONE, 200, json!(["x"])));
    let none = (PART, NONE, 404, NONE);
    let planted = [create(), part.clone(), none.clone(), deleted.clone(), gone(), part.clone()];
    let harmless = [
        ("a part that any name has", with(&planted, &[(2, (PART, NONE, 200, json!([])))])),
        ("a thing that is still read", with(&planted, &[(4, read())])),
        ("a part that says so", with(&planted, &[(5, (PART, NONE, 200, json!({"deleted": true})))])),
        ("accepted for later", with(&planted, &[(3, (DELETE, NONE, 202, NONE))])),
        ("403", with(&planted, &[(5, (PART, NONE, 403, NONE))])),
        ("a part that was not there before", with(&planted, &[(1, none.clone())])),
    ];
    let finding = check(Law::UseAfterDelete, &planted, &with(&planted, &[(5, none.clone())]), &harmless);
    assert_eq!(finding.operation.as_str(), PART);
    let change = (PATCH, json!({"name": "a"}), 200, thing());
    let no_change = (PATCH, json!({"name": "a"}), 404, NONE);
    let changed = [create(), change.clone(), no_change.clone(), deleted.clone(), gone(), change];
    check(Law::UseAfterDelete, &changed, &with(&changed, &[(5, no_change)]), &[]);
    // Where nothing reads the thing itself.
    let unread = [create(), part.clone(), none.clone(), deleted, part];
    check(Law::UseAfterDelete, &unread, &with(&unread, &[(4, none)]), &[]);
}

#[test]
fn what_was_created_is_there() {
    let planted = [create(), gone()];
    let answered = |status: u16, body: Value| with(&planted, &[(0, (CREATE, json!({"name": "a"}), status, body))]);
    let harmless = [
        ("a creation for later", answered(202, thing())),
        ("a job", answered(201, json!({"id": 7, "status": "queued"}))),
        ("a refusal", answered(409, NONE)),
        ("a refusal in words", answered(200, json!({"error": "no"}))),
        ("403", with(&planted, &[(1, (READ, NONE, 403, NONE))])),
        ("410", with(&planted, &[(1, (READ, NONE, 410, NONE))])),
    ];
    let finding = check(Law::CreatedObjectMissing, &planted, &[create(), read()], &harmless);
    assert_eq!(finding.operation.as_str(), CREATE);
}

#[track_caller]
fn located(location: &str, found: Row, is_bug: bool) {
    let played: Played = with_location(Law::WrongLocation, location, &[create(), read(), found]);
    let found = LifeCycle(Law::WrongLocation).judge(&played.trace());
    assert_eq!(found.len(), usize::from(is_bug), "{location}: {found:?}");
}

#[test]
fn location_leads_to_what_was_created() {
    let law = LifeCycle(Law::WrongLocation);
    let other = shown(&json!({"id": 8}));
    let there = |rows: &[Row]| with_location(Law::WrongLocation, "/thing/7", rows);
    crate::oracle::testing::pair(&law, &there(&[create(), read(), gone()]), &there(&[create(), read(), read()]));
    located("/thing/7", gone(), true);
    located("/things/8", other.clone(), true);
    located("http://here:80/thing/7", gone(), true);
    located("/things/7", read(), false);
    located("/things/7", (READ, NONE, 200, json!("a page")), false);
    located("/things/7", (READ, NONE, 403, NONE), false);
    located("http://there/things/7", gone(), false);
    located("//there/things/7", gone(), false);
    located("7", gone(), false);
    located("", gone(), false);
    // Without a thing that can be read there is nothing to compare with; 202 and 303 name something else.
    let there = |first: Row, second: Row| with_location(Law::WrongLocation, "/x", &[first, second, gone()]);
    quiet(&law, &there(create(), gone()));
    quiet(&law, &there((CREATE, NONE, 202, thing()), read()));
    quiet(&law, &there((CREATE, NONE, 200, thing()), read()));
}

#[test]
fn a_refused_change_changes_nothing() {
    let refused = |status: u16| (PATCH, json!({"name": "b", "size": -1}), status, json!({"error": "size"}));
    let planted = [create(), read(), refused(422), shown(&json!({"name": "b"}))];
    let harmless = [
        ("a conflict", with(&planted, &[(2, refused(409))])),
        ("not found", with(&planted, &[(2, refused(404))])),
        ("a change that is carried out", with(&planted, &[(2, refused(200))])),
        ("what the server counts", with(&planted, &[(3, shown(&json!({"size": 2, "version": 2})))])),
        ("what was so before", with(&planted, &[(1, shown(&json!({"name": "b"})))])),
        ("what can't be read any more", with(&planted, &[(3, gone())])),
    ];
    let finding = check(Law::RefusedUpdateStored, &planted, &with(&planted, &[(3, read())]), &harmless);
    assert_eq!((finding.operation.as_str(), finding.severity), (PATCH, Severity::Medium));
    let bad = with(&planted, &[(3, shown(&json!({"size": -1})))]);
    check(Law::RefusedUpdateStored, &bad, &with(&planted, &[(3, read())]), &[]);
}

#[test]
fn a_refused_creation_makes_nothing() {
    const LIST: &str = "GET /things";
    let refused = |status: u16| (CREATE, json!({"name": "{{fresh_1}}", "size": -1}), status, json!({"error": "size"}));
    let list = |name: &str| (LIST, NONE, 200, json!({"items": [{"id": 1, "name": "a"}, {"id": 2, "name": name}]}));
    let planted = [refused(400), list("gabc23def456")];
    let harmless = [
        ("a name that is taken", with(&planted, &[(0, refused(409))])),
        ("a creation", with(&planted, &[(0, refused(201))])),
        ("a message that quotes it", with(&planted, &[(1, list("refused: gabc23def456"))])),
        ("a list that fails", with(&planted, &[(1, (LIST, NONE, 500, json!(["gabc23def456"])))])),
    ];
    let finding = check(Law::RefusedCreateStored, &planted, &[refused(400), list("b")], &harmless);
    assert_eq!(finding.operation.as_str(), CREATE);
}

#[test]
fn a_put_stores_what_it_was_sent() {
    let put = |body: Value| (PUT, body, 200, NONE);
    let whole = json!({"name": "b", "color": "blue", "size": 5, "tags": ["y"]});
    let planted = [create(), read(), put(whole.clone()), shown(&json!({"name": "b", "size": 5, "tags": ["y"]}))];
    let stored = shown(&whole);
    let alone = |change: Value| {
        with(&planted, &[(2, put(json!({"name": "b", "color": change}))), (3, shown(&json!({"name": "b"})))])
    };
    let harmless = [
        (
            "values that are folded",
            with(&planted, &[(3, shown(&json!({"name": "b", "color": "BLUE ", "size": 5, "tags": ["Y"]})))]),
        ),
        ("a value that says the same", alone(json!(" Red"))),
        ("a value of another type", alone(json!(3))),
        ("accepted for later", with(&planted, &[(2, (PUT, whole.clone(), 202, NONE))])),
        ("refused", with(&planted, &[(2, (PUT, whole.clone(), 409, NONE))])),
        ("refused in words", with(&planted, &[(2, (PUT, whole, 200, json!({"ok": false})))])),
        ("what the server sets", {
            let before = shown(&json!({"color": "auto"}));
            with(&planted, &[(1, before), (3, shown(&json!({"name": "b", "color": "auto", "size": 5, "tags": ["y"]})))])
        }),
        ("a mock", {
            let first = (CREATE, json!({"name": "{{fresh_1}}", "color": "red"}), 201, thing());
            vec![first, read(), put(json!({"name": "b", "color": "blue"})), read()]
        }),
        ("what says which thing it is", {
            let first = (CREATE, json!({"sku": "A", "name": "a"}), 201, thing());
            let before = shown(&json!({"sku": "A"}));
            let after = shown(&json!({"sku": "A", "name": "b"}));
            vec![first, before, put(json!({"sku": "B", "name": "b"})), after]
        }),
    ];
    let finding = check(Law::PartialPut, &planted, &with(&planted, &[(3, stored)]), &harmless);
    assert!(finding.evidence.contains("color") && !finding.evidence.contains("size"), "{}", finding.evidence);
}

#[test]
fn the_same_put_twice_is_one() {
    let sent = json!({"name": "b", "size": 5, "tags": ["y"]});
    let put = || (PUT, sent.clone(), 200, NONE);
    let once = || shown(&json!({"name": "b", "size": 5, "tags": ["x", "y"]}));
    let planted =
        [create(), put(), once(), once(), put(), shown(&json!({"name": "b", "size": 5, "tags": ["x", "y", "y"]}))];
    let clean = with(&planted, &[(5, once())]);
    let after = |change: Value| with(&clean, &[(5, shown(&change))]);
    let version = |n: u32| shown(&json!({"name": "b", "tags": ["y"], "size": n}));
    let harmless = [
        (
            "what the server counts and was sent otherwise",
            with(&clean, &[(2, version(1)), (3, version(1)), (5, version(2))]),
        ),
        (
            "what differs from read to read",
            with(&clean, &[(3, shown(&json!({"size": 6}))), (5, shown(&json!({"size": 7, "tags": ["x", "y"]})))]),
        ),
        ("a member that was not sent", after(json!({"name": "b", "size": 5, "tags": ["x", "y"], "updated": "now"}))),
        ("a second PUT that is refused", with(&planted, &[(4, (PUT, sent.clone(), 412, NONE))])),
        (
            "a first PUT that is not stored yet",
            with(&planted, &[(2, read()), (3, read()), (5, shown(&json!({"name": "b", "size": 5, "tags": ["y"]})))]),
        ),
    ];
    let finding = check(Law::PutNotIdempotent, &planted, &clean, &harmless);
    assert!(finding.evidence.contains("tags"), "{}", finding.evidence);
    check(Law::PutNotIdempotent, &after(json!({"name": "b", "size": 10, "tags": ["x", "y"]})), &clean, &[]);
}

#[test]
fn a_patch_leaves_the_rest_alone() {
    let patch = |status: u16| (PATCH, json!({"name": "a"}), status, NONE);
    let planted = [create(), read(), patch(200), shown(&json!({"color": null, "tags": []}))];
    let harmless = [
        ("another value", with(&planted, &[(3, shown(&json!({"color": "blue", "size": 2})))])),
        ("accepted for later", with(&planted, &[(2, patch(202))])),
        ("refused", with(&planted, &[(2, patch(400))])),
        ("what was empty before", with(&planted, &[(1, shown(&json!({"color": "", "tags": []})))])),
        ("what the server had set", with(&planted, &[(1, shown(&json!({"color": "auto", "tags": ["auto"]})))])),
        ("what can't be read any more", with(&planted, &[(3, gone())])),
    ];
    let finding = check(Law::PatchNotMerging, &planted, &with(&planted, &[(3, read())]), &harmless);
    assert!(finding.evidence.contains("color") && finding.evidence.contains("tags"), "{}", finding.evidence);
}

#[test]
fn things_in_envelopes_are_found() {
    let wrapped = |row: Row| (row.0, row.1, row.2, json!({"data": row.3, "meta": {"at": 1}}));
    let planted = [
        wrapped(create()),
        wrapped(read()),
        (PATCH, json!({"name": "a"}), 200, NONE),
        wrapped(shown(&json!({"color": null}))),
    ];
    check(Law::PatchNotMerging, &planted, &with(&planted, &[(3, wrapped(read()))]), &[]);
}
