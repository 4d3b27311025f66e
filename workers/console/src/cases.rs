//! `GET /api/cases/{complaint_id}`: one complaint with its clocks and all that happened to it; and, each on a path of its own and
//! recorded before it is shown, what the customer wrote and what in it speaks of vulnerability.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, header},
};
use ombud_contract::records::{Evidence, Prediction, RawComplaint, RoutedComplaint};
use ombud_launch::guard::Caller;
use ombud_measure::case::records_of;
use ombud_store::{CaseEvent, Kind, WorkItem};
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;
use utoipa::ToSchema;

use crate::{
    audit::{Act, Action},
    blind,
    item::Item,
    own_writes::OwnWrites,
    refused::{NotTaken, Problem, Refusals},
    request::Segment,
    state::RequestState,
    timeline::{TimelineEntry, timeline},
    worklist::WorklistLag,
};

/// What is shown of a customer stays on no disk on the way.
pub(crate) const NOT_STORED: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// A complaint.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Case {
    /// Its id.
    pub complaint_id: String,
    /// As the worklist has it, with its clocks; null where it has not come there yet.
    #[schema(required)]
    pub item: Option<Item>,
    /// All that the archive has of it, in the order in which it happened.
    pub timeline: Vec<TimelineEntry>,
    /// How far the worklist is behind its topics.
    pub lag: WorklistLag,
}

/// What the customer wrote.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Narrative {
    /// The complaint.
    pub complaint_id: String,
    /// Which edit of it, counted from 1.
    pub submission: i32,
    /// BCP 47 tag of its language.
    pub language: String,
    /// What the customer wrote.
    pub narrative: String,
    /// `topic/partition/offset` of the record.
    pub origin: String,
}

/// What in the newest submission speaks of vulnerability.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CaseEvidence)]
pub struct CaseEvidence {
    /// The complaint.
    pub complaint_id: String,
    /// One a model that looked.
    pub found: Vec<ModelEvidence>,
}

/// What one model found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ModelEvidence {
    /// The model.
    pub model_id: String,
    /// Its version.
    pub model_version: String,
    /// Calibrated probability of yes; null where there is none.
    #[schema(required)]
    pub score: Option<f32>,
    /// The numbered table that was looked up, such as `vulnerable@1`.
    pub evidence_table: String,
    /// In the order of the text.
    pub evidence: Vec<Phrase>,
}

/// A phrase, by its place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Phrase {
    /// What it speaks of: a category of the table.
    pub category: String,
    /// Enough by itself.
    pub explicit: bool,
    /// Where it begins in the narrative, in code points.
    pub start: i32,
    /// Where it ends, in code points.
    pub end: i32,
}

/// One complaint: how it stands, its clocks, and every record of it, without what the customer wrote.
#[utoipa::path(
    operation_id = "show_case",
    get, path = "/api/cases/{complaint_id}", tag = "cases",
    params(
        ("complaint_id" = String, Path, description = "The complaint", example = "crm-1001"),
        ("ombud-after" = Option<String>, Header, description = "What an answer to a write said: waits until the worklist shows it"),
    ),
    responses((status = 200, description = "The complaint", body = Case), Refusals),
    security(("token" = []))
)]
pub(crate) async fn case(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    own: OwnWrites,
    Segment(complaint_id): Segment,
) -> Result<Json<Case>, Problem> {
    let found = find(&state, &caller, &own, &complaint_id).await?;
    block_in_place(|| found.case(&state, &caller)).map(Json)
}

/// A complaint that `caller` may see: once the worklist has read what they wrote themselves. A complaint of another team is
/// absent, as one that is not there.
pub(crate) async fn find(
    state: &RequestState,
    caller: &Caller,
    own: &OwnWrites,
    complaint_id: &str,
) -> Result<FoundCase, Problem> {
    own.wait(state).await?;
    block_in_place(|| FoundCase::of(state, caller, complaint_id))
}

/// What the customer wrote, in the newest submission. That you opened it is recorded first; where it can't be, the
/// answer says so and shows nothing.
#[utoipa::path(
    operation_id = "open_narrative",
    get, path = "/api/cases/{complaint_id}/narrative", tag = "cases",
    params(("complaint_id" = String, Path, description = "The complaint", example = "crm-1001")),
    responses((status = 200, description = "What the customer wrote", body = Narrative), Refusals),
    security(("token" = []))
)]
pub(crate) async fn narrative(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    Segment(complaint_id): Segment,
) -> Result<([(HeaderName, &'static str); 1], Json<Narrative>), Problem> {
    let found = block_in_place(|| FoundCase::of(&state, &caller, &complaint_id))?;
    open_narrative(&state, &caller, &found).await.map(|narrative| (NOT_STORED, Json(narrative)))
}

/// What the customer wrote, in the newest submission of `found`. That `caller` opened it is durable when this returns.
pub(crate) async fn open_narrative(
    state: &RequestState,
    caller: &Caller,
    found: &FoundCase,
) -> Result<Narrative, Problem> {
    found.readable(caller)?;
    let newest = found.newest().ok_or_else(|| {
        Problem::absent(
            "narrative-unknown",
            "find the narrative: the archive has none that can be read; ask again in a moment",
        )
    })?;
    let (raw, origin): (RawComplaint, String) = newest;
    let act = Act::new(Action::NarrativeOpened, &found.complaint_id);
    state.audit.record(&state.appender, caller, &[act]).await?;
    Ok(Narrative {
        complaint_id: found.complaint_id.clone(),
        submission: raw.submission,
        language: raw.language,
        narrative: raw.narrative,
        origin,
    })
}

/// What in the newest submission speaks of vulnerability, phrase by phrase. That you opened it is recorded first.
#[utoipa::path(
    operation_id = "open_evidence",
    get, path = "/api/cases/{complaint_id}/evidence", tag = "cases",
    params(("complaint_id" = String, Path, description = "The complaint", example = "crm-1001")),
    responses(
        (status = 200, description = "What each model found", body = CaseEvidence),
        (status = 409, description = "It was drawn for the audit sample, and you may judge it", body = NotTaken),
        Refusals,
    ),
    security(("token" = []))
)]
pub(crate) async fn evidence(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    Segment(complaint_id): Segment,
) -> Result<([(HeaderName, &'static str); 1], Json<CaseEvidence>), Problem> {
    let found = block_in_place(|| FoundCase::of(&state, &caller, &complaint_id))?;
    if found.is_blind(&caller) {
        return Err(blind::refusal());
    }
    open_evidence(&state, &caller, &found).await.map(|evidence| (NOT_STORED, Json(evidence)))
}

/// What in `found` speaks of vulnerability, phrase by phrase. That `caller` opened it is durable when this returns.
pub(crate) async fn open_evidence(
    state: &RequestState,
    caller: &Caller,
    found: &FoundCase,
) -> Result<CaseEvidence, Problem> {
    found.readable(caller)?;
    if !caller.sees_evidence() {
        return Err(Problem::forbidden(
            "specialists-only",
            "see why a complaint was called vulnerable: the vulnerability desk may",
        ));
    }
    let act = Act::new(Action::EvidenceOpened, &found.complaint_id);
    state.audit.record(&state.appender, caller, &[act]).await?;
    Ok(CaseEvidence { complaint_id: found.complaint_id.clone(), found: found.evidence() })
}

/// A complaint that the one who asks may see.
pub(crate) struct FoundCase {
    /// Its id.
    pub(crate) complaint_id: String,
    /// As the worklist has it, where it has come there.
    pub(crate) item: Option<WorkItem>,
    /// All that is archived of it.
    pub(crate) events: Vec<CaseEvent>,
    /// Whose work it is. A complaint that is not routed yet is nobody's: only who sees every team's sees it.
    pub(crate) team: String,
}

impl FoundCase {
    /// Blocks.
    pub(crate) fn of(state: &RequestState, caller: &Caller, complaint_id: &str) -> Result<Self, Problem> {
        let item = state.worklist.item(complaint_id)?;
        let events = state.cases.events(complaint_id)?;
        let routed = || newest_team(&events);
        let team = item.as_ref().map(|item| item.team.clone()).or_else(routed).unwrap_or_default();
        if (item.is_none() && events.is_empty()) || !(caller.sees(&team) || caller.reads_narrative_of(&team))
        {
            // One answer for both, so that nobody learns which ids there are.
            return Err(Problem::absent(
                "case-unknown",
                "find this complaint: none that you may see has this id; one that came just now, ask again in a moment",
            ));
        }
        Ok(Self { complaint_id: complaint_id.to_owned(), item, events, team })
    }

    /// Whether what the models answered about it is kept from `caller`.
    pub(crate) fn is_blind(&self, caller: &Caller) -> bool {
        blind::is_blind(caller, self.item.as_ref(), &self.events)
    }

    /// How it stands, and all that happened to it, as far as `caller` may know now. Blocks.
    pub(crate) fn case(self, state: &RequestState, caller: &Caller) -> Result<Case, Problem> {
        let held = state.leases.ask(|leases| leases.held(std::slice::from_ref(&self.complaint_id)))?;
        let is_blind = self.is_blind(caller);
        let item = |item| {
            let item = Item::of(item, held.get(&self.complaint_id), state.clock.now_ms());
            if is_blind { item.kept() } else { item }
        };
        let entries = timeline(&self.events);
        Ok(Case {
            timeline: if is_blind { blind::without_answers(entries) } else { entries },
            item: self.item.map(item),
            complaint_id: self.complaint_id.clone(),
            lag: state.lag(),
        })
    }

    /// Whether `caller` may have what was answered, with the words that decided it.
    ///
    /// # Errors
    /// It is kept from a judge of the audit sample, or the narrative is another team's.
    pub(crate) fn may_be_explained(&self, caller: &Caller) -> Result<(), Problem> {
        if self.is_blind(caller) {
            return Err(blind::refusal());
        }
        self.readable(caller)
    }

    /// Whether some model found something that speaks of vulnerability.
    pub(crate) fn has_evidence(&self) -> bool {
        self.evidence().iter().any(|found| !found.evidence.is_empty())
    }

    fn readable(&self, caller: &Caller) -> Result<(), Problem> {
        match caller.reads_narrative_of(&self.team) {
            true => Ok(()),
            false => Err(Problem::forbidden(
                "not-your-team",
                "read what the customer wrote: clerks of its team may",
            )),
        }
    }

    /// The newest submission that can be read, and where it lies.
    fn newest(&self) -> Option<(RawComplaint, String)> {
        let of_kind = self.events.iter().filter(|event| event.kind == Kind::Raw);
        let readable = of_kind.filter_map(|event| {
            let raw: RawComplaint = ombud_contract::codec::decode(&event.body).ok()?;
            Some((place(&event.origin), raw, event.origin.clone()))
        });
        readable.max_by_key(|(place, raw, _)| (raw.submission, *place)).map(|(_, raw, origin)| (raw, origin))
    }

    /// What each model found in the submission that was routed last; where nothing was, in any.
    fn evidence(&self) -> Vec<ModelEvidence> {
        let routes: Vec<RoutedComplaint> = records_of(&self.events, Kind::Routed);
        let judged = routes.into_iter().max_by_key(|route| route.revision).map(|route| route.input_sha256);
        let mut predictions: Vec<Prediction> = records_of(&self.events, Kind::Prediction);
        predictions.retain(|prediction| {
            !prediction.evidence_table.is_empty()
                && judged.as_ref().is_none_or(|judged| prediction.input_sha256 == *judged)
        });
        predictions.sort_by_key(|prediction| std::cmp::Reverse(prediction.predicted_at));
        predictions.into_iter().map(ModelEvidence::of).collect()
    }
}

fn newest_team(events: &[CaseEvent]) -> Option<String> {
    let routed = events.iter().filter(|event| event.kind == Kind::Routed);
    routed.max_by_key(|event| event.seq).and_then(|event| event.team.clone())
}

/// Orders records of one partition.
fn place(origin: &str) -> i64 {
    origin.rsplit('/').next().and_then(|offset| offset.parse().ok()).unwrap_or(-1)
}

impl ModelEvidence {
    fn of(prediction: Prediction) -> Self {
        let phrase = |one: Evidence| Phrase {
            category: one.category,
            explicit: one.explicit,
            start: one.start,
            end: one.end,
        };
        Self {
            model_id: prediction.model_id,
            model_version: prediction.model_version,
            score: prediction.score.filter(|score| score.is_finite()),
            evidence_table: prediction.evidence_table,
            evidence: prediction.evidence.into_iter().map(phrase).collect(),
        }
    }
}
