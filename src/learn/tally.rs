//! Which optional fields only ever went with refusals. Main type: [`Tally`].
//!
//! Some refusals name nothing. A field that may be left out, was sent in vain again and again, and whose absence was
//! accepted is to blame, in one operation or, for a parameter that many share, in all of them.

use std::collections::BTreeMap;

use super::{Place, Spot};
use crate::api::{Location, Operation, Parameter};
use crate::scenario::{Case, Content, Datum};

/// How often the presence of a field must have been refused.
const ENOUGH: u32 = 4;
/// How many fields of one operation are counted.
const MOST: usize = 64;

/// How requests with a field fared.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    refused: u32,
    accepted: u32,
    /// Whether it was told already that nobody wants it.
    is_told: bool,
}

/// The counts of one operation.
#[derive(Debug)]
pub(super) struct Tally {
    /// By the index of the parameter.
    parameters: Vec<Count>,
    /// Where each parameter is counted over all operations.
    shared: Vec<usize>,
    members: BTreeMap<String, Count>,
    /// Accepted requests, those without a field among them.
    accepted: u32,
}

/// The counts of parameters over all operations.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// By place and name.
    names: BTreeMap<(Place, String), usize>,
    parameters: Vec<Total>,
}

#[derive(Debug, Default)]
struct Total {
    refused: u32,
    accepted: u32,
    /// Accepted requests of operations that have the parameter, sent without it.
    without: u32,
}

impl Tally {
    pub(super) fn new(operation: &Operation, totals: &mut Totals) -> Self {
        let count = operation.parameters.len();
        let shared = operation.parameters.iter().map(|parameter| totals.index(parameter)).collect();
        Self { parameters: vec![Count::default(); count], shared, members: BTreeMap::new(), accepted: 0 }
    }

    /// Takes an accepted request in.
    pub(super) fn accept(&mut self, case: &Case, totals: &mut Totals) {
        self.accepted += 1;
        for (index, is_sent) in optional(case) {
            let total = &mut totals.parameters[self.shared[index]];
            if is_sent {
                self.parameters[index].accepted += 1;
                total.accepted += 1;
            } else {
                total.without += 1;
            }
        }
        for (name, _) in members(case) {
            if let Some(count) = self.member(name) {
                count.accepted += 1;
            }
        }
    }

    /// Takes a refused request in; `blamed` are the fields that the answer names, if it names any.
    pub(super) fn refuse(&mut self, case: &Case, blamed: &[Spot], totals: &mut Totals) {
        let is_suspect = |place: Place, name: &str| {
            let is_it = |spot: &Spot| spot.place == place && spot.tokens.first().is_some_and(|first| first == name);
            blamed.is_empty() || blamed.iter().any(is_it)
        };
        for (index, is_sent) in optional(case) {
            let parameter = &case.operation.parameters[index];
            if is_sent && is_suspect(parameter.location.into(), &parameter.name) {
                self.parameters[index].refused += 1;
                totals.parameters[self.shared[index]].refused += 1;
            }
        }
        for (name, _) in members(case).iter().filter(|(name, _)| is_suspect(Place::Body, name)) {
            if let Some(count) = self.member(name) {
                count.refused += 1;
            }
        }
    }

    /// Forgets the refusals: something else explains them.
    pub(super) fn absolve(&mut self, totals: &mut Totals) {
        for (count, shared) in self.parameters.iter_mut().zip(&self.shared) {
            let total = &mut totals.parameters[*shared];
            total.refused = total.refused.saturating_sub(std::mem::take(&mut count.refused));
        }
        self.members.values_mut().for_each(|count| count.refused = 0);
    }

    /// The fields that turn out to be to blame, each once.
    pub(super) fn unwanted(&mut self, operation: &Operation, totals: &Totals) -> Vec<Spot> {
        let mut found = Vec::new();
        let is_reached = self.accepted > 0;
        let is_unwanted =
            |count: &Count| count.accepted == 0 && count.refused >= ENOUGH && is_reached && !count.is_told;
        let parameters = self.parameters.iter_mut().zip(&self.shared).zip(&operation.parameters);
        for ((count, shared), parameter) in parameters.filter(|(_, parameter)| !parameter.required) {
            let is_everywhere = count.accepted == 0 && !count.is_told && totals.parameters[*shared].is_unwanted();
            if is_unwanted(count) || is_everywhere {
                count.is_told = true;
                found.push(Spot { place: parameter.location.into(), tokens: vec![parameter.name.clone()] });
            }
        }
        for (name, count) in self.members.iter_mut().filter(|(_, count)| is_unwanted(count)) {
            count.is_told = true;
            found.push(Spot { place: Place::Body, tokens: vec![name.clone()] });
        }
        found
    }

    fn member(&mut self, name: &str) -> Option<&mut Count> {
        if !self.members.contains_key(name) {
            if self.members.len() >= MOST {
                return None;
            }
            self.members.insert(name.to_owned(), Count::default());
        }
        self.members.get_mut(name)
    }
}

impl Totals {
    fn index(&mut self, parameter: &Parameter) -> usize {
        // Names of headers have no case (RFC 9110 section 5.1).
        let is_header = parameter.location == Location::Header;
        let name = if is_header { parameter.name.to_ascii_lowercase() } else { parameter.name.clone() };
        let next = self.parameters.len();
        let index = *self.names.entry((parameter.location.into(), name)).or_insert(next);
        if index == next {
            self.parameters.push(Total::default());
        }
        index
    }
}

impl Total {
    fn is_unwanted(&self) -> bool {
        self.accepted == 0 && self.refused >= ENOUGH && self.without > 0
    }
}

/// The parameters that need not be sent, and whether they are.
fn optional(case: &Case) -> impl Iterator<Item = (usize, bool)> {
    let declared = case.operation.parameters.iter().enumerate().filter(|(_, parameter)| !parameter.required);
    declared.map(|(index, _)| (index, case.arguments.iter().any(|argument| argument.parameter == index)))
}

/// The members of the body. Those that are required never prove to be unwanted, since no request without them is accepted
/// or leaves them out.
fn members(case: &Case) -> &[(String, Datum)] {
    match case.body.as_ref().map(|body| &body.content) {
        Some(Content::Value(Datum::Object(members))) => &members[..members.len().min(MOST)],
        _ => &[],
    }
}
