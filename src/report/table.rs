//! Columns of text. Main type: [`Table`].

/// Rows of cells that are shown one under the other; the last column is not padded.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A cell: its text, and the text as painted.
#[derive(Clone, Debug)]
struct Cell {
    width: usize,
    painted: String,
}

impl Table {
    /// Adds a row; `paint` may colour a cell, given its column, but not change its width.
    pub fn row<'t>(&mut self, cells: impl IntoIterator<Item = &'t str>, paint: impl Fn(usize, &str) -> String) {
        let cell =
            |(column, text): (usize, &'t str)| Cell { width: text.chars().count(), painted: paint(column, text) };
        self.rows.push(cells.into_iter().enumerate().map(cell).collect());
    }

    /// The rows as lines, each after `indent`.
    pub fn render(&self, indent: &str) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut out = String::new();
        for row in &self.rows {
            out.push_str(indent);
            for (column, cell) in row.iter().enumerate() {
                out.push_str(&cell.painted);
                if column + 1 < row.len() {
                    out.push_str(&" ".repeat(widths[column] - cell.width + 2));
                }
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::default();
        table.row(["a", "bcd", "x"], |_, text| text.to_owned());
        table.row(["né", "e", "y"], |_, text| format!("\u{1b}[1m{text}\u{1b}[0m"));
        table.row(["alone"], |_, text| text.to_owned());
        assert_eq!(
            table.render("  "),
            "  a      bcd  x\n  \u{1b}[1mné\u{1b}[0m     \u{1b}[1me\u{1b}[0m    \u{1b}[1my\u{1b}[0m\n  alone\n"
        );
    }
}
