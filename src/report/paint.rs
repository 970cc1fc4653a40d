//! Colours, or none. Main type: [`Paint`]. Only the sixteen colours that every terminal theme defines are used.

use crate::finding::Severity;

/// Colours text for a terminal, or leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colours if `on`.
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// Stands out.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Stands back.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Went well.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Went wrong.
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// Needs attention.
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }

    /// In the colour of a severity.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;35",
            Severity::High => "1;31",
            Severity::Medium => "33",
            Severity::Low => "36",
            Severity::Remark => "2",
        };
        self.with(code, text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_is_no_byte_more() {
        assert_eq!(Paint::new(false).bad("x"), "x");
        assert_eq!(Paint::new(true).bad("x"), "\u{1b}[1;31mx\u{1b}[0m");
        assert_eq!(Paint::new(true).bad(""), "");
    }
}
