//! files -> token ids -> fine-tuned -> stored in bytes -> calibrated on rows held out -> the artefact

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use ombud_models::{Family, Head};
use ombud_torch::encoder::{Base, Event, Lesson, Point, Storage, Tune, Tuned, forget};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};
use tracing::info;

use super::card;
use super::curves::curves;
use super::judge::Judge;
use super::recipe::{HeadRecipe, Recipe};
use crate::train::artefact::{beside, check_free};
use crate::train::calibration::{HeadCalibration, ValidationLogits};
use crate::train::card::FamilyCard;
use crate::train::examples::{Data, Example, digest};
use crate::train::finished_model::FinishedModel;
use crate::train::heads::CalibratedHead;
use crate::train::score::score;
use crate::train::{Job, LearnError, LearnedModel, Task};

/// Learns an encoder.
pub struct Train {
    /// From which files, and what becomes of it. An unfinished run lies beside the artefact.
    pub job: Job,
    /// The folder of the encoder to start from.
    pub base: PathBuf,
    /// Labelled complaints to judge by and to calibrate on; without them a seeded tenth of the files is held out.
    pub validation: Option<PathBuf>,
    /// Seeds everything that is drawn.
    pub seed: u64,
    /// Replicas, each on a thread of its own.
    pub threads: usize,
    /// Bytes on disk that the frozen layers' results may take.
    pub most_frozen_bytes: u64,
    /// How often the unfinished run is kept: a killed one loses no more.
    pub keep_every: Duration,
    /// How.
    pub recipe: Recipe,
}

/// The result of learning an encoder.
pub struct EncoderResult {
    /// As of any family.
    pub report: LearnedModel,
    /// Judgements in the course of the run.
    pub points: Vec<Point>,
    /// The one whose weights were kept.
    pub best: usize,
    /// Examples learned from in a second, in this process.
    pub examples_per_second: f64,
}

impl Train {
    /// Learns and writes, or resumes an unfinished run. The same base, files, recipe, seed and number of threads
    /// give the same artefact on the same machine. `progress` counts what its message names.
    ///
    /// # Errors
    /// A file can't be read, nothing can be learned or calibrated from it, an unfinished run is another's, or the
    /// folder can't be written. What stood in the folder before stays then.
    pub fn run(&self, progress: &ProgressBar) -> Result<EncoderResult, LearnError> {
        check_free(&self.job.out)?;
        let tasks: Vec<Task> = self.recipe.heads.iter().map(|head| head.task.clone()).collect();
        let mut data = Data::read(&self.job.files, self.validation.as_deref(), &tasks, self.seed, progress)?;
        self.keep_some(&mut data.train);
        let learned = data.learnable()?;
        let heads: Vec<&HeadRecipe> = learned.iter().map(|task| &self.recipe.heads[*task]).collect();

        let base = Base::open(&self.base, self.recipe.max_tokens, self.recipe.cleaning)?;
        let (train, validation) = {
            progress.set_message("tokenising");
            progress.reset();
            progress.set_length((data.train.len() + data.validation.len()) as u64);
            let lesson = |example: &Example| {
                progress.inc(1);
                let labels = learned.iter().map(|task| example.labels[*task]).collect();
                Lesson { ids: base.read(&example.narrative), labels }
            };
            let lessons = |examples: &[Example]| examples.iter().map(lesson).collect::<Vec<_>>();
            (lessons(&data.train), lessons(&data.validation))
        };
        let work = beside(&self.job.out, ".work");
        let tune = Tune {
            base: &base,
            heads: heads.iter().map(|head| head.tuning()).collect(),
            tuning: self.recipe.tuning.clone(),
            train: &train,
            validation: &validation,
            seed: self.seed,
            threads: self.threads,
            most_frozen_bytes: self.most_frozen_bytes,
            work: work.clone(),
            identity: self.identity(&base, &data)?,
            keep_every: self.keep_every,
        };
        let judge = Judge { heads: &heads, truths: learned.iter().map(|task| data.truths(*task)).collect() };
        let tuned = tune.run(&|rows| judge.judge(rows), &mut |event| show(&event, progress))?;

        progress.set_message("storing and calibrating");
        let mut stored = tuned.store(&base, Storage::Int8)?;
        let whole = tuned.store(&base, Storage::Float)?.model()?;
        let quiet = ProgressBar::hidden();
        let rows = ValidationLogits {
            shrunk: score(stored.model()?.as_ref(), &data.validation, self.threads, &quiet)?,
            whole: score(whole.as_ref(), &data.validation, self.threads, &quiet)?,
        };
        let calibration = HeadCalibration {
            data: &data,
            tasks: learned.iter().zip(&heads).map(|(place, head)| (*place, &head.task)).collect(),
            hint: None,
            pull: self.recipe.shift_pull,
            targets: &self.recipe.targets,
        };
        let calibrated = calibration.run(rows)?;
        for (head, (_, adjustment)) in heads.iter().zip(&calibrated) {
            stored.shift(&head.task.name, &adjustment.shift)?;
        }
        let calibrated = calibrated.into_iter().map(|(head, _)| head).collect();
        let report = self.finish(&data, &tuned, calibrated, |dir| Ok(stored.save(dir)?))?;
        forget(&work)?;
        Ok(EncoderResult {
            report,
            best: tuned.best,
            examples_per_second: tuned.examples_per_second,
            points: tuned.points,
        })
    }

    /// Of the examples the drawn part that the recipe asks for, in their order.
    fn keep_some(&self, examples: &mut Vec<Example>) {
        let Some(rows) = self.recipe.rows.filter(|rows| *rows < examples.len()) else { return };
        let mut places: Vec<usize> = (0..examples.len()).collect();
        places.shuffle(&mut StdRng::seed_from_u64(self.seed));
        let mut kept = vec![false; examples.len()];
        places[..rows].iter().for_each(|place| kept[*place] = true);
        let mut kept = kept.into_iter();
        examples.retain(|_| kept.next() == Some(true));
    }

    /// What an unfinished run must agree in to be resumed.
    fn identity(&self, base: &Base, data: &Data) -> Result<BTreeMap<String, String>, LearnError> {
        let mut files = Vec::new();
        for file in base.files()? {
            files.push(digest(&file)?);
        }
        let recipe = serde_json::to_string(&self.recipe).unwrap_or_default();
        let sources = data.files.iter().chain(&data.validation_file);
        let sources: Vec<&str> = sources.map(|source| source.sha256.as_str()).collect();
        let identity = [
            ("recipe", hex::encode(Sha256::digest(recipe))),
            ("data", sources.join(" ")),
            ("base", files.join(" ")),
            ("seed", self.seed.to_string()),
            ("threads", self.threads.to_string()),
        ];
        Ok(identity.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn finish(
        &self,
        data: &Data,
        tuned: &Tuned,
        heads: Vec<CalibratedHead>,
        save: impl FnOnce(&Path) -> Result<(), LearnError>,
    ) -> Result<LearnedModel, LearnError> {
        let base = ombud_models::called(&self.base);
        let named: Vec<&Head> = heads.iter().map(|head| &head.head).collect();
        let about = card::about(&self.recipe, &base, &named, tuned);
        let finish = FinishedModel {
            job: &self.job,
            family: Family::Encoder,
            max_tokens: Some(u32::try_from(self.recipe.max_tokens).unwrap_or(u32::MAX)),
            cleaning: self.recipe.cleaning,
            seed: self.seed,
            recipe: &self.recipe,
            data,
            heads,
            of_model: None,
            targets: &self.recipe.targets,
            card: FamilyCard {
                shrunk: "rounding the matrices to bytes",
                tag: "transformer",
                about,
                flags: &format!(" --family encoder --base {base} --threads {}", self.threads),
                limits: card::LIMITS,
            },
            how: vec![curves(&tuned.points, tuned.best)],
        };
        finish.write(save)
    }
}

fn show(event: &Event<'_>, progress: &ProgressBar) -> ControlFlow<()> {
    match event {
        Event::Frozen { done, texts } => {
            progress.set_message("running the frozen layers");
            progress.set_length(*texts as u64);
            progress.set_position(*done as u64);
        }
        Event::Step { step, steps, loss, rate } => {
            progress.set_message(format!("training, loss {loss:.3}, {rate:.1} examples/s"));
            progress.set_length(*steps as u64);
            progress.set_position(*step as u64);
        }
        Event::Kept { step, steps, loss, rate } => {
            info!(step, steps, loss = round(*loss), examples_per_second = round(*rate), "run kept");
        }
        Event::Judged(point) => {
            let Point { step, epoch, loss, score, figures } = point;
            let figure = |name: &str| figures.get(name).copied().map(round);
            info!(
                step,
                epoch = round(*epoch),
                loss = round(*loss),
                score = round(*score),
                product = figure("product.accuracy"),
                issue = figure("issue.issue.accuracy"),
                intent = figure("issue.intent.accuracy"),
                vulnerable = figure("vulnerable.pr_auc"),
                "judged on validation"
            );
        }
    }
    ControlFlow::Continue(())
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
