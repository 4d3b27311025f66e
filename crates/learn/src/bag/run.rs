//! files -> columns -> one softmax regression a task -> shrunk -> calibrated on rows held out -> the artefact

use std::path::PathBuf;

use indicatif::ProgressBar;
use ombud_models::{Family, Head, Logits};
use ombud_torch::bag::{Counts, Fit, Fitted, Hint, HintHead, Idf, Row, Weights, in_memory, shrink};

use super::card;
use super::recipe::{HeadRecipe, Recipe};
use crate::train::artefact::check_free;
use crate::train::calibration::{HeadCalibration, ValidationLogits};
use crate::train::card::FamilyCard;
use crate::train::examples::{Data, Example};
use crate::train::finished_model::FinishedModel;
use crate::train::heads::CalibratedHead;
use crate::train::score::score;
use crate::train::{Job, LearnError, LearnedModel, Task};

/// Learns a bag.
pub struct Train {
    /// From which files, and what becomes of it.
    pub job: Job,
    /// Labelled complaints to calibrate on; without them a seeded tenth of the files is held out.
    pub validation: Option<PathBuf>,
    /// Chooses the tenth; nothing else is random.
    pub seed: u64,
    /// How.
    pub recipe: Recipe,
}

impl Train {
    /// Learns and writes. The same files, seed and recipe give the same bytes. `progress` counts rows read, then
    /// iterations; its message names the stage.
    ///
    /// # Errors
    /// A file can't be read, nothing can be learned or calibrated from it, or the folder can't be written. What
    /// stood in the folder before stays then.
    pub fn run(&self, progress: &ProgressBar) -> Result<LearnedModel, LearnError> {
        check_free(&self.job.out)?;
        let tasks: Vec<Task> = self.recipe.heads.iter().map(|head| head.task.clone()).collect();
        let data = Data::read(&self.job.files, self.validation.as_deref(), &tasks, self.seed, progress)?;
        let heads: Vec<&HeadRecipe> = self.recipe.heads.iter().collect();
        let learned = data.learnable()?;

        progress.set_message("counting n-grams");
        let counts: Vec<Counts> =
            data.train.iter().map(|example| self.recipe.hashing.count(&example.narrative)).collect();
        let idf = Idf::fit(self.recipe.hashing, &counts);
        let rows: Vec<Row> = counts.iter().map(|counts| idf.weigh(counts)).collect();
        drop(counts);
        let steps = learned.iter().map(|head| heads[*head].iterations as u64).sum();
        progress.reset();
        progress.set_length(steps);
        let fitted: Vec<Fitted> =
            learned.iter().map(|head| fit(heads[*head], *head, &data.train, &rows, progress)).collect();

        progress.set_message("shrinking and calibrating");
        let whole = whole_logits(&idf, &fitted, &data.validation);
        let mut weights = shrink(idf, &fitted, self.recipe.keep_columns);
        let labels: Vec<usize> = fitted.iter().map(|head| head.bias.len()).collect();
        let model = in_memory(weights.clone(), &labels);
        let shrunk = score(model.as_ref(), &data.validation, 1, &ProgressBar::hidden())?;
        let heads = self.calibrate(&data, &learned, &mut weights, ValidationLogits { shrunk, whole })?;
        self.finish(&data, &weights, heads)
    }

    /// Adjusts all heads: biases and hint go into `weights`, the rest into the heads.
    fn calibrate(
        &self,
        data: &Data,
        learned: &[usize],
        weights: &mut Weights,
        rows: ValidationLogits,
    ) -> Result<Vec<CalibratedHead>, LearnError> {
        let hint = self.hint(data, learned);
        let calibration = HeadCalibration {
            data,
            tasks: learned.iter().map(|head| (*head, &self.recipe.heads[*head].task)).collect(),
            hint: hint.as_ref(),
            pull: self.recipe.shift_pull,
            targets: &self.recipe.targets,
        };
        let mut heads = Vec::new();
        let mut first = 0;
        for (head, adjustment) in calibration.run(rows)? {
            heads.push(head);
            weights.bias[first..].iter_mut().zip(&adjustment.shift).for_each(|(bias, shift)| *bias += shift);
            first += adjustment.shift.len();
            weights.hint = adjustment.hint.or(weights.hint.take());
        }
        Ok(heads)
    }

    /// Counted on the rows that carry both labels; `None` where a head of the two was not learned.
    fn hint(&self, data: &Data, learned: &[usize]) -> Option<Hint> {
        let recipe = self.recipe.hint.as_ref()?;
        let place = |task: &str| learned.iter().position(|head| self.recipe.heads[*head].task.name == task);
        let (from, to) = (place(&recipe.from)?, place(&recipe.to)?);
        let pairs =
            data.train.iter().filter_map(|row| Some((row.labels[learned[from]]?, row.labels[learned[to]]?)));
        let head = |place: usize| {
            let labels = self.recipe.heads[learned[place]].task.leaves().len();
            HintHead { place, labels }
        };
        (from < to).then(|| Hint::count(head(from), head(to), pairs, recipe.smoothing))
    }

    fn finish(
        &self,
        data: &Data,
        weights: &Weights,
        heads: Vec<CalibratedHead>,
    ) -> Result<LearnedModel, LearnError> {
        let named: Vec<&Head> = heads.iter().map(|head| &head.head).collect();
        let about = card::about(&self.recipe, &named, weights.columns.len());
        let finish = FinishedModel {
            job: &self.job,
            family: Family::Bag,
            max_tokens: None,
            cleaning: None,
            seed: self.seed,
            recipe: &self.recipe,
            data,
            heads,
            of_model: None,
            targets: &self.recipe.targets,
            card: FamilyCard {
                shrunk: "keeping fewer columns and rounding",
                tag: "bag-of-ngrams",
                about,
                flags: "",
                limits: card::LIMITS,
            },
            how: Vec::new(),
        };
        finish.write(|dir| Ok(weights.save(dir)?))
    }
}

/// Rows without the head's label teach it nothing, and the other heads all the same.
fn fit(
    recipe: &HeadRecipe,
    head: usize,
    examples: &[Example],
    rows: &[Row],
    progress: &ProgressBar,
) -> Fitted {
    let labelled = examples.iter().zip(rows).filter_map(|(example, row)| Some((row, example.labels[head]?)));
    let (rows, targets): (Vec<&Row>, Vec<usize>) = labelled.unzip();
    progress.set_message(format!("learning {} from {} rows", recipe.task.name, rows.len()));
    let end = progress.position() + recipe.iterations as u64;
    let labels = recipe.task.leaves().len();
    let fit = Fit { rows: &rows, targets: &targets, labels, c: recipe.c, iterations: recipe.iterations };
    let fitted = fit.run(|_, _| progress.inc(1));
    // The walk may end early.
    progress.set_position(end);
    fitted
}

fn whole_logits(idf: &Idf, fitted: &[Fitted], examples: &[Example]) -> Vec<Logits> {
    let row = |example: &Example| idf.weigh(&idf.hashing().count(&example.narrative));
    let logits = |row: Row| fitted.iter().map(|head| head.logits(&row)).collect();
    examples.iter().map(|example| logits(row(example))).collect()
}
