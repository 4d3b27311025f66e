//! One run: step after step, judged at intervals, kept on disk every few minutes; the best averages are its result.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ombud_models::Logits;
use tch::Tensor;

use super::Lesson;
use super::base::Base;
use super::batches::Batches;
use super::error::TuneError;
use super::frozen::{Frozen, LowerLayers};
use super::optimiser::Optimiser;
use super::recipe::{HeadTuning, Tuning};
use super::replicas::{Replica, Replicas, Shared};
use super::start::start;
use super::state::{Point, TuningState, Work};
use super::tuned::Tuned;
use crate::encoder::network::{Network, Precision};
use crate::tuning::one_thread;

/// Fine-tunes an encoder.
pub struct Tune<'a> {
    /// What to start from.
    pub base: &'a Base,
    /// The tasks, in the order of the labels of each [`Lesson`].
    pub heads: Vec<HeadTuning>,
    /// How.
    pub tuning: Tuning,
    /// Examples to learn from.
    pub train: &'a [Lesson],
    /// Examples to judge by.
    pub validation: &'a [Lesson],
    /// Seeds the heads, the order and the dropout.
    pub seed: u64,
    /// Replicas, each on a thread of its own; a run's numbers depend on how many.
    pub threads: usize,
    /// What the frozen layers give is kept on disk up to this many bytes; else it is computed each time.
    pub most_frozen_bytes: u64,
    /// Where an unfinished run is kept; it may be removed once the result is safe.
    pub work: PathBuf,
    /// What identifies a run: an unfinished one with another identity is refused.
    pub identity: BTreeMap<String, String>,
    /// How often a run is kept; it costs about a second.
    pub keep_every: Duration,
}

/// What answers to the validation examples are worth.
pub struct Judgement {
    /// What decides; the lower the better.
    pub score: f64,
    /// For the report.
    pub figures: BTreeMap<String, f64>,
}

/// What a run reports while it goes.
pub enum Event<'a> {
    /// What the frozen layers give is computed for so many texts of so many.
    Frozen {
        /// Texts done.
        done: usize,
        /// Of so many.
        texts: usize,
    },
    /// A step was made.
    Step {
        /// Steps made.
        step: usize,
        /// Of so many.
        steps: usize,
        /// Of the batch.
        loss: f64,
        /// Examples learned from in a second.
        rate: f64,
    },
    /// The run was kept on disk.
    Kept {
        /// Steps made.
        step: usize,
        /// Of so many.
        steps: usize,
        /// Mean of the batches since the last judgement.
        loss: f64,
        /// Examples learned from in a second.
        rate: f64,
    },
    /// The averages were judged.
    Judged(&'a Point),
}

impl Tune<'_> {
    /// Runs to the end, or resumes an unfinished run. The same examples, recipe, seed and number of threads give
    /// the same weights on the same machine, interrupted or not. `watch` may stop a run, which is kept then.
    ///
    /// # Errors
    /// See [`TuneError`].
    pub fn run(
        &self,
        judge: &dyn Fn(&[Logits]) -> Judgement,
        watch: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Tuned, TuneError> {
        // Steps are made here between the replicas' work: threads of its own would wait for them spinning.
        one_thread();
        let work = Work::open(&self.work, &self.identity)?;
        let mut network = start(self.base, &self.heads, self.tuning.pooling, self.seed)?;
        self.tuning.check(network.layers.len())?;
        let lessons: Vec<&Lesson> = self.train.iter().chain(self.validation).collect();
        let frozen = self.frozen(&work, &network, &lessons, watch)?;
        let mut optimiser = Optimiser::new(&mut network, &self.tuning);
        let resumed = work.resume(&mut optimiser)?;
        let (state, best) = resumed.unwrap_or_default();

        let labelled = self.labelled();
        let shared = Shared {
            lessons: &lessons,
            tuning: &self.tuning,
            heads: &self.heads,
            labelled: &labelled,
            seed: self.seed,
            pad: self.base.config.pad,
        };
        let layers = self.tuning.frozen_layers;
        network.precision = self.tuning.precision;
        let replicas = (0..self.threads.max(1))
            .map(|_| {
                let (trained, leaves) = optimiser.leaves(&network, layers);
                let averaged = optimiser.averaged(&network, layers);
                Replica { trained, leaves, averaged, frozen: frozen.as_ref().map(Frozen::share) }
            })
            .collect();
        let mut run =
            Run { tune: self, work, optimiser, state, best, kept: Instant::now(), pace: Pace::default() };
        thread::scope(|scope| run.run(&Replicas::start(scope, &shared, replicas), judge, watch))?;
        network.precision = Precision::Float;
        Ok(run.tuned(&network))
    }

    fn frozen(
        &self,
        work: &Work<'_>,
        network: &Network,
        lessons: &[&Lesson],
        watch: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Option<Frozen>, TuneError> {
        // With no layer frozen there is a table to look up, and nothing to save.
        let Some(layers) = self.tuning.frozen_layers.filter(|layers| *layers > 0) else { return Ok(None) };
        if Frozen::bytes(lessons, self.base.hidden()) > self.most_frozen_bytes {
            return Ok(None);
        }
        let mut report = |done| {
            // This is soon over; a run is stopped between two steps.
            let _ = watch(Event::Frozen { done, texts: lessons.len() });
        };
        let file = work.file("frozen.f16");
        let (pad, threads) = (self.base.config.pad, self.threads.max(1));
        Frozen::open(&file, &LowerLayers { network, layers, lessons, pad, threads }, &mut report).map(Some)
    }

    /// Share of the examples that carry each head's label.
    fn labelled(&self) -> Vec<f64> {
        let share = |place: usize| {
            let labelled = self.train.iter().filter(|lesson| lesson.labels[place].is_some()).count();
            labelled as f64 / self.train.len().max(1) as f64
        };
        (0..self.heads.len()).map(share).collect()
    }
}

struct Run<'a> {
    tune: &'a Tune<'a>,
    work: Work<'a>,
    optimiser: Optimiser,
    state: TuningState,
    /// Averages of the best point.
    best: Vec<Tensor>,
    kept: Instant,
    pace: Pace,
}

/// How fast steps are made, whatever happens between them.
#[derive(Default)]
struct Pace {
    examples: usize,
    time: Duration,
}

impl Pace {
    fn rate(&self) -> f64 {
        self.examples as f64 / self.time.as_secs_f64().max(1e-9)
    }
}

impl Run<'_> {
    fn run(
        &mut self,
        replicas: &Replicas<'_>,
        judge: &dyn Fn(&[Logits]) -> Judgement,
        watch: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<(), TuneError> {
        let tuning = &self.tune.tuning;
        let examples = self.tune.train.len();
        let batches = Batches {
            lengths: &replicas.lengths()[..examples],
            batch: tuning.batch,
            batches_a_block: tuning.batches_a_block,
            seed: self.tune.seed,
        };
        let (an_epoch, steps) = (batches.an_epoch(), tuning.steps(examples));
        let judge_every = an_epoch.div_ceil(tuning.judgements_an_epoch).max(1);
        let validation: Vec<usize> = (examples..examples + self.tune.validation.len()).collect();

        let mut epoch = (usize::MAX, Vec::new());
        while self.state.step < steps && !self.is_out_of_patience() {
            let step = self.state.step;
            if epoch.0 != step / an_epoch {
                epoch = (step / an_epoch, batches.epoch(step / an_epoch));
            }
            let rows = &epoch.1[step % an_epoch];
            let loss = self.step(replicas, rows, tuning.share_of_rate(step, steps))?;
            let done = Event::Step { step: step + 1, steps, loss, rate: self.pace.rate() };
            let stop = watch(done).is_break();

            if (step + 1).is_multiple_of(judge_every) || step + 1 == steps {
                let judgement = judge(&replicas.answer(&validation)?);
                self.note(judgement, (step + 1) as f64 / an_epoch as f64);
                if let Some(point) = self.state.points.last() {
                    let _ = watch(Event::Judged(point));
                }
            }
            if stop || self.kept.elapsed() >= self.tune.keep_every {
                self.work.keep(&self.state, &self.optimiser, &self.best)?;
                self.kept = Instant::now();
                let (sum, count) = self.state.losses;
                let loss = sum / count.max(1) as f64;
                let _ = watch(Event::Kept { step: step + 1, steps, loss, rate: self.pace.rate() });
            }
            if stop {
                return Err(TuneError::Stopped { step: step + 1 });
            }
        }
        Ok(())
    }

    fn step(
        &mut self,
        replicas: &Replicas<'_>,
        rows: &[usize],
        share_of_rate: f64,
    ) -> Result<f64, TuneError> {
        let begun = Instant::now();
        let step = self.state.step;
        let (gradients, loss) = replicas.learn(step, rows)?;
        if !loss.is_finite() {
            return Err(TuneError::Diverged { step });
        }
        if !gradients.is_empty() {
            let tuning = replicas.shared().tuning;
            tch::no_grad(|| self.optimiser.step(gradients, tuning, step, share_of_rate))?;
        }
        self.state.step += 1;
        self.state.losses.0 += loss;
        self.state.losses.1 += 1;
        self.pace.examples += rows.len();
        self.pace.time += begun.elapsed();
        Ok(loss)
    }

    fn note(&mut self, judgement: Judgement, epoch: f64) {
        let (sum, count) = std::mem::take(&mut self.state.losses);
        let point = Point {
            step: self.state.step,
            epoch,
            loss: sum / count.max(1) as f64,
            score: judgement.score,
            figures: judgement.figures,
        };
        let best = self.state.best.map(|best| self.state.points[best].score);
        if best.is_none_or(|best| point.score < best) {
            self.state.best = Some(self.state.points.len());
            self.best = self.optimiser.slots.iter().map(|slot| slot.average.copy()).collect();
        }
        self.state.points.push(point);
    }

    fn is_out_of_patience(&self) -> bool {
        let since = self.state.best.map_or(0, |best| self.state.points.len() - 1 - best);
        since >= self.tune.tuning.patience.max(1)
    }

    fn tuned(mut self, network: &Network) -> Tuned {
        for (slot, best) in self.optimiser.slots.iter_mut().zip(self.best) {
            slot.average = best;
        }
        Tuned {
            network: self.optimiser.averaged(network, self.tune.tuning.frozen_layers),
            heads: self.tune.heads.clone(),
            points: self.state.points,
            best: self.state.best.unwrap_or(0),
            steps: self.state.step,
            examples_per_second: self.pace.rate(),
        }
    }
}

/// Removes the folder of a run whose result is safe.
///
/// # Errors
/// It can't be removed.
pub fn forget(work: &Path) -> Result<(), TuneError> {
    match std::fs::remove_dir_all(work) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(TuneError::file(work)(error)),
        _ => Ok(()),
    }
}
