//! `POST /api/leases/{complaint_id}`: take a complaint, keep it, give it back, or take it over. What follows is recorded before
//! the answer: CLAIMED and RELEASED in complaints.work, and who did it in console.audit.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::HeaderMap, http::StatusCode};
use bytes::Bytes;
use ombud_contract::{codec, records::WorkEvent};
use ombud_launch::guard::{Caller, Right};
use ombud_store::{Lease, WorkItem};
use ombud_stream::{Outgoing, TopicPartition};
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, task::block_in_place};
use utoipa::ToSchema;

use crate::{
    append::{AppendResult, WORKER, durable},
    audit::{Act, Action},
    claimant::claimant_of,
    desk::{ClaimAnswer, Claims},
    former_lease::with_former_release,
    own_writes::OwnWrites,
    refused::{NotTaken, Problem, Refusals},
    request::{Segment, Sent},
    state::RequestState,
};

/// What is done with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseAction {
    /// Take the complaint, where nobody has it.
    Take,
    /// Keep it for the whole length from now on.
    Renew,
    /// Give it back.
    Release,
    /// Take it from whoever has it, for a reason.
    TakeOver,
}

/// A request about a lease.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseRequest {
    /// What is done.
    pub action: LeaseAction,
    /// The lease that is kept or given back; of take-over, the one that was seen: whoever has another by now keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_id: Option<String>,
    /// Why, as a code of the bank's: needed for take-over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason_code: String,
    /// Who asks, by a pseudonym such as agent-17. A person who is signed in leaves it out; of a system it is its token's name,
    /// where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A lease of the one who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Lease)]
pub struct GrantedLease {
    /// Names it: to be given with what is done under it.
    pub lease_id: String,
    /// Who has it.
    pub holder: String,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// Until when, unless it is renewed. A page that is visible renews it every 30 seconds.
    pub until: i64,
}

impl GrantedLease {
    pub(crate) fn of(lease: &Lease) -> Self {
        Self {
            lease_id: lease.claim.lease_id.clone(),
            holder: lease.claim.holder.clone(),
            since: lease.since,
            until: lease.until,
        }
    }
}

/// What came of a request about a lease.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeaseAnswer {
    /// The one who asks has it; null where nobody has the complaint any more.
    #[schema(required)]
    pub lease: Option<GrantedLease>,
}

/// Take a complaint, keep it, give it back, or take it over. A request may be repeated: it gives the same lease.
#[utoipa::path(
    operation_id = "change_lease",
    post, path = "/api/leases/{complaint_id}", tag = "work",
    params(("complaint_id" = String, Path, description = "The complaint", example = "crm-1001")),
    request_body = LeaseRequest,
    responses(
        (status = 200, description = "Done; the lease, where you have one then", body = LeaseAnswer,
            headers(("ombud-after" = String, description = "Where the records of this lie"))),
        (status = 409, description = "Somebody else has it, or has just finished it: who, and until when; or the lease is over", body = NotTaken),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn lease(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    Segment(complaint_id): Segment,
    Sent(request): Sent<LeaseRequest>,
) -> Result<(HeaderMap, Json<LeaseAnswer>), Problem> {
    let (headers, answer) = change_lease(&state, &caller, own, &complaint_id, request).await?;
    Ok((headers, Json(answer)))
}

/// Takes a complaint for `caller`, keeps it, gives it back or takes it over: the lease that they have then, and the headers of
/// the answer.
pub(crate) async fn change_lease(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
    request: LeaseRequest,
) -> Result<(HeaderMap, LeaseAnswer), Problem> {
    own.wait(state).await?;
    let answer = block_in_place(|| {
        let item = workable(state, caller, complaint_id)?;
        match ask(state, caller, &request, &item)? {
            ClaimAnswer::Yours(lease, events) if !events.is_empty() => {
                let claimant = claimant_of(caller, request.actor.as_deref())?;
                let events = with_former_release(state, &claimant, &lease, events);
                Ok::<_, Problem>(ClaimAnswer::Yours(lease, events))
            }
            answer => Ok(answer),
        }
    })?;
    let (lease, events) = match answer {
        ClaimAnswer::Yours(lease, events) => (Some(lease), events),
        ClaimAnswer::Ended(_) if request.action == LeaseAction::Renew => {
            let error = "this lease is over, and nobody has the complaint: take it again";
            return Err(Problem::new(StatusCode::CONFLICT, "lease-over", error));
        }
        ClaimAnswer::Ended(events) => (None, events),
        ClaimAnswer::Conflict(lease) => return Err(Problem::held(&lease)),
        ClaimAnswer::NotYours => {
            return Err(Problem::wrong(
                "lease_id",
                "not-yours",
                "give the lease of this complaint that you were given",
            ));
        }
        ClaimAnswer::NoReason => {
            return Err(Problem::wrong(
                "reason_code",
                "reason-missing",
                "say why you take it over, by a code of your bank's",
            ));
        }
    };
    let action = match request.action {
        LeaseAction::Take | LeaseAction::Renew => Action::LeaseTaken,
        LeaseAction::Release => Action::LeaseReleased,
        LeaseAction::TakeOver => Action::LeaseTakenOver,
    };
    let headers = record_claim(state, caller, own, action, events, &request.reason_code).await?;
    Ok((headers, LeaseAnswer { lease: lease.as_ref().map(GrantedLease::of) }))
}

fn ask(
    state: &RequestState,
    caller: &Caller,
    request: &LeaseRequest,
    item: &WorkItem,
) -> Result<ClaimAnswer, Problem> {
    let claimant = claimant_of(caller, request.actor.as_deref())?;
    if request.action == LeaseAction::TakeOver && !caller.may(Right::Lead) {
        return Err(Problem::forbidden(
            "lead-only",
            "take over what another works on: a lead of the team may",
        ));
    }
    if !request.reason_code.is_empty() && !ombud_contract::verdict::is_code(&request.reason_code) {
        let fix = "give a code: at most 64 letters, digits, dots, dashes and underscores";
        return Err(Problem::wrong("reason_code", "no-code", fix));
    }
    let needed = || {
        let missing = || Problem::wrong("lease_id", "missing-field", "give the lease that you were given");
        request.lease_id.as_deref().ok_or_else(missing)
    };
    let complaint_id = &item.complaint_id;
    let from = match (request.action, &request.lease_id) {
        (LeaseAction::TakeOver, None) => {
            let held = state.leases.ask(|leases| leases.held(std::slice::from_ref(complaint_id)))?;
            // Where nobody has it, it is taken.
            held.get(complaint_id).map(|lease| lease.claim.lease_id.clone()).unwrap_or_default()
        }
        (_, lease_id) => lease_id.clone().unwrap_or_default(),
    };
    let answer = match request.action {
        LeaseAction::Take => state.claim(&claimant, |claims| claims.claim(item))?,
        LeaseAction::Renew => {
            let id = needed()?;
            state.claim(&claimant, |claims| claims.renew(complaint_id, id))?
        }
        LeaseAction::Release => {
            let id = needed()?;
            state.claim(&claimant, |claims| claims.release(complaint_id, id, &request.reason_code))?
        }
        LeaseAction::TakeOver => {
            state.claim(&claimant, |claims| claims.take_over(item, &from, &request.reason_code))?
        }
    };
    Ok(answer)
}

/// Keeps a complaint for `caller`: the lease that they have lasts for its whole length from now on; where it ran out, and nobody
/// else has the complaint, it is taken again.
pub(crate) async fn keep(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
) -> Result<(HeaderMap, LeaseAnswer), Problem> {
    let holder = claimant_of(caller, None)?.name;
    let held = block_in_place(|| lease_of(state, &holder, complaint_id))?;
    let action = if held.is_some() { LeaseAction::Renew } else { LeaseAction::Take };
    let lease_id = held.map(|lease| lease.claim.lease_id);
    let request = LeaseRequest { action, lease_id, reason_code: String::new(), actor: None };
    change_lease(state, caller, own, complaint_id, request).await
}

/// Gives back what `caller` has, if they have it. What one has one may always give back, whoever's complaint it has become.
pub(crate) async fn give_back(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
    reason_code: &str,
) -> Result<HeaderMap, Problem> {
    give_back_under(None, state, caller, own, complaint_id, reason_code).await
}

/// The same, where `lease_id` is named only under that lease.
pub(crate) async fn give_back_under(
    lease_id: Option<&str>,
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    complaint_id: &str,
    reason_code: &str,
) -> Result<HeaderMap, Problem> {
    let claimant = claimant_of(caller, None)?;
    let events = block_in_place(|| {
        let held = lease_of(state, &claimant.name, complaint_id)?;
        let is_named = |lease: &Lease| lease_id.is_none_or(|named| named == lease.claim.lease_id);
        let Some(lease) = held.filter(is_named) else { return Ok(Vec::new()) };
        let release =
            |claims: &mut Claims<'_>| claims.release(complaint_id, &lease.claim.lease_id, reason_code);
        Ok::<_, Problem>(match state.claim(&claimant, release)? {
            ClaimAnswer::Ended(events) => events,
            _ => Vec::new(),
        })
    })?;
    record_claim(state, caller, own, Action::LeaseReleased, events, reason_code).await
}

/// The lease of a complaint that `holder` has and has not finished. Blocks.
pub(crate) fn lease_of(
    state: &RequestState,
    holder: &str,
    complaint_id: &str,
) -> Result<Option<Lease>, Problem> {
    let mut held = state.leases.ask(|leases| leases.held(&[complaint_id.to_owned()]))?;
    Ok(held.remove(complaint_id).filter(|lease| lease.claim.holder == holder && !lease.finished))
}

/// The item of a complaint on which `caller` may work. Blocks.
pub(crate) fn workable(
    state: &RequestState,
    caller: &Caller,
    complaint_id: &str,
) -> Result<WorkItem, Problem> {
    let item = state
        .worklist
        .item(complaint_id)?
        .filter(|item| caller.sees(&item.team) || caller.works_for(&item.team));
    let item = item.ok_or_else(|| {
        Problem::absent("case-unknown", "find this complaint: none that you may see has this id; one that came just now, ask again in a moment")
    })?;
    match caller.works_for(&item.team) {
        true => Ok(item),
        false => Err(Problem::forbidden(
            "not-your-team",
            "work on this complaint: it lies with a team that you do not work for",
        )),
    }
}

/// Appends what came of a claim, and who did it; all of it is durable when this returns. The headers of the answer.
pub(crate) async fn record_claim(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    action: Action,
    events: Vec<WorkEvent>,
    reason_code: &str,
) -> Result<HeaderMap, Problem> {
    let act = |event: &WorkEvent| {
        Act::new(action, &event.complaint_id).of_record(&event.work_id).because(reason_code)
    };
    let acts: Vec<Act> = events.iter().map(act).collect();
    let recording = state.audit.begin(&state.appender, caller, &acts)?;
    let places = append_work(state, &events).await?;
    recording.finish().await?;
    Ok(own.headers(caller, &places))
}

/// Appends `events` to complaints.work, and waits until the last one is durable: where each lies.
pub(crate) async fn append_work(
    state: &RequestState,
    events: &[WorkEvent],
) -> Result<Vec<(TopicPartition, i64)>, Problem> {
    let mut under_way: Vec<oneshot::Receiver<AppendResult>> = Vec::with_capacity(events.len());
    for event in events {
        let value = codec::encode(event).map_err(|error| Problem::later("unavailable", error.to_string()))?;
        let key = Some(Bytes::copy_from_slice(event.complaint_id.as_bytes()));
        let record = Outgoing::stamped(Arc::clone(&state.work), None, key, value, WORKER, &[]);
        under_way.push(state.appender.hand_over(record)?);
    }
    let mut places = Vec::with_capacity(under_way.len());
    for appended in under_way {
        places.push(durable(appended).await?);
    }
    Ok(places)
}

impl RequestState {
    /// What `ask` is answered as `claimant`. Blocks.
    pub(crate) fn claim<R>(
        &self,
        claimant: &crate::desk::Claimant,
        ask: impl FnOnce(&mut Claims<'_>) -> Result<R, ombud_stream::Outage>,
    ) -> Result<R, Problem> {
        let asked = self.leases.ask(|leases| {
            ask(&mut Claims {
                leases,
                claimant,
                limits: &self.limits,
                behind: self.behind(),
                draw: &mut rand::random::<u64>,
            })
        });
        asked.map_err(Problem::from)
    }
}
