//! Our request in the terms of the crate `reqwest`, or the reason why it has none. It sends nothing.

use ::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use ::reqwest::{Method, Request as Foreign};
use url::{Position, Url};

use crate::wire::{Origin, Request, RunId};

/// The same request; `Err` names what would be refused or rewritten.
pub(super) fn express(request: &Request, origin: &Origin, run_id: Option<&RunId>) -> Result<Foreign, String> {
    let mut foreign = Foreign::new(method(request)?, url(request, origin)?);
    *foreign.headers_mut() = headers(request)?;
    if let Some(run_id) = run_id.filter(|run_id| !request.headers.contains(run_id.header())) {
        name(&mut foreign, run_id, request)?;
    }
    if !request.body.is_empty() {
        *foreign.body_mut() = Some(request.body.clone().into());
    }
    Ok(foreign)
}

fn name(foreign: &mut Foreign, run_id: &RunId, request: &Request) -> Result<(), String> {
    let field = HeaderName::from_bytes(run_id.header().as_bytes()).map_err(|error| error.to_string())?;
    let value = HeaderValue::from_str(run_id.of(request).as_str()).map_err(|error| error.to_string())?;
    foreign.headers_mut().insert(field, value);
    Ok(())
}

fn method(request: &Request) -> Result<Method, String> {
    match Method::from_bytes(request.method.as_bytes()) {
        Ok(Method::CONNECT) => Err("the method CONNECT would open a tunnel".to_owned()),
        Ok(method) => Ok(method),
        Err(_) => Err(format!("the method {:?} is no token", request.method)),
    }
}

/// The target has to come out of the URL as it went in: this refuses dot segments, control bytes, spaces and text
/// that is no ASCII, and any target that would lead to another host.
fn url(request: &Request, origin: &Origin) -> Result<Url, String> {
    let target = std::str::from_utf8(&request.target).map_err(|_| "the target is no UTF-8".to_owned())?;
    let url = Url::parse(&format!("{origin}{target}")).map_err(|error| format!("the target is refused: {error}"))?;
    let rewritten = &url[Position::BeforePath..];
    if rewritten == target && url.fragment().is_none() {
        Ok(url)
    } else {
        Err(format!("the target would be sent as {:?}", &url[Position::BeforePath..Position::AfterQuery]))
    }
}

fn headers(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 1);
    for header in &request.headers {
        let shown = String::from_utf8_lossy(&header.name);
        let name = HeaderName::from_bytes(&header.name).map_err(|_| format!("the field name {shown:?} is no token"))?;
        // The value may be a secret, so the message does not show it.
        let value = HeaderValue::from_bytes(&header.value)
            .map_err(|_| format!("the value of the field {shown:?} holds control bytes"))?;
        headers.append(name, value);
    }
    frame(request, &mut headers)?;
    Ok(headers)
}

/// Framing is the crate's; only one that agrees with the body gets through unchanged.
fn frame(request: &Request, headers: &mut HeaderMap) -> Result<(), String> {
    let length = request.body.len();
    if headers.contains_key("transfer-encoding") {
        return Err("Transfer-Encoding would be rewritten".to_owned());
    }
    if headers.get_all("content-length").iter().any(|value| value.as_bytes() != length.to_string().as_bytes()) {
        return Err(format!("Content-Length would be rewritten to {length}"));
    }
    // As the wire client does: methods that expect a body say that there is none (RFC 9110 section 8.6).
    if length == 0 && matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        headers.insert("content-length", HeaderValue::from_static("0"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn try_target(target: &'static str) -> Result<Foreign, String> {
        express(&Request::new("GET", target), &"http://127.0.0.1:8080".parse().unwrap(), None)
    }

    #[test]
    fn plain_targets_pass_as_they_are() {
        for target in ["/", "/a%2f..%2fb//c?", "/%zz?a=|^[]&b=%", "/a;b=c,d?x=y?z"] {
            assert_eq!(try_target(target).unwrap().url().as_str(), format!("http://127.0.0.1:8080{target}"));
        }
    }

    #[test]
    fn targets_that_would_be_rewritten_are_refused() {
        let targets = [
            "",
            "*",
            "@evil.example/",
            ":81/",
            "/a/../b",
            "/%2e%2E/",
            "/a\\b",
            "/a b",
            "/\u{e4}",
            "/a?b#c",
            "/#",
            "/\t",
            "/?\"\"",
            "/?'",
        ];
        for target in targets {
            assert!(try_target(target).is_err(), "{target:?}");
        }
    }

    #[test]
    fn an_id_is_added_unless_the_request_has_its_own() {
        let run_id = crate::wire::RunHeader::Always("X-Id".into()).of_run(7, false).unwrap();
        let sent = |request: &Request| {
            let foreign = express(request, &"http://127.0.0.1".parse().unwrap(), Some(&run_id)).unwrap();
            foreign.headers()["x-id"].to_str().unwrap().to_owned()
        };
        let mut request = Request::new("GET", "/");
        assert_eq!(sent(&request), run_id.of(&request).as_str());
        request.headers.push("X-ID", "mine");
        assert_eq!(sent(&request), "mine");
    }

    #[track_caller]
    fn check(
        method: &str,
        headers: &[(&'static [u8], &'static [u8])],
        body: &'static str,
        expected: Result<usize, &str>,
    ) {
        let headers = headers.iter().copied().map(|(name, value)| (Bytes::from(name), Bytes::from(value))).collect();
        let request = Request { method: method.to_owned(), target: "/".into(), headers, body: body.into() };
        let expressed = express(&request, &"http://127.0.0.1".parse().unwrap(), None);
        assert_eq!(
            expressed.map(|foreign| foreign.headers().len()).as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|e| *e)
        );
    }

    #[test]
    fn what_can_not_be_said_is_named() {
        check("pUt", &[(b"x-a", b"\xff"), (b"X-A", b"2")], "", Ok(2));
        check("POST", &[], "", Ok(1));
        check("POST", &[(b"content-length", b"2")], "{}", Ok(1));
        check("GE T", &[], "", Err("the method \"GE T\" is no token"));
        check("CONNECT", &[], "", Err("the method CONNECT would open a tunnel"));
        check("GET", &[(b"x a", b"")], "", Err("the field name \"x a\" is no token"));
        check("GET", &[(b"x", b"a\r\nb: c")], "", Err("the value of the field \"x\" holds control bytes"));
        check("POST", &[(b"Transfer-Encoding", b"chunked")], "", Err("Transfer-Encoding would be rewritten"));
        check("POST", &[(b"Content-Length", b"9")], "{}", Err("Content-Length would be rewritten to 2"));
    }
}
