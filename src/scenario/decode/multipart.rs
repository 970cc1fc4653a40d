//! Multipart bodies taken apart (RFC 2046 section 5.1, RFC 7578). Main function: [`read`].

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The name in `Content-Disposition`; empty if there is none.
    pub name: String,
    pub content: Vec<u8>,
}

/// The parts of a body, or `None` if it is not framed as its media type says.
pub(super) fn read(media_type: &str, bytes: &[u8]) -> Option<Vec<Part>> {
    let boundary = media_type.split(';').find_map(|piece| piece.trim().strip_prefix("boundary="))?.trim_matches('"');
    let mark = format!("--{boundary}");
    let mut rest = strip(bytes, mark.as_bytes())?;
    let mut parts = Vec::new();
    let separator = format!("\r\n{mark}");
    while !rest.starts_with(b"--") {
        let part = strip(rest, b"\r\n")?;
        let end = find(part, separator.as_bytes())?;
        parts.push(one(&part[..end])?);
        rest = &part[end + separator.len()..];
    }
    Some(parts)
}

fn one(part: &[u8]) -> Option<Part> {
    let (fields, content) = if let Some(content) = strip(part, b"\r\n") {
        (&b""[..], content)
    } else {
        let end = find(part, b"\r\n\r\n")?;
        (&part[..end], &part[end + 4..])
    };
    let fields = String::from_utf8_lossy(fields);
    let name = fields.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let name = name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    Some(Part { name, content: content.to_vec() })
}

fn strip<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix)
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n\r\nraw\r\n--b--\r\n";
        let parts = read("multipart/form-data; boundary=b", body).unwrap();
        let part = |name: &str, content: &str| Part { name: name.into(), content: content.into() };
        assert_eq!(parts, [part("a", "1"), part("", "raw")]);
        assert_eq!(read("multipart/form-data", body), None);
        assert_eq!(read("multipart/form-data; boundary=b", b"--b\r\nunended"), None);
    }
}
