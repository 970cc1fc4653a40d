//! What a process wrote about a crash, read for findings. Main types: [`Crash`] (one report), [`Told`] (one that the process
//! outlived). What reports look like is known by `target`, and the frames of interpreted languages by `stack_trace`.

use super::stack_trace;
use crate::finding::normalised;
use crate::target::CrashReport;

/// A report, as findings show it.
#[derive(Clone, Debug, Default)]
pub(super) struct Crash {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) frames: Vec<String>,
    /// What of it tells one bug from another.
    pub(super) signature: Vec<String>,
    pub(super) is_sanitizer: bool,
}

impl Crash {
    /// The most telling report of a process that died.
    pub(super) fn of(output: &str) -> Self {
        CrashReport::find(output).map_or_else(Self::default, |report| {
            let text = &output[report.at..];
            Self::read(report, text)
        })
    }

    /// The reports of a process that lives on, each with where it stands in the text and how long it is.
    fn outlived(text: &str) -> Vec<(Self, usize, usize)> {
        let reports = CrashReport::outlived(text);
        let ends: Vec<usize> = reports.iter().skip(1).map(|report| report.at).chain([text.len()]).collect();
        let read = |(report, end): (CrashReport, usize)| {
            let (at, clause) = (report.at, clause(&report));
            let mut crash = Self::read(report, &text[at..end]);
            crash.signature.extend(clause);
            (crash, at, end - at)
        };
        reports.into_iter().zip(ends).map(read).collect()
    }

    fn read(report: CrashReport, text: &str) -> Self {
        let trace = stack_trace::find(text);
        let (is_overflow, is_sanitizer) = (report.is_overflow(), report.is_sanitizer());
        let CrashReport { kind, mut message, mut frames, .. } = report;
        if let Some(trace) = trace.filter(|_| !kind.contains("Sanitizer")) {
            if !trace.error.is_empty() && !kind.starts_with("Rust") {
                message = trace.error;
            }
            frames = vec![trace.frame];
        }
        let signature = match (is_overflow, frames.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => vec![normalised(&message)],
            (false, false) => frames.clone(),
        };
        Self { kind, message, frames, signature, is_sanitizer }
    }

    /// The kind and the innermost frame.
    pub(super) fn shown(&self) -> String {
        let place = self.frames.first().map(|frame| format!(" in {frame}")).unwrap_or_default();
        format!("{}{place}", self.kind)
    }
}

/// Undefined behaviour is of many sorts, and often only the file is known: the sort tells more.
fn clause(report: &CrashReport) -> Option<String> {
    let is_one_of_many = report.kind == "UndefinedBehaviorSanitizer";
    is_one_of_many.then(|| normalised(report.message.split(':').next().unwrap_or_default()))
}

/// What a process reported that lives on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The kind and the innermost frame, for people.
    pub title: String,
    /// The same for each occurrence of the same bug. Where only a file is known, the words tell more of what else panics there.
    pub key: String,
    /// Whether a sanitizer wrote it.
    pub is_sanitizer: bool,
    /// Where in the text it begins.
    pub at: usize,
    /// How long its text is, with all that was written before the next report.
    pub length: usize,
}

/// What the text holds of reports that a process outlived, in the order in which they were written.
pub fn reported(text: &str) -> Vec<Told> {
    let told = |(crash, at, length): (Crash, usize, usize)| {
        let words = (!crash.is_sanitizer).then(|| normalised(&crash.message));
        let key = [std::slice::from_ref(&crash.kind), &crash.signature, words.as_slice()].concat().join("\n");
        Told { title: crash.shown(), key, is_sanitizer: crash.is_sanitizer, at, length }
    };
    Crash::outlived(text).into_iter().map(told).collect()
}

/// The same, as findings show it.
pub(super) fn outlived(text: &str) -> Vec<Crash> {
    Crash::outlived(text).into_iter().map(|(crash, ..)| crash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let told = reported(text);
        let shown: Vec<_> = told.iter().map(|told| (told.title.as_str(), told.key.as_str())).collect();
        assert_eq!(shown, expected);
        assert!(told.iter().all(|told| text.get(told.at..told.at + told.length).is_some()));
    }

    #[test]
    fn a_report_is_known_by_kind_and_place_and_not_by_its_values() {
        let overflow = "UndefinedBehaviorSanitizer\nsum.c\nsigned integer overflow";
        check(
            "sum.c:17:21: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'",
            &[("UndefinedBehaviorSanitizer in sum.c", overflow)],
        );
        check(
            "up\nsum.c:99:1: runtime error: signed integer overflow: -2147483648 - 7 cannot be represented in type 'int'\n\
             sum.c:18:2: runtime error: shift exponent 40 is too large for 32-bit type 'int'",
            &[
                ("UndefinedBehaviorSanitizer in sum.c", overflow),
                (
                    "UndefinedBehaviorSanitizer in sum.c",
                    "UndefinedBehaviorSanitizer\nsum.c\nshift exponent # is too large for # type #",
                ),
            ],
        );
        check(
            "Exception in thread Thread-3 (send):\nTraceback (most recent call last):\n  File \"/srv/a.py\", line 1, in \
             run\n    f()\n  File \"/srv/mail.py\", line 9, in send\n    raise KeyError(name)\nKeyError: 'name'\n",
            &[("Python exception in mail.py:send", "Python exception\nmail.py:send\nKeyError: #")],
        );
        check("GET / 200", &[]);
    }
}
