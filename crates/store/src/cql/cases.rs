//! The case store on a CQL server.

use std::{cmp::Reverse, ops::ControlFlow};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use ombud_stream::Outage;
use scylla::{
    deserialize::row::DeserializeRow,
    errors::ExecutionError,
    response::PagingState,
    value::{CqlTimestamp, CqlValue},
};

use crate::{
    CaseStore,
    cql::{
        connection::{CqlConnection, Link, Translation},
        error::{CqlError, failed, not_there, outage},
        merge::Merge,
        migrate::Migrator,
        parts::Part,
        read_error::ReadError,
        retry::persist,
        statements::Statements,
        values::days,
        writing::WriteRequest,
    },
    queue::KnownCase,
    row::{CaseEvent, FeedbackDay, ModelDecision, QueueEntry, Row},
};

/// Complaints of which what is known is read at once: one node asks the others for theirs, and a server may refuse more than a
/// hundred.
const KNOWN_AT_ONCE: usize = 32;

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
    /// tables are others than this build knows: some are missing, or a newer build has been here.
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
        Migrator::over(&link, keyspace).expect_known_tables()?;
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

    /// One page of a partition, with all its attempts, and where the next one begins.
    async fn page<C>(
        &self,
        part: &Part<'_>,
        from: PagingState,
    ) -> Result<(Vec<C>, Option<PagingState>), ReadError>
    where
        C: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let attempt = || self.link.session.execute_single_page(part.query, &part.key, from.clone());
        let (result, rest) = persist(self.link.bound, attempt).await.map_err(ReadError::request)?;
        let result = result.into_rows_result().map_err(ReadError::answer)?;
        let rows = result.rows::<C>().map_err(ReadError::answer)?;
        let page = rows.collect::<Result<Vec<_>, _>>().map_err(ReadError::answer)?;
        let rest = match rest.into_paging_control_flow() {
            ControlFlow::Continue(next) => Some(next),
            ControlFlow::Break(()) => None,
        };
        Ok((page, rest))
    }

    /// All rows of one partition, together within the bound of one request.
    pub(crate) async fn rows<C>(&self, part: &Part<'_>) -> Result<Vec<C>, ReadError>
    where
        C: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let bound = self.link.bound;
        let reading = async {
            let (mut found, mut from) = (Vec::new(), Some(PagingState::start()));
            while let Some(state) = from {
                let (page, rest) = self.page::<C>(part, state).await?;
                found.extend(page);
                from = rest;
            }
            Ok::<_, ReadError>(found)
        };
        let late = |_| Err(ReadError::request(ExecutionError::RequestTimeout(bound)));
        tokio::time::timeout(bound, reading).await.unwrap_or_else(late)
    }

    pub(crate) fn statements(&self) -> &Statements {
        &self.statements
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Gives every row of `parts` to `each`, in the order of `order`; a page of each part is in memory at a time.
    pub(crate) fn read_merged<C, R, K: Ord>(
        &self,
        parts: &[Part<'_>],
        row: impl Fn(C) -> R,
        order: fn(&R) -> K,
        same: fn(&R, &R) -> bool,
        each: &mut dyn FnMut(R),
    ) -> Result<(), ReadError>
    where
        C: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let reading = async {
            let first = |at: usize| async move {
                Ok::<_, ReadError>((at, self.page::<C>(&parts[at], PagingState::start()).await?))
            };
            let firsts = stream::iter(0..parts.len()).map(first).buffer_unordered(self.concurrency);
            let firsts: Vec<_> = firsts.try_collect().await?;
            let mut merge = Merge::new(parts.len(), order, same);
            for (at, (page, rest)) in firsts {
                merge.feed(at, page.into_iter().map(&row), rest);
            }
            loop {
                while let Some((at, from)) = merge.drained() {
                    let (page, rest) = self.page::<C>(&parts[at], from).await?;
                    merge.feed(at, page.into_iter().map(&row), rest);
                }
                match merge.next_row() {
                    Some(row) => each(row),
                    None => return Ok::<(), ReadError>(()),
                }
            }
        };
        self.link.wait(Box::pin(reading))
    }
}

impl CaseStore for CqlCases {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let Link { session, bound, .. } = &self.link;
        let requests = WriteRequest::all(&self.statements, rows);
        let writing = stream::iter(requests.iter().map(Ok))
            .try_for_each_concurrent(self.concurrency, |request| request.send(session, *bound));
        let writing = async { tokio::try_join!(writing, self.write_sketches(rows)).map(drop) };
        // All of them together: a store that takes its time with each would else hold a worker for as long as it likes.
        let writing = Box::pin(async { tokio::time::timeout(*bound, writing).await });
        let written = match self.link.wait(writing) {
            Ok(written) => written,
            Err(_elapsed) => Err(ExecutionError::RequestTimeout(*bound)),
        };
        written.map_err(|cause| outage(format!("write {} rows of cases", rows.len()), cause))?;
        let mut erased = rows.iter().filter_map(|row| match row {
            Row::ErasedSketch(erased) => Some(erased),
            _ => None,
        });
        erased.try_for_each(|erased| self.erase_sketches(erased))
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.link.wait(Box::pin(self.events(complaint_id)))
    }

    fn cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, Vec<CaseEvent>),
    ) -> Result<(), Outage> {
        let this = &*self;
        let reading = async {
            let reads = complaint_ids.iter().map(|id| async move { (id, this.events(id).await) });
            let mut cases = std::pin::pin!(stream::iter(reads).buffered(this.concurrency));
            while let Some((id, events)) = cases.next().await {
                each(id, events?);
            }
            Ok(())
        };
        this.link.wait(Box::pin(reading))
    }

    fn known_cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, KnownCase),
    ) -> Result<(), Outage> {
        let this = &*self;
        let bound = this.link.bound;
        let reading = async {
            let reads = complaint_ids.chunks(KNOWN_AT_ONCE).map(|ids| this.known(ids));
            let mut known = std::pin::pin!(stream::iter(reads).buffer_unordered(this.concurrency));
            while let Some(cases) = known.next().await {
                cases?.into_iter().for_each(|(id, case)| each(&id, case));
            }
            Ok(())
        };
        // All of them together, as in a write.
        let reading = Box::pin(async { tokio::time::timeout(bound, reading).await });
        let late = |_| Err(ReadError::request(ExecutionError::RequestTimeout(bound)));
        let read = this.link.wait(reading).unwrap_or_else(late);
        read.map_err(|unread| unread.outage(format!("read what is known of {} cases", complaint_ids.len())))
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
        // The greatest revision first, of those that stand in both forms.
        let order = |e: &QueueEntry| (Reverse(e.received_at), e.complaint_id.clone(), Reverse(e.revision));
        let same = |a: &QueueEntry, b: &QueueEntry| {
            (a.received_at, &a.complaint_id) == (b.received_at, &b.complaint_id)
        };
        let parts = self.statements.queue.parts(&[CqlValue::Text(team.into()), CqlValue::Date(days(day))]);
        let mut entries = Vec::new();
        let read = self.read_merged(&parts, entry, order, same, &mut |entry: QueueEntry| entries.push(entry));
        read.map_err(|e| e.outage(format!("read the queue of {team} on {day}")))?;
        Ok(entries)
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
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
        let order = |v: &FeedbackDay| (v.decided_at, v.feedback_id.clone());
        let same = |a: &FeedbackDay, b: &FeedbackDay| {
            (a.decided_at, &a.feedback_id) == (b.decided_at, &b.feedback_id)
        };
        let parts = self.statements.feedback_of_day.parts(&[CqlValue::Date(days(day))]);
        let read = self.read_merged(&parts, verdict, order, same, each);
        read.map_err(|e| e.outage(format!("read the feedback of {day}")))
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
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
        let order = |d: &ModelDecision| (d.complaint_id.clone(), d.prediction_id.clone());
        let same = |a: &ModelDecision, b: &ModelDecision| {
            (&a.complaint_id, &a.prediction_id) == (&b.complaint_id, &b.prediction_id)
        };
        let (model, version) = (CqlValue::Text(model_id.into()), CqlValue::Text(model_version.into()));
        let parts = self.statements.decisions.parts(&[model, version, CqlValue::Date(days(day))]);
        let read = self.read_merged(&parts, decision, order, same, each);
        read.map_err(|e| e.outage(format!("read what {model_id}@{model_version} said on {day}")))
    }
}
