//! Stack traces in text, by their structure. Main type: [`StackTrace`], function [`find`].
//!
//! Two frames make a trace; the words `exception` or `error` alone never do.

use std::sync::LazyLock;

use regex::Regex;

/// A trace that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StackTrace {
    /// The language.
    pub(super) language: &'static str,
    /// The line that names the error, such as `KeyError: 'id'`; empty if there is none.
    pub(super) error: String,
    /// The innermost frame that is not the language's own library: `handlers.py:get`.
    pub(super) frame: String,
    /// The first frame as it stands in the text.
    pub(super) sample: String,
}

impl StackTrace {
    /// The type of the error: what stands before the first colon.
    pub(super) fn error_type(&self) -> &str {
        let kind = self.error.split(": ").next().unwrap_or_default().trim_end_matches(':');
        if kind.contains(char::is_whitespace) { "" } else { kind }
    }
}

/// Frames that are read of one trace.
const MOST_FRAMES: usize = 200;

struct Language {
    name: &'static str,
    /// Captures `file` and, where there is one, `function`.
    frame: Regex,
    /// Whether the innermost frame comes last.
    innermost_last: bool,
    /// Parts of files and functions that belong to the language itself.
    own: &'static [&'static str],
}

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let language = |name, frame: &str, innermost_last, own| Language {
        name,
        frame: Regex::new(frame).expect("the patterns of this table are tested"),
        innermost_last,
        own,
    };
    vec![
        language(
            "Python",
            r#"File "(?<file>[^"\n]{1,300})", line \d+(?:, in (?<function>\S+))?"#,
            true,
            &["<frozen", "/lib/python3", "/lib/python2"],
        ),
        language(
            "Java",
            r"(?m)\bat (?<function>[\w.$/@<>-]{3,200})\((?<file>[\w$]+\.(?:java|kt|scala|groovy)(?::\d+)?|Native Method|Unknown Source)\)",
            false,
            &["java.", "javax.", "jdk.", "sun.", "java.base/", "kotlin.", "scala."],
        ),
        language("Go", r"(?<file>[^\s:]{1,300}\.go):\d+ \+0x[0-9a-f]+", false, &["/src/runtime/", "/src/net/http/"]),
        language(
            "JavaScript",
            r"\bat (?:(?:async )?(?<function>[\w.<>$ \[\]]{1,120}?) )?\(?(?<file>(?:node:|file://|webpack|/|[A-Za-z]:\\)[^\s()]{1,300}?):\d+:\d+",
            false,
            &["node:", "node_modules"],
        ),
        language("Ruby", r"(?<file>[^\s:]{1,300}\.rb):\d+:in [`'](?<function>[^'`]{1,120})'", false, &["/lib/ruby/"]),
        language("PHP", r"#\d+ (?<file>[^\s(]{1,300}\.php)\(\d+\): (?<function>[^\s(]{1,120})\(", false, &[]),
        language(
            ".NET",
            r"\bat (?<function>[\w.`<>\[\],+]{3,200})\([^)\n]*\)(?: in (?<file>\S.{0,300}?):line \d+)",
            false,
            &["System.", "Microsoft."],
        ),
        language("Rust", r"(?m)^\s+at (?<file>\S{1,300}\.rs):\d+", false, &["/rustc/", "/.cargo/"]),
    ]
});

static ERROR_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) (?: ^|[\s>\[] )
        ( (?: [A-Za-z_][\w$]*\. )* [A-Z][\w$]* (?: Error|Exception|Fault|Interrupt|Panic|Warning ) (?: :\ .* )? $
        | panic:\ .* $ | runtime\ error:\ .* $ | thread\ '[^']*'\ .* panicked\ at .* $ )",
    )
    .expect("the pattern is tested")
});

/// The first stack trace in the text: two frames of one language.
pub(super) fn find(text: &str) -> Option<StackTrace> {
    LANGUAGES.iter().find_map(|language| {
        let mut found = language.frame.find_iter(text);
        let (first, _second) = (found.next()?, found.next()?);
        // The frames of the last cause are those of the bug; what wraps it comes before.
        let cause = text.rfind("\nCaused by: ").map_or(text, |at| &text[at..]);
        let inner: Vec<_> = language.frame.captures_iter(cause).take(MOST_FRAMES).collect();
        let whole = || language.frame.captures_iter(text).take(MOST_FRAMES).collect();
        let frames: Vec<_> = if inner.is_empty() { whole() } else { inner };
        let shown = |captures: &regex::Captures<'_>| {
            let part = |name| captures.name(name).map_or("", |found| found.as_str());
            (part("file").to_owned(), part("function").to_owned())
        };
        let mut all: Vec<(String, String)> = frames.iter().map(shown).collect();
        if language.innermost_last {
            all.reverse();
        }
        let is_own = |(file, function): &(String, String)| {
            let library =
                |text: &str| language.own.iter().any(|own| text.contains(own)) && !text.contains("-packages/");
            library(file) || library(function)
        };
        let (file, function) = all.iter().find(|frame| !is_own(frame)).unwrap_or(&all[0]);
        Some(StackTrace {
            language: language.name,
            error: error_line(text, language.innermost_last).unwrap_or_default(),
            frame: format!("{}:{function}", file_name(file)),
            sample: first.as_str().to_owned(),
        })
    })
}

/// The line that names the error: the last one where the innermost frame comes last, else the last cause or the
/// first one.
pub(super) fn error_line(text: &str, last: bool) -> Option<String> {
    let lines = || text.lines().filter(|line| line.len() < 2000).filter_map(error_in);
    if last {
        return lines().next_back();
    }
    let cause = text.lines().rev().find_map(|line| line.trim().strip_prefix("Caused by: ").and_then(error_in));
    cause.or_else(|| lines().next())
}

/// The error that a line names.
fn error_in(line: &str) -> Option<String> {
    let found = ERROR_LINE.captures(line.trim_end())?.get(1)?;
    Some(found.as_str().trim().to_owned())
}

/// The last part of a path, without the line that Java puts behind it.
fn file_name(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match name.rsplit_once(':') {
        Some((name, line)) if line.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, language: &str, error_type: &str, frame: &str) {
        let found = find(text).unwrap_or_else(|| panic!("no trace in {text}"));
        assert_eq!((found.language, found.error_type(), found.frame.as_str()), (language, error_type, frame));
    }

    #[test]
    fn traces_of_many_languages_are_known() {
        check(
            "Traceback (most recent call last):\n  File \"/x/site-packages/tornado/web.py\", line 9, in _execute\n    \
             result = await result\n  File \"/x/app/handlers.py\", line 12, in get_json_body\n    model = \
             json.loads(body)\n  File \"/usr/lib/python3.12/json/decoder.py\", line 355, in raw_decode\n    raise \
             e\njson.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n",
            "Python",
            "json.decoder.JSONDecodeError",
            "handlers.py:get_json_body",
        );
        check(
            "java.lang.NullPointerException: Cannot invoke \"x\" because \"y\" is null\n\tat \
             java.base/java.util.Objects.requireNonNull(Objects.java:233)\n\tat com.x.Admin.handle(Admin.java:55)\n\tat \
             com.x.Main.run(Main.java:1)\n",
            "Java",
            "java.lang.NullPointerException",
            "Admin.java:com.x.Admin.handle",
        );
        check(
            "jakarta.servlet.ServletException: wrapped\n\tat org.jetty.Handler.handle(Handler.java:1)\n\tat \
             org.jetty.Server.run(Server.java:2)\nCaused by: com.x.UploadException: no boundary\n\tat \
             com.x.Upload.init(Upload.java:7)\n\t... 23 more\n",
            "Java",
            "com.x.UploadException",
            "Upload.java:com.x.Upload.init",
        );
        check(
            "panic: runtime error: index out of range [5]\n\ngoroutine 19 [running]:\nmain.list(0x1)\n\t/app/main.go:20 \
             +0x1d\nnet/http.HandlerFunc.ServeHTTP()\n\t/usr/local/go/src/net/http/server.go:2136 +0x29\n",
            "Go",
            "panic",
            "main.go:",
        );
        check(
            "TypeError: Cannot read properties of undefined (reading 'id')\n    at getUser \
             (/srv/app/routes/users.js:12:21)\n    at Layer.handle [as handle_request] \
             (/srv/app/node_modules/express/lib/router/layer.js:95:5)\n",
            "JavaScript",
            "TypeError",
            "users.js:getUser",
        );
        check(
            "NoMethodError: undefined method `x' for nil\napp/models/a.rb:3:in `go'\napp/b.rb:9:in `call'",
            "Ruby",
            "NoMethodError",
            "a.rb:go",
        );
        check("#0 /var/www/a.php(12): Foo->bar()\n#1 /var/www/index.php(3): run()\n", "PHP", "", "a.php:Foo->bar");
        check(
            "System.NullReferenceException: Object reference not set\n   at Shop.Orders.Get(Int32 id) in \
             C:\\src\\Orders.cs:line 14\n   at Shop.Program.Main(String[] a) in C:\\src\\Program.cs:line 2\n",
            ".NET",
            "System.NullReferenceException",
            "Orders.cs:Shop.Orders.Get",
        );
        check(
            "thread 'main' panicked at src/x.rs:1:2:\nboom\nstack backtrace:\n   0: std::panicking\n             at \
             /rustc/abc/library/std/src/panicking.rs:5\n   1: app::go\n             at ./src/x.rs:1:2\n",
            "Rust",
            "",
            "x.rs:",
        );
    }

    #[test]
    fn words_and_single_frames_are_no_trace() {
        for text in [
            "an exception occurred at line 3",
            "ValueError: bad value",
            "File \"a.py\", line 3, in f",
            "see docs at https://example.com/a.js:1:2 and at noon",
            "Meet at Main.run(later) or at Foo.bar(soon)",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
