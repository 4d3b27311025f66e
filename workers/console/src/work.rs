//! `POST /api/work`: what was done about complaints, one event or an array of them, all or none.
//!
//! read -> the item, and whose it is -> complete -> the rules of all work -> what closes: mark its lease as done -> append, with
//! who did it -> what is open again may be taken

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ombud_contract::work::Phase;
use ombud_contract::{
    codec,
    records::{WorkEvent, WorkKind},
    work::LEAD,
};
use ombud_launch::guard::{Caller, Right};
use ombud_store::{CaseEvent, Kind, WorkItem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::block_in_place;
use utoipa::ToSchema;

use crate::{
    audit::{Act, Action},
    claimant::claimant_of,
    claims::{append_work, workable},
    desk::{ClaimAnswer, Claimant, Finish},
    feedback::{MOST_AT_ONCE, Refusal},
    own_writes::OwnWrites,
    refused::{NotTaken, Problem, Refusals, RefusedVerdict},
    state::RequestState,
    work_report::{WorkReport, may_not_follow},
};

/// An event that is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptedWork {
    /// Its id: the same event sent again has the same.
    pub work_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// The revision of the route that it was done on.
    pub revision: i64,
    /// When it was done.
    pub done_at: i64,
    /// Where it lies in complaints.work.
    pub partition: i32,
    /// Where it lies in that partition.
    pub offset: i64,
}

/// One, or several.
#[derive(ToSchema)]
#[schema(as = WorkReports)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what is read value by value, so that each refusal has its index")]
pub(crate) enum OneOrSeveral {
    One(Box<WorkReport>),
    Several(Vec<WorkReport>),
}

/// What was taken: as it was sent, one or several.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedReports)]
#[serde(untagged)]
pub(crate) enum Accepted {
    One(Option<AcceptedWork>),
    Several(Vec<AcceptedWork>),
}

/// An event that may be appended, and on what.
struct Step {
    event: WorkEvent,
    item: WorkItem,
    claimant: Claimant,
    /// The time was not said: a lease may say it.
    is_untimed: bool,
    /// An earlier request has finished the work under this lease.
    is_repeat: bool,
}

/// Why nothing was taken.
enum Stop {
    Refused(Vec<RefusedVerdict>),
    Problem(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Report what was done: one event or an array of up to 256, all or none; durable when the answer comes. What closes a complaint
/// (SUMMARY_RESOLUTION, FINAL_RESPONSE, FORWARDED) needs its lease, or that nobody has the complaint.
#[utoipa::path(
    operation_id = "report_work",
    post, path = "/api/work", tag = "work",
    request_body = OneOrSeveral,
    responses(
        (status = 202, description = "Durable: one answer an event, in an array where an array was sent", body = Accepted,
            headers(("ombud-after" = String, description = "Where the records of this lie"))),
        (status = 409, description = "Somebody else has the complaint: who, and until when; or it may not follow: nothing was taken", body = NotTaken),
        Refusals,
        (status = 422, description = "Nothing was taken: each field that is wrong, and what would be right", body = Refusal),
    ),
    security(("token" = []))
)]
pub(crate) async fn accept(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    body: Bytes,
) -> Response {
    let (values, several) = match serde_json::from_slice(&body) {
        Ok(Value::Array(values)) => (values, true),
        Ok(one) => (vec![one], false),
        Err(_) => return refuse(vec![malformed("send an event as a JSON object, or an array of them")]),
    };
    if values.len() > MOST_AT_ONCE {
        return refuse(vec![RefusedVerdict::new("body", "too-many", "send at most 256 events at once")]);
    }
    match take(&state, &caller, own, values.into_iter().map(WorkReport::read)).await {
        Ok((headers, mut accepted)) => {
            let accepted = if several { Accepted::Several(accepted) } else { Accepted::One(accepted.pop()) };
            (StatusCode::ACCEPTED, headers, Json(accepted)).into_response()
        }
        Err(Stop::Refused(refused)) => refuse(refused),
        Err(Stop::Problem(problem)) => problem.into_response(),
    }
}

fn malformed(fix: &'static str) -> RefusedVerdict {
    RefusedVerdict::new("body", "json-malformed", fix)
}

fn refuse(refused: Vec<RefusedVerdict>) -> Response {
    let error = refused.first().map(RefusedVerdict::text).unwrap_or_default();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal { error, refused })).into_response()
}

/// Takes what `caller` did, all or none: what was taken, in its order, and the headers of the answer. Of several that are wrong
/// the first is the problem.
pub(crate) async fn report(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    reports: Vec<WorkReport>,
) -> Result<(HeaderMap, Vec<AcceptedWork>), Problem> {
    if reports.len() > MOST_AT_ONCE {
        return Err(Problem::wrong("body", "too-many", "send at most 256 events at once"));
    }
    take(state, caller, own, reports.into_iter().map(Ok)).await.map_err(|why| match why {
        Stop::Problem(problem) => problem,
        Stop::Refused(refused) => match refused.into_iter().next() {
            Some(first) => first.into(),
            None => unreachable!("what is refused is one event at least"),
        },
    })
}

async fn take(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    reports: impl Iterator<Item = Result<WorkReport, RefusedVerdict>>,
) -> Result<(HeaderMap, Vec<AcceptedWork>), Stop> {
    own.wait(state).await?;
    let mut steps = block_in_place(|| read_all(state, caller, reports))?;
    let events = block_in_place(|| close_all(state, &mut steps))?;
    let act = |event: &WorkEvent| {
        Act::new(Action::WorkRecorded, &event.complaint_id)
            .of_record(&event.work_id)
            .because(&event.reason_code)
    };
    let acts: Vec<Act> = events.iter().map(act).collect();
    let recording = state.audit.begin(&state.appender, caller, &acts)?;
    let places = append_work(state, &events).await?;
    recording.finish().await?;
    block_in_place(|| reopen_all(state, &steps))?;
    let accepted = |(event, (at, offset)): (WorkEvent, &(ombud_stream::TopicPartition, i64))| AcceptedWork {
        work_id: event.work_id,
        complaint_id: event.complaint_id,
        revision: event.revision,
        done_at: event.done_at,
        partition: at.partition,
        offset: *offset,
    };
    let accepted = events.into_iter().zip(&places).map(accepted).collect();
    Ok((own.headers(caller, &places), accepted))
}

/// Every event completed from its item, or all that are wrong. Blocks.
fn read_all(
    state: &RequestState,
    caller: &Caller,
    reports: impl Iterator<Item = Result<WorkReport, RefusedVerdict>>,
) -> Result<Vec<Step>, Stop> {
    let (mut steps, mut refused) = (Vec::new(), Vec::new());
    for (at, report) in reports.enumerate() {
        match report {
            Err(wrong) => refused.push(RefusedVerdict { at, ..wrong }),
            Ok(report) => match read_one(state, caller, &report)? {
                Ok(step) => steps.push(step),
                Err(wrong) => refused.push(RefusedVerdict { at, ..wrong }),
            },
        }
    }
    if refused.is_empty() { Ok(steps) } else { Err(Stop::Refused(refused)) }
}

fn read_one(
    state: &RequestState,
    caller: &Caller,
    report: &WorkReport,
) -> Result<Result<Step, RefusedVerdict>, Problem> {
    let item = workable(state, caller, &report.complaint_id)?;
    if caller.person().is_none() && report.actor.as_deref().is_none_or(|actor| actor.trim().is_empty()) {
        let fix = "say who did it, by a pseudonym such as agent-17";
        return Ok(Err(RefusedVerdict::new("actor", "actor-missing", fix)));
    }
    let claimant = claimant_of(caller, report.actor.as_deref())?;
    let events = state.cases.events(&item.complaint_id)?;
    let now = state.clock.now_ms();
    let completed =
        report.complete(&item, &claimant, content_of(&events, report.revision.unwrap_or(item.revision)), now);
    let event = match completed {
        Ok(event) => event.named(),
        Err(wrong) => return Ok(Err(wrong)),
    };
    if let Err(invalid) = event.admit(now) {
        return Ok(Err(invalid.into()));
    }
    if event.kind == WorkKind::Undone
        && let Err(wrong) = may_undo(caller, &event, &events)?
    {
        return Ok(Err(wrong));
    }
    let closes_again = event.kind.closes() && item.state == Phase::Answered;
    if !closes_again && let Some((code, fix)) = may_not_follow(event.kind, item.state) {
        return Err(Problem::new(StatusCode::CONFLICT, code, fix));
    }
    Ok(Ok(Step { event, item, claimant, is_untimed: report.done_at.is_none(), is_repeat: false }))
}

/// What the complaint said at `revision`, where the archive has that route already.
fn content_of(events: &[CaseEvent], revision: i64) -> Option<String> {
    let event = events.iter().find(|event| event.kind == Kind::Routed && event.seq == revision)?;
    let route: ombud_contract::records::RoutedComplaint = codec::decode(&event.body).ok()?;
    Some(route.input_sha256)
}

/// One undoes what one has done oneself; a lead, what anybody did.
fn may_undo(
    caller: &Caller,
    undoing: &WorkEvent,
    events: &[CaseEvent],
) -> Result<Result<(), RefusedVerdict>, Problem> {
    let named = events
        .iter()
        .find(|event| event.kind == Kind::Work && undoing.undoes.as_deref() == Some(event.id.as_str()));
    let undone: Option<WorkEvent> = named.and_then(|event| codec::decode(&event.body).ok());
    let Some(undone) = undone else {
        let fix = "check the id: no such event of this complaint is archived; one that was reported just now, send again in a moment";
        return Ok(Err(RefusedVerdict::new("undoes", "work-unknown", fix)));
    };
    if matches!(undone.kind, WorkKind::Claimed | WorkKind::Released | WorkKind::Undone) {
        let fix = "name something that was done: to take, to give back and to undo are not undone";
        return Ok(Err(RefusedVerdict::new("undoes", "undoes-nothing", fix)));
    }
    let is_lead = caller.may(Right::Lead) && undoing.actor_role == LEAD;
    if undone.actor == undoing.actor || is_lead {
        return Ok(Ok(()));
    }
    Err(Problem::forbidden("lead-only", "undo what another did: a lead of the team may"))
}

/// Marks the leases of what closes as done, all or none; the events with their ids. Blocks.
fn close_all(state: &RequestState, steps: &mut [Step]) -> Result<Vec<WorkEvent>, Problem> {
    for at in 0..steps.len() {
        if !steps[at].event.kind.closes() {
            continue;
        }
        if let Err(problem) = close(state, &mut steps[at]) {
            // Nothing of this request is appended; what an earlier one has finished stays so.
            let closed = |step: &&Step| step.event.kind.closes() && !step.is_repeat;
            for step in steps[..at].iter().filter(closed) {
                state.claim(&step.claimant, |claims| claims.reopen(&step.item.complaint_id))?;
            }
            return Err(problem);
        }
    }
    Ok(steps.iter().map(|step| step.event.clone().named()).collect())
}

/// Marks the lease of what closes as done. Where no lease is named, that of a complaint that nobody has, or the asker's own.
fn close(state: &RequestState, step: &mut Step) -> Result<(), Problem> {
    let (item, claimant) = (&step.item, &step.claimant);
    let complaint_id = &item.complaint_id;
    let held = state.leases.ask(|leases| leases.held(std::slice::from_ref(complaint_id)))?;
    let finished =
        held.get(complaint_id).filter(|lease| lease.finished && lease.claim.holder == claimant.name);
    let lease_id = match (&step.event.lease_id, finished) {
        (Some(lease_id), _) => lease_id.clone(),
        // The same request again.
        (None, Some(lease)) => lease.claim.lease_id.clone(),
        (None, None) => match state.claim(claimant, |claims| claims.claim(item))? {
            ClaimAnswer::Yours(lease, _) => lease.claim.lease_id,
            ClaimAnswer::Conflict(lease) => return Err(Problem::held(&lease)),
            _ => {
                return Err(Problem::later("busy", "others were faster: look at the case again in a moment"));
            }
        },
    };
    let is_repeat = finished.is_some_and(|lease| lease.claim.lease_id == lease_id);
    if !is_repeat && let Some((code, fix)) = may_not_follow(step.event.kind, item.state) {
        return Err(Problem::new(StatusCode::CONFLICT, code, fix));
    }
    match state.claim(claimant, |claims| claims.finish(item, &lease_id))? {
        Finish::Yours { lease, at } => {
            if step.is_untimed {
                step.event.done_at = at;
            }
            step.event.lease_id = Some(lease.claim.lease_id);
            step.is_repeat = is_repeat;
            Ok(())
        }
        Finish::Conflict(lease) => Err(Problem::held(&lease)),
        Finish::NotYours => Err(Problem::wrong(
            "lease_id",
            "not-yours",
            "give the lease of this complaint that you were given, or leave it out",
        )),
    }
}

/// What is open again may be taken. Blocks.
fn reopen_all(state: &RequestState, steps: &[Step]) -> Result<(), Problem> {
    let opens = |step: &&Step| matches!(step.event.kind, WorkKind::Reopened | WorkKind::Undone);
    for step in steps.iter().filter(opens) {
        state.claim(&step.claimant, |claims| claims.reopen(&step.item.complaint_id))?;
    }
    Ok(())
}
