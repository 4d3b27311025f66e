//! The models that are loaded, by version: brought beside the ones that serve, probed before they are offered, and
//! dropped when nothing names them any more. Nobody waits for a model that another one can stand in for.
//!
//! ask -> `decide`: serve | stand in | wait | bring (`bringing`) -> ask again

mod bringing;
mod decide;
mod versions;

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use bringing::begin_counts;
pub(crate) use decide::Bringer;
use decide::Decision;
use ombud_contract::records::{Arm, ModelVersion};
use ombud_models::{HostFault, LoadModel, Registry, Sources, Stop};
pub(crate) use versions::{Answering, UnreportedRejection};
use versions::{VersionState, Versions};

use crate::served::Unserved;

/// How often a thread that waits for a version checks whether the process is to stop.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// Why nobody answers for an arm.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Neither its model nor, of an arm that decides, any other.
    #[error(transparent)]
    Unserved(#[from] Unserved),
    /// The process stops while the model was waited for: the next owner of the complaint asks again.
    #[error("wait for a model: the process stops")]
    Stopped,
}

/// What was loaded so far; shared by the threads of a process.
pub struct Serving {
    sources: Sources,
    loader: Arc<dyn LoadModel>,
    /// Loaded models that no strategy in force names, kept for a roll-back or a replay.
    spare: usize,
    /// Whether the process is to stop.
    stop: Stop,
    versions: Mutex<Versions>,
    /// A version that was being brought serves, or is known not to.
    settled: Condvar,
}

impl Serving {
    /// Serves models out of `sources`, and keeps `spare` of those loaded that no strategy in force names. `stop` says that
    /// the process is to stop: waiting for a model ends then.
    pub fn new(sources: Sources, loader: Arc<dyn LoadModel>, spare: usize, stop: Stop) -> Self {
        Self { sources, loader, spare, stop, versions: Mutex::default(), settled: Condvar::new() }
    }

    /// Who answers `task` for `arm`: its own version. While that one is being loaded or is unavailable, the last one that
    /// decided the task stands in for an arm that decides, under its own name; nobody stands in for a shadow, whose
    /// answers are there to be compared. `bringer` brings a version that nobody has tried.
    ///
    /// # Errors
    /// See [`Unanswered`].
    pub(crate) fn for_arm(&self, task: &str, arm: &Arm, bringer: Bringer) -> Result<Answering, Unanswered> {
        let mut versions = self.versions();
        let mut has_waited = false;
        loop {
            let is_stopping = has_waited && self.stop.requested();
            match versions.answer(task, arm, bringer, is_stopping, Instant::now()) {
                Decision::Serve(answering) | Decision::StandIn(answering) => return Ok(answering),
                Decision::Unserved => return Err(versions.why_unserved(task, arm).into()),
                Decision::Stop => return Err(Unanswered::Stopped),
                Decision::Wait => versions = self.wait(versions),
                Decision::Bring => {
                    drop(versions);
                    // What became of it is read in the next round.
                    self.bring(arm, true, &self.stop);
                    versions = self.versions();
                }
            }
            has_waited = true;
        }
    }

    /// Brings the version of `arm`, or waits for the thread that brings it already. [`Serving::for_arm`] says what became of
    /// it.
    ///
    /// # Errors
    /// [`Unanswered::Stopped`].
    pub(crate) fn settle(&self, arm: &Arm) -> Result<(), Unanswered> {
        let mut versions = self.versions();
        loop {
            match versions.get(&arm.model_version) {
                Some(
                    VersionState::Ready { .. } | VersionState::Refused(_) | VersionState::Hindered { .. },
                ) => {
                    return Ok(());
                }
                _ if self.stop.requested() => return Err(Unanswered::Stopped),
                Some(VersionState::Loading { .. }) => versions = self.wait(versions),
                Some(VersionState::Wanted { .. }) | None => {
                    drop(versions);
                    self.bring(arm, false, &self.stop);
                    versions = self.versions();
                }
            }
        }
    }

    /// Waits until a version is settled, or for [`STOP_CHECK_INTERVAL`]. Bringing one is bounded by the deadlines of
    /// fetching it.
    fn wait<'a>(&'a self, versions: MutexGuard<'a, Versions>) -> MutexGuard<'a, Versions> {
        self.settled.wait_timeout(versions, STOP_CHECK_INTERVAL).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Claims what `arms` name for the loader, all of it before it brings any: so nobody else begins to. Gives those that
    /// it is to bring.
    pub(crate) fn claim(&self, arms: &[Arm]) -> Vec<Arm> {
        self.versions().claim(arms, Instant::now())
    }

    /// Which of `arms` this host can't serve now, though nothing is known to be wrong with their versions.
    pub(crate) fn hindered<'a>(&self, arms: &'a [Arm]) -> Vec<(&'a Arm, HostFault)> {
        self.versions().hindered(arms)
    }

    /// Takes what the registry says now. `changed`: versions that were registered again get another chance.
    pub(crate) fn follow(&self, registry: &Arc<Registry>, changed: &[ModelVersion]) {
        self.versions().follow(registry, changed);
    }

    /// Drops the models that no strategy in force names; see [`Versions::keep`]. A thread that still uses one finishes with it.
    /// Gives which versions are loaded now.
    pub(crate) fn keep(&self, wanted: &BTreeSet<String>) -> BTreeSet<String> {
        let ready = self.versions().keep(wanted, self.spare, Instant::now());
        metrics::gauge!("ombud_models_loaded").set(ready.len() as f64);
        ready
    }

    /// Gives memory back; see [`LoadModel::tidy`].
    pub(crate) fn tidy(&self) {
        self.loader.tidy();
    }

    /// What was rejected and not reported yet; a version once, and none that the registry has as rejected.
    pub(crate) fn rejections(&self) -> Vec<UnreportedRejection> {
        self.versions().rejections.clone()
    }

    /// This rejection is reported, for good.
    pub(crate) fn reported(&self, rejection: &UnreportedRejection) {
        self.versions().rejections.retain(|other| other != rejection);
    }

    /// Whether the process is to stop.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Where artefacts lie.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    // A panic elsewhere leaves whole entries behind.
    fn versions(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
