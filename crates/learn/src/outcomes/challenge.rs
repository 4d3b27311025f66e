//! The champion's recipe again, on the data that is known by now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use ombud_models::{Artefact, Family};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::set::Set;
use crate::train::artefact::beside;
use crate::train::examples::digest;
use crate::train::{Job, LearnError, LearnedModel, Lineage, Task};
use crate::{bag, blend, encoder};

/// What a model's recipe lies in.
const TRAINING: &str = "training.json";

/// Learns a challenger.
pub struct Challenge<'a> {
    /// Whose recipe is followed.
    pub champion: &'a Artefact,
    /// What is learned from.
    pub set: &'a Set,
    /// The artefact's folder. Members of a blend are learned beside it.
    pub out: PathBuf,
    /// What the registry and the strategy will call the model.
    pub model_id: String,
    /// The folder of the encoder that encoders start from.
    pub base: Option<PathBuf>,
    /// Threads, where encoders are learned.
    pub threads: usize,
    /// Bytes on disk that an encoder's frozen layers may take.
    pub most_frozen_bytes: u64,
    /// How often an encoder's unfinished run is kept.
    pub keep_every: Duration,
}

impl Challenge<'_> {
    /// Learns and writes, or resumes where a run of the same set was killed: what is there already is not learned again, nor is a
    /// member of a blend, and an encoder resumes at its last step. `progress` as of the family.
    ///
    /// # Errors
    /// The champion's recipe is unknown, an encoder has no base, or learning fails.
    pub fn run(&self, progress: &ProgressBar) -> Result<Artefact, LearnError> {
        if self.is_done()? {
            return Ok(Artefact::open(&self.out)?);
        }
        let report = match self.champion.manifest.family {
            Family::Blend => self.blend(progress)?,
            family => self.single(family, &self.champion.dir, &self.out, &self.model_id, progress)?,
        };
        self.forget()?;
        Ok(report.artefact)
    }

    /// Whether `out` holds what was learned from this very set: an earlier run has finished.
    ///
    /// # Errors
    /// The set can't be read.
    pub fn is_done(&self) -> Result<bool, LearnError> {
        self.is_learned(&self.out)
    }

    /// Whether `dir` holds what was learned from this very set.
    fn is_learned(&self, dir: &Path) -> Result<bool, LearnError> {
        #[derive(Deserialize)]
        struct From {
            files: Vec<File>,
        }
        #[derive(Deserialize)]
        struct File {
            sha256: String,
        }
        let source = fs::read_to_string(dir.join(TRAINING)).ok();
        let Some(from) = source.and_then(|text| serde_json::from_str::<From>(&text).ok()) else {
            return Ok(false);
        };
        let learned = digest(&self.set.train())?;
        Ok(from.files.iter().map(|file| &file.sha256).eq([&learned]))
    }

    /// To learn from the set a model that will lie in `out`.
    fn job(&self, out: &Path, model_id: &str) -> Job {
        let (files, lineage) = (vec![self.set.train()], self.lineage());
        Job { files, out: out.to_owned(), model_id: model_id.to_owned(), lineage }
    }

    fn lineage(&self) -> Lineage {
        let (asked, figures) = (self.set.asked().clone(), self.set.figures().clone());
        Lineage {
            parent_version: Some(self.champion.version.clone()),
            outcomes: Some((asked, figures)),
            reads: self.champion.manifest.reads(),
        }
    }

    /// A bag or an encoder, by the recipe that lies in `source`.
    fn single(
        &self,
        family: Family,
        source: &Path,
        out: &Path,
        model_id: &str,
        progress: &ProgressBar,
    ) -> Result<LearnedModel, LearnError> {
        let (job, validation) = (self.job(out, model_id), Some(self.set.validation()));
        if family == Family::Bag {
            let TrainingRecord::<bag::Recipe> { seed, mut recipe } = learned(source)?;
            recipe.heads.retain_mut(|head| self.grow(&mut head.task));
            return bag::Train { job, validation, seed, recipe }.run(progress);
        }
        let TrainingRecord::<encoder::Recipe> { seed, mut recipe } = learned(source)?;
        recipe.heads.retain_mut(|head| self.grow(&mut head.task));
        let base = self.base.clone().ok_or(LearnError::NoBase)?;
        let (threads, most_frozen_bytes) = (self.threads, self.most_frozen_bytes);
        let keep_every = self.keep_every;
        let train =
            encoder::Train { job, base, validation, seed, threads, most_frozen_bytes, keep_every, recipe };
        Ok(train.run(progress)?.report)
    }

    fn blend(&self, progress: &ProgressBar) -> Result<LearnedModel, LearnError> {
        let TrainingRecord::<BlendRecipe> { recipe: BlendRecipe { members, recipe }, .. } =
            learned(&self.champion.dir)?;
        let mut dirs = Vec::new();
        for RecipeMember { name, family } in &members {
            let dir = self.members().join(name);
            if !self.is_learned(&dir)? {
                let (source, model_id) = (self.champion.dir.join(name), format!("{}-{name}", self.model_id));
                let family = if family == Family::Bag.name() { Family::Bag } else { Family::Encoder };
                self.single(family, &source, &dir, &model_id, progress)?;
            }
            dirs.push(dir);
        }
        let [bag, encoders @ ..] = dirs.as_slice() else {
            return Err(LearnError::NotLearnedHere { dir: self.champion.dir.clone() });
        };
        let blend = blend::Blend {
            bag: bag.clone(),
            encoders: encoders.to_vec(),
            validation: self.set.validation(),
            columns: self.set.columns(),
            job: self.job(&self.out, &self.model_id),
            threads: self.threads,
            recipe,
        };
        Ok(blend.run(progress)?.report)
    }

    /// Gives a head of the recipe the label tree that the set's labels are of; `false` where the set has too few labels
    /// to learn it: the challenger doesn't answer it.
    fn grow(&self, task: &mut Task) -> bool {
        let grown = self.set.tasks().iter().find(|grown| grown.name == task.name);
        grown.is_some_and(|grown| {
            task.clone_from(grown);
            true
        })
    }

    /// Where members are kept until the blend is there.
    fn members(&self) -> PathBuf {
        beside(&self.out, ".members")
    }

    fn forget(&self) -> Result<(), LearnError> {
        match fs::remove_dir_all(self.members()) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(LearnError::File { path: self.members(), source })
            }
            _ => Ok(()),
        }
    }
}

/// `training.json`, as far as a recipe goes.
#[derive(Deserialize)]
struct TrainingRecord<R> {
    seed: u64,
    recipe: R,
}

/// A blend's recipe with its members.
#[derive(Deserialize)]
struct BlendRecipe {
    members: Vec<RecipeMember>,
    #[serde(flatten)]
    recipe: blend::Recipe,
}

#[derive(Deserialize)]
struct RecipeMember {
    /// Its folder in the blend.
    name: String,
    family: String,
}

fn learned<R: DeserializeOwned>(dir: &Path) -> Result<TrainingRecord<R>, LearnError> {
    let source = fs::read_to_string(dir.join(TRAINING)).ok();
    source
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| LearnError::NotLearnedHere { dir: dir.to_owned() })
}

/// Of each of the champion's tasks that has one: the column that its labels stood in.
pub(super) fn columns(champion: &Artefact) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Heads {
        #[serde(default)]
        heads: Vec<Task>,
        #[serde(default)]
        members: Vec<RecipeMember>,
    }
    let source = |dir: &Path| learned::<Heads>(dir).ok().map(|learned| learned.recipe);
    let Some(all) = source(&champion.dir) else { return BTreeMap::new() };
    let of_members = all.members.iter().filter_map(|member| source(&champion.dir.join(&member.name)));
    let heads = of_members.flat_map(|member| member.heads).chain(all.heads);
    heads.filter_map(|task| Some((task.name, task.column?))).collect()
}
