//! A note beside the lines that it is about, as compilers show it. Main method: [`Note::excerpt`].

use std::fmt::Write;

use super::note::{Level, Note, Position};

/// How much of a line is shown; specifications on one line have millions of characters.
const WIDTH: usize = 100;
/// How much of it stands before the place that is meant.
const BEFORE: usize = 40;

impl Note {
    /// The note with file, line, column and the line itself; `source` is the text of the file that
    /// [`Note::position`] names.
    pub fn excerpt(&self, source: &str) -> String {
        let level = match self.level {
            Level::Lifted => "lifted",
            Level::Assumed => "assumed",
            Level::Skipped => "skipped",
        };
        let mut out = format!("{level}: {}\n", self.message);
        let indent = self.position.as_ref().map_or(1, |position| shown(source, position, &mut out));
        if let Some(operation) = &self.operation {
            push(&mut out, format_args!("{:indent$} = operation: {operation}", ""));
        }
        push(
            &mut out,
            format_args!("{:indent$} = pointer: {}", "", if self.pointer.is_empty() { "/" } else { &self.pointer }),
        );
        out
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes everything");
}

/// Adds the place and its line; gives the width of the line number.
fn shown(source: &str, position: &Position, out: &mut String) -> usize {
    let number = position.line.to_string();
    let indent = number.len();
    push(out, format_args!("{:indent$}--> {position}", ""));
    if let Some(line) = source.trim_start_matches('\u{FEFF}').lines().nth(position.line - 1) {
        let window = Window::of(line, position.column - 1);
        push(out, format_args!("{:indent$} |", ""));
        push(out, format_args!("{number} | {}", window.text));
        push(out, format_args!("{:indent$} | {:at$}{}", "", "", "^".repeat(window.carets), at = window.at));
    }
    indent
}

/// The part of a line that is shown.
struct Window {
    text: String,
    /// Where the carets begin, and how many there are.
    at: usize,
    carets: usize,
}

impl Window {
    fn of(line: &str, column: usize) -> Self {
        let start = if column > WIDTH - BEFORE { column - BEFORE } else { 0 };
        let mut rest = line.chars().skip(start);
        let shown: String = rest.by_ref().take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let carets = token(&shown.chars().skip(column - start).collect::<String>());
        let prefix = if start > 0 { "..." } else { "" };
        let suffix = if rest.next().is_some() { "..." } else { "" };
        let at = column - start + prefix.len();
        Self { text: format!("{prefix}{}{suffix}", shown.trim_end()), at, carets }
    }
}

/// How many characters the key or value at the beginning of a text has.
fn token(text: &str) -> usize {
    let mut chars = text.chars();
    let count = match chars.next() {
        Some(quote @ ('"' | '\'')) => chars.position(|c| c == quote).map_or(1, |end| end + 2),
        _ => text.chars().take_while(|c| !c.is_whitespace() && !matches!(c, ',' | ':' | '}' | ']')).count(),
    };
    count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OperationId;

    fn note(line: usize, column: usize) -> Note {
        Note {
            level: Level::Assumed,
            message: "it is so".into(),
            pointer: "/paths/~1a/get".into(),
            position: Some(Position { file: "a.yaml".into(), line, column }),
            operation: Some(OperationId::new("get", "/a")),
        }
    }

    #[test]
    fn an_excerpt_shows_the_line() {
        let shown = note(2, 5).excerpt("paths:\n\t/a: {\"get\": 1}\n");
        assert_eq!(
            shown,
            "\
assumed: it is so
 --> a.yaml:2:5
  |
2 |  /a: {\"get\": 1}
  |     ^
  = operation: GET /a
  = pointer: /paths/~1a/get
"
        );
        assert!(note(2, 7).excerpt("\n\t/a: {\"get\": 1}").contains("\n  |       ^^^^^\n"));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}\"here\": 1{}", "x".repeat(5000), "y".repeat(5000));
        let shown = note(1, 5001).excerpt(&line);
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[3].len() < 120 && lines[3].contains("...x") && lines[3].ends_with("y..."), "{shown}");
        assert_eq!(lines[3].find("\"here\""), lines[4].find("^^^^^^"));
    }

    #[test]
    fn places_outside_the_text_show_no_line() {
        let shown = note(9, 1).excerpt("one line");
        assert_eq!(shown.lines().count(), 4);
        let nowhere = Note { position: None, operation: None, pointer: String::new(), ..note(1, 1) };
        assert_eq!(nowhere.excerpt(""), "assumed: it is so\n  = pointer: /\n");
        assert!(note(1, 900).excerpt("short").contains('^'));
    }
}
