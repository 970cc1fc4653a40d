//! Text that a server sent, made safe to print. Main functions: [`line()`], [`visible`].
//!
//! A terminal obeys control characters, and bidirectional marks make text read other than it is; both can come
//! back from a server under test (CWE-150, CVE-2021-42574). What is printed shows them as escapes.

use std::fmt::Write;

/// How long a command line may be: longer ones are read from the fixture.
pub(super) const COMMAND_LENGTH: usize = 2_000;

/// The text with every character that a terminal would obey or hide shown as an escape such as `\u{1b}`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_deceptive(c) => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to memory does not fail"),
            c => out.push(c),
        }
    }
    out
}

/// One line of at most `width` characters: white space folded, the rest [`visible`], what is cut off marked by `…`.
pub fn line(text: &str, width: usize) -> String {
    // A body can be megabytes, and an escape makes a character longer: look only at what may be shown.
    let start: String = text.chars().take(4 * width.max(1)).collect();
    let cut_short = start.len() < text.len();
    let folded: Vec<&str> = start.split_ascii_whitespace().collect();
    let shown = visible(&folded.join(" "));
    if cut_short { ellipsis(&(shown + "…"), width) } else { ellipsis(&shown, width) }
}

/// A command as [`visible`] text; longer than [`COMMAND_LENGTH`] it is cut, and says so.
pub(super) fn command(text: &str) -> String {
    let start: String = text.chars().take(COMMAND_LENGTH).collect();
    let rest = text.len() - start.len();
    if rest == 0 { visible(text) } else { format!("{}… ({rest} more bytes)", visible(&start)) }
}

/// The text, cut to `width` characters.
fn ellipsis(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end_matches(['…', ' ']))
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the format characters that are invisible
/// or change the direction of text (Unicode general category Cf and tags).
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 operation`, `2 operations`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, width: usize, expected: &str) {
        assert_eq!(line(text, width), expected);
    }

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        check("\u{1b}[2J\u{1b}]0;owned\u{7}", 80, "\\u{1b}[2J\\u{1b}]0;owned\\u{7}");
        check("user\u{202e}nimda", 80, "user\\u{202e}nimda");
        check("a\u{200b}b\u{9b}31m", 80, "a\\u{200b}b\\u{9b}31m");
        check("naïve 東京 🦀", 80, "naïve 東京 🦀");
    }

    #[test]
    fn lines_are_folded_and_cut() {
        check("a\n  b\tc\r\n", 80, "a b c");
        check("abcdef", 6, "abcdef");
        check("abcdefg", 6, "abcde…");
        check(&"x".repeat(1_000_000), 6, "xxxxx…");
        check("ab     c", 3, "ab…");
        check("", 0, "");
    }

    #[test]
    fn long_commands_say_that_they_are_cut() {
        let text = "é".repeat(COMMAND_LENGTH + 10);
        assert!(command(&text).ends_with("é… (20 more bytes)"));
        assert_eq!(command("curl -d $'a\\n'"), "curl -d $'a\\n'");
    }

    #[test]
    fn numbers_are_grouped() {
        let shown = [0, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!([count(1, "operation"), count(2_000, "operation")], ["1 operation", "2,000 operations"]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_short_safe_line(text in "(?s).*", width in 1usize..40) {
            let shown = line(&text, width);
            prop_assert!(shown.chars().count() <= width);
            prop_assert!(!shown.chars().any(is_deceptive));
        }
    }
}
