//! Steps in order. Main types: [`Scenario`], [`Step`]. One lone request is a scenario of one step.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Case, Law, Names, placeholder, renamed};
use crate::api::OperationId;
use crate::wire::Request;

/// The identity that has no credentials.
pub const ANONYMOUS: &str = "anonymous";

/// The alias of an identity: a name, never a credential.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityName(Arc<str>);

impl IdentityName {
    /// The identity of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdentityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for IdentityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// An ordered list of steps.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// At least one.
    pub steps: Vec<Step>,
    /// The rule between its last steps that it tries, if it was made for one.
    pub law: Option<Law>,
}

impl Scenario {
    /// One lone request.
    pub fn single(step: Step) -> Self {
        Self::plain(vec![step])
    }

    /// Steps that try no law.
    pub fn plain(steps: Vec<Step>) -> Self {
        Self { steps, law: None }
    }

    /// The steps that go out at once with this one, itself among them: a group, which for most steps is the step alone.
    pub fn group(&self, index: usize) -> Range<usize> {
        let is_joined = |index: &usize| self.steps.get(*index).is_some_and(|step| step.at_once);
        let start = (1..=index).rev().take_while(is_joined).last().map_or(index, |first| first - 1);
        let end = (index + 1..self.steps.len()).take_while(is_joined).last().unwrap_or(index);
        start..end + 1
    }

    /// The scenario without this step. What later steps take from it they take from an earlier one that gives the same field
    /// of its answer, such as the name that a thing had before the step; `None` if none does, or if a later step needs a value
    /// that was made for this one.
    pub fn without(&self, index: usize) -> Option<Self> {
        let mut fewer = self.clone();
        let dropped = fewer.steps.remove(index);
        let (before, after) = fewer.steps.split_at_mut(index);
        let is_used = |name: &String| after.iter().any(|step| step.mentions(name));
        if dropped.fresh.iter().any(is_used) {
            return None;
        }
        let mut names = Names::new();
        for capture in dropped.captures.iter().filter(|capture| is_used(&capture.name)) {
            let mut earlier = before.iter().rev().flat_map(|step| &step.captures);
            names.insert(capture.name.clone(), earlier.find(|other| other.is_like(capture))?.name.clone());
        }
        for step in after {
            *step = renamed(step, &names);
        }
        Some(fewer)
    }
}

/// One request, who sends it, and what later steps need of its answer.
#[derive(Clone, Debug)]
pub struct Step {
    /// The operation that the request is meant for.
    pub operation: OperationId,
    /// Who sends it.
    pub identity: IdentityName,
    /// The request without credentials. Text of the form `{{name}}` is replaced where an earlier step captured
    /// `name` or `fresh` lists it; any other text of that form is data.
    pub request: Arc<Request>,
    /// Names that get a new unique value at each execution.
    pub fresh: Vec<String>,
    /// What is taken from the answer for later steps.
    pub captures: Vec<Capture>,
    /// The typed values that the request was made from; absent in a step that was read from a file.
    pub case: Option<Arc<Case>>,
    /// Whether it goes out at once with the step before it, on a connection of its own. The first step never does.
    pub at_once: bool,
}

impl Step {
    /// Whether the request has the placeholder of this name.
    pub fn mentions(&self, name: &str) -> bool {
        let mark = placeholder(name);
        let has = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
        let Request { target, headers, body, .. } = &*self.request;
        has(target) || has(body) || headers.iter().any(|header| has(&header.value))
    }
}

/// A value taken from an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The name that later steps use.
    pub name: String,
    /// Where it stands in the answer.
    pub from: Source,
}

impl Capture {
    /// Whether both take the same field of things of one kind: placeholders are called after these, and then numbered.
    fn is_like(&self, other: &Self) -> bool {
        let stem = |name: &str| name.trim_end_matches(|last: char| last.is_ascii_digit() || last == '_').to_owned();
        stem(&self.name) == stem(&other.name)
    }
}

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// JSON pointer into the body.
    Body(String),
    /// The value of a header.
    Header(String),
    /// The value of a cookie that was set.
    Cookie(String),
    /// The last segment of the path in `Location` (RFC 9110 section 10.2.2).
    Location,
    /// JSON pointer to a URL in the body: the last segment of its path.
    Link(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_runs_of_steps_that_go_out_at_once() {
        let step = |at_once: bool| Step {
            operation: OperationId::new("get", "/a"),
            identity: IdentityName::new(ANONYMOUS),
            request: Arc::new(Request::new("GET", "/a")),
            fresh: vec![],
            captures: vec![],
            case: None,
            at_once,
        };
        let scenario = Scenario::plain([false, false, true, true, false, false, true].map(step).to_vec());
        let groups: Vec<_> = (0..scenario.steps.len()).map(|index| scenario.group(index)).collect();
        assert_eq!(groups, [0..1, 1..4, 1..4, 1..4, 4..5, 5..7, 5..7]);
    }
}
