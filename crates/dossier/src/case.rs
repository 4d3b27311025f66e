//! A case as of a time: which of its records count, decoded, and which strategies were accepted by then.
//!
//! A record counts where what it says had happened by then. A submission counts from its first route on: its own time is the
//! customer's, not the log's.

use std::collections::BTreeSet;

use ombud_contract::codec::{self, Record};
use ombud_contract::ids::input_sha256;
use ombud_contract::records::{
    AuditEntry, Feedback, ModelVersion, Prediction, RawComplaint, RoutedComplaint, Strategy, TimestampMs,
    WorkEvent,
};
use ombud_models::{LEAD, Strategies};
use ombud_store::{CaseEvent, Kind};

use crate::error::DossierError;
use crate::sources::{DossierSources, LoggedRecord, ModelSource};

/// What counts of a case.
pub(crate) struct Case<'s> {
    pub(crate) sources: &'s DossierSources,
    /// Every event that counts, in the order in which it happened.
    pub(crate) events: Vec<&'s CaseEvent>,
    /// By revision; the last is the newest, and there is one.
    pub(crate) routes: Vec<RoutedComplaint>,
    /// What the newest route judged; `None` where it is gone or was changed.
    pub(crate) submission: Option<(&'s CaseEvent, RawComplaint)>,
    pub(crate) predictions: Vec<Prediction>,
    pub(crate) verdicts: Vec<Feedback>,
    pub(crate) work: Vec<WorkEvent>,
    /// Those that were accepted by then, oldest first.
    pub(crate) strategies: Strategies,
    /// Where each of them lies, in the same order.
    pub(crate) strategy_records: Vec<&'s LoggedRecord>,
    pub(crate) audit: Vec<(&'s LoggedRecord, AuditEntry)>,
}

impl<'s> Case<'s> {
    pub(crate) fn of(sources: &'s DossierSources) -> Result<Self, DossierError> {
        let by = |at: TimestampMs| sources.as_of.is_none_or(|as_of| at <= as_of);
        let is_raw = |event: &&CaseEvent| event.kind == Kind::Raw;
        let mut events: Vec<&CaseEvent> = sources.events.iter().collect();
        events.retain(|event| event.kind != Kind::Explanation && (is_raw(event) || by(event.at)));
        let mut routes: Vec<RoutedComplaint> = decoded(&events, Kind::Routed);
        routes.sort_by_key(|route| route.revision);
        let newest = routes.last().ok_or(DossierError::NothingDecided)?;
        if sources.as_of.is_some() {
            let routed: BTreeSet<&str> = routes.iter().map(|route| route.input_sha256.as_str()).collect();
            events.retain(|event| !is_raw(event) || routed.contains(event.id.as_str()));
        }
        events.sort_by(|a, b| (a.kind, a.at, a.seq, &a.id).cmp(&(b.kind, b.at, b.seq, &b.id)));

        let submission = submission_of(newest, &events);
        let (strategies, strategy_records) = accepted(&sources.strategies, by);
        Ok(Self {
            submission,
            predictions: decoded(&events, Kind::Prediction),
            verdicts: decoded(&events, Kind::Feedback),
            work: decoded(&events, Kind::Work),
            audit: audit_of(sources, by),
            sources,
            events,
            routes,
            strategies,
            strategy_records,
        })
    }

    /// The newest route.
    pub(crate) fn route(&self) -> &RoutedComplaint {
        match self.routes.last() {
            Some(route) => route,
            None => unreachable!("a case without a route is refused when it is read"),
        }
    }

    /// The prediction of that id.
    pub(crate) fn prediction(&self, id: &str) -> Option<&Prediction> {
        self.predictions.iter().find(|prediction| prediction.prediction_id == id)
    }

    /// What the newest record of a model version says, of those that were appended by then.
    pub(crate) fn model_record<'m>(
        &self,
        model: &'m ModelSource,
    ) -> Option<(&'m LoggedRecord, ModelVersion)> {
        let as_of = self.sources.as_of;
        let by_then =
            model.records.iter().filter(|record| as_of.is_none_or(|as_of| record.appended_at <= as_of));
        let newest = by_then.max_by_key(|record| (record.appended_at, record.offset))?;
        Some((newest, codec::decode(&newest.value).ok()?))
    }
}

/// What `route` judged: by its place where it lies there still, else by its content, which a CRM may have sent again.
fn submission_of<'s>(
    route: &RoutedComplaint,
    events: &[&'s CaseEvent],
) -> Option<(&'s CaseEvent, RawComplaint)> {
    let place = format!("/{}/{}", route.raw_partition, route.raw_offset);
    let mut same: Vec<_> =
        events.iter().filter(|e| e.kind == Kind::Raw && e.id == route.input_sha256).collect();
    same.sort_by_key(|event| !event.origin.ends_with(&place));
    same.into_iter().find_map(|event| {
        let raw: RawComplaint = codec::decode(&event.body).ok()?;
        (input_sha256(&raw) == route.input_sha256).then_some((*event, raw))
    })
}

/// Those of `kind` that can be read. The proof names the others.
fn decoded<T: Record>(events: &[&CaseEvent], kind: Kind) -> Vec<T> {
    let of_kind = events.iter().filter(|event| event.kind == kind);
    of_kind.filter_map(|event| codec::decode(&event.body).ok()).collect()
}

/// The strategies that every worker accepts, by the rule of [`ombud_models::StrategyFeed`].
fn accepted(records: &[LoggedRecord], by: impl Fn(TimestampMs) -> bool) -> (Strategies, Vec<&LoggedRecord>) {
    let lead = i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX);
    let mut records: Vec<&LoggedRecord> = records.iter().filter(|record| by(record.appended_at)).collect();
    records.sort_by_key(|record| record.offset);
    let mut strategies = Strategies::default();
    records.retain(|record| {
        let Ok(strategy) = codec::decode::<Strategy>(&record.value) else { return false };
        let is_late =
            strategy.version > 1 && strategy.effective_from < record.appended_at.saturating_add(lead);
        !is_late && strategies.push(strategy).is_ok()
    });
    (strategies, records)
}

fn audit_of(sources: &DossierSources, by: impl Fn(TimestampMs) -> bool) -> Vec<(&LoggedRecord, AuditEntry)> {
    let records = sources.audit.as_deref().unwrap_or_default().iter().filter(|record| by(record.appended_at));
    let mut entries: Vec<(&LoggedRecord, AuditEntry)> =
        records.filter_map(|record| Some((record, codec::decode(&record.value).ok()?))).collect();
    let id = sources.complaint_id.as_str();
    entries.retain(|(_, entry)| entry.complaint_id.as_deref().unwrap_or(&entry.subject) == id);
    entries.sort_by(|(_, a), (_, b)| (a.at, &a.audit_id).cmp(&(b.at, &b.audit_id)));
    entries
}
