//! Simpler values that stay valid: fewer parameters, members and items, shorter texts, smaller numbers. Main type:
//! [`ValueShrinker`].

use crate::scenario::{Case, Content, Datum, proves_valid};

/// How many simpler values are tried before giving up.
const MOST: usize = 4_000;

/// A place in a case.
#[derive(Clone, Debug)]
enum Place {
    /// The argument of this index, and a pointer into it.
    Argument(usize, String),
    /// A pointer into the body.
    Body(String),
    /// The argument of this index as a whole, to be left out.
    Whole(usize),
    /// The body as a whole.
    WholeBody,
}

/// Walks through simpler cases.
#[derive(Clone, Debug)]
pub(super) struct ValueShrinker {
    places: Vec<Place>,
    place: usize,
    attempt: usize,
    tried: usize,
    progress: bool,
}

impl ValueShrinker {
    pub(super) fn new(case: &Case) -> Self {
        Self { places: places(case), place: 0, attempt: 0, tried: 0, progress: false }
    }

    /// The case that was tried last is good: its places are gone through from here on.
    pub(super) fn keep(&mut self, case: &Case) {
        if self.attempt > 0 {
            self.progress = true;
            self.places = places(case);
            // The first attempts are the boldest, and may succeed anew.
            self.attempt = 0;
        }
    }

    /// The next simpler valid case; `None` after a round without progress.
    pub(super) fn next(&mut self, case: &Case) -> Option<Case> {
        while self.tried < MOST {
            let Some(place) = self.places.get(self.place).cloned() else {
                if !self.progress {
                    return None;
                }
                (self.place, self.attempt, self.progress) = (0, 0, false);
                continue;
            };
            let attempt = self.attempt;
            self.attempt += 1;
            self.tried += 1;
            let Some(simpler) = simpler(case, &place, attempt) else {
                self.place += 1;
                self.attempt = 0;
                continue;
            };
            if proves_valid(&simpler) {
                return Some(simpler);
            }
        }
        None
    }
}

fn places(case: &Case) -> Vec<Place> {
    let mut places = vec![Place::WholeBody];
    places.extend((0..case.arguments.len()).map(Place::Whole));
    if let Some(Content::Value(value)) = case.body.as_ref().map(|body| &body.content) {
        pointers(value, &mut String::new(), &mut |pointer| places.push(Place::Body(pointer.to_owned())));
    }
    for (index, argument) in case.arguments.iter().enumerate() {
        let mut add = |pointer: &str| places.push(Place::Argument(index, pointer.to_owned()));
        pointers(&argument.value, &mut String::new(), &mut add);
    }
    places
}

/// Calls for every value within a value, the outer ones first.
fn pointers(value: &Datum, pointer: &mut String, each: &mut dyn FnMut(&str)) {
    each(pointer);
    let length = pointer.len();
    match value {
        Datum::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                pointers(item, pointer, each);
                pointer.truncate(length);
            }
        }
        Datum::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                pointers(member, pointer, each);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// The case with something simpler at a place: the attempt of this number, `None` past the last.
fn simpler(case: &Case, place: &Place, attempt: usize) -> Option<Case> {
    let mut case = case.clone();
    let value = match place {
        Place::Whole(index) => {
            let _ = (attempt == 0 && *index < case.arguments.len()).then(|| case.arguments.remove(*index))?;
            return Some(case);
        }
        Place::WholeBody => {
            (attempt == 0 && case.body.is_some()).then(|| case.body = None)?;
            return Some(case);
        }
        Place::Argument(index, pointer) => case.arguments.get_mut(*index)?.value.at_mut(pointer)?,
        Place::Body(pointer) => match &mut case.body.as_mut()?.content {
            Content::Value(value) => value.at_mut(pointer)?,
            Content::Raw(_) => return None,
        },
    };
    *value = candidate(value, attempt)?;
    Some(case)
}

/// A simpler value, the boldest first.
fn candidate(value: &Datum, attempt: usize) -> Option<Datum> {
    match value {
        Datum::Object(members) => without(members, attempt).map(Datum::Object),
        Datum::Array(items) => without(items, attempt).map(Datum::Array),
        Datum::String(text) => shorter(text, attempt).map(Datum::String),
        Datum::Number(text) => smaller(text, attempt).map(|number| Datum::Number(number.into())),
        Datum::Bool(true) => (attempt == 0).then_some(Datum::Bool(false)),
        Datum::Bool(false) | Datum::Null | Datum::RawString(_) => None,
    }
}

/// Nothing, the first half, then without one after the other.
fn without<T: Clone>(all: &[T], attempt: usize) -> Option<Vec<T>> {
    match attempt {
        _ if all.is_empty() => None,
        0 => Some(Vec::new()),
        1 => Some(all[..all.len() / 2].to_vec()),
        _ => {
            let index = attempt - 2;
            (index < all.len()).then(|| [&all[..index], &all[index + 1..]].concat())
        }
    }
}

fn shorter(text: &str, attempt: usize) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let length = chars.len();
    let simpler = match attempt {
        0 => String::new(),
        1 => "a".to_owned(),
        2 => chars[..length / 2].iter().collect(),
        3 => chars[length / 2..].iter().collect(),
        4 => "a".repeat(length),
        _ => {
            // One character after the other is taken out, then made plain.
            let index = attempt - 5;
            let mut chars = chars.clone();
            match index {
                _ if index < length => drop(chars.remove(index)),
                _ if index < 2 * length => chars[index - length] = 'a',
                _ => return None,
            }
            chars.into_iter().collect()
        }
    };
    if is_simpler(&simpler, text) { Some(simpler) } else { shorter(text, attempt + 1) }
}

/// Shorter, or as long with fewer characters that are not plain: what is never true both ways round ends.
fn is_simpler(one: &str, other: &str) -> bool {
    let size = |text: &str| (text.chars().count(), text.chars().filter(|c| *c != 'a').count());
    size(one) < size(other)
}

fn smaller(text: &str, attempt: usize) -> Option<String> {
    let whole: Option<i128> = text.parse().ok();
    let number: f64 = text.parse().ok()?;
    let simpler = match (attempt, whole) {
        (0, _) => "0".to_owned(),
        (1, _) => "1".to_owned(),
        (2, None) => format!("{}", number.trunc()),
        (2, Some(whole)) => (whole / 2).to_string(),
        (3, Some(whole)) => (whole - whole.signum()).to_string(),
        (4, Some(whole)) => (whole / 10).to_string(),
        _ => return None,
    };
    // Zero and one stand below everything; the rest must come nearer to them.
    let size = |text: &str| text.parse::<f64>().map_or(f64::INFINITY, f64::abs);
    let comes_nearer = size(&simpler) < size(text) || size(&simpler) <= size(text) && simpler.len() < text.len();
    if comes_nearer { Some(simpler) } else { smaller(text, attempt + 1) }
}
