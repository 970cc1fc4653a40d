//! HTTP archives (HAR 1.2) as browsers, proxies and Schemathesis write them. Main function: [`read`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::recorded::{Reading, target};
use crate::wire::{Headers, Request, Response};

/// The entries of an archive.
pub(super) fn read(archive: &Value) -> Result<Reading, String> {
    let entries =
        archive.pointer("/log/entries").and_then(Value::as_array).ok_or("there is no list log.entries in it")?;
    let mut reading = Reading::default();
    for (index, entry) in entries.iter().enumerate() {
        let one = request(&entry["request"]).map(|request| (request, answer(&entry["response"])));
        reading.push(format!("entry {}", index + 1), one);
    }
    Ok(reading)
}

fn request(value: &Value) -> Result<Request, String> {
    let text = |name: &str| value[name].as_str().ok_or_else(|| format!("request.{name} is no text"));
    let mut request = Request::new(text("method")?, target(text("url")?)?);
    request.headers = headers(&value["headers"]);
    request.body = posted(&value["postData"])?;
    if let Some(kind) = value.pointer("/postData/mimeType").and_then(Value::as_str).filter(|kind| !kind.is_empty()) {
        request.headers.push_if_absent("Content-Type", kind.to_owned());
    }
    Ok(request)
}

/// Names and values in order; what is no text is left out, and so are the pseudo-headers of HTTP/2.
fn headers(value: &Value) -> Headers {
    let fields = value.as_array().map_or(&[][..], Vec::as_slice).iter();
    let field = |field: &Value| Some((field["name"].as_str()?.to_owned(), field["value"].as_str()?.to_owned()));
    fields.filter_map(field).filter(|(name, _)| !name.starts_with(':')).collect()
}

/// The body: its text, or the pairs of a form.
fn posted(value: &Value) -> Result<Bytes, String> {
    if let Some(text) = value["text"].as_str().filter(|text| !text.is_empty()) {
        return decoded(text, value["encoding"].as_str()).ok_or_else(|| "postData.text is no base64".to_owned());
    }
    let Some(pairs) = value["params"].as_array().filter(|pairs| !pairs.is_empty()) else { return Ok(Bytes::new()) };
    if value["mimeType"].as_str().is_some_and(|kind| kind.starts_with("multipart/")) {
        return Err("the archive holds the parts of the multipart body, but not the body".to_owned());
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for pair in pairs {
        form.append_pair(pair["name"].as_str().unwrap_or_default(), pair["value"].as_str().unwrap_or_default());
    }
    Ok(form.finish().into())
}

fn decoded(text: &str, encoding: Option<&str>) -> Option<Bytes> {
    match encoding {
        Some("base64") => STANDARD.decode(text).ok().map(Bytes::from),
        _ => Some(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// The answer; status 0 stands for none.
fn answer(value: &Value) -> Option<Response> {
    let status = value["status"].as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| *status > 0)?;
    let content = &value["content"];
    let body = content["text"].as_str().and_then(|text| decoded(text, content["encoding"].as_str()));
    Some(Response::new(status, headers(&value["headers"]), body.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn archive(entries: &[Value]) -> Value {
        json!({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": entries}})
    }

    #[test]
    fn an_entry_is_request_and_answer() {
        let entry = json!({
            "request": {
                "method": "POST", "url": "https://shop.example/v1/orders?a=1",
                "headers": [{"name": ":method", "value": "POST"}, {"name": "Accept", "value": "*/*"}],
                "postData": {"mimeType": "application/json", "text": "{\"a\":1}"},
            },
            "response": {"status": 201, "headers": [{"name": "Location", "value": "/v1/orders/7"}],
                "content": {"mimeType": "application/json", "text": "eyJpZCI6N30=", "encoding": "base64"}},
        });
        let reading = read(&archive(&[entry])).unwrap();
        let one = &reading.recorded[0];
        assert_eq!((one.place.as_str(), one.request.target_text().as_ref()), ("entry 1", "/v1/orders?a=1"));
        assert_eq!((one.request.method.as_str(), &one.request.body[..]), ("POST", &b"{\"a\":1}"[..]));
        let names: Vec<_> = one.request.headers.iter().map(|h| String::from_utf8_lossy(&h.name)).collect();
        assert_eq!(names, ["Accept", "Content-Type"]);
        let answer = one.answer.as_ref().unwrap();
        assert_eq!((answer.status, answer.json().unwrap()), (201, &json!({"id": 7})));
    }

    #[track_caller]
    fn check(request: &Value, expected: Result<&str, &str>) {
        let reading = read(&archive(&[json!({"request": request, "response": {"status": 0}})])).unwrap();
        match (reading.recorded.as_slice(), expected) {
            ([one], Ok(body)) => {
                assert_eq!(String::from_utf8_lossy(&one.request.body), body);
                assert!(one.answer.is_none());
            }
            ([], Err(part)) => assert!(reading.problems[0].to_string().contains(part), "{:?}", reading.problems),
            (found, _) => panic!("{found:?} {:?}", reading.problems),
        }
    }

    #[test]
    fn bodies_are_text_base64_or_the_pairs_of_a_form() {
        let post = |data: Value| json!({"method": "POST", "url": "http://x/a", "headers": [], "postData": data});
        check(&post(json!({"text": "AGE=", "encoding": "base64"})), Ok("\0a"));
        check(
            &post(json!({"mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "a b", "value": "&"}, {"name": "c"}]})),
            Ok("a+b=%26&c="),
        );
        check(&post(json!(null)), Ok(""));
        check(&post(json!({"text": "?", "encoding": "base64"})), Err("entry 1: postData.text is no base64"));
        check(&post(json!({"mimeType": "multipart/form-data", "params": [{"name": "a"}]})), Err("not the body"));
        check(&json!({"method": "GET"}), Err("entry 1: request.url is no text"));
        check(&json!({"method": "GET", "url": "chrome-extension://x/y"}), Err("entry 1: "));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert_eq!(read(&json!({"log": {}})).unwrap_err(), "there is no list log.entries in it");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            method in "[A-Z]{1,7}", path in "/[a-z0-9/%._-]{0,12}", body in ".{0,20}", value in "[ -~]{0,12}",
        ) {
            let entry = json!({
                "request": {"method": method, "url": format!("http://127.0.0.1:1{path}"),
                    "headers": [{"name": "X-A", "value": value}], "postData": {"mimeType": "text/x", "text": body}},
                "response": {"status": 200},
            });
            let reading = read(&archive(&[entry])).unwrap();
            let request = &reading.recorded[0].request;
            prop_assert_eq!((&request.method, request.target_text().into_owned()), (&method, path));
            prop_assert_eq!((request.headers.text("x-a"), &request.body[..]), (Some(value.as_str()), body.as_bytes()));
        }

        #[test]
        fn no_archive_makes_it_panic(text in "[\\[\\]{}\":,a-z0-9]{0,60}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = read(&value);
                let _ = read(&archive(std::slice::from_ref(&value)));
                let reading = read(&archive(&[json!({"request": value.clone(), "response": value})])).unwrap();
                prop_assert_eq!(reading.recorded.len() + reading.problems.len(), 1);
            }
        }
    }
}
