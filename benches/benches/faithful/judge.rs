//! What the served model loses without the words that a method names first, and without all others.
//!
//! The measures of ERASER (DeYoung et al., 2020), in calibrated probability of what was answered: comprehensiveness is its fall
//! without the first words, sufficiency its fall with them alone.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use ombud_models::Answer;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};

use crate::{
    lines::Lines,
    ours::{ALL, NEXT},
    sample::{Complaint, complaints},
    served::Served,
    words::{with_words, words},
};

/// The shares of words that are taken away.
pub(crate) const SHARES: [f64; 5] = [0.01, 0.05, 0.1, 0.2, 0.5];
/// Of [`SHARES`], the one whose comprehensiveness has a goal; the same share stays for sufficiency.
pub(crate) const SHARE: usize = 3;
/// Orders by chance.
const DRAWS: usize = 5;

/// SHAP's PartitionExplainer.
pub(crate) const SHAP: &str = "shap";
/// Who is judged: files of `{"row", "kind", "tasks": [{"words": [value of each word]}]}`.
pub(crate) const METHODS: [&str; 3] = [ALL, NEXT, SHAP];
pub(crate) const CHANCE: &str = "random";

/// Judges what lies in `folder` of `count` complaints of a split, and chance, and appends the lines that `judged.jsonl` lacks.
pub(crate) fn judge(split: &str, count: usize, folder: &Path) -> Result<()> {
    let mut served = Served::load()?;
    let mut values: BTreeMap<&str, BTreeMap<u64, Value>> = BTreeMap::new();
    for method in METHODS {
        let lines = Lines::open(&folder.join(format!("{method}.jsonl")))?;
        let of_rows = lines.read().iter().filter_map(|line| Some((line["row"].as_u64()?, line.clone())));
        values.insert(method, of_rows.collect());
    }
    let mut judged = Lines::open(&folder.join("judged.jsonl"))?;
    for complaint in complaints(split, count, &mut served)? {
        let judge = Judge::of(&complaint, &mut served)?;
        for method in METHODS {
            let Some(line) =
                values[method].get(&complaint.row).filter(|_| !judged.has(complaint.row, method))
            else {
                continue;
            };
            judged.add(&judge.line(method, &judge.of_values(line, &served)?))?;
        }
        if !judged.has(complaint.row, CHANCE) {
            judged.add(&judge.line(CHANCE, &judge.of_chance(&served)?))?;
        }
    }
    Ok(())
}

struct Judge<'a> {
    complaint: &'a Complaint,
    words: Vec<std::ops::Range<usize>>,
    answers: Vec<Answer>,
    /// By task, of the whole narrative.
    whole: Vec<f64>,
}

/// By share, then with the first words alone: what the probability falls by.
#[derive(Clone, Default)]
struct Falls {
    without: [f64; SHARES.len()],
    alone: f64,
}

impl<'a> Judge<'a> {
    fn of(complaint: &'a Complaint, served: &mut Served) -> Result<Self> {
        let answers = served.answered(&complaint.narrative)?.answers;
        let whole =
            served.probabilities(&answers, &[&complaint.narrative])?.pop().context("a probability")?;
        Ok(Self { words: words(&complaint.narrative), complaint, answers, whole })
    }

    /// By task, each by its own order.
    fn of_values(&self, line: &Value, served: &Served) -> Result<Vec<Falls>> {
        let tasks = line["tasks"].as_array().context("`tasks`")?;
        let mut texts = Vec::new();
        for task in tasks {
            let values = task["words"].as_array().context("`words`")?;
            let values: Vec<f64> = values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
            let row = self.complaint.row;
            ensure!(values.len() == self.words.len(), "row {row}: {} values of words", values.len());
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            texts.extend(self.texts(&order));
        }
        let asked = served.probabilities(&self.answers, &texts)?;
        let of_task = |(task, asked): (usize, &[Vec<f64>])| self.falls(task, asked);
        Ok(asked.chunks(SHARES.len() + 1).enumerate().map(of_task).collect())
    }

    /// By task, the mean over orders by chance, which are the same for all tasks.
    fn of_chance(&self, served: &Served) -> Result<Vec<Falls>> {
        let mut random = StdRng::seed_from_u64(self.complaint.row);
        let mut order: Vec<usize> = (0..self.words.len()).collect();
        let mut means = vec![Falls::default(); self.answers.len()];
        for _ in 0..DRAWS {
            order.shuffle(&mut random);
            let asked = served.probabilities(&self.answers, &self.texts(&order))?;
            for (task, mean) in means.iter_mut().enumerate() {
                let falls = self.falls(task, &asked);
                mean.without
                    .iter_mut()
                    .zip(falls.without)
                    .for_each(|(mean, fall)| *mean += fall / DRAWS as f64);
                mean.alone += falls.alone / DRAWS as f64;
            }
        }
        Ok(means)
    }

    /// Without the first of `order`, a text a share; last with the first alone.
    fn texts(&self, order: &[usize]) -> Vec<String> {
        let first = |share: f64| {
            let mut is_first = vec![false; order.len()];
            let count = (share * order.len() as f64).ceil() as usize;
            order.iter().take(count).for_each(|word| is_first[*word] = true);
            is_first
        };
        let text = |stays: &dyn Fn(usize) -> bool| with_words(&self.complaint.narrative, &self.words, stays);
        let without = SHARES.map(first).map(|is_first| text(&|word| !is_first[word]));
        let is_first = first(SHARES[SHARE]);
        without.into_iter().chain([text(&|word| is_first[word])]).collect()
    }

    /// `asked`: the answers to [`Self::texts`].
    fn falls(&self, task: usize, asked: &[Vec<f64>]) -> Falls {
        let fall = |at: usize| self.whole[task] - asked[at][task];
        Falls { without: std::array::from_fn(fall), alone: fall(SHARES.len()) }
    }

    fn line(&self, method: &str, falls: &[Falls]) -> Value {
        let tasks = falls
            .iter()
            .zip(&self.whole)
            .map(|(falls, whole)| json!({ "whole": whole, "without": falls.without, "alone": falls.alone }));
        let labels: Vec<_> = self.answers.iter().map(|answer| answer.label.as_deref()).collect();
        json!({
            "row": self.complaint.row, "kind": method, "labels": labels, "tasks": tasks.collect::<Vec<_>>(),
        })
    }
}
