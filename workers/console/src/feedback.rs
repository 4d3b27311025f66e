//! `POST /api/feedback`: one verdict or an array of them, answered when all of them are durable; none is taken where one
//! is refused.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use metrics::counter;
use ombud_contract::codec;
use ombud_launch::guard::Caller;
use ombud_stream::Outgoing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    append::{Unavailable, WORKER, durable},
    completion::Source,
    intake::{CompleteVerdict, VerdictIntake},
    refused::{NotTaken, RefusedVerdict, not_taken},
    state::RequestState,
    verdict::Verdict,
};

/// The most verdicts in one request: each is looked up in its case before any is taken.
pub const MOST_AT_ONCE: usize = 256;
/// The source of a verdict that names none and came without a token.
const UNNAMED: &str = "http";

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
    post,
    path = "/api/feedback",
    request_body = OneOrSeveral,
    responses(
        (status = 202, description = "Durable: one answer a verdict, in an array where an array was sent", body = [AcceptedVerdict]),
        (status = 401, description = "No token that is known"),
        (status = 403, description = "A token without this scope, or a page of another site"),
        (status = 413, description = "More than http.body_bytes"),
        (status = 415, description = "The content type is not application/json"),
        (status = 421, description = "The Host is none of ours"),
        (status = 422, description = "Nothing was taken: each field that is wrong, and what would be right", body = Refusal),
        (status = 503, description = "Not now: send it again in a moment", body = NotTaken),
    ),
    security(("token" = []))
)]
pub(crate) async fn accept(
    State(state): State<Arc<RequestState>>,
    caller: Option<Extension<Caller>>,
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
    let verdicts = match tokio::task::block_in_place(|| complete_all(&state, values, &caller)) {
        Ok(Ok(verdicts)) => verdicts,
        Ok(Err(refused)) => return refuse(refused),
        Err(unavailable) => return unavailable_now(unavailable),
    };
    match append(&state, verdicts).await {
        Ok(given) if several => (StatusCode::ACCEPTED, Json(given)).into_response(),
        Ok(mut given) => (StatusCode::ACCEPTED, Json(given.pop())).into_response(),
        Err(unavailable) => unavailable_now(unavailable),
    }
}

/// Starts every counter at 0: a counter that first appears with its first count raises no alarm.
pub(crate) fn count_from_zero() {
    for outcome in ["given", "refused"] {
        counter!("ombud_feedback_total", "outcome" => outcome).increment(0);
    }
}

fn refuse(refused: Vec<RefusedVerdict>) -> Response {
    counter!("ombud_feedback_total", "outcome" => "refused").increment(refused.len() as u64);
    let error = refused.first().map(RefusedVerdict::text).unwrap_or_default();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal { error, refused })).into_response()
}

fn unavailable_now(Unavailable(why): Unavailable) -> Response {
    not_taken(StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

/// Every verdict completed from its case, or all that are wrong. Asks the store.
fn complete_all(
    state: &RequestState,
    values: Vec<Value>,
    caller: &Caller,
) -> Result<Result<Vec<CompleteVerdict>, Vec<RefusedVerdict>>, Unavailable> {
    let source = caller.name().map_or(Source::Unasked(UNNAMED), Source::Known);
    let mut case = |complaint_id: &str| state.cases.find(complaint_id);
    let mut intake =
        VerdictIntake { case: &mut case, teams: &state.teams, source, now: state.clock.now_ms() };
    let outcomes = intake.take(values.into_iter().map(Verdict::read));
    let outcomes = outcomes.map_err(|outage| Unavailable(outage.to_string()))?;
    let (mut verdicts, mut refused) = (Vec::new(), Vec::new());
    for (at, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(complete) => verdicts.push(complete),
            Err(wrong) => refused.push(RefusedVerdict { at, ..wrong }),
        }
    }
    Ok(if refused.is_empty() { Ok(verdicts) } else { Err(refused) })
}

/// Appends all, and waits until the last one is durable.
async fn append(
    state: &RequestState,
    verdicts: Vec<CompleteVerdict>,
) -> Result<Vec<AcceptedVerdict>, Unavailable> {
    let mut under_way = Vec::with_capacity(verdicts.len());
    for CompleteVerdict { feedback, vulnerability_missing } in verdicts {
        let value = codec::encode(&feedback).map_err(|error| Unavailable(error.to_string()))?;
        let key = Some(Bytes::copy_from_slice(feedback.complaint_id.as_bytes()));
        let record = Outgoing::stamped(Arc::clone(&state.feedback), None, key, value, WORKER, &[]);
        under_way.push((feedback, vulnerability_missing, state.appender.hand_over(record)?));
    }
    let mut given = Vec::with_capacity(under_way.len());
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
    }
    Ok(given)
}
