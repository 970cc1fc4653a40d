//! Scripts of a server, and what `reqwest` with our rules makes of them.

use std::sync::Arc;
use std::time::Duration;

use super::{FetchError, Reqwest, fetch};
use crate::transport::testing::{Act, PATIENCE, Server, answer, check_at_once};
use crate::transport::{Limits, Options, Transport, tls};
use crate::wire::{Exchange, Outcome, Request};

const LIMITS: Limits = Limits { head: 2000, kept: 10, read: 1000, idle: 4 };
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn reqwest(server: &Server, proxy: Option<&str>) -> Reqwest {
    Reqwest::with_tls(server.origin.clone(), proxy, LIMITS, &tls::unused().unwrap()).unwrap()
}

async fn send(transport: &Reqwest, request: Request, timeout: Duration, fresh_connection: bool) -> Exchange {
    transport.send(Arc::new(request), Options { timeout, fresh_connection }).await.unwrap()
}

fn show(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Response(answer) => {
            format!("{} {:?} {} {}", answer.status, answer.ending, answer.length, answer.text())
        }
        Outcome::Fault(fault) => format!("{:?}", fault.kind),
    }
}

#[track_caller]
fn check(script: Vec<Act>, expected: &str) {
    check_within(PATIENCE, script, expected);
}

#[track_caller]
fn check_within(timeout: Duration, script: Vec<Act>, expected: &str) {
    let shown = run(async {
        let server = Server::start(vec![script]).await;
        show(&send(&reqwest(&server, None), Request::new("GET", "/"), timeout, true).await)
    });
    assert_eq!(shown, expected);
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn answers_are_read_up_to_the_bounds() {
    check(answer(OK), "200 Complete 2 ok");
    check(answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"), "302 Complete 0 ");
    check(answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789x"), "200 Bounded 11 0123456789");
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{}", "0123456789x".repeat(91));
    check(answer(&long), "200 Bounded 1001 0123456789");
}

#[test]
fn faults_are_of_their_class() {
    check(vec![Act::Receive], "Closed");
    check(vec![Act::Receive, Act::Reset], "Closed");
    check(answer("hello, world\r\n\r\n"), "Unparsable");
    check(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), "Truncated");
    check(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "Unparsable");
    let refused = run(async {
        let server = Server::start(vec![]).await;
        let reqwest = reqwest(&server, None);
        loop {
            // The server's task lets go of its listener at its first turn, and what was in its queue is reset.
            let shown = show(&send(&reqwest, Request::new("GET", "/"), PATIENCE, true).await);
            if shown != "Closed" {
                return shown;
            }
        }
    });
    assert_eq!(refused, "Refused");
}

#[test]
fn silence_is_told_from_a_stream() {
    let brief = Duration::from_secs(2);
    let silent = |bytes: &str| vec![Act::Receive, Act::Send(bytes.into()), Act::Silence];
    std::thread::scope(|scope| {
        let check = |script, expected| _ = scope.spawn(move || check_within(brief, script, expected));
        check(silent(""), "TimedOut");
        check(silent("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1"), "200 Streaming 5 1");
        check(silent("HTTP/1.1 200 OK\r\n\r\ndata: 1\n"), "200 Streaming 8 data: 1\n");
    });
}

#[test]
fn kept_connections_that_were_closed_are_replaced_once() {
    let (shown, received) = run(async {
        let first = vec![Act::Receive, Act::Send(OK.into()), Act::Receive];
        let server = Server::start(vec![first, answer(OK)]).await;
        let reqwest = reqwest(&server, None);
        let mut shown = Vec::new();
        for _ in 0..2 {
            shown.push(show(&send(&reqwest, Request::new("POST", "/"), PATIENCE, false).await));
        }
        (shown, server.received())
    });
    assert_eq!(shown, ["200 Complete 2 ok", "200 Complete 2 ok"]);
    let head = String::from_utf8_lossy(&received[0]).into_owned();
    assert!(head.starts_with("POST / HTTP/1.1\r\ncontent-length: 0\r\n"), "{head}");
}

#[test]
fn proxies_are_asked_for_the_whole_url() {
    let received = run(async {
        let proxy = Server::start(vec![answer(OK)]).await;
        let mut target = Server::start(vec![]).await;
        target.origin.host = "gadfly.invalid".to_owned();
        let reqwest = reqwest(&target, Some(&proxy.origin.to_string()));
        assert_eq!(show(&send(&reqwest, Request::new("GET", "/a?b"), PATIENCE, true).await), "200 Complete 2 ok");
        proxy.received().remove(0)
    });
    let head = String::from_utf8_lossy(&received).into_owned();
    assert!(head.starts_with("GET http://gadfly.invalid:"), "{head}");
}

#[test]
fn a_proxy_that_is_no_url_is_an_error() {
    let error = Reqwest::new("http://127.0.0.1".parse().unwrap(), Some("http://")).err().unwrap();
    assert!(error.to_string().starts_with("failed to set up the transport reqwest: "), "{error}");
}

#[test]
fn what_can_not_be_sent_is_an_error() {
    let error = run(async {
        let server = Server::start(vec![]).await;
        let options = Options { timeout: PATIENCE, fresh_connection: false };
        reqwest(&server, None).send(Arc::new(Request::new("GET", "/../a")), options).await.unwrap_err()
    });
    let expected = "failed to send GET /../a through reqwest: the target would be sent as \"/a\"";
    assert_eq!(error.to_string(), expected);
}

/// Fetches `/a` from a server with one script per connection.
async fn fetched(scripts: Vec<Vec<Act>>, limit: Duration) -> Result<String, FetchError> {
    let server = Server::start(scripts).await;
    let url = format!("{}/a", server.origin);
    fetch(&url, limit, 10).await.map(|document| String::from_utf8(document).unwrap())
}

#[test]
fn documents_are_fetched_within_their_bounds() {
    run(async {
        assert_eq!(fetched(vec![answer(OK)], PATIENCE).await.unwrap(), "ok");
        let redirect = "HTTP/1.1 302 Found\r\nLocation: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(fetched(vec![answer(redirect), answer(OK)], PATIENCE).await.unwrap(), "ok");
        let check = async |script, expected: &str| {
            let error = fetched(vec![script], PATIENCE).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error:?}");
        };
        check(answer(&redirect.replace(" b\r", " http://gadfly.invalid/x\r")), "redirects to http://gadfly.invalid/x")
            .await;
        check(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "the server answered 404 Not Found").await;
        check(answer("HTTP/1.1 200 OK\r\n\r\n0123456789x"), "longer than 10 bytes").await;
        check(vec![Act::Receive], "no answer came").await;
        let brief = Duration::from_millis(1);
        let slow = fetched(vec![vec![Act::Receive, Act::Silence]], brief).await.unwrap_err();
        assert!(matches!(slow, FetchError::TimedOut(_)), "{slow}");
        let odd = fetch("ftp://127.0.0.1/", PATIENCE, 1).await.unwrap_err();
        assert_eq!(odd.to_string(), "it is no http or https URL: the scheme is \"ftp\"");
    });
}

#[test]
fn requests_at_once_are_written_before_any_is_answered() {
    run(check_at_once(|server| reqwest(server, None)));
}
