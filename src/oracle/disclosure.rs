//! What an answer must not tell of the inside: stack traces, SQL errors, paths, addresses.
//!
//! Main types: [`Disclosure`], [`Suspicions`]. A set of cheap patterns over the raw body decides whether the
//! careful ones are asked at all: most answers cost one pass of an automaton.

use std::sync::LazyLock;

use regex::Regex;
use regex::bytes::RegexSet;

use super::echo::Echo;
use super::stack_trace;

/// A kind of disclosure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disclosure {
    /// Two frames or more.
    StackTrace,
    /// The words of a database.
    SqlError,
    /// A path of the server's file system.
    InternalPath,
    /// A private address with a port, or an internal host.
    InternalAddress,
}

impl Disclosure {
    /// All, the most telling first.
    pub(super) const ALL: [Self; 4] = [Self::StackTrace, Self::SqlError, Self::InternalPath, Self::InternalAddress];

    /// The name in the parameters of a requirement.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::StackTrace => "stack_trace",
            Self::SqlError => "sql_error",
            Self::InternalPath => "internal_path",
            Self::InternalAddress => "internal_address",
        }
    }

    /// For people.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::StackTrace => "a stack trace",
            Self::SqlError => "the database's own error text",
            Self::InternalPath => "a path of the server's file system",
            Self::InternalAddress => "an internal address",
        }
    }

    /// Whether it counts in an answer of this status: a path or an address in a good answer may be what was asked.
    pub(super) fn counts_at(self, status: u16) -> bool {
        match self {
            Self::StackTrace | Self::SqlError => true,
            Self::InternalPath | Self::InternalAddress => status >= 400,
        }
    }

    /// The place in the text that shows it, unless the request carried it.
    pub(super) fn find(self, text: &str, echo: &Echo) -> Option<String> {
        let own = |found: &&str| !echo.holds(found);
        match self {
            Self::StackTrace => {
                let trace = stack_trace::find(text).filter(|trace| !echo.holds(&trace.sample))?;
                let error = if trace.error.is_empty() { String::new() } else { format!(" ({})", trace.error) };
                Some(format!("{} stack trace: {}{error}", trace.language, trace.sample))
            }
            Self::SqlError => SQL.find_iter(text).map(|found| found.as_str()).find(own).map(str::to_owned),
            Self::InternalPath => captured(&PATH, text).find(own).map(str::to_owned),
            Self::InternalAddress => captured(&ADDRESS, text).find(own).map(str::to_owned),
        }
    }
}

fn captured<'t>(pattern: &'static Regex, text: &'t str) -> impl Iterator<Item = &'t str> {
    pattern.captures_iter(text).filter_map(|found| found.get(1).or(found.get(2))).map(|found| found.as_str())
}

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are tested")
}

static SQL: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r#"(?x)
        syntax\ error\ at\ or\ near\ " | unterminated\ quoted\ string\ at\ or\ near
        | invalid\ input\ syntax\ for\ (?:type\ )?\w+:\ " | duplicate\ key\ value\ violates\ unique\ constraint
        | violates\ (?:foreign\ key|not-null|check)\ constraint | (?:relation|column)\ "[^"]{1,80}"\ does\ not\ exist
        | PG::\w+Error | psycopg\d?\.errors | \bpq:\ \w+
        | You\ have\ an\ error\ in\ your\ SQL\ syntax | Unknown\ column\ '[^']{1,80}'\ in\ '
        | Duplicate\ entry\ '[^']{0,200}'\ for\ key | Table\ '[^']{1,120}'\ doesn't\ exist
        | near\ "[^"]{0,80}":\ syntax\ error | \bno\ such\ (?:table|column):\ \w | (?:UNIQUE|NOT\ NULL|CHECK)\ constraint\ failed:\ \w
        | FOREIGN\ KEY\ constraint\ failed | unrecognized\ token:\ " | \bsqlite3?\.\w*Error | \bSQLITE_(?:ERROR|CONSTRAINT|MISMATCH|RANGE|TOOBIG|BUSY|LOCKED|CORRUPT|READONLY|IOERR|CANTOPEN|MISUSE)
        | \bORA-\d{5}\b | \bPLS-\d{5}\b
        | Unclosed\ quotation\ mark\ after\ the\ character\ string | Incorrect\ syntax\ near\ '
        | Conversion\ failed\ when\ converting\ the\ | Cannot\ insert\ duplicate\ key\ row
        | SQLSTATE\[ | \(SQLSTATE\ [0-9A-Z]{5}\) | \bsqlalchemy\.exc\. | \[SQL:\ (?:SELECT|INSERT|UPDATE|DELETE) | java\.sql\.SQL\w*Exception
        | org\.hibernate\.exception | Microsoft\ OLE\ DB\ Provider | com\.mysql\.\w+"#,
    )
});

// A path begins where no URL or relative path goes on: not behind a letter, a digit, a slash or a dot.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r#"(?x) (?: ^ | [\s"'`(=\[<>,;:|] )
        ( (?:/[\w.@+~-]+){2,}\.(?:py|rb|js|mjs|cjs|ts|java|go|rs|php|cs|pl|kt|scala|exs?|jar|class|so|sqlite3?|db|pem)\b
        | /home/[a-z_][\w.-]*/[\w.-]+ | /root/[\w.-]+ | /Users/[A-Za-z][\w.-]*/[\w.-]+
        | /var/(?:lib|log|www|run|tmp|cache|spool|opt|folders|task)/[\w.-]+
        | /usr/(?:lib|local|share|src|bin|sbin)/[\w.-]+ | /etc/[a-z][\w-]*(?:/[\w.-]+|\.\w+) | /tmp/[\w.-]+/[\w.-]+
        | /(?:app|srv|opt|workspace|code|data)/(?:[\w.@+~-]+/)*[\w@+~-]+\.[a-z]\w{0,7}\b
        | [A-Za-z]:\\(?:[\w\ .@()-]+\\)+[\w.@-]+ )"#,
    )
});

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?x) (?: ^ | [^\w.-] )
        ( (?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}:\d{2,5}\b
        | [a-z0-9](?:[\w-]*[a-z0-9])?(?:\.[\w-]+)*\.(?:internal|local|svc|lan|corp|intranet):\d{2,5}\b )
        | ://(?:[^\s/@]*@)?( [a-z0-9][\w.-]*\.(?:internal|local|svc|lan|corp|intranet) )\b",
    )
});

/// What a body might hold, by a first cheap look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Suspicions(u8);

static FIRST_LOOK: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        // Frames.
        r"(?-u), line \d|\.(?:java|kt|scala|groovy):\d|\.go:\d|\.(?:m|c)?[jt]s:\d+:\d|\.rb:\d+:in |\.php\(\d|:line \d|\.rs:\d|\bnode:\w|Native Method|Unknown Source",
        // Databases.
        r"(?-u)syntax|SQL|sql|ORA-\d|PLS-\d|violates|constraint|no such |does not exist|doesn|Duplicate entry|duplicate key|unrecognized token|PG::|psycopg|pq: |Unknown column|Unclosed quotation|Conversion failed|hibernate|OLE DB|quoted string",
        // Paths.
        r"(?-u)/(?:home|root|Users|var|usr|etc|tmp|app|srv|opt|workspace|code|data)\\?/|[A-Za-z]:\\|\.(?:py|rb|m?js|cjs|ts|java|go|rs|php|cs|pl|kt|scala|exs?|jar|class|so|sqlite3?|db|pem)\b",
        // Addresses.
        r"(?-u)\b(?:10|192\.168|172\.\d\d)\.\d{1,3}\.\d|\.(?:internal|local|svc|lan|corp|intranet)\b",
        // Secrets by themselves.
        r"(?-u)PRIVATE KEY|:(?:\\?/){2}[^\s/@]*:[^\s/@]+@|(?i:password|pwd)=",
        // Names and values that are sensitive where they are not declared.
        r"(?i-u)pass|pwd|\bpw|secret|token|key|credential|cvv|cvc|ssn|social|card|jwt|otp|pan|cc|hash",
        r"(?-u)eyJ|AKIA|ASIA|AIza|gh[pousr]_|xox|_live_|glpat-|\$\w+\$|\{(?:SSHA|BCRYPT|CRYPT|PBKDF2)|pbkdf2|scrypt:|\d(?:[ -]?\d){12}",
    ])
    .expect("the patterns of this file are tested")
});

impl Suspicions {
    /// A first look at a body.
    pub(super) fn of(body: &[u8]) -> Self {
        Self(FIRST_LOOK.matches(body).iter().fold(0, |bits, index| bits | 1 << index))
    }

    /// Whether there is nothing to look at more closely.
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether this kind of disclosure is worth a closer look.
    pub(super) fn of_disclosure(self, kind: Disclosure) -> bool {
        self.has(match kind {
            Disclosure::StackTrace => 0,
            Disclosure::SqlError => 1,
            Disclosure::InternalPath => 2,
            Disclosure::InternalAddress => 3,
        })
    }

    /// Whether there may be a secret that is one by itself.
    pub(super) fn of_secret(self) -> bool {
        self.has(4)
    }

    /// Whether there may be a sensitive name or value.
    pub(super) fn of_property(self) -> bool {
        self.has(4) || self.has(5) || self.has(6)
    }

    fn has(self, bit: u8) -> bool {
        self.0 & 1 << bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Disclosure, text: &str, expected: bool) {
        assert_eq!(kind.find(text, &Echo::default()).is_some(), expected, "{text}");
        if expected {
            assert!(Suspicions::of(text.as_bytes()).of_disclosure(kind), "the first look must see {text}");
        }
    }

    #[test]
    fn databases_are_known_by_their_words() {
        for text in [
            "syntax error at or near \"'\"",
            "near \"'\": syntax error",
            "no such column: x",
            "SQLSTATE[42000]: Syntax error",
            "ERROR: invalid input syntax for type uuid (SQLSTATE 22P02)",
            "ORA-01756: quoted string not properly terminated",
            "You have an error in your SQL syntax; check",
            "UNIQUE constraint failed: users.email",
            "Unclosed quotation mark after the character string ''.",
            "ERROR: duplicate key value violates unique constraint \"users_pkey\"",
            "(sqlalchemy.exc.DataError) x",
            "invalid input syntax for type uuid: \"x\"",
        ] {
            check(Disclosure::SqlError, text, true);
        }
        for text in ["syntax error in query", "no such order", "constraint failed", "SQL is fun", "pq is a heap"] {
            check(Disclosure::SqlError, text, false);
        }
    }

    #[test]
    fn paths_are_told_from_urls() {
        for text in [
            "open /var/lib/shop/data: no such file",
            "in /srv/shop/views/orders.py at",
            "[Errno 2]: '/home/deploy/shop/x'",
            "C:\\inetpub\\wwwroot\\a.aspx",
            "at (/app/src/index.js)",
            "file:/usr/lib/python3/x",
        ] {
            check(Disclosure::InternalPath, text, true);
        }
        for text in [
            "see https://example.com/var/lib/x",
            "/api/v1/orders/7 not found",
            "GET /app/settings",
            "src/a.py",
            "//cdn.example.com/lib/x.js",
            "/home/alice",
            "and/or",
        ] {
            check(Disclosure::InternalPath, text, false);
        }
    }

    #[test]
    fn addresses_are_told_from_versions_and_packages() {
        for text in
            ["dial tcp 10.0.3.17:5432: refused", "http://billing.internal/x", "db.shop.svc:5432", "192.168.1.9:80"]
        {
            check(Disclosure::InternalAddress, text, true);
        }
        for text in ["version 10.0.3.17", "com.foo.internal.Bar", "threading.local is", "127.0.0.1:80", "8.8.8.8:53"] {
            check(Disclosure::InternalAddress, text, false);
        }
    }

    #[test]
    fn what_was_sent_is_not_disclosed() {
        let request = crate::wire::Request::new("GET", "/files?name=%2Fhome%2Fa%2Fb.txt");
        let echo = Echo::of_request(&request);
        assert_eq!(Disclosure::InternalPath.find("no file /home/a/b.txt", &echo), None);
        assert!(Disclosure::InternalPath.find("no file /home/c/b.txt", &echo).is_some());
    }

    #[test]
    fn plain_answers_raise_no_suspicion() {
        for body in [r#"{"id":1,"name":"x","tags":[],"note":"hello world"}"#, "", "[1,2,3]", "ok"] {
            assert!(Suspicions::of(body.as_bytes()).is_none(), "{body}");
        }
    }
}
