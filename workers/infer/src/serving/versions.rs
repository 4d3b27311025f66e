//! How far this process is with each version: plain data, with time as an argument.
//!
//! unknown -> wanted (by a strategy) -> loading -> ready | refused (its bytes) | hindered (this host) -> loading -> ...

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use ombud_contract::records::{Arm, ModelState, ModelVersion, Role};
use ombud_models::{HostFault, Registry, Rejection};
use tracing::info;

use super::decide::{Ask, Availability, Bringer, Decision, decide};
use crate::served::{Served, Unserved};

/// For how long a version that only old complaints ask for is left alone: one that nobody could bring is not tried again,
/// and one that was brought for them is not dropped.
const REPLAY_GRACE: Duration = Duration::from_secs(30);
/// So many models that only a replay asks for stay while it does, however few spare ones are kept: its partitions pass a
/// change of the strategy one after the other, and would have both sides of it loaded over and over.
pub(super) const REPLAY_MODELS: usize = 2;
/// How often it is logged again that a version is unavailable.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// Who answers for an arm.
pub(crate) struct Answering {
    pub(crate) served: Arc<Served>,
    /// The arm that it last decided the task as, where it is not the one that was asked: its answers are that arm's.
    pub(crate) stands_in_as: Option<Arm>,
}

/// A version that was rejected here, and that the registry does not have as rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnreportedRejection {
    pub(crate) model_id: String,
    pub(crate) version: String,
    pub(crate) rejection: Rejection,
}

/// How far one version is in this process.
pub(super) enum VersionState {
    /// A strategy names it, and the loader has not begun to bring it.
    Wanted { since: Instant },
    /// Somebody brings it. `for_replay`: a complaint of an older strategy asked, which is decided by this version alone, or
    /// a replay would not repeat. `last_fault`: why the try before failed.
    Loading { since: Instant, for_replay: bool, last_fault: Option<HostFault> },
    /// It serves. `for_replay`: brought for complaints of an older strategy, which may go on asking.
    Ready { served: Arc<Served>, used: Instant, for_replay: bool },
    /// Never, unless it is registered again.
    Refused(Unserved),
    /// Not now, because of this host. `since`: of the first try; `tried`: of the last.
    Hindered { unserved: Unserved, fault: HostFault, since: Instant, tried: Instant },
}

/// The model that last decided a task, and the arm that it did so as.
struct LastDecided {
    arm: Arm,
    served: Arc<Served>,
}

/// A model that serves and that no strategy in force names; the one that was used last is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UnwantedModel {
    used: Instant,
    for_replay: bool,
    version: String,
}

/// All versions that somebody has asked for.
#[derive(Default)]
pub(super) struct Versions {
    by_version: HashMap<String, VersionState>,
    /// By task: it stands in while a newer one can't serve.
    last_decided: HashMap<String, LastDecided>,
    pub(super) registry: Arc<Registry>,
    pub(super) rejections: Vec<UnreportedRejection>,
    /// When it was last logged of a version that it is unavailable.
    warned: HashMap<String, Instant>,
}

impl Versions {
    /// What becomes of an ask for `arm` in `task`. `is_stopping`: it has waited, and the process stops.
    pub(super) fn answer(
        &mut self,
        task: &str,
        arm: &Arm,
        bringer: Bringer,
        is_stopping: bool,
        now: Instant,
    ) -> Decision<Answering, Answering> {
        if bringer == Bringer::Loader {
            // The loader may not have seen this strategy yet.
            self.want(&arm.model_version, now);
        }
        if let Some(VersionState::Ready { used, .. }) = self.by_version.get_mut(&arm.model_version) {
            *used = now;
        }
        let decides = arm.role == Role::Deciding;
        let ask = Ask { decides, bringer, stand_in: self.last_decided.get(task), is_stopping };
        match decide(ask, self.availability(task, &arm.model_version, now)) {
            Decision::Serve(served) => {
                let served = Arc::clone(served);
                self.remember(task, arm, &served);
                Decision::Serve(Answering { served, stands_in_as: None })
            }
            Decision::StandIn(LastDecided { arm, served }) => {
                let (served, stands_in_as) = (Arc::clone(served), Some(arm.clone()));
                Decision::StandIn(Answering { served, stands_in_as })
            }
            Decision::Wait => Decision::Wait,
            Decision::Bring => Decision::Bring,
            Decision::Unserved => Decision::Unserved,
            Decision::Stop => Decision::Stop,
        }
    }

    fn availability(&self, task: &str, version: &str, now: Instant) -> Availability<&Arc<Served>> {
        match self.by_version.get(version) {
            None => Availability::Unknown,
            Some(VersionState::Wanted { since }) => Availability::Wanted { for_long: now - *since },
            Some(VersionState::Loading { since, for_replay, .. }) => {
                Availability::Loading { for_long: now - *since, for_replay: *for_replay }
            }
            Some(VersionState::Ready { served, .. }) => {
                Availability::Ready { model: served, answers_task: served.head(task).is_some() }
            }
            Some(VersionState::Refused(_) | VersionState::Hindered { .. }) => Availability::Failed,
        }
    }

    /// `served` answers `task` as `arm`: from now on it stands in for the task, unless the arm is a shadow, which decides
    /// nothing, not as a stand-in either.
    fn remember(&mut self, task: &str, arm: &Arm, served: &Arc<Served>) {
        let is_known = |last: &LastDecided| Arc::ptr_eq(&last.served, served) && last.arm.name == arm.name;
        if arm.role == Role::Deciding && !self.last_decided.get(task).is_some_and(is_known) {
            let last = LastDecided { arm: arm.clone(), served: Arc::clone(served) };
            self.last_decided.insert(task.to_owned(), last);
        }
    }

    /// Why the version of `arm` does not answer `task`.
    pub(super) fn why_unserved(&self, task: &str, arm: &Arm) -> Unserved {
        match self.by_version.get(&arm.model_version) {
            None | Some(VersionState::Wanted { .. }) => Unserved::of(arm, "it is still to be loaded", true),
            Some(VersionState::Loading { .. }) => Unserved::of(arm, "it is being loaded", true),
            Some(VersionState::Refused(unserved) | VersionState::Hindered { unserved, .. }) => {
                unserved.clone()
            }
            Some(VersionState::Ready { .. }) => {
                let why =
                    format!("it has no head for task {task}: name a model that answers it in the strategy");
                Unserved::of(arm, why, false)
            }
        }
    }

    /// Has the loader bring `version`, where nobody has asked for it yet.
    fn want(&mut self, version: &str, now: Instant) {
        if self.get(version).is_none() {
            self.set(version, VersionState::Wanted { since: now });
        }
    }

    /// Has the loader bring what `arms` name; those of them that are still to be brought.
    pub(super) fn claim(&mut self, arms: &[Arm], now: Instant) -> Vec<Arm> {
        let is_open = |arm: &&Arm| {
            self.want(&arm.model_version, now);
            let state = self.by_version.get(&arm.model_version);
            matches!(state, Some(VersionState::Wanted { .. } | VersionState::Hindered { .. }))
        };
        arms.iter().filter(is_open).cloned().collect()
    }

    pub(super) fn get(&self, version: &str) -> Option<&VersionState> {
        self.by_version.get(version)
    }

    pub(super) fn set(&mut self, version: &str, state: VersionState) {
        self.by_version.insert(version.to_owned(), state);
    }

    pub(super) fn forget(&mut self, version: &str) {
        self.by_version.remove(version);
    }

    /// Whether it is time to log that `version` is unavailable; if so, it counts as logged.
    pub(super) fn may_warn(&mut self, version: &str, now: Instant) -> bool {
        let is_due = self.warned.get(version).is_none_or(|warned| now - *warned >= WARN_INTERVAL);
        if is_due {
            self.warned.insert(version.to_owned(), now);
        }
        is_due
    }

    /// `version` serves: should it become unavailable, that is logged at once.
    pub(super) fn forget_warning(&mut self, version: &str) {
        self.warned.remove(version);
    }

    /// Which of `arms` this host can't serve now, though nothing is known to be wrong with their versions.
    pub(super) fn hindered<'a>(&self, arms: &'a [Arm]) -> Vec<(&'a Arm, HostFault)> {
        let fault = |arm: &Arm| match self.by_version.get(&arm.model_version)? {
            VersionState::Hindered { fault, .. } => Some(*fault),
            VersionState::Loading { last_fault, .. } => *last_fault,
            VersionState::Wanted { .. } | VersionState::Ready { .. } | VersionState::Refused(_) => None,
        };
        arms.iter().filter_map(|arm| Some((arm, fault(arm)?))).collect()
    }

    /// Takes what the registry says now. `changed`: versions that were registered again get another chance.
    pub(super) fn follow(&mut self, registry: &Arc<Registry>, changed: &[ModelVersion]) {
        self.registry = Arc::clone(registry);
        for record in changed.iter().filter(|record| record.state == ModelState::Registered) {
            if matches!(self.by_version.get(&record.version), Some(VersionState::Refused(_))) {
                self.by_version.remove(&record.version);
            }
            // What was found before is not reported of what was registered since.
            self.rejections.retain(|rejected| rejected.version != record.version);
        }
    }

    /// Drops the models that no strategy in force names (`wanted` are the versions that one does), but for the `spare` ones
    /// that were used last and those that a replay asks for. Gives which versions are loaded now.
    ///
    /// A version that the registry has as rejected, by another worker, is dropped here as soon as it isn't wanted, and
    /// serves while it is: it was probed here too, and one host's broken memory must not silence a task everywhere.
    pub(super) fn keep(&mut self, wanted: &BTreeSet<String>, spare: usize, now: Instant) -> BTreeSet<String> {
        let Self { by_version, last_decided, registry, warned, .. } = self;
        let rejected = |served: &Served| {
            let known = registry.get(&served.artefact.manifest.model_id, &served.artefact.version);
            known.is_some_and(|known| known.state == ModelState::Rejected)
        };
        let (mut unwanted, mut dropped) = (Vec::new(), Vec::new());
        for (version, state) in by_version.iter_mut() {
            let VersionState::Ready { served, used, for_replay } = state else { continue };
            match wanted.contains(version) {
                // From here on it is a strategy's, and no replay's.
                true => *for_replay = false,
                false if rejected(served) => dropped.push(version.clone()),
                false => {
                    let version = version.clone();
                    unwanted.push(UnwantedModel { used: *used, for_replay: *for_replay, version });
                }
            }
        }
        unwanted.sort_by(|a, b| b.cmp(a));
        for (place, UnwantedModel { used, for_replay, version }) in unwanted.into_iter().enumerate() {
            let is_replayed = for_replay && place < REPLAY_MODELS && now - used < REPLAY_GRACE;
            if place >= spare && !is_replayed {
                dropped.push(version);
            }
        }
        for version in dropped {
            by_version.remove(&version);
            info!(version, "model dropped");
        }
        last_decided.retain(|_, LastDecided { served, .. }| {
            wanted.contains(&served.artefact.version) || !rejected(served)
        });
        by_version.retain(|version, state| match state {
            VersionState::Hindered { tried: at, .. } | VersionState::Wanted { since: at } => {
                wanted.contains(version) || now - *at < REPLAY_GRACE
            }
            VersionState::Loading { .. } | VersionState::Ready { .. } | VersionState::Refused(_) => true,
        });
        warned.retain(|_, warned| now - *warned < WARN_INTERVAL);
        let ready = by_version.iter().filter(|(_, state)| matches!(state, VersionState::Ready { .. }));
        ready.map(|(version, _)| version.clone()).collect()
    }

    /// When it was last logged of each version that it is unavailable.
    #[cfg(test)]
    pub(super) fn warned(&self) -> &HashMap<String, Instant> {
        &self.warned
    }
}
