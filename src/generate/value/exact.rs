//! Values of an exact size or type. Main function: [`exactly`].

use arbitrary::Unstructured;

use super::{How, Maker};
use crate::scenario::Datum;
use crate::schema::{Document, NodeId, Types};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exact {
    /// A text of this many characters.
    Length(usize),
    /// An array of this many items.
    Items(usize),
    /// An object of this many members.
    Members(usize),
    /// An object with nothing optional.
    Bare,
    /// A value of this single type.
    Type(Types),
}

/// A value of the node as exactly as asked, not validated.
pub(crate) fn exactly(
    document: &Document,
    node: NodeId,
    tape: &mut Unstructured<'_>,
    how: How<'_>,
    exact: Exact,
    depth: u32,
) -> Option<Datum> {
    let constraints = document.constraints(node);
    let mut maker = Maker::new(document, tape, how);
    maker.path.push(node);
    match exact {
        Exact::Length(length) => maker.text_of_length(constraints, length).map(Datum::String),
        Exact::Items(count) => {
            let mut items = Vec::with_capacity(count);
            for index in 0..count {
                let node = constraints.array.item(index)?;
                items.push(maker.item(node, &items, constraints.array.unique, None, depth.min(2))?);
            }
            Some(Datum::Array(items))
        }
        Exact::Members(count) => {
            maker.how.optionals = super::Optionals::Required;
            let Datum::Object(mut members) = maker.object(constraints, depth)? else { return None };
            for property in constraints.object.properties.iter().filter(|property| !property.read_only) {
                if members.len() < count && !members.iter().any(|(name, _)| **name == *property.name) {
                    members.push((property.name.to_string(), maker.value(property.node, Some(&property.name), depth)?));
                }
            }
            while members.len() < count {
                maker.undeclared_member(constraints, &mut members, depth)?;
            }
            (members.len() == count).then_some(Datum::Object(members))
        }
        Exact::Bare => {
            maker.how.optionals = super::Optionals::Required;
            maker.how.hints = super::Hints::Scalars;
            maker.object(constraints, 0)
        }
        Exact::Type(single) => maker.of_type(single, constraints, None, depth),
    }
}
