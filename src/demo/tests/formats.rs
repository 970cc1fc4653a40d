//! The hand-written formats agree with the `jsonschema` crate.

use serde_json::json;

use crate::demo::validate::{self, Checked};

/// Without signed years: `jsonschema` 0.60 takes `+024-01-01`, which RFC 3339 does not know.
pub(super) const DATES: &[&str] = &[
    "2024-02-29",
    "2023-02-29",
    "2024-02-30",
    "2000-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-04-31",
    "2024-12-31",
    "0000-01-01",
    "9999-12-31",
    "2024-1-1",
    "24-01-01",
    "2024-01-32",
    "2024-01-00",
    "20240101",
    "",
    "2024-01-01 ",
    " 2024-01-01",
    "2024/01/01",
    "২০২৪-01-01",
    "2024-01-01T00:00:00Z",
    "-2024-01-01",
];

pub(super) const TIMES: &[&str] = &[
    "2024-05-01T10:20:30Z",
    "2024-05-01t10:20:30z",
    "2024-05-01T10:20:30.123456789Z",
    "2024-05-01T10:20:30+02:00",
    "2024-05-01T10:20:30-23:59",
    "2024-05-01T10:20:30+24:00",
    "2024-05-01T10:20:30+02:60",
    "2024-05-01T10:20:30",
    "2024-05-01 10:20:30Z",
    "2024-05-01T24:00:00Z",
    "2024-05-01T10:60:00Z",
    "2024-05-01T10:20:60Z",
    "1998-12-31T23:59:60Z",
    "1998-12-31T15:59:60.123-08:00",
    "1998-12-31T22:59:60Z",
    "2024-05-01T10:20:30.Z",
    "2024-02-30T10:20:30Z",
    "2024-05-01T1:20:30Z",
    "2024-05-01T10:20Z",
    "2024-05-01T10:20:30+0200",
    "2024-05-01T10:20:30Zjunk",
    "",
    "T",
    "2024-05-01T",
    "2024-05-01T10:20:30+2:00",
    "2024-05-01T10:20:3০Z",
];

pub(super) const UUIDS: &[&str] = &[
    "a0000000-0000-4000-8000-000000000001",
    "A0000000-0000-4000-8000-00000000000F",
    "00000000-0000-0000-0000-000000000000",
    "a0000000-0000-4000-8000-00000000001",
    "a00000000000400080000000000000001",
    "{a0000000-0000-4000-8000-000000000001}",
    "g0000000-0000-4000-8000-000000000001",
    "a0000000-0000-4000-8000-000000000001 ",
    "",
    "-",
    "----",
    "a0000000-00004-000-8000-000000000001",
];

pub(super) const EMAILS: &[&str] = &[
    "a@example.com",
    "a.b+c@example.co.uk",
    "user@localhost",
    "\"a b\"@example.com",
    "\"a@b\"@example.com",
    "a@b@example.com",
    "a@",
    "@example.com",
    "a",
    "",
    "a..b@example.com",
    ".a@example.com",
    "a.@example.com",
    "a@-example.com",
    "a@example-.com",
    "a@exam_ple.com",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@[127.0.0.1]",
    "a@[256.0.0.1]",
    "a@[IPv6:::1]",
    "a@[::1]",
    "a b@example.com",
    "a@exam ple.com",
    "o'brien@example.com",
    "\"\"@example.com",
    "\"unclosed@example.com",
    "a@xn--bcher-kva.example",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com",
    "~@example.com",
    "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com",
    "\"a\\\"b\"@example.com",
    "é@example.com",
];

#[track_caller]
fn check(format: &str, samples: &[&str], ours: impl Fn(&str) -> Checked<String>) {
    let schema = json!({ "type": "string", "format": format });
    let theirs = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let differing: Vec<_> =
        samples.iter().filter(|sample| ours(sample).is_ok() != theirs.is_valid(&json!(sample))).collect();
    assert!(differing.is_empty(), "{format}: readings of {differing:?} differ");
}

#[test]
fn dates_agree() {
    check("date", DATES, validate::date);
}

#[test]
fn times_agree() {
    check("date-time", TIMES, validate::date_time);
}

#[test]
fn uuids_agree() {
    check("uuid", UUIDS, validate::uuid);
}

#[test]
fn emails_agree() {
    check("email", EMAILS, validate::email);
}
