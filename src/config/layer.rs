//! The options of one source: flags, environment, or file. Main type: [`Layer`].

use std::fmt;
use std::str::FromStr;

use super::table::Table;
use super::{Environment, Error, Size, Span};
use crate::finding::Severity;
use crate::seed::Seed;
use crate::target::Ready;
use crate::wire::RunHeader;

/// What one source says; `None` is silence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// The specification: a file or a URL.
    pub spec: Option<String>,
    /// Where the API is.
    pub url: Option<String>,
    /// What stands before every path, in place of the document's base path.
    pub base_path: Option<String>,
    /// Hosts that may be fuzzed although they are not this machine.
    pub allow_hosts: Option<Vec<String>>,
    /// The run's seed.
    pub seed: Option<Seed>,
    /// Time budget.
    pub time: Option<Span>,
    /// Request budget.
    pub requests: Option<u64>,
    /// Most requests per second.
    pub rate: Option<u32>,
    /// Requests in flight at once.
    pub concurrency: Option<usize>,
    /// Time allowed for one request.
    pub timeout: Option<Span>,
    /// How often a suspicion is re-sent alone.
    pub proof: Option<u32>,
    /// Whether requests that go out at once are tried as well.
    pub races: Option<bool>,
    /// How requests are sent.
    pub transport: Option<Transport>,
    /// A proxy for all requests.
    pub proxy: Option<String>,
    /// Name of the identity that sends.
    pub identity: Option<String>,
    /// Only these operations.
    pub include: Option<Vec<String>>,
    /// Not these operations.
    pub exclude: Option<Vec<String>>,
    /// Files of words that are worth trying.
    pub dictionaries: Option<Vec<String>>,
    /// From which severity on findings make the run fail.
    pub fail_on: Option<FailOn>,
    /// The command that starts the target, and its arguments.
    pub run: Option<Vec<String>>,
    /// When it takes requests.
    pub ready: Option<Ready>,
    /// How long it may take until it does.
    pub start_timeout: Option<Span>,
    /// How much memory it may use.
    pub max_memory: Option<Size>,
    /// How often it is started anew.
    pub restarts: Option<u32>,
    /// In which header requests are named.
    pub run_id: Option<RunHeader>,
}

/// The keys of an API's table that make a [`Layer`].
pub(super) const KEYS: [&str; 25] = [
    "spec",
    "url",
    "base_path",
    "allow_hosts",
    "seed",
    "time",
    "requests",
    "rate",
    "concurrency",
    "timeout",
    "proof",
    "races",
    "transport",
    "proxy",
    "as",
    "include",
    "exclude",
    "dictionaries",
    "fail_on",
    "run",
    "ready",
    "start_timeout",
    "max_memory",
    "restarts",
    "run_id",
];

impl Layer {
    /// What the `GADFLY_*` variables say. Lists are separated by commas.
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let from = Variables(environment);
        Ok(Self {
            spec: from.text("SPEC"),
            url: from.text("URL"),
            base_path: from.text("BASE_PATH"),
            allow_hosts: from.list("ALLOW_HOSTS"),
            seed: from.parsed("SEED", "a number from 0 to 18446744073709551615")?,
            time: from.parsed("TIME", "a duration")?,
            requests: from.parsed("REQUESTS", "a number of requests")?,
            rate: from.parsed::<Count>("RATE", "a number of requests per second")?.map(|count| count.0),
            concurrency: from.parsed::<Count>("CONCURRENCY", "a number of requests")?.map(Count::size),
            timeout: from.parsed("TIMEOUT", "a duration")?,
            proof: from.parsed::<Count>("PROOF", "a number of repetitions")?.map(|count| count.0),
            races: from.parsed("RACES", "true or false")?,
            transport: from.parsed("TRANSPORT", "a transport")?,
            proxy: from.text("PROXY"),
            identity: from.text("AS"),
            include: from.list("INCLUDE"),
            exclude: from.list("EXCLUDE"),
            dictionaries: from.list("DICTIONARIES"),
            fail_on: from.parsed("FAIL_ON", "a severity")?,
            // A command is a list whose items may hold any character.
            run: None,
            ready: from.parsed("READY", "a way to tell that the target is ready")?,
            start_timeout: from.parsed("START_TIMEOUT", "a duration")?,
            max_memory: from.parsed("MAX_MEMORY", "a size")?,
            restarts: from.parsed("RESTARTS", "a number of starts")?,
            run_id: from.parsed("RUN_ID", "a header")?,
        })
    }

    pub(super) fn from_table(table: Table<'_>) -> Result<Self, Error> {
        let text = |key| table.string(key).map(|text| text.map(str::to_owned));
        Ok(Self {
            spec: text("spec")?,
            url: text("url")?,
            base_path: text("base_path")?,
            allow_hosts: table.strings("allow_hosts")?,
            seed: table.parsed("seed", "a number from 0 to 18446744073709551615")?,
            time: table.parsed("time", "a duration")?,
            requests: table.parsed("requests", "a number of requests")?,
            rate: table.parsed::<Count>("rate", "a number of requests per second")?.map(|count| count.0),
            concurrency: table.parsed::<Count>("concurrency", "a number of requests")?.map(Count::size),
            timeout: table.parsed("timeout", "a duration")?,
            proof: table.parsed::<Count>("proof", "a number of repetitions")?.map(|count| count.0),
            races: table.flag("races")?,
            transport: table.parsed("transport", "a transport")?,
            proxy: text("proxy")?,
            identity: text("as")?,
            include: table.strings("include")?,
            exclude: table.strings("exclude")?,
            dictionaries: table.strings("dictionaries")?,
            fail_on: table.parsed("fail_on", "a severity")?,
            run: table.strings("run")?,
            ready: table.parsed("ready", "a way to tell that the target is ready")?,
            start_timeout: table.parsed("start_timeout", "a duration")?,
            max_memory: table.parsed("max_memory", "a size")?,
            restarts: table.parsed("restarts", "a number of starts")?,
            run_id: table.parsed("run_id", "a header")?,
        })
    }
}

/// The `GADFLY_*` variables; an empty one counts as not set.
struct Variables<'a>(&'a Environment);

impl Variables<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(&format!("GADFLY_{name}")).filter(|value| !value.is_empty()).cloned()
    }

    fn list(&self, name: &str) -> Option<Vec<String>> {
        let items = |text: String| text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>();
        self.text(name).map(items)
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str, wanted: &str) -> Result<Option<T>, Error> {
        let parse = |text: String| {
            text.parse().map_err(|error| Error::Variable {
                variable: format!("GADFLY_{name}"),
                message: format!("{text:?} is not {wanted}: {error}"),
            })
        };
        self.text(name).map(parse).transpose()
    }
}

/// A number of at least one.
struct Count(u32);

impl Count {
    fn size(self) -> usize {
        self.0 as usize
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) => Err("it must be at least 1".to_owned()),
            Ok(count) => Ok(Self(count)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The wire client, unless a proxy is asked for.
    #[default]
    Auto,
    /// The wire client.
    Http1,
    /// reqwest.
    Reqwest,
}

impl Transport {
    /// The word for flags and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Http1 => "http1",
            Self::Reqwest => "reqwest",
        }
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Auto, Self::Http1, Self::Reqwest];
        let known = || format!("{text:?} is no transport; there are auto, http1, reqwest");
        all.into_iter().find(|transport| transport.word() == text).ok_or_else(known)
    }
}

/// From which severity on stable findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailOn(pub Option<Severity>);

impl Default for FailOn {
    fn default() -> Self {
        Self(Some(Severity::Medium))
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("never", Severity::word))
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" {
            return Ok(Self(None));
        }
        let severity = Severity::ALL.into_iter().find(|severity| severity.word() == text);
        let known = || format!("{text:?} is no severity; there are remark, low, medium, high, critical, and never");
        severity.map(|severity| Self(Some(severity))).ok_or_else(known)
    }
}

/// A header that goes with every request, written `Name: value`.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderField {
    /// The name.
    pub name: String,
    /// The value, which may be a secret.
    pub value: String,
}

impl fmt::Debug for HeaderField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, crate::redact::MASK)
    }
}

impl FromStr for HeaderField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The message never repeats the value: it may be a credential.
        let (name, value) = text.split_once(':').ok_or("a header is written 'Name: value', with a colon")?;
        header_field(name.trim(), value.trim())
    }
}

impl HeaderField {
    /// The headers of `GADFLY_HEADERS`, one `Name: value` a line.
    pub fn from_environment(environment: &Environment) -> Result<Vec<Self>, Error> {
        let text = Variables(environment).text("HEADERS").unwrap_or_default();
        let refuse = |message| Error::Variable { variable: "GADFLY_HEADERS".to_owned(), message };
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.parse().map_err(refuse)).collect()
    }
}

/// The field, if its name is a token (RFC 9110 section 5.6.2) and its value can't break out of its line.
pub(super) fn header_field(name: &str, value: &str) -> Result<HeaderField, String> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(format!("{name:?} is no name of a header"));
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(format!("the value of header {name} holds a line break or a NUL"));
    }
    Ok(HeaderField { name: name.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_make_a_layer() {
        let environment: Environment = [
            ("GADFLY_URL", "http://127.0.0.1:1"),
            ("GADFLY_TIME", "5m"),
            ("GADFLY_EXCLUDE", "admin, DELETE *"),
            ("GADFLY_FAIL_ON", "never"),
            ("GADFLY_RATE", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let layer = Layer::from_environment(&environment).unwrap();
        let expected = Layer {
            url: Some("http://127.0.0.1:1".into()),
            time: Some(Span(std::time::Duration::from_mins(5))),
            exclude: Some(vec!["admin".into(), "DELETE *".into()]),
            fail_on: Some(FailOn(None)),
            ..Layer::default()
        };
        assert_eq!(layer, expected);
    }

    #[track_caller]
    fn check(variable: &str, value: &str, message: &str) {
        let environment = Environment::from([(variable.to_owned(), value.to_owned())]);
        let error = Layer::from_environment(&environment).unwrap_err().to_string();
        assert_eq!(error, message);
    }

    #[test]
    fn a_wrong_variable_is_named() {
        check(
            "GADFLY_TIME",
            "soon",
            "the environment variable GADFLY_TIME: \"soon\" is not a duration: \"soon\" is no duration; \
             write 90s, 5m, 1h, 250ms or a number of seconds",
        );
        check(
            "GADFLY_CONCURRENCY",
            "0",
            "the environment variable GADFLY_CONCURRENCY: \"0\" is not a number of requests: it must be at least 1",
        );
    }

    #[test]
    fn headers_come_from_the_environment_too() {
        let of = |text: &str| HeaderField::from_environment(&[("GADFLY_HEADERS".into(), text.into())].into());
        let names: Vec<_> = of("A: 1\n\nB: 2\n").unwrap().into_iter().map(|field| field.name).collect();
        assert_eq!(names, ["A", "B"]);
        let error = of("t0ken").unwrap_err().to_string();
        assert!(error.contains("GADFLY_HEADERS") && !error.contains("t0ken"), "{error}");
    }

    #[test]
    fn headers_are_checked_and_their_values_are_not_shown() {
        let field: HeaderField = "Authorization:  Bearer t0ken ".parse().unwrap();
        assert_eq!((field.name.as_str(), field.value.as_str()), ("Authorization", "Bearer t0ken"));
        assert!(!format!("{field:?}").contains("t0ken"));
        for wrong in ["t0ken", ": t0ken", "A B: t0ken", "X: t0ken\r\nY: 1"] {
            let error = wrong.parse::<HeaderField>().unwrap_err();
            assert!(!error.contains("t0ken"), "{wrong:?}: {error}");
        }
    }
}
