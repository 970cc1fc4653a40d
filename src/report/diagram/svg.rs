//! A drawing as SVG that needs nothing else. Main function: [`Diagram::svg`].

use std::fmt::Write;

use super::layout::{Layout, Spot};
use super::{Diagram, Edge, Shape};
use crate::resource::Origin;

/// Space around everything.
const MARGIN: f64 = 24.0;
/// Height of the title, and of a line below the drawing.
const TITLE: f64 = 34.0;
const LINE: f64 = 18.0;
/// The least width: the legend must fit.
const LEAST_WIDTH: f64 = 780.0;

const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1c2733}.title{font-weight:bold;font-size:14px}\
.note{fill:#5b6875}.operation{fill:#f4f7fa;stroke:#8496a8}.thing{fill:#e4f2e7;stroke:#4f9461}\
.orphan{fill:#fdeceb;stroke:#c4524a;stroke-dasharray:4 3}path{fill:none;stroke-width:1.3}\
.inferred{stroke:#9aa8b5}.document{stroke:#2f6fb7;stroke-width:2}.configured{stroke:#b7702f;stroke-width:2}\
.head{stroke:none;fill:#6c7b89}";

impl Diagram {
    /// The drawing: producers on the left, consumers on the right. Pointing at an arrow shows what goes where.
    pub fn svg(&self) -> String {
        let layout = Layout::of(self);
        let width = layout.width.max(LEAST_WIDTH) + 2.0 * MARGIN;
        let below = MARGIN + TITLE + layout.height + LINE;
        let height = below + LINE * (self.notes.len() as f64 + 1.0) + MARGIN;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\">\n<style>{STYLE}</style>\n<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" \
             refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path \
             d=\"M0 0L8 4L0 8z\" class=\"head\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        // Writing to a String can't fail.
        _ = writeln!(
            out,
            "<text class=\"title\" x=\"{MARGIN}\" y=\"{:.0}\">{}</text>",
            MARGIN + 12.0,
            escaped(&self.title)
        );
        _ = writeln!(out, "<g transform=\"translate({MARGIN} {})\">", MARGIN + TITLE);
        for (edge, way) in self.edges.iter().zip(&layout.ways) {
            let spots: Vec<Spot> = way.iter().map(|index| layout.spots[*index]).collect();
            let title = self.told(edge);
            let class = class(edge.origin);
            _ = writeln!(
                out,
                "<path class=\"{class}\" marker-end=\"url(#head)\" d=\"{}\"><title>{title}</title></path>",
                curve(&spots)
            );
        }
        for (node, spot) in self.nodes.iter().zip(&layout.spots) {
            let (class, round) = match node.shape {
                Shape::Operation => ("operation", 3),
                Shape::Thing => ("thing", 13),
                Shape::Orphan => ("orphan", 13),
            };
            let Spot { x, y, width, height, .. } = spot;
            let (top, baseline, middle) = (y - height / 2.0, y + 4.0, x + width / 2.0);
            _ = writeln!(
                out,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
                 rx=\"{round}\"/><text x=\"{middle:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\">{}</text>",
                escaped(&node.label)
            );
        }
        out.push_str("</g>\n");
        out.push_str(&legend(below));
        for (index, note) in self.notes.iter().enumerate() {
            let y = below + LINE * (index as f64 + 1.0) + 4.0;
            _ = writeln!(out, "<text class=\"note\" x=\"{MARGIN}\" y=\"{y:.1}\">{}</text>", escaped(note));
        }
        out.push_str("</svg>\n");
        out
    }

    fn told(&self, edge: &Edge) -> String {
        let (from, to) = (&self.nodes[edge.from].label, &self.nodes[edge.to].label);
        let text = if edge.label.is_empty() { format!("{from} gives {to}") } else { format!("{to}: {}", edge.label) };
        escaped(&text)
    }
}

fn class(origin: Origin) -> &'static str {
    match origin {
        Origin::Inferred => "inferred",
        Origin::Document => "document",
        Origin::Configured => "configured",
    }
}

/// What the boxes and arrows mean.
fn legend(y: f64) -> String {
    let boxed = [("operation", 3, "operation"), ("thing", 6, "thing"), ("orphan", 6, "nothing makes it")];
    let lines = [("inferred", "by names"), ("document", "link of the document"), ("configured", "gadfly.toml")];
    let (mut out, mut x) = (String::new(), MARGIN);
    for (class, round, text) in boxed {
        _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"18\" height=\"12\" rx=\"{round}\"/>\
             <text class=\"note\" x=\"{}\" y=\"{y}\">{text}</text>",
            y - 10.0,
            x + 23.0
        );
        x += 45.0 + 7.3 * text.len() as f64;
    }
    for (class, text) in lines {
        _ = write!(
            out,
            "<path d=\"M{x} {0}h18\" class=\"{class}\"/><text class=\"note\" x=\"{1}\" y=\"{y}\">{text}</text>",
            y - 4.0,
            x + 23.0
        );
        x += 45.0 + 7.3 * text.len() as f64;
    }
    out.push('\n');
    out
}

/// A smooth line from the right of the first spot to the left of the last one, straight through those between.
fn curve(spots: &[Spot]) -> String {
    let mut out = String::new();
    for (index, pair) in spots.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (x, y) = (from.x + from.width, from.y);
        if index == 0 {
            _ = write!(out, "M{x:.1} {y:.1}");
        } else {
            _ = write!(out, "L{x:.1} {y:.1}");
        }
        if to.x > x {
            let middle = f64::midpoint(x, to.x);
            _ = write!(out, "C{middle:.1} {y:.1} {middle:.1} {:.1} {:.1} {:.1}", to.y, to.x, to.y);
        } else {
            // Back to the left: above both, and down onto the box.
            let (top, right, middle) = (y.min(to.y) - 40.0, x + 36.0, to.x + to.width / 2.0);
            _ = write!(out, "C{right:.1} {top:.1} {middle:.1} {top:.1} {middle:.1} {:.1}", to.y - to.height / 2.0);
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
