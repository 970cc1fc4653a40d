//! Races with their controls: planted, clean, and what servers do for good reasons.

use serde_json::{Value, json};

use super::testing::{Row, check, course, with};
use super::*;
use crate::oracle::testing::Played;

const NONE: Value = Value::Null;
const CREATE: &str = "POST /things";
const READ: &str = "GET /things/{id}";
const PATCH: &str = "PATCH /things/{id}";
const CONDITIONAL: &str = "PATCH /things/{id} if-match";
const PUT: &str = "PUT /things/{id} if-match";

fn made(id: u32) -> Row {
    (CREATE, json!({"name": "a"}), 201, json!({"id": id, "name": "a"}))
}

fn refused(status: u16) -> Row {
    (CREATE, json!({"name": "a"}), status, json!({"error": "taken"}))
}

fn thing(id: u32) -> Row {
    (READ, NONE, 200, json!({"id": id, "name": "a"}))
}

/// Whether the control holds of a course.
fn holds(law: Law, rows: &[Row]) -> bool {
    let played: Played = course(law, rows);
    holds_in_sequence(law, &played.trace())
}

#[test]
fn what_can_be_made_once_is_made_once() {
    let planted = [made(1), refused(409), made(2), made(3), thing(2), thing(3)];
    // After a refusal nothing more is sent: one of the reads has nothing to ask for.
    let unsent = || (READ, NONE, 0, NONE);
    let clean = with(&planted, &[(3, refused(409)), (4, unsent()), (5, unsent())]);
    let harmless = [
        ("duplicates are accepted one after the other", with(&planted, &[(1, made(4))])),
        ("the first one does not work either", with(&planted, &[(0, refused(422))])),
        ("too many requests", with(&planted, &[(1, refused(429))])),
        ("nobody may", with(&planted, &[(1, refused(403))])),
        ("both are told of the same thing", with(&planted, &[(3, made(2)), (5, thing(2))])),
        ("one of them is taken back", with(&planted, &[(5, (READ, NONE, 404, NONE))])),
        ("accepted for later", with(&planted, &[(3, (CREATE, json!({"name": "a"}), 202, json!({"id": 3})))])),
        ("a reader that shows anything", with(&planted, &[(4, thing(9)), (5, thing(9))])),
    ];
    let finding = check(Law::DoubleCreate, &planted, &clean, &harmless);
    assert_eq!((finding.operation.as_str(), finding.severity), (CREATE, Severity::Medium));
    assert!(
        finding.evidence.starts_with("2 and 3 are both there; one after the other, the second one is answered 409")
    );
    assert!(finding.evidence.contains("POST /things 201 and at once POST /things 201, GET"), "{}", finding.evidence);
    // A server that answers an equal request with what the first one made promises the same.
    let repeated = with(&planted, &[(1, made(1))]);
    check(Law::DoubleCreate, &repeated, &with(&repeated, &[(3, made(2)), (5, thing(2))]), &[]);
    assert!(holds(Law::DoubleCreate, &planted) && holds(Law::DoubleCreate, &clean));
    assert!(!holds(Law::DoubleCreate, &harmless[0].1));
}

fn change(member: &str, value: &str) -> Row {
    (PATCH, json!({ member: value }), 200, NONE)
}

fn shown(color: &str, size: &str) -> Row {
    (READ, NONE, 200, json!({"id": 1, "color": color, "size": size, "version": 7}))
}

#[test]
fn of_two_changes_of_different_members_none_is_lost() {
    let planted = [
        made(1),
        change("color", "red"),
        change("size", "big"),
        shown("RED", "BIG"),
        change("size", "small"),
        change("color", "blue"),
        shown("BLUE", "SMALL"),
        change("color", "red"),
        change("size", "big"),
        shown("BLUE", "BIG"),
    ];
    let told = |index: usize, status: u16| {
        let (line, sent, ..) = planted[index].clone();
        with(&planted, &[(index, (line, sent, status, NONE))])
    };
    let harmless = [
        ("the other order is not kept", with(&planted, &[(6, shown("BLUE", "BIG"))])),
        ("a member that never changes", with(&planted, &[(3, shown("BLUE", "BIG"))])),
        ("both are as before: nothing is shown yet", with(&planted, &[(9, shown("BLUE", "SMALL"))])),
        ("a third value", with(&planted, &[(9, shown("GREEN", "BIG"))])),
        ("one of them is refused", told(8, 409)),
        ("one of them is for later", told(7, 202)),
        ("a control is refused", told(4, 409)),
        ("the same member twice", with(&planted, &[(2, change("color", "green")), (8, change("color", "green"))])),
        ("what can't be read any more", with(&planted, &[(9, (READ, NONE, 404, NONE))])),
    ];
    let finding = check(Law::LostUpdate, &planted, &with(&planted, &[(9, shown("RED", "BIG"))]), &harmless);
    assert_eq!((finding.operation.as_str(), finding.severity), (PATCH, Severity::Medium));
    assert!(finding.evidence.starts_with("\"color\" has its old value"), "{}", finding.evidence);
    assert!(holds(Law::LostUpdate, &planted) && !holds(Law::LostUpdate, &harmless[0].1));
}

#[test]
fn of_two_changes_under_one_condition_one_is_refused() {
    let change = |value: &str, status: u16| -> Row { (CONDITIONAL, json!({ "color": value }), status, NONE) };
    let planted = [
        made(1),
        shown("none", ""),
        change("red", 200),
        change("blue", 412),
        shown("RED", ""),
        change("blue", 200),
        shown("BLUE", ""),
        change("red", 200),
        change("green", 200),
        shown("GREEN", ""),
    ];
    let harmless = [
        ("conditions are not looked at", with(&planted, &[(3, change("blue", 200))])),
        ("a change that is none", with(&planted, &[(8, change("Blue", 200))])),
        ("the same change twice", with(&planted, &[(8, change("red", 200))])),
        ("nothing is changed in the end", with(&planted, &[(9, shown("BLUE", ""))])),
        ("a condition that never holds", with(&planted, &[(5, change("blue", 412))])),
    ];
    let finding = check(Law::LostUpdate, &planted, &with(&planted, &[(8, change("green", 412))]), &harmless);
    assert!(finding.evidence.contains("the second one is answered 412"), "{}", finding.evidence);
    let free = Signature::new(finding.oracle(), &finding.operation, &[]);
    assert_ne!(finding.signature, free, "a change without a condition is another bug");
    assert!(holds(Law::LostUpdate, &planted) && !holds(Law::LostUpdate, &harmless[0].1));
    // Whole things that are replaced under a condition.
    let put = |row: &Row| (if row.0 == CONDITIONAL { PUT } else { row.0 }, row.1.clone(), row.2, row.3.clone());
    let planted: Vec<Row> = planted.iter().map(put).collect();
    check(Law::LostUpdate, &planted, &with(&planted, &[(7, put(&change("red", 412)))]), &[]);
    // Without a condition the last one wins by right.
    let free: Vec<Row> =
        planted.iter().map(|row| (row.0.trim_end_matches(" if-match"), row.1.clone(), row.2, row.3.clone())).collect();
    assert!(!holds(Law::LostUpdate, &free));
}
