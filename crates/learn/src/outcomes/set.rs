//! The files that a challenger learns from: those of the champion, and the verdicts of humans since.
//!
//! Copies of one narrative lie in one file: what models are tried on is learned nowhere, and calibrates nothing.

use std::fs;
use std::path::{Path, PathBuf};

use ombud_contract::records::TimestampMs;
use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::LabelColumn;
use ombud_models::{Artefact, Draft, Kind};
use serde::{Deserialize, Serialize};

use super::parts::{TRAIN, TRIAL, VALIDATION};
use crate::lineage::{SetFigures, SetRequest};
use crate::train::artefact::own_trees;
use crate::train::examples::digest;
use crate::train::{LearnError, Task};

/// Says that a folder is a set, and what is in it.
pub(super) const SET: &str = "set.json";

/// A training set, in a folder.
pub struct Set {
    dir: PathBuf,
    document: SetDocument,
}

/// `set.json`.
#[derive(Serialize, Deserialize)]
struct SetDocument {
    asked: SetRequest,
    figures: SetFigures,
    /// In the order of the champion's heads.
    tasks: Vec<Task>,
    /// Those of the tasks' label trees that the process that resumes may not know.
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
        let document: SetDocument =
            serde_json::from_str(&text).map_err(|error| LearnError::File { path, source: error.into() })?;
        document.trees.as_deref().map(Taxonomy::adopt).transpose()?;
        Ok(Some(Self { dir: dir.to_owned(), document }))
    }

    /// Says what is in it, and moves it to its place.
    pub(super) fn publish(
        dir: &Path,
        draft: Draft,
        asked: SetRequest,
        figures: SetFigures,
        tasks: Vec<Task>,
    ) -> Result<Self, LearnError> {
        let trees = own_trees(tasks.iter().filter_map(Task::taxonomy));
        let document = SetDocument { asked, figures, tasks, trees };
        draft.write_json(SET, &document)?;
        draft.publish()?;
        Ok(Self { dir: dir.to_owned(), document })
    }

    /// What it is made of.
    pub fn asked(&self) -> &SetRequest {
        &self.document.asked
    }

    /// What is in it.
    pub fn figures(&self) -> &SetFigures {
        &self.document.figures
    }

    /// What the challenger answers, in the order of the champion's heads.
    pub(super) fn tasks(&self) -> &[Task] {
        &self.document.tasks
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
        let choices = self.document.tasks.iter().filter(|task| task.kind == Kind::Choice);
        choices.map(|task| LabelColumn { task: task.name.clone(), column: task.name.clone() }).collect()
    }

    /// Where labels of trees that aren't built in stand.
    pub(super) fn columns(&self) -> Vec<LabelColumn> {
        self.document.tasks.iter().filter_map(Task::label_column).collect()
    }

    /// Removes it: it holds narratives, which live in the case store alone.
    ///
    /// # Errors
    /// The folder can't be removed.
    pub fn remove(self) -> Result<(), LearnError> {
        fs::remove_dir_all(&self.dir).map_err(|source| LearnError::File { path: self.dir, source })
    }
}

impl SetRequest {
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
