//! Dictionary files: the syntax of AFL and libFuzzer, or one value a line. Main function: [`words`].
//!
//! An entry of the former is `"value"` or `name="value"` or `name@level="value"`, with `\\`, `\"` and `\xNN` for what
//! can't be written (AFL++ `dictionaries/README.md`, LLVM `LibFuzzer` section "Dictionaries"); every level is taken. A file
//! is read so if its first line that is no comment looks so.

use bytes::Bytes;

/// What is wrong with a line; both count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// The line.
    pub line: usize,
    /// The byte in it.
    pub column: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// The values of a dictionary, in its order, each as often as it stands there.
pub fn words(file: &[u8]) -> Result<Vec<Bytes>, Mistake> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let lines = file.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_said = |line: &[u8]| !line.trim_ascii().is_empty() && !is_comment(line);
    let said: Vec<(usize, &[u8])> = lines.enumerate().filter(|(_, line)| is_said(line)).collect();
    let telling = said.iter().find(|(_, line)| !line.trim_ascii_start().starts_with(b"#"));
    if !telling.is_some_and(|(_, line)| is_entry(line)) {
        return Ok(said.into_iter().map(|(_, line)| Bytes::copy_from_slice(line)).collect());
    }
    let entry = |(number, line): (usize, &[u8])| {
        let mistake =
            |(at, message): (usize, &str)| Mistake { line: number + 1, column: at + 1, message: message.into() };
        let entry = if line.trim_ascii_start().starts_with(b"#") { None } else { Some(value(line)) };
        entry.transpose().map_err(mistake)
    };
    said.into_iter().filter_map(|line| entry(line).transpose()).collect()
}

/// `#` alone or before a blank: a list may hold `#{7*7}`, which is a value.
fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start(), [b'#'] | [b'#', b' ' | b'\t' | b'#' | b'!', ..])
}

/// Whether a line has the form of an entry, whatever its value is.
fn is_entry(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let Some(quote) = line.iter().position(|byte| *byte == b'"') else { return false };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@ \t".contains(byte);
    match line[..quote].trim_ascii_end().strip_suffix(b"=") {
        Some(name) => name.iter().all(is_name),
        None => quote == 0 && line.len() > 1 && line.ends_with(b"\""),
    }
}

/// The value of an entry, or where it is wrong and why.
fn value(line: &[u8]) -> Result<Bytes, (usize, &'static str)> {
    const FORM: &str = "an entry is written name=\"value\" or \"value\", as in the lines above";
    let quote = line.iter().position(|byte| *byte == b'"').ok_or((0, FORM))?;
    let name = line[..quote].trim_ascii();
    if !name.is_empty() && (!name.ends_with(b"=") || name.len() == 1) {
        return Err((0, FORM));
    }
    let mut out = Vec::new();
    let mut at = quote + 1;
    loop {
        let rest = &line[at..];
        match rest {
            [] => return Err((at, "the value has no closing quote")),
            [b'"', after @ ..] => {
                let after = after.trim_ascii();
                let is_over = after.is_empty() || after.starts_with(b"#");
                return if is_over { Ok(out.into()) } else { Err((at, "a quote within a value is written \\\"")) };
            }
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(digit(*high) << 4 | digit(*low));
                at += 4;
            }
            [b'\\', plain @ (b'\\' | b'"'), ..] => {
                out.push(*plain);
                at += 2;
            }
            [b'\\', ..] => return Err((at, "a backslash stands only in \\\\, \\\" and \\xNN")),
            [plain, ..] => {
                out.push(*plain);
                at += 1;
            }
        }
    }
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(file: &[u8], expected: &[&[u8]]) {
        let found = words(file).unwrap();
        let found: Vec<&[u8]> = found.iter().map(|word| &word[..]).collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(file));
    }

    #[track_caller]
    fn check_wrong(file: &[u8], line: usize, column: usize, part: &str) {
        let mistake = words(file).unwrap_err();
        assert_eq!((mistake.line, mistake.column), (line, column), "{mistake}");
        assert!(mistake.message.contains(part), "{mistake}");
    }

    #[test]
    fn entries_are_read_as_fuzzers_read_them() {
        let file = b"# SQL\r\n\r\nkw=\"SELECT\"\r\n  kw_2@1 = \"a\\x00\\xfFb\" # so\n\"\\\\ \\\"\"\n#\"no\"\n\"\"\n";
        check(file, &[b"SELECT", b"a\x00\xffb", b"\\ \"", b""]);
        check("k=\"ä\"".as_bytes(), &["ä".as_bytes()]);
    }

    #[test]
    fn lists_are_taken_line_by_line() {
        check(b"# ids\ncust-1\n cust 2\r\n\n#{7*7}\na=\"b\n", &[b"cust-1", b" cust 2", b"#{7*7}", b"a=\"b"]);
        check(b"\"quoted\" in part\n\xff\n", &[b"\"quoted\" in part", b"\xff"]);
        check(b"'; DROP=\"x\"\n", &[b"'; DROP=\"x\""]);
        check(b"#note\na=\"b\"", &[b"b"]);
        check(b"", &[]);
        check(b"\xef\xbb\xbfa", &[b"a"]);
    }

    #[test]
    fn mistakes_name_their_place() {
        check_wrong(b"a=\"b\"\nc=\"d", 2, 5, "closing quote");
        check_wrong(b"a=\"b\"\nc=\"d\"e\"", 2, 5, "within a value");
        check_wrong(b"# x\n\na=\"\\n\"", 3, 4, "\\xNN");
        check_wrong(b"a=\"\\x4\"", 1, 4, "\\xNN");
        check_wrong(b"a=\"b\"\nplain", 2, 1, "name=\"value\"");
        check_wrong(b"a=\"b\"\n=\"b\"", 2, 1, "name=\"value\"");
    }

    proptest! {
        #[test]
        fn what_is_written_as_an_entry_is_read_back(word in prop::collection::vec(any::<u8>(), 0..40)) {
            let escaped = word.iter().fold(String::new(), |text, byte| format!("{text}\\x{byte:02x}"));
            prop_assert_eq!(words(format!("w=\"{escaped}\"\n").as_bytes()), Ok(vec![Bytes::from(word)]));
        }

        #[test]
        fn no_file_makes_it_panic(file in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = words(&file);
        }
    }
}
