//! A request as a command line to paste. Main function: [`curl`].
//!
//! It writes what `Request` holds and nothing more: give it the request without credentials. It runs nothing.

use std::fmt::Write;

use super::{Origin, Request};

/// The curl command for bash or zsh that sends this request.
///
/// `--path-as-is` and `--globoff` keep curl from mending the target; a target that no URL can hold goes through
/// `--request-target`. Credentials are none of our business here: the request is shown as it is.
pub fn curl(request: &Request, origin: &Origin) -> String {
    let mut command = String::from("curl -i --path-as-is");
    method(&mut command, request);
    target(&mut command, request, origin);
    for header in &request.headers {
        // `Name:` would take a header out; `Name;` sends it with an empty value.
        let separator: &[u8] = if header.value.is_empty() { b";" } else { b": " };
        command.push_str(" -H ");
        command.push_str(&quote(&[&header.name, separator, &header.value].concat()));
    }
    let pipe = body(&mut command, request);
    format!("{pipe}{command}")
}

fn method(command: &mut String, request: &Request) {
    match request.method.as_str() {
        "GET" if request.body.is_empty() => {}
        // With `-X HEAD` curl would wait for a body, and with `--head` it sends none.
        "HEAD" if request.body.is_empty() => command.push_str(" --head"),
        other => {
            command.push_str(" -X ");
            command.push_str(&quote(other.as_bytes()));
        }
    }
}

fn target(command: &mut String, request: &Request, origin: &Origin) {
    let target = &request.target;
    if target.iter().any(|byte| b"[]{}".contains(byte)) {
        command.push_str(" --globoff");
    }
    // What is no visible ASCII, a fragment, or not a path, curl refuses, cuts off or rewrites in a URL.
    let plain = target.starts_with(b"/") && target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    if plain {
        let url = [origin.to_string().as_bytes(), target].concat();
        command.push(' ');
        command.push_str(&quote(&url));
    } else {
        // Writing to a String can't fail.
        let _ = write!(command, " --request-target {} {}", quote(target), quote(format!("{origin}/").as_bytes()));
    }
}

/// Appends the body; the result goes before the command, for a body that no argument can hold.
fn body(command: &mut String, request: &Request) -> String {
    let expected = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if request.body.is_empty() && !expected {
        return String::new();
    }
    if !request.headers.contains("content-type") {
        // Else curl claims that the body is a form.
        command.push_str(" -H 'Content-Type:'");
    }
    if request.body.contains(&0) {
        command.push_str(" --data-binary @-");
        return format!("printf {} | ", printf(&request.body));
    }
    // After `--data-binary` a leading `@` names a file.
    command.push_str(if request.body.starts_with(b"@") { " --data-raw " } else { " --data-binary " });
    command.push_str(&quote(&request.body));
    String::new()
}

/// One shell word: plain if it can be, in single quotes if it is text, else in `$'..'`.
fn quote(bytes: &[u8]) -> String {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(byte);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(safe) => text.to_owned(),
        Ok(text) if !text.contains(|c: char| c.is_control() || c == '\'') => format!("'{text}'"),
        _ => format!("$'{}'", ansi_c(bytes)),
    }
}

/// The inside of `$'..'`. Octal escapes end after three digits, so the next character never joins them.
fn ansi_c(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                _ if c.is_control() => c.to_string().bytes().for_each(|byte| octal(&mut out, byte)),
                _ => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| octal(&mut out, *byte));
    }
    out
}

/// The bytes as a format of `printf`, in single quotes.
fn printf(bytes: &[u8]) -> String {
    let mut out = String::from("'");
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            // A leading `-` would be an option.
            b'-' if index == 0 => octal(&mut out, byte),
            b'%' => out.push_str("%%"),
            b'\\' | b'\'' => octal(&mut out, byte),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => octal(&mut out, byte),
        }
    }
    out.push('\'');
    out
}

fn octal(out: &mut String, byte: u8) {
    // Writing to a String can't fail.
    let _ = write!(out, "\\{byte:03o}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &Request, expected: &str) {
        let origin = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(curl(request, &origin), expected);
    }

    fn post(body: &'static [u8]) -> Request {
        let mut request = Request::new("POST", "/a");
        request.headers.push("Content-Type", "application/json");
        request.body = body.into();
        request
    }

    const POST: &str = "curl -i --path-as-is -X POST http://127.0.0.1:8080/a -H 'Content-Type: application/json'";

    #[test]
    fn targets_arrive_as_they_are() {
        check(&Request::new("GET", "/a"), "curl -i --path-as-is http://127.0.0.1:8080/a");
        check(&Request::new("GET", "/a?b=1&c='x'"), "curl -i --path-as-is $'http://127.0.0.1:8080/a?b=1&c=\\'x\\''");
        check(
            &Request::new("DELETE", "/a[1]{b}"),
            "curl -i --path-as-is -X DELETE --globoff 'http://127.0.0.1:8080/a[1]{b}'",
        );
        check(&Request::new("HEAD", "/../a"), "curl -i --path-as-is --head http://127.0.0.1:8080/../a");
        for odd in ["*", "/a b", "/a#b", "/é"] {
            let expected = format!("curl -i --path-as-is --request-target '{odd}' http://127.0.0.1:8080/");
            check(&Request::new("GET", odd), &expected);
        }
    }

    #[test]
    fn headers_are_quoted() {
        let mut request = Request::new("GET", "/");
        request.headers.push("X-A", "it's");
        request.headers.push("X-Empty", "");
        request.headers.push("X-Raw", &b"\xff1\x01"[..]);
        check(
            &request,
            "curl -i --path-as-is http://127.0.0.1:8080/ -H $'X-A: it\\'s' -H 'X-Empty;' -H $'X-Raw: \\3771\\001'",
        );
    }

    #[test]
    fn bodies_are_byte_exact() {
        check(&post(b"{\"a\":\"$b\"}"), &format!("{POST} --data-binary '{{\"a\":\"$b\"}}'"));
        check(&post(b"@file"), &format!("{POST} --data-raw @file"));
        check(&post(b"a\r\nb\\"), &format!("{POST} --data-binary $'a\\r\\nb\\\\'"));
        check(&post(b"\x001%'"), &format!("printf '\\0001%%\\047' | {POST} --data-binary @-"));
        check(&post(b"-\0-"), &format!("printf '\\055\\000-' | {POST} --data-binary @-"));
        check(&post(b""), &format!("{POST} --data-binary ''"));
        let mut bare = post(b"x");
        bare.headers.remove("content-type");
        check(&bare, "curl -i --path-as-is -X POST http://127.0.0.1:8080/a -H 'Content-Type:' --data-binary x");
    }
}
