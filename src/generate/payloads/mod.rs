//! Hostile values by class, as data. Main type: [`Payload`]; main functions: [`texts`], [`integers`], [`bodies`].
//!
//! They are the classic probes of each kind of interpreter, one file per kind with its purpose and provenance. They aim
//! at errors and hangs; none deletes, waits longer than a moment, or reaches out to another host (a name is one of
//! `.invalid`, RFC 2606). The format of the files is in `file`.

mod file;

use std::sync::OnceLock;

use bytes::Bytes;

use file::{Aim, blocks};

/// A value and what it is meant for.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    /// The class, as an intent names it.
    pub class: &'static str,
    /// The value.
    pub bytes: Bytes,
}

/// The files, the most telling first.
const FILES: &[(&str, &str)] = &[
    ("polyglot", include_str!("polyglot.txt")),
    ("sql", include_str!("sql.txt")),
    ("quotes", include_str!("quotes.txt")),
    ("format", include_str!("format.txt")),
    ("control", include_str!("control.txt")),
    ("traversal", include_str!("traversal.txt")),
    ("unicode", include_str!("unicode.txt")),
    ("nosql", include_str!("nosql.txt")),
    ("template", include_str!("template.txt")),
    ("command", include_str!("command.txt")),
    ("crlf", include_str!("crlf.txt")),
    ("markup", include_str!("markup.txt")),
    ("xml", include_str!("xml.txt")),
    ("ldap", include_str!("ldap.txt")),
    ("xpath", include_str!("xpath.txt")),
    ("prototype", include_str!("prototype.txt")),
    ("regex", include_str!("regex.txt")),
    ("spreadsheet", include_str!("spreadsheet.txt")),
    ("serialised", include_str!("serialised.txt")),
    ("lookup", include_str!("lookup.txt")),
    ("words", include_str!("words.txt")),
    ("integers", include_str!("integers.txt")),
    ("json", include_str!("json.txt")),
];

/// The lengths of very long texts: past the usual buffers, and past the usual columns.
pub(crate) const LONG: &[usize] = &[300, 5_000, 70_000];

/// A JSON list of 8 MiB, compressed to 8 KiB: past what a reader should take, and no danger to a machine (CWE-409). Made
/// with gzip, level 9, of `{"gadfly":[0,0,...]}`.
pub(crate) const GROWING: &[u8] = include_bytes!("growing.json.gz");

/// What is in the files, by what it aims at.
struct Payloads {
    texts: Vec<Payload>,
    integers: Vec<Payload>,
    bodies: Vec<Payload>,
}

/// Payloads for texts: the first of each class in their turn, then the second of each.
pub(crate) fn texts() -> &'static [Payload] {
    &all().texts
}

/// Payloads for integers.
pub(crate) fn integers() -> &'static [Payload] {
    &all().integers
}

/// Payloads in place of whole JSON bodies.
pub(crate) fn bodies() -> &'static [Payload] {
    &all().bodies
}

fn all() -> &'static Payloads {
    static ALL: OnceLock<Payloads> = OnceLock::new();
    ALL.get_or_init(|| Payloads {
        texts: in_turn(Aim::Text),
        integers: in_turn(Aim::Integer),
        bodies: in_turn(Aim::Body),
    })
}

/// The payloads of an aim: one of each class before the next of any.
fn in_turn(aim: Aim) -> Vec<Payload> {
    let mut ranked: Vec<(usize, Payload)> = Vec::new();
    for (name, text) in FILES {
        let read = blocks(text).unwrap_or_else(|problem| panic!("{name}: {problem}; a test reads every file"));
        for block in read.into_iter().filter(|block| block.aim == aim) {
            let payload = |bytes| Payload { class: block.class, bytes };
            ranked.extend(block.payloads.into_iter().map(payload).enumerate());
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, payload)| payload).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What would harm a machine, in lower case.
    const HARMFUL: [&str; 20] = [
        "rm -",
        "rmdir",
        "mkfs",
        "shutdown",
        "reboot",
        "poweroff",
        "kill",
        ":(){",
        "drop ",
        "delete ",
        "truncate ",
        "update ",
        "insert ",
        "sleep",
        "waitfor",
        "benchmark(",
        "xp_",
        "curl ",
        "wget ",
        "format c",
    ];

    #[test]
    fn every_file_is_whole() {
        for (name, text) in FILES {
            let blocks = blocks(text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert!(!blocks.is_empty(), "{name}");
            for block in blocks {
                assert!(!block.class.is_empty() && block.purpose.len() > 20 && block.provenance.len() > 20, "{name}");
                assert!(block.class.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", block.class);
                let distinct: BTreeSet<&Bytes> = block.payloads.iter().collect();
                assert_eq!(distinct.len(), block.payloads.len(), "{name}: one stands twice");
                assert!(!distinct.is_empty() && block.payloads.iter().all(|payload| payload.len() < 2 << 20), "{name}");
            }
        }
    }

    #[test]
    fn payloads_are_distinct_and_of_their_kind() {
        for (least, payloads) in [(200, texts()), (10, integers()), (50, bodies())] {
            let distinct: BTreeSet<&Bytes> = payloads.iter().map(|payload| &payload.bytes).collect();
            assert_eq!(distinct.len(), payloads.len());
            assert!(payloads.len() >= least, "{}", payloads.len());
        }
        assert!(texts().iter().all(|payload| std::str::from_utf8(&payload.bytes).is_ok()));
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        assert!(
            integers().iter().all(|payload| payload
                .bytes
                .strip_prefix(b"-")
                .unwrap_or(&payload.bytes)
                .iter()
                .all(is_digit))
        );
    }

    #[test]
    fn nothing_harms_a_machine_or_reaches_out() {
        for payload in texts().iter().chain(bodies()) {
            let text = String::from_utf8_lossy(&payload.bytes).to_lowercase();
            for harmful in HARMFUL {
                assert!(!text.contains(harmful), "{harmful:?} in {text:?}");
            }
            for (at, _) in text.match_indices("://") {
                let rest = &text[at + 3..];
                let host = rest.split(['/', '"', '\'', ')', '>', '?', ' ']).next().unwrap_or_default();
                assert!(host.is_empty() || host.ends_with(".invalid"), "{host:?} in {text:?}");
            }
        }
    }

    #[test]
    fn the_first_holds_a_bit_of_all() {
        let first = String::from_utf8_lossy(&texts()[0].bytes);
        for mark in ["'", "\"", "%s", "{}", "${7*7}", "<", "\\"] {
            assert!(first.contains(mark), "{mark} in {first}");
        }
        let classes: BTreeSet<&str> = texts()[..20].iter().map(|payload| payload.class).collect();
        assert_eq!(classes.len(), 20, "each class has its turn");
    }

    #[test]
    fn what_grows_grows_within_bounds() {
        // RFC 1952: the magic number, and the length of what was compressed in the last four bytes.
        assert!(GROWING.starts_with(&[0x1F, 0x8B, 8]));
        let length = u32::from_le_bytes(GROWING[GROWING.len() - 4..].try_into().unwrap());
        assert!((4 << 20..10 << 20).contains(&length) && GROWING.len() < 10 << 10, "{length} of {}", GROWING.len());
    }
}
