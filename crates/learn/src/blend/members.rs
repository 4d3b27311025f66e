//! The members of a blend: loaded, with their answers to the rows that weigh them.

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
pub(super) struct BlendMember {
    /// Its folder in the blend.
    pub(super) name: String,
    pub(super) artefact: Artefact,
    model: Arc<dyn Model>,
}

/// A member as `training.json` names it.
#[derive(Serialize)]
pub(super) struct MemberRecord<'a> {
    name: &'a str,
    model_id: &'a str,
    family: &'static str,
    version: &'a str,
}

/// The bag first, then the encoders in the order in which they were named.
pub(super) fn open(bag: &Path, encoders: &[PathBuf]) -> Result<Vec<BlendMember>, LearnError> {
    let later = (1..).map(|n: usize| if n == 1 { "encoder".to_owned() } else { format!("encoder-{n}") });
    let named = iter::once(("bag".to_owned(), bag)).chain(later.zip(encoders.iter().map(PathBuf::as_path)));
    named
        .map(|(name, dir)| {
            let artefact = Artefact::open(dir)?;
            Ok(BlendMember { name, model: Libtorch.load(&artefact)?, artefact })
        })
        .collect()
}

/// Every task that a member answers, in the order in which they first come; `columns` say where the labels of a bank's
/// own stand.
pub(super) fn tasks(members: &[BlendMember], columns: &[LabelColumn]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for head in members.iter().flat_map(|member| &member.artefact.manifest.heads) {
        if tasks.iter().all(|task| task.name != head.task) {
            let (name, label_set, kind) = (head.task.clone(), head.label_set.clone(), head.kind);
            let column = columns.iter().find(|column| column.task == name).map(|own| own.column.clone());
            tasks.push(Task { name, label_set, kind, column });
        }
    }
    // A flag is never hinted at and never hints: it goes last, as in all our models.
    tasks.sort_by_key(|task| task.kind == Kind::Flag);
    tasks
}

impl BlendMember {
    pub(super) fn manifest(&self) -> &Manifest {
        &self.artefact.manifest
    }

    pub(super) fn record(&self) -> MemberRecord<'_> {
        let Manifest { model_id, family, .. } = self.manifest();
        MemberRecord { name: &self.name, model_id, family: family.name(), version: &self.artefact.version }
    }

    /// Refuses rows that it has learned from, as far as its `training.json` shows.
    pub(super) fn refuse_known(&self, data: &Data) -> Result<(), LearnError> {
        #[derive(Deserialize)]
        struct Training {
            #[serde(default)]
            row_ids: HashSet<String>,
        }
        // Nothing is known about a model that wasn't learned here.
        let record = fs::read_to_string(self.artefact.dir.join("training.json")).ok();
        let record = record.and_then(|text| serde_json::from_str::<Training>(&text).ok());
        let Some(Training { row_ids }) = record else { return Ok(()) };
        let rows = &data.validation;
        match rows.iter().filter(|row| row_ids.contains(&row.id_hash)).count() {
            0 => Ok(()),
            known => Err(LearnError::Known { member: self.name.clone(), known, rows: rows.len() }),
        }
    }
}

/// The members that know the task of `head`, in their order.
pub(super) fn voices(members: &[BlendMember], head: &Head) -> Result<Vec<Voice>, LearnError> {
    let find = |(at, member): (usize, &BlendMember)| {
        Voice::find(at, &member.name, member.manifest(), head).transpose()
    };
    Ok(members.iter().enumerate().filter_map(find).collect::<Result<_, _>>()?)
}

/// The members' answers: by member, by row, its logits.
pub(super) struct MemberLogits {
    by_member: Vec<Vec<Logits>>,
}

impl MemberLogits {
    /// Asks every member about every row; `progress` counts the answers.
    pub(super) fn about(
        rows: &[Example],
        members: &[BlendMember],
        threads: usize,
        progress: &ProgressBar,
    ) -> Result<Self, LearnError> {
        progress.reset();
        progress.set_length((rows.len() * members.len()) as u64);
        let ask = |member: &BlendMember| {
            progress.set_message(format!("asking {}", member.name));
            score(member.model.as_ref(), rows, threads, progress)
        };
        Ok(Self { by_member: members.iter().map(ask).collect::<Result<_, _>>()? })
    }

    /// How many rows they were asked about.
    pub(super) fn rows(&self) -> usize {
        self.by_member.first().map_or(0, Vec::len)
    }

    /// The first member's answer to each row.
    pub(super) fn first(&self) -> &[Logits] {
        self.by_member.first().map_or(&[], Vec::as_slice)
    }

    /// All members' answers to the row at `place`.
    pub(super) fn of(&self, place: usize) -> Vec<&Logits> {
        self.by_member.iter().map(|rows| &rows[place]).collect()
    }
}
