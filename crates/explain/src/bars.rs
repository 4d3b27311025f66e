//! The parts of a contrast: words, what a text of nothing has, what a blend adds, evidence, and what the sum lacks.

use std::collections::BTreeMap;

use ombud_contract::records::Evidence;
use ombud_models::{Head, Origin, Source};

use crate::{
    attribution::Shares,
    document::{Bar, BarKind, sorted},
    words::Words,
};

/// What bars are made of, for one contrast.
pub(crate) struct Parts<'a> {
    pub(crate) origins: &'a [Origin],
    pub(crate) shares: &'a Shares,
    /// The contrast as served, with evidence.
    pub(crate) served: f64,
    /// The evidence of it by category, signed as the contrast is.
    pub(crate) evidence: BTreeMap<String, f64>,
    /// What each other task answers, by task.
    pub(crate) answers: &'a BTreeMap<String, String>,
}

impl Parts<'_> {
    /// The contrast as served, less that in single precision.
    pub(crate) fn arithmetic(&self) -> f64 {
        self.served - self.evidence.values().sum::<f64>() - self.shares.end
    }

    /// All bars, the greatest first; they sum to the contrast as served. Shares of text go to `words` one by one.
    pub(crate) fn bars(&self, words: &mut Words<'_>) -> Vec<Bar> {
        let mut sums: BTreeMap<(BarKind, &str), f64> = BTreeMap::new();
        for (origin, share) in self.origins.iter().zip(&self.shares.parts) {
            let key = match &origin.source {
                Source::Text { stretches, collides } => {
                    // A text of signs alone has no word to earn it.
                    let earned = words.add(stretches, *share, *collides);
                    (if earned { BarKind::Words } else { BarKind::Special }, origin.member.as_str())
                }
                Source::Special => (BarKind::Special, origin.member.as_str()),
                Source::Shift => (BarKind::Shift, ""),
                Source::Hint { from } => (BarKind::Hint, from.as_str()),
            };
            *sums.entry(key).or_default() += share;
        }
        sums.insert((BarKind::Baseline, ""), self.shares.start);
        for (category, odds) in &self.evidence {
            sums.insert((BarKind::Evidence, category), *odds);
        }
        sums.insert((BarKind::Arithmetic, ""), self.arithmetic());
        let rest = self.shares.end - self.shares.start - self.shares.parts.iter().sum::<f64>();
        sums.insert((BarKind::Error, ""), rest);
        let bars = sums.into_iter().filter(|(_, value)| *value != 0.0);
        sorted(bars.map(|((kind, name), value)| self.bar(kind, name, value)).collect())
    }

    fn bar(&self, kind: BarKind, name: &str, value: f64) -> Bar {
        let text = match kind {
            BarKind::Words if name.is_empty() => "its words".to_owned(),
            BarKind::Words => format!("its words, as the {name} reads them"),
            BarKind::Baseline => "what the model says to a text of nothing".to_owned(),
            BarKind::Special => "tokens that stand for no text".to_owned(),
            BarKind::Shift => "what the model adds whatever the text says".to_owned(),
            BarKind::Hint => match self.answers.get(name) {
                Some(label) => format!("because the {name} reads as {label}"),
                None => format!("because of how the {name} reads"),
            },
            BarKind::Evidence => format!("what it says outright: {}", name.replace('_', " ")),
            BarKind::Arithmetic => "the arithmetic that serves, against single precision".to_owned(),
            BarKind::Error => "what the sum lacks".to_owned(),
        };
        Bar { kind, name: name.to_owned(), text, value }
    }
}

/// What evidence adds to log-odds, by category; `sign` is -1 where the contrast is for a no.
pub(crate) fn evidence_odds(head: &Head, evidence: &[Evidence], sign: f64) -> BTreeMap<String, f64> {
    let mut by_category: BTreeMap<&str, Vec<Evidence>> = BTreeMap::new();
    for one in evidence {
        by_category.entry(&one.category).or_default().push(one.clone());
    }
    by_category
        .into_iter()
        .map(|(category, said)| (category.to_owned(), sign * head.odds_of(&said)))
        .collect()
}
