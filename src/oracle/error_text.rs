//! What an error answer says, without what the request put into it. Main type: [`ErrorText`].

use serde_json::Value;

use super::echo::Echo;
use super::{markup, names, stack_trace};
use crate::finding::normalised;
use crate::wire::Response;

/// How much of a body is read.
const BOUND: usize = 256 * 1024;
/// How deep error objects are followed.
const DEPTH: usize = 5;

/// Members that say what went wrong, the most telling first.
const TELLING: &[&str] = &[
    "exception",
    "exception_message",
    "message",
    "detail",
    "details",
    "error_description",
    "error_message",
    "reason",
    "description",
    "cause",
    "error",
    "errors",
    "title",
    "msg",
    "faultstring",
    "fault",
];

/// Members that hold a stack trace.
const TRACES: &[&str] = &["traceback", "trace", "stack", "stackTrace", "stacktrace", "stack_trace", "exception"];

/// Words for the type of a value, and literals.
const VALUE_WORDS: &str = "str string unicode text bytes bytearray int integer long float double decimal number \
    numeric bool boolean dict dictionary mapping map object struct list array slice tuple set sequence null none nil \
    nonetype undefined nan true false inf infinity float64 int64 uint64 int32 uint interface";

/// Texts that say nothing: any 5xx has one of them.
const GENERIC: &[&str] = &[
    "internal server error",
    "internal error",
    "server error",
    "unhandled error",
    "unexpected error",
    "unknown error",
    "an error occurred",
    "error",
    "http 500 internal server error",
    "500 internal server error",
    "500: internal server error",
    "something went wrong",
];

/// The text of an error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorText {
    /// For people.
    pub(super) shown: String,
    /// For the signature: the same for all requests that meet the same bug.
    pub(super) key: String,
}

impl ErrorText {
    /// What the answer says.
    pub(super) fn of(response: &Response, echo: &Echo) -> Self {
        let body = &response.body[..response.body.len().min(BOUND)];
        let raw = String::from_utf8_lossy(body);
        if let Some(value) = response.json() {
            return Self::of_trace(&trace_members(value)).unwrap_or_else(|| Self::of_line(&telling(value), echo));
        }
        let text = if markup::is_markup(&raw) { markup::to_text(&raw) } else { raw.into_owned() };
        Self::of_trace(&text).unwrap_or_else(|| Self::of_line(&lines(&text), echo))
    }

    /// A trace tells bugs apart by the type of the error and the frame that raised it: its message varies with
    /// the input.
    fn of_trace(text: &str) -> Option<Self> {
        let trace = stack_trace::find(text)?;
        let shown = if trace.error.is_empty() { trace.sample.clone() } else { trace.error.clone() };
        Some(Self { shown, key: format!("{} {} {}", trace.language, trace.error_type(), trace.frame) })
    }

    fn of_line(text: &str, echo: &Echo) -> Self {
        // Many servers escape what they quote as for a page, whatever they answer.
        let text = markup::entities(text);
        Self { shown: text.clone().into_owned(), key: normalised(&without_values(&echo.removed_from(&text))) }
    }
}

/// The text with a digit in place of what names or shows a value: types, literals, and what stands in brackets. So
/// `expected str, not the dict {}` and `expected str, not the list [1]` are one.
fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let end = if word > 0 { word } else { bracketed(rest).unwrap_or(0) };
        // A letter by itself, after a colon, is what somebody called a thing: too short to be told as an echo.
        let is_letter = rest[..word].chars().count() == 1 && out.trim_end().ends_with(':');
        let is_value = end > 0 && (word == 0 || is_letter || names::lists(VALUE_WORDS, &rest[..word]));
        let taken = if end > 0 { end } else { c.len_utf8() };
        out.push_str(if is_value { "0" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    out
}

/// The length of a bracketed part at the start that shows a value: `{}` and `[]` with anything in them.
fn bracketed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().take(400) {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

/// All text of members that may hold a trace.
fn trace_members(value: &Value) -> String {
    let mut out = String::new();
    collect_traces(value, DEPTH, false, &mut out);
    out
}

fn collect_traces(value: &Value, depth: usize, inside: bool, out: &mut String) {
    match value {
        Value::String(text) if inside => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| collect_traces(item, depth - 1, inside, out)),
        Value::Object(members) if depth > 0 => {
            for (name, value) in members {
                collect_traces(value, depth - 1, inside || telling_rank(name).is_some() || is_trace(name), out);
            }
        }
        _ => {}
    }
}

fn is_trace(name: &str) -> bool {
    TRACES.iter().any(|trace| trace.eq_ignore_ascii_case(name))
}

fn telling_rank(name: &str) -> Option<usize> {
    TELLING.iter().position(|telling| telling.eq_ignore_ascii_case(name))
}

/// The telling texts of a JSON error in a fixed order; generic ones only if there is nothing else.
fn telling(value: &Value) -> String {
    let mut found = Vec::new();
    collect_telling(value, DEPTH, &mut found);
    let mut texts: Vec<&str> = Vec::new();
    let specific: Vec<&str> = found.iter().copied().filter(|text| !is_generic(text)).collect();
    for text in if specific.is_empty() { found } else { specific } {
        if !texts.contains(&text) && texts.len() < 3 {
            texts.push(text);
        }
    }
    texts.join(": ")
}

fn collect_telling<'a>(value: &'a Value, depth: usize, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.extend((!text.trim().is_empty()).then(|| first_line(text))),
        // The first of many errors stands for all: how many there are depends on the input.
        Value::Array(items) if depth > 0 => {
            if let Some(first) = items.first() {
                collect_telling(first, depth - 1, found);
            }
        }
        Value::Object(members) if depth > 0 => {
            let mut ranked: Vec<_> =
                members.iter().filter_map(|(name, value)| Some((telling_rank(name)?, value))).collect();
            ranked.sort_by_key(|(rank, _)| *rank);
            for (_, value) in ranked {
                collect_telling(value, depth - 1, found);
            }
        }
        _ => {}
    }
}

/// The telling lines of a plain text or of a page that became text: the line that names an error, else the first
/// two that are not generic, else the first.
fn lines(text: &str) -> String {
    if let Some(error) = stack_trace::error_line(text, false) {
        return error;
    }
    let all = || text.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric));
    let mut telling: Vec<&str> = Vec::new();
    for line in all().filter(|line| !is_generic(line)) {
        if !telling.contains(&line) && telling.len() < 2 {
            telling.push(line);
        }
    }
    if telling.is_empty() { all().next().unwrap_or_default().to_owned() } else { telling.join(": ") }
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

fn is_generic(text: &str) -> bool {
    let text = text.trim().trim_end_matches(['.', '!']).to_ascii_lowercase();
    GENERIC.contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Headers, Request};

    fn text(body: &str) -> ErrorText {
        let echo = Echo::of_request(&Request::new("GET", "/orders/zaphod?limit=99"));
        ErrorText::of(&Response::new(500, Headers::new(), body.to_owned()), &echo)
    }

    #[track_caller]
    fn check(body: &str, key: &str) {
        assert_eq!(text(body).key, key, "{body}");
    }

    #[test]
    fn json_errors_are_read_by_their_telling_members() {
        check(r#"{"message":"Unhandled error","reason":"no order zaphod"}"#, "no order #");
        check(r#"{"error":{"code":500,"message":"division by zero"}}"#, "division by zero");
        check(r#"{"status":500,"error":"Internal Server Error","path":"/orders/zaphod"}"#, "Internal Server Error");
        check(
            r#"{"errors":[{"title":"Bad","detail":"index 7 out of bounds"},{"title":"x"}]}"#,
            "index # out of bounds: Bad",
        );
        check(r#""boom 12""#, "boom #");
        check("{}", "");
        check(r#"{"errors":[{"title":"For input string: &quot;a&quot;"}]}"#, "For input #: #");
        check(r#"{"message":"Unreadable file: /srv/x/a"}"#, "Unreadable file: #");
        check(r#"{"message":"Error while saving file: a unhashable"}"#, "Error while saving file: # unhashable");
        check(r#"{"message":"a thing: is missing"}"#, "a thing: is missing");
    }

    #[test]
    fn pages_are_read_by_their_text() {
        check("<title>500 Internal Server Error</title><h1>Internal Server Error</h1>", "# Internal Server Error");
        check(
            "<html><title>Error 500 Server Error</title><table><tr><th>CAUSED BY:</th><td>java.lang.IllegalStateException: \
             no zaphod</td></tr></table>",
            "java.lang.IllegalStateException: no #",
        );
        check("", "");
    }

    #[test]
    fn one_bug_gives_one_key_and_two_give_two() {
        let trace = |function: &str, message: &str| {
            text(&format!(
                "{{\"message\":\"Unhandled error\",\"traceback\":\"Traceback:\\n  File \\\"/a/b.py\\\", line 1, in \
                 run\\n  File \\\"/a/c.py\\\", line 2, in {function}\\nTypeError: {message}\\n\"}}"
            ))
        };
        assert_eq!(trace("get", "not int").key, trace("get", "not a list").key);
        assert_ne!(trace("get", "not int").key, trace("put", "not int").key);
        assert_eq!(trace("get", "not int").shown, "TypeError: not int");
        assert_ne!(text("index error").key, text("out of bounds").key);
    }

    #[test]
    fn the_value_at_fault_does_not_decide() {
        // As jupyter-server words it.
        let trait_error = |value: &str| {
            let message =
                format!("The 'kernel_name' trait of a Manager instance expected a unicode string, not {value}.");
            text(&serde_json::json!({"message": message, "reason": null}).to_string()).key
        };
        let one = trait_error("the dict {}");
        for value in ["the bool False", "the list [None, None]", "the int 0", "the dict {'a': [1]}"] {
            assert_eq!(trait_error(value), one, "{value}");
        }
        check("[unclosed", "[unclosed");
        check("a } b", "a } b");
    }
}
