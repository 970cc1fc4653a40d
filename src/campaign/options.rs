//! What a campaign is asked to do. Main type: [`Options`].

use std::sync::Arc;
use std::time::Duration;

use crate::api::Operation;
use crate::engine::{Remembered, Watch};
use crate::generate::UserValues;
use crate::identity::Identities;
use crate::resource::Link;
use crate::scenario::{ANONYMOUS, IdentityName};
use crate::seed::Seed;
use crate::store::Store;
use crate::wire::{Origin, RunHeader};

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host and port.
    pub origin: Origin,
    /// Put before every path template; empty or beginning with `/`, never ending with one.
    pub base_path: String,
}

impl Target {
    /// The base URL: origin and base path.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.origin, self.base_path)
    }
}

/// Which transport is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransportKind {
    /// The wire client, unless a proxy or HTTP/2 is asked for.
    #[default]
    Auto,
    /// The wire client.
    Http1,
    /// reqwest.
    Reqwest,
}

/// Chooses operations, without regard to case: a whole id such as `GET /orders`; a pattern with `*` over the id or the
/// path such as `/admin/*`; a name or a tag; or text that the id contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(pub String);

impl Filter {
    /// Whether the operation is meant.
    pub fn matches(&self, operation: &Operation) -> bool {
        let wanted = self.0.to_lowercase();
        let id = operation.id.as_str().to_lowercase();
        if wanted.contains('*') {
            return glob(&wanted, &id) || glob(&wanted, &operation.path.to_lowercase());
        }
        if wanted.contains(' ') {
            return id == wanted;
        }
        id.contains(&wanted)
            || operation.name.as_ref().is_some_and(|name| name.to_lowercase() == wanted)
            || operation.tags.iter().any(|tag| tag.to_lowercase() == wanted)
    }
}

/// `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| &rest[at..]).chain([""]).any(|rest| glob(tail, rest))
        }),
    }
}

/// How the target's state is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Whether what the run made is deleted when it is over.
    pub clean_up: bool,
    /// Whether operations that may ruin the target come last.
    pub ruinous_last: bool,
}

impl Default for Protection {
    fn default() -> Self {
        Self { clean_up: true, ruinous_last: true }
    }
}

/// What a campaign is asked to do.
#[derive(Clone)]
pub struct Options {
    /// Name of the API: the folder of its fixtures and corpus.
    pub name: String,
    /// Where it is.
    pub target: Target,
    /// The run's seed.
    pub seed: Seed,
    /// Time budget; a hard limit.
    pub time: Option<Duration>,
    /// Request budget, proof not counted.
    pub requests: Option<u64>,
    /// Most requests per second.
    pub rate: Option<u32>,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Time allowed for one request.
    pub timeout: Duration,
    /// How often a suspicion is re-sent alone.
    pub proof: u32,
    /// How requests are sent.
    pub transport: TransportKind,
    /// A proxy for all requests; means [`TransportKind::Reqwest`].
    pub proxy: Option<String>,
    /// In which header requests are named for the target's log, if they are.
    pub run_id: RunHeader,
    /// As whom.
    pub identity: IdentityName,
    /// All identities.
    pub identities: Identities,
    /// Only operations that one of these matches; empty means all.
    pub include: Vec<Filter>,
    /// No operation that one of these matches.
    pub exclude: Vec<Filter>,
    /// What the user knows beyond the document.
    pub values: Arc<UserValues>,
    /// How the target's state is protected.
    pub protection: Protection,
    /// Whether requests that go out at once are tried as well.
    pub races: bool,
    /// What the user says of where values come from.
    pub links: Vec<Link>,
    /// The target's process, if gadfly runs it.
    pub process: Option<Arc<Watch>>,
    /// Whether findings go straight to `regressions/` instead of waiting for `gadfly accept`.
    pub accept_all: bool,
    /// Whether remarks are kept as fixtures too.
    pub keep_remarks: bool,
    /// Where fixtures are kept; `None` writes none.
    pub fixtures: Option<Arc<dyn Store>>,
    /// Where the lists of rejected findings are: read also where no fixture is written; `None` reports everything.
    pub reviewed: Option<Arc<dyn Store>>,
    /// Where the corpus is kept; `None` neither reads nor writes one.
    pub corpus: Option<Arc<dyn Store>>,
    /// What is sent in place of a search, if there is to be none: what others recorded.
    pub recorded: Option<Vec<Remembered>>,
}

impl Options {
    /// The defaults for this target.
    pub fn new(name: &str, target: Target) -> Self {
        Self {
            name: name.to_owned(),
            target,
            seed: Seed::new(1),
            time: Some(Duration::from_mins(1)),
            requests: None,
            rate: None,
            concurrency: 16,
            timeout: Duration::from_secs(3),
            proof: 3,
            transport: TransportKind::default(),
            proxy: None,
            run_id: RunHeader::default(),
            identity: IdentityName::new(ANONYMOUS),
            identities: Identities::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            values: Arc::default(),
            protection: Protection::default(),
            races: false,
            links: Vec::new(),
            process: None,
            accept_all: false,
            keep_remarks: false,
            fixtures: None,
            reviewed: None,
            corpus: None,
            recorded: None,
        }
    }

    /// Whether the operation is in the run.
    pub fn selects(&self, operation: &Operation) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|filter| filter.matches(operation));
        included && !self.exclude.iter().any(|filter| filter.matches(operation))
    }

    /// Whether requests are planned for the operation: without a search only where something was recorded.
    pub(super) fn concerns(&self, operation: &Operation) -> bool {
        let is_sent = |one: &Remembered| one.scenario.steps.iter().any(|step| step.operation == operation.id);
        self.recorded.as_ref().is_none_or(|recorded| recorded.iter().any(is_sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{OperationId, Responses};

    #[track_caller]
    fn check(filter: &str, expected: bool) {
        let operation = Operation {
            id: OperationId::new("get", "/admin/users/{id}"),
            method: "GET".into(),
            path: "/admin/users/{id}".into(),
            name: Some("getUser".into()),
            tags: vec!["Users".into()],
            deprecated: false,
            parameters: vec![],
            body: None,
            responses: Responses::default(),
            security: vec![],
            pointer: String::new(),
        };
        assert_eq!(Filter(filter.into()).matches(&operation), expected, "{filter}");
    }

    #[test]
    fn filters_match_as_people_expect() {
        for filter in ["GET /admin/users/{id}", "get /admin/*", "/admin/*", "*{id}", "getuser", "users", "/admin"] {
            check(filter, true);
        }
        for filter in ["GET /admin/users", "POST /admin/*", "getUse r", "/orders", "admins"] {
            check(filter, false);
        }
    }
}
