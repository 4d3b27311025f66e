//! On which level a choice is answered where it serves, how many complaints that is, and how often it is right.

use ombud_models::Head;
use serde::Serialize;

use super::answers::LevelAnswers;
use super::choice::share;
use crate::interval::{Interval, wilson};

/// What serving gives of a choice, over the rows as they are: each is answered on the finest level that carries, or by
/// people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServedChoice {
    /// The strategy's `review_below`; 0 where none was given.
    pub review_below: f64,
    /// From the finest up.
    pub levels: Vec<ServedLevel>,
    /// On whatever level.
    pub all: AnswerShare,
    /// Complaints a day that people answer.
    pub reviews_per_day: f64,
}

/// What is answered on one level: what the finer ones left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServedLevel {
    /// Its name.
    pub level: String,
    /// The confidence from which on it is.
    pub from: f64,
    /// What that gives.
    #[serde(flatten)]
    pub given: AnswerShare,
}

/// Answers that are given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AnswerShare {
    /// How many.
    pub answers: usize,
    /// Share of all complaints; `null` where there are none.
    pub share: Option<f64>,
    /// Share of the answers that is right on their level; `null` of no answers.
    pub right: Option<f64>,
    /// Its 95 % interval: Wilson.
    pub interval: Option<Interval>,
}

impl ServedChoice {
    /// What `levels`, fine to coarse, give with the thresholds of `head`.
    pub fn of(levels: &[LevelAnswers], head: &Head, review_below: f64, per_day: u32) -> Self {
        let rows = levels.first().map_or(0, |level| level.answers.len());
        let mut right: Vec<Vec<bool>> = vec![Vec::new(); levels.len()];
        for row in 0..rows {
            if let Some(level) = given_on(levels, head, review_below, row) {
                right[level].push(levels[level].answers[row].right());
            }
        }
        let level = |(level, right): (&LevelAnswers, &Vec<bool>)| ServedLevel {
            level: level.level.clone(),
            from: head.carries_from(&level.level, review_below),
            given: AnswerShare::of(right.iter(), rows),
        };
        let all = AnswerShare::of(right.iter().flatten(), rows);
        let unanswered = all.share.map_or(0.0, |share| 1.0 - share);
        Self {
            review_below,
            levels: levels.iter().zip(&right).map(level).collect(),
            all,
            reviews_per_day: (unanswered * f64::from(per_day)).round(),
        }
    }
}

impl AnswerShare {
    fn of<'a>(right: impl Iterator<Item = &'a bool> + Clone, rows: usize) -> Self {
        let (answers, hits) = (right.clone().count(), right.filter(|right| **right).count());
        Self {
            answers,
            share: share(answers, rows),
            right: share(hits, answers),
            interval: wilson(hits, answers),
        }
    }
}

/// The place of the level on which a row is answered: as in `ombud_models::answer`, the finest that carries. What a mapped
/// head gives to none of its labels is not known here, so that rows count as answered on which it abstains (ADR 27).
pub(crate) fn given_on(levels: &[LevelAnswers], head: &Head, review_below: f64, row: usize) -> Option<usize> {
    let carries =
        |level: &LevelAnswers| level.answers[row].confidence >= head.carries_from(&level.level, review_below);
    levels.iter().position(carries)
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::Outcome;
    use ombud_contract::taxonomy::Taxonomy;
    use ombud_models::{answer, probabilities};
    use proptest::prelude::*;

    use super::*;
    use crate::evaluate::answers::{Answers, ScoredRow, TaskScores};

    fn head(thresholds: [f64; 3]) -> Head {
        let labels = Taxonomy::by_label_set("issue@1").unwrap().leaves();
        serde_json::from_value(serde_json::json!({
            "task": "issue", "kind": "choice", "label_set": "issue@1", "temperature": 1.0, "labels": labels,
            "thresholds": {"issue": thresholds[0], "group": thresholds[1], "intent": thresholds[2]},
        }))
        .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_counted_on_each_level_is_what_is_answered_there(
            rows in prop::collection::vec((prop::collection::vec(-4.0_f32..4.0, 45), 0..45_usize), 0..12),
            review_below in 0.0_f32..0.6,
            least in prop::array::uniform3(0.0..0.9),
        ) {
            let (head, taxonomy) = (head(least), Taxonomy::by_label_set("issue@1").unwrap());
            let scored = |(logits, truth): &(Vec<f32>, usize)| {
                ScoredRow { recent: false, truth: *truth, probabilities: probabilities(logits, 1.0) }
            };
            let scores = TaskScores { head: head.clone(), taxonomy, rows: rows.iter().map(scored).collect() };
            let Answers::Choice(levels) = Answers::of(&scores) else { unreachable!() };
            let counted = ServedChoice::of(&levels, &head, f64::from(review_below), 1_000);

            let mut labelled = 0;
            for level in &counted.levels {
                let (mut answers, mut right) = (0, 0);
                for (logits, truth) in &rows {
                    let said = answer(&head, taxonomy, logits, review_below, &[]);
                    if said.outcome != Outcome::Labelled || said.level != level.level {
                        continue;
                    }
                    answers += 1;
                    let path = taxonomy.path("issue", &taxonomy.leaves()[*truth]).unwrap();
                    right += usize::from(path.contains(&said.label.unwrap().as_str()));
                }
                labelled += answers;
                prop_assert_eq!(level.given.answers, answers);
                prop_assert_eq!(level.given.right, share(right, answers));
            }
            prop_assert_eq!(counted.all.answers, labelled);
            let people = 1_000.0 * (rows.len() - labelled) as f64 / rows.len().max(1) as f64;
            prop_assert!((counted.reviews_per_day - people).abs() <= 0.5);
        }
    }

    #[test]
    fn of_no_rows_nothing_is_said() {
        let nothing = ServedChoice::of(&[], &head([0.5; 3]), 0.0, 10);
        assert_eq!((nothing.all.answers, nothing.all.share, nothing.reviews_per_day), (0, None, 0.0));
    }
}
