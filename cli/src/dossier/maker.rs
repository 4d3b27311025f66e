//! Makes dossiers: gathers what one rests on, has the answers explained, and signs. Who hands the file out records that first.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use ombud_console::{DossierAsk, DossierDesk, DossierRefusal, ExplainDesk, ExplainRefusal, MadeDossier};
use ombud_contract::verdict::is_code;
use ombud_dossier::{DossierError, DossierSources, Exporter, Gathered, Statement, seal};
use ombud_explain::{ExplainJob, Explanation};
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use super::{gather::CaseRecords, key::DossierKey, machine::machine};
use crate::log::backend::View;

/// Dossiers in the making at once. Each has three tasks explained, and whoever explains does one after the other.
const MOST_AT_ONCE: usize = 2;

/// Makes dossiers of what one log and one case store hold.
pub(crate) struct DossierMaker {
    view: View,
    settings: Settings,
    key: DossierKey,
    /// `None`: nobody explains here, which the dossier says.
    explain: Option<Arc<dyn ExplainDesk>>,
    clock: Arc<dyn Clock>,
    making: AtomicUsize,
}

impl DossierMaker {
    /// Of what `view` reads; `None` where no key is set and none is made.
    ///
    /// # Errors
    /// What is set as the key is none.
    pub(crate) fn of(
        view: View,
        settings: &Settings,
        explain: Option<Arc<dyn ExplainDesk>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>> {
        let Some(key) = DossierKey::of(settings)? else { return Ok(None) };
        Ok(Some(Self { view, settings: settings.clone(), key, explain, clock, making: AtomicUsize::new(0) }))
    }

    fn made(&self, ask: &DossierAsk) -> Result<Vec<u8>, DossierRefusal> {
        let now = self.clock.now_ms();
        check(ask, now)?;
        let DossierAsk { complaint_id, as_of, .. } = ask;
        let records = CaseRecords::read(&self.view, &self.settings, complaint_id, *as_of).map_err(outage)?;
        if records.events.is_empty() {
            return Err(DossierRefusal::NothingDecided);
        }
        let explanations = self.explanations(&records, *as_of)?;
        let explained = explanations.as_deref().unwrap_or_default();
        let explanations_machine = machine(explained);
        let sources = DossierSources {
            complaint_id: complaint_id.clone(),
            as_of: *as_of,
            events: records.events,
            strategies: records.strategies,
            models: records.models,
            explanations,
            audit: Ok(records.audit),
            sees_evidence: ask.with_evidence,
            text_reason: ask.reason_code.clone(),
            exporter: Exporter {
                actor: ask.asked_by.clone(),
                roles: ask.roles.clone(),
                source: ask.source.clone(),
            },
            exported_at: now,
            contact: self.settings.dossier.contact.clone(),
            machine: explanations_machine,
        };
        let key = self.key.signing(now).map_err(outage)?;
        let sealed = Statement::of(&sources).and_then(|statement| seal(&statement, &key));
        sealed.map_err(|error| match error {
            DossierError::NothingDecided => DossierRefusal::NothingDecided,
            other => {
                let error = format!("{:#}", anyhow::Error::from(other));
                DossierRefusal::Refused { code: "dossier-impossible".to_owned(), error }
            }
        })
    }

    /// What each answer rests on. Where it can't be explained for good, the dossier says so; where it may be in a moment, there is
    /// no dossier now.
    fn explanations(
        &self,
        records: &CaseRecords,
        as_of: Option<i64>,
    ) -> Result<Gathered<Vec<Explanation>>, DossierRefusal> {
        let Some(desk) = &self.explain else { return Ok(Err(NOBODY_EXPLAINS.to_owned())) };
        let jobs = match desk.jobs(&records.events, as_of) {
            Ok(jobs) => jobs,
            Err(refusal) => return for_good(refusal).map(Err),
        };
        match desk.explain(&jobs) {
            Ok(explanations) => Ok(Ok(explanations)),
            Err(refusal) => {
                let why = for_good(refusal)?;
                one_by_one(&**desk, &jobs, why)
            }
        }
    }
}

/// In a dossier whose answers nobody could explain.
const NOBODY_EXPLAINS: &str = "Nobody computes explanations where this was made (explain.address).";

/// The explanations of those `jobs` that can be explained by themselves: of several models one may be gone. Where none can, the
/// reason `why` all of them could not.
fn one_by_one(
    desk: &dyn ExplainDesk,
    jobs: &[ExplainJob],
    why: String,
) -> Result<Gathered<Vec<Explanation>>, DossierRefusal> {
    let mut explained = Vec::new();
    // One alone was asked for by itself already.
    for job in jobs.iter().filter(|_| jobs.len() > 1) {
        match desk.explain(std::slice::from_ref(job)) {
            Ok(explanations) => explained.extend(explanations),
            Err(refusal) => drop(for_good(refusal)?),
        }
    }
    Ok(if explained.is_empty() { Err(why) } else { Ok(explained) })
}

/// Why nothing is explained, as the dossier says it.
///
/// # Errors
/// The same may be explained in a moment, or nothing was decided.
fn for_good(refusal: ExplainRefusal) -> Result<String, DossierRefusal> {
    match refusal {
        ExplainRefusal::NotAvailable => Ok(NOBODY_EXPLAINS.to_owned()),
        ExplainRefusal::ModelGone(what) => Ok(what),
        ExplainRefusal::Refused { error, .. } => Ok(error),
        ExplainRefusal::NothingDecided(_) => Err(DossierRefusal::NothingDecided),
        ExplainRefusal::Busy => Err(DossierRefusal::Busy),
        ExplainRefusal::Outage(what) => Err(DossierRefusal::Outage(what)),
    }
}

fn check(ask: &DossierAsk, now: i64) -> Result<(), DossierRefusal> {
    let refused = |code: &str, error: &str| {
        Err(DossierRefusal::Refused { code: code.to_owned(), error: error.to_owned() })
    };
    if ask.as_of.is_some_and(|as_of| as_of > now) {
        return refused(
            "as-of-later",
            "make a dossier as of a time that has not come: name one that has, or none",
        );
    }
    if ask.reason_code.as_deref().is_some_and(|reason| reason.is_empty() || !is_code(reason)) {
        let what = "put the narrative into a dossier: the reason is a code of letters, digits, dots, dashes and underscores, such \
                    as ombudsman-request";
        return refused("reason-no-code", what);
    }
    Ok(())
}

fn outage(error: anyhow::Error) -> DossierRefusal {
    DossierRefusal::Outage(format!("{error:#}"))
}

impl DossierDesk for DossierMaker {
    fn make(&self, ask: &DossierAsk) -> Result<MadeDossier, DossierRefusal> {
        let _seat = Seat::take(&self.making).ok_or(DossierRefusal::Busy)?;
        Ok(MadeDossier { file: self.made(ask)? })
    }
}

/// One of [`MOST_AT_ONCE`]; given back when it is dropped.
struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(taken: &'a AtomicUsize) -> Option<Self> {
        let free = |taken: usize| (taken < MOST_AT_ONCE).then_some(taken + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).ok().map(|_| Self(taken))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
