//! Whether one text can match several patterns. Main function: [`none`].
//!
//! Each pattern becomes an automaton (Thompson, 1968), and all of them are run in step through every text at once. An automaton
//! accepts at least what its pattern matches: what is left out of it, such as look-around, only takes texts away. So where no
//! text is found there is none; where one is found, nothing is said.

use std::collections::BTreeSet;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::grow::{NESTING, characters};
use super::translate::{Translated, translate};

/// How many states an automaton has at most.
const MOST_STATES: usize = 2_000;
/// How many states of all automata together are looked at.
const FUEL: usize = 30_000;
/// The longest text whose characters are counted.
const LONGEST: usize = 500;
/// Every character.
const ANY: [(u32, u32); 1] = [(0, 0x0010_FFFF)];

/// Whether no text matches all these patterns and has a length between these two, for certain.
pub(super) fn none(sources: &[&str], least: usize, most: Option<usize>) -> bool {
    let mut automata = Vec::new();
    for source in sources {
        let Translated { text, covers: true, .. } = translate(source) else { continue };
        automata.extend(Automaton::new(&text));
    }
    // A length alone excludes nothing.
    if automata.is_empty() {
        return false;
    }
    let counted = if least > LONGEST || most.is_some_and(|most| most > LONGEST) { None } else { Some(most) };
    if let Some(most) = counted.filter(|most| least > 0 || most.is_some()) {
        let most = most.map_or_else(String::new, |most| most.to_string());
        automata.extend(Automaton::new(&format!("^(?s:.){{{least},{most}}}$")));
    }
    Product { automata: &automata, seen: BTreeSet::new() }.has_no_text()
}

enum State {
    /// A character of these ranges, and what follows.
    Class(Vec<(u32, u32)>, usize),
    /// One of these follows.
    Split(Vec<usize>),
    /// The text begins here.
    Start(usize),
    /// The text ends here.
    End(usize),
    /// The end, before which there is nothing more.
    Accept,
}

struct Automaton {
    states: Vec<State>,
    first: usize,
}

impl Automaton {
    /// The automaton of a pattern in the syntax of `regex-syntax`; `None` if it is beyond us or too large.
    fn new(translated: &str) -> Option<Self> {
        let hir = ParserBuilder::new().nest_limit(NESTING).utf8(true).build().parse(translated).ok()?;
        let mut automaton = Self { states: Vec::new(), first: 0 };
        // A part of the text matches, and anything may stand before and after it.
        let accept = automaton.add(State::Accept)?;
        let after = automaton.any_number(&ANY, accept)?;
        let body = automaton.of(&hir, after)?;
        automaton.first = automaton.any_number(&ANY, body)?;
        Some(automaton)
    }

    fn add(&mut self, state: State) -> Option<usize> {
        self.states.push(state);
        (self.states.len() <= MOST_STATES).then(|| self.states.len() - 1)
    }

    fn any_number(&mut self, class: &[(u32, u32)], next: usize) -> Option<usize> {
        let split = self.add(State::Split(Vec::new()))?;
        let again = self.add(State::Class(class.to_vec(), split))?;
        self.states[split] = State::Split(vec![next, again]);
        Some(split)
    }

    /// The state from which a part is read and `next` is reached; made from the end, so that what follows is known.
    fn of(&mut self, hir: &Hir, next: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                let mut characters = text.chars().rev().map(u32::from);
                characters.try_fold(next, |next, c| self.add(State::Class(vec![(c, c)], next)))
            }
            HirKind::Class(class) => self.add(State::Class(characters(class), next)),
            HirKind::Look(Look::Start) => self.add(State::Start(next)),
            HirKind::Look(Look::End) => self.add(State::End(next)),
            HirKind::Empty | HirKind::Look(_) => Some(next),
            HirKind::Repetition(repetition) => self.repeated(repetition, next),
            HirKind::Capture(capture) => self.of(&capture.sub, next),
            HirKind::Concat(all) => all.iter().rev().try_fold(next, |next, part| self.of(part, next)),
            HirKind::Alternation(all) => {
                let branches: Option<Vec<usize>> = all.iter().map(|branch| self.of(branch, next)).collect();
                self.add(State::Split(branches?))
            }
        }
    }

    fn repeated(&mut self, repetition: &Repetition, next: usize) -> Option<usize> {
        let mut here = next;
        match repetition.max {
            None => {
                let split = self.add(State::Split(Vec::new()))?;
                let again = self.of(&repetition.sub, split)?;
                self.states[split] = State::Split(vec![next, again]);
                here = split;
            }
            Some(most) => {
                for _ in repetition.min..most {
                    let once = self.of(&repetition.sub, here)?;
                    here = self.add(State::Split(vec![next, once]))?;
                }
            }
        }
        (0..repetition.min).try_fold(here, |here, _| self.of(&repetition.sub, here))
    }
}

/// Where each automaton is, and what is known of the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Here {
    states: Vec<usize>,
    /// Whether a character was read.
    has_begun: bool,
    /// Whether no more may be read.
    has_ended: bool,
}

struct Product<'a> {
    automata: &'a [Automaton],
    seen: BTreeSet<Here>,
}

impl Product<'_> {
    /// Whether there is no way to the end, all ways looked at.
    fn has_no_text(mut self) -> bool {
        let states = self.automata.iter().map(|automaton| automaton.first).collect();
        let mut open = vec![Here { states, has_begun: false, has_ended: false }];
        while let Some(here) = open.pop() {
            if self.seen.len() >= FUEL || self.is_accepted(&here) {
                return false;
            }
            if self.seen.insert(here.clone()) {
                self.follow(&here, &mut open);
            }
        }
        true
    }

    fn state(&self, here: &Here, index: usize) -> &State {
        &self.automata[index].states[here.states[index]]
    }

    fn is_accepted(&self, here: &Here) -> bool {
        (0..self.automata.len()).all(|index| matches!(self.state(here, index), State::Accept))
    }

    /// What comes next: the first automaton that needs no character goes on alone, else all read the same one.
    fn follow(&self, here: &Here, open: &mut Vec<Here>) {
        let mut to = |index: usize, state: usize, has_ended: bool| {
            let mut next = here.clone();
            next.states[index] = state;
            next.has_ended |= has_ended;
            open.push(next);
        };
        for index in 0..self.automata.len() {
            match self.state(here, index) {
                State::Class(..) | State::Accept => continue,
                State::Split(branches) => branches.iter().for_each(|branch| to(index, *branch, false)),
                State::Start(next) if !here.has_begun => to(index, *next, false),
                State::Start(_) => {}
                State::End(next) => to(index, *next, true),
            }
            return;
        }
        if !here.has_ended {
            open.extend(self.read(here));
        }
    }

    /// All automata one character on, if there is one that all read.
    fn read(&self, here: &Here) -> Option<Here> {
        let mut common = ANY.to_vec();
        let mut states = Vec::with_capacity(here.states.len());
        for index in 0..self.automata.len() {
            let State::Class(class, next) = self.state(here, index) else { return None };
            common = overlap(&common, class);
            states.push(*next);
        }
        (!common.is_empty()).then_some(Here { states, has_begun: true, has_ended: false })
    }
}

fn overlap(one: &[(u32, u32)], other: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let both = |(from, to): &(u32, u32)| {
        let (from, to) = (*from, *to);
        other.iter().map(move |(a, b)| (from.max(*a), to.min(*b))).filter(|(from, to)| from <= to)
    };
    one.iter().flat_map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sources: &[&str], least: usize, most: Option<usize>, expected: bool) {
        assert_eq!(none(sources, least, most), expected, "{sources:?} {least} {most:?}");
    }

    #[test]
    fn what_excludes_each_other_is_seen() {
        check(&["^a", "^b"], 0, None, true);
        check(&["^[a-z]+$", "[0-9]"], 0, None, true);
        check(&["/^a$/"], 0, None, true);
        check(&["a$b|^c^d"], 0, None, true);
        check(&["^.{3}$", "^.{4,6}$"], 0, None, true);
        check(&["^[a-z]{3}$"], 4, None, true);
        check(&["^[a-z]{3,}$"], 0, Some(2), true);
        check(&["^(ab)*$"], 3, Some(3), true);
        check(&[r"^\d{4}-\d{2}$", r"^\d{4}-\d{2}-\d{2}$"], 0, None, true);
        check(&["^(?!x)a$", "b"], 0, None, true);
    }

    #[test]
    fn what_has_a_common_text_is_left_alone() {
        check(&["^a", "b$"], 0, None, false);
        check(&["a", "b"], 0, Some(2), false);
        check(&["a", "b", "c"], 2, Some(3), false);
        check(&["^[a-z]*$", "^[0-9]*$"], 0, None, false);
        check(&["^$|^b", "^b"], 0, None, false);
        check(&["^(ab)*$"], 4, Some(4), false);
        check(&["(^|,)a(,|$)"], 1, Some(1), false);
        check(&["", "^$"], 0, Some(0), false);
        check(&["^[^a]$", "^[^b]$"], 0, None, false);
    }

    #[test]
    fn what_is_not_understood_excludes_nothing() {
        check(&[r"^(a)\1$", "^aa$"], 0, None, false);
        check(&[r"^\s$", "^\u{A0}$"], 0, None, false);
        check(&["(", "^a$"], 0, None, false);
        check(&["^a{3000}b$", "^a{3000}c$"], 0, None, false);
        check(&["^a{600}$"], 700, None, false);
    }
}
