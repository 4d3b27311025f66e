//! The models that are loaded, by version: brought beside the ones that serve, probed before they are offered, and
//! dropped when nothing names them any more. Who asks for a model never waits for one that another could stand in for.
//!
//! nobody's -> wanted (by a strategy) -> under way -> ready | refused (its bytes) | later (this host) -> under way -> ...

mod bring;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use bring::begin_counts;
use ombud_contract::{
    records::{Arm, ModelState, ModelVersion, Role},
    taxonomy::Taxonomy,
};
use ombud_models::{Artefact, Head, HostFault, LoadModel, Model, Reads, Registry, Rejection, Sources, Stop};
use tracing::info;

/// How long a version that only old complaints ask for is left alone: one that nobody could bring, and one that was
/// brought for them.
const LEFT_ALONE: Duration = Duration::from_secs(30);
/// So many models that only a replay asks for stay while it does, however few spare ones are kept: its partitions pass a
/// change of the strategy one after the other, and would have both sides of it loaded over and over.
const REPLAYED: usize = 2;
/// How long a version that nobody stands in for is waited for, from when a strategy first named it: as long as a
/// strategy's deadline usually is. The complaint is routed without this answer then, wait or no wait.
const UNDER_WAY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often who waits for a version asks whether to stop.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is said again that a version can't be had.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// A loaded, probed model.
pub struct Served {
    /// What it was made of.
    pub artefact: Artefact,
    /// The label tree of each head.
    pub(crate) taxonomies: Vec<&'static Taxonomy>,
    /// What it reads.
    pub(crate) reads: Reads,
    /// What answers.
    pub model: Arc<dyn Model>,
}

impl Served {
    /// The place of `task` among the artefact's heads.
    pub(crate) fn head(&self, task: &str) -> Option<(usize, &Head)> {
        self.artefact.manifest.head(task)
    }
}

/// A model that can't serve, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("serve model {model_id}@{version}: {why}")]
pub struct Unserved {
    /// The model's name.
    pub model_id: String,
    /// Its version.
    pub version: String,
    /// What is wrong, and how to mend it.
    pub why: String,
    /// Whether it may serve later, as it is: this host or the way to the model is at fault.
    pub may_pass: bool,
}

/// Why nobody answers for an arm.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Neither its model nor, of an arm that decides, any other.
    #[error(transparent)]
    Unserved(#[from] Unserved),
    /// The process stops, and the model was waited for: whoever owns the complaint next asks again.
    #[error("wait for a model: the process stops")]
    Stopped,
}

/// Who answers for an arm.
pub(crate) struct Answering {
    pub(crate) served: Arc<Served>,
    /// The arm that it last decided the task as, where it is not the one that was asked: its answers are that arm's.
    pub(crate) stands_in_as: Option<Arm>,
}

/// Who brings a version that nobody has tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bringer {
    /// The loader, which brings what the strategy in force and the coming ones name.
    Loader,
    /// Who asks, for a complaint of an older strategy: so does a replay find the models of its time.
    Asker,
}

/// A version that was rejected here and stands in the registry otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) model_id: String,
    pub(crate) version: String,
    pub(crate) rejection: Rejection,
}

/// What was loaded so far; shared by the threads of a process.
pub struct Serving {
    sources: Sources,
    loader: Arc<dyn LoadModel>,
    /// Loaded models that no strategy in force names, kept for a roll-back or a replay.
    spare: usize,
    /// Whether the process is to stop.
    stop: Stop,
    known: Mutex<Known>,
    /// A version that was under way is there, or is not to come.
    settled: Condvar,
}

#[derive(Default)]
struct Known {
    by_version: HashMap<String, Standing>,
    /// The last model that decided a task, and the arm that it did so as: it stands in while a newer one can't.
    last: HashMap<String, (Arm, Arc<Served>)>,
    registry: Arc<Registry>,
    rejected: Vec<Rejected>,
    /// When it was last said of a version that it can't be had.
    warned: HashMap<String, Instant>,
}

/// Where one version stands in this process.
enum Standing {
    /// A strategy names it, and the loader has not begun to bring it.
    Wanted { since: Instant },
    /// Somebody brings it. `awaited`: a complaint of an older strategy asked, which is decided by this version alone, or a
    /// replay would not repeat. `hindered`: why the try before failed.
    UnderWay { since: Instant, awaited: bool, hindered: Option<HostFault> },
    /// It serves. `awaited`: brought for complaints of an older strategy, which may go on asking.
    Ready { served: Arc<Served>, used: Instant, awaited: bool },
    /// Never, unless it is registered again.
    Refused(Unserved),
    /// Not now, because of this host. `since`: of the first try; `tried`: of the last.
    Later { unserved: Unserved, fault: HostFault, since: Instant, tried: Instant },
}

impl Serving {
    /// Serves models out of `sources`, and keeps `spare` of those loaded that no strategy in force names. `stop` says that
    /// the process is to stop: who waits for a model then waits no longer.
    pub fn new(sources: Sources, loader: Arc<dyn LoadModel>, spare: usize, stop: Stop) -> Self {
        Self { sources, loader, spare, stop, known: Mutex::default(), settled: Condvar::new() }
    }

    /// Who answers `task` for `arm`: its own version. While that one is under way or can't be had, the last one that
    /// decided the task stands in for an arm that decides, under its own name; nobody stands in for a shadow, whose
    /// answers are there to be compared. `bringer` brings a version that nobody has tried.
    ///
    /// # Errors
    /// See [`Unanswered`].
    pub(crate) fn for_arm(&self, task: &str, arm: &Arm, bringer: Bringer) -> Result<Answering, Unanswered> {
        let mut known = self.known();
        let mut has_waited = false;
        loop {
            let Known { by_version, last, .. } = &mut *known;
            let has_stand_in = arm.role == Role::Deciding && last.contains_key(task);
            let instead = |why: Unserved| match last.get(task) {
                Some((as_arm, served)) if has_stand_in => {
                    Ok(Answering { served: Arc::clone(served), stands_in_as: Some(as_arm.clone()) })
                }
                _ => Err(Unanswered::Unserved(why)),
            };
            // Nobody waits for a shadow, nor for one that another can stand in for, nor for ever.
            let may_wait = |since: Instant| {
                arm.role == Role::Deciding && !has_stand_in && since.elapsed() < UNDER_WAY_TIMEOUT
            };
            match by_version.get_mut(&arm.model_version) {
                Some(Standing::Ready { served, used, .. }) => {
                    *used = Instant::now();
                    if served.head(task).is_none() {
                        let why = format!(
                            "it has no head for task {task}: name a model that answers it in the strategy"
                        );
                        return instead(unserved(arm, why, false));
                    }
                    let served = Arc::clone(served);
                    // A shadow decides nothing, not as a stand-in either.
                    if arm.role == Role::Deciding {
                        remember(last, task, arm, &served);
                    }
                    return Ok(Answering { served, stands_in_as: None });
                }
                // The wait ended because the process stops: that says nothing of the model.
                _ if has_waited && self.stop.requested() => return Err(Unanswered::Stopped),
                Some(Standing::Refused(unserved) | Standing::Later { unserved, .. }) => {
                    return instead(unserved.clone());
                }
                Some(Standing::Wanted { since }) => {
                    if !may_wait(*since) {
                        return instead(unserved(arm, "it is still to be loaded".to_owned(), true));
                    }
                }
                Some(Standing::UnderWay { since, awaited, .. }) => {
                    let is_replay = *awaited && bringer == Bringer::Asker;
                    if !is_replay && !may_wait(*since) {
                        return instead(unserved(arm, "it is under way".to_owned(), true));
                    }
                }
                None if bringer == Bringer::Loader => {
                    // It has not seen this strategy yet.
                    by_version.insert(arm.model_version.clone(), Standing::Wanted { since: Instant::now() });
                    continue;
                }
                None => {
                    drop(known);
                    // What became of it is read in the next round.
                    self.bring(arm, true, &self.stop);
                    has_waited = true;
                    known = self.known();
                    continue;
                }
            }
            has_waited = true;
            known = self.wait(known);
        }
    }

    /// Brings the version of `arm`, or waits for who brings it already: what became of it, [`Serving::for_arm`] says.
    ///
    /// # Errors
    /// [`Unanswered::Stopped`].
    pub(crate) fn settle(&self, arm: &Arm) -> Result<(), Unanswered> {
        let mut known = self.known();
        loop {
            match known.by_version.get(&arm.model_version) {
                Some(Standing::Ready { .. } | Standing::Refused(_) | Standing::Later { .. }) => return Ok(()),
                _ if self.stop.requested() => return Err(Unanswered::Stopped),
                Some(Standing::UnderWay { .. }) => known = self.wait(known),
                Some(Standing::Wanted { .. }) | None => {
                    drop(known);
                    self.bring(arm, false, &self.stop);
                    known = self.known();
                }
            }
        }
    }

    /// Until a version is settled, or for [`LOOK`]. Whoever brings one is bounded by the deadlines of fetching it.
    fn wait<'a>(&'a self, known: MutexGuard<'a, Known>) -> MutexGuard<'a, Known> {
        self.settled.wait_timeout(known, LOOK).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Claims what `arms` name for the loader, all of it before it brings any: so nobody else begins to. Gives those that
    /// it is to bring.
    pub(crate) fn claim(&self, arms: &[Arm]) -> Vec<Arm> {
        let mut known = self.known();
        let is_open = |arm: &&Arm| {
            let standing = known.by_version.entry(arm.model_version.clone());
            let standing = standing.or_insert_with(|| Standing::Wanted { since: Instant::now() });
            matches!(standing, Standing::Wanted { .. } | Standing::Later { .. })
        };
        arms.iter().filter(is_open).cloned().collect()
    }

    /// Which of `arms` this host can't serve now, though nothing is known to be wrong with their versions.
    pub(crate) fn hindered<'a>(&self, arms: &'a [Arm]) -> Vec<(&'a Arm, HostFault)> {
        let known = self.known();
        let fault = |arm: &Arm| match known.by_version.get(&arm.model_version)? {
            Standing::Later { fault, .. } => Some(*fault),
            Standing::UnderWay { hindered, .. } => *hindered,
            Standing::Wanted { .. } | Standing::Ready { .. } | Standing::Refused(_) => None,
        };
        arms.iter().filter_map(|arm| Some((arm, fault(arm)?))).collect()
    }

    /// Takes what the registry says now. `changed`: versions that were registered anew get another chance.
    pub(crate) fn follow(&self, registry: &Arc<Registry>, changed: &[ModelVersion]) {
        let mut known = self.known();
        known.registry = Arc::clone(registry);
        for record in changed.iter().filter(|record| record.state == ModelState::Registered) {
            if matches!(known.by_version.get(&record.version), Some(Standing::Refused(_))) {
                known.by_version.remove(&record.version);
            }
            // What was found before is not said of what was registered since.
            known.rejected.retain(|rejected| rejected.version != record.version);
        }
    }

    /// Drops the models that no strategy in force names (`wanted` are the versions that one does), but for a few that
    /// were used last. Whoever still holds one finishes with it.
    ///
    /// A version that the registry has as rejected, by another worker, is dropped here as soon as it isn't wanted, and
    /// goes on while it is: it was probed here too, and one host's broken memory must not silence a task everywhere.
    ///
    /// Gives which versions are loaded now.
    pub(crate) fn keep(&self, wanted: &BTreeSet<String>) -> BTreeSet<String> {
        let mut known = self.known();
        let Known { by_version, last, registry, warned, .. } = &mut *known;
        let rejected = |served: &Served| {
            let known = registry.get(&served.artefact.manifest.model_id, &served.artefact.version);
            known.is_some_and(|known| known.state == ModelState::Rejected)
        };
        let (mut spare, mut dropped) = (Vec::new(), Vec::new());
        for (version, standing) in by_version.iter_mut() {
            let Standing::Ready { served, used, awaited } = standing else { continue };
            match wanted.contains(version) {
                // From here on it is a strategy's, and no replay's.
                true => *awaited = false,
                false if rejected(served) => dropped.push(version.clone()),
                false => spare.push((*used, *awaited, version.clone())),
            }
        }
        spare.sort_by(|a, b| b.cmp(a));
        let goes = |(place, (used, awaited, version)): (usize, (Instant, bool, String))| {
            let asked = awaited && place < REPLAYED && used.elapsed() < LEFT_ALONE;
            (place >= self.spare && !asked).then_some(version)
        };
        dropped.extend(spare.into_iter().enumerate().filter_map(goes));
        for version in dropped {
            by_version.remove(&version);
            info!(version, "model dropped");
        }
        last.retain(|_, (_, served)| wanted.contains(&served.artefact.version) || !rejected(served));
        by_version.retain(|version, standing| match standing {
            Standing::Later { tried: at, .. } | Standing::Wanted { since: at } => {
                wanted.contains(version) || at.elapsed() < LEFT_ALONE
            }
            Standing::UnderWay { .. } | Standing::Ready { .. } | Standing::Refused(_) => true,
        });
        warned.retain(|_, said| said.elapsed() < WARN_EVERY);
        let ready = by_version.iter().filter(|(_, standing)| matches!(standing, Standing::Ready { .. }));
        let ready: BTreeSet<String> = ready.map(|(version, _)| version.clone()).collect();
        metrics::gauge!("ombud_models_loaded").set(ready.len() as f64);
        ready
    }

    /// Gives memory back; see [`LoadModel::tidy`].
    pub(crate) fn tidy(&self) {
        self.loader.tidy();
    }

    /// What was rejected and not told yet; a version once, and none that the registry has as rejected.
    pub(crate) fn rejected(&self) -> Vec<Rejected> {
        self.known().rejected.clone()
    }

    /// Whoever had to know of this rejection does, for good.
    pub(crate) fn told(&self, rejected: &Rejected) {
        self.known().rejected.retain(|other| other != rejected);
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
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has `served` stand in for `task` from now on, as the arm that it decides as.
fn remember(last: &mut HashMap<String, (Arm, Arc<Served>)>, task: &str, arm: &Arm, served: &Arc<Served>) {
    let is_last =
        |(as_arm, known): &(Arm, Arc<Served>)| Arc::ptr_eq(known, served) && as_arm.name == arm.name;
    if !last.get(task).is_some_and(is_last) {
        last.insert(task.to_owned(), (arm.clone(), Arc::clone(served)));
    }
}

fn unserved(arm: &Arm, why: String, may_pass: bool) -> Unserved {
    Unserved { model_id: arm.model_id.clone(), version: arm.model_version.clone(), why, may_pass }
}

#[cfg(test)]
mod tests;
