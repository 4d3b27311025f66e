//! labelled rows -> chunks -> one thread a replica: prepare, classify, calibrate -> scores by task -> the report

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::ProgressBar;
use ombud_contract::records::{Evidence, Vulnerability};
use ombud_intake::{DateOrder, FileDefaults, LabelColumn, Labels, Row, Rows, folded_label};
use ombud_models::{
    Classifier, ISSUE, Kind, PRODUCT, Prepared, Reading, Unread, VULNERABLE, calibrated, in_label_set_order,
    vulnerability_shown,
};

use super::answers::{Answers, Scored, Scores};
use super::error::EvaluateError;
use super::interval::Resampling;
use super::measured::{Measured, MeasuredTask, View};
use super::report::Evaluation;
use super::subject::{AskedHead, Subject};
use super::traits::{Traits, recent};

/// Rows that a thread takes at once: enough for an encoder to find company of like length.
const CHUNK: usize = 64;

/// Measures models on labelled complaints.
pub struct Evaluate {
    /// Who is measured, each on the tasks that it is asked.
    pub subjects: Vec<Subject>,
    /// Threads, each with its own replica of every model; at least 1.
    pub threads: usize,
    /// How the bootstrapped intervals are drawn.
    pub resampling: Resampling,
    /// Where the labels of a bank's own tasks stand; a task that is not among them is not measured.
    pub columns: Vec<LabelColumn>,
    /// The order of dates whose numbers don't tell it; where it isn't said, what the file tells, or they are no dates.
    pub dates: Option<DateOrder>,
}

/// For each asked head, in the subjects' order, the score of a row that carries its label, and what its
/// narrative says outright.
type RowScores = Vec<Option<(Scored, Vulnerability)>>;

/// Why a subject cannot read a row, of each row that it scored.
type RowsUnread = Vec<Option<Unread>>;

/// Rows of the file that were scored together.
struct ScoredChunk {
    /// In the file.
    place: usize,
    traits: Vec<Traits>,
    scores: Vec<RowScores>,
    /// Why the first subject that cannot read a row can't.
    unread: RowsUnread,
}

impl Evaluate {
    /// Reads `data` to its end (the formats of `ombud_intake`), and reports. `progress` counts its bytes.
    ///
    /// # Errors
    /// The file can't be read, or a model can't score a row.
    pub fn run(&self, data: &Path, progress: &ProgressBar) -> Result<Evaluation, EvaluateError> {
        let view = View { resampling: self.resampling, ..View::default() };
        Ok(self.measure(data, progress)?.evaluation(&view))
    }

    /// Reads `data` to its end and keeps the answers, to be looked at and compared. `progress` counts its bytes.
    ///
    /// # Errors
    /// As [`Evaluate::run`].
    pub fn measure(&self, data: &Path, progress: &ProgressBar) -> Result<Measured, EvaluateError> {
        let defaults = FileDefaults { dates: self.dates, ..FileDefaults::of(data)? };
        let rows = Rows::open(data, defaults)?.labelled_by(&self.columns)?;
        let (rejected_for, mut chunks) = self.score(rows, progress)?;
        // The threads finish out of turn; in the file's order the figures are the same each time, to the last bit.
        chunks.sort_unstable_by_key(|chunk| chunk.place);

        let heads = self.subjects.iter().flat_map(|subject| &subject.heads);
        let mut tasks: Vec<(Scores, Vec<usize>, Vec<Vulnerability>)> = heads
            .map(|asked| Scores { head: asked.head.clone(), taxonomy: asked.taxonomy, rows: Vec::new() })
            .map(|scores| (scores, Vec::new(), Vec::new()))
            .collect();
        let mut traits = Vec::new();
        let mut unread_for: BTreeMap<String, usize> = BTreeMap::new();
        for chunk in chunks {
            for unread in chunk.unread.into_iter().flatten() {
                *unread_for.entry(unread.code().to_owned()).or_default() += 1;
            }
            for (row, of_row) in chunk.scores.into_iter().zip(chunk.traits) {
                for ((scores, complaints, shown), scored) in tasks.iter_mut().zip(row) {
                    let Some((scored, says)) = scored else { continue };
                    scores.rows.push(scored);
                    complaints.push(traits.len());
                    shown.push(says);
                }
                traits.push(of_row);
            }
        }
        let task = |(scores, complaints, shown)| MeasuredTask {
            answers: Answers::of(&scores),
            scores,
            complaints,
            shown,
        };
        Ok(Measured {
            rejected_for,
            unread_for,
            models: self.subjects.iter().map(|subject| subject.evaluated.clone()).collect(),
            traits,
            tasks: tasks.into_iter().map(task).collect(),
        })
    }

    fn score(
        &self,
        rows: Rows,
        progress: &ProgressBar,
    ) -> Result<(Rejected, Vec<ScoredChunk>), EvaluateError> {
        let threads = self.threads.max(1);
        // Bounds the narratives in memory: a chunk waits for each thread, and one is being read.
        let (sender, receiver) = bounded(threads);
        let failed = AtomicBool::new(false);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let scored = self.score_chunks(receiver.clone());
                        failed.fetch_or(scored.is_err(), Ordering::Relaxed);
                        scored
                    })
                })
                .collect();
            let rejected = feed(rows, sender, &failed, progress);
            let mut chunks = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(scored) => chunks.extend(scored?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok((rejected?, chunks))
        })
    }

    fn score_chunks(&self, chunks: Receiver<(usize, Vec<Row>)>) -> Result<Vec<ScoredChunk>, EvaluateError> {
        let mut replicas: Vec<Box<dyn Classifier>> =
            self.subjects.iter().map(|subject| subject.model.replica()).collect();
        let mut scored = Vec::new();
        for (place, rows) in chunks {
            let readings: Vec<Reading<'_>> = rows
                .iter()
                .map(|row| Reading::of(&row.complaint.narrative, &row.complaint.language))
                .collect();
            let mut scores: Vec<RowScores> = vec![Vec::new(); rows.len()];
            let mut unread: RowsUnread = vec![None; rows.len()];
            for (subject, replica) in self.subjects.iter().zip(&mut replicas) {
                let (of_subject, its_unread) = subject.score(replica.as_mut(), &rows, &readings)?;
                scores.iter_mut().zip(of_subject).for_each(|(row, more)| row.extend(more));
                unread.iter_mut().zip(its_unread).for_each(|(row, why)| *row = row.or(why));
            }
            let traits = rows.iter().map(Traits::of).collect();
            scored.push(ScoredChunk { place, traits, scores, unread });
        }
        Ok(scored)
    }
}

/// Rows that are no complaint, by reason.
type Rejected = BTreeMap<String, usize>;

/// Sends all rows in chunks, numbered in the file's order, until the file ends or a worker has failed.
fn feed(
    rows: Rows,
    sender: Sender<(usize, Vec<Row>)>,
    failed: &AtomicBool,
    progress: &ProgressBar,
) -> Result<Rejected, EvaluateError> {
    let read = rows.progress();
    progress.set_length(read.total_bytes());
    let mut rejected = Rejected::new();
    let mut chunk = Vec::new();
    let mut chunks = 0;
    for row in rows {
        match row? {
            Ok(row) => chunk.push(row),
            Err(none) => *rejected.entry(none.reason.to_owned()).or_default() += 1,
        }
        if chunk.len() == CHUNK {
            if failed.load(Ordering::Relaxed) || sender.send((chunks, std::mem::take(&mut chunk))).is_err() {
                // The worker's own error says why.
                return Ok(rejected);
            }
            chunks += 1;
            progress.set_position(read.bytes_read());
        }
    }
    // Refused only where every worker has failed.
    let _ = sender.send((chunks, chunk));
    progress.set_position(read.bytes_read());
    Ok(rejected)
}

impl Subject {
    /// For each row, for each asked head, its score; `None` where the row has no label of that task. And for each row with a
    /// label, why it cannot be read: such a row is scored all the same, so that figures of two models are of the same rows.
    fn score(
        &self,
        replica: &mut dyn Classifier,
        rows: &[Row],
        readings: &[Reading<'_>],
    ) -> Result<(Vec<RowScores>, RowsUnread), EvaluateError> {
        let truths: Vec<Vec<Option<usize>>> = rows
            .iter()
            .map(|row| self.heads.iter().map(|asked| asked.truth(&row.labels)).collect())
            .collect();
        let labelled: Vec<usize> =
            (0..rows.len()).filter(|&row| truths[row].iter().any(Option::is_some)).collect();
        let prepared: Vec<Prepared> =
            labelled.iter().map(|&row| self.model.prepare(readings[row].text())).collect();
        let mut unread: RowsUnread = vec![None; rows.len()];
        for (&row, prepared) in labelled.iter().zip(&prepared) {
            unread[row] = readings[row].unread(&self.reads, prepared);
        }
        let answers = replica.classify(&prepared.iter().collect::<Vec<_>>())?;

        let mut scores: Vec<RowScores> = vec![vec![None; self.heads.len()]; rows.len()];
        for (&row, logits) in labelled.iter().zip(answers) {
            for (head, asked) in self.heads.iter().enumerate() {
                let Some(truth) = truths[row][head] else { continue };
                let logits = logits.get(asked.place).map_or(&[][..], Vec::as_slice);
                let evidence = asked.head.evidence_in(&rows[row].complaint.narrative);
                let Some(probabilities) = asked.probabilities(logits, &evidence) else {
                    return Err(EvaluateError::Logits {
                        task: asked.head.task.clone(),
                        model_id: self.evaluated.model_id.clone(),
                    });
                };
                let scored = Scored { recent: recent(&rows[row].labels), truth, probabilities };
                scores[row][head] = Some((scored, vulnerability_shown(&evidence)));
            }
        }
        Ok((scores, unread))
    }
}

impl AskedHead {
    /// Place of the true label among the leaves.
    fn truth(&self, labels: &Labels) -> Option<usize> {
        let label = match (self.head.kind, self.head.task.as_str()) {
            (Kind::Flag, VULNERABLE) => return labels.vulnerable.map(usize::from),
            (Kind::Flag, _) => None,
            // A column that was named for a task of ours counts before what every file is read for.
            (Kind::Choice, task) => labels.own.get(task).or(match task {
                PRODUCT => labels.product.as_ref(),
                ISSUE => labels.issue.as_ref(),
                _ => None,
            }),
        };
        let label = label?;
        let place = |is_it: &dyn Fn(&str) -> bool| self.taxonomy.leaves().iter().position(|leaf| is_it(leaf));
        place(&|leaf| leaf == label).or_else(|| place(&|leaf| folded_label(leaf) == folded_label(label)))
    }

    /// Calibrated, in the order of the leaves; `None` for logits that are none.
    fn probabilities(&self, logits: &[f32], evidence: &[Evidence]) -> Option<Vec<f64>> {
        let logits = in_label_set_order(&self.head, self.taxonomy, logits)?;
        logits.iter().all(|logit| logit.is_finite()).then(|| calibrated(&self.head, &logits, evidence))
    }
}
