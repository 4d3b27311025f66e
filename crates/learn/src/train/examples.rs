//! Labelled complaints as a training run reads them, and which of them are held out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ombud_intake::{FileDefaults, LabelColumn, Labels, Rows, bytes_of};
use ombud_models::digest_stream;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::LearnError;
use super::tasks::Task;
use crate::likeness::{is_held_out, likeness};

/// A complaint with its labels.
pub(crate) struct Example {
    /// First 16 digits of the SHA-256 of its id: enough to find a complaint that must be forgotten.
    pub(crate) id_hash: String,
    pub(crate) narrative: String,
    /// For each task the place of its label in the task's label set.
    pub(crate) labels: Vec<Option<usize>>,
}

/// Where examples came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Complaints read from it.
    pub rows: usize,
    /// Rows of it that are no complaint.
    pub rejected: usize,
}

/// What a run learns from, and what it is judged and calibrated by.
pub(crate) struct Data {
    /// In the order of each example's labels.
    pub(crate) tasks: Vec<String>,
    pub(crate) files: Vec<Source>,
    pub(crate) train: Vec<Example>,
    /// `None` where a tenth of `files` was held out.
    pub(crate) validation_file: Option<Source>,
    pub(crate) validation: Vec<Example>,
}

impl Data {
    /// Reads `files`, and `validation` or else holds a seeded tenth of `files` out.
    pub(crate) fn read(
        files: &[PathBuf],
        validation: Option<&Path>,
        tasks: &[Task],
        seed: u64,
        progress: &ProgressBar,
    ) -> Result<Self, LearnError> {
        progress.set_message("reading");
        let (mut sources, mut train) = (Vec::new(), Vec::new());
        for file in files {
            let (source, examples) = read(file, tasks, progress)?;
            sources.push(source);
            train.extend(examples);
        }
        let (validation_file, train, validation) = match validation {
            Some(file) => {
                let (source, validation) = read(file, tasks, progress)?;
                (Some(source), train, validation)
            }
            None => {
                let (train, validation) = hold_out_a_tenth(train, seed);
                (None, train, validation)
            }
        };
        let tasks = tasks.iter().map(|task| task.name.clone()).collect();
        Ok(Self { tasks, files: sources, train, validation_file, validation })
    }

    /// How many of the rows to learn from have a label, by task.
    pub(crate) fn labelled(&self) -> BTreeMap<String, usize> {
        let labelled =
            |place: usize| self.train.iter().filter(|example| example.labels[place].is_some()).count();
        self.tasks.iter().enumerate().map(|(place, task)| (task.clone(), labelled(place))).collect()
    }

    /// The places of the tasks that rows of two different labels teach.
    ///
    /// # Errors
    /// No task has rows of two different labels.
    pub(crate) fn learnable(&self) -> Result<Vec<usize>, LearnError> {
        let has_two_labels = |place: &usize| {
            let mut labels = self.train.iter().filter_map(|example| example.labels[*place]);
            let first = labels.next();
            labels.any(|label| Some(label) != first)
        };
        let places: Vec<usize> = (0..self.tasks.len()).filter(has_two_labels).collect();
        match places.is_empty() {
            true => Err(LearnError::NothingToLearn { rows: self.train.len() }),
            false => Ok(places),
        }
    }

    /// The validation rows' labels of the task at `place`.
    pub(crate) fn truths(&self, place: usize) -> Vec<Option<usize>> {
        self.validation.iter().map(|example| example.labels[place]).collect()
    }
}

/// Reads a whole file; `progress` moves on by one a row.
fn read(path: &Path, tasks: &[Task], progress: &ProgressBar) -> Result<(Source, Vec<Example>), LearnError> {
    let mut source = Source {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: digest(path)?,
        rows: 0,
        rejected: 0,
    };
    let mut examples = Vec::new();
    let columns: Vec<LabelColumn> = tasks.iter().filter_map(Task::label_column).collect();
    for row in Rows::open(path, FileDefaults::of(path)?)?.labelled_by(&columns)? {
        progress.inc(1);
        let Ok(row) = row? else {
            source.rejected += 1;
            continue;
        };
        source.rows += 1;
        let id_hash = hex::encode(&Sha256::digest(&row.complaint.complaint_id)[..8]);
        let labels = tasks.iter().map(|task| place(task, &row.labels)).collect::<Result<_, _>>()?;
        examples.push(Example { id_hash, narrative: row.complaint.narrative, labels });
    }
    Ok((source, examples))
}

/// Splits off about a tenth: (the rest, the tenth). Copies of a narrative always fall on the same side for a seed.
fn hold_out_a_tenth(examples: Vec<Example>, seed: u64) -> (Vec<Example>, Vec<Example>) {
    examples.into_iter().partition(|example| !is_held_out(&likeness(&example.narrative), seed))
}

fn place(task: &Task, labels: &Labels) -> Result<Option<usize>, LearnError> {
    let label = match task.name.as_str() {
        named if task.column.is_some() => labels.own.get(named).map(String::as_str),
        "product" => labels.product.as_deref(),
        "issue" => labels.issue.as_deref(),
        "vulnerable" => labels.vulnerable.map(|yes| if yes { "VULNERABLE" } else { "NOT_INDICATED" }),
        _ => return Err(LearnError::UnknownTask { task: task.name.clone() }),
    };
    Ok(label.and_then(|label| task.place_of(label)))
}

/// SHA-256 of a file, hex.
pub(crate) fn digest(path: &Path) -> Result<String, LearnError> {
    let failed = |source| LearnError::File { path: path.to_owned(), source };
    let (sha256, _) = digest_stream(bytes_of(path)?, |_| Ok(())).map_err(failed)?;
    Ok(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(narrative: usize) -> Example {
        Example { id_hash: String::new(), narrative: narrative.to_string(), labels: Vec::new() }
    }

    #[test]
    fn about_a_tenth_is_held_out_and_copies_stay_together() {
        let (rest, tenth) = hold_out_a_tenth((0..4_000).map(|i| example(i / 2)).collect(), 7);
        assert_eq!(rest.len() + tenth.len(), 4_000);
        assert!((250..600).contains(&tenth.len()), "{}", tenth.len());
        assert!(tenth.chunks(2).all(|pair| pair[0].narrative == pair[1].narrative));
    }

    #[test]
    fn another_seed_holds_out_others() {
        let held = |seed| -> Vec<String> {
            hold_out_a_tenth((0..400).map(example).collect(), seed)
                .1
                .into_iter()
                .map(|e| e.narrative)
                .collect()
        };
        assert_eq!(held(1), held(1));
        assert_ne!(held(1), held(2));
    }
}
