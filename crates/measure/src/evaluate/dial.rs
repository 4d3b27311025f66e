//! What each choice of threshold costs: complaints that people must look at, a day.

use std::collections::BTreeMap;

use indicatif::HumanCount;
use ombud_models::Head;
use ombud_report::percent_with;
use serde::Serialize;

use super::answers::{Answers, LevelAnswers};
use super::choice::weighted_share;
use super::flag::{FlagScore, at_recall, cuts, surest};
use super::measurement::{Measurement, TaskMeasurement};
use super::served_choice::given_on;
use super::served_flag::raised;
use super::view::View;

/// Values of `review_below` that are tried, beside the one in force.
const REVIEW_BELOW: [f64; 9] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/// Percent of the positives to find.
const RECALLS: [u32; 6] = [30, 45, 60, 75, 90, 95];

/// The price of each choice, by task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dial {
    /// Complaints a day that `per_day` figures are for.
    pub per_day: u32,
    /// By task.
    pub tasks: BTreeMap<String, TaskDial>,
}

/// One task's. A choice has one dial, whatever its levels: its answer comes from the finest that carries.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskDial {
    /// Of a choice.
    Review(ReviewDial),
    /// Of a yes-or-no task.
    Recall(RecallDial),
}

/// The strategy's `review_below`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewDial {
    /// From the lowest up.
    pub choices: Vec<ReviewBelow>,
    /// What each step from one to the next costs, in words; a step that changes nothing has none.
    pub steps: Vec<String>,
}

/// What a `review_below` gives, the artefact's own thresholds being as they are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewBelow {
    /// An answer with less confidence is not given.
    pub review_below: f64,
    /// Whether the strategy says so today.
    pub in_force: bool,
    /// Over the rows as they are.
    pub sample: KeptShare,
    /// In the natural mix.
    pub natural_mix: Option<KeptShare>,
}

/// Answers that are given, and complaints that are not answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KeptShare {
    /// Share of complaints that is answered.
    pub share: f64,
    /// Share of the answers that is right, on the level that they are given on.
    pub accuracy: Option<f64>,
    /// Complaints a day without an answer.
    pub reviews_per_day: f64,
}

/// The score from which on a complaint is flagged. One whose narrative says something outright is flagged wherever the
/// dial stands, and counted as if its score were 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecallDial {
    /// From the least that are found up.
    pub choices: Vec<AtRecall>,
    /// What each step from one to the next costs, in words.
    pub steps: Vec<String>,
}

/// What flagging so that a share is found gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtRecall {
    /// Share of the positives that is to be found.
    pub recall: f64,
    /// The highest score that finds so many.
    pub score: f64,
    /// Over the rows as they are.
    pub sample: FlaggedShare,
    /// With the same score, in the natural mix.
    pub natural_mix: Option<FlaggedShare>,
}

/// Who is flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FlaggedShare {
    /// Share of the positives that is flagged.
    pub recall: Option<f64>,
    /// Share of the flagged that is positive.
    pub precision: Option<f64>,
    /// Complaints a day that are flagged.
    pub flags_per_day: f64,
}

impl Dial {
    pub(crate) fn of(measured: &Measurement, view: &View) -> Self {
        let of_task = |task: &TaskMeasurement| {
            let natural = view.mix.weights(measured.products(task)).map(|weights| weights.weights);
            let scale = Scale { per_day: view.per_day, natural: natural.as_deref() };
            let dial = match &task.answers {
                Answers::Choice(levels) => {
                    let in_force = view.review_below.get(&task.scores.head.task).copied();
                    TaskDial::Review(ReviewDial::of(levels, &task.scores.head, in_force, &scale))
                }
                Answers::Flag(rows) => TaskDial::Recall(RecallDial::of(&raised(rows, &task.shown), &scale)),
            };
            (task.scores.head.task.clone(), dial)
        };
        Self { per_day: view.per_day, tasks: measured.tasks.iter().map(of_task).collect() }
    }
}

/// What rows stand for.
struct Scale<'a> {
    per_day: u32,
    /// A weight a row.
    natural: Option<&'a [f64]>,
}

impl Scale<'_> {
    fn a_day(&self, share: f64) -> f64 {
        (share * f64::from(self.per_day)).round()
    }

    /// "38 more reviews a day at 5,000 complaints".
    fn more(&self, from: f64, to: f64) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "complaints a day, rounded"
        )]
        let more = HumanCount((to - from).max(0.0) as u64);
        let per_day = HumanCount(u64::from(self.per_day));
        format!("{more} more reviews a day at {per_day} complaints")
    }
}

impl ReviewDial {
    fn of(levels: &[LevelAnswers], head: &Head, in_force: Option<f64>, scale: &Scale<'_>) -> Self {
        let mut tried: Vec<f64> = REVIEW_BELOW.into_iter().chain(in_force).collect();
        tried.sort_by(f64::total_cmp);
        tried.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
        let rows = levels.first().map_or(0, |level| level.answers.len());
        let choice = |review_below: f64| {
            let served: Vec<Option<bool>> = (0..rows)
                .map(|row| {
                    given_on(levels, head, review_below, row).map(|level| levels[level].answers[row].right())
                })
                .collect();
            ReviewBelow {
                review_below,
                in_force: in_force.is_some_and(|value| (value - review_below).abs() < 1e-6),
                sample: kept(&served, None, scale),
                natural_mix: scale.natural.map(|weights| kept(&served, Some(weights), scale)),
            }
        };
        let choices: Vec<ReviewBelow> =
            if rows == 0 { Vec::new() } else { tried.into_iter().map(choice).collect() };
        let step = |pair: &[ReviewBelow]| {
            let (from, to) = (&pair[0], &pair[1]);
            // Below the artefact's own thresholds the dial turns freely.
            let costs = from.sample != to.sample;
            costs.then(|| {
                format!(
                    "review_below {:.2} -> {:.2}: {}; accuracy of what is kept {} -> {}",
                    from.review_below,
                    to.review_below,
                    scale.more(from.sample.reviews_per_day, to.sample.reviews_per_day),
                    figure(from.sample.accuracy),
                    figure(to.sample.accuracy),
                )
            })
        };
        Self { steps: choices.windows(2).filter_map(step).collect(), choices }
    }
}

fn kept(served: &[Option<bool>], weights: Option<&[f64]>, scale: &Scale<'_>) -> KeptShare {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let all = || served.iter().enumerate().map(|(row, given)| (*given, weight(row)));
    let share = weighted_share(all().map(|(given, weight)| (given.is_some(), weight))).unwrap_or(0.0);
    KeptShare {
        share,
        accuracy: weighted_share(all().filter_map(|(given, weight)| Some((given?, weight)))),
        reviews_per_day: scale.a_day(1.0 - share),
    }
}

impl RecallDial {
    fn of(rows: &[FlagScore], scale: &Scale<'_>) -> Self {
        let cuts = cuts(&surest(rows, None));
        let choice = |percent: u32| {
            let score = at_recall(&cuts, percent)?.score;
            Some(AtRecall {
                recall: f64::from(percent) / 100.0,
                score,
                sample: flagged(rows, score, None, scale),
                natural_mix: scale.natural.map(|weights| flagged(rows, score, Some(weights), scale)),
            })
        };
        let choices: Vec<AtRecall> = RECALLS.into_iter().filter_map(choice).collect();
        let step = |pair: &[AtRecall]| {
            let (from, to) = (&pair[0], &pair[1]);
            format!(
                "recall {:.0} -> {:.0} %: {}; precision {} -> {}",
                100.0 * from.recall,
                100.0 * to.recall,
                scale.more(from.sample.flags_per_day, to.sample.flags_per_day),
                figure(from.sample.precision),
                figure(to.sample.precision),
            )
        };
        Self { steps: choices.windows(2).map(step).collect(), choices }
    }
}

fn flagged(rows: &[FlagScore], score: f64, weights: Option<&[f64]>, scale: &Scale<'_>) -> FlaggedShare {
    let all =
        || rows.iter().enumerate().map(|(row, mark)| (mark, weights.map_or(1.0, |weights| weights[row])));
    let rate = weighted_share(all().map(|(mark, weight)| (mark.score >= score, weight))).unwrap_or(0.0);
    FlaggedShare {
        recall: weighted_share(
            all().filter(|(mark, _)| mark.yes).map(|(mark, weight)| (mark.score >= score, weight)),
        ),
        precision: weighted_share(
            all().filter(|(mark, _)| mark.score >= score).map(|(mark, weight)| (mark.yes, weight)),
        ),
        flags_per_day: scale.a_day(rate),
    }
}

fn figure(share: Option<f64>) -> String {
    percent_with(share, None)
}

#[cfg(test)]
mod tests {
    use ombud_contract::taxonomy::Taxonomy;
    use ombud_models::Kind;
    use proptest::prelude::*;

    use super::*;
    use crate::evaluate::answers::{ScoredRow, TaskScores};

    fn scale(per_day: u32) -> Scale<'static> {
        Scale { per_day, natural: None }
    }

    fn head(thresholds: &[(&str, f64)]) -> Head {
        Head {
            task: "issue".into(),
            kind: Kind::Choice,
            label_set: "issue@1".into(),
            labels: Taxonomy::by_label_set("issue@1").unwrap().leaves().to_vec(),
            temperature: 1.0,
            thresholds: thresholds.iter().map(|(level, least)| ((*level).to_owned(), *least)).collect(),
            evidence: None,
            evidence_odds: BTreeMap::new(),
            foreign: Vec::new(),
        }
    }

    #[test]
    fn a_step_says_what_it_costs_in_words() {
        let marked = |yes: bool, score: f64| FlagScore { yes, score };
        // Ten yeses at .90, .89, ..., three noes between the sixth and the eighth of them.
        let mut rows: Vec<FlagScore> = (0..10).map(|n| marked(true, 0.9 - 0.01 * f64::from(n))).collect();
        rows.extend([0.845, 0.844, 0.835].map(|score| marked(false, score)));
        rows.extend((0..87).map(|_| marked(false, 0.1)));
        let dial = RecallDial::of(&rows, &scale(5_000));
        assert_eq!(dial.choices[2].sample.flags_per_day, 300.0);
        assert_eq!(
            dial.steps[2],
            "recall 60 -> 75 %: 250 more reviews a day at 5,000 complaints; precision 100.0 % -> 72.7 %"
        );
    }

    #[test]
    fn without_rows_or_without_a_yes_there_is_no_dial() {
        assert!(RecallDial::of(&[FlagScore { yes: false, score: 0.4 }], &scale(10)).choices.is_empty());
        assert!(ReviewDial::of(&[], &head(&[]), Some(0.5), &scale(10)).choices.is_empty());
    }

    #[test]
    fn what_the_strategy_says_today_is_among_the_choices() {
        let scored = ScoredRow { recent: false, truth: 0, probabilities: vec![1.0 / 45.0; 45] };
        let taxonomy = Taxonomy::by_label_set("issue@1").unwrap();
        let Answers::Choice(levels) =
            Answers::of(&TaskScores { head: head(&[]), taxonomy, rows: vec![scored] })
        else {
            panic!("issue is a choice")
        };
        let dial = ReviewDial::of(&levels, &head(&[]), Some(f64::from(0.35_f32)), &scale(10));
        let in_force: Vec<f64> = dial.choices.iter().filter(|c| c.in_force).map(|c| c.review_below).collect();
        assert_eq!(in_force, [f64::from(0.35_f32)]);
        assert_eq!(dial.choices.len(), REVIEW_BELOW.len() + 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_dial_is_monotone(rows in prop::collection::vec((any::<bool>(), 0.0..1.0), 1..80)) {
            let marked: Vec<FlagScore> = rows.iter().map(|&(yes, score)| FlagScore { yes, score }).collect();
            for pair in RecallDial::of(&marked, &scale(1_000)).choices.windows(2) {
                prop_assert!(pair[0].score >= pair[1].score);
                prop_assert!(pair[0].sample.flags_per_day <= pair[1].sample.flags_per_day);
                prop_assert!(pair[0].sample.recall <= pair[1].sample.recall);
                prop_assert!(pair[1].sample.recall.unwrap() >= pair[1].recall - 1e-9);
            }
            let answer = |&(right, confidence): &(bool, f64)| crate::evaluate::graded::RankedAnswer {
                truth: 0, answer: usize::from(!right), confidence, rank: usize::from(!right),
            };
            let levels = [LevelAnswers {
                level: "product".into(),
                labels: Taxonomy::by_label_set("product@1").unwrap().leaves(),
                answers: rows.iter().map(answer).collect(),
            }];
            for pair in ReviewDial::of(&levels, &head(&[]), None, &scale(1_000)).choices.windows(2) {
                prop_assert!(pair[0].sample.share >= pair[1].sample.share);
                prop_assert!(pair[0].sample.reviews_per_day <= pair[1].sample.reviews_per_day);
            }
        }
    }
}
