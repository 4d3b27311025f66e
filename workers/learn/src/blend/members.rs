//! The members of a blend to be: loaded, and what they say about the rows that weigh them.

use std::collections::HashSet;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::ProgressBar;
use ombud_intake::LabelColumn;
use ombud_models::{Artefact, Head, Kind, LoadModel, Logits, Manifest, Model};
use ombud_torch::Libtorch;
use ombud_torch::blend::Voice;
use serde::{Deserialize, Serialize};

use crate::train::examples::{Data, Example};
use crate::train::score::score;
use crate::train::{LearnError, Task};

/// An artefact that joins the blend.
pub(super) struct Member {
    /// Its folder in the blend.
    pub(super) name: String,
    pub(super) artefact: Artefact,
    model: Arc<dyn Model>,
}

/// A member as `training.json` tells of it.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    name: &'a str,
    model_id: &'a str,
    family: &'static str,
    version: &'a str,
}

/// The bag first, then the encoders in the order in which they were said.
pub(super) fn open(bag: &Path, encoders: &[PathBuf]) -> Result<Vec<Member>, LearnError> {
    let later = (1..).map(|n: usize| if n == 1 { "encoder".to_owned() } else { format!("encoder-{n}") });
    let named = iter::once(("bag".to_owned(), bag)).chain(later.zip(encoders.iter().map(PathBuf::as_path)));
    named
        .map(|(name, dir)| {
            let artefact = Artefact::open(dir)?;
            Ok(Member { name, model: Libtorch.load(&artefact)?, artefact })
        })
        .collect()
}

/// Every task that a member answers, in the order in which they first come; `columns` say where the labels of a bank's
/// own stand.
pub(super) fn tasks(members: &[Member], columns: &[LabelColumn]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for head in members.iter().flat_map(|member| &member.artefact.manifest.heads) {
        if tasks.iter().all(|task| task.name != head.task) {
            let (name, label_set, kind) = (head.task.clone(), head.label_set.clone(), head.kind);
            let column = columns.iter().find(|column| column.task == name).map(|own| own.column.clone());
            tasks.push(Task { name, label_set, kind, column });
        }
    }
    // A flag is never hinted at and never hints: it goes last, as in every model of ours.
    tasks.sort_by_key(|task| task.kind == Kind::Flag);
    tasks
}

impl Member {
    pub(super) fn manifest(&self) -> &Manifest {
        &self.artefact.manifest
    }

    pub(super) fn told(&self) -> Told<'_> {
        let Manifest { model_id, family, .. } = self.manifest();
        Told { name: &self.name, model_id, family: family.name(), version: &self.artefact.version }
    }

    /// Refuses rows that it has learned from, as far as its `training.json` tells.
    pub(super) fn refuse_known(&self, data: &Data) -> Result<(), LearnError> {
        #[derive(Deserialize)]
        struct Training {
            #[serde(default)]
            row_ids: HashSet<String>,
        }
        // A model that wasn't learned here tells nothing.
        let told = fs::read_to_string(self.artefact.dir.join("training.json")).ok();
        let told = told.and_then(|text| serde_json::from_str::<Training>(&text).ok());
        let Some(Training { row_ids }) = told else { return Ok(()) };
        let rows = &data.validation;
        match rows.iter().filter(|row| row_ids.contains(&row.id_hash)).count() {
            0 => Ok(()),
            known => Err(LearnError::Known { member: self.name.clone(), known, rows: rows.len() }),
        }
    }
}

/// The members that know the task of `head`, in their order.
pub(super) fn voices(members: &[Member], head: &Head) -> Result<Vec<Voice>, LearnError> {
    let find =
        |(at, member): (usize, &Member)| Voice::find(at, &member.name, member.manifest(), head).transpose();
    Ok(members.iter().enumerate().filter_map(find).collect::<Result<_, _>>()?)
}

/// What the members say: by row, by member, its logits.
pub(super) struct Said {
    by_member: Vec<Vec<Logits>>,
}

impl Said {
    /// Asks every member about every row; `progress` counts the answers.
    pub(super) fn about(
        rows: &[Example],
        members: &[Member],
        threads: usize,
        progress: &ProgressBar,
    ) -> Result<Self, LearnError> {
        progress.reset();
        progress.set_length((rows.len() * members.len()) as u64);
        let ask = |member: &Member| {
            progress.set_message(format!("asking {}", member.name));
            score(member.model.as_ref(), rows, threads, progress)
        };
        Ok(Self { by_member: members.iter().map(ask).collect::<Result<_, _>>()? })
    }

    /// How many rows they were asked about.
    pub(super) fn rows(&self) -> usize {
        self.by_member.first().map_or(0, Vec::len)
    }

    /// What the first member says about each row.
    pub(super) fn first(&self) -> &[Logits] {
        self.by_member.first().map_or(&[], Vec::as_slice)
    }

    /// What all members say about the row at `place`.
    pub(super) fn of(&self, place: usize) -> Vec<&Logits> {
        self.by_member.iter().map(|rows| &rows[place]).collect()
    }
}
