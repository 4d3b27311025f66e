//! The models that are loaded, by version: brought beside the ones that serve, probed before they are offered, and
//! dropped when nothing names them any more. Who asks for a model never waits for one that another could stand in for.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ombud_contract::{
    records::{Arm, ModelState, ModelVersion, Role},
    taxonomy::Taxonomy,
};
use ombud_models::{
    Artefact, Head, LoadModel, Model, Reads, Registry, Rejection, Sources, Unobtained, probe,
};
use tracing::{info, warn};

/// How long a version that only old complaints ask for is left alone: one that nobody could bring, and one that was
/// brought for them.
const LEFT_ALONE: Duration = Duration::from_secs(30);
/// So many models that only a replay asks for stay while it does, however few spare ones are kept: its partitions pass a
/// change of the strategy one after the other, and would have both sides of it loaded over and over.
const REPLAYED: usize = 2;

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
    known: Mutex<Known>,
    /// A version that was under way is there, or is not to come.
    settled: Condvar,
}

#[derive(Default)]
struct Known {
    by_version: HashMap<String, Standing>,
    /// The last model that decided a task: it stands in while a newer one can't.
    last: HashMap<String, Arc<Served>>,
    registry: Arc<Registry>,
    rejected: Vec<Rejected>,
}

/// Where one version stands in this process.
enum Standing {
    /// Somebody brings it. `awaited`: a complaint of an older strategy asked, which is decided by this version alone, or a
    /// replay would not repeat.
    UnderWay { awaited: bool },
    /// It serves. `awaited`: brought for complaints of an older strategy, which may go on asking.
    Ready { served: Arc<Served>, used: Instant, awaited: bool },
    /// Never, unless it is registered again.
    Refused(Unserved),
    /// Not now.
    Later { unserved: Unserved, since: Instant },
}

/// Why a version was not brought.
enum Unbrought {
    Rejected(Rejection),
    /// Rejected by somebody before us, or not to be used by this build.
    Refused(String),
    Later(String),
}

impl Serving {
    /// Serves models out of `sources`, and keeps `spare` of those loaded that no strategy in force names.
    pub fn new(sources: Sources, loader: Arc<dyn LoadModel>, spare: usize) -> Self {
        Self { sources, loader, spare, known: Mutex::default(), settled: Condvar::new() }
    }

    /// The model that answers `task` for `arm`: its own version, or, while that one is under way or can't be had, the
    /// last one that answered the task. A version that nobody has tried is brought at once by who asks: so does a
    /// replay of old complaints find the models of its time.
    ///
    /// # Errors
    /// No version of the task was ever loadable here.
    pub fn for_arm(&self, task: &str, arm: &Arm) -> Result<Arc<Served>, Unserved> {
        let mut known = self.known();
        loop {
            let Known { by_version, last, .. } = &mut *known;
            let stand_in = || last.get(task).cloned();
            match by_version.get_mut(&arm.model_version) {
                Some(Standing::Ready { served, used, .. }) => {
                    *used = Instant::now();
                    if served.head(task).is_some() {
                        let served = Arc::clone(served);
                        // A shadow decides nothing, not as a stand-in either.
                        if arm.role == Role::Deciding {
                            last.insert(task.to_owned(), Arc::clone(&served));
                        }
                        return Ok(served);
                    }
                    let why = format!(
                        "it has no head for task {task}: name a model that answers it in the strategy"
                    );
                    return stand_in().ok_or_else(|| unserved(arm, why));
                }
                Some(Standing::Refused(unserved) | Standing::Later { unserved, .. }) => {
                    return stand_in().ok_or_else(|| unserved.clone());
                }
                Some(Standing::UnderWay { awaited: false }) if last.contains_key(task) => {
                    return stand_in().ok_or_else(|| unserved(arm, "it is under way".to_owned()));
                }
                Some(Standing::UnderWay { .. }) => {
                    known = self.settled.wait(known).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    drop(known);
                    // What became of it is read in the next round.
                    self.bring(arm, true);
                    known = self.known();
                }
            }
        }
    }

    /// Brings the version of `arm` beside those that serve, unless it stands here already; whether it serves now.
    /// Blocks for as long as fetching and loading take.
    pub(crate) fn bring(&self, arm: &Arm, awaited: bool) -> bool {
        let registry = {
            let mut known = self.known();
            match known.by_version.get(&arm.model_version) {
                Some(Standing::Ready { .. }) => return true,
                Some(Standing::UnderWay { .. } | Standing::Refused(_)) => return false,
                Some(Standing::Later { .. }) | None => {}
            }
            known.by_version.insert(arm.model_version.clone(), Standing::UnderWay { awaited });
            Arc::clone(&known.registry)
        };
        let claim = Claim { serving: self, version: &arm.model_version, awaited };
        let brought = self.load(arm, registry.get(&arm.model_id, &arm.model_version));
        let ready = brought.is_ok();
        claim.settle(arm, brought);
        ready
    }

    fn load(&self, arm: &Arm, record: Option<&ModelVersion>) -> Result<Arc<Served>, Unbrought> {
        if let Some(record) = record.filter(|record| record.state == ModelState::Rejected) {
            return Err(Unbrought::Refused(format!(
                "the registry has it as rejected: {}",
                record.state_reason
            )));
        }
        let started = Instant::now();
        let obtained = self.sources.obtain(&arm.model_id, &arm.model_version, record);
        let artefact = obtained.map_err(|why| match why {
            Unobtained::Rejected(rejection) => Unbrought::Rejected(rejection),
            Unobtained::Later(why) => Unbrought::Later(why),
        })?;
        let mut taxonomies = Vec::with_capacity(artefact.manifest.heads.len());
        for head in &artefact.manifest.heads {
            // A newer build may have it: nobody's fault but this one's.
            let unknown =
                || Unbrought::Refused(format!("label set {} is none of this build's", head.label_set));
            taxonomies.push(Taxonomy::by_label_set(&head.label_set).ok_or_else(unknown)?);
        }
        let model = self.loader.load(&artefact).map_err(|error| match error.fault {
            Some(fault) => blamed(&artefact, Rejection::new(fault, chain(&error))),
            None => Unbrought::Later(chain(&error)),
        })?;
        probe(&artefact, model.as_ref()).map_err(|rejection| blamed(&artefact, rejection))?;
        metrics::histogram!("ombud_model_load_seconds").record(started.elapsed().as_secs_f64());
        Ok(Arc::new(Served { reads: artefact.manifest.reads(), artefact, taxonomies, model }))
    }

    /// Takes what the registry says now. `changed`: versions that were registered anew get another chance.
    pub(crate) fn follow(&self, registry: &Arc<Registry>, changed: &[ModelVersion]) {
        let mut known = self.known();
        known.registry = Arc::clone(registry);
        for record in changed.iter().filter(|record| record.state == ModelState::Registered) {
            if matches!(known.by_version.get(&record.version), Some(Standing::Refused(_))) {
                known.by_version.remove(&record.version);
            }
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
        let Known { by_version, last, registry, .. } = &mut *known;
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
        last.retain(|_, served| wanted.contains(&served.artefact.version) || !rejected(served));
        by_version.retain(|version, standing| match standing {
            Standing::Later { since, .. } => wanted.contains(version) || since.elapsed() < LEFT_ALONE,
            _ => true,
        });
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

    /// Where artefacts lie.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    // A panic elsewhere leaves whole entries behind.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A version that this thread brings. Dropped unsettled, by a panic, it leaves the version to the next who asks.
struct Claim<'a> {
    serving: &'a Serving,
    version: &'a str,
    awaited: bool,
}

impl Claim<'_> {
    fn settle(self, arm: &Arm, brought: Result<Arc<Served>, Unbrought>) {
        let (model, version) = (&arm.model_id, &arm.model_version);
        let mut known = self.serving.known();
        let standing = match brought {
            Ok(served) => {
                info!(model, version, "model loaded");
                Standing::Ready { served, used: Instant::now(), awaited: self.awaited }
            }
            Err(Unbrought::Later(why)) => {
                warn!(model, version, why, "model not to be had now: it is tried again");
                Standing::Later { unserved: unserved(arm, why), since: Instant::now() }
            }
            Err(Unbrought::Refused(why)) => {
                warn!(model, version, why, "model refused");
                Standing::Refused(unserved(arm, why))
            }
            Err(Unbrought::Rejected(rejection)) => {
                warn!(
                    model,
                    version,
                    reason = rejection.fault.code(),
                    why = rejection.what,
                    "model rejected"
                );
                metrics::counter!("ombud_models_rejected_total", "reason" => rejection.fault.code())
                    .increment(1);
                let unserved = unserved(arm, rejection.to_string());
                let (model_id, version) = (model.clone(), version.clone());
                known.rejected.push(Rejected { model_id, version, rejection });
                Standing::Refused(unserved)
            }
        };
        known.by_version.insert(version.clone(), standing);
        // Before `self` is dropped, which takes it again.
        drop(known);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.serving.known();
        if matches!(known.by_version.get(self.version), Some(Standing::UnderWay { .. })) {
            known.by_version.remove(self.version);
        }
        drop(known);
        self.serving.settled.notify_all();
    }
}

/// Only what is wrong with the version's own bytes is wrong for everybody: a copy that has changed since it was verified
/// is fetched again.
fn blamed(artefact: &Artefact, rejection: Rejection) -> Unbrought {
    match Artefact::verify(&artefact.dir, &artefact.version) {
        Ok(_) => Unbrought::Rejected(rejection),
        Err(error) => Unbrought::Later(format!("{rejection}; {}", chain(&error))),
    }
}

fn unserved(arm: &Arm, why: String) -> Unserved {
    Unserved { model_id: arm.model_id.clone(), version: arm.model_version.clone(), why }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

#[cfg(test)]
mod tests;
