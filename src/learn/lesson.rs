//! Where a learned rule holds. Main types: [`Spot`], [`LearnedRule`].

use std::fmt;

use serde::Serialize;

use super::{Place, Rule};
use crate::scenario::Datum;
use crate::schema::{escape_token, tokens};

/// For every item of a list.
pub(super) const EACH: &str = "*";
/// How many items of a list are looked at.
const MOST_ITEMS: usize = 64;

/// A place of an operation's requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The part of the request.
    pub place: Place,
    /// The name of the parameter if it is one, then the way into the value; `*` stands for every item of a list.
    pub tokens: Vec<String>,
}

impl Spot {
    /// Reads what `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (word, _) = text.split_once('/').unwrap_or((text, ""));
        let place = Place::named(word).filter(|place| place.word() == word)?;
        let tokens: Vec<String> = tokens(text).map(std::borrow::Cow::into_owned).collect();
        (place == Place::Body || !tokens.is_empty()).then_some(Self { place, tokens })
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place.word())?;
        self.tokens.iter().try_for_each(|token| write!(f, "/{}", escape_token(token)))
    }
}

/// A rule that was learned, for people and for machines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LearnedRule {
    /// The operation, such as `POST /orders`.
    pub operation: String,
    /// Where: `body/items/*/name`, `query/limit`.
    #[serde(serialize_with = "write_spot")]
    pub place: Spot,
    /// What.
    pub rule: Rule,
}

fn write_spot<S: serde::Serializer>(spot: &Spot, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(spot)
}

/// Whether the test holds for what stands at the end of the way in every branch of it; where the way ends early, there is
/// nothing to test.
pub(super) fn all(here: &Datum, way: &[String], test: &dyn Fn(Option<&Datum>) -> bool) -> bool {
    match (way, here) {
        ([], here) => test(Some(here)),
        ([token, rest @ ..], Datum::Array(items)) if token == EACH => {
            items.iter().take(MOST_ITEMS).all(|item| all(item, rest, test))
        }
        ([token, rest @ ..], Datum::Object(members)) => {
            match members.iter().find(|(name, _)| name == token).map(|(_, value)| value) {
                Some(value) => all(value, rest, test),
                None => !rest.is_empty() || test(None),
            }
        }
        _ => true,
    }
}

/// Changes what stands at the end of the way in every branch of it; `act` answers what is to stand there, if anything.
pub(super) fn change(here: &mut Datum, way: &[String], act: &mut dyn FnMut(Option<&Datum>) -> Option<Datum>) {
    match (way, here) {
        ([token], Datum::Array(items)) if token == EACH => {
            for item in items.iter_mut().take(MOST_ITEMS) {
                if let Some(new) = act(Some(item)) {
                    *item = new;
                }
            }
        }
        ([token], Datum::Object(members)) => {
            let index = members.iter().position(|(name, _)| name == token);
            match (index, act(index.map(|index| &members[index].1))) {
                (Some(index), Some(new)) => members[index].1 = new,
                (Some(index), None) => drop(members.remove(index)),
                (None, Some(new)) => members.push((token.clone(), new)),
                (None, None) => {}
            }
        }
        ([token, rest @ ..], Datum::Array(items)) if token == EACH => {
            items.iter_mut().take(MOST_ITEMS).for_each(|item| change(item, rest, act));
        }
        ([token, rest @ ..], Datum::Object(members)) => {
            if let Some((_, value)) = members.iter_mut().find(|(name, _)| name == token) {
                change(value, rest, act);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, place: Place, tokens: &[&str]) {
        let spot = Spot::parse(text).unwrap();
        assert_eq!((spot.place, spot.tokens.iter().map(String::as_str).collect::<Vec<_>>()), (place, tokens.to_vec()));
        assert_eq!(spot.to_string(), text);
    }

    #[test]
    fn spots_are_read_as_written() {
        check("body", Place::Body, &[]);
        check("body/items/*/a~1b", Place::Body, &["items", "*", "a/b"]);
        check("header/X-Tenant", Place::Header, &["X-Tenant"]);
        for text in ["query", "somewhere/x", "x/y", "", "json/a"] {
            assert_eq!(Spot::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ways_branch_at_lists_and_end_early_in_peace() {
        let mut value = Datum::from(&json!({"items": [{"n": 1}, {"n": 2}, {}, 5]}));
        let way = ["items", "*", "n"].map(str::to_owned);
        assert!(!all(&value, &way, &|found| found.is_some()));
        assert!(all(&value, &["absent", "x"].map(str::to_owned), &|_| false));
        change(&mut value, &way, &mut |found| found.is_none().then(|| Datum::integer(9)));
        assert_eq!(value.to_value(), Some(json!({"items": [{}, {}, {"n": 9}, 5]})));
    }
}
