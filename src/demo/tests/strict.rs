//! What no schema can say: the clean twin refuses broken requests with the documented error, whatever is broken.

use super::client::{ALICE, Answer, answer, request, start};
use crate::demo::Demo;

const JSON: &str = "Content-Type: application/json";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=b";

type Row = (&'static str, &'static [&'static str], &'static [u8], u16);

const ROWS: &[Row] = &[
    // Bodies that are not JSON, or not what serde_json alone would refuse.
    ("POST /login", &[JSON], b"{", 400),
    ("POST /login", &[JSON], br#"{"email":"a","email":"b","password":"c"}"#, 400),
    ("POST /login", &[JSON], br#"{"email":"a","password":"c"} x"#, 400),
    ("POST /login", &[JSON], b"\xef\xbb\xbf{}", 400),
    ("POST /login", &[JSON], b"{\"email\":\"\xff\",\"password\":\"c\"}", 400),
    ("POST /login", &[JSON], br#"{"email":"\ud800","password":"c"}"#, 400),
    ("POST /login", &[JSON], br#"{"email":1e400,"password":"c"}"#, 400),
    ("POST /login", &[JSON], br#"{"email":NaN,"password":"c"}"#, 400),
    ("POST /login", &[JSON], b"null", 422),
    ("POST /login", &[JSON], b"", 400),
    ("POST /login", &[], b"", 400),
    // Content types.
    ("POST /login", &[], b"{}", 415),
    ("POST /login", &["Content-Type: application/vnd.demo+json"], b"{}", 415),
    ("POST /login", &["Content-Type: application/json; charset=iso-8859-1"], b"{}", 415),
    ("POST /login", &["Content-Type: application/json; charset=\"UTF-8\""], b"{}", 422),
    ("POST /login", &["Content-Type: APPLICATION/JSON"], b"{}", 422),
    ("POST /login", &[JSON, JSON], b"{}", 415),
    ("POST /login", &[JSON, "Content-Encoding: gzip"], b"{}", 415),
    ("POST /login", &["Content-Type: \x01"], b"{}", 400),
    // Queries.
    ("GET /search?q=%zz", &[], b"", 400),
    ("GET /search?q=%ff", &[], b"", 400),
    ("GET /search?q=%2", &[], b"", 400),
    ("GET /search?q=a&q=b", &[], b"", 400),
    ("GET /search?q", &[], b"", 400),
    ("GET /search", &[], b"", 400),
    ("GET /search?q=a&limit=", &[], b"", 400),
    ("GET /search?q=a&limit=%2B5", &[], b"", 400),
    ("GET /search?q=a&limit=05", &[], b"", 400),
    ("GET /search?q=a&unknown=1", &[], b"", 200),
    ("GET /search?q=a+b%20c", &[], b"", 200),
    ("GET /products?category=office&category=garden", &[], b"", 200),
    ("GET /products?category=office&category=garden&category=office&category=office", &[], b"", 400),
    // Headers and cookies.
    ("GET /products", &["If-None-Match: \"catalogue-1\""], b"", 304),
    ("GET /products", &["If-None-Match: \"a\"", "If-None-Match: \"b\""], b"", 400),
    ("GET /products/MUG-0001", &["Cookie: currency=USD"], b"", 200),
    ("GET /products/MUG-0001", &["Cookie: currency=USD; currency=EUR"], b"", 400),
    ("GET /products/MUG-0001", &["Cookie: ;;a;=;=b; currency=GBP;"], b"", 200),
    ("GET /products/MUG-0001", &["Cookie: currency=\"USD\""], b"", 400),
    ("GET /products/%ff", &[], b"", 400),
    ("GET /products/MUG-0001%2F", &[], b"", 400),
    // Credentials.
    ("GET /me", &[], b"", 401),
    ("GET /me", &["Authorization: Bearer"], b"", 401),
    ("GET /me", &["Authorization: Bearer nonsense"], b"", 401),
    ("GET /me", &["Authorization: Basic demo-alice-token"], b"", 401),
    ("GET /me", &["Authorization: bearer demo-alice-token"], b"", 200),
    ("GET /me", &[ALICE, ALICE], b"", 401),
    ("GET /admin/accounts", &[ALICE, "X-Audit-Reason: quarterly review"], b"", 403),
    ("GET /orders/2001", &[ALICE], b"", 404),
    ("DELETE /orders/2001", &[ALICE], b"", 404),
    ("PATCH /orders/1002", &[ALICE, JSON, "If-Match: W/\"v1\""], br#"{"note":"x"}"#, 412),
    ("POST /accounts", &[JSON], br#"{"name":"A","email":"bob@example.com","password":"12345678"}"#, 409),
    // Forms.
    ("PUT /me/preferences", &[ALICE, FORM], b"language=en&pageSize=5&newsletter=true&theme=light", 200),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=en&pageSize=5", 400),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=en&pageSize=51&newsletter=true", 400),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=en&pageSize=5&newsletter=yes", 400),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=en&pageSize=5&newsletter=true&x=1", 422),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=%ff&pageSize=5&newsletter=true", 400),
    ("PUT /me/preferences", &[ALICE, FORM], b"language=\xff&pageSize=5&newsletter=true", 400),
    // Text.
    ("POST /orders/1001/note", &[ALICE, "Content-Type: text/plain"], b"", 422),
    ("POST /orders/1001/note", &[ALICE, "Content-Type: text/plain"], b"\0", 200),
    // Multipart.
    ("POST /files", &[ALICE, "Content-Type: multipart/form-data"], b"--b--", 400),
    ("POST /files", &[ALICE, MULTIPART], b"--b", 400),
    ("POST /files", &[ALICE, MULTIPART], b"--b\r\n\r\n--b--", 400),
    ("POST /files", &[ALICE, MULTIPART], b"--b--", 422),
    ("POST /files", &[ALICE, MULTIPART], b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--", 201),
    (
        "POST /files",
        &[ALICE, MULTIPART],
        b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\x00\r\n--b--",
        201,
    ),
    (
        "POST /files",
        &[ALICE, MULTIPART],
        b"--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--",
        422,
    ),
    (
        "POST /files",
        &[ALICE, MULTIPART],
        b"--b\r\nContent-Disposition: form-data; filename=\"a;\\\"b.txt\"; name=\"file\"\r\n\r\nx\r\n\
          --b\r\nContent-Disposition: form-data; name=\"folder\"\r\n\r\nUPPER\r\n--b--",
        422,
    ),
    // Paths and methods.
    ("GET /nothing", &[], b"", 404),
    ("GET /orders/", &[], b"", 404),
    ("POST /health", &[], b"", 405),
    ("PUT /orders/1001", &[], b"", 405),
    ("TRACE /me", &[], b"", 405),
];

#[tokio::test]
async fn broken_requests_get_the_documented_error() {
    let demo = start(true).await;
    for (line, headers, body, status) in ROWS {
        let answer = answer(&demo, &request(line, headers, body)).await;
        assert_eq!(answer.status, *status, "{line} {}: {}", String::from_utf8_lossy(body), answer.text());
        check_error(&answer);
    }
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let demo = start(true).await;
    let body = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let answer = answer(&demo, &request("POST /login", &[JSON], &body)).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_read_and_refused() {
    let demo = start(true).await;
    check_size(&demo, 256 * 1024, 400).await;
    check_size(&demo, 256 * 1024 + 1, 413).await;
    check_size(&demo, 8 * 1024 * 1024, 413).await;
}

#[tokio::test]
async fn a_head_that_is_too_long_gets_its_status() {
    let demo = start(true).await;
    let long = "x".repeat(70_000);
    let answer_to = async |line: &str, header: &str| answer(&demo, &request(line, &[header], b"")).await.status;
    assert_eq!(answer_to(&format!("GET /search?q={long}"), "").await, 414);
    assert_eq!(answer_to("GET /health", &format!("X-Long: {long}")).await, 200);
    assert_eq!(answer_to("GET /health", &["X-Many: x"; 101].join("\r\n")).await, 431);
}

async fn check_size(demo: &Demo, length: usize, status: u16) {
    let answer = answer(demo, &request("POST /login", &[JSON], &vec![b'x'; length])).await;
    assert_eq!(answer.status, status);
    check_error(&answer);
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let demo = start(true).await;
    let chunk = br#"{"email":"alice@example.com","password":"demo-alice-password"}"#;
    let body = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n0\r\n\r\n"].concat();
    let head = "POST /v1/login HTTP/1.1\r\nHost: demo\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n";
    let answer = answer(&demo, &[head.as_bytes(), JSON.as_bytes(), b"\r\n\r\n", &body].concat()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["token"], "demo-alice-token");
}

#[tokio::test]
async fn a_created_order_is_gone_when_deleted_and_a_seeded_one_is_back() {
    let demo = start(true).await;
    let body = br#"{"items":[{"sku":"MUG-0001","quantity":1}],
        "shipTo":{"name":"A","street":"B","city":"C","postcode":"N1 9GU","country":"GB"}}"#;
    let created = answer(&demo, &request("POST /orders", &[ALICE, JSON], body)).await.json()["id"].clone();
    for (order, after) in [(created.to_string(), 404), ("1001".to_owned(), 200)] {
        let line = format!("/orders/{order}");
        assert_eq!(answer(&demo, &request(&format!("GET {line}"), &[ALICE], b"")).await.status, 200);
        assert_eq!(answer(&demo, &request(&format!("DELETE {line}"), &[ALICE], b"")).await.status, 204);
        assert_eq!(answer(&demo, &request(&format!("GET {line}"), &[ALICE], b"")).await.status, after);
    }
}

#[tokio::test]
async fn created_objects_give_way_to_newer_ones() {
    let demo = start(true).await;
    let body = br#"{"name":"A","email":"a@example.org","password":"12345678"}"#;
    let first = answer(&demo, &request("POST /accounts", &[JSON], body)).await.json();
    let line = format!("GET /accounts/{}", first["id"].as_str().unwrap());
    assert_eq!(answer(&demo, &request(&line, &[ALICE], b"")).await.status, 200);
    for _ in 0..256 {
        answer(&demo, &request("POST /accounts", &[JSON], body)).await;
    }
    assert_eq!(answer(&demo, &request(&line, &[ALICE], b"")).await.status, 404);
    assert_eq!(answer(&demo, &request("GET /me", &[ALICE], b"")).await.status, 200);
}

#[tokio::test]
async fn a_stopped_demo_refuses_connections() {
    let demo = start(true).await;
    let address = demo.address();
    demo.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[track_caller]
fn check_error(answer: &Answer) {
    if answer.status < 400 || answer.body.is_empty() {
        return;
    }
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.text());
    let body = answer.json();
    assert!(body["code"].is_string() && body["message"].is_string() && body.as_object().unwrap().len() == 2);
    assert_eq!(answer.status == 401, answer.header("www-authenticate").is_some());
    assert_eq!(answer.status == 405, answer.header("allow").is_some());
}
