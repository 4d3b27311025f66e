//! The figures that stand first: large, with their unit, against what was asked.

use maud::{Markup, html};

/// How a figure stands against what was asked. The word beside it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing was asked, or nothing can be said.
    Plain,
    /// What was asked.
    Good,
    /// Chance alone may explain on which side it lies.
    Warning,
    /// Less than was asked.
    Bad,
}

impl Tone {
    /// Its class of a badge.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A figure that stands first. All of it is text for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// What it is: `Right product, of nine`.
    pub name: String,
    /// `82.8 %`, or why there is none.
    pub figure: String,
    /// Of what, and how far it may be off: `80.9-84.6 %, of 1,499`.
    pub detail: String,
    /// What was asked: `asked: 80 %`; nothing where nothing was.
    pub asked: String,
    /// How it stands: `as asked`.
    pub standing: String,
    /// The same as a colour.
    pub tone: Tone,
    /// What it leads to, and the words of that link.
    pub link: Option<(String, String)>,
}

impl Lead {
    /// A figure without a number is a sentence, and is not as large.
    fn is_number(&self) -> bool {
        self.figure.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// The figures side by side.
pub fn leads(leads: &[Lead]) -> Markup {
    html! {
        div.columns.leads {
            @for lead in leads {
                div.card {
                    p.lead-name { (lead.name) }
                    @if lead.is_number() { p.lead { (lead.figure) } } @else { p.lead-open { (lead.figure) } }
                    @if !lead.detail.is_empty() { p.muted { (lead.detail) } }
                    @if !lead.asked.is_empty() || !lead.standing.is_empty() {
                        p {
                            @if !lead.standing.is_empty() {
                                span class={ "badge " (lead.tone.class()) } { (lead.standing) } " "
                            }
                            (lead.asked)
                        }
                    }
                    @if let Some((address, words)) = &lead.link { p { a href=(address) { (words) } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_says_in_words_how_it_stands_and_a_sentence_is_not_shown_as_a_figure() {
        let lead = Lead {
            name: "Right product".into(),
            figure: "82.8 %".into(),
            detail: "80.9-84.6 %, of 1,499".into(),
            asked: "asked: 80 %".into(),
            standing: "as asked".into(),
            tone: Tone::Good,
            link: Some(("/cases?a=1&b=2".into(), "Its cases".into())),
        };
        let open = Lead {
            figure: "not enough data: 41 of 200".into(),
            tone: Tone::Plain,
            link: None,
            ..lead.clone()
        };
        let html = leads(&[lead, open]).into_string();
        assert!(
            html.contains(r#"<p class="lead">82.8 %</p>"#) && html.contains(r#"badge good">as asked"#),
            "{html}"
        );
        assert!(html.contains(r#"<p class="lead-open">not enough data: 41 of 200</p>"#), "{html}");
        assert!(html.contains(r#"href="/cases?a=1&amp;b=2""#), "{html}");
    }
}
