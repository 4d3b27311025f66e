//! `POST /api/complaints/{complaint_id}/explain`: why models answered as they did, computed again from the archived text.
//!
//! case -> may they? -> one job a decided task -> whoever explains, few at once -> recorded -> the answer, without evidence for whoever
//! may not see it

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, StatusCode},
};
use jiff::Timestamp;
use ombud_contract::{
    records::TimestampMs,
    taxonomy::{Taxonomy, label_or_name},
};
use ombud_explain::{ALL_OTHERS, BarKind, ExplainJob, Explanation};
use ombud_launch::guard::Caller;
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;
use utoipa::ToSchema;

use crate::{
    audit::{Act, Action},
    cases::{FoundCase, NOT_STORED},
    explain_desk::{ExplainDesk, ExplainRefusal},
    refused::{NotTaken, Problem, Refusals},
    request::{Segment, Sent},
    slow_lane,
    state::RequestState,
};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ExplainQuestion)]
pub(crate) struct Question {
    /// Only this task; else every task that was decided.
    pub(crate) task: Option<String>,
    /// Why not this label, of any level of the task's label tree, or `all others` together; else the runner-up. Needs `task`.
    pub(crate) against: Option<String>,
    /// Only what was appended until then, by the strategy that was in force, in milliseconds since 1970.
    pub(crate) as_of: Option<TimestampMs>,
}

/// Why models answered as they did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanations {
    /// One a task. Places are in code points of the narrative.
    pub explanations: Vec<Explanation>,
}

/// What was explained, and of which text.
pub(crate) struct ExplainedText {
    pub(crate) narrative: String,
    /// BCP 47 tag.
    pub(crate) language: String,
    pub(crate) explanations: Vec<Explanation>,
    /// The label that was asked about.
    against: Option<String>,
}

/// Why models answered as they did: the words that decided, thresholds, where it went, and what would have changed that. That you
/// asked is recorded first. It takes some seconds, and up to minutes while many complaints come in.
#[utoipa::path(
    operation_id = "explain",
    post, path = "/api/complaints/{complaint_id}/explain", tag = "cases",
    params(("complaint_id" = String, Path, description = "The complaint", example = "crm-1001")),
    request_body = Question,
    responses(
        (status = 200, description = "One explanation a task", body = Explanations),
        (status = 409, description = "It was drawn for the audit sample, and you may judge it", body = NotTaken),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn answer(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    Segment(complaint_id): Segment,
    Sent(question): Sent<Question>,
) -> Result<([(HeaderName, &'static str); 1], Json<Explanations>), Problem> {
    let found = block_in_place(|| FoundCase::of(&state, &caller, &complaint_id))?;
    let explained = explain(&state, &caller, &found, question, &[]).await?;
    Ok((NOT_STORED, Json(Explanations { explanations: explained.explanations })))
}

/// What `question` asks of `found`. That `caller` asked is durable when this returns, and with it `beside`, which is what else they
/// are shown.
pub(crate) async fn explain(
    state: &RequestState,
    caller: &Caller,
    found: &FoundCase,
    question: Question,
    beside: &[Act],
) -> Result<ExplainedText, Problem> {
    found.may_be_explained(caller)?;
    let desk = state.explain.clone().ok_or_else(|| Problem::from(ExplainRefusal::NotAvailable))?;
    let (events, as_of) = (found.events.clone(), question.as_of);
    let mut explained = state
        .slow_lane
        .run(move || {
            let jobs = chosen(desk.jobs(&events, as_of)?, &question)?;
            compute(&*desk, jobs)
        })
        .await?;
    let sees_evidence = caller.sees_evidence();
    if !sees_evidence {
        explained.explanations =
            explained.explanations.into_iter().map(Explanation::without_evidence).collect();
    }
    let as_of = as_of.and_then(|at| Timestamp::from_millisecond(at).ok());
    let mut acts = beside.to_vec();
    acts.extend(explained.explanations.iter().map(|one| {
        let mut asked = one.task.clone();
        asked += &explained.against.as_ref().map_or_else(String::new, |label| format!(" against {label}"));
        asked += &as_of.map_or_else(String::new, |at| format!(" as of {at}"));
        Act::new(Action::Explained, &found.complaint_id).because(&asked)
    }));
    if sees_evidence && explained.explanations.iter().any(shows_evidence) {
        acts.push(Act::new(Action::EvidenceOpened, &found.complaint_id));
    }
    state.audit.record(&state.appender, caller, &acts).await?;
    Ok(explained)
}

/// Blocks, for as long as the desk takes.
fn compute(desk: &dyn ExplainDesk, jobs: Vec<ExplainJob>) -> Result<ExplainedText, Problem> {
    let explanations = desk.explain(&jobs)?;
    let first = jobs.into_iter().next().ok_or_else(nothing_decided)?;
    let ExplainJob { raw, against, .. } = first;
    Ok(ExplainedText { narrative: raw.narrative, language: raw.language, explanations, against })
}

fn shows_evidence(explanation: &Explanation) -> bool {
    let bars = explanation.contrast.iter().flat_map(|contrast| &contrast.bars);
    !explanation.evidence.is_empty() || bars.into_iter().any(|bar| bar.kind == BarKind::Evidence)
}

/// Those of `jobs` that `question` asks for, each with the label that it asks about.
fn chosen(mut jobs: Vec<ExplainJob>, question: &Question) -> Result<Vec<ExplainJob>, Problem> {
    if jobs.is_empty() {
        return Err(nothing_decided());
    }
    match (&question.task, &question.against) {
        (None, None) => Ok(jobs),
        (None, Some(_)) => Err(Problem::wrong("task", "missing-field", "name the task that has this label")),
        (Some(task), against) => {
            let decided: Vec<String> = jobs.iter().map(|job| job.prediction.task.clone()).collect();
            jobs.retain(|job| job.prediction.task == *task);
            let Some(job) = jobs.first_mut() else {
                let fix = format!("name a task that was decided: {}", decided.join(", "));
                return Err(Problem::wrong("task", "unknown-task", &fix));
            };
            if let Some(label) = against {
                job.against = Some(known_label(job, label)?);
            }
            Ok(jobs)
        }
    }
}

/// `label` as the label tree of the answer writes it. A tree that is not known here, whoever explains knows.
fn known_label(job: &ExplainJob, label: &str) -> Result<String, Problem> {
    let label = label_or_name(&job.prediction.task, label).to_owned();
    match Taxonomy::by_label_set(&job.prediction.label_set) {
        Some(tree) if label != ALL_OTHERS && !tree.has(&label) => {
            let labels: Vec<&str> =
                tree.levels().filter_map(|level| tree.labels(level)).flatten().map(String::as_str).collect();
            let fix = format!("name a label of {}: {}", tree.label_set(), labels.join("; "));
            Err(Problem::wrong("against", "unknown-label", &fix))
        }
        _ => Ok(label),
    }
}

fn nothing_decided() -> Problem {
    let error = "explain this complaint: no model has decided anything about it that the archive has; ask again in a moment";
    Problem::absent("nothing-decided", error)
}

impl From<ExplainRefusal> for Problem {
    fn from(refusal: ExplainRefusal) -> Self {
        match refusal {
            ExplainRefusal::NotAvailable => Self::later(
                "explain-unavailable",
                "explain it: that is not available here; set explain.address (OMBUD_EXPLAIN__ADDRESS) to a running \
                 `ombud explain --serve`",
            ),
            ExplainRefusal::Busy => slow_lane::busy(),
            ExplainRefusal::NothingDecided(why) => Self::absent("nothing-decided", &why),
            ExplainRefusal::ModelGone(what) => Self::absent("model-gone", &what),
            // It was stopping, and another is asked next.
            ExplainRefusal::Refused { code, error } if code == "stopped" => Self::later("unavailable", error),
            ExplainRefusal::Refused { code, error } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error)
            }
            ExplainRefusal::Outage(why) => Self::later("unavailable", why),
        }
    }
}
