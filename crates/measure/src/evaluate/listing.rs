//! What models answer, complaint by complaint: the same answers that the figures are counted from and that infer gives.

use std::collections::BTreeMap;
use std::path::Path;

use ombud_contract::records::Outcome;
use ombud_intake::{FileDefaults, Row, Rows};
use ombud_models::{Answer, Classifier, Prepared, Reading, answer};
use serde::Serialize;

use super::error::EvaluateError;
use super::subject::Subject;

/// Complaints that are scored at once: enough for an encoder to batch texts of similar length.
const CHUNK: usize = 64;

/// One answer about one complaint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedAnswer {
    /// The complaint.
    pub complaint_id: String,
    /// The task.
    pub task: String,
    /// SHA-256 of the model's content.
    pub model_version: String,
    /// Labelled, abstained or failed.
    pub outcome: Outcome,
    /// The answer, or the best guess of one that abstained; none where the model cannot read the narrative.
    pub label: Option<String>,
    /// The taxonomy level of `label`.
    pub level: String,
    /// The calibrated probability of `label`.
    pub confidence: f32,
    /// How many tokens of the narrative the model did not see.
    pub truncated_tokens: u32,
}

/// Asks `subjects` about every complaint of `data`, labelled or not, and gives each answer to `each` in the file's order.
/// Under `review_below` (by task) an answer is not given, as in the strategy.
///
/// # Errors
/// The file can't be read, a model can't score a complaint, or `each` says so.
pub fn list<E: From<EvaluateError>>(
    subjects: &[Subject],
    review_below: &BTreeMap<String, f32>,
    data: &Path,
    mut each: impl FnMut(ListedAnswer) -> Result<(), E>,
) -> Result<(), E> {
    let mut replicas: Vec<Box<dyn Classifier>> =
        subjects.iter().map(|subject| subject.model.replica()).collect();
    let mut rows = Rows::open(data, FileDefaults::of(data).map_err(EvaluateError::from)?)
        .map_err(EvaluateError::from)?
        .filter_map(|row| row.map(Result::ok).transpose());
    loop {
        let chunk =
            rows.by_ref().take(CHUNK).collect::<Result<Vec<Row>, _>>().map_err(EvaluateError::from)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let mut listed: Vec<Vec<ListedAnswer>> = vec![Vec::new(); chunk.len()];
        for (subject, replica) in subjects.iter().zip(&mut replicas) {
            for (of_row, more) in
                listed.iter_mut().zip(subject.list(replica.as_mut(), &chunk, review_below)?)
            {
                of_row.extend(more);
            }
        }
        listed.into_iter().flatten().try_for_each(&mut each)?;
    }
}

impl Subject {
    /// By row, by asked head.
    fn list(
        &self,
        replica: &mut dyn Classifier,
        rows: &[Row],
        review_below: &BTreeMap<String, f32>,
    ) -> Result<Vec<Vec<ListedAnswer>>, EvaluateError> {
        let readings: Vec<Reading<'_>> =
            rows.iter().map(|row| Reading::of(&row.complaint.narrative, &row.complaint.language)).collect();
        let prepared: Vec<Prepared> =
            readings.iter().map(|reading| self.model.prepare(reading.text())).collect();
        let scored = replica.classify(&prepared.iter().collect::<Vec<_>>())?;
        let list_row = |row: &Row,
                        reading: &Reading<'_>,
                        prepared: &Prepared,
                        logits: &[Vec<f32>]|
         -> Vec<ListedAnswer> {
            let unread = reading.unread(&self.reads, prepared).is_some();
            let of_head = |asked: &super::subject::SubjectHead| {
                let logits = logits.get(asked.place).map_or(&[][..], Vec::as_slice);
                let review_below = review_below.get(&asked.head.task).copied().unwrap_or(0.0);
                let evidence = asked.head.evidence_in(&row.complaint.narrative);
                let given = match unread {
                    true => Answer::unread(),
                    false => answer(&asked.head, asked.taxonomy, logits, review_below, &evidence),
                };
                ListedAnswer {
                    complaint_id: row.complaint.complaint_id.clone(),
                    task: asked.head.task.clone(),
                    model_version: self.evaluated.version.clone(),
                    outcome: given.outcome,
                    label: given.label,
                    level: given.level,
                    confidence: given.confidence,
                    truncated_tokens: prepared.truncated_tokens,
                }
            };
            self.heads.iter().map(of_head).collect()
        };
        let texts = rows.iter().zip(&readings).zip(&prepared).zip(&scored);
        Ok(texts
            .map(|(((row, reading), prepared), logits)| list_row(row, reading, prepared, logits))
            .collect())
    }
}
