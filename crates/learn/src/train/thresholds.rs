//! The confidence from which a head may answer: the lowest that keeps what was promised, on rows that nothing was fitted
//! to.

use std::collections::BTreeMap;

use ombud_measure::evaluate::{Answers, FlagScore, LevelAnswers};
use ombud_measure::interval::wilson;

use super::tasks::Targets;

/// By taxonomy level, or `possible` and `vulnerable`.
pub(crate) fn thresholds(answers: &Answers, targets: &Targets) -> BTreeMap<String, f64> {
    match answers {
        Answers::Choice(levels) => by_level(levels, &targets.least_right),
        Answers::Flag(rows) => of_flag(rows, targets),
    }
}

/// The finest level first, and each coarser one on the rows that fell through the finer ones, as it will be served. A
/// level for which nothing was promised is always answered: no row falls through it.
fn by_level(levels: &[LevelAnswers], least_right: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let mut thresholds = BTreeMap::new();
    let mut rest: Vec<usize> = (0..levels.first().map_or(0, |level| level.answers.len())).collect();
    for level in levels {
        let Some(share) = least_right.get(&level.level) else { break };
        let answers = rest.iter().map(|row| &level.answers[*row]);
        let ranked = Ranked::of(answers.map(|answer| (answer.confidence, answer.right())).collect());
        let threshold = ranked.lowest_that_keeps(*share);
        rest.retain(|row| level.answers[*row].confidence < threshold);
        thresholds.insert(level.level.clone(), threshold);
    }
    thresholds
}

fn of_flag(rows: &[FlagScore], targets: &Targets) -> BTreeMap<String, f64> {
    let ranked = Ranked::of(rows.iter().map(|row| (row.score, row.yes)).collect());
    let possible = ranked.highest_that_finds(targets.possible_recall);
    // Who is called vulnerable is possibly vulnerable, too.
    let vulnerable = ranked.lowest_that_keeps(targets.vulnerable_precision).max(possible);
    [("possible", possible), ("vulnerable", vulnerable)].map(|(name, from)| (name.to_owned(), from)).into()
}

/// Rows by confidence, the surest first, and whether each is right (or vulnerable).
struct Ranked(Vec<(f64, bool)>);

impl Ranked {
    fn of(mut rows: Vec<(f64, bool)>) -> Self {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self(rows)
    }

    /// Each possible threshold with how many rows reach it and how many of those are right, the highest first. Rows of
    /// equal confidence stay together.
    fn cuts(&self) -> impl Iterator<Item = (f64, usize, usize)> {
        let mut right = 0;
        self.0.iter().enumerate().filter_map(move |(at, row)| {
            right += usize::from(row.1);
            let last_of_equals = self.0.get(at + 1).is_none_or(|next| next.0 < row.0);
            last_of_equals.then_some((round_down(row.0), at + 1, right))
        })
    }

    /// The lowest of which the lower bound of the 95 % interval of the share right reaches `share`: a few rows that are
    /// right by luck have a wide one. Where none does, the threshold is certainty.
    fn lowest_that_keeps(&self, share: f64) -> f64 {
        let keeps = |(_, rows, right): &(f64, usize, usize)| {
            wilson(*right, *rows).is_some_and(|[low, _]| low >= share)
        };
        self.cuts().filter(keeps).last().map_or(1.0, |cut| cut.0)
    }

    /// The highest that finds so many of the right. Where there is nothing to find, every row is above it.
    fn highest_that_finds(&self, share: f64) -> f64 {
        let all = self.0.iter().filter(|row| row.1).count();
        self.cuts().find(|cut| all > 0 && cut.2 as f64 / all as f64 >= share).map_or(0.0, |cut| cut.0)
    }
}

/// To six places, so that the row that set a threshold reaches it however its logits are rounded.
pub(crate) fn round_down(threshold: f64) -> f64 {
    (threshold * 1e6).floor() / 1e6
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::Outcome;
    use ombud_contract::taxonomy::Taxonomy;
    use ombud_models::{Head, Kind, answer, probabilities};
    use proptest::prelude::*;

    use super::*;
    use crate::train::Task;
    use ombud_measure::evaluate::{ScoredRow, ServedChoice, TaskScores};

    fn ranked() -> Ranked {
        Ranked::of(vec![(0.9, true), (0.3, true), (0.8, true), (0.5, false), (0.5, true), (0.2, false)])
    }

    #[test]
    fn the_threshold_is_the_lowest_that_keeps_the_share_by_the_lower_bound() {
        // Four of five are right from .3 on, of which at least .376 is sure; two of two from .8 on: .342.
        assert_eq!(ranked().lowest_that_keeps(0.37), 0.3);
        assert_eq!(ranked().lowest_that_keeps(0.38), 1.0);
        // The two at .5 are one threshold: three of four are .301, and two of three never stand alone.
        assert_eq!(Ranked(ranked().0[..4].to_vec()).lowest_that_keeps(0.3), 0.5);
    }

    #[test]
    fn a_few_rows_that_are_right_do_not_promise_much() {
        let right = |rows| Ranked::of(vec![(0.9, true); rows]).lowest_that_keeps(0.7);
        assert_eq!((right(8), right(9)), (1.0, 0.9));
        assert_eq!(Ranked::of(Vec::new()).lowest_that_keeps(0.1), 1.0);
    }

    #[test]
    fn the_recall_threshold_is_the_highest_that_finds_enough() {
        assert_eq!(ranked().highest_that_finds(0.6), 0.5);
        assert_eq!(Ranked::of(vec![(0.9, false)]).highest_that_finds(0.6), 0.0);
        assert_eq!(Ranked::of(Vec::new()).highest_that_finds(0.6), 0.0);
    }

    fn place(label: &str) -> usize {
        let issue = Taxonomy::by_label_set("issue@1").unwrap();
        issue.leaves().iter().position(|leaf| leaf == label).unwrap()
    }

    /// So many rows that say the same; `says` are labels and how sure of each.
    fn rows(count: usize, truth: &str, says: &[(&str, f64)]) -> Vec<ScoredRow> {
        let mut probabilities = vec![0.0; 45];
        says.iter().for_each(|(label, sure)| probabilities[place(label)] = *sure);
        vec![ScoredRow { recent: false, truth: place(truth), probabilities }; count]
    }

    fn answers(rows: &[ScoredRow]) -> Answers {
        let taxonomy = Taxonomy::by_label_set("issue@1").unwrap();
        Answers::of(&TaskScores { head: head(BTreeMap::new()), taxonomy, rows: rows.to_vec() })
    }

    fn head(thresholds: BTreeMap<String, f64>) -> Head {
        Head { thresholds, ..Task::new("issue", Kind::Choice).uncut(1.0) }
    }

    fn targets(shares: [f64; 3]) -> Targets {
        let named = ["issue", "group", "intent"].map(str::to_owned).into_iter().zip(shares);
        Targets { least_right: named.collect(), ..Targets::default() }
    }

    #[test]
    fn a_coarser_level_is_cut_on_what_the_finer_ones_left() {
        let (tactics, lies) = ("Communication tactics", "False statements or representation");
        // 100 rows that are sure of the issue, and right: of them group and intent are surer still. Of the 60 that the
        // issue leaves, half are right at the coarser levels, where they are the surest of all.
        let mut all = rows(100, tactics, &[(tactics, 0.9), (lies, 0.02)]);
        all.extend(rows(30, lies, &[(tactics, 0.45), (lies, 0.5)]));
        all.extend(rows(30, "Fraud or scam", &[(tactics, 0.45), (lies, 0.5)]));
        let cuts = thresholds(&answers(&all), &targets([0.9, 0.7, 0.7]));
        assert_eq!(cuts["issue"], 0.9);
        // Over all 160 rows 130 would be right, and .75 sure; of the 60 there are 30.
        assert_eq!((cuts["group"], cuts["intent"]), (1.0, 1.0));
        let cuts = thresholds(&answers(&all), &targets([0.9, 0.7, 0.3]));
        assert_eq!((cuts["group"], cuts["intent"]), (1.0, 0.95));
    }

    #[test]
    fn no_row_falls_through_a_level_of_which_nothing_was_promised() {
        let all = rows(20, "Fraud or scam", &[("Fraud or scam", 1.0)]);
        let mut without = targets([0.5, 0.5, 0.5]);
        without.least_right.remove("issue");
        assert!(thresholds(&answers(&all), &without).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_was_promised_of_a_level_is_kept_by_what_is_answered_there(
            rows in prop::collection::vec((0..45_usize, 0..4_usize, 0.0_f32..6.0, any::<[u8; 4]>()), 1..150),
            shares in prop::array::uniform3(0.1..0.8),
        ) {
            // Rows that are right about as often as they are sure of it.
            let logits = |(truth, miss, sure, noise): &(usize, usize, f32, [u8; 4])| {
                let mut logits = vec![0.0_f32; 45];
                noise.iter().for_each(|n| logits[usize::from(*n) % 45] = f32::from(*n) / 100.0);
                logits[if *miss == 0 { (truth + 1) % 45 } else { *truth }] = *sure;
                logits
            };
            let taxonomy = Taxonomy::by_label_set("issue@1").unwrap();
            let said: Vec<(Vec<f32>, usize)> = rows.iter().map(|row| (logits(row), row.0)).collect();
            let scored: Vec<ScoredRow> = said
                .iter()
                .map(|(logits, truth)| {
                    ScoredRow { recent: false, truth: *truth, probabilities: probabilities(logits, 1.0) }
                })
                .collect();
            let answers = answers(&scored);
            let targets = targets(shares);
            let head = head(thresholds(&answers, &targets));
            let Answers::Choice(levels) = &answers else { unreachable!() };

            for level in ServedChoice::of(levels, &head, 0.0, 1).levels {
                let answer = |(logits, truth): &(Vec<f32>, usize)| {
                    let said = answer(&head, taxonomy, logits, 0.0, &[]);
                    let here = said.outcome == Outcome::Labelled && said.level == level.level;
                    let path = taxonomy.path("issue", &taxonomy.leaves()[*truth]).unwrap();
                    here.then(|| path.contains(&said.label.unwrap().as_str()))
                };
                let given: Vec<bool> = said.iter().filter_map(answer).collect();
                let right = given.iter().filter(|right| **right).count();
                prop_assert_eq!(level.given.answers, given.len());
                prop_assert_eq!(level.given.interval, wilson(right, given.len()));
                if let Some([low, _]) = level.given.interval.filter(|_| head.thresholds[&level.level] < 1.0) {
                    prop_assert!(low >= targets.least_right[&level.level], "{}: {low}", level.level);
                }
            }
        }
    }
}
