//! Percent-encoding (RFC 3986 section 2.1), by what may stay as it is. Main type: [`Keep`].

/// Which bytes stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// `unreserved` of RFC 3986 only: right everywhere in a URL and in a urlencoded body.
    Unreserved,
    /// Reserved characters too, but for those that would end the value or the query (`allowReserved`).
    Reserved,
    /// What may stand in a path template or a base path.
    Template,
    /// Everything but control characters, which would change the header section.
    Field,
    /// `cookie-octet` (RFC 6265 section 4.1.1) without `%`, so that encoded values can be told.
    Cookie,
}

impl Keep {
    fn keeps(self, byte: u8) -> bool {
        let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match self {
            Self::Unreserved => unreserved,
            Self::Reserved => unreserved || b":/?@!$'()*,;".contains(&byte),
            Self::Template => unreserved || b":/?@!$'()*,;&=+%[]".contains(&byte),
            Self::Field => byte == b'\t' || byte >= 0x20 && byte != 0x7F,
            Self::Cookie => byte.is_ascii_graphic() && !b"\",;\\%".contains(&byte),
        }
    }
}

/// Appends the bytes, encoding those that are not kept.
pub(super) fn push(out: &mut Vec<u8>, bytes: &[u8], keep: Keep) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if keep.keeps(*byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], keep: Keep, expected: &str) {
        let mut out = Vec::new();
        push(&mut out, bytes, keep);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_is_not_kept_is_encoded() {
        check(b"aZ0-._~ /?\xff\0%", Keep::Unreserved, "aZ0-._~%20%2F%3F%FF%00%25");
        check(b"a/b?c&d#e+f=g", Keep::Reserved, "a/b?c%26d%23e%2Bf%3Dg");
        check(b"a\r\nb: \"c\"", Keep::Field, "a%0D%0Ab: \"c\"");
        check(b"a;b,c\"d e%", Keep::Cookie, "a%3Bb%2Cc%22d%20e%25");
        check(b"/v1/a b", Keep::Template, "/v1/a%20b");
    }
}
