//! Scripts of a server, and what the client makes of them.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::Http1;
use crate::transport::testing::{Act, PATIENCE, Server, answer, check_at_once};
use crate::transport::{Limits, Options, Transport};
use crate::wire::{Exchange, FaultKind, Outcome, Request};

const LIMITS: Limits = Limits { head: 2000, kept: 10, read: 1000, idle: 4 };

fn get(target: &'static str) -> Request {
    Request::new("GET", target)
}

async fn send(http1: &Http1, request: Request, timeout: Duration, fresh_connection: bool) -> Exchange {
    http1.send(Arc::new(request), Options { timeout, fresh_connection }).await.unwrap()
}

fn show(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response(answer) => {
            format!("{} {:?} {} {}", answer.status, answer.ending, answer.length, answer.text())
        }
        Outcome::Fault(fault) => format!("{:?} {}", fault.kind, String::from_utf8_lossy(&fault.partial)),
    }
}

/// Sends one request to a server with this script.
#[track_caller]
fn check(request: Request, script: Vec<Act>, expected: &str) {
    check_within(PATIENCE, request, script, expected);
}

#[track_caller]
fn check_within(timeout: Duration, request: Request, script: Vec<Act>, expected: &str) {
    let shown = run(async {
        let server = Server::start(vec![script]).await;
        let http1 = Http1::new(server.origin.clone(), LIMITS);
        show(&send(&http1, request, timeout, false).await.outcome)
    });
    assert_eq!(shown, expected);
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn answers_are_read_to_their_end() {
    check(get("/"), answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "200 Complete 5 hello");
    check(get("/"), answer("HTTP/1.1 200 OK\r\n\r\nhello"), "200 Complete 5 hello");
    check(get("/"), answer("HTTP/1.0 200\n\nhello"), "200 Complete 5 hello");
    check(get("/"), answer("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n"), "204 Complete 0 ");
    check(Request::new("HEAD", "/"), answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "200 Complete 0 ");
    let chunked = "HTTP/1.1 200 OK\r\nTRANSFER-encoding: ChUnKeD\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    check(get("/"), answer(chunked), "200 Complete 10 0123456789");
    check(get("/"), vec![Act::Receive, Act::Drip(chunked.into())], "200 Complete 10 0123456789");
    check(get("/"), answer("HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n"), "999 Complete 0 ");
}

#[test]
fn interim_answers_are_read_over() {
    let two = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    check(get("/"), answer(&format!("{two}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), "200 Complete 2 ok");
    check(get("/"), answer("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "101 Complete 0 ");
    check(get("/"), answer("HTTP/1.1 100 Continue\r\n\r\n"), "Truncated ");
    let endless = vec![Act::Receive, Act::Flood("HTTP/1.1 102 Processing\r\n\r\n".into())];
    let outcome = run(async {
        let server = Server::start(vec![endless]).await;
        send(&Http1::new(server.origin.clone(), LIMITS), get("/"), PATIENCE, false).await.outcome
    });
    assert_eq!(outcome.fault().unwrap().kind, FaultKind::Unparsable);
}

#[test]
fn long_bodies_are_counted_and_then_given_up() {
    let long = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "0123456789x".repeat(length / 11))
    };
    check(get("/"), answer(&long(11)), "200 Bounded 11 0123456789");
    check(get("/"), answer(&long(990)), "200 Bounded 990 0123456789");
    check(get("/"), answer(&long(1_100_000)), "200 Bounded 1100000 0123456789");
    let endless = vec![
        Act::Receive,
        Act::Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".into()),
        Act::Flood("a\r\n0123456789\r\n".into()),
    ];
    check(get("/"), endless, "200 Bounded 1010 0123456789");
}

#[test]
fn connections_that_break_are_faults_of_their_class() {
    check(get("/"), vec![Act::Receive], "Closed ");
    check(get("/"), vec![Act::Receive, Act::Reset], "Closed ");
    check(get("/"), answer("HTTP/1.1 200 O"), "Truncated HTTP/1.1 200 O");
    check(get("/"), answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), {
        "Truncated HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"
    });
    check(get("/"), answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), {
        "Truncated HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello"
    });
    check(get("/"), vec![Act::Receive, Act::Send("HTTP/1.1 200 OK\r\n\r\nhi".into()), Act::Reset], {
        "Truncated HTTP/1.1 200 OK\r\n\r\nhi"
    });
    let refused = run(async {
        let server = Server::start(vec![vec![]]).await;
        let http1 = Http1::new(server.origin.clone(), LIMITS);
        assert_eq!(show(&send(&http1, get("/"), PATIENCE, true).await.outcome), "Closed ");
        loop {
            // The server's task lets go of its listener some time after the last script.
            let outcome = send(&http1, get("/"), PATIENCE, true).await.outcome;
            if outcome.fault().unwrap().kind == FaultKind::Refused {
                return show(&outcome);
            }
        }
    });
    assert_eq!(refused, "Refused ");
}

#[test]
fn what_is_not_http_is_unparsable() {
    check(get("/"), answer("hello, world\r\n\r\n"), "Unparsable hello, world\r\n\r\n");
    check(get("/"), answer("HTTP/2.0 200 OK\r\n\r\n"), "Unparsable HTTP/2.0 200 OK\r\n\r\n");
    check(get("/"), answer("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "Unparsable HTTP/1.1 200 OK\r\nno colon\r\n\r\n");
    let bad_length = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello";
    check(get("/"), answer(bad_length), &format!("Unparsable {bad_length}"));
    let bad_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(get("/"), answer(&format!("{bad_chunk}hello")), &format!("Unparsable {bad_chunk}"));
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1981));
    check(get("/"), vec![Act::Receive, Act::Drip(huge.clone().into()), Act::Silence], &format!("Unparsable {huge}"));
}

#[test]
fn silence_is_told_from_a_stream() {
    let brief = Duration::from_secs(2);
    let silent = |bytes: &str| vec![Act::Receive, Act::Send(bytes.into()), Act::Silence];
    std::thread::scope(|scope| {
        let check = |script, expected| _ = scope.spawn(move || check_within(brief, get("/"), script, expected));
        check(silent(""), "TimedOut ");
        check(silent("HTTP/1.1 200 OK\r\nX"), "TimedOut HTTP/1.1 200 OK\r\nX");
        check(silent("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "200 Streaming 5 ");
        check(silent("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n1\n"), "200 Streaming 2 1\n");
        check(silent("HTTP/1.1 200 OK\r\n\r\ndata: 1\n"), "200 Streaming 8 data: 1\n");
    });
}

/// The request's body is larger than what the kernel buffers, so that the server's answer comes while it is sent.
#[test]
fn early_answers_count_though_sending_fails() {
    let mut request = Request::new("POST", "/");
    request.body = vec![b'x'; 32 << 20].into();
    let early = "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong";
    check(request.clone(), vec![Act::ReceiveHead, Act::Send(early.into())], "413 Complete 4 long");
    check(request.clone(), vec![Act::ReceiveHead, Act::Send(early.into()), Act::Silence], "413 Complete 4 long");
    check(request.clone(), vec![Act::Receive, Act::Send(early.into())], "413 Complete 4 long");
    check(request, vec![Act::ReceiveHead], "Closed ");
}

/// Sends these requests one after another to a server with one script per connection.
#[track_caller]
fn check_reuse(scripts: Vec<Vec<Act>>, requests: Vec<(Request, bool)>, expected: &[&str]) {
    let count = requests.len();
    let (shown, received) = run(async {
        let server = Server::start(scripts).await;
        let http1 = Http1::new(server.origin.clone(), LIMITS);
        let mut shown = Vec::new();
        for (request, fresh) in requests {
            shown.push(show(&send(&http1, request, PATIENCE, fresh).await.outcome));
        }
        (shown, server.received().len())
    });
    assert_eq!(shown, expected);
    assert!(received >= count, "{received} of {count} requests arrived");
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/// An answer whose body names the connection and the number of the request on it.
fn ok(body: &str) -> Act {
    Act::Send(format!("{OK}{body}").into())
}

fn shared(targets: &[&'static str]) -> Vec<(Request, bool)> {
    targets.iter().map(|target| (get(target), false)).collect()
}

#[test]
fn connections_are_kept_and_used_again() {
    use Act::Receive;
    let script = vec![Receive, ok("a1"), Receive, ok("a2"), Receive, ok("a3")];
    let expected = ["200 Complete 2 a1", "200 Complete 2 a2", "200 Complete 2 a3"];
    check_reuse(vec![script], shared(&["/1", "/2", "/3"]), &expected);
}

#[test]
fn fresh_and_odd_requests_have_a_connection_of_their_own() {
    use Act::{Receive, Silence};
    let scripts = vec![
        vec![Receive, ok("a1"), Receive, ok("a2"), Silence],
        vec![Receive, ok("b1"), Silence],
        vec![Receive, ok("c1"), Silence],
    ];
    let requests = vec![(get("/1"), false), (get("/2"), true), (get("/ 3"), false), (get("/4"), false)];
    check_reuse(
        scripts,
        requests,
        &["200 Complete 2 a1", "200 Complete 2 b1", "200 Complete 2 c1", "200 Complete 2 a2"],
    );
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced_once() {
    use Act::{Receive, Reset};
    let closed = vec![Receive, ok("a1"), Receive];
    let answered = ["200 Complete 2 a1", "200 Complete 2 b1"];
    check_reuse(vec![closed.clone(), vec![Receive, ok("b1")]], shared(&["/1", "/2"]), &answered);
    let reset = [closed.clone(), vec![Reset]].concat();
    check_reuse(vec![reset, vec![Receive, ok("b1")]], shared(&["/1", "/2"]), &answered);
    check_reuse(
        vec![closed, vec![Receive], vec![Receive, ok("c1")]],
        shared(&["/1", "/2", "/3"]),
        &["200 Complete 2 a1", "Closed ", "200 Complete 2 c1"],
    );
    let partial = vec![Receive, ok("a1"), Receive, Act::Send("H".into())];
    check_reuse(
        vec![partial, vec![Receive, ok("b1")]],
        shared(&["/1", "/2", "/3"]),
        &["200 Complete 2 a1", "Truncated H", "200 Complete 2 b1"],
    );
}

#[test]
fn connections_that_can_not_be_trusted_are_not_used_again() {
    use Act::{Receive, Send, Silence};
    let garbage = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na1HTTP/1.1 400 Bad Request\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\na1",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\na1",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na1\r\n0\r\n\r\n",
    ];
    for first in garbage {
        let scripts = vec![vec![Receive, Send(first.into()), Silence], vec![Receive, ok("b1"), Silence]];
        check_reuse(scripts, shared(&["/1", "/2"]), &["200 Complete 2 a1", "200 Complete 2 b1"]);
    }
}

#[test]
fn the_bytes_sent_are_the_bytes_recorded() {
    let (sent, received) = run(async {
        let server = Server::start(vec![answer(OK)]).await;
        let http1 = Http1::new(server.origin.clone(), LIMITS);
        let mut request = Request::new("PoST", "/a/../b\\c?\"'");
        request.headers.push("x-ODD", &b"\xff\xfe"[..]);
        request.headers.push("x-odd", "2");
        request.body = "{}".into();
        let exchange = send(&http1, request, PATIENCE, false).await;
        (exchange.sent, server.received().remove(0))
    });
    assert_eq!(sent, received);
    assert!(sent.starts_with(b"PoST /a/../b\\c?\"' HTTP/1.1\r\nHost: 127.0.0.1:"), "{sent:?}");
}

const WORDS: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404\r\n",
    "HTTP/1.1 100 \r\n\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 99\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff\r\n",
    " ",
];

/// Pieces that make up answers, sound and broken ones.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::sample::select(WORDS).prop_map(|word: &str| word.into()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_answer_ends_without_panic(pieces in proptest::collection::vec(piece(), 0..10), drip: bool) {
        let bytes = pieces.concat();
        let sent = if drip { Act::Drip(bytes) } else { Act::Send(bytes) };
        let outcome = run(async {
            let server = Server::start(vec![vec![Act::Receive, sent]]).await;
            let http1 = Http1::new(server.origin.clone(), LIMITS);
            send(&http1, get("/"), PATIENCE, false).await.outcome
        });
        // The server closes at the end, so nothing may be left waiting.
        prop_assert!(outcome.fault().is_none_or(|fault| fault.kind != FaultKind::TimedOut), "{outcome:?}");
    }
}

#[test]
fn requests_at_once_are_written_before_any_is_answered() {
    run(check_at_once(|server| Http1::new(server.origin.clone(), LIMITS)));
}

#[test]
fn requests_at_once_to_a_closed_port_are_refused_each() {
    run(async {
        let server = Server::start(vec![]).await;
        // With no script left the listener is gone at the first turn of the runtime.
        tokio::task::yield_now().await;
        let http1 = Http1::new(server.origin.clone(), LIMITS);
        let requests = vec![Arc::new(get("/1")), Arc::new(get("/2"))];
        let options = Options { timeout: PATIENCE, fresh_connection: false };
        let exchanges = http1.send_at_once(requests, options).await.unwrap();
        let is_refused = |exchange: &Exchange| exchange.outcome.fault().unwrap().kind == FaultKind::Refused;
        assert!(exchanges.len() == 2 && exchanges.iter().all(is_refused), "{exchanges:?}");
    });
}
