//! The files that a challenger learns from: what the champion was given, and what humans said since.
//!
//! Copies of one narrative lie in one file: what the audit sample holds is learned nowhere.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ombud_contract::records::TimestampMs;
use ombud_contract::taxonomy::{Document, Taxonomy};
use ombud_intake::{FileDefaults, LabelColumn, Rows};
use ombud_models::{Artefact, Kind};
use serde::{Deserialize, Serialize};

use super::admit::{Counts, KnownTree, admit};
use super::challenge::columns;
use super::gather::Case;
use super::parts::{AUDIT, Column, Part, Parts, TRAIN, VALIDATION};
use super::{Likeness, likeness};
use crate::draft::Draft;
use crate::train::examples::digest;
use crate::train::{LearnError, Task};

/// Says that a folder is a set, and what is in it.
const SET: &str = "set.json";

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
    /// Chooses what is held out.
    pub seed: u64,
}

/// What is in a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetFigures {
    /// Cases that humans judged.
    pub cases: usize,
    /// Complaints to learn from.
    pub train: usize,
    /// Complaints to calibrate on.
    pub validation: usize,
    /// Complaints of the audit sample.
    pub audit: usize,
    /// Of the files and the cases: copies of what the audit sample holds, and files' rows that humans judged since.
    pub left_out: usize,
    /// By task: new labels that the challenger learns, and how many complaints carry them.
    pub admitted: BTreeMap<String, BTreeMap<String, usize>>,
    /// By task: new labels that too few complaints carry.
    pub waiting: BTreeMap<String, BTreeMap<String, usize>>,
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

    /// Makes the set of `asked` in `dir`, whole or not at all: `cases` as they were gathered, `files` as they are
    /// labelled. `progress` counts rows.
    ///
    /// # Errors
    /// A file can't be read, the folder can't be written, or the cases are too few to learn from.
    pub fn make(
        dir: &Path,
        asked: Asked,
        champion: &Artefact,
        cases: &[Case],
        files: &[PathBuf],
        known: &[KnownTree],
        progress: &ProgressBar,
    ) -> Result<Self, LearnError> {
        progress.set_message("making the training set");
        let mut figures = SetFigures { cases: cases.len(), ..SetFigures::default() };
        let audit: HashSet<Likeness> =
            cases.iter().filter(|case| case.audited).map(|case| likeness(&case.narrative)).collect();
        let tasks = tasks(champion, &counts(cases, &audit), asked.least, known, &mut figures)?;
        let sources = columns(champion);
        let columns: Vec<Column> = tasks.iter().map(|task| Column::of(task, &sources)).collect();

        let draft = Draft::begin(dir, SET)?;
        // Narratives are nobody else's to read.
        fs::set_permissions(draft.folder(), fs::Permissions::from_mode(0o700))
            .map_err(|source| LearnError::File { path: draft.folder().to_owned(), source })?;
        let mut parts = Parts::open(draft.folder(), &columns)?;
        let mut judged = HashSet::new();
        for case in cases {
            progress.inc(1);
            judged.insert(case.complaint_id.as_str());
            let alike = likeness(&case.narrative);
            let part = match (case.audited, audit.contains(&alike)) {
                (true, _) => Part::Audit,
                (false, true) => {
                    figures.left_out += 1;
                    continue;
                }
                (false, false) => Part::held_out_or_not(&alike, asked.seed),
            };
            let label = |column: &Column| case.labels.get(&column.task).map(|label| column.written(label));
            parts.write(part, (&case.complaint_id, case.received_at, &case.narrative), label)?;
        }
        for file in files {
            let rows = Rows::open(file, FileDefaults::of(file)?)?;
            let named: Vec<LabelColumn> =
                columns.iter().filter(|column| column.is_named(&rows)).map(Column::named).collect();
            for row in rows.labelled_by(&named)? {
                progress.inc(1);
                let Ok(row) = row? else { continue };
                let complaint = &row.complaint;
                let alike = likeness(&complaint.narrative);
                if audit.contains(&alike) || judged.contains(complaint.complaint_id.as_str()) {
                    figures.left_out += 1;
                    continue;
                }
                let part = Part::held_out_or_not(&alike, asked.seed);
                let text =
                    (complaint.complaint_id.as_str(), complaint.received_at, complaint.narrative.as_str());
                parts.write(part, text, |column| column.of_row(&row.labels))?;
            }
        }
        let written = parts.finish()?;
        [figures.train, figures.validation, figures.audit] = written;
        if figures.train == 0 || figures.validation == 0 {
            return Err(LearnError::TooFewOutcomes { cases: figures.cases, rows: figures.train });
        }
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

    /// The audit sample.
    pub fn audit(&self) -> PathBuf {
        self.dir.join(AUDIT)
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
    /// What a set of these files is made of.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn of(
        (since, as_of): (TimestampMs, TimestampMs),
        champion: &Artefact,
        files: &[PathBuf],
        least: usize,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let files = files.iter().map(|file| digest(file)).collect::<Result<_, _>>()?;
        Ok(Self { since, as_of, champion: champion.version.clone(), files, least, seed })
    }
}

/// Of the cases that may be learned from, copies once.
fn counts(cases: &[Case], audit: &HashSet<Likeness>) -> Counts {
    let mut seen: HashSet<(&str, &str, Likeness)> = HashSet::new();
    let mut counts = Counts::new();
    for case in cases {
        let alike = likeness(&case.narrative);
        for (task, label) in case.labels.iter().filter(|_| !audit.contains(&alike)) {
            if seen.insert((task, label, alike)) {
                *counts.entry(task.clone()).or_default().entry(label.clone()).or_default() += 1;
            }
        }
    }
    counts
}

/// The champion's tasks, each with its tree as it has grown.
fn tasks(
    champion: &Artefact,
    counts: &Counts,
    least: usize,
    known: &[KnownTree],
    figures: &mut SetFigures,
) -> Result<Vec<Task>, LearnError> {
    let mut tasks = Vec::new();
    for head in &champion.manifest.heads {
        let unknown = || LearnError::UnknownTask { task: head.task.clone() };
        let tree = Taxonomy::by_label_set(&head.label_set).ok_or_else(unknown)?;
        let tree = match (head.kind, counts.get(&head.task)) {
            (Kind::Choice, Some(counts)) => {
                let admission = admit(tree, counts, least, known)?;
                for (labels, into) in
                    [(admission.admitted, &mut figures.admitted), (admission.waiting, &mut figures.waiting)]
                {
                    if !labels.is_empty() {
                        into.insert(head.task.clone(), labels);
                    }
                }
                admission.tree
            }
            _ => tree,
        };
        tasks.push(Task {
            name: head.task.clone(),
            label_set: tree.label_set().to_owned(),
            kind: head.kind,
            // What every file is read for has the labels of the built-in trees alone.
            column: (!tree.is_built_in()).then(|| head.task.clone()),
        });
    }
    Ok(tasks)
}
