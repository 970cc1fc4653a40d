//! A command line taken apart into words as bash and zsh do. Main function: [`pipeline`].
//!
//! Quotes, `$'..'`, backslashes, continued lines and comments are read; nothing is run, and `$NAME` stays as it is. What
//! only a running shell knows, such as the output of another command, is refused.

/// The words of one command.
pub(super) type Words = Vec<Vec<u8>>;

/// The commands at the beginning of a text that are joined by pipes, and the length of their text.
pub(super) fn pipeline(text: &str) -> Result<(Vec<Words>, usize), String> {
    let mut lexer = Lexer { text: text.as_bytes(), at: 0, word: None, words: Vec::new(), skips: false };
    let mut commands = Vec::new();
    loop {
        let end = lexer.command()?;
        commands.push(std::mem::take(&mut lexer.words));
        if end == End::List {
            return Ok((commands, lexer.at));
        }
    }
}

#[derive(PartialEq, Eq)]
enum End {
    /// Another command reads what this one writes.
    Pipe,
    /// The text or the list of commands ends.
    List,
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// The word that is being read.
    word: Option<Vec<u8>>,
    words: Words,
    /// Whether the next word is a file that something is redirected to.
    skips: bool,
}

impl Lexer<'_> {
    /// Reads words up to the end of one command.
    fn command(&mut self) -> Result<End, String> {
        while let Some(byte) = self.next() {
            match byte {
                b' ' | b'\t' | b'\r' => self.finish(),
                b'|' | b'&' if self.peek() == Some(byte) => {
                    self.finish();
                    self.at += 1;
                    return Ok(End::List);
                }
                b'\n' | b';' | b'(' | b')' | b'&' => {
                    self.finish();
                    return Ok(End::List);
                }
                b'|' => {
                    self.finish();
                    return Ok(End::Pipe);
                }
                b'<' | b'>' => self.redirect(),
                b'#' if self.word.is_none() => {
                    while self.peek().is_some_and(|next| next != b'\n') {
                        self.at += 1;
                    }
                }
                b'\'' => self.single()?,
                b'"' => self.double()?,
                b'$' if self.peek() == Some(b'\'') => self.ansi_c()?,
                b'$' if self.peek() == Some(b'"') => self.word().clear(),
                b'$' | b'`' => self.dollar(byte)?,
                b'\\' => match self.next() {
                    Some(b'\n') => {}
                    Some(b'\r') if self.peek() == Some(b'\n') => self.at += 1,
                    Some(next) => self.word().push(next),
                    None => self.word().push(b'\\'),
                },
                other => self.word().push(other),
            }
        }
        self.finish();
        Ok(End::List)
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn word(&mut self) -> &mut Vec<u8> {
        self.word.get_or_insert_default()
    }

    fn finish(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !std::mem::take(&mut self.skips) {
            self.words.push(word);
        }
    }

    /// `> file`, `2> file`, `2>&1`: neither the number nor the file is a word.
    fn redirect(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.iter().all(u8::is_ascii_digit)) {
            self.word = None;
        }
        self.finish();
        self.skips = true;
        while matches!(self.peek(), Some(b'>' | b'<' | b'&')) {
            self.at += 1;
        }
    }

    fn single(&mut self) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\'').ok_or("a ' is not closed")?;
        self.at += end + 1;
        self.word().extend_from_slice(&rest[..end]);
        Ok(())
    }

    fn double(&mut self) -> Result<(), String> {
        self.word();
        loop {
            match self.next().ok_or("a \" is not closed")? {
                b'"' => return Ok(()),
                b'\\' => match self.next().ok_or("a \" is not closed")? {
                    b'\n' => {}
                    next @ (b'"' | b'\\' | b'$' | b'`') => self.word().push(next),
                    next => self.word().extend([b'\\', next]),
                },
                byte @ (b'$' | b'`') => self.dollar(byte)?,
                other => self.word().push(other),
            }
        }
    }

    /// A variable stays as it is written; the output of a command can't be known.
    fn dollar(&mut self, byte: u8) -> Result<(), String> {
        if byte == b'`' || self.peek() == Some(b'(') {
            return Err("the output of another command stands in it".to_owned());
        }
        self.word().push(byte);
        Ok(())
    }

    /// `$'..'`.
    fn ansi_c(&mut self) -> Result<(), String> {
        self.at += 1;
        self.word();
        loop {
            let byte = self.next().ok_or("a $' is not closed")?;
            match byte {
                b'\'' => return Ok(()),
                b'\\' => self.escape()?,
                other => self.word().push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let byte = self.next().ok_or("a $' is not closed")?;
        let plain = match byte {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => byte,
            b'0'..=b'7' => {
                self.at -= 1;
                self.number(8, 3).to_le_bytes()[0]
            }
            b'x' => self.number(16, 2).to_le_bytes()[0],
            b'u' | b'U' => {
                let code = self.number(16, if byte == b'u' { 4 } else { 8 });
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.word().extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            b'c' => self.next().ok_or("a $' is not closed")? & 0x1f,
            other => {
                self.word().extend([b'\\', other]);
                return Ok(());
            }
        };
        self.word().push(plain);
        Ok(())
    }

    /// The number of at most so many digits that stands here; 0 without one.
    fn number(&mut self, radix: u32, most: usize) -> u32 {
        let mut number: u32 = 0;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            number = number.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        number
    }
}

/// What `printf` or `echo` writes, for a body that no argument can hold; `None` for any other command.
pub(super) fn written(command: &Words) -> Option<Vec<u8>> {
    match command.split_first()? {
        (name, [format]) if name == b"printf" => Some(printed(format)),
        (name, texts) if name == b"echo" => {
            let (is_bare, texts) = match texts.split_first() {
                Some((flag, rest)) if flag == b"-n" => (true, rest),
                _ => (false, texts),
            };
            let mut out = texts.join(&b' ');
            out.extend((!is_bare).then_some(b'\n'));
            Some(out)
        }
        _ => None,
    }
}

/// A format of `printf` without arguments.
fn printed(format: &[u8]) -> Vec<u8> {
    let mut lexer = Lexer { text: format, at: 0, word: Some(Vec::new()), words: Vec::new(), skips: false };
    while let Some(byte) = lexer.next() {
        match byte {
            b'%' if lexer.peek() == Some(b'%') => {
                lexer.at += 1;
                lexer.word().push(b'%');
            }
            // A backslash at the end stands for itself.
            b'\\' => _ = lexer.escape().map_err(|_| lexer.word().push(b'\\')),
            other => lexer.word().push(other),
        }
    }
    lexer.word.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]]) {
        let (commands, _) = pipeline(text).unwrap();
        let shown: Vec<Vec<String>> = commands
            .iter()
            .map(|words| words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect())
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn words_are_read_as_a_shell_does() {
        check("curl -H 'A: b'  \"c d\"e", &[&["curl", "-H", "A: b", "c de"]]);
        check("curl \\\n  -X POST \\\r\n a # rest\nnext", &[&["curl", "-X", "POST", "a"]]);
        check(r#"a "\"\\\$x\n" b\ c '\n' ''"#, &[&["a", "\"\\$x\\n", "b c", "\\n", ""]]);
        check(r"a $'\x41\101\u00e9\U0001F600\n\'\?\cA\q'z", &[&["a", "AA\u{e9}\u{1F600}\n'?\u{1}\\qz"]]);
        check("a \"$HOST/b\" $TOKEN", &[&["a", "$HOST/b", "$TOKEN"]]);
        check("printf 'a' | curl x > out 2>&1 -s; curl y", &[&["printf", "a"], &["curl", "x", "-s"]]);
        check("curl a&&curl b", &[&["curl", "a"]]);
        check("", &[&[]]);
    }

    #[test]
    fn the_length_of_what_was_read_is_told() {
        let text = "curl 'a\nb'\ncurl c";
        let (commands, length) = pipeline(text).unwrap();
        assert_eq!((commands.len(), &text[length..]), (1, "curl c"));
    }

    #[track_caller]
    fn refuse(text: &str, part: &str) {
        let reason = pipeline(text).unwrap_err();
        assert!(reason.contains(part), "{text}: {reason}");
    }

    #[test]
    fn what_only_a_shell_knows_is_refused() {
        refuse("curl 'a", "' is not closed");
        refuse("curl \"a\\", "\" is not closed");
        refuse("curl $'a", "$' is not closed");
        refuse("curl $(cat x)", "output of another command");
        refuse("curl \"`cat x`\"", "output of another command");
    }

    #[test]
    fn what_printf_and_echo_write_is_known() {
        let words = |text: &str| pipeline(text).unwrap().0.remove(0);
        assert_eq!(written(&words(r"printf 'a\000%%\055'")).unwrap(), b"a\0%-");
        assert_eq!(written(&words("echo a b")).unwrap(), b"a b\n");
        assert_eq!(written(&words("echo -n a")).unwrap(), b"a");
        assert_eq!(written(&words("cat a")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[ -~\n\\\\'\"$`|<>&]{0,40}") {
            if let Ok((commands, length)) = pipeline(&text) {
                prop_assert!(!commands.is_empty() && length <= text.len());
                for command in &commands {
                    _ = written(command);
                }
            }
        }

        #[test]
        fn quoted_text_is_one_word(text in "[^']{0,30}") {
            let (commands, _) = pipeline(&format!("a '{text}'")).unwrap();
            prop_assert_eq!(&commands[0][1], text.as_bytes());
        }
    }
}
