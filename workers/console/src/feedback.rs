//! `POST /api/feedback`: one verdict or an array of them, answered when all of them are durable; none is taken where one
//! is refused.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use metrics::counter;
use ombud_contract::{codec, records::Feedback};
use ombud_launch::guard::Caller;
use ombud_stream::{Outgoing, TopicPartition};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    append::{Unavailable, WORKER, durable},
    audit::{Act, Action},
    claimant::claimant_of,
    completion::Source,
    intake::{CompleteVerdict, VerdictIntake},
    own_writes::OwnWrites,
    refused::{Problem, Refusals, RefusedVerdict, not_taken},
    state::RequestState,
    verdict::Verdict,
};

/// The most verdicts in one request: each is looked up in its case before any is taken.
pub const MOST_AT_ONCE: usize = 256;
/// The source of a verdict that names none and came without a token.
const UNNAMED: &str = "http";
/// That of one which a person who is signed in has given.
const CONSOLE: &str = "console";

/// A verdict that is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Given)]
pub struct AcceptedVerdict {
    /// Its id: the same verdict sent again has the same.
    pub feedback_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// The revision of the route that was judged.
    pub revision: i64,
    /// Whether that route was drawn at random.
    pub audit_sample: bool,
    /// The complaint was drawn at random, and no verdict says yet whether the customer is vulnerable: send VULNERABILITY, or
    /// where the flag is right and not POSSIBLE, CONFIRMED with the task vulnerable.
    pub vulnerability_missing: bool,
    /// Where it lies in complaints.feedback.
    pub partition: i32,
    /// Where it lies in that partition.
    pub offset: i64,
}

/// Why nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// The first of them, in words.
    pub error: String,
    /// Each verdict that is wrong, by its first wrong field.
    #[serde(default)]
    pub refused: Vec<RefusedVerdict>,
}

/// One, or several.
#[derive(ToSchema)]
#[schema(as = Verdicts)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what is read value by value, so that each refusal has its index")]
pub(crate) enum OneOrSeveral {
    One(Box<Verdict>),
    Several(Vec<Verdict>),
}

/// Take one verdict or an array of them, all or none; they are durable when the answer comes.
#[utoipa::path(
    operation_id = "give_verdicts",
    post,
    path = "/api/feedback",
    request_body = OneOrSeveral,
    responses(
        (status = 202, description = "Durable: one answer a verdict, in an array where an array was sent", body = Given,
            headers(("ombud-after" = String, description = "Where the records of this lie"))),
        Refusals,
        (status = 422, description = "Nothing was taken: each field that is wrong, and what would be right", body = Refusal),
    ),
    security(("token" = []))
)]
pub(crate) async fn accept(
    State(state): State<Arc<RequestState>>,
    caller: Option<Extension<Caller>>,
    own: OwnWrites,
    body: Bytes,
) -> Response {
    let caller = caller.map(|Extension(caller)| caller).unwrap_or_default();
    let (values, several) = match serde_json::from_slice(&body) {
        Ok(Value::Array(values)) => (values, true),
        Ok(one) => (vec![one], false),
        Err(_) => {
            let whole = RefusedVerdict::new(
                "body",
                "json-malformed",
                "send a verdict as a JSON object, or an array of them",
            );
            return refuse(vec![whole]);
        }
    };
    if values.len() > MOST_AT_ONCE {
        return refuse(vec![RefusedVerdict::new("body", "too-many", "send at most 256 verdicts at once")]);
    }
    let verdicts = values.into_iter().map(Verdict::read);
    match give_all(&state, &caller, own, verdicts).await {
        Ok((headers, mut given)) => {
            let given = if several { Given::Several(given) } else { Given::One(given.pop()) };
            (StatusCode::ACCEPTED, headers, Json(given)).into_response()
        }
        Err(NotGiven::Refused(refused)) => refuse(refused),
        Err(NotGiven::Unavailable(Unavailable(why))) => {
            not_taken(StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
        Err(NotGiven::Problem(problem)) => problem.into_response(),
    }
}

/// Why nothing was taken.
enum NotGiven {
    Refused(Vec<RefusedVerdict>),
    Unavailable(Unavailable),
    Problem(Problem),
}

impl From<Unavailable> for NotGiven {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<Problem> for NotGiven {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Takes verdicts of `caller`'s, all or none: what was taken, in their order, and the headers of the answer. Of several that are
/// wrong the first is the problem.
pub(crate) async fn give(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    verdicts: Vec<Verdict>,
) -> Result<(HeaderMap, Vec<AcceptedVerdict>), Problem> {
    if verdicts.len() > MOST_AT_ONCE {
        return Err(Problem::wrong("body", "too-many", "send at most 256 verdicts at once"));
    }
    give_all(state, caller, own, verdicts.into_iter().map(Ok)).await.map_err(|why| match why {
        NotGiven::Problem(problem) => problem,
        NotGiven::Unavailable(unavailable) => unavailable.into(),
        NotGiven::Refused(refused) => {
            count_refused(&refused);
            match refused.into_iter().next() {
                Some(first) => first.into(),
                None => unreachable!("what is refused is one verdict at least"),
            }
        }
    })
}

async fn give_all(
    state: &RequestState,
    caller: &Caller,
    own: OwnWrites,
    verdicts: impl Iterator<Item = Result<Verdict, RefusedVerdict>>,
) -> Result<(HeaderMap, Vec<AcceptedVerdict>), NotGiven> {
    let verdicts = tokio::task::block_in_place(|| complete_all(state, verdicts, caller))?;
    let verdicts = verdicts.map_err(NotGiven::Refused)?;
    let act = |verdict: &CompleteVerdict| {
        let Feedback { complaint_id, feedback_id, reason_code, .. } = &verdict.feedback;
        Act::new(Action::VerdictGiven, complaint_id).of_record(feedback_id).because(reason_code)
    };
    let acts: Vec<Act> = verdicts.iter().map(act).collect();
    let recording = state.audit.begin(&state.appender, caller, &acts)?;
    let (given, places) = append(state, verdicts).await?;
    recording.finish().await?;
    Ok((own.headers(caller, &places), given))
}

/// What was taken: as it was sent, one or several.
#[derive(Serialize, ToSchema)]
#[schema(as = GivenVerdicts)]
#[serde(untagged)]
pub(crate) enum Given {
    One(Option<AcceptedVerdict>),
    Several(Vec<AcceptedVerdict>),
}

/// Starts every counter at 0: a counter that first appears with its first count raises no alarm.
pub(crate) fn count_from_zero() {
    for outcome in ["given", "refused"] {
        counter!("ombud_feedback_total", "outcome" => outcome).increment(0);
    }
}

fn refuse(refused: Vec<RefusedVerdict>) -> Response {
    count_refused(&refused);
    let error = refused.first().map(RefusedVerdict::text).unwrap_or_default();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal { error, refused })).into_response()
}

fn count_refused(refused: &[RefusedVerdict]) {
    counter!("ombud_feedback_total", "outcome" => "refused").increment(refused.len() as u64);
}

/// Every verdict completed from its case, or all that are wrong. Asks the store.
fn complete_all(
    state: &RequestState,
    verdicts: impl Iterator<Item = Result<Verdict, RefusedVerdict>>,
    caller: &Caller,
) -> Result<Result<Vec<CompleteVerdict>, Vec<RefusedVerdict>>, Unavailable> {
    let source = match caller.person() {
        Some(_) => Source::Known(CONSOLE),
        None => caller.system().map_or(Source::Unasked(UNNAMED), Source::Known),
    };
    let mut case = |complaint_id: &str| state.cases.find(complaint_id);
    let mut intake =
        VerdictIntake { case: &mut case, teams: &state.teams, source, now: state.clock.now_ms() };
    let signed =
        |verdict: Result<Verdict, RefusedVerdict>| verdict.and_then(|verdict| signed_by(caller, verdict));
    let outcomes = intake.take(verdicts.map(signed));
    let outcomes = outcomes.map_err(|outage| Unavailable(outage.to_string()))?;
    let (mut verdicts, mut refused) = (Vec::new(), Vec::new());
    for (at, outcome) in outcomes.into_iter().enumerate() {
        match outcome.and_then(|complete| of_own_team(caller, complete)) {
            Ok(complete) => verdicts.push(complete),
            Err(wrong) => refused.push(RefusedVerdict { at, ..wrong }),
        }
    }
    Ok(if refused.is_empty() { Ok(verdicts) } else { Err(refused) })
}

/// The verdict as a person gives it who is signed in: nobody signs for another.
fn signed_by(caller: &Caller, mut verdict: Verdict) -> Result<Verdict, RefusedVerdict> {
    if caller.person().is_none() {
        return Ok(verdict);
    }
    let said = Some(verdict.actor.as_str()).filter(|said| !said.is_empty());
    let claimant = claimant_of(caller, said).map_err(|_| {
        RefusedVerdict::new("actor", "not-yours", "leave it out: who is signed in says who it is")
    })?;
    (verdict.actor, verdict.actor_role) = (claimant.name, claimant.role);
    Ok(verdict)
}

/// A verdict on what went to a team of `caller`'s. Who was not asked who they are has no teams, and may judge all.
fn of_own_team(caller: &Caller, complete: CompleteVerdict) -> Result<CompleteVerdict, RefusedVerdict> {
    let team = complete.feedback.from_team.as_deref().unwrap_or_default();
    if caller.teams().is_none_or(|teams| teams.has(team)) {
        return Ok(complete);
    }
    let fix = "leave it to others: the complaint went to a team that you do not work for";
    Err(RefusedVerdict::new("complaint_id", "not-your-team", fix))
}

/// Appends all, and waits until the last one is durable: the answers, and where each lies.
async fn append(
    state: &RequestState,
    verdicts: Vec<CompleteVerdict>,
) -> Result<(Vec<AcceptedVerdict>, Vec<(TopicPartition, i64)>), Unavailable> {
    let mut under_way = Vec::with_capacity(verdicts.len());
    for CompleteVerdict { feedback, vulnerability_missing } in verdicts {
        let value = codec::encode(&feedback).map_err(|error| Unavailable(error.to_string()))?;
        let key = Some(Bytes::copy_from_slice(feedback.complaint_id.as_bytes()));
        let record = Outgoing::stamped(Arc::clone(&state.feedback), None, key, value, WORKER, &[]);
        under_way.push((feedback, vulnerability_missing, state.appender.hand_over(record)?));
    }
    let (mut given, mut places) = (Vec::with_capacity(under_way.len()), Vec::with_capacity(under_way.len()));
    for (feedback, vulnerability_missing, appended) in under_way {
        let (at, offset) = durable(appended).await?;
        counter!("ombud_feedback_total", "outcome" => "given").increment(1);
        given.push(AcceptedVerdict {
            feedback_id: feedback.feedback_id,
            complaint_id: feedback.complaint_id,
            revision: feedback.revision,
            audit_sample: feedback.audit_sample,
            vulnerability_missing,
            partition: at.partition,
            offset,
        });
        places.push((at, offset));
    }
    Ok((given, places))
}
