//! One replica a thread: all see the same weights, each computes its share of a batch, and what they found is added
//! up in their order, so that a sum does not depend on which thread was faster.

use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, bounded};
use ombud_models::Logits;
use tch::{TchError, Tensor};

use super::Lesson;
use super::batches::shares;
use super::frozen::Frozen;
use super::loss::{HeadLoss, nothing};
use super::recipe::{HeadTuning, Tuning};
use super::seeds::{Draw, seed};
use crate::encoder::dropout::Dropout;
use crate::encoder::model::{TOKENS_PER_PASS, padded, passes, rows as logits_by_row};
use crate::encoder::network::Network;
use crate::tuning::one_thread;

type Result<T> = std::result::Result<T, TchError>;

/// What all replicas get at their start.
pub(super) struct Shared<'a> {
    pub(super) lessons: &'a [&'a Lesson],
    pub(super) tuning: &'a Tuning,
    pub(super) heads: &'a [HeadTuning],
    /// Share of the examples that carry each head's label.
    pub(super) labelled: &'a [f64],
    pub(super) seed: u64,
    pub(super) pad: u32,
}

/// A thread's own hold on the weights.
pub(super) struct Replica {
    pub(super) trained: Network,
    /// The trained tensors of `trained`.
    pub(super) leaves: Vec<Tensor>,
    pub(super) averaged: Network,
    pub(super) frozen: Option<Frozen>,
}

enum Work {
    Learn { step: usize, rows: Vec<usize>, batch: usize },
    Answer { rows: Vec<usize> },
}

enum Done {
    Learned { gradients: Vec<Tensor>, loss: f64 },
    Answered(Vec<(usize, Logits)>),
}

/// The threads, as the one that leads them sees them.
pub(super) struct Replicas<'a> {
    shared: &'a Shared<'a>,
    lengths: Vec<usize>,
    threads: Vec<(Sender<Work>, Receiver<Result<Done>>)>,
}

impl<'a> Replicas<'a> {
    /// Starts a thread for each of `replicas`; they end when this is dropped.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, 'a>,
        shared: &'a Shared<'a>,
        replicas: Vec<Replica>,
    ) -> Self {
        let threads = replicas.into_iter().enumerate().map(|(number, replica)| {
            // One job at a time is under way.
            let (give, jobs) = bounded::<Work>(1);
            let (tell, results) = bounded(1);
            scope.spawn(move || {
                one_thread();
                let worker = HeadLoss::all(shared).map(|losses| Worker { number, shared, replica, losses });
                for job in jobs {
                    let done = match &worker {
                        Ok(worker) => worker.work(job),
                        Err(error) => Err(TchError::Torch(error.to_string())),
                    };
                    if tell.send(done).is_err() {
                        return;
                    }
                }
            });
            (give, results)
        });
        let lengths = shared.lessons.iter().map(|lesson| lesson.ids.len()).collect();
        Self { shared, lengths, threads: threads.collect() }
    }

    /// The gradient of each trained tensor over a batch, and the batch's loss.
    pub(super) fn learn(&self, step: usize, rows: &[usize]) -> Result<(Vec<Tensor>, f64)> {
        let shares = shares(rows, &self.lengths, self.threads.len());
        let jobs = shares.into_iter().map(|share| Work::Learn { step, rows: share, batch: rows.len() });
        let mut sum: Option<(Vec<Tensor>, f64)> = None;
        for done in self.all(jobs)? {
            let Done::Learned { gradients, loss } = done else { unreachable!("what was asked is answered") };
            // A share of no rows has no gradients.
            if gradients.is_empty() {
                continue;
            }
            match &mut sum {
                None => sum = Some((gradients, loss)),
                Some((sums, losses)) => {
                    for (sum, gradient) in sums.iter_mut().zip(&gradients) {
                        let _ = sum.f_add_(gradient)?;
                    }
                    *losses += loss;
                }
            }
        }
        Ok(sum.unwrap_or_default())
    }

    /// What the averaged weights answer to `rows`, in their order.
    pub(super) fn answer(&self, rows: &[usize]) -> Result<Vec<Logits>> {
        let mut order: Vec<usize> = rows.to_vec();
        order.sort_by_key(|row| (self.lengths[*row], *row));
        let jobs = (0..self.threads.len())
            .map(|thread| order.iter().copied().skip(thread).step_by(self.threads.len()).collect())
            .map(|rows| Work::Answer { rows });
        let mut answers = std::collections::HashMap::new();
        for done in self.all(jobs)? {
            let Done::Answered(some) = done else { unreachable!("what was asked is answered") };
            answers.extend(some);
        }
        Ok(rows.iter().filter_map(|row| answers.remove(row)).collect())
    }

    fn all(&self, jobs: impl Iterator<Item = Work>) -> Result<Vec<Done>> {
        let gone = || TchError::Torch("a thread has died".to_owned());
        for (job, (give, _)) in jobs.zip(&self.threads) {
            give.send(job).map_err(|_| gone())?;
        }
        self.threads.iter().map(|(_, results)| results.recv().map_err(|_| gone())?).collect()
    }

    /// Tokens of each text.
    pub(super) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    pub(super) fn shared(&self) -> &Shared<'a> {
        self.shared
    }
}

impl HeadLoss {
    fn all(shared: &Shared<'_>) -> Result<Vec<Self>> {
        let heads = shared.heads.iter().zip(shared.labelled);
        heads.map(|(head, labelled)| Self::new(head, shared.tuning.smoothing, *labelled)).collect()
    }
}

struct Worker<'a> {
    number: usize,
    shared: &'a Shared<'a>,
    replica: Replica,
    losses: Vec<HeadLoss>,
}

impl Worker<'_> {
    fn work(&self, work: Work) -> Result<Done> {
        match work {
            Work::Learn { rows, .. } if rows.is_empty() => {
                Ok(Done::Learned { gradients: Vec::new(), loss: 0.0 })
            }
            Work::Learn { step, rows, batch } => self.learn(step, &rows, batch),
            Work::Answer { rows } => tch::no_grad(|| self.answer(&rows)),
        }
    }

    fn learn(&self, step: usize, rows: &[usize], batch: usize) -> Result<Done> {
        let tuning = self.shared.tuning;
        let drawn = seed(self.shared.seed, Draw::Dropout { step, replica: self.number });
        let mut dropout = Dropout::new(tuning.dropout, tuning.attention_dropout, drawn);
        let logits = self.logits(&self.replica.trained, rows, Some(&mut dropout))?;
        let mut loss = nothing()?;
        for (place, (of, logits)) in self.losses.iter().zip(&logits).enumerate() {
            let labels: Vec<Option<usize>> =
                rows.iter().map(|row| self.shared.lessons[*row].labels[place]).collect();
            if let Some(part) = of.of(logits, &labels, batch)? {
                loss = loss.f_add(&part)?;
            }
        }
        if !loss.requires_grad() {
            return Ok(Done::Learned { gradients: Vec::new(), loss: 0.0 });
        }
        let mut gradients = Tensor::f_run_backward(&[&loss], &self.replica.leaves, false, false)?;
        for (gradient, leaf) in gradients.iter_mut().zip(&self.replica.leaves) {
            // A head without labelled rows took no part.
            if !gradient.defined() {
                *gradient = leaf.detach().f_zeros_like()?;
            }
        }
        Ok(Done::Learned { gradients, loss: loss.f_double_value(&[])? })
    }

    fn answer(&self, rows: &[usize]) -> Result<Done> {
        let lengths: Vec<usize> = rows.iter().map(|row| self.shared.lessons[*row].ids.len()).collect();
        let mut answers = Vec::with_capacity(rows.len());
        for pass in passes(&lengths, TOKENS_PER_PASS) {
            let rows = &rows[pass];
            let mut logits = self.logits(&self.replica.averaged, rows, None)?;
            for (logits, head) in logits.iter_mut().zip(self.shared.heads) {
                if head.flag {
                    // What is saved is two logits, the first of them zero.
                    *logits = Tensor::f_cat(&[logits.f_zeros_like()?, logits.shallow_clone()], 1)?;
                }
            }
            answers.extend(rows.iter().copied().zip(logits_by_row(&logits, rows.len())?));
        }
        Ok(Done::Answered(answers))
    }

    fn logits(
        &self,
        network: &Network,
        rows: &[usize],
        mut dropout: Option<&mut Dropout>,
    ) -> Result<Vec<Tensor>> {
        let below = self.shared.tuning.frozen_layers;
        let (hidden, padding) = match (&self.replica.frozen, below) {
            (Some(frozen), _) => frozen.of(rows)?,
            (None, below) => {
                let texts: Vec<&[u32]> =
                    rows.iter().map(|row| self.shared.lessons[*row].ids.as_slice()).collect();
                let (ids, padding) = padded(&texts, self.shared.pad)?;
                let hidden = match below {
                    None => network.embed(&ids, dropout.as_deref_mut())?,
                    Some(layers) => tch::no_grad(|| {
                        network.run(0..layers, network.embed(&ids, None)?, padding.as_ref(), None)
                    })?,
                };
                (hidden, padding)
            }
        };
        let layers = below.unwrap_or(0)..network.layers.len();
        let hidden = network.run(layers, hidden, padding.as_ref(), dropout.as_deref_mut())?;
        network.answer(&hidden, padding.as_ref(), dropout)
    }
}
