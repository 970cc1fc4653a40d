//! Objects within their limits.

use super::{Maker, Optionals, Wire};
use crate::scenario::Datum;
use crate::schema::{Constraints, NodeId, Property};

/// How often a name for an undeclared member is drawn.
const ATTEMPTS: usize = 8;

type Members = Vec<(String, Datum)>;

fn has(members: &Members, name: &str) -> bool {
    members.iter().any(|(known, _)| known == name)
}

impl Maker<'_, '_> {
    pub(super) fn object(&mut self, constraints: &Constraints, depth: u32) -> Option<Datum> {
        let rules = &constraints.object;
        let most = rules.max_properties.unwrap_or(usize::MAX);
        let mut members = Members::with_capacity(rules.properties.len());
        let is_due = |property: &&Property| property.required;
        let mut room = most.saturating_sub(rules.properties.iter().filter(is_due).count());
        for property in rules.properties.iter().filter(|property| property.required || !property.read_only) {
            if !property.required && (room == 0 || !self.wants(property.node, depth)) {
                continue;
            }
            match self.value(property.node, Some(&property.name), depth.saturating_sub(1)) {
                Some(value) => {
                    members.push((property.name.to_string(), value));
                    room = room.saturating_sub(usize::from(!property.required));
                }
                None if property.required => return None,
                None => {}
            }
        }
        self.dependents(constraints, &mut members, depth)?;
        self.undeclared(constraints, &mut members, depth);
        self.fill_up(constraints, &mut members, depth)?;
        Some(Datum::Object(members))
    }

    /// Whether an optional member is made.
    fn wants(&mut self, node: NodeId, depth: u32) -> bool {
        let wanted = match self.how.optionals {
            Optionals::Required => false,
            Optionals::All => true,
            Optionals::Drawn => self.tape.once_in(2),
        };
        // All optional members of a schema that holds itself would be endless: once on every way is enough.
        let again = self.how.optionals == Optionals::All && self.path.contains(&node);
        wanted && !again && self.has_room(depth) && self.document.height(node, depth - 1).is_some()
    }

    /// Whether anything optional may still be made here.
    pub(super) fn has_room(&self, depth: u32) -> bool {
        depth > 0 && self.budget > 0
    }

    /// Members that the presence of others asks for.
    fn dependents(&mut self, constraints: &Constraints, members: &mut Members, depth: u32) -> Option<()> {
        for (name, needed) in &constraints.object.dependent {
            if !has(members, name) {
                continue;
            }
            for name in needed {
                if !has(members, name) {
                    let node = constraints.object.member(name)?;
                    members.push((name.to_string(), self.value(node, Some(name), depth.saturating_sub(1))?));
                }
            }
        }
        Some(())
    }

    /// Members of a map, and some whose name has a pattern.
    fn undeclared(&mut self, constraints: &Constraints, members: &mut Members, depth: u32) {
        let rules = &constraints.object;
        let is_open = rules.is_map || !rules.pattern_properties.is_empty();
        if !is_open || !self.has_room(depth) || self.how.optionals == Optionals::Required && self.how.wire == Wire::Json
        {
            return;
        }
        let wanted = match self.how.optionals {
            Optionals::All | Optionals::Required => 1,
            Optionals::Drawn => self.tape.below(4),
        };
        let most = rules.max_properties.unwrap_or(usize::MAX);
        for _ in 0..wanted {
            if members.len() < most {
                self.undeclared_member(constraints, members, depth);
            }
        }
    }

    pub(super) fn undeclared_member(
        &mut self,
        constraints: &Constraints,
        members: &mut Members,
        depth: u32,
    ) -> Option<()> {
        let rules = &constraints.object;
        let (name, node) = (0..ATTEMPTS).find_map(|attempt| {
            let name = self.member_name(constraints, members.len() + attempt)?;
            let is_free = !has(members, &name) && rules.property(&name).is_none();
            is_free.then(|| rules.member(&name)).flatten().map(|node| (name, node))
        })?;
        self.document.height(node, depth.saturating_sub(1).max(4))?;
        let value = self.value(node, Some(&name), depth.saturating_sub(1))?;
        members.push((name, value));
        Some(())
    }

    /// A name for an undeclared member.
    fn member_name(&mut self, constraints: &Constraints, number: usize) -> Option<String> {
        let rules = &constraints.object;
        if let Some(node) = rules.property_names {
            let names = self.document.constraints(node);
            return match &names.enumeration {
                Some(members) => members.get(number % members.len().max(1))?.as_str().map(str::to_owned),
                None => self.text(names, None),
            };
        }
        if !rules.pattern_properties.is_empty() && (rules.additional.is_none() || !rules.is_map) {
            let index = self.tape.below(rules.pattern_properties.len());
            return rules.pattern_properties[index].0.sample(self.tape.bytes(), 1, 40);
        }
        Some(format!("key{number}"))
    }

    /// More members, until there are as many as there must be.
    fn fill_up(&mut self, constraints: &Constraints, members: &mut Members, depth: u32) -> Option<()> {
        let rules = &constraints.object;
        let least = if self.how.wire == Wire::Json { rules.min_properties } else { rules.min_properties.max(1) };
        for property in &rules.properties {
            if members.len() >= least {
                return Some(());
            }
            let is_open = !property.read_only && !has(members, &property.name);
            let is_finite = is_open && self.document.height(property.node, 8).is_some();
            let value = is_finite.then(|| self.value(property.node, Some(&property.name), depth.saturating_sub(1)));
            members.extend(value.flatten().map(|value| (property.name.to_string(), value)));
        }
        while members.len() < rules.min_properties {
            self.undeclared_member(constraints, members, depth.max(1))?;
        }
        Some(())
    }
}
