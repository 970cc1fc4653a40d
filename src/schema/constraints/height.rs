//! How deep the shallowest value of a node is: what keeps the making of values of circular schemas finite.

use super::NodeId;
use crate::schema::Document;

/// How many nodes one question may visit: a bound against documents made to be slow.
const FUEL: u32 = 20_000;

/// The least height up to `limit`, found by deepening so that the answer is exact.
pub(super) fn least(document: &Document, node: NodeId, limit: u32) -> Option<u32> {
    let known = document.arena().height(node);
    if let Some(height) = known.get() {
        return (*height <= limit).then_some(*height);
    }
    let mut fuel = FUEL;
    let found = (0..=limit).find(|depth| fits(document, node, *depth, &mut fuel))?;
    Some(*known.get_or_init(|| found))
}

/// Whether a value of at most this height meets the node.
fn fits(document: &Document, node: NodeId, depth: u32, fuel: &mut u32) -> bool {
    if let Some(height) = document.arena().height(node).get() {
        return *height <= depth;
    }
    if *fuel == 0 {
        return false;
    }
    *fuel -= 1;
    let constraints = document.constraints(node);
    if constraints.impossible {
        return false;
    }
    if constraints.enumeration.is_some() {
        return true;
    }
    if !constraints.alternatives.is_empty() {
        // Deciding costs one level, so that a schema that chooses between itself and itself comes to an end.
        return depth > 0 && constraints.alternatives.iter().any(|node| fits(document, *node, depth - 1, fuel));
    }
    constraints.preferred.each().any(|single| match single {
        super::Types::OBJECT => {
            let required = constraints.object.properties.iter().filter(|property| property.required);
            let mut needed = required.map(|property| property.node).peekable();
            needed.peek().is_none() || depth > 0 && needed.all(|node| fits(document, node, depth - 1, fuel))
        }
        super::Types::ARRAY => {
            let least = constraints.array.min_items;
            least == 0
                || depth > 0
                    && (0..least.min(constraints.array.prefix.len() + 1))
                        .all(|i| constraints.array.item(i).is_some_and(|node| fits(document, node, depth - 1, fuel)))
        }
        _ => true,
    })
}
