//! Splits a `multipart/form-data` body into its parts.
//!
//! Main type: [`Part`]. It knows nothing of what the parts should be; the body is in memory and bounded by `call`.

use super::call::parameter;

/// One field of a form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Present, though perhaps empty, if the part is a file.
    pub(crate) filename: Option<String>,
    pub(crate) content: Vec<u8>,
}

/// The parts of a body, or `None` if it is not whole.
pub(crate) fn parse(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter may open the body, without the line break that belongs to every other one.
    let mut rest = match body.strip_prefix(&delimiter.as_bytes()[2..]) {
        Some(rest) => rest,
        None => split_at(body, delimiter.as_bytes())?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let (part, next) = split_at(rest, delimiter.as_bytes())?;
        parts.push(read(part)?);
        rest = next;
    }
    Some(parts)
}

/// A part: the end of the delimiter's line, header lines, an empty line, the content.
fn read(part: &[u8]) -> Option<Part> {
    let (padding, lines) = split_at(part, b"\r\n")?;
    if !padding.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        return None;
    }
    let (head, content) = split_at(lines, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(head);
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    })?;
    let kind = disposition.split(';').next()?.trim();
    let name = parameter(disposition, "name").filter(|_| kind.eq_ignore_ascii_case("form-data"))?;
    Some(Part { name, filename: parameter(disposition, "filename"), content: content.to_vec() })
}

/// What stands before and after the first `needle`.
fn split_at<'a>(haystack: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = haystack.windows(needle.len()).position(|window| window == needle)?;
    Some((&haystack[..at], &haystack[at + needle.len()..]))
}
