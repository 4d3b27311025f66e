//! fetch -> verify -> load -> probe, by one thread a version; and what becomes of the version then.

use std::{sync::Arc, time::Instant};

use metrics::{counter, histogram};
use ombud_contract::{
    records::{Arm, ModelState, ModelVersion},
    taxonomy::Taxonomy,
};
use ombud_models::{Artefact, Blame, Fault, Hindrance, HostFault, Rejection, Stop, Unservable, probe};
use tracing::{info, warn};

use super::{Rejected, Served, Serving, Standing, WARN_EVERY, unserved};
use crate::drift;

/// Why a version was not brought.
enum Unbrought {
    /// Its own bytes: for everybody.
    Rejected(Rejection),
    /// By somebody before us.
    Refused(String),
    /// This host, and for now.
    Hindered(Hindrance),
}

impl From<Unservable> for Unbrought {
    fn from(why: Unservable) -> Self {
        match why {
            Unservable::Rejected(rejection) => Self::Rejected(rejection),
            Unservable::Hindered(hindrance) => Self::Hindered(hindrance),
        }
    }
}

/// Every series of what is brought, from 0 on.
pub(crate) fn begin_counts() {
    for fault in Fault::ALL {
        counter!("ombud_models_rejected_total", "reason" => fault.code()).increment(0);
    }
    for fault in HostFault::ALL {
        counter!("ombud_model_hindrances_total", "reason" => fault.code()).increment(0);
    }
}

impl Serving {
    /// Brings the version of `arm` beside those that serve, unless it stands here already; whether it serves now.
    /// Blocks for as long as fetching and loading take; fetching has deadlines of its own and hears `stop`.
    pub(crate) fn bring(&self, arm: &Arm, awaited: bool, stop: &Stop) -> bool {
        let (registry, since) = {
            let mut known = self.known();
            let (since, hindered) = match known.by_version.get(&arm.model_version) {
                Some(Standing::Ready { .. }) => return true,
                Some(Standing::UnderWay { .. } | Standing::Refused(_)) => return false,
                Some(Standing::Wanted { since }) => (*since, None),
                Some(Standing::Later { since, fault, .. }) => (*since, Some(*fault)),
                None => (Instant::now(), None),
            };
            let standing = Standing::UnderWay { since, awaited, hindered };
            known.by_version.insert(arm.model_version.clone(), standing);
            (Arc::clone(&known.registry), since)
        };
        let claim = Claim { serving: self, version: &arm.model_version, awaited, since };
        let brought = self.load(arm, registry.get(&arm.model_id, &arm.model_version), stop);
        let ready = brought.is_ok();
        claim.settle(arm, brought);
        ready
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
            .map_err(|error| blamed(&artefact, Unservable::new(error.blame, chain(&error))))?;
        probe(&artefact, model.as_ref()).map_err(|why| blamed(&artefact, why))?;
        histogram!("ombud_model_load_seconds").record(started.elapsed().as_secs_f64());
        Ok(Arc::new(Served { reads: artefact.manifest.reads(), artefact, taxonomies, model }))
    }
}

/// A version that this thread brings. Dropped unsettled, by a panic, it leaves the version to the next who asks.
struct Claim<'a> {
    serving: &'a Serving,
    version: &'a str,
    awaited: bool,
    /// When it was first wanted.
    since: Instant,
}

impl Claim<'_> {
    fn settle(self, arm: &Arm, brought: Result<Arc<Served>, Unbrought>) {
        let (model, version) = (&arm.model_id, &arm.model_version);
        let mut known = self.serving.known();
        let standing = match brought {
            Ok(served) => {
                info!(model, version, "model loaded");
                known.warned.remove(version);
                drift::begin_counts(&served);
                Standing::Ready { served, used: Instant::now(), awaited: self.awaited }
            }
            Err(Unbrought::Hindered(Hindrance { fault, what })) => {
                let (reason, why) = (fault.code(), &what);
                counter!("ombud_model_hindrances_total", "reason" => reason).increment(1);
                let was_said = known.warned.get(version).is_some_and(|said| said.elapsed() < WARN_EVERY);
                // A fetch that ended because the process stops is nobody's worry.
                if !was_said && !self.serving.stop.requested() {
                    warn!(model, version, reason, why, "model not to be had now: it is tried again");
                    known.warned.insert(version.clone(), Instant::now());
                }
                let unserved = unserved(arm, format!("{reason}: {what}"), true);
                Standing::Later { unserved, fault, since: self.since, tried: Instant::now() }
            }
            Err(Unbrought::Refused(why)) => {
                warn!(model, version, why, "model refused");
                Standing::Refused(unserved(arm, why, false))
            }
            Err(Unbrought::Rejected(rejection)) => {
                let (reason, why) = (rejection.fault.code(), &rejection.what);
                warn!(model, version, reason, why, "model rejected");
                counter!("ombud_models_rejected_total", "reason" => reason).increment(1);
                let unserved = unserved(arm, rejection.to_string(), false);
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
fn blamed(artefact: &Artefact, why: Unservable) -> Unbrought {
    let rejection = match why {
        Unservable::Rejected(rejection) => rejection,
        Unservable::Hindered(hindrance) => return Unbrought::Hindered(hindrance),
    };
    match Artefact::verify(&artefact.dir, &artefact.version) {
        Ok(_) => Unbrought::Rejected(rejection),
        Err(error) => {
            let fault = match error.blame() {
                Blame::Version(_) => HostFault::Damaged,
                Blame::Host(fault) => fault,
            };
            Unbrought::Hindered(Hindrance::new(fault, format!("{rejection}; {}", chain(&error))))
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
