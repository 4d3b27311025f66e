//! A table, for a terminal and for a card.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement};

/// Columns of what is no terminal.
const USUAL_WIDTH: u16 = 80;
/// A table in less than this is no table.
const LEAST_WIDTH: u16 = 40;
/// What a number with its interval needs, line by line, with the lines around it.
const NUMBER_WIDTH: usize = 13;

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

    /// With lines drawn around it, and no wider than the terminal that stdout is, or than 80 columns: longer cells go on in
    /// the next line.
    pub fn terminal(&self) -> String {
        // Of what is no terminal it has no width.
        let found = comfy_table::Table::new().width().filter(|width| *width > 0);
        self.within(found.map_or(USUAL_WIDTH, |width| width.max(LEAST_WIDTH)))
    }

    fn within(&self, width: u16) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width)
            .set_header(&self.header)
            .add_rows(&self.rows);
        for column in table.column_iter_mut().skip(self.numbers) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if self.names_fit(width) {
            for column in table.column_iter_mut().take(self.numbers) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table.to_string()
    }

    /// Whether the names can stand in one line each, beside numbers that can still be read.
    fn names_fit(&self, width: u16) -> bool {
        let length = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |cell| cell.chars().count());
        let longest = |at: usize| self.rows.iter().chain([&self.header]).map(|row| length(row, at)).max();
        let names: usize = (0..self.numbers).filter_map(longest).map(|name| name + 3).sum();
        let numbers = self.header.len().saturating_sub(self.numbers) * NUMBER_WIDTH;
        names + numbers < usize::from(width)
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

    #[test]
    fn names_stay_in_one_line_where_the_numbers_leave_room() {
        let mut table = Table::new(&["answered by", "share right (95 %)", "answers"], 1);
        table.push(vec!["product: by people".into(), "0.812 (0.701 to 0.883) of all".into(), "1,200".into()]);
        let shown = table.within(60);
        assert!(shown.contains("product: by people"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    }

    #[test]
    fn a_row_that_is_too_long_for_the_terminal_goes_on_below() {
        let mut table = table();
        table.push(vec!["a label of many words ".repeat(8), "0.250".into()]);
        let shown = table.within(80);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        assert_eq!(shown.matches("many").count(), 8, "{shown}");
    }
}
