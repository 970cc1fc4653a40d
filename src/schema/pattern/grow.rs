//! Strings from the tree of a pattern. Main type: [`Grower`].

use arbitrary::Unstructured;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::translate::{Translated, translate};

/// How deep the tree of a pattern may be.
pub(super) const NESTING: u32 = 100;
/// The most repetitions of one part.
const MOST_REPEATS: usize = 4_000;
/// From which attempt on what still follows is kept room for.
const FORESEEING: u32 = 4;

/// A pattern as what is to be written.
pub(super) struct Grower {
    tree: Node,
    exact: bool,
}

enum Node {
    Nothing,
    Text(String),
    Class(Ranges),
    Repeat { least: usize, most: Option<usize>, of: Box<Node> },
    Sequence(Vec<Node>),
    OneOf(Vec<Node>),
}

/// The characters of a class; those that are plain are drawn more often.
struct Ranges {
    plain: Vec<(u32, u32)>,
    all: Vec<(u32, u32)>,
}

impl Grower {
    /// `None` if the pattern is beyond us.
    pub(super) fn new(source: &str) -> Option<Self> {
        let Translated { text, mut exact, .. } = translate(source);
        let hir = ParserBuilder::new().nest_limit(NESTING).utf8(true).build().parse(&text).ok()?;
        let tree = node(&hir, &mut exact);
        Some(Self { tree, exact })
    }

    /// Whether what is grown matches for certain.
    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    /// A string that matches as far as the tree knows; later attempts aim nearer at the wanted length.
    pub(super) fn grow(&self, tape: &mut Unstructured<'_>, least: usize, most: usize, attempt: u32) -> String {
        let mut out = String::new();
        let mut stretch = Stretch { tape, least, most, attempt, written: 0, after: 0 };
        self.tree.grow(&mut stretch, &mut out);
        out
    }
}

struct Stretch<'a, 'b> {
    tape: &'a mut Unstructured<'b>,
    least: usize,
    most: usize,
    attempt: u32,
    /// Characters so far.
    written: usize,
    /// Characters that follow in any case, as far as they are foreseen.
    after: usize,
}

impl Stretch<'_, '_> {
    fn below(&mut self, bound: usize) -> usize {
        if bound <= 1 { 0 } else { self.tape.int_in_range(0..=bound - 1).unwrap_or(0) }
    }

    /// How often to repeat a part at most.
    fn repeats(&mut self, least: usize, most: Option<usize>) -> usize {
        let fixed = self.written.saturating_add(self.after);
        let room = self.most.saturating_sub(fixed);
        let wanted = self.least.saturating_sub(fixed);
        let top = most.unwrap_or(usize::MAX).min(least.saturating_add(room)).min(MOST_REPEATS.max(least));
        match self.attempt % 4 {
            // As drawn: a few more than the least.
            0 | 1 => {
                let few = top.min(least.saturating_add(8));
                let drawn = least + self.below(few - least + 1);
                if self.attempt == 1 || wanted > drawn { drawn.max(wanted.min(top)) } else { drawn }
            }
            2 => least.max(wanted.min(top)),
            _ => least,
        }
    }
}

impl Node {
    fn grow(&self, stretch: &mut Stretch<'_, '_>, out: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Text(text) => {
                stretch.written += text.chars().count();
                out.push_str(text);
            }
            Self::Class(ranges) => {
                stretch.written += 1;
                out.push(ranges.draw(stretch));
            }
            Self::Repeat { least, most, of } => {
                let repeats = stretch.repeats(*least, *most);
                // Later attempts aim at the wanted length and stop when it is reached.
                let aims = stretch.attempt > 0;
                for done in 0..repeats {
                    if aims && done >= *least && stretch.written >= stretch.least.max(1) {
                        break;
                    }
                    of.grow(stretch, out);
                }
            }
            Self::Sequence(nodes) if stretch.attempt >= FORESEEING => {
                let mut rest = least(nodes);
                let after = stretch.after;
                for node in nodes {
                    rest = rest.saturating_sub(node.least());
                    stretch.after = after.saturating_add(rest);
                    node.grow(stretch, out);
                }
                stretch.after = after;
            }
            Self::Sequence(nodes) => nodes.iter().for_each(|node| node.grow(stretch, out)),
            Self::OneOf(nodes) => nodes[stretch.below(nodes.len())].grow(stretch, out),
        }
    }

    /// The fewest characters of it.
    fn least(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Text(text) => text.chars().count(),
            Self::Class(_) => 1,
            Self::Repeat { least, of, .. } => least.saturating_mul(of.least()),
            Self::Sequence(nodes) => least(nodes),
            Self::OneOf(nodes) => nodes.iter().map(Self::least).min().unwrap_or(0),
        }
    }
}

/// The fewest characters of parts that follow each other.
fn least(nodes: &[Node]) -> usize {
    nodes.iter().map(Node::least).fold(0, usize::saturating_add)
}

impl Ranges {
    fn draw(&self, stretch: &mut Stretch<'_, '_>) -> char {
        // One draw in sixteen leaves the plain characters where the class has others.
        let ranges = if self.plain.is_empty() || stretch.below(16) == 15 { &self.all } else { &self.plain };
        let total: u32 = ranges.iter().map(|(from, to)| to - from + 1).sum();
        let mut index = u32::try_from(stretch.below(total as usize)).unwrap_or(0);
        for (from, to) in ranges {
            if index <= to - from {
                return char::from_u32(from + index).unwrap_or('a');
            }
            index -= to - from + 1;
        }
        'a'
    }
}

fn node(hir: &Hir, exact: &mut bool) -> Node {
    match hir.kind() {
        HirKind::Empty => Node::Nothing,
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Node::Text(text.to_owned()),
            Err(_) => Node::Nothing,
        },
        HirKind::Class(class) => {
            let ranges = ranges(class);
            *exact &= ranges.is_some();
            ranges.map_or(Node::Nothing, Node::Class)
        }
        HirKind::Look(look) => {
            *exact &= matches!(look, Look::Start | Look::End);
            Node::Nothing
        }
        HirKind::Repetition(repetition) => Node::Repeat {
            least: repetition.min as usize,
            most: repetition.max.map(|most| most as usize),
            of: Box::new(node(&repetition.sub, exact)),
        },
        HirKind::Capture(capture) => node(&capture.sub, exact),
        HirKind::Concat(all) => Node::Sequence(all.iter().map(|hir| node(hir, exact)).collect()),
        HirKind::Alternation(all) => Node::OneOf(all.iter().map(|hir| node(hir, exact)).collect()),
    }
}

/// The characters of a class by their numbers.
pub(super) fn characters(class: &Class) -> Vec<(u32, u32)> {
    match class {
        Class::Unicode(class) => {
            let pairs = class.iter().map(|range| (u32::from(range.start()), u32::from(range.end())));
            // The surrogates stand between these two and are no characters.
            pairs
                .flat_map(|(from, to)| [(from, to.min(0xD7FF)), (from.max(0xE000), to)])
                .filter(|(a, b)| a <= b)
                .collect()
        }
        Class::Bytes(class) => {
            class.iter().map(|range| (u32::from(range.start()), u32::from(range.end().min(0x7F)))).collect()
        }
    }
}

fn ranges(class: &Class) -> Option<Ranges> {
    let all = characters(class);
    // Letters and digits first, so that an empty tape gives them.
    let plain = [(0x61, 0x7A), (0x30, 0x39), (0x41, 0x5A), (0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)];
    let within =
        |(from, to): (u32, u32)| all.iter().map(move |(a, b)| (from.max(*a), to.min(*b))).filter(|(a, b)| a <= b);
    let plain = plain.into_iter().flat_map(within).collect();
    (!all.is_empty()).then_some(Ranges { plain, all })
}
