//! `GET /api/audit`: who did and who looked at what, as console.audit has it, read forwards a page at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, Json, extract::State};
use ombud_contract::{codec, records::AuditEntry};
use ombud_launch::guard::{Caller, Right};
use ombud_stream::Outage;
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;
use utoipa::{IntoParams, ToSchema};

use crate::{
    refused::{Problem, Refusals},
    request::Fields,
    state::{RequestState, Trail},
};

/// The most entries of an answer.
const MOST: usize = 200;
/// How long one answer reads. What is left, `next` leads to.
const READ_TIME: Duration = Duration::from_secs(2);
/// How long one fetch may wait for what is there.
const FETCH_WAIT: Duration = Duration::from_millis(200);

/// Which part of the audit is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only entries about this complaint.
    complaint: Option<String>,
    /// `next` of the page before: PARTITION/OFFSET.
    after: Option<String>,
}

/// One thing that somebody did or looked at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
#[expect(missing_docs, reason = "they are the fields of the record")]
pub struct AuditLine {
    pub audit_id: String,
    pub at: i64,
    pub actor: String,
    pub roles: Vec<String>,
    pub source: String,
    pub action: String,
    pub subject: String,
    #[schema(required)]
    pub complaint_id: Option<String>,
    #[schema(required)]
    pub record_id: Option<String>,
    pub reason_code: String,
}

/// Some of the audit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// Partition by partition, in the order in which they were appended.
    pub entries: Vec<AuditLine>,
    /// Where the next page begins; null where all that was there when this was asked has been read. A page may be empty and lead
    /// on: it has looked through as much as one answer may.
    #[schema(required)]
    pub next: Option<String>,
}

/// Who did and who looked at what.
#[utoipa::path(
    operation_id = "read_audit",
    get, path = "/api/audit", tag = "audit",
    params(AuditQuery),
    responses((status = 200, description = "A page", body = AuditPage), Refusals),
    security(("token" = []))
)]
pub(crate) async fn audit(
    State(state): State<Arc<RequestState>>,
    Extension(caller): Extension<Caller>,
    Fields(query): Fields<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    if !caller.may(Right::ReadAudit) {
        return Err(Problem::forbidden("auditors-only", "read who did what: auditors may"));
    }
    let from = query.after.as_deref().map_or(Some((0, 0)), position);
    let from = from.ok_or_else(|| {
        Problem::wrong("after", "after-unknown", "give `next` of the page before, as it was")
    })?;
    let page = block_in_place(|| {
        let trail = (state.trail)()?;
        read(trail, from, query.complaint.as_deref(), Instant::now() + READ_TIME)
    });
    Ok(Json(page?))
}

fn position(text: &str) -> Option<(i32, i64)> {
    let (partition, offset) = text.split_once('/')?;
    let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
    (partition >= 0 && offset >= 0).then_some((partition, offset))
}

/// The entries from `from` (partition and offset) on, until the page is full or `until` has come.
fn read(
    mut trail: Trail,
    from: (i32, i64),
    complaint: Option<&str>,
    until: Instant,
) -> Result<AuditPage, Outage> {
    let mut entries = Vec::new();
    trail.ends.sort_by_key(|(partition, _)| partition.partition);
    for (partition, end) in &trail.ends {
        let number = partition.partition;
        let mut next = match number.cmp(&from.0) {
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Equal => from.1,
            std::cmp::Ordering::Greater => 0,
        };
        while next < *end {
            let stretch = trail.reader.fetch(partition, next, FETCH_WAIT)?;
            for record in stretch.records {
                if entries.len() == MOST {
                    return Ok(AuditPage { entries, next: Some(format!("{number}/{}", record.offset)) });
                }
                let entry = record.value.as_deref().and_then(|value| codec::decode::<AuditEntry>(value).ok());
                let is_asked =
                    |entry: &AuditEntry| complaint.is_none_or(|id| entry.complaint_id.as_deref() == Some(id));
                entries.extend(entry.filter(is_asked).map(AuditLine::from));
            }
            next = stretch.next;
            if Instant::now() >= until {
                return Ok(AuditPage { entries, next: Some(format!("{number}/{next}")) });
            }
        }
    }
    Ok(AuditPage { entries, next: None })
}

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        Self {
            audit_id: entry.audit_id,
            at: entry.at,
            actor: entry.actor,
            roles: entry.roles,
            source: entry.source,
            action: entry.action,
            subject: entry.subject,
            complaint_id: entry.complaint_id,
            record_id: entry.record_id,
            reason_code: entry.reason_code,
        }
    }
}
