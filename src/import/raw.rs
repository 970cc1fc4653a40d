//! HTTP requests as text, as in `.http` and `.rest` files: request line, headers, an empty line, body; `###` between
//! several. Main function: [`read`].

use std::collections::BTreeMap;

use super::recorded::{Reading, target};
use crate::wire::Request;

/// Methods by which a text is known to be a request.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

/// Whether the text begins with a request, after comments and variables.
pub(super) fn begins(text: &str) -> bool {
    let is_prose = |line: &&str| !is_comment(line) && !line.trim().is_empty() && variable(line).is_none();
    let first = text.lines().find(is_prose).unwrap_or_default();
    let (method, rest) = first.split_once(' ').unwrap_or((first, ""));
    METHODS.contains(&method) && !rest.trim().is_empty()
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.starts_with("//")
}

/// `@name = value`.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix('@')?.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// The requests of a text.
pub(super) fn read(text: &str) -> Reading {
    let variables: BTreeMap<String, String> = text.lines().filter_map(variable).collect();
    let mut reading = Reading::default();
    let mut block: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if line.starts_with("###") {
            push(&std::mem::take(&mut block), &variables, &mut reading);
        } else {
            block.push((index + 1, line));
        }
    }
    push(&block, &variables, &mut reading);
    reading
}

fn push(block: &[(usize, &str)], variables: &BTreeMap<String, String>, reading: &mut Reading) {
    let is_start = |(_, line): &(usize, &str)| !is_comment(line) && !line.trim().is_empty() && variable(line).is_none();
    let Some(start) = block.iter().position(is_start) else { return };
    let lines: Vec<&str> = block[start..].iter().map(|(_, line)| *line).collect();
    let one = filled(&lines.join("\n"), variables).and_then(|text| request(&text));
    reading.push(format!("line {}", block[start].0), one.map(|request| (request, None)));
}

/// The text with its variables filled in.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        let name = name.trim();
        out.push_str(before);
        match variables.get(name) {
            Some(value) => out.push_str(value),
            None if name.is_empty() || name.contains(['"', '{', '\n', ':']) => {
                // A text of the request that only looks like a variable.
                out.push_str("{{");
                rest = after;
                continue;
            }
            None => return Err(format!("{{{{{name}}}}} is not set by a line `@{name} = ...`")),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn request(text: &str) -> Result<Request, String> {
    let (head, body) =
        match text.find("\n\n").map(|at| (at, 2)).into_iter().chain(text.find("\n\r\n").map(|at| (at, 3))).min() {
            Some((at, length)) => (&text[..at], &text[at + length..]),
            None => (text, ""),
        };
    let mut lines = head.lines().map(str::trim_end);
    let (method, url) = line(lines.next().unwrap_or_default());
    let mut url = url.to_owned();
    let mut request = Request::new(method, "/");
    for line in lines {
        if line.starts_with([' ', '\t']) && line.trim_start().starts_with(['?', '&', '/']) {
            url.push_str(line.trim());
        } else if let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.trim().is_empty()) {
            request.headers.push(name.trim().to_owned(), value.trim().to_owned());
        } else if !is_comment(line) {
            return Err(format!("{line:?} is no header"));
        }
    }
    request.target = target(&url)?;
    let body = body.trim_end_matches(['\n', '\r']);
    if let Some(file) = body.strip_prefix("< ").or(body.strip_prefix("<@ ")) {
        return Err(format!("its body is the file {}, which is not read", file.trim()));
    }
    request.body = body.to_owned().into();
    Ok(request)
}

/// Method and URL of a request line; a URL alone is a GET.
fn line(line: &str) -> (&str, &str) {
    let line = match line.trim().rsplit_once(' ') {
        Some((rest, version)) if version.starts_with("HTTP/") => rest.trim(),
        _ => line.trim(),
    };
    match line.split_once(' ') {
        Some((method, url)) if method.bytes().all(|byte| byte.is_ascii_uppercase()) => (method, url.trim()),
        _ => ("GET", line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Origin;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let reading = read(text);
        assert!(reading.problems.is_empty(), "{text}: {:?}", reading.problems);
        let shown = |request: &Request| {
            let header = request.headers.text("x-a").unwrap_or_default().to_owned();
            let line = format!("{} {}", request.method, request.target_text());
            (line, header, String::from_utf8_lossy(&request.body).into_owned())
        };
        let found: Vec<_> = reading.recorded.iter().map(|one| shown(&one.request)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(l, h, b)| ((*l).to_owned(), (*h).to_owned(), (*b).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn requests_are_read_one_by_one() {
        check("GET /a?b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n", &[("GET /a?b", "1", "")]);
        check("POST http://x/a\nX-A: 2\n\n{\n\n}\n", &[("POST /a", "2", "{\n\n}")]);
        let several = "# first\n@host = http://x/v1\n\n### one\nGET {{host}}/a\n    ?b=c\n    &d=e\n\n###\n// two\n\
                       DELETE {{ host }}/f\n# no\nX-A: 3\n\n### three\nhttps://x/g\n";
        check(several, &[("GET /v1/a?b=c&d=e", "", ""), ("DELETE /v1/f", "3", ""), ("GET /g", "", "")]);
        check("PUT /a\n\n{\"a\":{\"b\":\"{{\"}}", &[("PUT /a", "", "{\"a\":{\"b\":\"{{\"}}")]);
        check("### nothing\n\n###\n", &[]);
    }

    #[test]
    fn what_can_not_be_read_is_told_by_its_line() {
        let text = "GET {{host}}/a\n###\nGET /a\nno header\n###\nPOST /a\n\n< ./body.json\n###\nGET\n";
        let problems: Vec<_> = read(text).problems.iter().map(ToString::to_string).collect();
        let parts =
            ["line 1: {{host}} is not set", "line 3: \"no header\" is no header", "line 6: its body is the file"];
        for (problem, part) in problems.iter().zip(parts) {
            assert!(problem.starts_with(part), "{problem}");
        }
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    proptest! {
        #[test]
        fn what_goes_over_the_wire_is_read_again(
            method in "[A-Z]{1,7}", target in "/[!-z|~]{0,12}", value in "([!-~]([ -~]{0,8}[!-~])?)?", body in "[ -~]{0,20}",
        ) {
            prop_assume!(!body.contains("{{") && !target.contains('#') && !value.contains("{{"));
            prop_assume!(!body.starts_with("< ") && !body.starts_with("<@ ") && !body.starts_with("###"));
            let mut request = Request::new(method, target);
            request.headers.push("Host", "127.0.0.1");
            request.headers.push("Content-Length", body.len().to_string());
            request.headers.push("X-A", value);
            request.body = body.into();
            let origin: Origin = "http://127.0.0.1".parse().unwrap();
            let text = String::from_utf8(request.to_http1(&origin)).unwrap();
            let reading = read(&text);
            prop_assert_eq!(&reading.recorded[0].request, &request, "{:?}", reading.problems);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(GET |###|\n|@a=b|\\{\\{a\\}\\}|[ -~é]){0,20}") {
            let reading = read(&text);
            prop_assert!(reading.recorded.len() + reading.problems.len() <= text.lines().count() + 1);
        }
    }
}
