//! Links in the place of what names and paths make likely: [`Graph::follow`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph::{BodyNeed, Graph, Kind, Need, Taken};
use super::link::{Into, Link, Take};
use super::name::{self, Reference};
use crate::api::{Location, Operation, OperationId};
use crate::scenario::Source;

/// Links that are about the same things.
struct Group {
    links: Vec<Link>,
}

impl Graph {
    /// Puts links in the place of what was inferred.
    pub(super) fn follow(&mut self, operations: &[Arc<Operation>], documented: Vec<Link>, configured: &[Link]) {
        let is_settled = |link: &Link| configured.iter().any(|own| own.to == link.to && own.into == link.into);
        let links: Vec<Link> =
            documented.into_iter().filter(|link| !is_settled(link)).chain(configured.iter().cloned()).collect();
        for link in links.iter().filter(|link| link.from.is_none()) {
            self.forbid(link);
        }
        let mut groups = groups(links.into_iter().filter(|link| link.from.is_some()));
        // What passes on what it was told comes after what tells it.
        groups.sort_by_key(|group| group.links.iter().any(|link| matches!(link.from, Some((_, Take::Parameter(_))))));
        for group in groups {
            let (kind, field) = self.subject(&group);
            self.kinds.entry(Arc::clone(&kind)).or_default().insert(field.clone());
            for link in &group.links {
                self.lead(link, &kind, &field);
            }
        }
        let paths: BTreeMap<&OperationId, &Operation> =
            operations.iter().map(|operation| (&operation.id, &**operation)).collect();
        for (id, role) in &mut self.roles {
            let Some(operation) = paths.get(id) else { continue };
            let at = |need: &Need| {
                let parameter = &operation.parameters[need.parameter];
                let is_path = parameter.location == Location::Path;
                if is_path { operation.path.find(&format!("{{{}}}", parameter.name)) } else { None }
                    .unwrap_or(usize::MAX)
            };
            role.needs.sort_by_key(at);
        }
    }

    fn forbid(&mut self, link: &Link) {
        let Some(role) = self.roles.get_mut(&link.to) else { return };
        match &link.into {
            Into::Parameter(index) => {
                role.needs.retain(|need| need.parameter != *index);
                role.cookies.retain(|need| need.parameter != *index);
            }
            Into::Body(pointer) => role.untouched.push(pointer.clone()),
        }
    }

    /// What kind of thing a group is about, and by what it is named: that of the operations which the values are taken
    /// from, or one of its own.
    fn subject(&self, group: &Group) -> (Kind, String) {
        let from: Vec<_> = group.links.iter().filter_map(|link| link.from.as_ref()).collect();
        for (id, take) in &from {
            let Take::Parameter(index) = take else { continue };
            let need = self.roles.get(id).and_then(|role| role.needs.iter().find(|need| need.parameter == *index));
            if let Some(need) = need {
                return (Arc::clone(&need.kind), need.field.clone());
            }
        }
        let word = from.iter().find_map(|(_, take)| match take {
            Take::Answer(Source::Body(pointer) | Source::Link(pointer)) => pointer.rsplit('/').next(),
            Take::Answer(Source::Header(name) | Source::Cookie(name)) => Some(name.as_str()),
            _ => None,
        });
        let reference = Reference::of(word.unwrap_or("id"));
        let own = from.iter().map(|(id, _)| self.roles.get(id).and_then(|role| role.kind.clone()));
        let mut own: Vec<Option<Kind>> = own.collect();
        own.dedup();
        match (self.referred(word.unwrap_or("id")), own.as_slice()) {
            (Some(referred), _) => referred,
            (None, [Some(kind)]) => (Arc::clone(kind), reference.field),
            _ => (self.unheard_of(&from), reference.field),
        }
    }

    /// A kind of its own, called after the collection that the values come from unless that is taken.
    fn unheard_of(&self, from: &[&(OperationId, Take)]) -> Kind {
        let Some((id, _)) = from.first() else { return Kind::from("link") };
        let last = id.as_str().rsplit('/').find(|segment| !segment.is_empty() && !segment.contains('{'));
        let is_free = |kind: &String| {
            !kind.is_empty() && (!self.kinds.contains_key(kind.as_str()) || self.creators(kind).contains(id))
        };
        let named = last.map(name::kind).filter(is_free);
        named.unwrap_or_else(|| format!("link_{}", id.slug())).into()
    }

    fn lead(&mut self, link: &Link, kind: &Kind, field: &str) {
        let Some((from, take)) = &link.from else { return };
        if let Take::Answer(source) = take {
            if let Some(role) = self.roles.get_mut(from) {
                let is_subject = role.kind.as_ref().is_none_or(|own| own == kind);
                let (source, field) = (source.clone(), field.to_owned());
                let taken = Taken { source, kind: Arc::clone(kind), field, is_subject };
                if !role.takes.contains(&taken) {
                    role.takes.push(taken);
                }
            }
            let creators = self.creators.entry(Arc::clone(kind)).or_default();
            if !creators.contains(from) {
                creators.insert(0, from.clone());
            }
        }
        self.origins.insert((link.to.clone(), link.into.clone()), link.origin);
        let Some(role) = self.roles.get_mut(&link.to) else { return };
        match &link.into {
            Into::Body(pointer) => {
                role.body.retain(|need| need.pointer != *pointer);
                let need = BodyNeed { pointer: pointer.clone(), kind: Arc::clone(kind), field: field.to_owned() };
                role.body.push(need);
            }
            Into::Parameter(index) => {
                let known = role.needs.iter().position(|need| need.parameter == *index);
                // What the operation is about goes with what names it, so that only what the run made is ended.
                let is_subject = known.is_some_and(|at| role.kind.as_ref() == Some(&role.needs[at].kind));
                role.needs.retain(|need| need.parameter != *index);
                role.cookies.retain(|need| need.parameter != *index);
                role.needs.push(Need { parameter: *index, kind: Arc::clone(kind), field: field.to_owned() });
                if is_subject {
                    role.kind = Some(Arc::clone(kind));
                }
            }
        }
    }
}

/// Links that share a source or a destination belong together.
fn groups(links: impl Iterator<Item = Link>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for link in links {
        let is_near = |known: &Link| known.from == link.from || (known.to == link.to && known.into == link.into);
        let (near, mut rest): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|group| group.links.iter().any(is_near));
        let mut joined = Group { links: near.into_iter().flat_map(|group| group.links).collect() };
        joined.links.push(link);
        rest.push(joined);
        groups = rest;
    }
    groups
}
