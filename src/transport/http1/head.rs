//! The status line and header fields of an answer, and what they say of its body. Main type: [`Head`].
//! It reads no body.

use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::Bytes;
use httparse::{ParserConfig, Status};

use super::body::Framing;
use crate::wire::Headers;

/// More fields than this are taken for an attack on the reader.
const MAX_FIELDS: usize = 256;

/// A parsed head.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Headers,
    /// The bytes as they came.
    pub(super) raw: Bytes,
    is_http10: bool,
}

/// What the bytes so far are.
pub(super) enum Parsed {
    Head(Head),
    /// The beginning of a head, as far as one can tell.
    Partial,
    Malformed(String),
}

/// Reads a head at the start of these bytes. Values folded over several lines and spaces before a colon are read
/// as every browser reads them; nothing is repaired.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .parse_response_with_uninit_headers(&mut head, bytes, &mut fields);
    match parsed {
        Ok(Status::Complete(length)) => Parsed::Head(Head::copy(&head, &bytes[..length])),
        Ok(Status::Partial) => Parsed::Partial,
        Err(error) => Parsed::Malformed(explain(error, bytes)),
    }
}

impl Head {
    /// Copies the head out of the read buffer, so that a kept answer pins no more than its own bytes.
    fn copy(head: &httparse::Response<'_, '_>, bytes: &[u8]) -> Self {
        let raw = Bytes::copy_from_slice(bytes);
        let part = |part: &[u8]| raw.slice(range_in(bytes, part));
        let headers = head.headers.iter().map(|field| (part(field.name.as_bytes()), part(field.value))).collect();
        let status = head.code.expect("a complete head has a status");
        Self { status, headers, is_http10: head.version == Some(0), raw }
    }

    /// Whether the final answer is still to come (RFC 9110 section 15.2). After 101 no more HTTP comes.
    pub(super) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    /// How the end of the body is told (RFC 9112 section 6.3).
    pub(super) fn framing(&self, method: &str) -> Result<Framing, &'static str> {
        let tunnel = method == "CONNECT" && self.status / 100 == 2;
        if method == "HEAD" || tunnel || matches!(self.status, 101 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        if let Some(coding) = self.tokens("transfer-encoding").last() {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            return Ok(if chunked { Framing::Chunked } else { Framing::UntilClose });
        }
        Ok(self.content_length()?.map_or(Framing::UntilClose, Framing::Length))
    }

    /// Whether the connection may carry one more request (RFC 9112 section 9.3). An answer with two framings is
    /// not trusted to have ended where we think (section 6.3).
    pub(super) fn keeps_alive(&self) -> bool {
        let says = |option: &[u8]| self.tokens("connection").any(|token| token.eq_ignore_ascii_case(option));
        let transfer = self.headers.contains("transfer-encoding");
        let twice_framed = transfer && (self.is_http10 || self.headers.contains("content-length"));
        let asked = if self.is_http10 { says(b"keep-alive") } else { true };
        asked && !says(b"close") && !twice_framed && self.status != 101
    }

    /// The declared length; the same number given several times is one number.
    fn content_length(&self) -> Result<Option<u64>, &'static str> {
        let mut length = None;
        for token in self.tokens("content-length") {
            let number = decimal(token).ok_or("Content-Length is no number")?;
            if length.is_some_and(|other| other != number) {
                return Err("there are two different values of Content-Length");
            }
            length = Some(number);
        }
        Ok(length)
    }

    /// The members of a comma-separated field, over all fields of this name.
    fn tokens<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name.as_bytes()));
        named.flat_map(|header| header.value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    // `parse` alone would also take a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn range_in(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

fn explain(error: httparse::Error, bytes: &[u8]) -> String {
    match bytes {
        [0x15, 0x03, ..] => format!("{error}: this looks like TLS; does the URL begin with https?"),
        [_, _, _, 0x04, 0, ..] => format!("{error}: this looks like HTTP/2 without the upgrade"),
        _ if error == httparse::Error::TooManyHeaders => format!("more than {MAX_FIELDS} header fields"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(bytes: &[u8]) -> Head {
        match parse(bytes) {
            Parsed::Head(head) => head,
            Parsed::Partial => panic!("partial: {:?}", String::from_utf8_lossy(bytes)),
            Parsed::Malformed(detail) => panic!("{detail}: {:?}", String::from_utf8_lossy(bytes)),
        }
    }

    #[track_caller]
    fn check(method: &str, fields: &str, expected: Result<Framing, &str>, keeps_alive: bool) {
        let (first, fields) = fields.split_once('|').unwrap_or(("HTTP/1.1 200 OK", fields));
        let head = head(format!("{first}\r\n{fields}\r\n").as_bytes());
        assert_eq!(head.framing(method), expected, "{fields:?}");
        assert_eq!(head.keeps_alive(), keeps_alive, "{fields:?}");
    }

    #[test]
    fn framing_follows_rfc_9112() {
        check("GET", "Content-Length: 5\r\n", Ok(Framing::Length(5)), true);
        check("GET", "Content-Length: 5, 5\r\ncontent-length:5\r\n", Ok(Framing::Length(5)), true);
        check("HEAD", "Content-Length: 5\r\n", Ok(Framing::Length(0)), true);
        check("GET", "HTTP/1.1 204 No Content|Content-Length: 5\r\n", Ok(Framing::Length(0)), true);
        check("GET", "HTTP/1.1 304|Transfer-Encoding: chunked\r\n", Ok(Framing::Length(0)), true);
        check("CONNECT", "", Ok(Framing::Length(0)), true);
        check("GET", "", Ok(Framing::UntilClose), true);
        check("GET", "Transfer-Encoding: gzip\r\ntransfer-encoding: x,CHUNKED\r\n", Ok(Framing::Chunked), true);
        check("GET", "Transfer-Encoding: chunked, gzip\r\n", Ok(Framing::UntilClose), true);
        check("GET", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Ok(Framing::Chunked), false);
    }

    #[test]
    fn lengths_that_contradict_are_malformed() {
        let two = Err("there are two different values of Content-Length");
        check("GET", "Content-Length: 5\r\nContent-Length: 6\r\n", two, true);
        for length in ["", "-1", "+1", "0x5", "5 5", "99999999999999999999"] {
            let fields = format!("Content-Length: {length}\r\n");
            check("GET", &fields, Err("Content-Length is no number"), true);
        }
    }

    #[test]
    fn connections_are_kept_as_the_version_says() {
        check("GET", "Connection: x, Close\r\nContent-Length: 0\r\n", Ok(Framing::Length(0)), false);
        check("GET", "HTTP/1.0 200 OK|Content-Length: 0\r\n", Ok(Framing::Length(0)), false);
        check("GET", "HTTP/1.0 200 OK|Connection: keep-alive\r\nContent-Length: 0\r\n", Ok(Framing::Length(0)), true);
        check("GET", "HTTP/1.1 101 Switching|Upgrade: x\r\n", Ok(Framing::Length(0)), false);
    }

    #[test]
    fn fields_are_kept_as_they_came() {
        let head = head(b"HTTP/1.1 200\r\nX-Odd :  a \xff\r\nx-odd:\r\nFolded: a\r\n b\r\n\r\n{}");
        let shown: Vec<_> = head.headers.iter().map(|field| (&field.name[..], &field.value[..])).collect();
        assert_eq!(shown, [(&b"X-Odd"[..], &b"a \xff"[..]), (b"x-odd", b""), (b"Folded", b"a\r\n b")]);
        assert!(head.raw.ends_with(b" b\r\n\r\n"));
    }

    #[test]
    fn other_protocols_are_named() {
        let detail = |bytes: &[u8]| match parse(bytes) {
            Parsed::Malformed(detail) => detail,
            _ => panic!("{bytes:?} was read"),
        };
        assert!(detail(b"\x15\x03\x01\x00\x02\x02\x16").contains("TLS"));
        assert!(detail(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00").contains("HTTP/2"));
        assert_eq!(
            detail(&[&b"HTTP/1.1 200\r\n"[..], &b"a:b\r\n".repeat(258)].concat()),
            "more than 256 header fields"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(start in "(HTTP/1\\.[019] [0-9]{0,3} ?)?", rest: Vec<u8>) {
            if let Parsed::Head(head) = parse(&[start.as_bytes(), &rest].concat()) {
                let _ = (head.framing("GET"), head.keeps_alive());
                prop_assert!(head.raw.ends_with(b"\n"));
            }
        }
    }
}
