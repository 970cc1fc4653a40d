//! Arrays within their limits.

use super::{How, Maker, Optionals, Wire};
use crate::scenario::Datum;
use crate::schema::{Constraints, NodeId};

/// How often an item is made anew to be unlike the others.
const ATTEMPTS: u32 = 8;
/// How deep the optional parts of such an item nest.
const ITEM_DEPTH: u32 = 1;
/// The most items that are made, whatever is asked for.
const MOST: usize = 10_000;

impl Maker<'_, '_> {
    pub(super) fn array(&mut self, constraints: &Constraints, name: Option<&str>, depth: u32) -> Option<Datum> {
        let rules = &constraints.array;
        let wanted = self.count(constraints, depth);
        let mut items: Vec<Datum> = Vec::with_capacity(wanted.min(64));
        while items.len() < wanted {
            let node = match rules.contains {
                Some(node) if items.len() + rules.min_contains.max(1) >= wanted => Some(node),
                _ => rules.item(items.len()),
            };
            let item = node.and_then(|node| self.item(node, &items, rules.unique, name, depth.saturating_sub(1)));
            match item {
                Some(item) => items.push(item),
                None if items.len() >= rules.min_items => break,
                None => return None,
            }
        }
        Some(Datum::Array(items))
    }

    /// How many items to make.
    fn count(&mut self, constraints: &Constraints, depth: u32) -> usize {
        let rules = &constraints.array;
        let least = if self.how.wire == Wire::Json { rules.min_items } else { rules.min_items.max(1) };
        let most = rules.max_items.unwrap_or(MOST).min(MOST);
        let holds_itself = |node| self.how.optionals == Optionals::All && self.path.contains(&node);
        let fits = |node| !holds_itself(node) && self.document.height(node, depth - 1).is_some();
        let can_nest = self.has_room(depth) && rules.item(0).is_some_and(fits);
        if !can_nest {
            return least.min(most.max(rules.min_items));
        }
        let wanted = match self.how.optionals {
            Optionals::Required => least,
            Optionals::All => least.max(1).max(rules.prefix.len()),
            Optionals::Drawn if self.tape.once_in(16) => least + self.tape.below(20),
            Optionals::Drawn => least + self.tape.below(4),
        };
        wanted.min(most).max(rules.min_items.min(MOST))
    }

    /// An item, unlike the others if they are to be unique.
    pub(super) fn item(
        &mut self,
        node: NodeId,
        others: &[Datum],
        unique: bool,
        name: Option<&str>,
        depth: u32,
    ) -> Option<Datum> {
        if !unique {
            return self.value(node, name, depth);
        }
        for _ in 0..ATTEMPTS {
            let item = self.value(node, name, depth)?;
            if !others.contains(&item) {
                return Some(item);
            }
        }
        self.another(node, others).or_else(|| self.other_draw(node, others))
    }

    /// An item from another tape than the one that is at its end.
    fn other_draw(&self, node: NodeId, others: &[Datum]) -> Option<Datum> {
        let how = How { optionals: Optionals::Drawn, ..self.how };
        let first = others.len() as u64 * u64::from(ATTEMPTS);
        let mut drawn = (first..first + u64::from(ATTEMPTS))
            .filter_map(|number| super::spare(self.document, node, how, ITEM_DEPTH, number));
        drawn.find(|item| !others.contains(item))
    }

    /// An item that an empty tape would not give: the next enum member, the next number, a longer text.
    fn another(&mut self, node: NodeId, others: &[Datum]) -> Option<Datum> {
        let constraints = self.document.constraints(node);
        if let Some(members) = &constraints.enumeration {
            return members
                .iter()
                .map(|member| super::written(self.document, member))
                .find(|member| !others.contains(member));
        }
        let varied = match others.last()? {
            Datum::Number(text) => Datum::Number(text.parse::<i128>().ok()?.checked_add(1)?.to_string().into()),
            Datum::String(text) => Datum::String(format!("{text}{}", others.len())),
            Datum::Bool(flag) => Datum::Bool(!flag),
            _ => return None,
        };
        let value = varied.to_value()?;
        (super::fits(self.document, constraints, &value) && !others.contains(&varied)).then_some(varied)
    }
}
