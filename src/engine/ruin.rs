//! What may take away more than it names, and so waits for the end of a run, or for its turn in a replay. Main functions:
//! [`may_ruin`], for a request by itself, and `is_ruinous`, for an operation of a document.

use percent_encoding::percent_decode;

use crate::api::{Operation, OperationId};
use crate::resource::{Action, Role};
use crate::wire::Request;

/// Words for what ends all things of a kind, or the service itself.
const WORDS: [&str; 19] = [
    "shutdown",
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
    "delete_all",
    "deleteall",
    "delete",
    "remove",
    "logout",
    "signout",
    "password",
    "deactivate",
];

/// Whether the operation ends what everything else lives on: all things of a kind, or the service itself. What acts on
/// one thing that its path names does not.
pub(super) fn is_ruinous(operation: &Operation, role: Option<&Role>) -> bool {
    role.is_some_and(|role| role.action == Action::DeleteAll)
        || says_ruin(&operation.method, &operation.path, operation.name.as_deref())
}

/// Whether a request to an operation may take away what others use, as far as both tell by themselves: it deletes all that is at a path, or what a
/// path may stand for, or is called so.
pub fn may_ruin(operation: &OperationId, request: &Request) -> bool {
    let (method, path) = operation.as_str().split_once(' ').unwrap_or_default();
    (method == "DELETE" && acts_on_all(method, path)) || says_ruin(method, path, None) || ends_more(request)
}

fn says_ruin(method: &str, path: &str, name: Option<&str>) -> bool {
    let last = path.rsplit('/').find(|segment| !segment.is_empty());
    acts_on_all(method, path) && last.into_iter().chain(name).any(says)
}

fn acts_on_all(method: &str, path: &str) -> bool {
    method != "GET" && !path.contains('{')
}

fn says(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.split(['-', '_', '.']).any(|part| part == *word) || text == *word)
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
    use super::*;

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
        let may = |method: &str, path: &str| {
            may_ruin(&OperationId::new(method, path), &Request::new(method, path.replace("{id}", "7")))
        };
        for (method, path) in [("DELETE", "/mappings"), ("POST", "/admin/reset"), ("PUT", "/cache/flush-all")] {
            assert!(may(method, path), "{method} {path}");
        }
        for (method, path) in [("DELETE", "/mappings/{id}"), ("POST", "/things/{id}/reset"), ("GET", "/reset")] {
            assert!(!may(method, path), "{method} {path}");
        }
    }
}
