//! The header by which a server's log tells which request of which run wrote a line. Main types: [`RunId`], [`RunHeader`].
//!
//! The id is made of the run's seed and of the request's own bytes, so the same request has the same id in every run with
//! that seed, whatever else is under way: a server that gives it back in its answer answers alike each time. A transport
//! writes it into the head that it sends; it is in no [`Request`], and so in no fixture, corpus or command line.

use std::str::FromStr;
use std::sync::Arc;
use std::{fmt, str};

use super::Request;

/// The header's name where nobody names another one.
const NAME: &str = "X-Gadfly-Id";
/// Of the run, and of the request: hexadecimal digits.
const RUN: usize = 8;
const REQUEST: usize = 16;
const LENGTH: usize = RUN + 1 + REQUEST;

/// Which requests carry an id, and in which header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunHeader {
    /// Those to a target that gadfly runs, whose log it reads. Another one is not to see anything that it does not need.
    #[default]
    WhereWatched,
    /// None.
    Never,
    /// All, in the header of this name.
    Always(String),
}

impl RunHeader {
    /// What writes the ids of this run, if any are written.
    pub fn of_run(&self, run: u32, is_watched: bool) -> Option<RunId> {
        let header = match self {
            Self::WhereWatched if is_watched => NAME,
            Self::WhereWatched | Self::Never => return None,
            Self::Always(name) => name,
        };
        Some(RunId { header: header.into(), run })
    }
}

impl FromStr for RunHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FRAMING: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"];
        let is_token = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        match text {
            "off" => Ok(Self::Never),
            _ if !is_token => Err(format!("{text:?} is no name of a header; write {NAME}, another name, or off")),
            _ if FRAMING.contains(&&*text.to_ascii_lowercase()) => {
                Err(format!("{text} says how a request is read; write {NAME}, another name, or off"))
            }
            _ => Ok(Self::Always(text.to_owned())),
        }
    }
}

impl fmt::Display for RunHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WhereWatched => f.write_str(NAME),
            Self::Never => f.write_str("off"),
            Self::Always(name) => f.write_str(name),
        }
    }
}

/// Names the requests of one run.
#[derive(Clone, Debug)]
pub struct RunId {
    header: Arc<str>,
    run: u32,
}

/// The name of one request: `0f3a91c2-5be07d3c11aa9e04`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id([u8; LENGTH]);

impl Id {
    /// As it is sent.
    pub fn as_str(&self) -> &str {
        // It is made of ASCII digits and a hyphen.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl RunId {
    /// The name of the header.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The id of this request, as it is before the header is added.
    pub fn of(&self, request: &Request) -> Id {
        let mut id = [b'-'; LENGTH];
        digits(u64::from(self.run), &mut id[..RUN]);
        digits(digest(request), &mut id[RUN + 1..]);
        Id(id)
    }

    /// The ids of this run that the text holds, by where they stand.
    pub fn find<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut run = [0; RUN];
        digits(u64::from(self.run), &mut run);
        let run = str::from_utf8(&run).unwrap_or_default();
        let found = text.match_indices(run).filter_map(|(at, _)| {
            let id = text.get(at..at + LENGTH)?;
            let request = id.get(RUN..)?.strip_prefix('-')?;
            request.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(id)
        });
        found.collect()
    }

    /// The text without the ids of this run: what is kept must not depend on them.
    pub fn without(&self, text: &str) -> String {
        self.find(text).into_iter().fold(text.to_owned(), |text, id| text.replace(id, "[id]"))
    }
}

/// Writes the number with as many hexadecimal digits as there is room.
fn digits(number: u64, out: &mut [u8]) {
    for (place, digit) in out.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
    }
}

/// A digest of all that is sent. It tells requests apart in a log and need not withstand anybody; it must be fast, since
/// each request has one.
fn digest(request: &Request) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let (words, rest) = bytes.as_chunks::<8>();
        state = words.iter().fold(state, |state, word| mix(state, u64::from_le_bytes(*word)));
        state = rest.iter().fold(state, |state, byte| mix(state, u64::from(*byte)));
        state = mix(state, bytes.len() as u64);
    };
    take(request.method.as_bytes());
    take(&request.target);
    for header in &request.headers {
        take(&header.name);
        take(&header.value);
    }
    take(&request.body);
    state ^ state >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_id() -> RunId {
        RunHeader::Always("X-Id".into()).of_run(0x0f3a_91c2, false).unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: Option<RunHeader>) {
        assert_eq!(text.parse::<RunHeader>().ok(), expected, "{text:?}");
        assert!(expected.is_none_or(|header| header.to_string() == text), "{text:?}");
    }

    #[test]
    fn the_header_has_any_name_that_frames_nothing() {
        check("off", Some(RunHeader::Never));
        check("X-Request-Id", Some(RunHeader::Always("X-Request-Id".into())));
        for wrong in ["", "X Id", "a:b", "Host", "content-length", "\u{e4}"] {
            check(wrong, None);
        }
    }

    #[test]
    fn only_a_target_that_is_watched_sees_it_unasked() {
        let header = |header: RunHeader, is_watched| header.of_run(1, is_watched).map(|id| id.header().to_owned());
        assert_eq!(header(RunHeader::default(), true).as_deref(), Some("X-Gadfly-Id"));
        assert_eq!(header(RunHeader::default(), false), None);
        assert_eq!(header(RunHeader::Never, true), None);
        assert_eq!(header(RunHeader::Always("X-Id".into()), false).as_deref(), Some("X-Id"));
    }

    #[test]
    fn an_id_is_that_of_the_request_and_of_nothing_else() {
        let request = |target: &'static str, value: &'static str, body: &'static str| {
            let mut request = Request::new("POST", target);
            request.headers.push("X-A", value);
            request.body = body.into();
            run_id().of(&request).as_str().to_owned()
        };
        let one = request("/a", "1", "{}");
        assert_eq!((one.len(), &one[..9]), (25, "0f3a91c2-"));
        assert_eq!(one, request("/a", "1", "{}"));
        for other in [request("/b", "1", "{}"), request("/a", "2", "{}"), request("/a", "1", "{ }")] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn ids_are_found_in_a_line_and_taken_out_of_it() {
        let line = "at 0f3a91c2-00112233445566aa, not 0f3a91c2-x and not 0f3a91c2";
        assert_eq!(run_id().find(line), ["0f3a91c2-00112233445566aa"]);
        assert_eq!(run_id().without(line), "at [id], not 0f3a91c2-x and not 0f3a91c2");
        assert!(run_id().find("0f3a91c2-\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}").is_empty());
    }
}
