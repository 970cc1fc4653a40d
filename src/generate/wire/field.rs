//! Odd headers: conditional ones, ranges, negotiation, cookies, credentials. Main table: `FIELDS`.

use bytes::Bytes;

use crate::api::{Location, StatusPattern};
use crate::generate::plan::{Origin, Plan};
use crate::scenario::{Case, Intent};

/// A header whose value a parser has to take with care: rank, name, value. The syntax that each breaks is in RFC 9110
/// sections 11 to 14 and RFC 6265 section 4.2. The credentials are nobody's, and go out in place of the identity's own.
const FIELDS: &[(u8, &str, &[u8])] = &[
    (1, "If-None-Match", b"\""),
    (1, "If-Match", b"W/"),
    (1, "Range", b"bytes=9-1"),
    (1, "If-Modified-Since", b"x"),
    (1, "If-None-Match", b"W/"),
    (2, "If-None-Match", b"*a"),
    (2, "If-Match", b"*a"),
    (1, "Authorization", b"Digest x"),
    (2, "If-Match", b"\""),
    (2, "Accept", b"x"),
    (2, "Accept", b"application/json;q=x"),
    (2, "Cookie", b"="),
    (2, "Range", b"bytes=-"),
    (2, "Authorization", b"Basic \xff"),
    (2, "If-Unmodified-Since", b"Sat, 30 Feb 2024 24:61:61 GMT"),
    (3, "If-None-Match", b"*, \"a\""),
    (3, "Authorization", b"Bearer"),
    (3, "Authorization", b"Digest username=\"a"),
    (3, "If-Match", b""),
    (3, "If-Range", b"\"\\"),
    (3, "If-Modified-Since", b"Mon, 01 Jan 0000 00:00:00 GMT"),
    (3, "Range", b"bytes=0-0,1-1,2-2,3-3,4-4"),
    (3, "Range", b"bytes=99999999999999999999-"),
    (3, "Range", b"bytes"),
    (3, "Accept", b"*/*;q=1e309"),
    (3, "Accept", b",;,"),
    (3, "Accept", b"application/x-gadfly"),
    (3, "Accept-Language", b"xx-\xff;q=2"),
    (3, "Accept-Language", b"-"),
    (3, "Accept-Encoding", b"gzip;q=x, *;q=-1"),
    (3, "Accept-Charset", b"utf-99"),
    (3, "Cookie", b"a=\"; b; =c; \xff"),
    (3, "Cookie", b"session=%00%ff"),
    (3, "Content-Language", b"\xc3\x28"),
    (3, "X-Forwarded-For", b"::%1, 256.0.0.1"),
    (3, "X-Forwarded-Host", b"[::1"),
    (3, "Forwarded", b"for=\"_"),
    (3, "Origin", b"null"),
    (3, "Referer", b"http://[::1"),
    (3, "User-Agent", b"%s%n'\"<\xff"),
    (3, "X-Request-Id", b"'\"\\%s\xc3\x28"),
    (3, "traceparent", b"00-0-0-zz"),
    (3, "X-HTTP-Method-Override", b"GADFLY"),
    (3, "TE", b"x;q="),
    (3, "Prefer", b"return=;wait=x"),
    (3, "Upgrade-Insecure-Requests", b"x"),
];

/// The headers by index with their rank. Those that the operation reads come first: the ones that it declares, and
/// credentials if it says how it answers those whom it does not know.
pub(super) fn ranks(plan: &Plan) -> impl Iterator<Item = (u8, u8)> {
    let unauthorized = StatusPattern::Exact(401);
    let authorizes = plan.operation.responses.0.iter().any(|(status, _)| *status == unauthorized);
    let reads = move |name: &str| {
        let mut declared = plan.operation.parameters.iter().filter(|parameter| parameter.location == Location::Header);
        authorizes && name == "Authorization" || declared.any(|parameter| parameter.name.eq_ignore_ascii_case(name))
    };
    FIELDS.iter().enumerate().map(move |(index, (rank, name, _))| {
        let rank = if reads(name) { rank - 1 } else { *rank };
        (rank, u8::try_from(index).unwrap_or(u8::MAX))
    })
}

/// The usual case with one odd header. It takes the place of a parameter of the same name.
pub(super) fn case(plan: &Plan, index: u8, origin: Origin) -> Option<Case> {
    let (_, name, value) = FIELDS.get(usize::from(index))?;
    let mut case = plan.usual(origin, Intent::Wire("odd_header"));
    case.headers.push(((*name).to_owned(), Bytes::from_static(value)));
    Some(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_changes_the_framing() {
        for (_, name, value) in FIELDS {
            assert!(!["host", "content-length", "transfer-encoding", "connection"].contains(&&*name.to_lowercase()));
            assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{name}");
        }
    }
}
