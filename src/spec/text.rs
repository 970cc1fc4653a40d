//! Bytes to a JSON value: encodings, JSON, YAML. Main function: [`parse`].
//!
//! It knows nothing of `OpenAPI`. YAML 1.1 habits (`on`, `0777`, integer keys) are read as their authors meant them,
//! and a budget bounds what aliases may grow into.

use std::cell::RefCell;

use serde::de::DeserializeSeed;
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use super::digits;
use super::tree::{Found, Tree};
use crate::schema::Digits;

/// How deep a document may be nested: JSON's limit is that of `serde_json`.
const MAX_DEPTH: usize = 128;
/// How many values a YAML document may hold, aliases expanded. The largest public document has 1.6 million.
const MAX_NODES: usize = 8_000_000;

/// What a text says.
pub(super) struct Parsed {
    /// Its value.
    pub(super) value: Value,
    /// The integers that the value can't hold.
    pub(super) digits: Digits,
    /// What was read tolerantly: JSON pointer and message.
    pub(super) remarks: Vec<(String, String)>,
    /// Whether it is JSON, strictly.
    pub(super) is_json: bool,
}

/// Why a text can't be read; line and column count from 1.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) place: Option<(usize, usize)>,
}

/// The text of a file: a byte order mark is removed, UTF-16 is read if a mark says so. What is not Unicode becomes
/// U+FFFD, since it nearly always stands in prose.
pub(super) fn decode(bytes: Vec<u8>) -> (String, Option<&'static str>) {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            (lossy(rest.to_owned()).0, Some("the file begins with a byte order mark; it is ignored"))
        }
        [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes), Some("the file is UTF-16; it is read as such")),
        [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes), Some("the file is UTF-16; it is read as such")),
        _ => lossy(bytes),
    }
}

/// A document may have many megabytes, so that its bytes become its text without being copied.
fn lossy(bytes: Vec<u8>) -> (String, Option<&'static str>) {
    String::from_utf8(bytes).map_or_else(
        |error| {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, Some("the file is not UTF-8; what can't be read is replaced by U+FFFD"))
        },
        |text| (text, None),
    )
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether a text looks like JSON rather than YAML.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// The value of a text in JSON or YAML that is no specification, such as a recording.
pub(crate) fn read_value(text: &str) -> Result<Value, String> {
    let told = |failure: Failure| match failure.place {
        Some((line, column)) => format!("line {line}, column {column}: {}", failure.message),
        None => failure.message,
    };
    parse(text).map(|parsed| parsed.value).map_err(told)
}

/// Reads JSON or YAML.
pub(super) fn parse(text: &str) -> Result<Parsed, Failure> {
    if !looks_like_json(text) {
        return yaml(text);
    }
    json(text).or_else(|failure| {
        // What begins with a brace and is no JSON may be YAML in flow style, or JSON with commas or comments too many.
        let mut parsed = yaml(text).map_err(|_| failure)?;
        parsed.remarks.push((String::new(), "the file is not strict JSON; it is read as YAML".to_owned()));
        Ok(parsed)
    })
}

fn json(text: &str) -> Result<Parsed, Failure> {
    let found = RefCell::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Tree::new(&found).deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    let value = value.map_err(|error| Failure {
        message: format!("this is not valid JSON: {}", without_place(&error.to_string())),
        place: Some((error.line(), error.column())),
    })?;
    Ok(parsed(text, value, found.into_inner(), true))
}

/// `serde_json` appends the place to its message; ours names it once, in front.
fn without_place(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |end| &message[..end])
}

fn parsed(text: &str, value: Value, found: Found, is_json: bool) -> Parsed {
    let remark = |pointer: String| (pointer, "this key occurs more than once; the last one counts".to_owned());
    let twice = found.duplicates.into_iter().map(remark);
    let (digits, doubtful) = digits::written(text, &found.suspects);
    Parsed { value, digits, remarks: twice.chain(doubtful).collect(), is_json }
}

fn yaml(text: &str) -> Result<Parsed, Failure> {
    let first = yaml_once(text);
    let Err(error) = &first else { return first.map_err(|error| failure(&error)) };
    let Some((repaired, remark)) = repair(text, error) else { return first.map_err(|error| failure(&error)) };
    let mut parsed = yaml_once(&repaired).map_err(|error| failure(&error))?;
    parsed.remarks.push((String::new(), remark.to_owned()));
    Ok(parsed)
}

/// What real files do and YAML forbids: a second document in the file, raw control characters in prose.
fn repair(text: &str, error: &serde_saphyr::Error) -> Option<(String, &'static str)> {
    if matches!(error.without_snippet(), serde_saphyr::Error::MultipleDocuments { .. }) {
        let end = text.match_indices("\n---").map(|(at, _)| at).find(|at| says_something(&text[..*at]))?;
        return Some((text[..=end].to_owned(), "the file holds several YAML documents; the first one is read"));
    }
    let is_stray = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    text.contains(is_stray).then(|| {
        let cleaned = text.replace(is_stray, "\u{FFFD}");
        (cleaned, "the file contains control characters; they are replaced by U+FFFD")
    })
}

fn says_something(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with(['#', '%']) && line != "---")
}

/// Reads on a stack of its own: the parser recurses, and takes up to 16 KiB a level in a debug build, which a
/// thread's usual 2 MiB do not hold.
fn yaml_once(text: &str) -> Result<Parsed, serde_saphyr::Error> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("yaml".into()).stack_size(MAX_DEPTH * 128 * 1024);
        match builder.spawn_scoped(scope, || yaml_here(text)) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => yaml_here(text),
        }
    })
}

fn yaml_here(text: &str) -> Result<Parsed, serde_saphyr::Error> {
    let found = RefCell::default();
    let tree = Tree::new(&found);
    let value =
        serde_saphyr::with_deserializer_from_str_with_options(text, yaml_options(), |yaml| tree.deserialize(yaml))?;
    Ok(parsed(text, value, found.into_inner(), false))
}

fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_total_scalar_bytes: 256 * 1024 * 1024,
            max_documents: 64,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        ignore_binary_tag_for_string: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

fn failure(error: &serde_saphyr::Error) -> Failure {
    let place = error.location().map(|at| (to_usize(at.line()), to_usize(at.column())));
    let message = error.without_snippet().to_string();
    let first_line = message.lines().next().unwrap_or_default().trim_end_matches(':');
    let message = format!("this is not valid YAML: {}", without_place(first_line));
    Failure { message, place: place.filter(|(line, _)| *line > 0) }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, value: &Value) {
        assert_eq!(parse(text).unwrap().value, *value, "{text}");
    }

    #[track_caller]
    fn check_remark(text: &str, value: &Value, pointer: &str, part: &str) {
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.value, *value, "{text}");
        let told = parsed.remarks.iter().any(|(at, message)| at == pointer && message.contains(part));
        assert!(told, "{text}: {:?}", parsed.remarks);
    }

    #[track_caller]
    fn check_failure(text: &str, part: &str, place: Option<(usize, usize)>) {
        let failure = parse(text).map(|parsed| parsed.value).unwrap_err();
        assert!(failure.message.contains(part), "{}", failure.message);
        if place.is_some() {
            assert_eq!(failure.place, place, "{}", failure.message);
        }
    }

    #[test]
    fn yaml_is_read_as_its_authors_mean_it() {
        check(
            "a: on\nb: no\nc: 0777\nd: 1_000\ne: 2020-01-01",
            &json!({
                "a": "on", "b": "no", "c": "0777", "d": "1_000", "e": "2020-01-01"
            }),
        );
        check("200: ok\ntrue: 1\n1.5: 2\n~: 3", &json!({"200": "ok", "true": 1, "1.5": 2, "null": 3}));
        check(
            "base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}",
            &json!({
                "base": {"x": 1, "y": 2}, "more": {"x": 1, "y": 3}
            }),
        );
        check("v: !custom text\nw: .inf\nx: 1e999", &json!({"v": "text", "w": ".inf", "x": ".inf"}));
        check("{a: 1, b: [x, 'y']}", &json!({"a": 1, "b": ["x", "y"]}));
    }

    #[test]
    fn defects_are_mended_and_told() {
        check_remark("a: 1\na: 2", &json!({"a": 2}), "/a", "more than once");
        check_remark(r#"{"a": {"b": 1, "b": 2}}"#, &json!({"a": {"b": 2}}), "/a/b", "more than once");
        check_remark("{\"a\": 1, # why\n \"b\": 2,}", &json!({"a": 1, "b": 2}), "", "strict JSON");
        check_remark("---\na: 1\n---\na: 2\n", &json!({"a": 1}), "", "several YAML documents");
        check_remark("a: x\u{0007}y", &json!({"a": "x\u{FFFD}y"}), "", "control characters");
    }

    #[test]
    fn encodings_are_recognised() {
        let utf16: Vec<u8> = "\u{FEFF}a: \u{e4}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, text) in
            [(b"\xEF\xBB\xBFa: 1".to_vec(), "a: 1"), (utf16, "a: \u{e4}"), (b"caf\xE9".to_vec(), "caf\u{FFFD}")]
        {
            let (decoded, remark) = decode(bytes);
            assert_eq!(decoded, text);
            assert!(remark.is_some());
        }
        assert_eq!(decode(b"plain".to_vec()), ("plain".to_owned(), None));
    }

    #[test]
    fn failures_name_the_place() {
        check_failure("{\"a\": 1,\n \"b\": [1, 2}", "not valid JSON", Some((2, 12)));
        check_failure("a: 1\nb: c: d\n", "not valid YAML", Some((2, 5)));
        check_failure("a:\n\t- b", "not valid YAML", None);
        check_failure(&"[".repeat(100_000), "not valid JSON", None);
        check_failure(&"- ".repeat(100_000), "not valid YAML", None);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb = format!("{bomb}a{level}: &a{level} [{aliases}]\n");
        }
        check_failure(&bomb, "not valid YAML", None);
    }
}
