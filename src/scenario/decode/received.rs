//! A request taken apart: path values, query pairs, cookies. Main type: [`Received`].

use crate::api::Operation;
use crate::wire::Request;

/// A request as a server sees it before it looks at types. Texts are still percent-encoded.
pub(super) struct Received<'a> {
    pub request: &'a Request,
    /// Values of the path's names; `None` if the path can't be told apart in one way.
    path: Option<Vec<(String, Vec<u8>)>>,
    /// The query as it is.
    pub query_text: Vec<u8>,
    /// Its pairs in order.
    pub query: Vec<(Vec<u8>, Vec<u8>)>,
    /// The cookies in order.
    pub cookies: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'a> Received<'a> {
    /// Takes apart a request that was encoded without a base path.
    pub(super) fn new(operation: &Operation, request: &'a Request) -> Self {
        let target = &request.target[..];
        let at = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
        let query_text = target.get(at + 1..).unwrap_or_default().to_vec();
        let template = operation.path.split(['?', '#']).next().unwrap_or_default();
        let path = split_path(template, &target[..at]);
        let cookies = request.headers.get("cookie").map(|text| pairs(text, b';')).unwrap_or_default();
        Self { request, path, query: pairs(&query_text, b'&'), query_text, cookies }
    }

    /// The text of a path parameter.
    pub(super) fn path_value(&self, name: &str) -> Option<&[u8]> {
        let values = self.path.as_ref()?;
        values.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..])
    }

    /// Whether every segment with a name is one that servers and proxies leave alone (RFC 3986 section 6.2.2.3).
    pub(super) fn has_whole_path(&self) -> bool {
        let is_whole = |value: &[u8]| !matches!(&percent_decoded(value)[..], b"" | b"." | b"..");
        self.path.as_ref().is_some_and(|values| values.iter().all(|(_, value)| is_whole(value)))
    }
}

/// The bytes behind percent-encoding.
pub(super) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(text).collect()
}

/// `name=value` pairs; what has no `=` is a name with an empty value.
pub(super) fn pairs(text: &[u8], between: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pieces = text.split(|byte| *byte == between).map(<[u8]>::trim_ascii_start).filter(|piece| !piece.is_empty());
    let pair = |piece: &[u8]| {
        let at = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
        (percent_decoded(&piece[..at]), piece.get(at + 1..).unwrap_or_default().to_vec())
    };
    pieces.map(pair).collect()
}

/// The values of the template's names in this path; `None` if two names touch, or the path is another.
pub(super) fn split_path(template: &str, path: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let template = if template.starts_with('/') { template.to_owned() } else { format!("/{template}") };
    let mut values = Vec::new();
    let (mut rest, mut path) = (template.as_str(), path);
    while let Some((literal, after)) = rest.split_once('{') {
        path = strip_literal(path, literal)?;
        let (name, tail) = after.split_once('}')?;
        let next = tail.split('{').next().unwrap_or_default();
        let end = match next.as_bytes().first() {
            None if tail.is_empty() => path.len(),
            None => return None,
            Some(first) => path.iter().position(|byte| byte == first)?,
        };
        values.push((name.to_owned(), path[..end].to_vec()));
        path = &path[end..];
        rest = tail;
    }
    strip_literal(path, rest).filter(|rest| rest.is_empty())?;
    Some(values)
}

/// The path after a literal, which may be percent-encoded in it.
fn strip_literal<'a>(path: &'a [u8], literal: &str) -> Option<&'a [u8]> {
    let mut path = path;
    for expected in literal.bytes() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let encoded = path.strip_prefix(b"%").and_then(|rest| hex(rest.get(..2)?));
        path = match path.split_first() {
            Some((byte, rest)) if *byte == expected => rest,
            _ if encoded == Some(expected) => &path[3..],
            _ => return None,
        };
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let found = split_path(template, path.as_bytes());
        let found = found.map(|values| {
            values.into_iter().map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect::<Vec<_>>()
        });
        let expected = expected.map(|all| all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
        assert_eq!(found, expected, "{template} {path}");
    }

    #[test]
    fn paths_are_told_apart() {
        check("/a/{x}/b", "/a/1/b", Some(&[("x", "1")]));
        check("/a/{x}.{y}", "/a/1.2", Some(&[("x", "1"), ("y", "2")]));
        check("/a/{x}{y}", "/a/12", None);
        check("/a b/{x}", "/a%20b/1", Some(&[("x", "1")]));
        check("/a/{x}", "/c/1", None);
        check("/a", "/a", Some(&[]));
    }
}
