//! An unfinished run on disk: written whole or not at all, so that a killed run loses no more than what came after.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::error::TuneError;
use super::optimiser::Optimiser;

const IDENTITY: &str = "run.json";
const TENSORS: &str = "tensors.safetensors";
const PROGRESS: &str = "progress.json";
const STATE: &str = "state-";

/// A judgement of the averaged weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps made.
    pub step: usize,
    /// Passes over the examples made.
    pub epoch: f64,
    /// Mean loss of the batches since the last point, dropout and smoothing included.
    pub loss: f64,
    /// What decides; the lower the better.
    pub score: f64,
    /// Named figures on the validation rows.
    pub figures: BTreeMap<String, f64>,
}

/// What a run knows besides its tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TuningState {
    /// Steps made.
    pub(super) step: usize,
    /// Sum of the losses since the last point, and how many.
    pub(super) losses: (f64, usize),
    pub(super) points: Vec<Point>,
    /// The best of `points`.
    pub(super) best: Option<usize>,
}

/// The folder of a run.
pub(super) struct Work<'a> {
    dir: &'a Path,
}

impl<'a> Work<'a> {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// It is the folder of a run with another identity.
    pub(super) fn open(dir: &'a Path, identity: &BTreeMap<String, String>) -> Result<Self, TuneError> {
        fs::create_dir_all(dir).map_err(TuneError::file(dir))?;
        let path = dir.join(IDENTITY);
        let found = match fs::read(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_whole(&path, &json(identity))?;
                return Ok(Self { dir });
            }
            Err(error) => return Err(TuneError::file(path)(error)),
        };
        let found: BTreeMap<String, String> = serde_json::from_slice(&found)
            .map_err(|error| TuneError::Damaged { path, what: error.to_string() })?;
        let differs = |name: &&String| found.get(*name) != identity.get(*name);
        let differing: Vec<&str> =
            identity.keys().chain(found.keys()).filter(differs).map(String::as_str).collect();
        match differing.first() {
            None => Ok(Self { dir }),
            Some(what) => Err(TuneError::OtherRun { dir: dir.to_owned(), what: (*what).to_owned() }),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes the run as it stands, and removes what was written before.
    pub(super) fn keep(
        &self,
        state: &TuningState,
        optimiser: &Optimiser,
        best: &[Tensor],
    ) -> Result<(), TuneError> {
        let mut tensors = Vec::new();
        for (number, slot) in optimiser.slots.iter().enumerate() {
            for (name, tensor) in [
                ("weight", &slot.weight),
                ("average", &slot.average),
                ("mean", &slot.mean),
                ("square", &slot.square),
            ] {
                tensors.push((format!("{name}.{number}"), tensor.shallow_clone()));
            }
        }
        let best = best.iter().enumerate();
        tensors.extend(best.map(|(number, tensor)| (format!("best.{number}"), tensor.shallow_clone())));

        let name = format!("{STATE}{:09}", state.step);
        let partial = self.dir.join("partial");
        remove(&partial)?;
        fs::create_dir_all(&partial).map_err(TuneError::file(&partial))?;
        let file = partial.join(TENSORS);
        Tensor::write_safetensors(&tensors, &file)?;
        File::open(&file).and_then(|file| file.sync_all()).map_err(TuneError::file(&file))?;
        write_whole(&partial.join(PROGRESS), &json(state))?;
        let older = self.states()?;
        let dir = self.dir.join(name);
        remove(&dir)?;
        fs::rename(&partial, &dir).map_err(TuneError::file(&dir))?;
        older.iter().filter(|older| **older != dir).try_for_each(|older| remove(older))
    }

    /// The newest state, put into `optimiser`; with the best averages so far. `None` where none was kept yet.
    pub(super) fn resume(
        &self,
        optimiser: &mut Optimiser,
    ) -> Result<Option<(TuningState, Vec<Tensor>)>, TuneError> {
        let Some(dir) = self.states()?.pop() else { return Ok(None) };
        let damaged = |file: &str, what: String| TuneError::Damaged { path: dir.join(file), what };
        let file = dir.join(PROGRESS);
        let state = fs::read(&file).map_err(TuneError::file(&file))?;
        let state: TuningState =
            serde_json::from_slice(&state).map_err(|error| damaged(PROGRESS, error.to_string()))?;
        let tensors = Tensor::read_safetensors(dir.join(TENSORS))
            .map_err(|error| damaged(TENSORS, error.to_string()))?;
        let mut tensors: BTreeMap<String, Tensor> = tensors.into_iter().collect();
        let mut take = |name: String, like: &Tensor| match tensors.remove(&name) {
            Some(tensor) if tensor.size() == like.size() => Ok(tensor),
            _ => Err(damaged(TENSORS, format!("{name} is missing or of another shape"))),
        };
        let mut best = Vec::new();
        for (number, slot) in optimiser.slots.iter_mut().enumerate() {
            if state.best.is_some() {
                best.push(take(format!("best.{number}"), &slot.weight)?);
            }
            for (name, tensor) in [
                ("weight", &mut slot.weight),
                ("average", &mut slot.average),
                ("mean", &mut slot.mean),
                ("square", &mut slot.square),
            ] {
                let kept = take(format!("{name}.{number}"), tensor)?;
                tensor.f_copy_(&kept)?;
            }
        }
        Ok(Some((state, best)))
    }

    /// Folders of states, the newest last.
    fn states(&self) -> Result<Vec<PathBuf>, TuneError> {
        let mut states = Vec::new();
        for entry in fs::read_dir(self.dir).map_err(TuneError::file(self.dir))? {
            let entry = entry.map_err(TuneError::file(self.dir))?;
            if entry.file_name().to_string_lossy().starts_with(STATE) {
                states.push(entry.path());
            }
        }
        states.sort();
        Ok(states)
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec_pretty(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("names and numbers are JSON: {error}"),
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TuneError> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).map_err(TuneError::file(&partial))?;
    fs::rename(&partial, path).map_err(TuneError::file(path))
}

fn remove(dir: &Path) -> Result<(), TuneError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(TuneError::file(dir)(error)),
        _ => Ok(()),
    }
}
