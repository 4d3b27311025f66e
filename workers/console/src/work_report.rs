//! What was done about a complaint as it is sent: what the sender knows; the item has the rest. Plain functions.

use ombud_contract::work::Phase;
use ombud_contract::{
    records::{AnswerOutcome, TimestampMs, WorkEvent, WorkKind},
    work::InvalidWork,
};
use ombud_store::WorkItem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{desk::Claimant, refused::RefusedVerdict, request::field_of};

/// What was done. Taking a complaint and giving it back is done by its lease: `POST /api/leases/{complaint_id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkReportKind {
    /// The customer knows that it was received.
    Acknowledged,
    /// The customer knows why there is no answer yet.
    HoldingResponse,
    /// Resolved at once, with the customer's agreement.
    SummaryResolution,
    /// Answered.
    FinalResponse,
    /// Given to another firm, whose complaint it is.
    Forwarded,
    /// Open again after it was answered or forwarded.
    Reopened,
    /// `reason_code` is noted.
    Noted,
    /// The event that `undoes` names is undone.
    Undone,
}

impl From<WorkReportKind> for WorkKind {
    fn from(kind: WorkReportKind) -> Self {
        match kind {
            WorkReportKind::Acknowledged => Self::Acknowledged,
            WorkReportKind::HoldingResponse => Self::HoldingResponse,
            WorkReportKind::SummaryResolution => Self::SummaryResolution,
            WorkReportKind::FinalResponse => Self::FinalResponse,
            WorkReportKind::Forwarded => Self::Forwarded,
            WorkReportKind::Reopened => Self::Reopened,
            WorkReportKind::Noted => Self::Noted,
            WorkReportKind::Undone => Self::Undone,
        }
    }
}

/// What the customer was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answer {
    /// The customer is right.
    Upheld,
    /// In part.
    PartlyUpheld,
    /// The customer is not.
    Rejected,
}

impl From<Answer> for AnswerOutcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Upheld => Self::Upheld,
            Answer::PartlyUpheld => Self::PartlyUpheld,
            Answer::Rejected => Self::Rejected,
        }
    }
}

/// Something that was done about a complaint. What is left out is filled in; what contradicts the complaint is refused. No
/// free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkReport {
    /// The complaint.
    pub complaint_id: String,
    /// What was done.
    pub kind: WorkReportKind,
    /// Pseudonym of who did it, such as agent-17. A person who is signed in leaves it out; a system must say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Their role, such as clerk or lead; of a person who is signed in it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// When it was done, in milliseconds since 1970, and not to come; now, where it is left out. Say it, and the same event
    /// sent twice is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<i64>,
    /// The revision of the route that was seen; the newest, where it is left out. An older one is refused for what closes the
    /// complaint: the customer may have written something else since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The lease under which it was done. What closes a complaint needs it, or that nobody has the complaint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_id: Option<String>,
    /// A code of the bank's; of NOTED, what is noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason_code: String,
    /// Needed for FINAL_RESPONSE and SUMMARY_RESOLUTION.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Answer>,
    /// The bank's code of the cause: needed for FINAL_RESPONSE and SUMMARY_RESOLUTION.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_code: Option<String>,
    /// Redress that was paid, in minor units of `redress_currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redress_minor: Option<i64>,
    /// ISO 4217, such as GBP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redress_currency: Option<String>,
    /// The bank's code of what vulnerability had to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability_code: Option<String>,
    /// The bank's code of the firm that got it: needed for FORWARDED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_to: Option<String>,
    /// The `work_id` of the event that is undone: needed for UNDONE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

impl WorkReport {
    /// A report that says no more than it must.
    pub fn new(complaint_id: impl Into<String>, kind: WorkReportKind) -> Self {
        Self {
            complaint_id: complaint_id.into(),
            kind,
            actor: None,
            actor_role: None,
            done_at: None,
            revision: None,
            lease_id: None,
            reason_code: String::new(),
            outcome: None,
            cause_code: None,
            redress_minor: None,
            redress_currency: None,
            vulnerability_code: None,
            forwarded_to: None,
            undoes: None,
        }
    }

    /// The report in a JSON object.
    ///
    /// # Errors
    /// It is none; says which field, and not what stood there.
    pub fn read(value: Value) -> Result<Self, RefusedVerdict> {
        serde_path_to_error::deserialize(value).map_err(|error| match field_of(&error) {
            kind if kind.field == "kind" && kind.code == "wrong-type" => RefusedVerdict::new(
                "kind",
                "unknown-symbol",
                "give ACKNOWLEDGED, HOLDING_RESPONSE, SUMMARY_RESOLUTION, FINAL_RESPONSE, FORWARDED, REOPENED, NOTED or UNDONE",
            ),
            other => other,
        })
    }

    /// The event on `item` as `by` reports it at `now`, without its id: that depends on the lease of what closes. `content` is
    /// what the complaint said then, where it is known.
    ///
    /// # Errors
    /// The first field that contradicts the item, or what may not follow.
    pub(crate) fn complete(
        &self,
        item: &WorkItem,
        by: &Claimant,
        content: Option<String>,
        now: TimestampMs,
    ) -> Result<WorkEvent, RefusedVerdict> {
        let kind = WorkKind::from(self.kind);
        let revision = self.revision.unwrap_or(item.revision);
        if revision > item.revision || (kind.closes() && revision < item.revision) {
            return Err(RefusedVerdict::new(
                "revision",
                "revision-not-newest",
                "look at the complaint again: another route of it is the newest, or leave the revision out",
            ));
        }
        let role = match (&self.actor_role, by.role.as_str()) {
            (Some(said), "") => said.clone(),
            (Some(said), known) if said != known => {
                return Err(RefusedVerdict::new(
                    "actor_role",
                    "not-yours",
                    "leave it out: who is signed in says it",
                ));
            }
            (_, known) => known.to_owned(),
        };
        Ok(WorkEvent {
            input_sha256: content,
            actor_role: role,
            source: by.source.clone(),
            team: Some(item.team.clone()),
            lease_id: self.lease_id.clone(),
            reason_code: self.reason_code.clone(),
            outcome: self.outcome.map(AnswerOutcome::from),
            cause_code: self.cause_code.clone(),
            redress_minor: self.redress_minor,
            redress_currency: self.redress_currency.clone(),
            vulnerability_code: self.vulnerability_code.clone(),
            forwarded_to: self.forwarded_to.clone(),
            undoes: self.undoes.clone(),
            ..WorkEvent::new(&item.complaint_id, kind, revision, self.done_at.unwrap_or(now), &by.name)
        })
    }
}

/// Why `kind` may not follow while a complaint is in `state`: the code, and what to do. What closes an answered complaint is looked
/// at by its lease, for it may be a repeat.
pub(crate) fn may_not_follow(kind: WorkKind, state: Phase) -> Option<(&'static str, &'static str)> {
    match (kind, state) {
        (WorkKind::Noted | WorkKind::Undone, _) => None,
        (_, Phase::Withdrawn) => {
            Some(("withdrawn", "note a code, or undo something: the customer took this complaint back"))
        }
        (WorkKind::Reopened, Phase::Answered) => None,
        (WorkKind::Reopened, _) => Some(("not-answered", "go on with the work: this complaint is open")),
        (_, Phase::Answered) => Some((
            "already-answered",
            "open it again first (REOPENED): this complaint is answered or forwarded",
        )),
        (WorkKind::Acknowledged, Phase::Acknowledged) => {
            Some(("already-acknowledged", "go on with the work: the customer knows that it was received"))
        }
        _ => None,
    }
}

impl From<InvalidWork> for RefusedVerdict {
    fn from(invalid: InvalidWork) -> Self {
        Self::new(invalid.field, invalid.code, invalid.fix)
    }
}
