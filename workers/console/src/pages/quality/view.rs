//! Figures in the language of the page.

use fluent_bundle::FluentArgs;
use maud::{Markup, html};
use ombud_measure::{
    interval::Interval,
    quality::{FigureKey, Part, Tally},
    target::LEAST_CASES,
};
use ombud_report::{percent, percent_range};

use super::{address::cases_of, live::Days};
use crate::pages::words::Language;

/// In which language is read, and which report.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) language: Language,
    pub(super) days: Days,
}

impl View {
    pub(super) fn say(&self, id: &str) -> String {
        self.language.words().say(id)
    }

    /// What `id` says about `values`.
    pub(super) fn say_of(&self, id: &str, values: &[(&'static str, String)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        self.language.words().say_with(id, &args)
    }

    /// `82.8 %`.
    pub(super) fn percent(&self, share: f64) -> String {
        self.comma(percent(share))
    }

    /// `80.9-84.6 %`.
    pub(super) fn range(&self, interval: Interval) -> String {
        self.comma(percent_range(interval))
    }

    /// A whole share: `80 %`.
    pub(super) fn whole(&self, share: f64) -> String {
        format!("{:.0} %", share * 100.0)
    }

    /// Spanish writes the decimals behind a comma.
    fn comma(&self, text: String) -> String {
        match self.language {
            Language::English => text,
            Language::Spanish => text.replace('.', ","),
        }
    }

    /// Why there is no figure, nor a line.
    pub(super) fn not_enough(&self, have: usize) -> String {
        let (have, need) = (have.to_string(), LEAST_CASES.to_string());
        self.say_of("quality-not-enough", &[("have", have), ("need", need)])
    }

    /// A share with its interval, which leads to its cases; a dash of nothing.
    pub(super) fn share(&self, part: Part, key: &FigureKey, tally: Option<Tally>) -> Markup {
        let shown = tally.and_then(|tally| Some((tally.share()?, tally.interval()?)));
        html! {
            @if let Some((share, interval)) = shown {
                a href=(cases_of(self.days, part, key)) { (self.percent(share)) }
                " " span.muted { (self.range(interval)) }
            } @else { "–" }
        }
    }
}

/// A moment of a report, as people read it.
pub(super) fn moment(written: &str) -> Markup {
    let minutes = written.get(..16).unwrap_or(written).replace('T', " ");
    html! { time datetime=(written) { (minutes) " UTC" } }
}
