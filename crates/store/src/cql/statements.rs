//! The prepared statements: one statement a table.

use std::time::Duration;

use jiff::civil::Date;
use scylla::{
    client::session::Session,
    errors::{ExecutionError, PrepareError},
    serialize::row::SerializeRow,
    statement::prepared::PreparedStatement,
    value::CqlValue,
};

use crate::{
    alike::SketchBlock,
    cql::{
        bucket::BUCKETS,
        parts::{BothForms, Part},
        retry::persist,
        values::days,
    },
    row::Kind,
};

/// Rows of a queue read at once. A row may hold three tombstones (its columns that are absent), and servers warn of a
/// thousand in one read.
const QUEUE_PAGE: i32 = 300;
/// Events of a case read at once; a body may be as large as a record.
const CASE_PAGE: i32 = 100;
/// Verdicts or decisions of a bucket read at once: rows are small.
const SMALL_ROWS_PAGE: i32 = 1_000;

/// The columns of an event.
const EVENT: &str =
    "complaint_id, kind, seq, id, at, task, team, model_id, model_version, schema_id, body, origin, digest";

/// Every statement of the seam.
pub(crate) struct Statements {
    pub(super) raw: PreparedStatement,
    pub(super) event: PreparedStatement,
    pub(super) queued: PreparedStatement,
    /// From the buckets, and from where it was queued before there were any.
    pub(super) unqueued: PreparedStatement,
    pub(super) unqueued_before: PreparedStatement,
    pub(super) customer: PreparedStatement,
    pub(super) decision: PreparedStatement,
    pub(super) feedback: PreparedStatement,
    pub(super) strategy: PreparedStatement,
    pub(super) model: PreparedStatement,
    block: PreparedStatement,
    unblocked: PreparedStatement,
    blocks_of_day: PreparedStatement,
    pub(super) erased: PreparedStatement,
    erased_of_day: PreparedStatement,
    pub(crate) case: PreparedStatement,
    /// The submissions of several complaints, without what they say.
    pub(super) submissions: PreparedStatement,
    /// The routes of several complaints.
    pub(super) routes: PreparedStatement,
    pub(crate) queue: BothForms,
    pub(crate) feedback_of_day: BothForms,
    pub(crate) decisions: BothForms,
}

/// Blocks of sketches of a bucket read at once: of each of the 64 a page is in memory.
const BLOCK_PAGE: i32 = 8;
/// When a block of sketches was written, for the server: always the same, so that writing it again changes nothing.
const WRITTEN: i64 = 1;
/// When one was deleted: it beats every writing.
const DELETED: i64 = 2;

impl Statements {
    /// Every partition of a day's sketches.
    pub(crate) fn blocks(&self, day: Date) -> Vec<Part<'_>> {
        let key = |bucket| vec![CqlValue::Date(days(day)), CqlValue::TinyInt(bucket)];
        (0..BUCKETS).map(|bucket| Part { query: &self.blocks_of_day, key: key(bucket) }).collect()
    }

    /// The complaints whose sketches of a day are erased.
    pub(crate) fn erased(&self, day: Date) -> Part<'_> {
        Part { query: &self.erased_of_day, key: vec![CqlValue::Date(days(day))] }
    }

    /// Writes a block of sketches.
    pub(crate) async fn write_block(
        &self,
        session: &Session,
        bound: Duration,
        block: &SketchBlock,
    ) -> Result<(), ExecutionError> {
        let values = (days(block.day), bucket_of_block(&block.digest), &block.digest[..], &*block.body);
        Target { session, bound }.write(&self.block, values).await
    }

    /// Deletes a block of sketches, however often it is written again.
    pub(crate) async fn delete_block(
        &self,
        session: &Session,
        bound: Duration,
        day: Date,
        digest: &[u8],
    ) -> Result<(), ExecutionError> {
        let values = (days(day), bucket_of_block(digest), digest);
        Target { session, bound }.write(&self.unblocked, values).await
    }

    pub(crate) async fn prepare(
        session: &Session,
        keyspace: &str,
        narrative_ttl: Option<Duration>,
    ) -> Result<Self, PrepareError> {
        let prepare = async |text: String| {
            let mut statement = session.prepare(text).await?;
            // Keys are made of content, and the queue's time is the revision.
            statement.set_is_idempotent(true);
            Ok::<_, PrepareError>(statement)
        };
        let insert = async |table: &str, columns: &str, using: &str| {
            let holders = vec!["?"; columns.split(',').count()].join(", ");
            prepare(format!("INSERT INTO {keyspace}.{table} ({columns}) VALUES ({holders}){using}")).await
        };
        // The same columns of a list in both its forms.
        let both = async |columns: &str, table: &str, key: &str, page: i32| {
            let select = async |table: &str, key: &str| {
                let mut query =
                    prepare(format!("SELECT {columns} FROM {keyspace}.{table} WHERE {key}")).await?;
                query.set_page_size(page);
                Ok::<_, PrepareError>(query)
            };
            let bucketed = select(&format!("{table}_and_bucket"), &format!("{key} AND bucket = ?")).await?;
            Ok::<_, PrepareError>(BothForms { bucketed, before: select(table, key).await? })
        };
        let written = format!(" USING TIMESTAMP {WRITTEN}");
        let ttl = narrative_ttl.map(|ttl| format!(" USING TTL {}", ttl.as_secs())).unwrap_or_default();
        // Side by side: a server far away takes a while for each.
        let (
            raw,
            event,
            queued,
            unqueued,
            unqueued_before,
            customer,
            decision,
            feedback,
            strategy,
            model,
            block,
            unblocked,
            blocks_of_day,
            erased,
            erased_of_day,
            case,
            submissions,
            routes,
            queue,
            feedback_of_day,
            decisions,
        ) = tokio::try_join!(
            insert("case_events", EVENT, &ttl),
            insert("case_events", EVENT, ""),
            insert(
                "queue_by_team_day_and_bucket",
                "team, day, bucket, received_at, complaint_id, revision, priority, vulnerability, needs_human, \
                 product, issue, missing, resolve_by",
                " USING TIMESTAMP ?",
            ),
            prepare(format!(
                "DELETE FROM {keyspace}.queue_by_team_day_and_bucket USING TIMESTAMP ?
                 WHERE team = ? AND day = ? AND received_at = ? AND complaint_id = ? AND bucket = ?"
            )),
            prepare(format!(
                "DELETE FROM {keyspace}.queue_by_team_day USING TIMESTAMP ?
                 WHERE team = ? AND day = ? AND received_at = ? AND complaint_id = ?"
            )),
            insert("cases_by_customer", "customer_ref, received_at, complaint_id", ""),
            insert(
                "decisions_by_model_and_bucket",
                "model_id, model_version, day, bucket, complaint_id, prediction_id, task, role, arm, outcome, \
                 label, confidence, strategy_version",
                "",
            ),
            insert(
                "feedback_by_day_and_bucket",
                "day, bucket, decided_at, feedback_id, complaint_id, kind, model_version, label_before, \
                 label_after, audit_sample",
                "",
            ),
            insert("strategy_history", "scope, version, effective_from, changed_by, body", ""),
            insert("model_versions", "model_id, version, tasks, state, created_at, body", ""),
            insert("sketches_by_day_and_bucket", "day, bucket, digest, body", &written,),
            prepare(format!(
                "DELETE FROM {keyspace}.sketches_by_day_and_bucket USING TIMESTAMP {DELETED}
                 WHERE day = ? AND bucket = ? AND digest = ?"
            )),
            prepare(format!(
                "SELECT digest, body FROM {keyspace}.sketches_by_day_and_bucket WHERE day = ? AND bucket = ?"
            )),
            insert("erased_sketches", "day, complaint_id", ""),
            prepare(format!("SELECT complaint_id FROM {keyspace}.erased_sketches WHERE day = ?")),
            prepare(format!("SELECT {EVENT} FROM {keyspace}.case_events WHERE complaint_id = ?")),
            prepare(format!(
                "SELECT complaint_id, id, origin FROM {keyspace}.case_events WHERE complaint_id IN ? AND kind = {}",
                Kind::Raw as i8
            )),
            prepare(format!(
                "SELECT {EVENT} FROM {keyspace}.case_events WHERE complaint_id IN ? AND kind = {}",
                Kind::Routed as i8
            )),
            both(
                "received_at, complaint_id, revision, priority, vulnerability, needs_human, product, issue, \
                 missing, resolve_by",
                "queue_by_team_day",
                "team = ? AND day = ?",
                QUEUE_PAGE,
            ),
            both(
                "decided_at, feedback_id, complaint_id, kind, model_version, label_before, label_after, \
                 audit_sample",
                "feedback_by_day",
                "day = ?",
                SMALL_ROWS_PAGE,
            ),
            both(
                "complaint_id, prediction_id, task, role, arm, outcome, label, confidence, strategy_version",
                "decisions_by_model",
                "model_id = ? AND model_version = ? AND day = ?",
                SMALL_ROWS_PAGE,
            ),
        )?;
        let mut statements = Self {
            raw,
            event,
            queued,
            unqueued,
            unqueued_before,
            customer,
            decision,
            feedback,
            strategy,
            model,
            block,
            unblocked,
            blocks_of_day,
            erased,
            erased_of_day,
            case,
            submissions,
            routes,
            queue,
            feedback_of_day,
            decisions,
        };
        statements.case.set_page_size(CASE_PAGE);
        statements.submissions.set_page_size(SMALL_ROWS_PAGE);
        statements.routes.set_page_size(CASE_PAGE);
        statements.blocks_of_day.set_page_size(BLOCK_PAGE);
        statements.erased_of_day.set_page_size(SMALL_ROWS_PAGE);
        Ok(statements)
    }
}

/// The bucket of a block of sketches.
fn bucket_of_block(digest: &[u8]) -> i8 {
    (digest.first().copied().unwrap_or_default() % BUCKETS as u8) as i8
}

struct Target<'a> {
    session: &'a Session,
    bound: Duration,
}

impl Target<'_> {
    async fn write(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), ExecutionError> {
        let attempt = || async { self.session.execute_unpaged(statement, &values).await.map(drop) };
        persist(self.bound, attempt).await
    }
}
