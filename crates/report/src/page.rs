//! One HTML file that needs no other: lead figures, contents, then sections of text, figures and tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ombud_contract::shown::shown;

use crate::{Chart, Lead, Table, lead::leads, look::STYLE, matrix::matrix};

/// A page of fewer sections needs no contents.
const CONTENTS_FROM: usize = 3;

/// A part of a page under a heading of its own.
#[derive(Clone, Debug)]
pub struct Section {
    heading: String,
    parts: Vec<Markup>,
    /// Stands before the contents.
    comes_first: bool,
}

impl Section {
    /// With nothing in it yet.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), parts: Vec::new(), comes_first: false }
    }

    /// With a paragraph more.
    #[must_use]
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.with(html! { p { (text.as_ref()) } })
    }

    /// With lead figures more; the section then stands before the contents.
    #[must_use]
    pub fn leads(self, figures: &[Lead]) -> Self {
        let section = self.with(leads(figures));
        Self { comes_first: true, ..section }
    }

    /// With a chart more, and what it shows.
    #[must_use]
    pub fn figure(self, caption: impl AsRef<str>, chart: Chart) -> Self {
        self.with(figure(caption.as_ref(), chart, None))
    }

    /// With a chart more, what it shows, and its figures in a table that shows itself when it is opened.
    #[must_use]
    pub fn figure_with(self, caption: impl AsRef<str>, chart: Chart, table: &Table) -> Self {
        self.with(figure(caption.as_ref(), chart, Some(table)))
    }

    /// With a table more.
    #[must_use]
    pub fn table(self, table: &Table) -> Self {
        let rows = rows(&self.heading, table);
        self.with(rows)
    }

    /// With a table more that shows itself when its summary is opened.
    #[must_use]
    pub fn folded(self, summary: impl AsRef<str>, table: &Table) -> Self {
        let summary = summary.as_ref();
        self.with(html! { details { summary { (summary) } (rows(summary, table)) } })
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

    /// With a part more that the caller has laid out.
    #[must_use]
    pub fn with(mut self, part: Markup) -> Self {
        self.parts.push(part);
        self
    }
}

fn figure(caption: &str, chart: Chart, table: Option<&Table>) -> Markup {
    html! {
        figure.chart {
            (chart.titled(caption).markup())
            figcaption { (caption) }
            @if let Some(table) = table {
                details { summary { "The figures" } (rows(caption, table)) }
            }
        }
    }
}

fn rows(caption: &str, table: &Table) -> Markup {
    let class = |column: usize| (column >= table.numbers).then_some("number");
    // A first column of numbers names no row.
    let names = table.numbers > 0;
    html! {
        div.wide tabindex="0" {
            table.dense {
                caption.unseen { (caption) }
                thead { tr {
                    @for (at, cell) in table.header.iter().enumerate() {
                        // A header without a word heads nothing.
                        @if cell.is_empty() { td {} } @else { th scope="col" class=[class(at)] { (cell) } }
                    }
                } }
                tbody { @for row in &table.rows {
                    tr { @for (at, cell) in row.iter().enumerate() {
                        @if at == 0 && names { th scope="row" { (cell) } } @else { td class=[class(at)] { (cell) } }
                    } }
                } }
            }
        }
    }
}

/// The whole file. Characters that would hide, or change the order of reading, are shown escaped.
pub fn page(title: &str, sections: &[Section]) -> String {
    let (first, others): (Vec<_>, Vec<_>) = (1..).zip(sections).partition(|(_, section)| section.comes_first);
    let html = html! {
        (DOCTYPE)
        html.report lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    @for (number, part) in &first { (section(*number, part)) }
                    @if others.len() >= CONTENTS_FROM {
                        nav.contents aria-label="Contents" {
                            h2 { "Contents" }
                            ol { @for (number, part) in &others {
                                li { a href={ "#part-" (number) } { (part.heading) } }
                            } }
                        }
                    }
                    @for (number, part) in &others { (section(*number, part)) }
                }
            }
        }
    };
    shown(&html.into_string()).into_owned()
}

fn section(number: usize, section: &Section) -> Markup {
    html! {
        section id={ "part-" (number) } {
            h2 { (section.heading) }
            @for part in &section.parts { (part) }
        }
    }
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
        for elsewhere in ["<script", "src=", "href=\"h", "@import", "style="] {
            assert!(!html.contains(elsewhere), "{elsewhere}");
        }
        assert_eq!(html.matches("<style>").count(), 1, "in the page's own element alone");
    }

    #[test]
    fn lead_figures_stand_before_the_contents_and_every_other_section_is_in_them() {
        let lead = Lead {
            name: "Right product".into(),
            figure: "82.8 %".into(),
            detail: String::new(),
            asked: String::new(),
            standing: String::new(),
            tone: crate::Tone::Plain,
            link: None,
        };
        let mut sections = ["One", "Two", "Three"].map(Section::new).to_vec();
        sections.insert(1, Section::new("In short").leads(&[lead]));
        let html = page("p", &sections);
        let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}: {html}"));
        assert!(place("82.8 %") < place("<nav") && place("<nav") < place("<section id=\"part-1\">"));
        for (number, heading) in [(1, "One"), (3, "Two"), (4, "Three")] {
            place(&format!("<a href=\"#part-{number}\">{heading}</a>"));
            place(&format!("<section id=\"part-{number}\"><h2>{heading}</h2>"));
        }
        assert!(!page("p", &[Section::new("One")]).contains("<nav"), "one section needs no contents");
    }

    #[test]
    fn a_name_that_turns_the_order_of_reading_round_is_shown_escaped() {
        let mut table = Table::new(&["team", "name"], 2);
        table.push(vec!["cards\u{202e}".into(), "Zürich 東京".into()]);
        let html = page("teams", &[Section::new("Teams").table(&table)]);
        assert!(html.contains(r"cards\u202e") && html.contains("Zürich 東京"), "{html}");
    }

    #[test]
    fn a_folded_table_shows_its_summary() {
        let mut table = Table::new(&["complaint"], 1);
        table.push(vec!["c-1".into()]);
        let html = page("p", &[Section::new("s").folded("a < b: 1", &table)]);
        assert!(html.contains("<details><summary>a &lt; b: 1</summary><div"), "{html}");
    }
}
