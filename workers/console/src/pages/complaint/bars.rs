//! What a contrast is the sum of: bars in a table, to the right for what speaks for the answer and to the left for what speaks against
//! it. The figures stand beside them.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_contract::shown::shown;
use ombud_explain::{Bar, BarKind, Contrast};

use super::{
    numbers::log_odds,
    shaded::{Text, excerpt},
};
use crate::pages::{
    frame::Frame,
    item_words::{complaint_path, evidence_category, symbol},
};

/// The words that are listed beside the narrative.
const MOST_WORDS: usize = 12;
/// Half of a bar's width; zero stands there.
const HALF: f64 = 100.0;
/// Where a bar that is not nothing can still be seen.
const LEAST: f64 = 1.0;

/// What the bars of a page lead to.
pub(super) struct Around<'a> {
    pub(super) frame: &'a Frame,
    pub(super) complaint_id: &'a str,
    /// The tasks that are explained on the same page.
    pub(super) here: Vec<&'a str>,
    /// Until when it was asked, as it was typed.
    pub(super) as_of: Option<&'a str>,
}

/// The parts of `contrast`, the words that weigh most, and where words are approximate, sentences.
pub(super) fn bars(around: &Around<'_>, contrast: &Contrast, text: &Text<'_>) -> Markup {
    let frame = around.frame;
    let greatest = |values: &mut dyn Iterator<Item = f64>| {
        values.map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max)
    };
    let of_bars = greatest(&mut contrast.bars.iter().map(|bar| bar.value));
    let mut words: Vec<_> = contrast.words.iter().filter(|word| word.value != 0.0).collect();
    words.sort_by(|one, other| other.value.abs().total_cmp(&one.value.abs()));
    words.truncate(MOST_WORDS);
    let of_words = greatest(&mut words.iter().map(|word| word.value));
    let of_sentences = greatest(&mut contrast.sentences.iter().map(|sentence| sentence.value));
    html! {
        (table(frame, "explain-bars", html! {
            @for bar in &contrast.bars { (row(&part(around, bar), bar.value, of_bars)) }
        }))
        @if !words.is_empty() {
            (table(frame, "explain-words", html! {
                @for word in words {
                    (row(&html! { (shown(&excerpt(text.of(word.place)))) }, word.value, of_words))
                }
            }))
        }
        @if !contrast.sentences.is_empty() {
            (table(frame, "explain-sentences", html! {
                @for sentence in &contrast.sentences {
                    (row(&html! { (shown(&excerpt(text.of(sentence.place)))) }, sentence.value, of_sentences))
                }
            }))
        }
    }
}

fn table(frame: &Frame, of: &str, rows: Markup) -> Markup {
    html! {
        table.dense {
            caption { (frame.say(&format!("{of}-caption"))) }
            thead { tr {
                th scope="col" { (frame.say(&format!("{of}-part"))) }
                th scope="col" { (frame.say("explain-col-bar")) }
                th.number scope="col" { (frame.say("explain-col-value")) }
            } }
            tbody { (rows) }
        }
    }
}

fn row(part: &Markup, value: f64, greatest: f64) -> Markup {
    html! { tr { th scope="row" { (part) } td { (drawn(value, greatest)) } td.number { (log_odds(value)) } } }
}

/// The bar: its side says for or against, and its colour says it again. The figure beside it is for whoever doesn't see it.
fn drawn(value: f64, greatest: f64) -> Markup {
    let share = if value.is_finite() && greatest > 0.0 { (value.abs() / greatest).min(1.0) } else { 0.0 };
    let width = if share > 0.0 { (share * HALF).max(LEAST) } else { 0.0 };
    let (x, class) = if value < 0.0 { (HALF - width, "series-2") } else { (HALF, "series-1") };
    html! {
        svg.bar viewBox="0 0 200 14" width="200" height="14" aria-hidden="true" {
            rect class=(class) x=(format!("{x:.1}")) y="2" width=(format!("{width:.1}")) height="10" fill="currentColor" {}
            line x1="100" y1="0" x2="100" y2="14" stroke="currentColor" {}
        }
    }
}

/// What a bar stands for. The answer on another task leads to its own explanation.
fn part(around: &Around<'_>, bar: &Bar) -> Markup {
    let frame = around.frame;
    let said = |id: &str, name: &str| {
        let mut args = FluentArgs::new();
        args.set("name", shown(name).into_owned());
        frame.say_with(id, &args)
    };
    match bar.kind {
        BarKind::Words => html! { (said("explain-bar-words", &bar.name)) },
        BarKind::Baseline => html! { (frame.say("explain-bar-baseline")) },
        BarKind::Special => html! { (frame.say("explain-bar-special")) },
        BarKind::Shift => html! { (frame.say("explain-bar-shift")) },
        BarKind::Hint => html! {
            (said("explain-bar-hint", &symbol(frame, "complaint-task", &bar.name)))
            p.muted lang="en" { (shown(&bar.text)) }
            (leads_to(around, &bar.name))
        },
        BarKind::Evidence if bar.name.is_empty() => html! { (frame.say("explain-bar-evidence-kept")) },
        BarKind::Evidence => html! { (said("explain-bar-evidence", &evidence_category(frame, &bar.name))) },
        BarKind::Arithmetic => html! { (frame.say("explain-bar-arithmetic")) },
        BarKind::Error => html! { (frame.say("explain-bar-error")) },
    }
}

fn leads_to(around: &Around<'_>, task: &str) -> Markup {
    let frame = around.frame;
    let mut args = FluentArgs::new();
    args.set("task", symbol(frame, "complaint-task", task));
    let said = frame.say_with("explain-go", &args);
    html! {
        @if let Some(at) = around.here.iter().position(|one| *one == task) {
            a href={ "#explained-" (at) } { (shown(&said)) }
        } @else {
            form method="post" action={ (complaint_path(around.complaint_id)) "/explain" } data-swap {
                input type="hidden" name="as_of" value=[around.as_of];
                button.quiet type="submit" name="task" value=(task) { (shown(&said)) }
            }
        }
    }
}
