//! Planted leaks with their clean twins, and everything that must stay quiet.

use serde_json::{Value, json};

use super::*;
use crate::oracle::testing::{Played, Shot, fires, pair, quiet};
use crate::scenario::Intent;

fn oracle() -> LeakedField {
    LeakedField::new(Arc::default())
}

/// Answers of `GET /users/{id}`, whose schema is closed in fact though not in word.
fn user() -> Shot {
    let schema = json!({
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "password": {"$ref": "#/components/schemas/Password"},
            "login_token": {"type": "string"},
            "traceback": {"type": "string"},
            "path": {"type": "string"},
            "content": {},
            "description": {"type": "string"},
            "driver": {"type": "string"},
            "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Friend"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}}
        }
    });
    let content = json!({"application/json": {"schema": schema}});
    let description = json!({
        "components": {"schemas": {
            "Password": {"type": "string", "writeOnly": true},
            "Friend": {"properties": {"name": {"type": "string"}}}
        }},
        "responses": {"200": {"content": content}, "default": {"content": content}, "404": {}}
    });
    Shot::new("GET", "/users/{id}", &description).target("/users/7")
}

fn ok(body: &Value) -> Played {
    user().json(200, body)
}

const HASH: &str = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl";
const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----";
const PYTHON: &str = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in f\n  File \"/srv/b.py\", line \
                      2, in g\nKeyError: 'id'";

#[track_caller]
fn leak(planted: &Value, clean: &Value, parameters: &Value) {
    let finding = pair(&oracle(), &ok(planted), &ok(clean));
    assert_eq!(finding.requirement.parameters, *parameters);
}

#[test]
fn properties_that_must_not_be_there_are_reported() {
    let place = |kind: &str, pointer: &str| json!({"kind": kind, "pointer": pointer});
    leak(
        &json!({"id": 1, "password": "hunter2"}),
        &json!({"id": 1, "password": null}),
        &place("write_only", "/password"),
    );
    leak(&json!({"password_hash": HASH}), &json!({"password_hash": ""}), &place("undeclared", "/password_hash"));
    leak(&json!({"pw": "hunter2"}), &json!({"name": "hunter2"}), &place("undeclared", "/pw"));
    leak(&json!({"apiKey": "k-9f8e7d6c"}), &json!({"apiKey": "********"}), &place("undeclared", "/apiKey"));
    leak(&json!({"digest": HASH}), &json!({"digest": "9f8e7d6c"}), &place("undeclared", "/digest"));
    leak(&json!({"session": JWT}), &json!({"session": "none"}), &place("undeclared", "/session"));
    leak(
        &json!({"friends": [{"name": "a"}, {"secret": "s3cr3t-1"}, {"secret": "s3cr3t-2"}]}),
        &json!({"friends": [{"name": "a"}]}),
        &place("undeclared", "/friends/*/secret"),
    );
    leak(&json!({"billing": "4111 1111 1111 1111"}), &json!({"billing": "x"}), &place("undeclared", "/billing"));
    leak(
        &json!({"card_number": 4_111_111_111_111_111_u64}),
        &json!({"card_number": 7}),
        &place("undeclared", "/card_number"),
    );
    leak(
        &json!({"debug": {"db": {"db_pass": "pa55"}}}),
        &json!({"debug": {"db": {}}}),
        &place("undeclared", "/debug/db/db_pass"),
    );
}

#[test]
fn secrets_by_themselves_are_reported_anywhere() {
    leak(&json!({"content": {"x": KEY}}), &json!({"content": {}}), &json!({"kind": "private_key"}));
    let dsn = "postgres://shop:s3cr3t@db.internal:5432/shop";
    leak(&json!({"name": dsn}), &json!({"name": "postgres://db/shop"}), &json!({"kind": "connection_string"}));
    let finding = fires(&oracle(), &user().text(404, &format!("cannot reach {dsn}")));
    assert_eq!(finding.severity, Severity::Critical);
    assert!(!finding.evidence.contains("s3cr3t"), "{}", finding.evidence);
}

#[test]
fn disclosures_are_reported() {
    let disclosed = |body: &Value, kind: &str| {
        let finding = pair(&oracle(), &user().json(500, body), &user().json(500, &json!({"error": "sorry"})));
        assert_eq!(finding.requirement.parameters, json!({ "kind": kind }), "{body}");
        assert_eq!(finding.severity, Severity::Medium);
    };
    disclosed(&json!({"error": PYTHON}), "stack_trace");
    disclosed(&json!({"stack": PYTHON.lines().collect::<Vec<_>>()}), "stack_trace");
    disclosed(&json!({"error": "near \"'\": syntax error"}), "sql_error");
    disclosed(&json!({"detail": "open /var/lib/shop/orders.db: locked"}), "internal_path");
    disclosed(&json!({"detail": "dial tcp 10.1.2.3:5432: connection refused"}), "internal_address");
    let page = format!("<title>500</title><pre>{}</pre>", PYTHON.replace('"', "&quot;"));
    pair(&oracle(), &user().html(500, &page), &user().html(500, "<title>500</title>"));
    fires(&oracle(), &ok(&json!({"name": PYTHON})));
}

#[test]
fn values_that_say_nothing_are_quiet() {
    for body in [
        json!({"password": null}),
        json!({"password": "********"}),
        json!({"password_hash": true, "has_password": true, "secret": false}),
        json!({"token": "", "api_key": null, "secret": "[redacted]"}),
        json!({"next_page_token": JWT, "csrf_token": "c5rf-c5rf-c5rf", "token_type": "Bearer"}),
        json!({"tokenizer": "bert-base-1", "secretary": "m.jones77", "passwordless": "yes1234"}),
        json!({"tokens": 512, "max_tokens": 4096, "token_count": 7}),
        json!({"commit_hash": "9f8e7d6c5b4a", "etag": "abc123def"}),
        json!({"order_number": "4111111111111111", "created_ns": 1_700_000_000_000_000_000_u64}),
        json!({"login_token": "declared-so-fine-1"}),
        json!({"labels": {"password": "label-7", "token": "label-8888"}}),
        json!({"content": {"password": "stored-7", "trace": PYTHON}}),
        json!({"traceback": PYTHON, "path": "/var/lib/shop/x"}),
        json!({"download": "/home/alice/report.pdf"}),
        json!({"description": PYTHON, "driver": "SQLITE_PYSQLITE"}),
        json!({"name": "postgres://user:password@localhost/db"}),
    ] {
        quiet(&oracle(), &ok(&body));
    }
}

#[test]
fn error_answers_that_only_speak_of_secrets_are_quiet() {
    for body in [
        json!({"errors": {"password": ["can't be blank"], "token": ["required"]}}),
        json!({"error": {"password": "too_short", "code": "missing"}}),
        json!({"path": "/var/lib/x/y", "error": "no"}),
        json!({"message": "an exception occurred in module main"}),
        json!({"message": "Cannot GET /api/v1/orders"}),
    ] {
        quiet(&oracle(), &user().json(422, &body));
    }
}

#[test]
fn what_was_sent_is_no_leak() {
    let echo = json!({"headers": {"token": "sent-token-77"}, "pwd": "sent-pw"});
    let shot = user().target("/users/7?pwd=sent-pw").header("Authorization", "Bearer sent-token-77");
    quiet(&oracle(), &shot.json(200, &echo));
    let path = user().target("/users/%2Fetc%2Fshop%2Fx.py").json(404, &json!({"e": "no /etc/shop/x.py"}));
    quiet(&oracle(), &path);
    let trace = json!({"data": PYTHON}).to_string();
    quiet(&oracle(), &user().body("application/json", trace).json(400, &json!({"e": PYTHON})));
    let own = user().header("Host", "10.0.0.9:8080").html(404, "<address>x at 10.0.0.9:8080</address>");
    quiet(&oracle(), &own);
    // A writeOnly property must not come back even to the one who sent it.
    let sent = user().body("application/json", r#"{"password":"hunter2"}"#);
    fires(&oracle(), &sent.json(200, &json!({"password": "hunter2"})));
}

#[test]
fn undocumented_answers_are_searched_for_the_worst_only() {
    let bare = Shot::new("GET", "/x", &json!({"responses": {"200": {}}})).intent(Intent::Hostile("sql"));
    quiet(&oracle(), &bare.json(200, &json!({"token": "abcdef123", "password": "x1"})));
    fires(&oracle(), &bare.json(200, &json!({"x": KEY})));
    fires(&oracle(), &bare.text(200, PYTHON));
    let logs = Shot::new("GET", "/jobs/{id}/logs", &json!({"responses": {"200": {}}}));
    quiet(&oracle(), &logs.text(200, PYTHON));
    fires(&oracle(), &logs.text(500, PYTHON));
    quiet(&oracle(), &bare.method("HEAD").json(500, &json!({"x": KEY})));
}

#[test]
fn a_requirement_of_another_form_is_never_green() {
    let requirement = Requirement { oracle: ID, parameters: json!({"kind": "odd"}) };
    assert_ne!(oracle().check(&requirement, &ok(&json!({})).trace()), Check::Holds);
}
