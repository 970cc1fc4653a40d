//! The options that hold in the end. Main type: [`Settings`]. Flags beat the environment, the environment beats
//! the file, the file beats the defaults.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use super::values::quoted;
use super::{ApiTable, FILE_NAME, FailOn, Layer, Size, Span, Transport};
use crate::redact::MASK;
use crate::scenario::{ANONYMOUS, IdentityName};
use crate::seed::Seed;
use crate::target::Ready;
use crate::wire::RunHeader;

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag or an argument.
    Flag,
    /// A `GADFLY_*` variable.
    Environment,
    /// `gadfly.toml`.
    File,
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => FILE_NAME,
            Self::Default => "default",
        })
    }
}

/// Every option with the value that holds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The specification: a file or a URL.
    pub spec: Option<String>,
    /// Where the API is, if it is not where the specification says.
    pub url: Option<String>,
    /// What stands before every path, if it is not what the specification says.
    pub base_path: Option<String>,
    /// Hosts that may be fuzzed although they are not this machine.
    pub allow_hosts: Vec<String>,
    /// The run's seed.
    pub seed: Seed,
    /// Time budget.
    pub time: Option<Duration>,
    /// Request budget.
    pub requests: Option<u64>,
    /// Most requests per second.
    pub rate: Option<u32>,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Time allowed for one request.
    pub timeout: Duration,
    /// How often a suspicion is re-sent alone.
    pub proof: u32,
    /// Whether requests that go out at once are tried as well.
    pub races: bool,
    /// How requests are sent.
    pub transport: Transport,
    /// A proxy for all requests.
    pub proxy: Option<String>,
    /// Who sends.
    pub identity: IdentityName,
    /// Only these operations.
    pub include: Vec<String>,
    /// Not these operations.
    pub exclude: Vec<String>,
    /// Files of words that are worth trying.
    pub dictionaries: Vec<String>,
    /// From which severity on findings make the run fail.
    pub fail_on: FailOn,
    /// The command that starts the target, if gadfly is to start it.
    pub run: Vec<String>,
    /// When it takes requests.
    pub ready: Ready,
    /// How long it may take until it does.
    pub start_timeout: Option<Duration>,
    /// How much memory it may use.
    pub max_memory: Option<Size>,
    /// How often it is started anew.
    pub restarts: Option<u32>,
    /// In which header requests are named.
    pub run_id: RunHeader,
    sources: BTreeMap<&'static str, Source>,
}

/// The layers, strongest first, and which of them was asked for what.
struct Layers {
    all: [(Source, Layer); 3],
    sources: BTreeMap<&'static str, Source>,
}

impl Layers {
    fn pick<T>(&mut self, key: &'static str, of: impl Fn(&Layer) -> Option<T>) -> Option<T> {
        let found = self.all.iter().find_map(|(source, layer)| of(layer).map(|value| (*source, value)));
        let (source, value) = found.map_or((Source::Default, None), |(source, value)| (source, Some(value)));
        self.sources.insert(key, source);
        value
    }
}

impl Settings {
    /// The time budget of a run that names neither a time nor a number of requests.
    pub const DEFAULT_TIME: Duration = Duration::from_mins(1);

    /// Lays the layers over the defaults.
    ///
    /// Whoever asks for a number of requests wants the same run each time, so the default time budget then goes.
    pub fn resolve(flags: Layer, environment: Layer, file: Layer) -> Self {
        let all = [(Source::Flag, flags), (Source::Environment, environment), (Source::File, file)];
        let mut from = Layers { all, sources: BTreeMap::new() };
        let time = from.pick("time", |layer| layer.time).map(|span| span.0);
        let requests = from.pick("requests", |layer| layer.requests);
        let identity = from.pick("as", |layer| layer.identity.clone());
        Self {
            spec: from.pick("spec", |layer| layer.spec.clone()),
            url: from.pick("url", |layer| layer.url.clone()),
            base_path: from.pick("base_path", |layer| layer.base_path.clone()),
            allow_hosts: from.pick("allow_hosts", |layer| layer.allow_hosts.clone()).unwrap_or_default(),
            seed: from.pick("seed", |layer| layer.seed).unwrap_or(Seed::new(1)),
            time: time.or(if requests.is_none() { Some(Self::DEFAULT_TIME) } else { None }),
            requests,
            rate: from.pick("rate", |layer| layer.rate),
            concurrency: from.pick("concurrency", |layer| layer.concurrency).unwrap_or(16),
            timeout: from.pick("timeout", |layer| layer.timeout).map_or(Duration::from_secs(3), |span| span.0),
            proof: from.pick("proof", |layer| layer.proof).unwrap_or(3),
            races: from.pick("races", |layer| layer.races).unwrap_or_default(),
            transport: from.pick("transport", |layer| layer.transport).unwrap_or_default(),
            proxy: from.pick("proxy", |layer| layer.proxy.clone()),
            identity: IdentityName::new(identity.as_deref().unwrap_or(ANONYMOUS)),
            include: from.pick("include", |layer| layer.include.clone()).unwrap_or_default(),
            exclude: from.pick("exclude", |layer| layer.exclude.clone()).unwrap_or_default(),
            dictionaries: from.pick("dictionaries", |layer| layer.dictionaries.clone()).unwrap_or_default(),
            fail_on: from.pick("fail_on", |layer| layer.fail_on).unwrap_or_default(),
            run: from.pick("run", |layer| layer.run.clone()).unwrap_or_default(),
            ready: from.pick("ready", |layer| layer.ready.clone()).unwrap_or_default(),
            start_timeout: from.pick("start_timeout", |layer| layer.start_timeout).map(|span| span.0),
            max_memory: from.pick("max_memory", |layer| layer.max_memory),
            restarts: from.pick("restarts", |layer| layer.restarts),
            run_id: from.pick("run_id", |layer| layer.run_id.clone()).unwrap_or_default(),
            sources: from.sources,
        }
    }

    /// Where the value of this key comes from.
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).copied().unwrap_or(Source::Default)
    }

    /// Key, value and source of every option, in the order of the file's documentation; nothing in it is secret.
    pub fn rows(&self) -> Vec<(&'static str, String, Source)> {
        let list = |items: &[String]| {
            let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
            format!("[{}]", items.join(", "))
        };
        let url = |url: &Option<String>| url.as_deref().map(|url| quoted(&without_password(url)));
        let span = |duration: Duration| quoted(&Span(duration).to_string());
        let rows = [
            ("spec", url(&self.spec)),
            ("url", url(&self.url)),
            ("base_path", self.base_path.as_deref().map(quoted)),
            ("allow_hosts", Some(list(&self.allow_hosts))),
            ("seed", Some(self.seed.to_string())),
            ("time", self.time.map(span)),
            ("requests", self.requests.map(|requests| requests.to_string())),
            ("rate", self.rate.map(|rate| rate.to_string())),
            ("concurrency", Some(self.concurrency.to_string())),
            ("timeout", Some(span(self.timeout))),
            ("proof", Some(self.proof.to_string())),
            ("races", Some(self.races.to_string())),
            ("transport", Some(quoted(self.transport.word()))),
            ("proxy", url(&self.proxy)),
            ("as", Some(quoted(self.identity.as_str()))),
            ("include", Some(list(&self.include))),
            ("exclude", Some(list(&self.exclude))),
            ("dictionaries", Some(list(&self.dictionaries))),
            ("fail_on", Some(quoted(&self.fail_on.to_string()))),
            ("run", (!self.run.is_empty()).then(|| list(&self.run))),
            ("ready", (!self.run.is_empty()).then(|| quoted(&self.ready.to_string()))),
            ("start_timeout", self.start_timeout.map(span)),
            ("max_memory", self.max_memory.map(|size| quoted(&size.to_string()))),
            ("restarts", self.restarts.map(|restarts| restarts.to_string())),
            (
                "run_id",
                (!self.run.is_empty() || self.run_id != RunHeader::default()).then(|| quoted(&self.run_id.to_string())),
            ),
        ];
        rows.into_iter().filter_map(|(key, value)| Some((key, value?, self.source(key)))).collect()
    }

    /// The settings as a table of `gadfly.toml`, each with its source. Values of headers and identities are secrets
    /// and stay out.
    pub fn to_toml(&self, name: &str, api: &ApiTable) -> String {
        // Writing to a String can't fail.
        let mut out = format!("[api.{name}]\n");
        for (key, value, source) in self.rows() {
            let line = format!("{key} = {value}");
            _ = writeln!(out, "{line:<48} # {source}");
        }
        for header in api.header_names() {
            _ = writeln!(out, "headers.{header:?} = {MASK:?}");
        }
        for fixed in &api.values {
            let line = format!("values.{} = {}", quoted(&fixed.place), fixed.shown());
            let source = if fixed.at.is_some() { Source::File } else { Source::Flag };
            _ = writeln!(out, "{line:<48} # {source}");
        }
        for (who, identity) in &api.identities {
            _ = writeln!(out, "\n[api.{name}.identity.{who}]");
            for what in identity.describe() {
                _ = writeln!(out, "# sends {what}");
            }
        }
        out
    }
}

/// A URL without the password that may stand in it.
pub fn without_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("redacted")) {
            Ok(()) => url.to_string(),
            Err(()) => MASK.to_owned(),
        },
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(url: &str, seed: Option<u64>) -> Layer {
        Layer { url: Some(url.into()), seed: seed.map(Seed::new), ..Layer::default() }
    }

    #[test]
    fn flags_beat_environment_beats_file_beats_defaults() {
        let file = Layer { proof: Some(5), ..layer("http://file", Some(3)) };
        let settings = Settings::resolve(layer("http://flag", None), layer("http://env", Some(2)), file);
        assert_eq!(settings.url.as_deref(), Some("http://flag"));
        assert_eq!((settings.seed, settings.proof, settings.concurrency), (Seed::new(2), 5, 16));
        let sources = ["url", "seed", "proof", "concurrency"].map(|key| settings.source(key));
        assert_eq!(sources, [Source::Flag, Source::Environment, Source::File, Source::Default]);
    }

    #[track_caller]
    fn check(time: Option<&str>, requests: Option<u64>, expected: Option<u64>) {
        let flags = Layer { time: time.map(|time| time.parse().unwrap()), requests, ..Layer::default() };
        let settings = Settings::resolve(flags, Layer::default(), Layer::default());
        assert_eq!(settings.time, expected.map(Duration::from_secs));
    }

    #[test]
    fn a_request_budget_replaces_the_default_time_budget() {
        check(None, None, Some(60));
        check(None, Some(100), None);
        check(Some("5m"), Some(100), Some(300));
    }

    #[test]
    fn what_is_shown_holds_no_password() {
        let flags = Layer { proxy: Some("http://me:hunter2@127.0.0.1:3128".into()), ..Layer::default() };
        let shown = Settings::resolve(flags, Layer::default(), Layer::default()).to_toml("x", &ApiTable::default());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("me:redacted@"), "{shown}");
        let read = super::super::File::read(std::path::Path::new("shown.toml"), &shown).unwrap();
        assert_eq!(read.apis["x"].layer.proof, Some(3), "what is shown can be used as a file");
    }
}
