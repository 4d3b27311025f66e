//! One complaint as the vulnerability desk reads it: narrative and evidence, each recorded before it is shown, and what is known
//! beside them.

use ombud_contract::{
    codec, ids,
    records::{Feedback, RawComplaint, RoutedComplaint, WorkEvent, WorkKind},
    verdict::VULNERABLE,
};
use ombud_launch::guard::{Caller, Right};
use ombud_measure::case::records_of;
use ombud_store::{CaseEvent, Kind, WorkItem};

use super::marks::{self, MarkedPhrase};
use crate::{
    blind,
    cases::{self, CaseEvidence, FoundCase, Narrative},
    own_writes::OwnWrites,
    refused::Problem,
    state::RequestState,
};

/// A note's code: the complaint came of our failure to respond to vulnerability.
pub(super) const CAUSED: &str = "failure-to-respond-to-vulnerability";
/// A note's code: it did not.
pub(super) const NOT_CAUSED: &str = "no-failure-to-respond-to-vulnerability";

/// A complaint that is open before a specialist.
pub(super) struct OpenedComplaint {
    pub(super) narrative: Narrative,
    pub(super) evidence: CaseEvidence,
    /// Of the narrative; none where the models have read another text.
    pub(super) phrases: Vec<MarkedPhrase>,
    /// The models have read what is shown.
    pub(super) is_read: bool,
    pub(super) route: Option<RoutedComplaint>,
    pub(super) item: Option<WorkItem>,
    /// Verdicts that name the flag, the newest first.
    pub(super) verdicts: Vec<Feedback>,
    /// The newest note on the cause.
    pub(super) cause: Option<WorkEvent>,
    /// Who looks at it may say something about it.
    pub(super) may_decide: bool,
}

/// Opens a complaint before `caller`: that they saw its evidence and its narrative is durable when this returns.
pub(super) async fn open(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    complaint_id: &str,
) -> Result<OpenedComplaint, Problem> {
    let found = cases::find(state, caller, own, complaint_id).await?;
    if found.is_blind(caller) {
        return Err(blind::refusal());
    }
    let evidence = cases::open_evidence(state, caller, &found).await?;
    let narrative = cases::open_narrative(state, caller, &found).await?;
    let FoundCase { item, events, team, .. } = found;
    let route = newest_route(&events);
    let read = input_of(&events, &narrative.origin);
    let is_read = route.as_ref().is_some_and(|route| read.as_ref() == Some(&route.input_sha256));
    let phrases = if is_read { marks::phrases(&evidence.found, &narrative.narrative) } else { Vec::new() };
    Ok(OpenedComplaint {
        phrases,
        is_read,
        verdicts: on_the_flag(&events),
        cause: cause(&events),
        may_decide: route.is_some() && caller.may(Right::GiveVerdicts) && caller.works_for(&team),
        narrative,
        evidence,
        route,
        item,
    })
}

/// The newest route.
pub(in crate::pages) fn newest_route(events: &[CaseEvent]) -> Option<RoutedComplaint> {
    let routes: Vec<RoutedComplaint> = records_of(events, Kind::Routed);
    routes.into_iter().max_by_key(|route| route.revision)
}

/// What is in the submission that lies at `origin`, as routes and predictions name it.
pub(in crate::pages) fn input_of(events: &[CaseEvent], origin: &str) -> Option<String> {
    let event = events.iter().find(|event| event.kind == Kind::Raw && event.origin == origin)?;
    let raw: RawComplaint = codec::decode(&event.body).ok()?;
    Some(ids::input_sha256(&raw))
}

fn on_the_flag(events: &[CaseEvent]) -> Vec<Feedback> {
    let mut verdicts: Vec<Feedback> = records_of(events, Kind::Feedback);
    let retracted: Vec<String> = verdicts.iter().filter_map(|verdict| verdict.retracts.clone()).collect();
    verdicts.retain(|verdict| {
        verdict.task.as_deref() == Some(VULNERABLE) && !retracted.contains(&verdict.feedback_id)
    });
    verdicts.sort_by_key(|verdict| std::cmp::Reverse((verdict.decided_at, verdict.feedback_id.clone())));
    verdicts
}

/// The newest note on the cause that was not undone.
fn cause(events: &[CaseEvent]) -> Option<WorkEvent> {
    let work: Vec<WorkEvent> = records_of(events, Kind::Work);
    let undone: Vec<String> = work.iter().filter_map(|event| event.undoes.clone()).collect();
    let is_cause = |event: &WorkEvent| {
        event.kind == WorkKind::Noted
            && [CAUSED, NOT_CAUSED].contains(&event.reason_code.as_str())
            && !undone.contains(&event.work_id)
    };
    work.into_iter().filter(is_cause).max_by_key(|event| (event.done_at, event.work_id.clone()))
}
