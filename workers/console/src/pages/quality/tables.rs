//! Tables whose first column names the row.

use maud::{Markup, html};

/// A table of this page: what it is, its columns, and its rows, each with a cell for every column. The first `words` columns are
/// words, the others figures.
pub(super) fn table(caption: &str, words: usize, columns: &[String], rows: &[Vec<Markup>]) -> Markup {
    let class = |at: usize| (at >= words).then_some("number");
    html! {
        div.wide tabindex="0" {
            table.dense {
                caption { (caption) }
                thead { tr { @for (at, column) in columns.iter().enumerate() {
                    th scope="col" class=[class(at)] { (column) }
                } } }
                tbody { @for row in rows { tr { @for (at, cell) in row.iter().enumerate() {
                    @if at == 0 { th scope="row" { (cell) } } @else { td class=[class(at)] { (cell) } }
                } } } }
            }
        }
    }
}
