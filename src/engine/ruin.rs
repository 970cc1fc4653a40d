//! What may take away more than it names, and so waits for the end of a run, or for its turn in a replay. Main functions:
//! [`may_ruin`], for a request by itself, and `is_ruinous`, for an operation of a document.

use percent_encoding::percent_decode;
use serde_json::Value;

use crate::api::{Operation, OperationId};
use crate::resource::{Action, Role, words};
use crate::wire::Request;

/// Words for what ends all things of a kind, or the service itself, or lets the caller in no more.
const WORDS: [&str; 24] = [
    "shutdown",
    "restart",
    "reboot",
    "reset",
    "purge",
    "wipe",
    "truncate",
    "drop",
    "clear",
    "flush",
    "erase",
    "destroy",
    "terminate",
    "deleteall",
    "delete",
    "remove",
    "logout",
    "logoff",
    "signout",
    "signoff",
    "password",
    "passwd",
    "passphrase",
    "deactivate",
];
/// Those that a mere `GET` does as well: a link logs out, and more than one service is shut down by one.
const BY_GET: [&str; 7] = ["shutdown", "restart", "reboot", "logout", "logoff", "signout", "signoff"];
/// What the caller proves who it is with.
const PASSWORDS: [&str; 3] = ["password", "passwd", "passphrase"];
/// Paths that end so are about the caller.
const CALLER: [&str; 8] = ["me", "account", "profile", "user", "users", "self", "current", "myself"];
/// Names that begin so make something, whatever else they say: `createPasswordPolicy`.
const MAKING: [&str; 6] = ["create", "add", "new", "register", "insert", "make"];

/// Whether the operation ends what everything else lives on: all things of a kind, the service itself, or the caller's way
/// in. What acts on one thing that its path names does not, but for its password.
pub(super) fn is_ruinous(operation: &Operation, role: Option<&Role>) -> bool {
    let members = || {
        let schemas =
            operation.body.iter().flat_map(|body| &body.contents).filter_map(|content| content.schema.as_ref());
        let of = |schema: &crate::schema::Schema| -> Vec<String> {
            let known = schema.resolved();
            let members = known.value().get("properties").and_then(Value::as_object);
            members.into_iter().flat_map(|members| members.keys().cloned()).collect()
        };
        schemas.flat_map(of).collect::<Vec<_>>()
    };
    role.is_some_and(|role| role.action == Action::DeleteAll)
        || says_ruin(&operation.method, &operation.path, operation.name.as_deref())
        || sets_password(&operation.method, &operation.path, members)
}

/// Whether a request to an operation may take away what others use, as far as both tell by themselves: it deletes all that is at a path, or what a
/// path may stand for, or is called so, or gives the caller another password.
pub fn may_ruin(operation: &OperationId, request: &Request) -> bool {
    let (method, path) = operation.as_str().split_once(' ').unwrap_or_default();
    let members = || match serde_json::from_slice(&request.body) {
        Ok(Value::Object(members)) => members.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    };
    says_ruin(method, path, None) || sets_password(method, path, members) || ends_more(request)
}

/// Whether the last words of a path say that this ends or changes more than a plain action does.
pub(super) fn is_called_so(path: &str) -> bool {
    last(path).is_some_and(|last| !last.contains('{') && says(last, &WORDS))
}

fn says_ruin(method: &str, path: &str, name: Option<&str>) -> bool {
    let last = last(path);
    let named = || name.into_iter().filter(|name| !MAKING.iter().any(|verb| begins(name, verb)));
    let any = |all: &[&str]| last.is_some_and(|last| says(last, all));
    match method {
        _ if path.contains('{') => method != "GET" && any(&PASSWORDS),
        // A thing of its own: the caller's account or session, a cache, a collection.
        "DELETE" => true,
        "GET" | "HEAD" => any(&BY_GET) || named().any(|name| BY_GET.iter().any(|word| begins(name, word))),
        _ => any(&WORDS) || named().any(|name| says(name, &WORDS)),
    }
}

/// Whether it gives the caller another password, as the members of its body tell. Who signs up gives one as well, but by `POST`,
/// and no old one.
fn sets_password(method: &str, path: &str, members: impl FnOnce() -> Vec<String>) -> bool {
    let about_caller = || !path.contains('{') && last(path).is_some_and(|last| says(last, &CALLER));
    if !matches!(method, "PUT" | "PATCH" | "POST") || !about_caller() {
        return false;
    }
    let is_change =
        |name: &String| ["new", "old", "current"].iter().any(|word| words(name).iter().any(|own| own == word));
    members().iter().any(|name| says(name, &PASSWORDS) && (method != "POST" || is_change(name)))
}

fn last(path: &str) -> Option<&str> {
    path.rsplit('/').find(|segment| !segment.is_empty())
}

/// Whether one of the name's words is one of these, or two of them together: `log-out`, `shutDownNow`.
fn says(name: &str, all: &[&str]) -> bool {
    let own = words(name);
    let is_it = |text: &str| all.contains(&text);
    own.iter().any(|word| is_it(word)) || own.windows(2).any(|pair| is_it(&pair.concat()))
}

/// Whether the name begins with this word, in one or in two.
fn begins(name: &str, word: &str) -> bool {
    let own = words(name);
    (1..=own.len().min(2)).any(|count| own[..count].concat() == word)
}

/// Whether a request that ends what its path names may end more than one thing: a segment of the path leads elsewhere
/// (`.`, `..`, `a/..`), stands for many (`*`, `%`), or is empty where a name should be. `DELETE /files/.` has taken away the
/// folder of all files on a real server.
pub(super) fn ends_more(request: &Request) -> bool {
    request.method == "DELETE" && names_more(request.path())
}

/// Whether a path may be that of more than one thing.
pub(super) fn names_more(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').skip(1).any(leads_elsewhere)
}

fn leads_elsewhere(segment: &[u8]) -> bool {
    let once: Vec<u8> = percent_decode(segment).collect();
    let twice: Vec<u8> = percent_decode(&once).collect();
    [&once, &twice].into_iter().any(|text| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        let mut parts = text.split(|byte| b"/\\".contains(byte));
        !text.iter().any(is_name) || parts.any(|part| part == b"..") || text.contains(&b'*')
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::encode::samples::operation;

    #[track_caller]
    fn check(method: &str, target: &str, expected: bool) {
        assert_eq!(ends_more(&Request::new(method, target.to_owned())), expected, "{method} {target}");
    }

    #[test]
    fn what_may_end_more_than_one_thing_is_told() {
        for target in
            ["/a/.", "/a/%2E", "/a/", "/a//b", "/a/%2e%2e/b", "/a/x%2F..%5Cy", "/a/%252e%252e", "/a/*", "/a/x*", "/%20"]
        {
            check("DELETE", target, true);
            check("GET", target, false);
        }
        for target in ["/a/1", "/a/x.y", "/a/-1", "/a/..x", "/a/%F0%9F%98%80", "/a/b?path=.."] {
            check("DELETE", target, false);
        }
    }

    #[test]
    fn a_request_tells_by_itself_what_it_may_take_away() {
        let may = |method: &str, path: &str, body: &'static str| {
            let mut request = Request::new(method, path.replace("{id}", "7"));
            request.body = body.into();
            may_ruin(&OperationId::new(method, path), &request)
        };
        for (method, path) in [
            ("DELETE", "/mappings"),
            ("DELETE", "/me"),
            ("DELETE", "/session"),
            ("POST", "/admin/reset"),
            ("PUT", "/cache/flush-all"),
            ("POST", "/system/shutdownNow"),
            ("POST", "/users/me/changePassword"),
            ("PUT", "/users/{id}/password"),
            ("POST", "/users/{id}/changePassword"),
            ("GET", "/user/logout"),
            ("GET", "/auth/log-out"),
            ("GET", "/shutdown"),
        ] {
            assert!(may(method, path, ""), "{method} {path}");
        }
        for (method, path) in [
            ("DELETE", "/mappings/{id}"),
            ("POST", "/things/{id}/reset"),
            ("GET", "/reset"),
            ("GET", "/users/{id}/password"),
            ("POST", "/dropdowns"),
            ("PATCH", "/me"),
        ] {
            assert!(!may(method, path, ""), "{method} {path}");
        }
        assert!(may("PATCH", "/me", r#"{"email": "a", "newPassword": "b"}"#));
        assert!(may("POST", "/account", r#"{"old_password": "a", "password": "b"}"#));
        assert!(!may("POST", "/users", r#"{"email": "a", "password": "b"}"#), "signing up");
    }

    #[test]
    fn an_operation_tells_by_its_name_and_its_body() {
        let tells = |method: &str, path: &str, name: &str, member: &str| {
            let body = json!({"application/json": {"schema": {"type": "object", "properties": {member: {}}}}});
            let mut operation = Operation::clone(&operation(method, path, json!({"body": body})));
            operation.name = Some(name.to_owned());
            is_ruinous(&operation, None)
        };
        for (method, path, name, member) in [
            ("POST", "/account", "changePassword", "old"),
            ("POST", "/flow", "reset_database_flow_post", "x"),
            ("GET", "/end", "logoutUser", "x"),
            ("PATCH", "/me", "editMe", "password"),
            ("PUT", "/users/me", "editMe", "passwd"),
        ] {
            assert!(tells(method, path, name, member), "{method} {path} {name} {member}");
        }
        for (method, path, name, member) in [
            ("POST", "/policies", "createPasswordPolicy", "x"),
            ("POST", "/users", "createUser", "password"),
            ("GET", "/urls", "getLogoutUrl", "x"),
            ("PATCH", "/me", "editMe", "email"),
            ("PATCH", "/users/{id}", "editUser", "password"),
        ] {
            assert!(!tells(method, path, name, member), "{method} {path} {name} {member}");
        }
    }
}
