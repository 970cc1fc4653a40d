//! From ECMA 262 syntax to that of `regex-syntax`. Main function: [`translate`].

/// A pattern in the other syntax.
pub(super) struct Translated {
    pub text: String,
    /// Whether nothing of its meaning was dropped.
    pub exact: bool,
    /// Whether it matches at least what the source matches.
    pub covers: bool,
}

/// Translates a pattern.
pub(super) fn translate(source: &str) -> Translated {
    let mut translator =
        Translator { rest: source.chars().collect(), at: 0, out: String::new(), exact: true, covers: true };
    translator.outside();
    Translated { text: translator.out, exact: translator.exact, covers: translator.covers }
}

/// ECMA's white space and line ends, which are not quite those of Unicode (ECMA-262, `CharacterClassEscape`).
const SPACES: &str = r"\t\n\x0B\x0C\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}";

struct Translator {
    rest: Vec<char>,
    at: usize,
    out: String,
    exact: bool,
    covers: bool,
}

impl Translator {
    /// What stands here becomes something else.
    fn guess(&mut self) {
        self.exact = false;
        self.covers = false;
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn outside(&mut self) {
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '\\' => self.escape(false),
                '[' => self.class(),
                '(' if self.peek(0) == Some('?') => self.group(),
                '{' if !self.is_quantifier() => self.out.push_str("\\{"),
                '{' => self.quantifier(),
                '}' | ']' => self.literal(c),
                '$' | '^' => self.anchor(c),
                _ => self.out.push(c),
            }
        }
    }

    /// An anchor anywhere but at the outer ends may not hold in what is made.
    fn anchor(&mut self, c: char) {
        let at_end = if c == '^' { self.at == 1 } else { self.at == self.rest.len() };
        self.exact &= at_end;
        self.out.push(c);
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// Whether a `{` that was just read begins `{n}`, `{n,}` or `{n,m}`.
    fn is_quantifier(&self) -> bool {
        let body: String = self.rest[self.at..].iter().take_while(|c| **c != '}').collect();
        let closed = self.at + body.chars().count() < self.rest.len();
        let mut numbers = body.splitn(2, ',');
        let first = numbers.next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        closed && first && numbers.next().is_none_or(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Copies what stands in braces, the first of which was just read.
    fn quantifier(&mut self) {
        self.out.push('{');
        while let Some(c) = self.peek(0) {
            self.at += 1;
            self.out.push(c);
            if c == '}' {
                break;
            }
        }
    }

    /// A group that begins with `(?`: look-around is dropped, the rest is known to both syntaxes.
    fn group(&mut self) {
        let is_look = match (self.peek(1), self.peek(2)) {
            (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')) => true,
            (_, _) => false,
        };
        if is_look {
            self.exact = false;
            self.skip_group();
            self.out.push_str("(?:)");
        } else {
            self.out.push('(');
        }
    }

    fn skip_group(&mut self) {
        let mut depth = 1;
        let mut in_class = false;
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class => depth += 1,
                ')' if !in_class => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn class(&mut self) {
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        // `[]` matches nothing and `[^]` everything in ECMA.
        if self.peek(0) == Some(']') {
            self.at += 1;
            let everything = self.out.ends_with('^');
            let keep = self.out.len() - if everything { 2 } else { 1 };
            self.out.truncate(keep);
            self.out.push_str(if everything { "(?s:.)" } else { "[a&&b]" });
            return;
        }
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                ']' => {
                    self.out.push(']');
                    return;
                }
                '\\' => self.escape(true),
                '-' if self.is_range_dash() => self.out.push('-'),
                c => self.literal(c),
            }
        }
    }

    /// Whether a `-` that was just read stands between two single characters of a class.
    fn is_range_dash(&self) -> bool {
        let is_set = |c: Option<char>| c.is_some_and(|c| "dDwWsS".contains(c));
        let before = self.at.checked_sub(2).and_then(|at| self.rest.get(at)).copied();
        let before_is_set = is_set(before) && self.at >= 3 && self.rest[self.at - 3] == '\\';
        let opens = before.is_none_or(|c| c == '[' && self.out.ends_with('[') && !self.out.ends_with(r"\["));
        // Without braces `\p` is the letter.
        let is_property = matches!(self.peek(1), Some('p' | 'P')) && self.peek(2) == Some('{');
        let after_is_set = self.peek(0) == Some('\\') && (is_set(self.peek(1)) || is_property);
        !opens && !before_is_set && !after_is_set && !matches!(self.peek(0), None | Some(']'))
    }

    fn escape(&mut self, in_class: bool) {
        let Some(c) = self.peek(0) else {
            self.out.push_str("\\\\");
            return;
        };
        self.at += 1;
        match c {
            // ECMA's digits, words and spaces; Unicode's are larger.
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            // A class may be negated, so there it must be all of them.
            's' if in_class => self.out.push_str(SPACES),
            's' => {
                self.covers = false;
                self.out.push_str(r"[\t\n\x0B\x0C\r ]");
            }
            'S' => self.out.extend(["[^", SPACES, "]"]),
            'n' | 'r' | 't' | 'v' | 'f' => self.out.extend(['\\', c]),
            'p' | 'P' if self.peek(0) == Some('{') => {
                self.out.extend(['\\', c]);
                self.at += 1;
                self.quantifier();
            }
            'x' => self.code(2),
            'u' => self.code(4),
            'c' => self.control(),
            'b' if in_class => self.out.push_str("\\x08"),
            'b' | 'B' => self.exact = false,
            '0' => {
                if self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
                    self.guess();
                }
                self.out.push_str("\\x00");
            }
            '1'..='9' => {
                // A reference backwards, or without such a group and in a class the octal code of a character.
                self.guess();
                self.out.push_str(if in_class { "\\x01" } else { "(?:)" });
            }
            // Anchors elsewhere, and plain letters in ECMA.
            'A' | 'z' | 'Z' if !in_class => {
                self.guess();
                self.out.push_str(if c == 'A' { "^" } else { "$" });
            }
            c => self.literal(c),
        }
    }

    /// `\xHH`, `\uHHHH` or `\u{H...}`.
    fn code(&mut self, digits: usize) {
        // Braces belong to `\u` alone; after `\x` they count how often an `x` stands there.
        let braced = digits == 4 && self.peek(0) == Some('{');
        let from = self.at + usize::from(braced);
        let is_end = |(index, c): &(usize, &char)| !c.is_ascii_hexdigit() || !braced && *index == digits;
        let length = self.rest[from..].iter().enumerate().take_while(|pair| !is_end(pair)).count();
        let hex: String = self.rest[from..from + length].iter().collect();
        let known = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
        match known {
            Some(c) if braced && self.rest.get(from + length) == Some(&'}') || !braced && length == digits => {
                self.at = from + length + usize::from(braced);
                self.hex(c);
            }
            _ => {
                self.guess();
                self.literal(if digits == 2 { 'x' } else { 'u' });
            }
        }
    }

    fn control(&mut self) {
        let letter = self.peek(0).filter(char::is_ascii_alphabetic);
        if let Some(letter) = letter {
            self.at += 1;
            self.hex(char::from(letter as u8 % 32));
        } else {
            self.guess();
        }
    }

    /// A character by its number, which no syntax takes for anything else.
    fn hex(&mut self, c: char) {
        let digits = format!("{:X}", u32::from(c));
        self.out.extend(["\\x{", &digits, "}"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str, exact: bool) {
        let translated = translate(source);
        assert_eq!((translated.text.as_str(), translated.exact), (expected, exact));
    }

    #[test]
    fn what_is_only_left_out_still_covers() {
        let covers = |source| translate(source).covers;
        assert!([r"(?!a)b", r"a\bc", "a^b", r"^\S[\s]$"].into_iter().all(covers));
        assert!(![r"(a)\1", r"\A", r"\012", r"\x4", r"\c1", r"^\s$"].into_iter().any(covers));
    }

    #[test]
    fn ecma_becomes_regex_syntax() {
        check(r"^\d+$", "^[0-9]+$", true);
        check(r"a{,3}", r"a\{,3\}", true);
        check(r"a{2,}", "a{2,}", true);
        check(r"[\w-z]", r"[[0-9A-Za-z_]\-z]", true);
        let spaces = SPACES;
        check(r"[^\s]\S\s", &format!(r"[^{spaces}][^{spaces}][\t\n\x0B\x0C\r ]"), true);
        check(r"[\p-z]", "[p-z]", true);
        check("[a[-z]", r"[a\[-z]", true);
        check(r"[a-z_-]", r"[a-z\_\-]", true);
        check(r"(?!a[)]b)c", "(?:)c", false);
        check(r"\ps\p{L}", r"ps\p{L}", true);
        check(r"\x41\x{8\u{41}\c1", r"\x{41}x\{8\x{41}1", false);
        check(r"[\1]\012\A", r"[\x01]\x0012^", false);
        check(r"\/\-\@", r"\/\-\@", true);
        check(r"\u00e9\x41", r"\x{E9}\x{41}", true);
        check(r"[^]", "(?s:.)", true);
        check(r"^\p{L}+$", r"^\p{L}+$", true);
        check(r"(a)\1", "(a)(?:)", false);
    }
}
