//! The format of a payload file. Main function: [`blocks`].
//!
//! A file is one or more blocks with an empty line between. A block is four header lines, `class:`, `aims:`, `purpose:`
//! and `provenance:`, then `---`, then one payload a line. In a payload `\\`, `\n`, `\r`, `\t`, `\xNN` (a byte) and `\u{N}` (a
//! character) are escapes, and `\*N(text)` is the text N times.

use bytes::Bytes;

/// What a payload stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// A text within a request.
    Text,
    /// An integer within a request.
    Integer,
    /// A whole JSON body.
    Body,
}

/// Payloads of one class.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) class: &'static str,
    pub(super) aim: Aim,
    #[cfg_attr(not(test), expect(dead_code, reason = "the files are for people as well, and a test looks at it"))]
    pub(super) purpose: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the files are for people as well, and a test looks at it"))]
    pub(super) provenance: &'static str,
    pub(super) payloads: Vec<Bytes>,
}

/// The longest that repetition may make a payload.
const LONGEST: usize = 2 << 20;

/// The blocks of a file.
pub(super) fn blocks(text: &'static str) -> Result<Vec<Block>, String> {
    text.split("\n\n").map(block).collect()
}

fn block(text: &'static str) -> Result<Block, String> {
    let mut lines = text.lines();
    let mut header = |name: &str| {
        let value = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.ok_or_else(|| format!("`{name}: ` is missing"))
    };
    let class = header("class")?;
    let aim = match header("aims")? {
        "text" => Aim::Text,
        "integer" => Aim::Integer,
        "json" => Aim::Body,
        other => return Err(format!("{other:?} is no aim; there are text, integer, json")),
    };
    let (purpose, provenance) = (header("purpose")?, header("provenance")?);
    if lines.next() != Some("---") {
        return Err("`---` is missing after the header".to_owned());
    }
    let payload = |line: &str| match unescaped(line.as_bytes()) {
        Some(bytes) if !bytes.is_empty() => Ok(Bytes::from(bytes)),
        _ => Err(format!("{line:?} is no payload")),
    };
    let payloads = lines.map(payload).collect::<Result<_, _>>()?;
    Ok(Block { class, aim, purpose, provenance, payloads })
}

fn unescaped(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        rest = if *first == b'\\' {
            escape(after, &mut out)?
        } else {
            out.push(*first);
            after
        };
    }
    Some(out)
}

/// Reads what follows a backslash; gives what follows that.
fn escape<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, after) = rest.split_first()?;
    match kind {
        b'\\' => out.push(b'\\'),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'x' => {
            out.push(u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok()?);
            return after.get(2..);
        }
        b'u' => {
            let (number, after) = enclosed(after, b'{', b'}')?;
            let c = char::from_u32(u32::from_str_radix(std::str::from_utf8(number).ok()?, 16).ok()?)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(after);
        }
        b'*' => {
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let count: usize = std::str::from_utf8(&after[..digits]).ok()?.parse().ok()?;
            let (text, after) = enclosed(&after[digits..], b'(', b')')?;
            let text = unescaped(text)?;
            out.extend_from_slice(
                &text.repeat(count.checked_mul(text.len()).filter(|length| *length <= LONGEST).map(|_| count)?),
            );
            return Some(after);
        }
        _ => return None,
    }
    Some(after)
}

/// What stands between two brackets at the beginning, and what follows.
fn enclosed(text: &[u8], open: u8, close: u8) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(&[open])?;
    let end = inner.iter().position(|byte| *byte == close)?;
    Some((&inner[..end], &inner[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&[u8]>) {
        assert_eq!(unescaped(line.as_bytes()).as_deref(), expected, "{line}");
    }

    #[test]
    fn payloads_are_unescaped() {
        check(r"a\\b\n\r\t\x00\xff\u{e9}", Some(b"a\\b\n\r\t\x00\xff\xc3\xa9"));
        check(r"\*3(ab)c\*2(\u{301})", Some("abababc\u{301}\u{301}".as_bytes()));
        check(r"\*0(a)", Some(b""));
        for wrong in [r"\", r"\q", r"\x0", r"\u{d800}", r"\u{}", r"\*(a)", r"\*3(a", r"\*99999999(a)"] {
            check(wrong, None);
        }
    }

    #[track_caller]
    fn check_refused(text: &'static str, part: &str) {
        let problem = blocks(text).unwrap_err();
        assert!(problem.contains(part), "{problem}");
    }

    #[test]
    fn headers_are_complete() {
        let text = "class: a\naims: text\npurpose: p\nprovenance: q\n---\nx\ny\n\nclass: b\naims: json\npurpose: p\nprovenance: q\n---\n{}";
        let read = blocks(text).unwrap();
        assert_eq!(
            read.iter().map(|block| (block.class, block.payloads.len())).collect::<Vec<_>>(),
            [("a", 2), ("b", 1)]
        );
        check_refused("class: a\npurpose: p", "`aims: ` is missing");
        check_refused("class: a\naims: x", "\"x\" is no aim");
        check_refused("class: a\naims: text\npurpose: p\nprovenance: q\nx", "`---` is missing");
        check_refused("class: a\naims: text\npurpose: p\nprovenance: q\n---\n\\q", "is no payload");
    }
}
