//! A training set in the making: cases are taken one by one, and once all are known they are dealt out to the parts.
//!
//! Narratives are on disk; of each case the hashes of its id and its text are in memory, 16 bytes each.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ombud_contract::ids::complaint_hash;
use ombud_contract::taxonomy::Taxonomy;
use ombud_intake::{FileDefaults, LabelColumn, Rows};
use ombud_models::{Artefact, Draft, Kind};
use sha2::{Digest, Sha256};

use super::admit::{Counts, KnownTree, admit};
use super::challenge::columns;
use super::gather::Case;
use super::parts::{Column, Part, Parts, SetRow};
use super::set::{SET, Set};
use super::spill::Spill;
use crate::likeness::{Likeness, is_held_out, likeness};
use crate::lineage::{CalibrationCounts, SetFigures, SetRequest};
use crate::pool::{LEAST_CALIBRATING, MOST_AUDITED, Pool, Pools};
use crate::train::{LearnError, Task};

/// What a text or an id is known by.
type Hash = [u8; 16];

/// A set in the making; gone when it is dropped before it is finished.
pub struct SetDraft<'a> {
    asked: SetRequest,
    champion: &'a Artefact,
    dir: PathBuf,
    draft: Draft,
    spill: Spill,
    figures: SetFigures,
    /// Cases that are kept.
    kept: Pools<usize>,
    /// Ids of all that humans judged.
    judged: HashSet<Hash>,
    /// Texts of the audit sample.
    audited: Pools<HashSet<Hash>>,
}

impl<'a> SetDraft<'a> {
    /// Begins the set of `asked` that will lie in `dir`.
    ///
    /// # Errors
    /// The folder can't be written, or holds something else.
    pub fn begin(dir: &Path, asked: SetRequest, champion: &'a Artefact) -> Result<Self, LearnError> {
        let draft = Draft::begin(dir, SET)?;
        // Narratives are nobody else's to read.
        fs::set_permissions(draft.folder(), fs::Permissions::from_mode(0o700))
            .map_err(|source| LearnError::File { path: draft.folder().to_owned(), source })?;
        let heads = champion.manifest.heads.iter().filter(|head| head.kind == Kind::Flag);
        let labelled = heads.map(|head| (head.task.clone(), Pools::default())).collect();
        Ok(Self {
            asked,
            champion,
            dir: dir.to_owned(),
            spill: Spill::begin(draft.folder())?,
            draft,
            figures: SetFigures { labelled, ..SetFigures::default() },
            kept: Pools::default(),
            judged: HashSet::new(),
            audited: Pools::default(),
        })
    }

    /// Takes the next case, the latest judged first: of the rest as many as were requested, of each half of the audit
    /// sample at most [`MOST_AUDITED`].
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn take(&mut self, case: &Case) -> Result<(), LearnError> {
        let pool = case.pool();
        self.figures.cases += 1;
        self.judged.insert(complaint_hash(&case.complaint_id));
        for (flag, labelled) in &mut self.figures.labelled {
            labelled.of_mut(pool).add(case.labels.contains_key(flag));
        }
        if pool != Pool::Rest {
            // Whether it is kept or not: no copy of it is learned.
            self.audited.of_mut(pool).insert(short(&likeness(&case.narrative)));
        }
        let (kept, most) = match pool {
            Pool::Rest => (&mut self.kept.rest, self.asked.rows),
            _ => (self.kept.of_mut(pool), MOST_AUDITED),
        };
        if case.labels.is_empty() {
            self.figures.left_out += 1;
        } else if *kept == most {
            self.figures.older += 1;
        } else {
            *kept += 1;
            self.spill.write(case)?;
        }
        Ok(())
    }

    /// Deals out what was taken, and `files` as they are labelled. `progress` counts rows.
    ///
    /// # Errors
    /// A file can't be read, the folder can't be written, or there is too little to learn from.
    pub fn finish(
        mut self,
        files: &[PathBuf],
        known: &[KnownTree],
        progress: &ProgressBar,
    ) -> Result<Set, LearnError> {
        progress.set_message("making the training set");
        let (learned, calibrating) = self.counts()?;
        let mut tasks = tasks(self.champion, &learned, self.asked.least, known, &mut self.figures)?;
        let sources = columns(self.champion);
        let columns: Vec<Column> = tasks.iter().map(|task| Column::of(task, &sources)).collect();
        let unbiased: Vec<usize> = tasks.iter().map(|task| in_tree(task, &calibrating)).collect();
        let deal = Deal {
            seed: self.asked.seed,
            alone: unbiased.iter().map(|rows| *rows >= LEAST_CALIBRATING).collect(),
        };
        let mut parts = Parts::open(self.draft.folder(), &columns)?;
        self.deal_cases(&columns, &deal, &mut parts, progress)?;
        self.deal_files(files, &columns, &deal, &mut parts, progress)?;

        for (place, task) in tasks.iter().enumerate() {
            let audited = unbiased[place];
            let others = parts.labelled(Part::Validation, place).saturating_sub(audited);
            self.figures.calibrated.insert(task.name.clone(), CalibrationCounts { audited, others });
        }
        let mut teach = (0..tasks.len()).map(|place| parts.teach(place));
        tasks.retain(|task| {
            let teaches = teach.next() == Some(true);
            if !teaches {
                self.figures.not_learned.push(task.name.clone());
            }
            teaches
        });
        let written = parts.finish()?;
        [self.figures.train, self.figures.validation, self.figures.trial] = written;
        let Self { dir, draft, spill, asked, figures, .. } = self;
        if tasks.is_empty() {
            return Err(LearnError::TooFewOutcomes { cases: figures.cases, rows: figures.train });
        }
        spill.remove()?;
        Set::publish(&dir, draft, asked, figures, tasks)
    }

    /// Of what is learned from, copies once; and of what calibrates.
    fn counts(&mut self) -> Result<(Counts, Counts), LearnError> {
        let mut seen: HashSet<Hash> = HashSet::new();
        let (mut learned, mut calibrating) = (Counts::new(), Counts::new());
        let Self { spill, audited, figures, .. } = self;
        spill.read(|case| {
            let (pool, alike) = (case.pool(), likeness(&case.narrative));
            if pool == Pool::Trial || is_copy(audited, pool, &alike) {
                return Ok(());
            }
            for (task, label) in case.labels {
                let of_pool = match pool {
                    Pool::Rest if seen.insert(once(&alike, &task, &label)) => &mut learned,
                    Pool::Calibration => &mut calibrating,
                    _ => continue,
                };
                if figures.speaks(pool, &task) {
                    *of_pool.entry(task).or_default().entry(label).or_default() += 1;
                }
            }
            Ok(())
        })?;
        Ok((learned, calibrating))
    }

    fn deal_cases(
        &mut self,
        columns: &[Column],
        deal: &Deal,
        parts: &mut Parts<'_>,
        progress: &ProgressBar,
    ) -> Result<(), LearnError> {
        let Self { spill, audited, figures, .. } = self;
        spill.read(|case| {
            progress.inc(1);
            let (pool, alike) = (case.pool(), likeness(&case.narrative));
            let label = |column: &Column| {
                let label = case.labels.get(&column.task).filter(|_| figures.speaks(pool, &column.task));
                label.map(|label| column.written(label))
            };
            let mut labels: Vec<Option<String>> = columns.iter().map(label).collect();
            if is_copy(audited, pool, &alike) || labels.iter().all(Option::is_none) {
                figures.left_out += 1;
                return Ok(());
            }
            let part = match pool {
                Pool::Rest => deal.part(&alike, &mut labels),
                Pool::Calibration => Part::Validation,
                Pool::Trial => Part::Trial,
            };
            let Case { complaint_id, received_at, narrative, .. } = &case;
            parts.write(part, &SetRow { complaint_id, received_at: *received_at, narrative, labels: &labels })
        })
    }

    fn deal_files(
        &mut self,
        files: &[PathBuf],
        columns: &[Column],
        deal: &Deal,
        parts: &mut Parts<'_>,
        progress: &ProgressBar,
    ) -> Result<(), LearnError> {
        for file in files {
            let rows = Rows::open(file, FileDefaults::of(file)?)?;
            let named: Vec<LabelColumn> =
                columns.iter().filter(|column| column.is_named(&rows)).map(Column::named).collect();
            for row in rows.labelled_by(&named)? {
                progress.inc(1);
                let Ok(row) = row? else { continue };
                let complaint = &row.complaint;
                let alike = likeness(&complaint.narrative);
                let is_judged = self.judged.contains(&complaint_hash(&complaint.complaint_id));
                if is_judged || is_copy(&self.audited, Pool::Rest, &alike) {
                    self.figures.left_out += 1;
                    continue;
                }
                let mut labels: Vec<Option<String>> =
                    columns.iter().map(|column| column.of_row(&row.labels)).collect();
                let part = deal.part(&alike, &mut labels);
                let (complaint_id, narrative) = (&complaint.complaint_id, &complaint.narrative);
                let received_at = complaint.received_at;
                parts.write(part, &SetRow { complaint_id, received_at, narrative, labels: &labels })?;
            }
        }
        Ok(())
    }
}

/// How complaints outside the audit sample are dealt out.
struct Deal {
    seed: u64,
    /// By column: the audit sample calibrates it, and no other complaint does.
    alone: Vec<bool>,
}

impl Deal {
    /// A tenth is held out, copies together, with its labels of the tasks that the audit sample doesn't calibrate alone. A
    /// complaint without such a label is learned from.
    fn part(&self, alike: &Likeness, labels: &mut [Option<String>]) -> Part {
        let calibrates =
            || self.alone.iter().zip(labels.iter()).any(|(alone, label)| !alone && label.is_some());
        if !is_held_out(alike, self.seed) || !calibrates() {
            return Part::Train;
        }
        for (label, _) in labels.iter_mut().zip(&self.alone).filter(|(_, alone)| **alone) {
            *label = None;
        }
        Part::Validation
    }
}

/// Whether a text of `pool` is one of the audit sample as well, which lies in one part: the trial's before all others, and
/// what calibrates before what is learned.
fn is_copy(audited: &Pools<HashSet<Hash>>, pool: Pool, alike: &Likeness) -> bool {
    let alike = short(alike);
    match pool {
        Pool::Trial => false,
        Pool::Calibration => audited.trial.contains(&alike),
        Pool::Rest => audited.trial.contains(&alike) || audited.calibration.contains(&alike),
    }
}

/// Among millions of texts no two share so many bits by chance.
fn short(alike: &Likeness) -> Hash {
    let [hash, _] = *alike.as_chunks::<16>().0 else { unreachable!("it has 32 bytes") };
    hash
}

/// What copies of a text with the same label of a task share.
fn once(alike: &Likeness, task: &str, label: &str) -> Hash {
    let named = Sha256::new().chain_update(alike).chain_update(task).chain_update([0]).chain_update(label);
    short(&named.finalize().into())
}

/// How many labels of the task are in its tree.
fn in_tree(task: &Task, counts: &Counts) -> usize {
    let (Some(counts), Some(tree)) = (counts.get(&task.name), task.taxonomy()) else { return 0 };
    counts.iter().filter(|(label, _)| tree.has(label)).map(|(_, rows)| rows).sum()
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
