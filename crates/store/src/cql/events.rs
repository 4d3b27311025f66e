//! Events of cases as a CQL server gives them.

use std::collections::BTreeMap;

use ombud_stream::Outage;
use scylla::value::{CqlTimestamp, CqlValue};

use crate::{
    cql::{cases::CqlCases, parts::Part, read_error::ReadError},
    queue::{KnownCase, KnownSubmission},
    row::{CaseEvent, Kind},
};

/// An event; the last column is its digest.
type EventColumns = (
    String,
    i8,
    i64,
    String,
    CqlTimestamp,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i32>,
    Vec<u8>,
    String,
    Option<Vec<u8>>,
);

impl CqlCases {
    /// A complaint's case.
    pub(super) async fn events(&self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        let part = Part { query: &self.statements().case, key: vec![CqlValue::Text(complaint_id.into())] };
        let rows = self.rows::<EventColumns>(&part).await;
        let events = rows.and_then(|rows| rows.into_iter().map(event).collect());
        events.map_err(|unread| unread.outage(format!("read case {complaint_id}")))
    }

    /// What is known of some complaints, each by its id.
    pub(super) async fn known(
        &self,
        complaint_ids: &[String],
    ) -> Result<BTreeMap<String, KnownCase>, ReadError> {
        let ids: Vec<_> = complaint_ids.iter().map(|id| CqlValue::Text(id.clone())).collect();
        let part = |query| Part { query, key: vec![CqlValue::List(ids.clone())] };
        let (submissions, routes) = (part(&self.statements().submissions), part(&self.statements().routes));
        let (submissions, routes) = tokio::try_join!(
            self.rows::<(String, String, String)>(&submissions),
            self.rows::<EventColumns>(&routes)
        )?;
        let mut known = BTreeMap::<String, KnownCase>::new();
        for (complaint_id, input_sha256, origin) in submissions {
            let submission = KnownSubmission { input_sha256, origin };
            known.entry(complaint_id).or_default().submissions.push(submission);
        }
        for route in routes {
            let route = event(route)?;
            known.entry(route.complaint_id.clone()).or_default().routes.push(route);
        }
        Ok(known)
    }
}

/// The event of a row; spoilt, where it is not what was written.
fn event(columns: EventColumns) -> Result<CaseEvent, ReadError> {
    let (complaint_id, number, seq, id, at, task, team, model_id, model_version, ..) = columns;
    let (.., schema_id, body, origin, digest) = columns;
    let unknown = || ReadError::answer(format!("an event has kind {number}, which this build doesn't know"));
    let event = CaseEvent {
        complaint_id,
        kind: Kind::of(number).ok_or_else(unknown)?,
        seq,
        id,
        at: at.0,
        task,
        team,
        model_id,
        model_version,
        schema_id,
        body: body.into(),
        origin,
    };
    Ok(event.verified(digest.as_deref()))
}
