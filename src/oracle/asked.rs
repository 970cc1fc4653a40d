//! Whether the request asked for what it got: a status by its number, or a wait.
//!
//! Functions: [`for_status`], [`to_wait`], [`may_wait`], [`to_wait_long`]. `/status/{codes}` and `/delay/{seconds}` are no
//! bugs.

use super::echo::{Echo, Part, Sent};
use super::names;
use crate::api::Operation;
use crate::scenario::Step;
use crate::wire::Request;

/// Longer values are no list of statuses.
const LONGEST_LIST: usize = 200;

/// Names of what is counted or measured.
const QUANTITIES: &str = "limit size count offset page per skip take top first last max min maximum minimum amount \
    quantity qty price total sum number length width height depth weight age year days hours rows items id ids balance \
    stock capacity threshold budget score points discount percent radius distance";

/// Names of what makes a server wait or stream.
const WAITING: &str = "delay wait sleep timeout duration seconds secs millis milliseconds poll polling longpoll longpolling watch \
    follow stream streaming tail block blocking drip pause hold heartbeat keepalive subscribe sse linger";

/// Those of them that in a path are verbs or things of another kind: `/users/{id}/follow`, `/jobs/{id}/pause`.
const OTHERWISE_IN_PATHS: &str = "block hold pause follow subscribe timeout duration";

/// Whether one of the values that were sent is this status, or a list with it such as `200:1,500:3`. Header fields
/// count only if their name says so: a `Content-Length: 500` asks for nothing.
pub(super) fn for_status(echo: &Echo, status: u16) -> bool {
    statuses(echo).any(|asked| asked == status)
}

/// Whether a status was asked for that ends no exchange or has no body: interim answers confuse any client.
pub(super) fn for_bodiless_status(echo: &Echo) -> bool {
    statuses(echo).any(|asked| matches!(asked, 100..=199 | 204 | 304))
}

fn statuses(echo: &Echo) -> impl Iterator<Item = u16> {
    echo.items().iter().filter(|sent| may_name_a_status(sent)).flat_map(|sent| numbers(&sent.value))
}

/// A header asks only if its name says so. A member or parameter asks unless its name says that it is a quantity: at a
/// limit of 500 a server may well fail.
fn may_name_a_status(sent: &Sent) -> bool {
    let says = |list: &str| names::tokens(&sent.name).iter().any(|token| names::lists(list, token));
    let asks = match sent.part {
        Part::Path => true,
        Part::Header => says("status code codes"),
        Part::Query | Part::Body => !says(QUANTITIES),
    };
    asks && sent.value.len() <= LONGEST_LIST
}

/// The numbers of a list that holds nothing else; digits of other scripts count, since some servers read them.
fn numbers(value: &str) -> Vec<u16> {
    let parts = value.split([',', ';', ':', '|', ' ', '/', '.']).filter(|part| !part.is_empty());
    let read = |part: &str| {
        let digits: String =
            part.trim().trim_start_matches('+').chars().filter(|c| *c != '_').map(ascii_digit).collect();
        digits.parse().ok()
    };
    parts.filter_map(read).collect()
}

/// The ASCII digit for a decimal digit of the scripts that fuzzers send.
fn ascii_digit(c: char) -> char {
    const ZEROS: [u32; 6] = [0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10];
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(c)));
    zero.and_then(|zero| char::from_digit(u32::from(c) - zero, 10)).unwrap_or(c)
}

/// Whether the request asks the server to wait or to stream: by a name in the path template, or by a parameter or
/// member of such a name that is set.
pub(super) fn to_wait(step: &Step, request: &Request) -> bool {
    if waits_in_path(template(step)) {
        return true;
    }
    Echo::of_request(request).items().iter().any(|sent| sent.part != Part::Header && waits(&sent.name) && is_set(sent))
}

/// Whether a request of this operation may ask to wait, by a name in its path or of a parameter.
pub fn may_wait(operation: &Operation) -> bool {
    waits_in_path(&operation.path) || operation.parameters.iter().any(|parameter| waits(&parameter.name))
}

/// Whether the request asks to wait for more than a moment: several of them at once take all that a server has.
pub fn to_wait_long(step: &Step, request: &Request) -> bool {
    let template = template(step);
    let in_path = waits_in_path(template);
    let is_long = |sent: &Sent| match number(&sent.value) {
        Some(number) => number > 1.0,
        None => says_yes(&sent.value),
    };
    let asks = |sent: &Sent| match sent.part {
        Part::Header => false,
        Part::Path => in_path && is_long(sent),
        Part::Query | Part::Body => waits(&sent.name) && is_long(sent),
    };
    (in_path && !template.contains('{')) || Echo::of_request(request).items().iter().any(asks)
}

fn template(step: &Step) -> &str {
    step.operation.as_str().split_once(' ').map_or("", |(_, path)| path)
}

fn waits(name: &str) -> bool {
    names::tokens(name).iter().any(|token| names::lists(WAITING, token))
}

/// Whether a segment says nothing but that: `/delay/{seconds}` and `/long-poll`, and not `/block_documents`.
fn waits_in_path(template: &str) -> bool {
    let says =
        |token: &str| token == "long" || names::lists(WAITING, token) && !names::lists(OTHERWISE_IN_PATHS, token);
    let waits = |segment: &str| {
        let tokens = names::tokens(segment);
        tokens.iter().any(|token| token != "long") && tokens.iter().all(|token| says(token))
    };
    template.split('/').any(waits)
}

/// A number above zero, a duration such as `10s`, or a yes.
fn is_set(sent: &Sent) -> bool {
    number(&sent.value).is_some_and(|number| number > 0.0) || says_yes(&sent.value)
}

/// The number of `10` or of `10s`.
fn number(value: &str) -> Option<f64> {
    value.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()
}

fn says_yes(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y" | "t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::step_of;

    #[track_caller]
    fn status(target: &'static str, body: &'static str, status: u16, asked: bool) {
        let mut request = Request::new("POST", target);
        request.headers.push("Content-Length", "500");
        request.body = body.into();
        assert_eq!(for_status(&Echo::of_request(&request), status), asked, "{target} {body}");
    }

    #[test]
    fn statuses_are_asked_for_in_many_ways() {
        status("/status/500", "", 500, true);
        status("/status/200%3A1%2C500%3A3", "", 500, true);
        status("/status/%EF%BC%95%EF%BC%90%EF%BC%90", "", 500, true);
        status("/redirect-to?status_code=503&url=x", "", 503, true);
        status("/answer", r#"{"code": 502}"#, 502, true);
        status("/answer", r#"{"code": "+502"}"#, 502, true);
        status("/status/500", "", 502, false);
        status("/orders/5001", "", 500, false);
        status("/orders?note=a500b", "", 500, false);
        status("/orders?limit=500", "", 500, false);
        status("/orders", r#"{"items": [{"quantity": 500}]}"#, 500, false);
    }

    #[track_caller]
    fn wait(path: &str, target: &'static str, body: &'static str, asked: bool) {
        let mut request = Request::new("GET", target);
        request.body = body.into();
        assert_eq!(to_wait(&step_of(path, &request), &request), asked, "{target} {body}");
    }

    #[test]
    fn long_waits_are_told_from_short_ones() {
        for (path, target, expected) in [
            ("/delay/{delay}", "/delay/9", true),
            ("/delay/{delay}", "/delay/1", false),
            ("/delay/{delay}", "/delay/abc", false),
            ("/delay/{delay}", "/delay/-5", false),
            ("/drip", "/drip?duration=3s", true),
            ("/drip", "/drip", true),
            ("/pods", "/pods?watch=true", true),
            ("/pods", "/pods?limit=30", false),
            ("/pods/{id}", "/pods/30", false),
            ("/block_documents/", "/block_documents/", false),
            ("/users/{id}/follow", "/users/7/follow", false),
            ("/long-poll", "/long-poll", true),
        ] {
            let request = Request::new("GET", target);
            assert_eq!(to_wait_long(&step_of(path, &request), &request), expected, "{target}");
        }
    }

    #[test]
    fn waits_are_asked_for_by_name() {
        wait("/delay/{delay}", "/delay/9", "", true);
        wait("/api/watch", "/api/watch", "", true);
        wait("/items", "/items?timeoutSeconds=30", "", true);
        wait("/items", "/items?long_poll=true", "", true);
        wait("/items", "/items?wait=5s", "", true);
        wait("/jobs", "/jobs", r#"{"job": {"sleep": 10}}"#, true);
        wait("/items", "/items?timeout=0", "", false);
        wait("/items", "/items?wait=%00", "", false);
        wait("/waiters/{id}", "/waiters/3", "", false);
        wait("/block_types/{id}", "/block_types/3", "", false);
        wait("/items", "/items?q=delay", "", false);
    }
}
