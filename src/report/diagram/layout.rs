//! Where boxes stand: in columns, each right of those that it needs. Main function: [`Layout::of`].
//!
//! The usual way (Sugiyama): columns by the longest way from a source, arrows that go round in circles turned back, a
//! point in each column that a long arrow passes, few crossings by barycentres.

use super::Diagram;

/// Space between columns and between boxes.
const BETWEEN_COLUMNS: f64 = 56.0;
const BETWEEN_ROWS: f64 = 12.0;
/// Size of a box.
const HEIGHT: f64 = 26.0;
const LETTER: f64 = 7.3;
const PADDING: f64 = 22.0;
/// How high a passing arrow is.
const PASSING: f64 = 6.0;
/// How often the order is improved.
const SWEEPS: usize = 8;

/// A box, or a point that an arrow passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    column: usize,
    /// Left edge.
    pub(super) x: f64,
    /// Middle.
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The places of all boxes, and the points that each arrow goes through.
pub(super) struct Layout {
    pub(super) spots: Vec<Spot>,
    /// By edge: the spots from its first to its last.
    pub(super) ways: Vec<Vec<usize>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Layout {
    pub(super) fn of(diagram: &Diagram) -> Self {
        let columns = columns(diagram);
        let mut spots: Vec<Spot> = diagram
            .nodes
            .iter()
            .zip(&columns)
            .map(|(node, column)| Spot {
                column: *column,
                x: 0.0,
                y: 0.0,
                width: node.label.chars().count() as f64 * LETTER + PADDING,
                height: HEIGHT,
            })
            .collect();
        let ways = diagram.edges.iter().map(|edge| way(edge.from, edge.to, &mut spots)).collect();
        let mut layout = Self { spots, ways, width: 0.0, height: 0.0 };
        let near = layout.near();
        let mut order = layout.in_columns();
        for sweep in 0..SWEEPS {
            layout.stack(&order);
            layout.improve(&mut order, &near, sweep % 2 == 0);
        }
        layout.stack(&order);
        for sweep in 0..SWEEPS {
            layout.settle(&order, &near, sweep % 2 == 0);
        }
        layout.spread(&order);
        layout
    }

    /// The spots of each column, in the order of the diagram.
    fn in_columns(&self) -> Vec<Vec<usize>> {
        let count = self.spots.iter().map(|spot| spot.column + 1).max().unwrap_or(0);
        let mut order = vec![Vec::new(); count];
        for (index, spot) in self.spots.iter().enumerate() {
            order[spot.column].push(index);
        }
        order
    }

    /// By spot: those that arrows join it to.
    fn near(&self) -> Vec<Vec<usize>> {
        let mut near = vec![Vec::new(); self.spots.len()];
        for pair in self.ways.iter().flat_map(|way| way.windows(2)) {
            near[pair[0]].push(pair[1]);
            near[pair[1]].push(pair[0]);
        }
        near
    }

    /// Puts the boxes of each column below each other.
    fn stack(&mut self, order: &[Vec<usize>]) {
        for column in order {
            let mut y = 0.0;
            for index in column {
                let spot = &mut self.spots[*index];
                spot.y = y + spot.height / 2.0;
                y += spot.height + BETWEEN_ROWS;
            }
            for index in column {
                self.spots[*index].y -= y / 2.0;
            }
        }
    }

    /// The mean height of the neighbours on one side; its own if there are none.
    fn wish(&self, index: usize, near: &[Vec<usize>], from_left: bool) -> f64 {
        let own = self.spots[index];
        let side = |other: &&usize| {
            let column = self.spots[**other].column;
            if from_left { column < own.column } else { column > own.column }
        };
        let heights: Vec<f64> = near[index].iter().filter(side).map(|other| self.spots[*other].y).collect();
        if heights.is_empty() { own.y } else { heights.iter().sum::<f64>() / heights.len() as f64 }
    }

    fn improve(&mut self, order: &mut [Vec<usize>], near: &[Vec<usize>], from_left: bool) {
        let mut turns: Vec<usize> = (0..order.len()).collect();
        if !from_left {
            turns.reverse();
        }
        for turn in turns {
            let column = &mut order[turn];
            let mut wishes: Vec<(f64, usize)> =
                column.iter().map(|index| (self.wish(*index, near, from_left), *index)).collect();
            wishes.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            *column = wishes.into_iter().map(|(_, index)| index).collect();
            let column = column.clone();
            self.stack(&[column]);
        }
    }

    /// Moves boxes towards their neighbours as far as their order allows.
    fn settle(&mut self, order: &[Vec<usize>], near: &[Vec<usize>], from_left: bool) {
        let mut turns: Vec<&Vec<usize>> = order.iter().collect();
        if !from_left {
            turns.reverse();
        }
        for column in turns {
            let wishes: Vec<f64> = column.iter().map(|index| self.wish(*index, near, from_left)).collect();
            let mut lowest = f64::NEG_INFINITY;
            let mut shift = 0.0;
            for (index, wish) in column.iter().zip(&wishes) {
                let spot = &mut self.spots[*index];
                spot.y = wish.max(lowest + spot.height / 2.0);
                lowest = spot.y + spot.height / 2.0 + BETWEEN_ROWS;
                shift += wish - spot.y;
            }
            let shift = shift / column.len().max(1) as f64;
            for index in column {
                self.spots[*index].y += shift;
            }
        }
    }

    /// Gives each column its place, and moves everything into the drawing.
    fn spread(&mut self, order: &[Vec<usize>]) {
        let mut x = 0.0;
        for column in order {
            let width = column.iter().map(|index| self.spots[*index].width).fold(0.0, f64::max);
            for index in column {
                let spot = &mut self.spots[*index];
                // A passing arrow keeps straight through the whole column.
                if spot.height < HEIGHT {
                    spot.width = width;
                }
                spot.x = x;
            }
            x += width + BETWEEN_COLUMNS;
        }
        let top = self.spots.iter().map(|spot| spot.y - spot.height / 2.0).fold(f64::INFINITY, f64::min);
        self.spots.iter_mut().for_each(|spot| spot.y -= top);
        self.width = (x - BETWEEN_COLUMNS).max(0.0);
        self.height = self.spots.iter().map(|spot| spot.y + spot.height / 2.0).fold(0.0, f64::max);
    }
}

/// The spots that an arrow goes through, with a new one in each column between.
fn way(from: usize, to: usize, spots: &mut Vec<Spot>) -> Vec<usize> {
    let (start, end) = (spots[from].column, spots[to].column);
    let mut way = vec![from];
    for column in start + 1..end {
        spots.push(Spot { column, x: 0.0, y: 0.0, width: 0.0, height: PASSING });
        way.push(spots.len() - 1);
    }
    way.push(to);
    way
}

/// The column of each box: one more than the largest of those that lead to it.
fn columns(diagram: &Diagram) -> Vec<usize> {
    let mut following = vec![Vec::new(); diagram.nodes.len()];
    for edge in &diagram.edges {
        following[edge.from].push(edge.to);
    }
    // Depth first: the order in which boxes are left, backwards, has each one before those that it leads to, but for
    // arrows that close a circle.
    let mut left = Vec::new();
    let mut seen = vec![false; diagram.nodes.len()];
    for start in 0..diagram.nodes.len() {
        leave(start, &following, &mut seen, &mut left);
    }
    left.reverse();
    let mut turn = vec![0; left.len()];
    left.iter().enumerate().for_each(|(at, index)| turn[*index] = at);
    let mut columns = vec![0; left.len()];
    for index in &left {
        for next in following[*index].iter().filter(|next| turn[**next] > turn[*index]) {
            columns[*next] = columns[*next].max(columns[*index] + 1);
        }
    }
    columns
}

/// Visits what can be reached, without recursion: a document may have a long chain.
fn leave(start: usize, following: &[Vec<usize>], seen: &mut [bool], left: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut open = vec![(start, 0)];
    while let Some((index, turn)) = open.last_mut() {
        let next = following[*index].get(*turn).copied();
        *turn += 1;
        match next {
            Some(next) if !std::mem::replace(&mut seen[next], true) => open.push((next, 0)),
            Some(_) => {}
            None => {
                left.push(*index);
                open.pop();
            }
        }
    }
}
