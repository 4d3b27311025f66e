//! A table, for a terminal and for a card.

use std::fmt::Write as _;

use comfy_table::CellAlignment;
use comfy_table::presets::UTF8_FULL_CONDENSED;

/// Text in rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// One for each column.
    pub header: Vec<String>,
    /// Each as long as the header.
    pub rows: Vec<Vec<String>>,
    /// From this column on they are numbers, which stand on the right.
    pub numbers: usize,
}

impl Table {
    /// An empty table.
    pub fn new(header: &[&str], numbers: usize) -> Self {
        Self { header: header.iter().map(|&text| text.to_owned()).collect(), rows: Vec::new(), numbers }
    }

    /// With a row more.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// With lines drawn around it.
    pub fn terminal(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header(&self.header).add_rows(&self.rows);
        for column in table.column_iter_mut().skip(self.numbers) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }

    /// As GitHub and the hub read it; ends in a line break.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = String>| {
            let cells: Vec<String> = cells.collect();
            // Writing to a String can't fail.
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        };
        line(&mut self.header.iter().map(|cell| escaped(cell)));
        line(&mut (0..self.header.len()).map(|at| if at < self.numbers { "---" } else { "---:" }.to_owned()));
        for row in &self.rows {
            line(&mut row.iter().map(|cell| escaped(cell)));
        }
        text
    }
}

/// A bar would begin another cell, a line break another row.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["label", "share"], 1);
        table.push(vec!["Fees | charges".into(), "0.500".into()]);
        table
    }

    #[test]
    fn markdown_keeps_a_cell_with_a_bar_in_one_piece() {
        assert_eq!(table().markdown(), "| label | share |\n| --- | ---: |\n| Fees \\| charges | 0.500 |\n");
    }

    #[test]
    fn a_terminal_shows_every_cell() {
        let shown = table().terminal();
        assert!(shown.contains("Fees | charges") && shown.contains("share"), "{shown}");
    }
}
