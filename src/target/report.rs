//! Reports of crashes in what a process writes: sanitizers, panics, fatal errors of runtimes. Main type: [`CrashReport`].
//!
//! It reads text and nothing else. Where in a program of an interpreted language it happened is read from the same text
//! by `oracle::stack_trace`; here are the frames that sanitizers and native programs write.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// How many frames tell one crash from another.
const MOST_FRAMES: usize = 3;
/// How many lines of a report are looked at.
const MOST_LINES: usize = 400;
/// How many reports are read in one text.
const MOST_REPORTS: usize = 8;

/// What a process wrote about its own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashReport {
    /// What wrote it and what it is, such as `AddressSanitizer heap-use-after-free` or `Rust panic`.
    pub kind: String,
    /// The words of the report that are no kind; they may differ from run to run.
    pub message: String,
    /// The innermost functions, or the file that is named, without addresses, lines and the runtime's own.
    pub frames: Vec<String>,
    /// Where in the text it begins.
    pub at: usize,
}

/// Reports that a process may outlive: text without which a line begins none of them. The kinds stand in [`HEADS`] and
/// [`OUTLIVED`].
static HINTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "Sanitizer: |: runtime error: |DATA RACE|panicked at|Exception in thread|never retrieved|UnhandledPromiseRejection|panic serving",
    )
});

/// How reports of one kind begin.
struct Head {
    /// `{kind}` stands for what the pattern captures under that name.
    kind: &'static str,
    /// Captures `kind`, `message` and `place` where there are any.
    pattern: Regex,
    /// Text without which the line is no report.
    beside: &'static str,
}

/// The most telling first: a sanitizer reports before the runtime that it stops, and a runtime before the library.
static HEADS: LazyLock<Vec<Head>> = LazyLock::new(|| {
    let head = |kind, pattern: &str, beside| Head {
        kind,
        pattern: Regex::new(pattern).expect("the patterns of this table are tested"),
        beside,
    };
    vec![
        head(
            "{kind}",
            r"(?m)^(?:==\d+==)?\s*(?:ERROR|WARNING): (?<kind>(?:Address|Leak|Memory|Thread|HWAddress)Sanitizer)(?<message>: .*)$",
            "",
        ),
        head("UndefinedBehaviorSanitizer", r"(?m)^(?<place>[^\s:]+):\d+:\d+: runtime error: (?<message>.+)$", ""),
        head("Go race", r"(?m)^WARNING: (?<message>DATA RACE)$", ""),
        head("Rust stack overflow", r"(?m)^thread '[^']*'(?: \(\d+\))? (?<message>has overflowed its stack)$", ""),
        head("Rust out of memory", r"(?m)^(?<message>memory allocation of \d+ bytes failed)", ""),
        head(
            "Rust panic",
            r"(?m)^thread '[^']*'(?: \(\d+\))? panicked at (?<place>[^\n']+?):\d+:\d+:?\n(?<message>.*)$",
            "",
        ),
        head("Rust panic", r"(?m)^thread '[^']*' panicked at '(?<message>.*)', (?<place>[^\n:]+):\d+:\d+$", ""),
        head("Go fatal error", r"(?m)^fatal error: (?<message>.+)$", "goroutine "),
        head("Go panic", r"(?m)^panic: (?<message>.+)$", "goroutine "),
        head(
            "JVM crash",
            r"(?m)^# A fatal error has been detected by the Java Runtime Environment:\s*\n#\s*\n#\s*(?<message>.*)$",
            "",
        ),
        head("Java exception", r"(?m)^Terminating due to (?<message>java\.lang\.\w+Error.*)$", ""),
        head("Java exception", r#"(?m)^Exception in thread "[^"]*" (?<message>[\w.$]+.*)$"#, ""),
        head("Python fatal error", r"(?m)^Fatal Python error: (?<message>.+)$", ""),
        head("Python exception", r"(?m)^(?<message>Traceback) \(most recent call last\):$", ""),
        head("Node out of memory", r"(?m)^.{0,40}FATAL ERROR: (?<message>.*)$", "JavaScript heap out of memory"),
        head("Node exception", r"(?m)^(?:Uncaught )?(?<message>(?:[A-Z]\w*)?Error(?: \[\w+\])?: .*)\n\s+at ", ""),
        head(".NET exception", r"(?m)^Unhandled exception\. (?<message>\S+: .*)$", ""),
        head("C++ exception", r"(?m)^terminate called after throwing an instance of (?<message>.*)$", ""),
        head("C++ exception", r"(?m)^terminate called (?<message>without an active exception)$", ""),
        head("assertion", r"(?m)^[^\n]*?(?<place>[^\s:]+):\d+: [^\n]*(?<message>Assertion `.*' failed)", ""),
        head("C library", r"(?m)^\*\*\* (?<message>(?:stack smashing|buffer overflow) detected) \*\*\*", ""),
        head(
            "C library",
            r"(?m)^(?<message>(?:(?:free|malloc|realloc|munmap_chunk)\(\): |double free or corruption|corrupted ).{0,80})$",
            "",
        ),
    ]
});

/// Reports of what ended a thread, a task or one request, but not the process. A trace that a program logs of an error that it
/// handles looks much the same, so these begin with the words of the runtime itself.
static OUTLIVED: LazyLock<Vec<Head>> = LazyLock::new(|| {
    let head = |kind, text: &str, beside| Head { kind, pattern: pattern(text), beside };
    vec![
        head(
            "Python exception",
            r"(?m)^Exception in thread [^\n\x22]*:\n(?<message>Traceback) \(most recent call last\):$",
            "",
        ),
        head(
            "Python exception",
            r"(?m)^Task exception was never retrieved\n(?:.*\n)?(?<message>Traceback) \(most recent call last\):$",
            "",
        ),
        head(
            "Node exception",
            r"(?m)^\(node:\d+\) (?:UnhandledPromiseRejection\w*|\[UnhandledPromiseRejection\w*\]): (?<message>.+)\n\s+at ",
            "",
        ),
        head("Go panic", r"(?m)^(?:\S+ \S+ )?http: panic serving \S+: (?<message>.+)$", "goroutine "),
    ]
});

/// The kinds of [`HEADS`] that do not mean the end of the process.
const SURVIVABLE: [&str; 5] = ["{kind}", "UndefinedBehaviorSanitizer", "Go race", "Rust panic", "Java exception"];

static SUMMARY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^SUMMARY: \w+Sanitizer: (?<kind>[\w-]+(?: race)?)"));
static FIRST_WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^: (?:attempting )?(?<kind>[\w-]+)"));
static FRAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s+#\d+ 0x[0-9a-f]+ (?:in )?(?<function>.+?) (?<place>\(?[^\s()]+\)?.*)$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns of this file are tested")
}

impl CrashReport {
    /// The most telling report in the text.
    pub fn find(text: &str) -> Option<Self> {
        HEADS.iter().find_map(|head| head.find(text))
    }

    /// The reports in the text that a process may outlive, in the order in which they were written. What leaks is none of
    /// them: it is told when a process ends, and is about no request.
    pub fn outlived(text: &str) -> Vec<Self> {
        let heads = HEADS.iter().filter(|head| SURVIVABLE.contains(&head.kind)).chain(OUTLIVED.iter());
        let begins =
            |head: &'static Head| head.pattern.find_iter(text).take(MOST_REPORTS).map(move |at| (at.start(), head));
        let mut begins: Vec<_> = heads.flat_map(begins).collect();
        begins.sort_by_key(|(at, _)| *at);
        begins.truncate(MOST_REPORTS);
        let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
        // Each is read by itself: one without a stack must not take that of the next one for its own.
        let read = |((at, head), end): (&(usize, &Head), usize)| {
            head.find(&text[*at..end]).map(|report| Self { at: *at, ..report })
        };
        begins.iter().zip(ends).filter_map(read).filter(|report| !report.kind.starts_with("LeakSanitizer")).collect()
    }

    /// Whether a line may begin such a report. It is asked of every line that is written.
    pub(super) fn may_begin(line: &str) -> bool {
        HINTS.is_match(line)
    }

    /// Whether a process tells this only once, however often it happens: the sanitizers leave out what they have told.
    pub fn is_told_once(&self) -> bool {
        self.is_sanitizer()
    }

    /// Whether a tool that looks for memory errors, undefined behaviour or races wrote it.
    pub fn is_sanitizer(&self) -> bool {
        self.kind.contains("Sanitizer") || self.kind == "Go race"
    }

    /// Whether the innermost frames are chance: whichever function happened to be the last that the stack had room for.
    pub fn is_overflow(&self) -> bool {
        let text = format!("{} {}", self.kind, self.message).to_ascii_lowercase().replace('-', " ");
        text.contains("stack overflow") || text.contains("stackoverflow")
    }
}

impl Head {
    fn find(&self, text: &str) -> Option<CrashReport> {
        let found = self.pattern.captures(text)?;
        let at = found.get(0)?.start();
        let report = &text[at..];
        if !report.contains(self.beside) {
            return None;
        }
        let part = |name| found.name(name).map_or("", |part| part.as_str());
        // The summary is the better word, and comes last: a process that is killed meanwhile does not get there.
        let kind = match SUMMARY.captures(report).or_else(|| FIRST_WORD.captures(part("message"))) {
            Some(word) if self.kind == "{kind}" => format!("{} {}", part("kind"), &word["kind"]),
            _ => self.kind.to_owned(),
        };
        let mut frames = native_frames(report);
        if frames.is_empty() {
            frames.extend(place(&found));
        }
        let message = part("message").trim_start_matches(": ").trim().to_owned();
        Some(CrashReport { kind, message, frames, at })
    }
}

/// The file that a report's first line names.
fn place(found: &Captures<'_>) -> Option<String> {
    let place = found.name("place")?.as_str();
    Some(place.rsplit(['/', '\\']).next().unwrap_or(place).to_owned())
}

/// The functions of the report's first stack, the innermost first.
fn native_frames(report: &str) -> Vec<String> {
    let stack = report.lines().take(MOST_LINES).map(|line| FRAME.captures(line));
    let stack = stack.skip_while(Option::is_none).map_while(|frame| frame);
    let mut frames: Vec<String> = Vec::new();
    for frame in stack {
        // What a function takes would only make the line long.
        let function = frame["function"].split('(').next().unwrap_or_default().to_owned();
        if !is_runtime(&function) && frames.last() != Some(&function) {
            frames.push(function);
        }
        if frames.len() == MOST_FRAMES {
            break;
        }
    }
    frames
}

/// Whether the function belongs to what every program is made of.
fn is_runtime(function: &str) -> bool {
    const STARTS: [&str; 13] = [
        "__",
        "_start",
        "std::",
        "core::",
        "alloc::",
        "<std::",
        "<core::",
        "<alloc::",
        "rust_",
        "_pthread",
        "clone",
        "libc",
        "start_thread",
    ];
    const WHOLE: [&str; 14] = [
        "raise", "abort", "malloc", "calloc", "realloc", "free", "memcpy", "memmove", "memset", "strlen", "strcpy",
        "strcat", "gsignal", "",
    ];
    STARTS.iter().any(|start| function.starts_with(start)) || WHOLE.contains(&function)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Outputs of real programs, and what is to be read in them.
    const SAMPLES: &str = include_str!("reports.json");

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        output: Vec<String>,
        #[serde(default)]
        kind: Option<String>,
        #[serde(default)]
        message: String,
        #[serde(default)]
        frames: Vec<String>,
        #[serde(default)]
        begins: String,
    }

    #[track_caller]
    fn check(sample: &Sample) {
        let text = sample.output.join("\n");
        let found = CrashReport::find(&text);
        let shown = found.as_ref().map(|report| (report.kind.clone(), report.message.clone(), report.frames.clone()));
        let expected = sample.kind.clone().map(|kind| (kind, sample.message.clone(), sample.frames.clone()));
        assert_eq!(shown, expected, "{}", sample.name);
        assert!(found.is_none_or(|report| text[report.at..].starts_with(&sample.begins)), "{}", sample.name);
    }

    #[test]
    fn reports_are_read() {
        let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
        assert!(samples.len() >= 20, "{}", samples.len());
        samples.iter().for_each(check);
    }

    /// What a process wrote that lives on, and the reports that are read in it: kinds, messages and frames.
    const OUTLIVED_SAMPLES: &str = include_str!("outlived.json");

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outlived {
        name: String,
        output: Vec<String>,
        reports: Vec<(String, String, Vec<String>)>,
    }

    fn outlived_samples() -> Vec<Outlived> {
        serde_json::from_str(OUTLIVED_SAMPLES).unwrap()
    }

    #[track_caller]
    fn check_outlived(sample: &Outlived) {
        let found = CrashReport::outlived(&sample.output.join("\n"));
        let hints = sample.output.iter().any(|line| CrashReport::may_begin(line));
        assert!(hints || found.is_empty(), "{}: no line is noticed", sample.name);
        let found: Vec<_> = found.into_iter().map(|report| (report.kind, report.message, report.frames)).collect();
        assert_eq!(found, sample.reports, "{}", sample.name);
    }

    #[test]
    fn reports_of_those_that_live_on_are_read_and_traces_of_handled_errors_are_not() {
        outlived_samples().iter().for_each(check_outlived);
    }

    #[test]
    fn every_kind_that_may_be_outlived_has_a_sample() {
        let samples: Vec<String> = outlived_samples().iter().map(|sample| sample.output.join("\n")).collect();
        for head in HEADS.iter().filter(|head| SURVIVABLE.contains(&head.kind)).chain(OUTLIVED.iter()) {
            // Two ways to write the same are known by the samples of those that end with it.
            let is_old =
                head.pattern.as_str().contains("panicked at '") || head.pattern.as_str().contains("Terminating");
            assert!(is_old || samples.iter().any(|text| head.find(text).is_some()), "{}", head.pattern);
        }
        assert!(SURVIVABLE.iter().all(|kind| HEADS.iter().any(|head| head.kind == *kind)));
    }

    #[test]
    fn every_kind_of_report_has_a_sample() {
        let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
        for head in HEADS.iter() {
            let has = samples.iter().any(|sample| head.find(&sample.output.join("\n")).is_some());
            assert!(has, "{}", head.pattern);
        }
    }
}
