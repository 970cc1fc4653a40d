//! A thing that is known to exist, how it became known, and its value in a case. Main types: [`Entry`], [`Use`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::graph::Kind;
use super::harvest::Held;
use crate::api::OperationId;
use crate::scenario::{Case, Datum, Scenario};
use crate::schema::is_uuid;

/// Fields that stand in for one that a thing does not have, the most telling first.
pub(super) const STAND_INS: [&str; 5] = ["id", "uuid", "key", "slug", "name"];
/// Fields that do so where none of these is there.
pub(super) const LESSER: [&str; 6] = ["uid", "guid", "reference", "ref", "number", "code"];

/// A thing that exists, as far as we know.
#[derive(Debug)]
pub struct Entry {
    /// Unique within the run.
    pub number: u64,
    /// Of which kind.
    pub kind: Kind,
    /// Its names by field.
    pub fields: BTreeMap<String, Held>,
    /// What else may name it, should these not.
    pub others: BTreeMap<String, Held>,
    /// How it became known.
    pub maker: Arc<Maker>,
    /// Whether the run made it, so that it may end it.
    pub is_ours: bool,
    /// Whether an answer was about it, and not only mentioned it.
    pub is_subject: bool,
}

/// The request whose answer told of a thing.
#[derive(Debug)]
pub struct Maker {
    /// Its operation.
    pub operation: OperationId,
    /// How it is sent again.
    pub recipe: Recipe,
    /// The things that it used itself.
    pub uses: Vec<Use>,
}

/// The request that told of things.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// Its operation.
    pub operation: &'a OperationId,
    /// The things that it used itself.
    pub uses: &'a [Use],
}

impl Teller<'_> {
    pub(super) fn maker(self, recipe: Recipe) -> Maker {
        Maker { operation: self.operation.clone(), recipe, uses: self.uses.to_vec() }
    }
}

/// A text of a request that is new each time it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The parameter in which it stands; none for the body.
    pub parameter: Option<usize>,
    /// JSON pointer within it.
    pub pointer: Box<str>,
    /// Whether it must be an address.
    pub is_email: bool,
}

impl Name {
    /// What a file is called at the end by its kind, such as `.json`; empty if it is not.
    pub fn extension(text: &str) -> &str {
        let dot = text.rfind('.').filter(|dot| *dot > 0);
        let is_plain =
            |end: &&str| (2..=6).contains(&end.len()) && end[1..].bytes().all(|byte| byte.is_ascii_alphabetic());
        dot.map(|dot| &text[dot..]).filter(is_plain).unwrap_or_default()
    }
}

/// How a request is sent again.
#[derive(Clone, Debug)]
pub enum Recipe {
    /// Made anew from typed values.
    Typed {
        /// The values.
        case: Arc<Case>,
        /// Texts that are new each time, beside those that were when it was made.
        names: Vec<Name>,
    },
    /// This step of a recorded scenario, after those before it.
    Recorded {
        /// The scenario.
        scenario: Arc<Scenario>,
        /// The step.
        index: usize,
    },
}

impl Maker {
    /// Its typed values; none if it was recorded by an earlier run.
    pub fn case(&self) -> Option<&Arc<Case>> {
        match &self.recipe {
            Recipe::Typed { case, .. } => Some(case),
            Recipe::Recorded { .. } => None,
        }
    }
}

/// A value of the pool in a case.
#[derive(Clone, Debug)]
pub struct Use {
    /// The parameter in which it stands; none for the body.
    pub parameter: Option<usize>,
    /// JSON pointer within it.
    pub pointer: Box<str>,
    /// What is named.
    pub entry: Arc<Entry>,
    /// By what.
    pub field: String,
}

impl Entry {
    /// The value of this field, or of one that stands in for it.
    pub fn field(&self, wanted: &str) -> Option<(&str, &Held)> {
        let mut names = std::iter::once(wanted).chain(STAND_INS).chain(LESSER);
        names.find_map(|name| self.fields.get_key_value(name)).map(|(field, held)| (field.as_str(), held))
    }

    /// What it is called by this field, or by this other member.
    pub fn held(&self, field: &str) -> Option<&Held> {
        self.fields.get(field).or_else(|| self.others.get(field))
    }

    /// The thing of this kind below which it was made, or with which.
    pub fn ancestor(&self, kind: &str) -> Option<Arc<Self>> {
        let own = self.maker.uses.iter().find(|used| &*used.entry.kind == kind).map(|used| Arc::clone(&used.entry));
        own.or_else(|| self.maker.uses.iter().find_map(|used| used.entry.ancestor(kind)))
    }
}

impl Use {
    /// Puts a value of the same form in its place that names nothing.
    pub fn forget(&self, case: &mut Case) {
        let absent = match self.entry.held(&self.field).map(|held| &held.value) {
            Some(Value::String(text)) if is_uuid(text) => "00000000-0000-4000-8000-000000000000".to_owned(),
            Some(Value::String(text)) if text.bytes().any(|byte| !byte.is_ascii_digit()) => alike(text),
            _ => "999999999".to_owned(),
        };
        if let Some(value) = super::recipe::value_mut(case, self.parameter, &self.pointer) {
            *value = match value {
                Datum::Number(_) => Datum::Number(absent.as_str().into()),
                _ => Datum::string(&absent),
            };
        }
    }
}

/// `MUG-0001` becomes `ZZZ-9999`; what is too short for that may well name something.
fn alike(text: &str) -> String {
    if text.len() < 6 {
        return "gadfly-absent".to_owned();
    }
    let same_kind = |c: char| match c {
        'A'..='Z' => 'Z',
        'a'..='z' => 'z',
        '0'..='9' => '9',
        other => other,
    };
    text.chars().map(same_kind).collect()
}
