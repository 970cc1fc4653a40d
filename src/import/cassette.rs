//! Cassettes of VCR and its like (vcrpy, go-vcr, Betamax, Schemathesis), and the events of Schemathesis. Main functions:
//! [`read`], [`read_events`].
//!
//! They differ in small things: headers are texts or lists of texts, a body is a text or an object around one, a status
//! is a number or an object around one. One reader takes them all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::recorded::{Reading, target};
use crate::wire::{Headers, Request, Response};

/// The interactions of a cassette.
pub(super) fn read(cassette: &Value) -> Result<Reading, String> {
    let named = ["http_interactions", "interactions"].iter().find_map(|name| cassette[*name].as_array());
    let all = named.or(cassette.as_array()).ok_or("there is no list http_interactions or interactions in it")?;
    let mut reading = Reading::default();
    for (index, one) in all.iter().enumerate() {
        reading.push(format!("interaction {}", index + 1), interaction(one));
    }
    Ok(reading)
}

/// The interactions in the events of Schemathesis.
pub(super) fn read_events(text: &str) -> Result<Reading, String> {
    let mut reading = Reading::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = number + 1;
        let event: Value = serde_json::from_str(line).map_err(|error| format!("line {number} is no JSON: {error}"))?;
        let all = event.pointer("/ScenarioFinished/recorder/interactions").and_then(Value::as_object);
        for (index, one) in all.into_iter().flatten().map(|(_, one)| one).enumerate() {
            reading.push(format!("line {number}, interaction {}", index + 1), interaction(one));
        }
    }
    Ok(reading)
}

fn interaction(value: &Value) -> Result<(Request, Option<Response>), String> {
    let request = &value["request"];
    let method = request["method"].as_str().ok_or("request.method is no text")?;
    let url = request["uri"].as_str().or(request["url"].as_str()).ok_or("request.uri is no text")?;
    let mut recorded = Request::new(method.to_ascii_uppercase(), target(url)?);
    recorded.headers = headers(&request["headers"]);
    recorded.body = body(&request["body"]).map_err(|reason| format!("request.body {reason}"))?;
    Ok((recorded, answer(&value["response"])))
}

fn headers(value: &Value) -> Headers {
    let mut headers = Headers::new();
    for (name, values) in value.as_object().into_iter().flatten() {
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        for text in values.iter().filter_map(Value::as_str) {
            headers.push(name.clone(), text.to_owned());
        }
    }
    headers
}

fn body(value: &Value) -> Result<Bytes, String> {
    let base64 = |text: &str| STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("is no base64: {error}"));
    match value {
        Value::Null => Ok(Bytes::new()),
        Value::String(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Value::Object(members) => {
            let text = |names: &[&str]| names.iter().find_map(|name| members.get(*name)?.as_str());
            match (text(&["base64_string", "$base64"]), text(&["string", "text"])) {
                (Some(encoded), _) => base64(encoded),
                (None, Some(text)) => Ok(Bytes::copy_from_slice(text.as_bytes())),
                (None, None) if members.contains_key("encoding") || members.values().all(Value::is_null) => {
                    Ok(Bytes::new())
                }
                // Some recorders write the JSON itself.
                (None, None) => Ok(value.to_string().into()),
            }
        }
        other => Ok(other.to_string().into()),
    }
}

fn answer(value: &Value) -> Option<Response> {
    let status = [&value["status"]["code"], &value["status_code"], &value["code"], &value["status"]];
    let number = |value: &&Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let status = status.iter().find_map(number).and_then(|status| u16::try_from(status).ok())?;
    let content = [&value["body"], &value["content"]].into_iter().find(|content| !content.is_null());
    let content = content.and_then(|content| body(content).ok()).unwrap_or_default();
    Some(Response::new(status, headers(&value["headers"]), content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(yaml: &str, expected: &[(&str, &str, &str, Option<u16>)]) {
        let reading = read(&crate::spec::read_value(yaml).unwrap()).unwrap();
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let found: Vec<_> = reading
            .recorded
            .iter()
            .map(|one| {
                let line = format!("{} {}", one.request.method, one.request.target_text());
                let body = String::from_utf8_lossy(&one.request.body).into_owned();
                (line, one.request.headers.text("x-a").unwrap_or_default().to_owned(), body, one.answer.as_ref())
            })
            .map(|(line, header, body, answer)| (line, header, body, answer.map(|answer| answer.status)))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(l, h, b, s)| ((*l).to_owned(), (*h).to_owned(), (*b).to_owned(), *s)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_cassettes_of_ruby_and_schemathesis_are_read() {
        let yaml = r#"
command: 'st run x'
http_interactions:
- id: 'a'
  request:
    uri: 'http://127.0.0.1:1/v1/a?b=%20'
    method: 'POST'
    headers:
      "X-A":
      - "1"
    body:
      encoding: 'utf-8'
      string: "{\"a\": \"\x00\"}"
  response:
    status: {code: '500', message: "x"}
    headers: {}
    body: {encoding: 'utf-8', string: "no"}
- id: 'b'
  request: {uri: 'http://x/c', method: get, headers: {}, body: {encoding: 'utf-8', base64_string: 'AGE='}}
  response: null
"#;
        check(yaml, &[("POST /v1/a?b=%20", "1", "{\"a\": \"\0\"}", Some(500)), ("GET /c", "", "\0a", None)]);
    }

    #[test]
    fn the_cassettes_of_python_and_go_are_read() {
        let yaml = r#"
version: 1
interactions:
- request: {body: null, headers: {X-A: [one]}, method: GET, uri: 'https://x/a'}
  response: {body: {string: ok}, headers: {}, status: {code: 200, message: OK}}
- request: {body: '{"k":1}', headers: {X-A: [two]}, method: PUT, url: 'https://x/b'}
  response: {body: ok, headers: {}, status: 201 Created, code: 201}
"#;
        check(yaml, &[("GET /a", "one", "", Some(200)), ("PUT /b", "two", "{\"k\":1}", Some(201))]);
    }

    #[test]
    fn events_are_read_line_by_line() {
        let interaction = json!({
            "request": {"method": "POST", "uri": "http://x/a", "headers": {"A": ["b"]}, "body": {"$base64": "e30="}},
            "response": {"status_code": 422, "headers": {}, "content": {"$base64": "e30="}},
        });
        let event = json!({"ScenarioFinished": {"recorder": {"interactions": {"k": interaction}}}});
        let reading = read_events(&format!("{{\"Initialize\":{{}}}}\n\n{event}\n")).unwrap();
        let one = &reading.recorded[0];
        assert_eq!((one.place.as_str(), &one.request.body[..]), ("line 3, interaction 1", &b"{}"[..]));
        assert_eq!(one.answer.as_ref().map(|answer| (answer.status, &answer.body[..])), Some((422, &b"{}"[..])));
        assert!(read_events("{}\nx").unwrap_err().starts_with("line 2 is no JSON"));
    }

    #[test]
    fn what_can_not_be_read_is_told_by_its_place() {
        let cassette = json!({"interactions": [
            {"request": {"uri": "http://x/a"}},
            {"request": {"method": "GET"}},
            {"request": {"method": "GET", "uri": "http://x/a", "body": {"base64_string": "?"}}},
        ]});
        let problems: Vec<_> = read(&cassette).unwrap().problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems[..2],
            ["interaction 1: request.method is no text", "interaction 2: request.uri is no text",]
        );
        assert!(problems[2].starts_with("interaction 3: request.body is no base64"), "{problems:?}");
        assert!(read(&json!({})).is_err());
    }

    proptest! {
        #[test]
        fn no_cassette_makes_it_panic(text in "[\\[\\]{}\":,a-z0-9]{0,60}") {
            let _ = read_events(&text);
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = read(&value);
                let wrapped = json!([{"request": value.clone(), "response": value}]);
                let reading = read(&wrapped).unwrap();
                prop_assert_eq!(reading.recorded.len() + reading.problems.len(), 1);
            }
        }
    }
}
