//! What a file of recorded traffic holds. Main types: [`Recorded`], [`Format`]; main function: [`read`].

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use super::{cassette, curl, har, raw};
use crate::spec;
use crate::wire::{Request, Response};

/// The largest file that is read.
pub(super) const MOST_BYTES: usize = 64 << 20;
/// The most requests of one file.
const MOST_REQUESTS: usize = 10_000;

/// One recorded request.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Where it stands, such as `entry 3` or `line 12`.
    pub place: String,
    /// What was sent, by path and query: the host is left out. Credentials may be in it.
    pub request: Request,
    /// What came back, if that was recorded.
    pub answer: Option<Response>,
}

/// A request of a file that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: String,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// What could be read of a file, and what could not.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The requests in the file's order.
    pub recorded: Vec<Recorded>,
    /// Those that can't be read.
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Takes one in, or why it can't be.
    pub(super) fn push(&mut self, place: String, one: Result<(Request, Option<Response>), String>) {
        if self.recorded.len() + self.problems.len() == MOST_REQUESTS {
            let reason = format!("it and what follows is passed over, since at most {MOST_REQUESTS} requests are read");
            self.problems.push(Problem { place, reason });
        } else if self.recorded.len() + self.problems.len() < MOST_REQUESTS {
            match one {
                Ok((request, answer)) => self.recorded.push(Recorded { place, request, answer }),
                Err(reason) => self.problems.push(Problem { place, reason }),
            }
        }
    }
}

/// A file that can't be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct Error {
    file: String,
    reason: String,
}

/// In which form requests were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTTP Archive 1.2.
    Har,
    /// Command lines of curl, among any other text.
    Curl,
    /// A cassette of VCR and its like, in YAML or JSON.
    Cassette,
    /// The events of Schemathesis, one JSON object a line.
    Events,
    /// HTTP requests as text, with `###` between them.
    Raw,
}

impl Format {
    /// The word that the user writes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Har => "har",
            Self::Curl => "curl",
            Self::Cassette => "vcr",
            Self::Events => "ndjson",
            Self::Raw => "http",
        }
    }

    /// What the text looks like.
    fn of(text: &str) -> Option<Self> {
        let is_line_of_curl = |line: &str| curl::begins(line);
        let first = text.lines().find(|line| !line.trim().is_empty())?.trim();
        if first.starts_with('{') && text.contains("\"log\"") && text.contains("\"entries\"") {
            return Some(Self::Har);
        }
        let is_event = first.starts_with('{') && first.ends_with('}');
        if is_event && (first.contains("\"Initialize\"") || text.contains("\"ScenarioFinished\"")) {
            return Some(Self::Events);
        }
        let is_key = |line: &str| {
            let key = line.trim_start().trim_start_matches('"');
            key.starts_with("http_interactions") || key.starts_with("interactions")
        };
        match () {
            () if text.lines().any(is_key) || text.contains("interactions\":") => Some(Self::Cassette),
            () if text.lines().any(is_line_of_curl) => Some(Self::Curl),
            () if raw::begins(text) => Some(Self::Raw),
            () => None,
        }
    }
}

/// Reads a file; without a format, by what it looks like. `file` is its name for messages.
pub fn read(file: &str, bytes: &[u8], format: Option<Format>) -> Result<Reading, Error> {
    let refuse = |reason: String| Error { file: file.to_owned(), reason };
    if bytes.len() > MOST_BYTES {
        return Err(refuse(format!("it is larger than {} MiB", MOST_BYTES >> 20)));
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{FEFF}');
    let unknown =
        || refuse("it looks like none of har, curl, vcr, ndjson and http; name the form with --format".into());
    let reading = match format.or_else(|| Format::of(text)).ok_or_else(unknown)? {
        Format::Har => har::read(&json(text).map_err(refuse)?),
        Format::Curl => Ok(curl::read(text)),
        Format::Cassette => spec::read_value(text).and_then(|value| cassette::read(&value)),
        Format::Events => cassette::read_events(text),
        Format::Raw => Ok(raw::read(text)),
    };
    reading.map_err(refuse)
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))
}

/// The request target of a URL, as it was written; the host is left out.
pub(super) fn target(url: &str) -> Result<Bytes, String> {
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") => after_host(rest),
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            return Err(format!("{scheme} is not http or https"));
        }
        _ if url.starts_with('/') => url,
        // `localhost:8080/a` and `example.com`, as curl takes them.
        _ if !url.is_empty() && !url.starts_with(['?', '#']) => after_host(url),
        _ => return Err("there is no URL".to_owned()),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    Ok(escaped(&path))
}

fn after_host(rest: &str) -> &str {
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// The bytes that no request line can hold, percent-encoded.
fn escaped(path: &str) -> Bytes {
    const ODD: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b' ');
    percent_encoding::utf8_percent_encode(path, ODD).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Format>) {
        assert_eq!(Format::of(text), expected, "{text}");
    }

    #[test]
    fn files_are_known_by_what_they_look_like() {
        check("{\"log\": {\"version\": \"1.2\", \"entries\": []}}", Some(Format::Har));
        check("Failed:\n\n    curl -X GET http://127.0.0.1/a\n", Some(Format::Curl));
        check("command: 'st run'\nhttp_interactions:\n- id: 'x'\n", Some(Format::Cassette));
        check("interactions:\n- request:\n", Some(Format::Cassette));
        check("{\n  \"http_interactions\": []\n}", Some(Format::Cassette));
        check("{\"Initialize\":{}}\n{\"ScenarioFinished\":{}}", Some(Format::Events));
        check("# one\nGET /a HTTP/1.1\nHost: x\n", Some(Format::Raw));
        check("something else", None);
        check("", None);
    }

    #[track_caller]
    fn check_target(url: &str, expected: Result<&str, &str>) {
        match (target(url), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{url}"),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{url}: {reason}"),
            (found, _) => panic!("{url}: {found:?}"),
        }
    }

    #[test]
    fn only_path_and_query_of_a_url_are_used() {
        check_target("https://user:pass@api.example.com:8443/v1/a?b=c#d", Ok("/v1/a?b=c"));
        check_target("http://127.0.0.1", Ok("/"));
        check_target("http://127.0.0.1?a", Ok("/?a"));
        check_target("localhost:80/a/../b", Ok("/a/../b"));
        check_target("/a b?c=\u{e9}", Ok("/a%20b?c=%C3%A9"));
        check_target("/a?next=http://x/y", Ok("/a?next=http://x/y"));
        check_target("ws://x/a", Err("ws is not http or https"));
        check_target("", Err("no URL"));
    }

    #[test]
    fn a_file_that_is_too_large_or_of_no_form_is_refused_by_name() {
        let error = read("a.txt", b"hello", None).unwrap_err().to_string();
        assert!(error.starts_with("a.txt: it looks like none of") && error.contains("--format"), "{error}");
        let error = read("a.har", b"{", Some(Format::Har)).unwrap_err().to_string();
        assert!(error.starts_with("a.har: this is no JSON: EOF") && error.contains("line 1"), "{error}");
        let error = read("big", &vec![b' '; MOST_BYTES + 1], None).unwrap_err().to_string();
        assert_eq!(error, "big: it is larger than 64 MiB");
    }

    #[test]
    fn the_number_of_requests_is_bounded() {
        let text = "curl http://x/a\n".repeat(MOST_REQUESTS + 3);
        let reading = read("a", text.as_bytes(), None).unwrap();
        assert_eq!((reading.recorded.len(), reading.problems.len()), (MOST_REQUESTS, 1));
        assert!(reading.problems[0].to_string().starts_with("line 10001: it and what follows"));
    }
}
