//! Text of HTML and XML pages, as far as error pages need it. Function: [`to_text`]. It is no parser: it never fails.

use std::borrow::Cow;

/// Elements whose end is no end of a line.
const INLINE: &[&str] =
    &["a", "b", "i", "em", "strong", "span", "code", "cite", "tt", "small", "font", "u", "var", "kbd", "sub", "sup"];

/// Whether the text begins like a page.
pub(super) fn is_markup(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('<') && start[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?'))
}

/// The text between the tags, with a line for each block; scripts, styles and comments are left out.
pub(super) fn to_text(page: &str) -> String {
    let mut out = String::with_capacity(page.len() / 2);
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        out.push_str(&entities(&rest[..at]));
        rest = &rest[at..];
        let Some(end) = tag_end(rest) else {
            // A lone `<` is text.
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        let tag = &rest[1..end];
        if !INLINE.contains(&element(tag).as_str()) {
            out.push('\n');
        }
        rest = skipped_content(tag, &rest[end + 1..]);
    }
    out.push_str(&entities(rest));
    out
}

/// The byte offset of the `>` that closes the tag at the start, if it is a tag.
fn tag_end(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return text.find("-->").map(|at| at + 2);
    }
    let second = text[1..].chars().next()?;
    let is_tag = second.is_ascii_alphabetic() || matches!(second, '/' | '!' | '?');
    if is_tag { text.find('>') } else { None }
}

fn element(tag: &str) -> String {
    let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
    name.to_ascii_lowercase()
}

/// What follows a tag, past the content of scripts and styles.
fn skipped_content<'a>(tag: &str, after: &'a str) -> &'a str {
    let close = match element(tag).as_str() {
        "script" if !tag.starts_with('/') => "</script",
        "style" if !tag.starts_with('/') => "</style",
        _ => return after,
    };
    after.find(close).map_or("", |at| &after[at..])
}

/// Replaces the character references that error pages use (HTML section 13.1.4).
pub(super) fn entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';').map(|(end, _)| end);
        let replaced = end.and_then(|end| Some((reference(&rest[1..end])?, end + 1)));
        let (c, length) = replaced.unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, lines: &[&str]) {
        let text = to_text(page);
        let found: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn pages_become_lines() {
        check("<title>500 x</title><h1>Oops</h1><p>a <b>b</b>c", &["500 x", "Oops", "a bc"]);
        check("<script>if (a < b) x()</script><style>p{}</style>y", &["y"]);
        check(
            "<!-- hidden > --><pre>File &quot;a.py&quot;, line 3, in &lt;module&gt;</pre>",
            &["File \"a.py\", line 3, in <module>"],
        );
        check("1 < 2 &amp; 3 &unknown; &#39;x&#x27;", &["1 < 2 & 3 &unknown; 'x'"]);
        check("<unclosed", &["<unclosed"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(page in "[<>&;#a-z!/ \\-é\"]{0,80}") {
            let text = to_text(&page);
            proptest::prop_assert!(text.len() <= page.len() + 1);
        }
    }
}
