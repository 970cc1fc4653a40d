//! Values of earlier answers that later requests use. Main type: [`Links`].
//!
//! An id that a server chose is another one each time. Where a recorded request holds one that an earlier answer told of,
//! and that no request before had, the step takes it from the answer. What the client chose itself stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode;
use serde_json::Value;

use super::session::Placed;
use crate::resource::{Graph, MOST_STEPS, harvest};
use crate::scenario::{Capture, Datum, Intent, Source, placeholder};
use crate::schema::escape_token;
use crate::wire::Request;

/// How many values are looked at in one body.
const MOST_VALUES: usize = 400;

/// A place of a request in which a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Site {
    /// A segment of the path, by its number.
    Segment(usize),
    /// A pair of the query, by its number.
    Pair(usize),
    /// A value of a JSON body, by its pointer.
    Member(String),
}

/// A value that an answer told of.
struct Told {
    /// The request that was answered so.
    by: usize,
    from: Source,
    name: String,
}

/// Which request uses what of which answer.
#[derive(Default)]
pub(super) struct Links {
    told: Vec<Told>,
    /// For each request the places that hold a value, by its index.
    uses: Vec<Vec<(Site, usize)>>,
    /// For each request those whose answers it needs, and those that they need.
    needed: Vec<BTreeSet<usize>>,
    /// Whether the request changed something, so that it may have to stand before others.
    changes: Vec<bool>,
}

impl Links {
    /// Goes through the requests of one session in order. Unless only valid ones may prepare others, any that worked may,
    /// but for those that break a rule.
    pub(super) fn of(graph: &Graph, session: &[Placed], only_valid: bool) -> Self {
        let mut links = Self::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut sent: BTreeSet<String> = BTreeSet::new();
        let mut names: BTreeSet<String> = BTreeSet::new();
        for (index, placed) in session.iter().enumerate() {
            let sites = sites(graph, placed);
            let used: Vec<_> =
                sites.iter().filter_map(|(site, text)| Some((site.clone(), *known.get(text)?))).collect();
            let makers: BTreeSet<usize> = used.iter().map(|(_, told)| links.told[*told].by).collect();
            let of_makers = makers.iter().flat_map(|maker| &links.needed[*maker]).copied();
            links.needed.push(of_makers.chain(makers.iter().copied()).collect());
            links.uses.push(used);
            sent.extend(sites.into_iter().map(|(_, text)| text));
            sent.extend(texts(&placed.request));
            let is_success = placed.answer.as_ref().is_some_and(|answer| answer.status / 100 == 2);
            let is_valid = match placed.case.intent {
                Intent::Valid => true,
                Intent::Hostile(_) => !only_valid,
                _ => false,
            };
            links.changes.push(is_success && is_valid && !placed.request.is_safe());
            let (Some(answer), Some(role)) = (&placed.answer, graph.role(&placed.operation.id)) else { continue };
            if !is_valid {
                continue;
            }
            for found in harvest(graph, role, answer) {
                for (field, held) in found.fields {
                    let (text, Some(from)) = (held.text(), held.from) else { continue };
                    if sent.contains(&text) || known.contains_key(&text) {
                        continue;
                    }
                    let name = free(&format!("{}_{field}", found.kind), &mut names);
                    known.insert(text, links.told.len());
                    links.told.push(Told { by: index, from, name });
                }
            }
        }
        links
    }

    /// The requests that lead to this one, it among them and last.
    pub(super) fn steps(&self, index: usize) -> Vec<usize> {
        let needed = &self.needed[index];
        let Some(first) = needed.first() else { return vec![index] };
        let shares = |other: &usize| self.needed[*other].intersection(needed).next().is_some();
        let between = (*first..index).filter(|other| self.changes[*other] && shares(other));
        let between = between.flat_map(|other| self.needed[other].iter().copied().chain([other]));
        let short: BTreeSet<usize> = needed.iter().copied().chain([index]).collect();
        let whole: BTreeSet<usize> = between.chain(short.iter().copied()).collect();
        let fitting = [whole, short].into_iter().find(|steps| steps.len() <= MOST_STEPS);
        fitting.map_or_else(|| vec![index], |steps| steps.into_iter().collect())
    }

    /// What the later ones of these steps take from this one.
    pub(super) fn captures(&self, step: usize, steps: &[usize]) -> Vec<Capture> {
        let used = steps.iter().flat_map(|later| &self.uses[*later]).map(|(_, told)| *told);
        let own: BTreeSet<usize> = used.filter(|told| self.told[*told].by == step).collect();
        own.into_iter()
            .map(|told| Capture { name: self.told[told].name.clone(), from: self.told[told].from.clone() })
            .collect()
    }

    /// What stands in the places of this step, if these steps are before it.
    pub(super) fn marks(&self, step: usize, steps: &[usize]) -> Vec<(Site, String)> {
        let is_there = |told: &usize| steps.contains(&self.told[*told].by);
        let used = self.uses[step].iter().filter(|(_, told)| is_there(told));
        used.map(|(site, told)| (site.clone(), placeholder(&self.told[*told].name))).collect()
    }
}

/// A name that is not taken, which is then.
pub(crate) fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{wanted}_{number}"));
    let name = [wanted.to_owned()].into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// The places of a request that name things, with what stands there.
fn sites(graph: &Graph, placed: &Placed) -> Vec<(Site, String)> {
    let target = placed.request.target_text();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let template: Vec<&str> = placed.operation.path.split('/').collect();
    let mut sites = Vec::new();
    for (index, segment) in path.split('/').enumerate() {
        let is_parameter = template.get(index).is_some_and(|text| text.starts_with('{') && text.ends_with('}'));
        if is_parameter && !segment.is_empty() {
            sites.push((Site::Segment(index), decoded(segment)));
        }
    }
    for (index, pair) in query.split('&').enumerate() {
        if let Some((_, value)) = pair.split_once('=').filter(|(name, _)| graph.referred(name).is_some()) {
            sites.push((Site::Pair(index), decoded(value)));
        }
    }
    let mut members = |pointer: &str, name: &str, value: &Value| {
        if graph.referred(name).is_some() {
            sites.extend(scalar(value).map(|text| (Site::Member(pointer.to_owned()), text)));
        }
    };
    each(&placed.request, &mut members);
    sites
}

/// The texts that a request holds anywhere.
pub(super) fn texts(request: &Request) -> Vec<String> {
    let mut all: Vec<String> = pieces(request).map(|(_, text)| text).collect();
    each(request, &mut |_, _, value| all.extend(value.as_str().map(str::to_owned)));
    all
}

/// The texts and numbers that a request holds anywhere.
pub(crate) fn values(request: &Request) -> Vec<String> {
    let mut all: Vec<String> = pieces(request).map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
    each(request, &mut |_, _, value| all.extend(scalar(value)));
    all
}

/// What a request's path ends with.
pub(crate) fn last_name(request: &Request) -> Option<String> {
    let path = String::from_utf8_lossy(request.path());
    path.rsplit('/').next().map(decoded).filter(|name| !name.is_empty())
}

/// The texts and numbers of a JSON value.
pub(crate) fn scalars(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    below(value, "", "", &mut { MOST_VALUES }, &mut |_, _, value| all.extend(scalar(value)));
    all
}

/// The request with `mark` wherever this text, or the number that it is, stands by itself; `None` if it stands nowhere.
pub(crate) fn replaced(request: &Request, text: &str, mark: &str) -> Option<Request> {
    let mut sites: Vec<Site> = pieces(request).filter(|(_, here)| here == text).map(|(site, _)| site).collect();
    each(request, &mut |pointer, _, value| {
        if scalar(value).is_some_and(|here| here == text) {
            sites.push(Site::Member(pointer.to_owned()));
        }
    });
    let marks: Vec<_> = sites.into_iter().map(|site| (site, mark.to_owned())).collect();
    (!marks.is_empty()).then(|| marked(request, &marks))
}

/// The segments of the path and the values of the query.
fn pieces(request: &Request) -> impl Iterator<Item = (Site, String)> {
    let target = request.target_text();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let segments = path.split('/').enumerate().map(|(index, segment)| (Site::Segment(index), decoded(segment)));
    let values = query.split('&').enumerate().filter_map(|(index, pair)| {
        let (_, value) = pair.split_once('=')?;
        Some((Site::Pair(index), decoded(value)))
    });
    segments.chain(values).collect::<Vec<_>>().into_iter()
}

fn decoded(text: &str) -> String {
    percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Calls for each scalar of a JSON body with its pointer and the name of its member.
fn each(request: &Request, call: &mut dyn FnMut(&str, &str, &Value)) {
    let is_json = request.headers.text("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    if let Some(value) = is_json.then(|| serde_json::from_slice::<Value>(&request.body).ok()).flatten() {
        below(&value, "", "", &mut { MOST_VALUES }, call);
    }
}

fn below(value: &Value, pointer: &str, name: &str, room: &mut usize, call: &mut dyn FnMut(&str, &str, &Value)) {
    if *room == 0 {
        return;
    }
    *room -= 1;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                below(member, &format!("{pointer}/{}", escape_token(name)), name, room, call);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(item, &format!("{pointer}/{index}"), name, room, call);
            }
        }
        scalar => call(pointer, name, scalar),
    }
}

/// The request with these texts in these places.
pub(super) fn marked(request: &Request, marks: &[(Site, String)]) -> Request {
    let mut marked = request.clone();
    if marks.is_empty() {
        return marked;
    }
    let target = request.target_text();
    let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<&str> = path.split('/').collect();
    let mut pairs: Vec<String> = query.into_iter().flat_map(|query| query.split('&')).map(str::to_owned).collect();
    let mut body = serde_json::from_slice::<Value>(&request.body).ok().map(|value| Datum::from(&value));
    let mut is_changed = false;
    for (site, text) in marks {
        match site {
            Site::Segment(index) => segments[*index] = text,
            Site::Pair(index) => {
                let name = pairs[*index].split('=').next().unwrap_or_default().to_owned();
                pairs[*index] = format!("{name}={text}");
            }
            Site::Member(pointer) => {
                let Some(value) = body.as_mut().and_then(|body| body.at_mut(pointer)) else { continue };
                *value = match value {
                    Datum::Number(_) => Datum::Number(text.as_str().into()),
                    _ => Datum::String(text.clone()),
                };
                is_changed = true;
            }
        }
    }
    let query = query.map_or_else(String::new, |_| format!("?{}", pairs.join("&")));
    marked.target = format!("{}{query}", segments.join("/")).into();
    if let Some(body) = body.filter(|_| is_changed) {
        marked.body = body.to_json().into();
    }
    marked
}
