//! One HTML file that needs no other: sections of text, figures and tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ombud_contract::shown::shown;

use crate::{Chart, Table};

/// A part of a page under a heading of its own.
#[derive(Clone, Debug)]
pub struct Section {
    heading: String,
    parts: Vec<Markup>,
}

impl Section {
    /// With nothing in it yet.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), parts: Vec::new() }
    }

    /// With a paragraph more.
    #[must_use]
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.with(html! { p { (text.as_ref()) } })
    }

    /// With a chart more, and what it shows.
    #[must_use]
    pub fn figure(self, caption: impl AsRef<str>, chart: Chart) -> Self {
        let caption = caption.as_ref();
        self.with(html! { figure role="img" aria-label=(caption) { (PreEscaped(chart.svg())) figcaption { (caption) } } })
    }

    /// With a table more.
    #[must_use]
    pub fn table(self, table: &Table) -> Self {
        self.with(rows(table))
    }

    /// With a table more that shows itself when its summary is opened.
    #[must_use]
    pub fn folded(self, summary: impl AsRef<str>, table: &Table) -> Self {
        self.with(html! { details { summary { (summary.as_ref()) } (rows(table)) } })
    }

    /// With a table of counts by true label (down) and answer (across), each row shaded by its shares.
    #[must_use]
    pub fn confusion(self, labels: &[String], counts: &[Vec<usize>]) -> Self {
        self.matrix(["true, down; answered, across", "answered as"], labels, counts)
    }

    /// With a table of counts by two labels, each row shaded by its shares; `corner` says which is which, `verb` stands
    /// between the two.
    #[must_use]
    pub fn matrix(self, [corner, verb]: [&str; 2], labels: &[String], counts: &[Vec<usize>]) -> Self {
        self.with(matrix([corner, verb], labels, counts))
    }

    fn with(mut self, part: Markup) -> Self {
        self.parts.push(part);
        self
    }
}

fn rows(table: &Table) -> Markup {
    let class = |column: usize| (column >= table.numbers).then_some("number");
    html! {
        table {
            thead { tr { @for (at, cell) in table.header.iter().enumerate() { th class=[class(at)] { (cell) } } } }
            tbody { @for row in &table.rows {
                tr { @for (at, cell) in row.iter().enumerate() { td class=[class(at)] { (cell) } } }
            } }
        }
    }
}

/// Columns carry the rows' numbers: labels are long.
fn matrix([corner, verb]: [&str; 2], labels: &[String], counts: &[Vec<usize>]) -> Markup {
    html! {
        table.confusion {
            thead { tr {
                th { (corner) }
                @for number in 1..=labels.len() { th.number title=(labels[number - 1]) { (number) } }
            } }
            tbody { @for (at, (label, row)) in labels.iter().zip(counts).enumerate() {
                tr {
                    th { (at + 1) " " (label) }
                    @for (&count, answer) in row.iter().zip(labels) {
                        td.number style=[shade(count, row.iter().sum())] title={ (label) " " (verb) " " (answer) } {
                            @if count > 0 { (count) }
                        }
                    }
                }
            } }
        }
    }
}

fn shade(count: usize, of: usize) -> Option<String> {
    (count > 0).then(|| format!("background:rgba(0,114,178,{:.2})", 0.8 * count as f64 / of as f64))
}

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
h2{margin-top:2.5rem;border-bottom:1px solid #ddd}figure{display:inline-block;margin:1rem 1rem 1rem 0}\
figure svg{max-width:100%;height:auto}figcaption{color:#555}table{border-collapse:collapse;margin:1rem 0}\
th,td{padding:.15rem .6rem;border-bottom:1px solid #ddd;text-align:left}\
.number{text-align:right;font-variant-numeric:tabular-nums}.confusion tbody th{font-weight:normal}\
summary{cursor:pointer}details table{font-size:13px}";

/// The whole file. Characters that would hide, or change the order of reading, are shown escaped.
pub fn page(title: &str, sections: &[Section]) -> String {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                @for section in sections {
                    section { h2 { (section.heading) } @for part in &section.parts { (part) } }
                }
            }
        }
    };
    shown(&html.into_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axes, Line, line_chart};

    #[test]
    fn a_page_is_one_file_and_what_it_shows_is_escaped() {
        let line = Line { name: "loss".into(), points: vec![(0.0, 1.0), (1.0, 0.5)] };
        let mut table = Table::new(&["label", "rows"], 1);
        table.push(vec!["<script>".into(), "3".into()]);
        let section = Section::new("Curves & tables")
            .text("1 < 2")
            .figure("Loss", line_chart(&Axes::default(), &[line]))
            .table(&table);
        let html = page("a model", &[section]);
        for text in
            ["<!DOCTYPE html>", "Curves &amp; tables", "1 &lt; 2", "<svg", "&lt;script&gt;", "</html>"]
        {
            assert!(html.contains(text), "{text}");
        }
        for elsewhere in ["<script", "src=", "href=", "@import"] {
            assert!(!html.contains(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_name_that_turns_the_order_of_reading_round_is_shown_escaped() {
        let mut table = Table::new(&["team", "name"], 2);
        table.push(vec!["cards\u{202e}".into(), "Zürich 東京".into()]);
        let html = page("teams", &[Section::new("Teams").table(&table)]);
        assert!(html.contains(r"cards\u202e") && html.contains("Zürich 東京"), "{html}");
    }

    #[test]
    fn a_confusion_is_shaded_by_its_rows_shares() {
        let labels = ["a", "b"].map(String::from);
        let html = matrix(["", "answered as"], &labels, &[vec![3, 1], vec![0, 0]]).into_string();
        assert!(html.contains("rgba(0,114,178,0.60)") && html.contains("rgba(0,114,178,0.20)"), "{html}");
        assert_eq!(html.matches("rgba").count(), 2, "what never happens stays white");
        assert!(html.contains("a answered as b"), "{html}");
    }

    #[test]
    fn a_folded_table_shows_its_summary() {
        let mut table = Table::new(&["complaint"], 1);
        table.push(vec!["c-1".into()]);
        let html = page("p", &[Section::new("s").folded("a < b: 1", &table)]);
        assert!(html.contains("<details><summary>a &lt; b: 1</summary><table>"), "{html}");
    }
}
