//! Serves a bag: one embedding-bag pass gives the logits of all its heads.

use std::sync::{Arc, Mutex, PoisonError};

use ombud_models::{
    Artefact, Blame, Classifier, ClassifyError, Fault, HostFault, Input, LoadError, Logits, Model, Prepared,
    Trace,
};
use tch::{TchError, Tensor};

use super::features::{Counts, Idf, Row};
use super::hint::Hint;
use super::places;
use super::trace::{BagTrace, Ingredients};
use super::weights::Weights;
use crate::{blame, tuning};

/// Reads and checks a bag's artefact.
pub(crate) fn load(artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
    let refuse = |what: String, blame: Blame| LoadError {
        model_id: artefact.manifest.model_id.clone(),
        dir: artefact.dir.display().to_string(),
        what,
        blame,
    };
    let weights = Weights::load(&artefact.dir).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
        refuse(format!("{error}{cause}"), error.blame())
    })?;
    let heads: Vec<usize> = artefact.manifest.heads.iter().map(|head| head.labels.len()).collect();
    let labels: usize = heads.iter().sum();
    if labels != weights.labels() {
        let found = weights.labels();
        let what = format!("ombud.json names {labels} labels, model.safetensors has {found}");
        return Err(refuse(what, Blame::Version(Fault::LabelCount)));
    }
    let fits = |hint: &Hint| {
        let ordered = hint.from < hint.to && hint.to < heads.len();
        ordered && hint.given.len() == heads[hint.from] * heads[hint.to]
    };
    if weights.hint.as_ref().is_some_and(|hint| !fits(hint)) {
        return Err(refuse(
            "the hint in config.json and model.safetensors doesn't fit the heads of ombud.json".to_owned(),
            Blame::Version(Fault::Unloadable),
        ));
    }
    let (rows, labels) = shape(&weights);
    let table = Tensor::f_from_slice(&weights.dense()).and_then(|table| table.f_reshape([rows, labels]));
    let table = table.map_err(|error| refuse(error.to_string(), blame::of(&error)))?;
    let tasks = artefact.manifest.heads.iter().map(|head| head.task.clone()).collect();
    Ok(Arc::new(Bag { tasks, ..Bag::new(weights, &heads, table) }))
}

/// A bag that is not an artefact yet, whose tasks have no names; `heads` are its labels by head. Panics where there is no memory for it.
pub fn in_memory(weights: Weights, heads: &[usize]) -> Arc<dyn Model> {
    let (rows, labels) = shape(&weights);
    let table = Tensor::from_slice(&weights.dense()).reshape([rows, labels]);
    Arc::new(Bag::new(weights, heads, table))
}

/// Rows of the table, and labels of each.
fn shape(weights: &Weights) -> (i64, i64) {
    (weights.columns.len() as i64, weights.labels() as i64)
}

/// A bag in memory.
struct Bag {
    idf: Idf,
    /// By hashed column: its row in the table, or [`NO_ROW`].
    rows: Vec<u32>,
    /// Names of the heads, or none at all.
    tasks: Vec<String>,
    /// Locked only while a replica is made: tch's tensors are not shared between threads, their memory is.
    scorer: Mutex<Scorer>,
}

const NO_ROW: u32 = u32::MAX;

impl Bag {
    /// `table` has the weights in full precision.
    fn new(weights: Weights, heads: &[usize], table: Tensor) -> Self {
        let mut rows = vec![NO_ROW; weights.idf.table().len()];
        for (row, column) in weights.columns.iter().enumerate() {
            rows[*column as usize] = row as u32;
        }
        let scorer = Scorer {
            table,
            rows: weights.columns.len(),
            bias: weights.bias.into(),
            heads: heads.into(),
            hint: weights.hint.map(Arc::new),
        };
        Self { idf: weights.idf, rows, tasks: Vec::new(), scorer: Mutex::new(scorer) }
    }

    /// The columns of a narrative that have weights, and where the weights of each lie.
    fn known(&self, counts: &Counts) -> (Vec<u32>, Row) {
        let all = self.idf.weigh(counts);
        // As in `weigh`: one lookup right behind the other.
        let rows: Vec<u32> = all.iter().map(|(column, _)| self.rows[*column as usize]).collect();
        rows.into_iter().zip(all).filter(|(row, _)| *row != NO_ROW).unzip()
    }

    fn share(&self) -> Scorer {
        self.scorer.lock().unwrap_or_else(PoisonError::into_inner).share()
    }
}

impl Model for Bag {
    fn prepare(&self, narrative: &str) -> Prepared {
        let counts = self.idf.hashing().count(narrative);
        let (columns, known) = self.known(&counts);
        let weights = known.into_iter().map(|(_, weight)| weight).collect();
        Prepared {
            unseen_tokens: (counts.columns.len() - columns.len()) as u32,
            input: Input::Columns { columns, weights },
            tokens: (counts.columns.len() + counts.unread) as u32,
            truncated_tokens: counts.unread as u32,
            windows: 1,
        }
    }

    fn replica(&self) -> Box<dyn Classifier> {
        Box::new(self.share())
    }

    fn trace(&self, narrative: &str) -> Result<Option<Box<dyn Trace>>, ClassifyError> {
        let mut scorer = self.share();
        let served = scorer.classify(&[&self.prepare(narrative)])?.swap_remove(0);
        let hashing = self.idf.hashing();
        let (rows, row) = self.known(&hashing.count(narrative));
        let weights = scorer.weights(rows.into_iter())?;
        let (grams, unread) = places::grams(hashing, narrative);
        let task = |hint: &Hint| self.tasks.get(hint.from).cloned().unwrap_or_default();
        Ok(Some(Box::new(BagTrace::new(Ingredients {
            served,
            heads: &scorer.heads,
            bias: &scorer.bias,
            row,
            weights,
            grams,
            unread,
            hint: scorer.hint.as_deref().map(|hint| (hint, task(hint))),
        }))))
    }
}

/// The weights as one thread uses them.
struct Scorer {
    table: Tensor,
    /// Rows of `table`.
    rows: usize,
    bias: Arc<[f32]>,
    /// Labels of each head.
    heads: Arc<[usize]>,
    hint: Option<Arc<Hint>>,
}

impl Scorer {
    fn share(&self) -> Self {
        Self {
            table: self.table.shallow_clone(),
            rows: self.rows,
            bias: Arc::clone(&self.bias),
            heads: Arc::clone(&self.heads),
            hint: self.hint.clone(),
        }
    }

    /// One row of logits a text, all heads side by side, without the bias. Every text is summed on its own, in
    /// the order of its columns, so its neighbours don't change a bit.
    fn sums(&self, batch: &Batch) -> Result<Vec<f32>, TchError> {
        const SUM: i64 = 0;
        let (sums, ..) = Tensor::f_embedding_bag(
            &self.table,
            &Tensor::f_from_slice(&batch.columns)?,
            &Tensor::f_from_slice(&batch.offsets)?,
            false,
            SUM,
            false,
            Some(&Tensor::f_from_slice(&batch.weights)?),
            true,
        )?;
        Vec::try_from(sums.f_flatten(0, 1)?)
    }
}

/// A batch as an embedding bag reads it: all columns after each other, and where each text's begin and end.
struct Batch {
    columns: Vec<i64>,
    weights: Vec<f32>,
    offsets: Vec<i64>,
}

impl Batch {
    fn of(batch: &[&Prepared], rows: usize) -> Result<Self, &'static str> {
        let mut all = Self { columns: Vec::new(), weights: Vec::new(), offsets: vec![0] };
        for prepared in batch {
            let Input::Columns { columns, weights } = &prepared.input else {
                return Err("a text was prepared for another family");
            };
            if columns.len() != weights.len() || columns.iter().any(|column| *column as usize >= rows) {
                return Err("a text was prepared for another bag");
            }
            all.columns.extend(columns.iter().map(|column| i64::from(*column)));
            all.weights.extend(weights);
            all.offsets.push(all.columns.len() as i64);
        }
        Ok(all)
    }
}

impl Classifier for Scorer {
    fn classify(&mut self, batch: &[&Prepared]) -> Result<Vec<Logits>, ClassifyError> {
        tuning::one_thread();
        let fail =
            |what: String, blame: Blame| ClassifyError { model: "bag", rows: batch.len(), what, blame };
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let joined = Batch::of(batch, self.rows)
            .map_err(|what| fail(what.to_owned(), Blame::Host(HostFault::Compute)))?;
        let sums = self.sums(&joined).map_err(|error| fail(error.to_string(), blame::of(&error)))?;
        Ok(sums.chunks_exact(self.bias.len()).map(|sums| self.logits(sums)).collect())
    }
}

impl Scorer {
    /// The table's weights in these of its rows, one after the other.
    fn weights(&self, rows: impl Iterator<Item = u32>) -> Result<Vec<f32>, ClassifyError> {
        let rows: Vec<i64> = rows.map(i64::from).collect();
        let take = || {
            let taken = self.table.f_index_select(0, &Tensor::f_from_slice(&rows)?)?;
            Vec::try_from(taken.f_flatten(0, 1)?)
        };
        take().map_err(|error: TchError| ClassifyError {
            model: "bag",
            rows: 1,
            what: error.to_string(),
            blame: blame::of(&error),
        })
    }

    fn logits(&self, sums: &[f32]) -> Logits {
        let mut all = sums.iter().zip(self.bias.iter()).map(|(sum, bias)| sum + bias);
        let mut logits: Logits =
            self.heads.iter().map(|labels| all.by_ref().take(*labels).collect()).collect();
        if let Some(hint) = &self.hint {
            hint.give(&mut logits);
        }
        logits
    }
}
