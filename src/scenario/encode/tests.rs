//! Cases and the bytes that they become.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without references")]

use bytes::Bytes;
use serde_json::{Value, json};

use super::samples::{case, operation, with_body, with_raw};
use crate::scenario::{Datum, encode};

/// One parameter `p` of this description with this value: what the request says.
#[track_caller]
fn check(place: &str, style: &str, explode: bool, value: Value, expected: &str) {
    let path = if place == "path" { "/x/{p}/y" } else { "/x" };
    let described =
        json!({"parameters": [{"name": "p", "in": place, "style": style, "explode": explode, "schema": {}}]});
    let operation = operation("GET", path, described);
    let request = encode(&case(&operation, &[("p", Datum::from(&value))]), "/v1");
    let said = match place {
        "header" => request.headers.text("p").unwrap().to_owned(),
        "cookie" => request.headers.text("cookie").unwrap().to_owned(),
        _ => request.target_text().into_owned(),
    };
    assert_eq!(said, expected, "{place} {style} explode={explode} {value}");
}

#[test]
fn path_styles() {
    let (list, object) = (json!(["a", "b c"]), json!({"R": 100, "G": 200}));
    check("path", "simple", false, json!("a/b?c#d%é"), "/v1/x/a%2Fb%3Fc%23d%25%C3%A9/y");
    check("path", "simple", false, list.clone(), "/v1/x/a,b%20c/y");
    check("path", "simple", false, object.clone(), "/v1/x/R,100,G,200/y");
    check("path", "simple", true, object.clone(), "/v1/x/R=100,G=200/y");
    check("path", "label", false, json!(1), "/v1/x/.1/y");
    check("path", "label", false, list.clone(), "/v1/x/.a,b%20c/y");
    check("path", "label", true, list.clone(), "/v1/x/.a.b%20c/y");
    check("path", "label", true, object.clone(), "/v1/x/.R=100.G=200/y");
    check("path", "matrix", false, json!(""), "/v1/x/;p/y");
    check("path", "matrix", false, list.clone(), "/v1/x/;p=a,b%20c/y");
    check("path", "matrix", true, list, "/v1/x/;p=a;p=b%20c/y");
    check("path", "matrix", false, object.clone(), "/v1/x/;p=R,100,G,200/y");
    check("path", "matrix", true, object, "/v1/x/;R=100;G=200/y");
}

#[test]
fn query_styles() {
    let (list, object) = (json!(["a", "b&c,"]), json!({"R": 100, "G": null}));
    check("query", "form", true, json!("a b+c"), "/v1/x?p=a%20b%2Bc");
    check("query", "form", true, list.clone(), "/v1/x?p=a&p=b%26c%2C");
    check("query", "form", false, list.clone(), "/v1/x?p=a,b%26c%2C");
    check("query", "form", true, json!([]), "/v1/x");
    check("query", "form", false, json!([]), "/v1/x?p=");
    check("query", "form", true, object.clone(), "/v1/x?R=100&G=null");
    check("query", "form", false, object.clone(), "/v1/x?p=R,100,G,null");
    check("query", "spaceDelimited", false, list.clone(), "/v1/x?p=a%20b%26c%2C");
    check("query", "pipeDelimited", false, list.clone(), "/v1/x?p=a%7Cb%26c%2C");
    check("query", "tabDelimited", false, list, "/v1/x?p=a%09b%26c%2C");
    check("query", "deepObject", true, object, "/v1/x?p%5BR%5D=100&p%5BG%5D=null");
    check("query", "deepObject", true, json!({"a": {"b": [1, 2]}}), "/v1/x?p%5Ba%5D%5Bb%5D=1&p%5Ba%5D%5Bb%5D=2");
}

#[test]
fn header_and_cookie_styles() {
    check("header", "simple", false, json!(["a", "b c"]), "a,b c");
    check("header", "simple", true, json!({"R": 1}), "R=1");
    check("header", "simple", false, json!("a\r\nX: 1\0é"), "a%0D%0AX: 1%00é");
    check("cookie", "form", true, json!("a;b"), "p=a%3Bb");
    check("cookie", "form", true, json!(["a", "b"]), "p=a; p=b");
    check("cookie", "form", false, json!(["a", "b"]), "p=a,b");
}

#[test]
fn all_cookies_share_one_field() {
    let described = json!({"parameters": [{"name": "a", "in": "cookie"}, {"name": "b", "in": "cookie"}]});
    let operation = operation("GET", "/", described);
    let request = encode(&case(&operation, &[("a", Datum::integer(1)), ("b", Datum::string("x y"))]), "");
    assert_eq!(request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(b"cookie")).count(), 1);
    assert_eq!(request.headers.text("cookie"), Some("a=1; b=x%20y"));
}

#[test]
fn reserved_characters_and_content_are_respected() {
    let described = json!({"parameters": [
        {"name": "r", "in": "query", "allowReserved": true, "schema": {}},
        {"name": "c", "in": "query", "content": {"application/json": {"schema": {}}}}
    ]});
    let operation = operation("GET", "/s", described);
    let arguments = [("r", Datum::string("a/b:c&d")), ("c", Datum::from(&json!({"k": [1]})))];
    assert_eq!(encode(&case(&operation, &arguments), "").target, "/s?r=a/b:c%26d&c=%7B%22k%22%3A%5B1%5D%7D");
}

#[test]
fn raw_bytes_are_encoded_as_bytes() {
    let described = json!({"parameters": [{"name": "p", "in": "path"}, {"name": "q", "in": "query"}]});
    let operation = operation("GET", "/a/{p}", described);
    let raw = Datum::RawString(Bytes::from_static(b"\xff\0"));
    assert_eq!(encode(&case(&operation, &[("p", raw.clone()), ("q", raw)]), "").target, "/a/%FF%00?q=%FF%00");
}

#[test]
fn templates_keep_their_own_text() {
    for (path, expected) in [
        ("/a b/{x}", "/a%20b/%7Bx%7D"),
        ("/a?Action=b", "/a?Action=b&q=1"),
        ("/a#Action=b", "/a?q=1"),
        ("a", "/a"),
        ("/100%/", "/100%/"),
    ] {
        let operation = operation("GET", path, json!({"parameters": [{"name": "q", "in": "query"}]}));
        let arguments = if path.contains('?') || path.contains('#') { vec![("q", Datum::integer(1))] } else { vec![] };
        assert_eq!(encode(&case(&operation, &arguments), "").target, expected, "{path}");
    }
}

/// A body of this type and value: what is sent.
#[track_caller]
fn check_body(media_type: &str, description: Value, value: Value, expected: &str) {
    let operation = operation("POST", "/", json!({"body": {media_type: description}}));
    let request = encode(&with_body(case(&operation, &[]), media_type, &value), "");
    assert_eq!(String::from_utf8_lossy(&request.body), expected, "{media_type}");
    assert!(request.headers.text("content-type").unwrap().starts_with(media_type));
}

#[test]
fn bodies_are_written_as_their_type_asks() {
    check_body("application/json", json!({}), json!({"a": [1, "é"]}), r#"{"a":[1,"é"]}"#);
    check_body("application/merge-patch+json", json!({}), json!("a"), r#""a""#);
    check_body("text/plain", json!({}), json!("a\nb"), "a\nb");
    check_body("application/octet-stream", json!({}), json!("a"), "a");
    check_body("application/x-ndjson", json!({}), json!([{"a": 1}, 2]), "{\"a\":1}\n2\n");
    check_body(
        "text/event-stream",
        json!({}),
        json!([{"event": "e", "data": "x\ny"}]),
        "event: e\ndata: x\ndata: y\n\n",
    );
    check_body(
        "application/x-www-form-urlencoded",
        json!({"encoding": {"csv": {"style": "form", "explode": false}, "deep": {"style": "deepObject", "explode": true}}}),
        json!({"a": "b c&", "list": [1, 2], "csv": ["x", "y"], "nested": {"k": 1}, "deep": {"k": 1}}),
        "a=b%20c%26&list=1&list=2&csv=x,y&nested=%7B%22k%22%3A1%7D&deep%5Bk%5D=1",
    );
}

#[test]
fn multipart_bodies_have_typed_parts() {
    check_body(
        "multipart/form-data",
        json!({"encoding": {"file": {"contentType": "image/png, image/*"}}}),
        json!({"name\"": "v", "meta": {"k": 1}, "file": "bytes", "tags": ["a", "b"]}),
        "--gadfly-7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"name%22\"\r\n\r\nv\r\n\
         --gadfly-7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"meta\"\r\n\
         Content-Type: application/json\r\n\r\n{\"k\":1}\r\n\
         --gadfly-7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
         Content-Type: image/png\r\n\r\nbytes\r\n\
         --gadfly-7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\na\r\n\
         --gadfly-7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\nb\r\n\
         --gadfly-7MA4YWxkTrZu0gW--\r\n",
    );
}

#[test]
fn a_boundary_in_the_content_is_not_used() {
    let operation = operation("POST", "/", json!({"body": {"multipart/form-data": {}}}));
    let value = json!({"a": "--gadfly-7MA4YWxkTrZu0gW"});
    let request = encode(&with_body(case(&operation, &[]), "multipart/form-data", &value), "");
    let expected = "multipart/form-data; boundary=gadfly-7MA4YWxkTrZu0gWx";
    assert_eq!(request.headers.text("content-type"), Some(expected));
}

#[test]
fn xml_follows_its_schema() {
    let schema = json!({"type": "object", "xml": {"name": "order", "namespace": "urn:o"}, "properties": {
        "id": {"xml": {"attribute": true}},
        "tags": {"type": "array", "xml": {"wrapped": true, "name": "labels"}, "items": {"xml": {"name": "label"}}},
        "notes": {"type": "array", "items": {"type": "string"}}
    }});
    check_body(
        "application/xml",
        json!({"schema": schema}),
        json!({"id": 7, "tags": ["a", "b"], "notes": ["<x>"]}),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><order xmlns=\"urn:o\" id=\"7\"><labels><label>a</label>\
         <label>b</label></labels><notes>&lt;x&gt;</notes></order>",
    );
}

#[test]
fn raw_bodies_and_missing_types_go_out_as_they_are() {
    let operation = operation("POST", "/", json!({"body": {"application/json": {}}}));
    let request = encode(&with_raw(case(&operation, &[]), "", b"\xff{"), "");
    assert_eq!((&request.body[..], request.headers.text("content-type")), (&b"\xff{"[..], None));
}

#[test]
fn headers_of_the_transport_are_not_sent() {
    let described = json!({"parameters": [
        {"name": "Content-Length", "in": "header"}, {"name": "X A", "in": "header"}, {"name": "X-B", "in": "header"}
    ]});
    let operation = operation("GET", "/", described);
    let arguments = [("Content-Length", Datum::integer(9)), ("X A", Datum::integer(9)), ("X-B", Datum::integer(9))];
    let request = encode(&case(&operation, &arguments), "");
    let names: Vec<_> = request.headers.iter().map(|header| header.name.clone()).collect();
    assert_eq!(names, ["X-B", "Accept"]);
}

#[test]
fn own_headers_win() {
    let described = json!({"parameters": [{"name": "X-A", "in": "header"}]});
    let operation = operation("GET", "/", described);
    let mut case = case(&operation, &[("X-A", Datum::integer(1))]);
    case.headers = vec![("accept".into(), "x/y".into()), ("x-a".into(), "2".into())];
    let request = encode(&case, "");
    assert_eq!(request.headers.text("accept"), Some("x/y"));
    assert_eq!(request.headers.iter().count(), 2);
}
