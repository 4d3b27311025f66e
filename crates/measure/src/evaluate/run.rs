//! labelled rows -> chunks -> one thread a replica: prepare, classify, calibrate -> scores by task -> the report

use std::collections::BTreeMap;
use std::path::Path;

use indicatif::ProgressBar;
use ombud_contract::records::{Evidence, Vulnerability};
use ombud_intake::{DateOrder, FileDefaults, LabelColumn, Labels, Row, Rows, folded_label};
use ombud_models::{
    Classifier, ISSUE, Kind, PRODUCT, Prepared, Reading, Unread, VULNERABLE, calibrated, in_label_set_order,
    vulnerability_shown,
};

use super::answers::{Answers, ScoredRow, TaskScores};
use super::error::EvaluateError;
use super::evaluation::Evaluation;
use super::measurement::{Measurement, TaskMeasurement};
use super::subject::{Subject, SubjectHead};
use super::traits::{Traits, recent};
use super::view::View;
use crate::interval::Resampling;
use crate::replicas::{Feed, share_out};

/// Rows that a thread takes at once: enough for an encoder to batch texts of similar length.
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
    /// The order of day and month in dates that can be read both ways; where it isn't given, the order that the file shows; else
    /// such values are no dates.
    pub dates: Option<DateOrder>,
}

/// For each asked head, in the subjects' order, the score of a row that carries its label, and what its
/// narrative says outright.
type RowScores = Vec<Option<(ScoredRow, Vulnerability)>>;

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
    pub fn measure(&self, data: &Path, progress: &ProgressBar) -> Result<Measurement, EvaluateError> {
        let defaults = FileDefaults { dates: self.dates, ..FileDefaults::of(data)? };
        let rows = Rows::open(data, defaults)?.labelled_by(&self.columns)?;
        let (rejected_for, mut chunks) = self.score(rows, progress)?;
        // The threads finish out of turn; in the file's order the figures are the same each time, to the last bit.
        chunks.sort_unstable_by_key(|chunk| chunk.place);

        let heads = self.subjects.iter().flat_map(|subject| &subject.heads);
        let mut tasks: Vec<(TaskScores, Vec<usize>, Vec<Vulnerability>)> = heads
            .map(|asked| TaskScores { head: asked.head.clone(), taxonomy: asked.taxonomy, rows: Vec::new() })
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
        let task = |(scores, complaints, shown)| TaskMeasurement {
            answers: Answers::of(&scores),
            scores,
            complaints,
            shown,
        };
        Ok(Measurement {
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
        let (rejected, scored) = share_out(
            self.threads,
            |chunks| feed(rows, chunks, progress),
            |chunks| self.score_chunks(chunks),
        )?;
        Ok((rejected?, scored.into_iter().flatten().collect()))
    }

    fn score_chunks(
        &self,
        chunks: &mut dyn Iterator<Item = (usize, Vec<Row>)>,
    ) -> Result<Vec<ScoredChunk>, EvaluateError> {
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

/// Sends all rows in chunks, numbered in the file's order, until the file ends or a thread has failed.
fn feed(
    rows: Rows,
    chunks: &Feed<'_, (usize, Vec<Row>)>,
    progress: &ProgressBar,
) -> Result<Rejected, EvaluateError> {
    let read = rows.progress();
    progress.set_length(read.total_bytes());
    let mut rejected = Rejected::new();
    let mut chunk = Vec::new();
    let mut sent = 0;
    for row in rows {
        match row? {
            Ok(row) => chunk.push(row),
            Err(none) => *rejected.entry(none.reason.to_owned()).or_default() += 1,
        }
        if chunk.len() == CHUNK {
            if !chunks.send((sent, std::mem::take(&mut chunk))) {
                return Ok(rejected);
            }
            sent += 1;
            progress.set_position(read.bytes_read());
        }
    }
    chunks.send((sent, chunk));
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
                let scored = ScoredRow { recent: recent(&rows[row].labels), truth, probabilities };
                scores[row][head] = Some((scored, vulnerability_shown(&evidence)));
            }
        }
        Ok((scores, unread))
    }
}

impl SubjectHead {
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
