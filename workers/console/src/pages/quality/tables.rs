//! Tables whose first column names the row.

use maud::{Markup, html};

/// A table of this page: what it is, its columns, and its rows, each with a cell for every column.
pub(super) fn table(caption: &str, columns: &[String], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.wide tabindex="0" {
            table.dense {
                caption { (caption) }
                thead { tr { @for (at, column) in columns.iter().enumerate() {
                    th scope="col" class=[(at > 0).then_some("number")] { (column) }
                } } }
                tbody { @for row in rows { tr { @for (at, cell) in row.iter().enumerate() {
                    @if at == 0 { th scope="row" { (cell) } } @else { td.number { (cell) } }
                } } } }
            }
        }
    }
}
