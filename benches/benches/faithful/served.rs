//! The default model as it is served: what it answers to a narrative, and how likely that answer is when words are gone.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use ombud_contract::{
    records::{Strategy, Vulnerability},
    taxonomy::Taxonomy,
};
use ombud_models::{
    Answer, Artefact, Classifier, FirstStrategy, Kind, LoadModel, Logits, Model, Prepared, Reading, answer,
    calibrated, in_label_set_order, vulnerability_of,
};
use ombud_tests::default_models;
use ombud_torch::Libtorch;
use rayon::prelude::*;

/// So many texts are scored at once, by one thread.
const BATCH_TEXTS: usize = 8;

/// The champion of the default strategy, which answers all of its tasks.
pub(crate) struct Served {
    pub(crate) strategy: Strategy,
    pub(crate) artefact: Arc<Artefact>,
    pub(crate) model: Arc<dyn Model>,
    replica: Box<dyn Classifier>,
    taxonomies: Vec<&'static Taxonomy>,
}

/// What it answers to one narrative.
pub(crate) struct Answered {
    /// One a task, in the order of the model's heads.
    pub(crate) answers: Vec<Answer>,
    pub(crate) logits: Logits,
    pub(crate) prepared: Prepared,
    /// It gets a human instead of an answer.
    pub(crate) is_unread: bool,
}

impl Served {
    pub(crate) fn load() -> Result<Self> {
        let models = default_models();
        let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "bench", 0)?;
        let [artefact] = <[Artefact; 1]>::try_from(first.artefacts)
            .map_err(|named| anyhow!("the strategy names {} models, not one", named.len()))?;
        Self::of(Arc::new(artefact), first.record)
    }

    /// `artefact` in the place of the strategy's champion.
    pub(crate) fn of(artefact: Arc<Artefact>, mut strategy: Strategy) -> Result<Self> {
        let model = Libtorch.load(&artefact)?;
        let taxonomies = artefact.manifest.heads.iter().map(|head| Taxonomy::by_label_set(&head.label_set));
        let taxonomies = taxonomies.collect::<Option<Vec<_>>>().context("a label set")?;
        for arm in strategy.tasks.iter_mut().flat_map(|task| &mut task.arms) {
            arm.model_version.clone_from(&artefact.version);
        }
        Ok(Self { strategy, replica: model.replica(), model, artefact, taxonomies })
    }

    pub(crate) fn tasks(&self) -> Vec<String> {
        self.artefact.tasks()
    }

    pub(crate) fn answered(&mut self, narrative: &str) -> Result<Answered> {
        let reading = Reading::of(narrative, "und");
        let prepared = self.model.prepare(reading.text());
        let logits = self.replica.classify(&[&prepared])?.pop().context("its logits")?;
        let heads = self.artefact.manifest.heads.iter().zip(&self.taxonomies).zip(&logits);
        let answers = heads.map(|((head, taxonomy), logits)| {
            let task = self.strategy.tasks.iter().find(|task| task.task == head.task);
            let review_below = task.map_or(0.0, |task| task.review_below);
            answer(head, taxonomy, logits, review_below, &head.evidence_in(narrative))
        });
        let answers = answers.collect();
        let is_unread = reading.unread(&self.artefact.manifest.reads(), &prepared).is_some();
        Ok(Answered { answers, logits, prepared, is_unread })
    }

    /// For each of `narratives`, for each task, the calibrated probability of what `answered` says; on all cores.
    pub(crate) fn probabilities<T: AsRef<str> + Sync>(
        &self,
        answered: &[Answer],
        narratives: &[T],
    ) -> Result<Vec<Vec<f64>>> {
        let shared = Shared { model: &*self.model, artefact: &self.artefact, taxonomies: &self.taxonomies };
        let score = |replica: &mut Box<dyn Classifier>, texts: &[T]| -> Result<Vec<Vec<f64>>> {
            let prepare = |text: &T| shared.model.prepare(Reading::of(text.as_ref(), "und").text());
            let prepared: Vec<Prepared> = texts.iter().map(prepare).collect();
            let logits = replica.classify(&prepared.iter().collect::<Vec<_>>())?;
            let scored = texts.iter().zip(&logits);
            scored.map(|(text, logits)| shared.of_answers(answered, text.as_ref(), logits)).collect()
        };
        let batches = narratives.par_chunks(BATCH_TEXTS).map_init(|| shared.model.replica(), score);
        Ok(batches.collect::<Result<Vec<_>>>()?.concat())
    }

    /// Logits of the head at `place` as a prediction carries them.
    pub(crate) fn ordered(&self, place: usize, logits: &Logits) -> Result<Vec<f32>> {
        let (head, taxonomy) = (&self.artefact.manifest.heads[place], self.taxonomies[place]);
        Ok(in_label_set_order(head, taxonomy, &logits[place]).context("its label set's order")?.into_owned())
    }
}

/// What threads share of [`Served`]: all but its replica.
struct Shared<'a> {
    model: &'a dyn Model,
    artefact: &'a Artefact,
    taxonomies: &'a [&'static Taxonomy],
}

impl Shared<'_> {
    fn of_answers(&self, answered: &[Answer], narrative: &str, logits: &Logits) -> Result<Vec<f64>> {
        let heads = self.artefact.manifest.heads.iter().zip(self.taxonomies);
        let of_task = heads.zip(logits).zip(answered).map(|(((head, taxonomy), logits), answer)| {
            let label = answer.label.as_deref().context("a label")?;
            let ours = match head.kind {
                Kind::Choice => {
                    in_label_set_order(head, taxonomy, logits).context("its label set's order")?
                }
                Kind::Flag => logits.as_slice().into(),
            };
            let probabilities = calibrated(head, &ours, &head.evidence_in(narrative));
            Ok(match (head.kind, &probabilities[..]) {
                (Kind::Flag, [no, _]) if vulnerability_of(label) == Vulnerability::NotIndicated => *no,
                (Kind::Flag, [_, yes]) => *yes,
                _ => {
                    let sums = taxonomy.sum_to_level(&answer.level, &probabilities).context("its level")?;
                    sums.into_iter().find(|(known, _)| *known == label).context("its label")?.1
                }
            })
        });
        of_task.collect()
    }
}
