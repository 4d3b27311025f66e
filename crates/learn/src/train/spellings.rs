//! Labels that are probably one: they differ in letter case or white space alone.

use std::collections::BTreeMap;

use ombud_contract::shown::shown;
use ombud_intake::folded_label;

/// What is done with labels that are probably one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpellingPolicy {
    /// Nothing is learned until the caller says that they are one.
    Refuse,
    /// They are one label, in the spelling that most rows have.
    Merge,
}

/// Shown of a column that may hold anything.
const MOST_SHOWN: usize = 5;
const MOST_SHOWN_CHARS: usize = 40;

/// The labels of a column, with how many rows have each.
#[derive(Default)]
pub(crate) struct Spellings(BTreeMap<String, BTreeMap<String, usize>>);

impl Spellings {
    /// One row has this label.
    pub(crate) fn count(&mut self, label: String) {
        *self.0.entry(folded_label(&label)).or_default().entry(label).or_default() += 1;
    }

    /// Takes out what fewer than `least` rows have, all spellings together.
    pub(crate) fn drop_rare(&mut self, least: usize) {
        self.0.retain(|_, spellings| spellings.values().sum::<usize>() >= least);
    }

    /// Labels that have more than one spelling, for people: `Cards (120 rows), cards (3 rows)`; `None` where each has one.
    pub(crate) fn alike(&self) -> Option<String> {
        let alike: Vec<_> = self.0.values().filter(|spellings| spellings.len() > 1).collect();
        let text = |(label, rows): (&String, &usize)| {
            let cut: String = shown(label).chars().take(MOST_SHOWN_CHARS).collect();
            format!("{cut:?} ({rows} rows)")
        };
        let group = |spellings: &&BTreeMap<String, usize>| {
            spellings.iter().take(MOST_SHOWN).map(text).collect::<Vec<_>>().join(" and ")
        };
        let groups: Vec<String> = alike.iter().take(MOST_SHOWN).map(group).collect();
        match alike.len().saturating_sub(MOST_SHOWN) {
            0 => Some(groups.join("; ")).filter(|text| !text.is_empty()),
            more => Some(format!("{}; and {more} more", groups.join("; "))),
        }
    }

    /// One spelling of each label, the one that most rows have, in alphabetical order.
    pub(crate) fn labels(self) -> Vec<String> {
        let usual = |spellings: BTreeMap<String, usize>| {
            // Of two that are as usual the first: it has the capital.
            spellings.into_iter().rev().max_by_key(|(_, rows)| *rows).map(|(label, _)| label)
        };
        let mut labels: Vec<String> = self.0.into_values().filter_map(usual).collect();
        labels.sort_unstable();
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(labels: &[&str]) -> Spellings {
        let mut spellings = Spellings::default();
        labels.iter().for_each(|label| spellings.count((*label).to_owned()));
        spellings
    }

    #[test]
    fn labels_that_differ_in_case_or_white_space_are_told_with_their_rows() {
        let alike =
            spellings(&["Cards", "Cards", "cards", "Home  loans", "Home loans", "Other"]).alike().unwrap();
        assert_eq!(
            alike,
            r#""Cards" (2 rows) and "cards" (1 rows); "Home  loans" (1 rows) and "Home loans" (1 rows)"#
        );
        assert_eq!(spellings(&["Cards", "Card", "Other"]).alike(), None);
    }

    #[test]
    fn the_spelling_that_most_rows_have_stands_for_all_and_the_rare_are_left_out() {
        let mut labels = spellings(&["cards", "Cards", "CARDS", "CARDS", "loans", "Loans", "rare"]);
        labels.drop_rare(2);
        assert_eq!(labels.labels(), ["CARDS", "Loans"]);
    }
}
