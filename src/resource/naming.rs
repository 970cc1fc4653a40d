//! By which of its names a thing is called. Main types: [`Pool`], [`Tries`].
//!
//! Names of members and paths make likely what a thing is called where it is asked for; answers say whether that is so.
//! Where a place was never answered 2xx with what was put into it, another member of what told of the thing takes its turn,
//! and what led to a 2xx first is kept. All of it is decided by what was folded, so runs of the same seed do the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, LESSER, STAND_INS};
use super::name::names_something;
use super::pool::Pool;

/// After how many refusals another name has its turn.
const PATIENCE: u32 = 3;
/// The same for a name that is known to work elsewhere, and for the others beside it.
const PATIENCE_PROVEN: u32 = 12;
const PATIENCE_BESIDE: u32 = 1;
/// How many names of one thing are tried.
const MOST: usize = 6;

/// What became of the names that one place was given.
#[derive(Debug, Default)]
pub struct Tries {
    refused: BTreeMap<String, u32>,
    works: Option<String>,
}

impl Tries {
    /// A request with this name was answered 2xx.
    pub fn hit(&mut self, field: &str) {
        self.works.get_or_insert_with(|| field.to_owned());
    }

    /// A request with this name was refused, or nothing was there.
    pub fn miss(&mut self, field: &str) {
        *self.refused.entry(field.to_owned()).or_default() += 1;
    }
}

impl Pool {
    /// What the thing is called where `wanted` is asked for. What is to be ended is called by a name only that can't be that
    /// of something else.
    pub fn call(&self, entry: &Entry, wanted: &str, tries: Option<&Tries>, ends_it: bool) -> Option<String> {
        let names = self.names(entry, wanted);
        let proven = self.proven(&entry.kind, wanted);
        if ends_it {
            let is_sure = |name: &&&str| proven == Some(**name) || is_sure(entry, name, wanted);
            return names.iter().find(is_sure).map(|name| (*name).to_owned());
        }
        let works = tries.and_then(|tries| tries.works.as_deref()).filter(|works| names.contains(works));
        if let Some(works) = works {
            return Some(works.to_owned());
        }
        let refused = |name: &str| tries.and_then(|tries| tries.refused.get(name)).copied().unwrap_or_default();
        let patience = |name: &str| match proven {
            Some(proven) if proven == name => PATIENCE_PROVEN,
            Some(_) => PATIENCE_BESIDE,
            None => PATIENCE,
        };
        names.into_iter().min_by_key(|name| refused(name) / patience(name)).map(str::to_owned)
    }

    /// A request was answered 2xx in which a thing was called so where `wanted` was asked for.
    pub fn prove(&mut self, entry: &Entry, wanted: &str, field: &str) {
        let place = (Arc::clone(&entry.kind), wanted.to_owned());
        self.proven.entry(place).or_insert_with(|| field.to_owned());
    }

    /// Whether things of the kind are known to be called so where `wanted` is asked for.
    pub fn is_proven(&self, entry: &Entry, wanted: &str, field: &str) -> bool {
        self.proven(&entry.kind, wanted) == Some(field)
    }

    /// Whether the thing may be called otherwise.
    pub fn has_other_names(&self, entry: &Entry, wanted: &str) -> bool {
        self.names(entry, wanted).len() > 1
    }

    /// The likeliest of the names.
    pub(super) fn likeliest<'e>(&self, entry: &'e Entry, wanted: &str) -> Option<&'e str> {
        let proven = || self.proven(&entry.kind, wanted).and_then(|proven| key(entry, proven));
        let known = || entry.field(wanted).map(|(field, _)| field);
        proven().or_else(known).or_else(|| self.names(entry, wanted).first().copied())
    }

    fn proven(&self, kind: &str, wanted: &str) -> Option<&str> {
        if self.proven.is_empty() {
            return None;
        }
        self.proven.get(&(kind.into(), wanted.to_owned())).map(String::as_str)
    }

    /// The names of a thing, the likeliest first, each value once.
    fn names<'e>(&self, entry: &'e Entry, wanted: &str) -> Vec<&'e str> {
        let proven = self.proven(&entry.kind, wanted).and_then(|proven| key(entry, proven));
        let usual = std::iter::once(wanted).chain(STAND_INS).chain(LESSER);
        let usual = usual.filter_map(|name| entry.fields.get_key_value(name)).map(|(name, _)| name.as_str());
        let mut others: Vec<&str> = entry.others.keys().map(String::as_str).collect();
        others.retain(|name| proven == Some(*name) || self.is_one_alone(entry, name));
        others.sort_by_key(|name| !names_something(name));
        let mut names: Vec<&str> = Vec::new();
        for name in proven.into_iter().chain(usual).chain(others) {
            let value = entry.held(name);
            if names.len() < MOST && names.iter().all(|known| entry.held(known) != value && *known != name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether no other thing of the kind has this value there: what is common names nothing.
    fn is_one_alone(&self, entry: &Entry, name: &str) -> bool {
        let own = entry.others.get(name).map(|held| &held.value);
        let mut twins = self.known(&entry.kind).filter(|other| other.number != entry.number);
        !twins.any(|other| other.others.get(name).map(|held| &held.value) == own)
    }
}

/// The name as the thing has it.
fn key<'e>(entry: &'e Entry, name: &str) -> Option<&'e str> {
    let (key, _) = entry.fields.get_key_value(name).or_else(|| entry.others.get_key_value(name))?;
    Some(key)
}

/// Whether a name is one beyond doubt: a number may be that of something else as well.
fn is_sure(entry: &Entry, name: &str, wanted: &str) -> bool {
    let is_word = || entry.held(name).is_some_and(|held| held.text().bytes().any(|byte| !byte.is_ascii_digit()));
    let is_field = entry.fields.contains_key(name);
    is_field && (name == wanted || STAND_INS.contains(&name) || (LESSER.contains(&name) && is_word()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::entry::{Recipe, Teller};
    use super::super::harvest::{Found, Held};
    use super::*;
    use crate::scenario::Source;
    use crate::scenario::encode::samples::{case, operation};

    /// A pool of things with these names and these other members.
    fn pool(things: &[(Value, Value)]) -> (Pool, Vec<Arc<Entry>>) {
        let operation = operation("POST", "/flows", json!({}));
        let recipe = || Recipe::Typed { case: Arc::new(case(&operation, &[])), names: vec![] };
        let held = |members: &Value| {
            let members = members.as_object().unwrap().iter();
            members.map(|(name, value)| (name.clone(), Held::new(value.clone(), Source::Location))).collect()
        };
        let found = things.iter().map(|(fields, others)| Found {
            kind: "flow".into(),
            fields: held(fields),
            others: held(others),
            is_subject: true,
        });
        let mut pool = Pool::default();
        let told = pool.learn(found.collect(), Teller { operation: &operation.id, uses: &[] }, recipe, true);
        (pool, told)
    }

    /// What the first of these things is called in turn where an id is asked for, if all names are refused.
    #[track_caller]
    fn check(things: &[(Value, Value)], expected: &[&str]) {
        let (pool, told) = pool(things);
        let mut tries = Tries::default();
        let mut called: Vec<String> = Vec::new();
        for _ in 0..PATIENCE as usize * expected.len() {
            let Some(name) = pool.call(&told[0], "id", Some(&tries), false) else { break };
            tries.miss(&name);
            called.push(name);
        }
        called.dedup();
        assert_eq!(called, expected);
    }

    #[test]
    fn what_is_refused_is_called_otherwise() {
        check(
            &[(json!({"id": 7, "name": "a"}), json!({"color": "red", "flowToken": "x"}))],
            &["id", "name", "flowToken", "color"],
        );
        check(&[(json!({"uid": "u", "slug": "s"}), json!({}))], &["slug", "uid"]);
        check(&[(json!({}), json!({"handle": "x"}))], &["handle"]);
    }

    #[test]
    fn what_several_things_have_in_common_names_none() {
        let twins = [
            (json!({"id": 1}), json!({"state": "new", "mark": "a"})),
            (json!({"id": 2}), json!({"state": "new", "mark": "b"})),
        ];
        check(&twins, &["id", "mark"]);
    }

    #[test]
    fn what_works_is_kept_and_is_likely_elsewhere() {
        let (mut pool, told) = pool(&[(json!({"id": 7}), json!({"mark": "a"}))]);
        let mut tries = Tries::default();
        tries.hit("mark");
        (0..9).for_each(|_| tries.miss("mark"));
        assert_eq!(pool.call(&told[0], "id", Some(&tries), false).as_deref(), Some("mark"));
        assert_eq!(pool.call(&told[0], "id", None, false).as_deref(), Some("id"));
        pool.prove(&told[0], "id", "mark");
        pool.prove(&told[0], "id", "id");
        assert_eq!(pool.call(&told[0], "id", None, false).as_deref(), Some("mark"));
        assert_eq!(pool.call(&told[0], "name", None, false).as_deref(), Some("id"));
    }

    #[test]
    fn what_is_ended_is_called_by_a_sure_name() {
        let ended = |fields: Value, others: Value| {
            let (pool, told) = pool(&[(fields, others)]);
            pool.call(&told[0], "id", None, true)
        };
        assert_eq!(ended(json!({"id": 7}), json!({})).as_deref(), Some("id"));
        assert_eq!(ended(json!({"number": 7}), json!({})), None);
        assert_eq!(ended(json!({"number": "R-7"}), json!({})).as_deref(), Some("number"));
        assert_eq!(ended(json!({}), json!({"handle": "x"})), None);
        let (mut pool, told) = pool(&[(json!({}), json!({"handle": "x"}))]);
        pool.prove(&told[0], "id", "handle");
        assert_eq!(pool.call(&told[0], "id", None, true).as_deref(), Some("handle"));
    }
}
