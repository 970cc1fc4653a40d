//! A drawing as Mermaid text. Main function: [`Diagram::mermaid`].

use std::fmt::Write;

use super::{Diagram, Shape};
use crate::resource::Origin;

impl Diagram {
    /// A flowchart: thick arrows are links of the document or of the user.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        // Writing to a String can't fail.
        for (index, node) in self.nodes.iter().enumerate() {
            let label = escaped(&node.label);
            _ = match node.shape {
                Shape::Operation => writeln!(out, "  n{index}[\"{label}\"]"),
                Shape::Thing => writeln!(out, "  n{index}([\"{label}\"])"),
                Shape::Orphan => writeln!(out, "  n{index}{{{{\"{label}: nothing makes it\"}}}}"),
            };
        }
        for edge in &self.edges {
            let arrow = if edge.origin == Origin::Inferred { "-->" } else { "==>" };
            let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
            _ = writeln!(out, "  n{} {arrow}{label} n{}", edge.from, edge.to);
        }
        for note in &self.notes {
            _ = writeln!(out, "  %% {}", escaped(note));
        }
        out
    }
}

/// Text between quotes: Mermaid has entities of its own, and a line break would end the statement.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace(|c: char| c.is_control(), " ")
}
