//! The files that a challenger learns from: what the champion was given, and what humans said since.
//!
//! Copies of one narrative lie in one file: what models are tried on is learned nowhere, and calibrates nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ombud_contract::records::TimestampMs;
use ombud_contract::taxonomy::{Document, Taxonomy};
use ombud_intake::LabelColumn;
use ombud_models::{Artefact, Kind};
use serde::{Deserialize, Serialize};

use super::parts::{TRAIN, TRIAL, VALIDATION};
use super::pool::{Pool, Pools, Share};
use crate::draft::Draft;
use crate::train::examples::digest;
use crate::train::{LearnError, Task};

/// Says that a folder is a set, and what is in it.
pub(super) const SET: &str = "set.json";

/// What a set is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Verdicts from this time on.
    pub since: TimestampMs,
    /// Everything as it was known then.
    pub as_of: TimestampMs,
    /// The champion's version.
    pub champion: String,
    /// SHA-256 of each file that is learned from beside the verdicts.
    pub files: Vec<String>,
    /// A new label is admitted from so many complaints on.
    pub least: usize,
    /// Cases that nobody drew, at most; the latest judged. An older build had them all.
    #[serde(default)]
    pub rows: usize,
    /// Chooses what is held out.
    pub seed: u64,
}

/// What is in a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetFigures {
    /// Cases that humans judged.
    pub cases: usize,
    /// Complaints to learn from.
    pub train: usize,
    /// Complaints to calibrate on.
    pub validation: usize,
    /// Complaints to try models on: of the audit sample.
    pub trial: usize,
    /// Of the files and the cases: copies of what the audit sample holds, files' rows that humans judged since, and cases
    /// without a label that may be used.
    pub left_out: usize,
    /// Cases with labels that were judged before those that are as many as may be.
    pub older: usize,
    /// By flag: how many of the cases are labelled.
    pub labelled: BTreeMap<String, Pools<Share>>,
    /// By task: what calibrates it.
    pub calibrated: BTreeMap<String, Calibrated>,
    /// Tasks of the champion that there is too little to learn of; the challenger doesn't answer them.
    pub not_learned: Vec<String>,
    /// By task: new labels that the challenger learns, and how many complaints carry them.
    pub admitted: BTreeMap<String, BTreeMap<String, usize>>,
    /// By task: new labels that too few complaints carry.
    pub waiting: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Complaints that calibrate a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Drawn at random.
    pub audited: usize,
    /// A tenth of all others, which people labelled because they came upon them, or which stood in files; none where
    /// enough were drawn.
    pub others: usize,
}

impl SetFigures {
    /// Whether labels of `task` may be used that come from `pool`.
    pub(super) fn speaks(&self, pool: Pool, task: &str) -> bool {
        self.labelled.get(task).is_none_or(|labelled| labelled.of(pool).is_enough())
    }
}

/// A training set, in a folder.
pub struct Set {
    dir: PathBuf,
    told: Told,
}

/// `set.json`.
#[derive(Serialize, Deserialize)]
struct Told {
    asked: Asked,
    figures: SetFigures,
    /// In the order of the champion's heads.
    tasks: Vec<Task>,
    /// Those of the tasks' label trees that the process that goes on may not know.
    trees: Option<String>,
}

impl Set {
    /// A set that was made before; `None` where `dir` has none.
    ///
    /// # Errors
    /// It can't be read.
    pub fn open(dir: &Path) -> Result<Option<Self>, LearnError> {
        let path = dir.join(SET);
        let text = match fs::read_to_string(&path) {
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LearnError::File { path, source }),
            Ok(text) => text,
        };
        let told: Told =
            serde_json::from_str(&text).map_err(|error| LearnError::File { path, source: error.into() })?;
        told.trees.as_deref().map(Taxonomy::adopt).transpose()?;
        Ok(Some(Self { dir: dir.to_owned(), told }))
    }

    /// Says what is in it, and moves it to its place.
    pub(super) fn publish(
        dir: &Path,
        draft: Draft,
        asked: Asked,
        figures: SetFigures,
        tasks: Vec<Task>,
    ) -> Result<Self, LearnError> {
        let own =
            tasks.iter().filter_map(Task::taxonomy).filter(|tree| !tree.is_built_in()).collect::<Vec<_>>();
        // Names and numbers alone: nothing in it can't be written as TOML.
        let trees = (!own.is_empty()).then(|| toml::to_string(&Document::of(own)).unwrap_or_default());
        let told = Told { asked, figures, tasks, trees };
        draft.write_json(SET, &told)?;
        draft.publish()?;
        Ok(Self { dir: dir.to_owned(), told })
    }

    /// What it is made of.
    pub fn asked(&self) -> &Asked {
        &self.told.asked
    }

    /// What is in it.
    pub fn figures(&self) -> &SetFigures {
        &self.told.figures
    }

    /// What the challenger answers, in the order of the champion's heads.
    pub(super) fn tasks(&self) -> &[Task] {
        &self.told.tasks
    }

    /// Complaints to learn from.
    pub fn train(&self) -> PathBuf {
        self.dir.join(TRAIN)
    }

    /// Complaints to calibrate on.
    pub fn validation(&self) -> PathBuf {
        self.dir.join(VALIDATION)
    }

    /// Complaints to try models on.
    pub fn trial(&self) -> PathBuf {
        self.dir.join(TRIAL)
    }

    /// Where the labels of every choice stand.
    pub(super) fn choices(&self) -> Vec<LabelColumn> {
        let choices = self.told.tasks.iter().filter(|task| task.kind == Kind::Choice);
        choices.map(|task| LabelColumn { task: task.name.clone(), column: task.name.clone() }).collect()
    }

    /// Where labels of trees that aren't built in stand.
    pub(super) fn columns(&self) -> Vec<LabelColumn> {
        self.told.tasks.iter().filter_map(Task::label_column).collect()
    }

    /// Removes it: it holds narratives, which live in the case store alone.
    ///
    /// # Errors
    /// The folder can't be removed.
    pub fn remove(self) -> Result<(), LearnError> {
        fs::remove_dir_all(&self.dir).map_err(|source| LearnError::File { path: self.dir, source })
    }
}

impl Asked {
    /// What a set of these files is made of, with `rows` cases that nobody drew at most.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn of(
        (since, as_of): (TimestampMs, TimestampMs),
        champion: &Artefact,
        files: &[PathBuf],
        (least, rows): (usize, usize),
        seed: u64,
    ) -> Result<Self, LearnError> {
        let files = files.iter().map(|file| digest(file)).collect::<Result<_, _>>()?;
        Ok(Self { since, as_of, champion: champion.version.clone(), files, least, rows, seed })
    }
}
