//! The case store on a CQL server.

use futures_util::{TryStreamExt, stream};
use jiff::civil::Date;
use ombud_stream::Outage;
use scylla::{
    deserialize::row::DeserializeRow, errors::ExecutionError, response::PagingState,
    serialize::row::SerializeRow, statement::prepared::PreparedStatement, value::CqlTimestamp,
};

use crate::{
    CaseStore,
    cql::{
        connection::{CqlConnection, Link, Translation},
        error::{Cause, CqlError, failed, not_there, outage},
        retry::persist,
        statements::{Statements, days},
    },
    row::{CaseEvent, FeedbackDay, Kind, ModelDecision, QueueEntry, Row},
};

/// The cases of a keyspace. Owns its connections; not to be used from within an asynchronous task.
pub struct CqlCases {
    link: Link,
    statements: Statements,
    concurrency: usize,
}

impl CqlCases {
    /// The cases that [`crate::migrate`] has made room for; the first call must be complete before this one.
    ///
    /// # Errors
    /// Nobody answers within four times the request's timeout, the login is refused, a setting is wrong, or the
    /// tables are missing.
    pub fn connect(connection: &CqlConnection) -> Result<Self, CqlError> {
        Self::open(connection, None)
    }

    /// As [`Self::connect`], to nodes that are reached under other addresses than their own: through a proxy.
    ///
    /// # Errors
    /// As [`Self::connect`].
    #[cfg(feature = "testing")]
    pub fn connect_through(
        connection: &CqlConnection,
        translation: std::collections::HashMap<std::net::SocketAddr, std::net::SocketAddr>,
    ) -> Result<Self, CqlError> {
        Self::open(connection, Some(translation))
    }

    fn open(connection: &CqlConnection, translation: Option<Translation>) -> Result<Self, CqlError> {
        let link = Link::open(connection, translation)?;
        let keyspace = &connection.keyspace;
        let preparing = Statements::prepare(&link.session, keyspace, connection.narrative_ttl);
        let prepared = link.wait(Box::pin(async { tokio::time::timeout(link.bound, preparing).await }));
        let action = || format!("prepare the statements of keyspace {keyspace}");
        let statements = prepared.map_err(failed(action()))?.map_err(|cause| {
            if not_there(&cause) {
                return CqlError::NotSetUp { keyspace: keyspace.clone(), cause: cause.into() };
            }
            failed(action())(cause)
        })?;
        Ok(Self { link, statements, concurrency: connection.concurrency })
    }

    /// All rows of a query, page by page, each page with its own attempts.
    fn read<R>(&self, query: &PreparedStatement, key: impl SerializeRow) -> Result<Vec<R>, Unread>
    where
        R: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let session = &self.link.session;
        let reading = async {
            let (mut found, mut page) = (Vec::new(), PagingState::start());
            loop {
                let attempt = || session.execute_single_page(query, &key, page.clone());
                let (result, rest) = persist(self.link.bound, attempt).await.map_err(Unread::request)?;
                let rows = result.into_rows_result().map_err(Unread::answer)?;
                for row in rows.rows::<R>().map_err(Unread::answer)? {
                    found.push(row.map_err(Unread::answer)?);
                }
                match rest.into_paging_control_flow() {
                    std::ops::ControlFlow::Continue(next) => page = next,
                    std::ops::ControlFlow::Break(()) => return Ok(found),
                }
            }
        };
        self.link.wait(Box::pin(reading))
    }
}

/// Why rows were not read.
enum Unread {
    /// No answer came.
    Request(Box<ExecutionError>),
    /// One came, and is not what was asked for.
    Answer(Cause),
}

impl Unread {
    fn request(cause: ExecutionError) -> Self {
        Self::Request(Box::new(cause))
    }

    fn answer(cause: impl Into<Cause>) -> Self {
        Self::Answer(cause.into())
    }

    fn outage(self, action: String) -> Outage {
        match self {
            Self::Request(cause) => outage(action, *cause),
            Self::Answer(cause) => Outage::fatal(action, cause),
        }
    }
}

/// The kind of a stored event.
fn kind(number: i8) -> Result<Kind, Unread> {
    Kind::of(number)
        .ok_or_else(|| Unread::answer(format!("an event has kind {number}, which this build doesn't know")))
}

impl CaseStore for CqlCases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let Link { session, bound, .. } = &self.link;
        let writing = stream::iter(rows.iter().map(Ok))
            .try_for_each_concurrent(self.concurrency, |row| self.statements.write(session, *bound, row));
        self.link
            .wait(Box::pin(writing))
            .map_err(|cause| outage(format!("write {} rows of cases", rows.len()), cause))
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        type Columns = (
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
        );
        let event = |columns: Columns| {
            let (number, seq, id, at, task, team, model_id, model_version, schema_id, body, origin) = columns;
            Ok(CaseEvent {
                complaint_id: complaint_id.into(),
                kind: kind(number)?,
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
            })
        };
        let rows = self.read(&self.statements.case, (complaint_id,));
        let events = rows.and_then(|rows| rows.into_iter().map(event).collect());
        events.map_err(|e| e.outage(format!("read case {complaint_id}")))
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        type Columns = (
            CqlTimestamp,
            String,
            i64,
            i32,
            String,
            bool,
            Option<String>,
            Option<String>,
            String,
            Option<CqlTimestamp>,
        );
        let entry = |columns: Columns| {
            let (received_at, complaint_id, revision, priority, vulnerability, needs_human, ..) = columns;
            let (.., product, issue, missing, resolve_by) = columns;
            QueueEntry {
                team: team.into(),
                received_at: received_at.0,
                complaint_id,
                revision,
                priority,
                vulnerability,
                needs_human,
                product,
                issue,
                missing,
                resolve_by: resolve_by.map(|time| time.0),
            }
        };
        let rows = self.read(&self.statements.queue, (team, days(day)));
        let rows = rows.map_err(|e| e.outage(format!("read the queue of {team} on {day}")))?;
        Ok(rows.into_iter().map(entry).collect())
    }

    fn feedback(&mut self, day: Date) -> Result<Vec<FeedbackDay>, Outage> {
        type Columns =
            (CqlTimestamp, String, String, String, Option<String>, Option<String>, Option<String>, bool);
        let verdict = |columns: Columns| {
            let (decided_at, feedback_id, complaint_id, kind, ..) = columns;
            let (.., model_version, label_before, label_after, audit_sample) = columns;
            FeedbackDay {
                decided_at: decided_at.0,
                feedback_id,
                complaint_id,
                kind,
                model_version,
                label_before,
                label_after,
                audit_sample,
            }
        };
        let rows = self.read(&self.statements.feedback_of_day, (days(day),));
        let rows = rows.map_err(|e| e.outage(format!("read the feedback of {day}")))?;
        Ok(rows.into_iter().map(verdict).collect())
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
    ) -> Result<Vec<ModelDecision>, Outage> {
        type Columns = (String, String, String, String, String, String, Option<String>, f32, i64);
        let decision = |columns: Columns| {
            let (complaint_id, prediction_id, task, role, arm, outcome, ..) = columns;
            let (.., label, confidence, strategy_version) = columns;
            ModelDecision {
                model_id: model_id.into(),
                model_version: model_version.into(),
                day,
                complaint_id,
                prediction_id,
                task,
                role,
                arm,
                outcome,
                label,
                confidence,
                strategy_version,
            }
        };
        let rows = self.read(&self.statements.decisions, (model_id, model_version, days(day)));
        let rows =
            rows.map_err(|e| e.outage(format!("read what {model_id}@{model_version} said on {day}")))?;
        Ok(rows.into_iter().map(decision).collect())
    }
}
