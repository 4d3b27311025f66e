//! fetch -> verify -> load -> probe, by one thread a version; and what becomes of the version then.

use std::{sync::Arc, time::Instant};

use metrics::{counter, histogram};
use ombud_contract::{
    records::{Arm, ModelState, ModelVersion},
    taxonomy::Taxonomy,
};
use ombud_models::{
    Artefact, Blame, Fault, Hindrance, HostFault, Rejection, ServingFailure, Stop, probe, with_causes,
};
use tracing::{info, warn};

use super::{
    Serving,
    versions::{UnreportedRejection, VersionState},
};
use crate::{
    drift,
    served::{Served, Unserved},
};

/// Why a version was not brought.
enum Unbrought {
    /// Its own bytes: for everybody.
    Rejected(Rejection),
    /// Another worker rejected it before.
    Refused(String),
    /// This host, and for now.
    Hindered(Hindrance),
}

impl From<ServingFailure> for Unbrought {
    fn from(why: ServingFailure) -> Self {
        match why {
            ServingFailure::Rejected(rejection) => Self::Rejected(rejection),
            ServingFailure::Hindered(hindrance) => Self::Hindered(hindrance),
        }
    }
}

/// Begins every series of what is brought at 0.
pub(crate) fn begin_counts() {
    for fault in Fault::ALL {
        counter!("ombud_models_rejected_total", "reason" => fault.code()).increment(0);
    }
    for fault in HostFault::ALL {
        counter!("ombud_model_hindrances_total", "reason" => fault.code()).increment(0);
    }
}

impl Serving {
    /// Brings the version of `arm` beside those that serve, unless it is here already; whether it serves now.
    /// Blocks for as long as fetching and loading take; fetching has deadlines of its own and ends with `stop`.
    pub(crate) fn bring(&self, arm: &Arm, for_replay: bool, stop: &Stop) -> bool {
        let (registry, since) = {
            let mut versions = self.versions();
            let (since, last_fault) = match versions.get(&arm.model_version) {
                Some(VersionState::Ready { .. }) => return true,
                Some(VersionState::Loading { .. } | VersionState::Refused(_)) => return false,
                Some(VersionState::Wanted { since }) => (*since, None),
                Some(VersionState::Hindered { since, fault, .. }) => (*since, Some(*fault)),
                None => (Instant::now(), None),
            };
            versions.set(&arm.model_version, VersionState::Loading { since, for_replay, last_fault });
            (Arc::clone(&versions.registry), since)
        };
        let claim = Claim { serving: self, version: &arm.model_version, for_replay, since };
        let brought = self.load(arm, registry.get(&arm.model_id, &arm.model_version), stop);
        let is_ready = brought.is_ok();
        claim.settle(arm, brought);
        is_ready
    }

    fn load(&self, arm: &Arm, record: Option<&ModelVersion>, stop: &Stop) -> Result<Arc<Served>, Unbrought> {
        if let Some(record) = record.filter(|record| record.state == ModelState::Rejected) {
            return Err(Unbrought::Refused(format!(
                "the registry has it as rejected: {}; where its bytes are right, `ombud models add` its folder again",
                record.state_reason
            )));
        }
        let started = Instant::now();
        let artefact = self.sources.obtain(&arm.model_id, &arm.model_version, record, stop)?;
        let mut taxonomies = Vec::with_capacity(artefact.manifest.heads.len());
        for head in &artefact.manifest.heads {
            let unknown = || {
                let what = format!("label set {} is none of this build's", head.label_set);
                Unbrought::Hindered(Hindrance::new(HostFault::Build, what))
            };
            taxonomies.push(Taxonomy::by_label_set(&head.label_set).ok_or_else(unknown)?);
        }
        let model = self
            .loader
            .load(&artefact)
            .map_err(|error| blamed(&artefact, ServingFailure::new(error.blame, with_causes(&error))))?;
        probe(&artefact, model.as_ref()).map_err(|why| blamed(&artefact, why))?;
        histogram!("ombud_model_load_seconds").record(started.elapsed().as_secs_f64());
        Ok(Arc::new(Served { reads: artefact.manifest.reads(), artefact, taxonomies, model }))
    }
}

/// A version that this thread brings. Dropped unsettled, by a panic, it leaves the version to the next who asks.
struct Claim<'a> {
    serving: &'a Serving,
    version: &'a str,
    for_replay: bool,
    /// When it was first wanted.
    since: Instant,
}

impl Claim<'_> {
    fn settle(self, arm: &Arm, brought: Result<Arc<Served>, Unbrought>) {
        let (model, version) = (&arm.model_id, &arm.model_version);
        let mut versions = self.serving.versions();
        let state = match brought {
            Ok(served) => {
                info!(model, version, "model loaded");
                versions.forget_warning(version);
                drift::begin_answers(served.heads());
                VersionState::Ready { served, used: Instant::now(), for_replay: self.for_replay }
            }
            Err(Unbrought::Hindered(Hindrance { fault, what })) => {
                let (reason, why, now) = (fault.code(), &what, Instant::now());
                counter!("ombud_model_hindrances_total", "reason" => reason).increment(1);
                // A fetch that ended because the process stops is no reason to worry anybody.
                if !self.serving.stop.requested() && versions.may_warn(version, now) {
                    warn!(model, version, reason, why, "model unavailable now: it is tried again");
                }
                let unserved = Unserved::of(arm, format!("{reason}: {what}"), true);
                VersionState::Hindered { unserved, fault, since: self.since, tried: now }
            }
            Err(Unbrought::Refused(why)) => {
                warn!(model, version, why, "model refused");
                VersionState::Refused(Unserved::of(arm, why, false))
            }
            Err(Unbrought::Rejected(rejection)) => {
                let (reason, why) = (rejection.fault.code(), &rejection.what);
                warn!(model, version, reason, why, "model rejected");
                counter!("ombud_models_rejected_total", "reason" => reason).increment(1);
                let unserved = Unserved::of(arm, rejection.to_string(), false);
                let (model_id, version) = (model.clone(), version.clone());
                versions.rejections.push(UnreportedRejection { model_id, version, rejection });
                VersionState::Refused(unserved)
            }
        };
        versions.set(version, state);
        // Before `self` is dropped, which takes it again.
        drop(versions);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut versions = self.serving.versions();
        if matches!(versions.get(self.version), Some(VersionState::Loading { .. })) {
            versions.forget(self.version);
        }
        drop(versions);
        self.serving.settled.notify_all();
    }
}

/// Only what is wrong with the version's own bytes is wrong for everybody: a copy that has changed since it was verified
/// is fetched again.
fn blamed(artefact: &Artefact, why: ServingFailure) -> Unbrought {
    let rejection = match why {
        ServingFailure::Rejected(rejection) => rejection,
        ServingFailure::Hindered(hindrance) => return Unbrought::Hindered(hindrance),
    };
    match Artefact::verify(&artefact.dir, &artefact.version) {
        Ok(_) => Unbrought::Rejected(rejection),
        Err(error) => {
            let fault = match error.blame() {
                Blame::Version(_) => HostFault::Damaged,
                Blame::Host(fault) => fault,
            };
            Unbrought::Hindered(Hindrance::new(fault, format!("{rejection}; {}", with_causes(&error))))
        }
    }
}
