//! Who makes what and who needs it, drawn. Main type: [`Diagram`]: as Mermaid text or as an SVG of its own.

mod layout;
mod mermaid;
mod svg;

use std::collections::BTreeMap;

use crate::api::OperationId;
use crate::resource::{Flow, Origin};

/// The most boxes of a drawing: more can't be read.
const MOST_NODES: usize = 120;

/// Boxes and arrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    title: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// What is not drawn, in words.
    notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    label: String,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Operation,
    Thing,
    /// A thing that nothing makes.
    Orphan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Edge {
    from: usize,
    to: usize,
    label: String,
    origin: Origin,
}

impl Diagram {
    /// The drawing of these flows of an API with so many operations. What is needed most is drawn first.
    pub fn new(title: &str, flows: &[Flow], operations: usize) -> Self {
        let mut ranked: Vec<&Flow> = flows.iter().collect();
        ranked.sort_by_key(|flow| std::cmp::Reverse(flow.consumers.len()));
        let mut drawing =
            Drawing { diagram: Self { title: title.to_owned(), ..Self::default() }, known: BTreeMap::new() };
        let mut left_out = 0;
        for flow in ranked {
            if drawing.diagram.nodes.len() + drawing.needed(flow) > MOST_NODES {
                left_out += 1;
            } else {
                drawing.add(flow);
            }
        }
        let Drawing { mut diagram, known } = drawing;
        let idle = operations.saturating_sub(known.len());
        if left_out > 0 {
            diagram
                .notes
                .push(format!("{left_out} more kinds of things are not drawn, since the drawing would be too large"));
        }
        if idle > 0 {
            let (operations, verb) = if idle == 1 { ("operation", "is") } else { ("operations", "are") };
            diagram
                .notes
                .push(format!("{idle} {operations} that {verb} not drawn: nothing known goes in or comes out"));
        }
        diagram
    }

    /// What is not drawn.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

struct Drawing<'a> {
    diagram: Diagram,
    /// The boxes of operations.
    known: BTreeMap<&'a OperationId, usize>,
}

impl<'a> Drawing<'a> {
    /// How many boxes a flow adds.
    fn needed(&self, flow: &Flow) -> usize {
        let all = flow.producers.iter().chain(flow.consumers.iter().map(|consumer| &consumer.operation));
        let new: std::collections::BTreeSet<_> = all.filter(|id| !self.known.contains_key(id)).collect();
        new.len() + 1
    }

    fn add(&mut self, flow: &'a Flow) {
        let producers: Vec<usize> = flow.producers.iter().map(|id| self.operation(id)).collect();
        let shape = if producers.is_empty() { Shape::Orphan } else { Shape::Thing };
        self.diagram.nodes.push(Node { label: flow.kind.to_string(), shape });
        let thing = self.diagram.nodes.len() - 1;
        for from in producers {
            self.diagram.edges.push(Edge { from, to: thing, label: String::new(), origin: Origin::Inferred });
        }
        for consumer in &flow.consumers {
            let to = self.operation(&consumer.operation);
            let label = format!("{} = {}.{}", consumer.place, flow.kind, consumer.field);
            let known = self.diagram.edges.iter_mut().find(|edge| edge.from == thing && edge.to == to);
            if let Some(edge) = known {
                edge.label = format!("{}, {label}", edge.label);
                edge.origin = edge.origin.max(consumer.origin);
            } else {
                self.diagram.edges.push(Edge { from: thing, to, label, origin: consumer.origin });
            }
        }
    }

    fn operation(&mut self, id: &'a OperationId) -> usize {
        let nodes = &mut self.diagram.nodes;
        *self.known.entry(id).or_insert_with(|| {
            nodes.push(Node { label: id.to_string(), shape: Shape::Operation });
            nodes.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Consumer;

    fn flow(kind: &str, producers: &[&str], consumers: &[(&str, &str)]) -> Flow {
        let id = |text: &&str| OperationId::from_text(text);
        let consumer = |(operation, place): &(&str, &str)| Consumer {
            operation: id(operation),
            place: (*place).to_owned(),
            field: "id".to_owned(),
            origin: Origin::Inferred,
        };
        Flow {
            kind: kind.into(),
            producers: producers.iter().map(id).collect(),
            consumers: consumers.iter().map(consumer).collect(),
        }
    }

    fn shop() -> Vec<Flow> {
        vec![
            flow(
                "order",
                &["POST /orders"],
                &[("GET /orders/{id}", "path/id"), ("POST /orders/{id}/notes", "path/id")],
            ),
            flow(
                "note",
                &["POST /orders/{id}/notes"],
                &[("GET /notes/{id}", "path/id"), ("GET /notes/{id}", "query/note_id")],
            ),
            flow("user", &[], &[("GET /users/{\"x\"}", "path/x")]),
        ]
    }

    #[test]
    fn mermaid_has_a_box_for_each_operation_and_thing() {
        let text = Diagram::new("Shop", &shop(), 6).mermaid();
        let expected = r#"flowchart LR
  n0["POST /orders"]
  n1(["order"])
  n2["GET /orders/{id}"]
  n3["POST /orders/{id}/notes"]
  n4(["note"])
  n5["GET /notes/{id}"]
  n6{{"user: nothing makes it"}}
  n7["GET /users/{#quot;x#quot;}"]
  n0 --> n1
  n1 -->|"path/id = order.id"| n2
  n1 -->|"path/id = order.id"| n3
  n3 --> n4
  n4 -->|"path/id = note.id, query/note_id = note.id"| n5
  n6 -->|"path/x = user.id"| n7
  %% 1 operation that is not drawn: nothing known goes in or comes out
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn an_svg_is_well_formed_and_holds_every_box() {
        let svg = Diagram::new("Shop <1>", &shop(), 6).svg();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg}");
        assert_eq!((svg.matches("<rect ").count(), svg.matches("<path class=").count()), (1 + 8 + 3, 6), "{svg}");
        assert!(svg.contains("Shop &lt;1&gt;") && svg.contains("GET /users/{&quot;x&quot;}"), "{svg}");
        assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    }

    #[test]
    fn a_huge_drawing_is_cut_and_says_so() {
        let names: Vec<String> = (0..200).map(|index| format!("kind{index}")).collect();
        let flows: Vec<_> = names.iter().map(|name| flow(name, &["POST /a"], &[("GET /a", "query/x")])).collect();
        let diagram = Diagram::new("Huge", &flows, 2);
        assert_eq!(diagram.nodes.len(), MOST_NODES);
        assert_eq!(diagram.notes(), ["82 more kinds of things are not drawn, since the drawing would be too large"]);
    }

    #[test]
    fn circles_are_drawn_as_well() {
        let flows = [flow("a", &["POST /a"], &[("POST /a", "body/a_id"), ("GET /a", "path/id")])];
        let svg = Diagram::new("Circle", &flows, 2).svg();
        assert_eq!(svg.matches("<path class=").count(), 3, "{svg}");
        assert!(!svg.contains("NaN"), "{svg}");
    }
}
