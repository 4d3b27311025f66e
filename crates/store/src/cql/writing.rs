//! Rows as a CQL server gets them: those that share a partition in one request.
//!
//! A server takes as long for one row as for some dozens of one partition, which it applies at once; rows of several
//! partitions in one request would only make one node pass them on to the others.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::civil::Date;
use scylla::{
    client::session::Session,
    errors::ExecutionError,
    serialize::row::SerializeRow,
    statement::{
        batch::{Batch, BatchType},
        prepared::PreparedStatement,
    },
    value::CqlTimestamp,
};

use crate::{
    cql::{
        bucket::bucket_of,
        retry::persist,
        statements::Statements,
        values::{days, set},
    },
    day::day_of,
    row::{CaseEvent, Kind, ModelDecision, QueueEntry, Row, Unqueued},
};

/// Rows in one request.
const REQUEST_ROWS: usize = 100;
/// Bytes of records in one request; a larger record still passes, alone. Servers refuse changes of several megabytes.
const REQUEST_BYTES: usize = 256 << 10;

/// Where a row lies: its table, and what its partition is named by there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Partition<'a> {
    Case(&'a str),
    Queue(&'a str, Date, i8),
    /// As queues were before there were buckets.
    WholeQueue(&'a str, Date),
    Customer(&'a str),
    Decisions(&'a str, &'a str, Date, i8),
    Feedback(Date, i8),
    Strategies(&'a str),
    Models(&'a str),
    ErasedSketches(Date),
}

/// A change of one row.
struct Mutation<'a> {
    partition: Partition<'a>,
    statement: &'a PreparedStatement,
    values: Box<dyn SerializeRow + Send + Sync + 'a>,
    /// Of a record that is part of the row.
    bytes: usize,
}

/// Changes of one partition that go together.
pub(super) struct WriteRequest<'a> {
    mutations: Vec<Mutation<'a>>,
    bytes: usize,
}

impl<'a> WriteRequest<'a> {
    /// All that writes `rows`, in any order. Of rows with one key the last is written: in one request both would be of
    /// one time, and the server would make one row of their greater values.
    pub(super) fn all(statements: &'a Statements, rows: &'a [Row]) -> Vec<Self> {
        let (mut requests, mut open) = (Vec::new(), HashMap::new());
        for mutation in last_of_each_key(rows).flat_map(|row| mutations(statements, row)) {
            let at = *open.entry(mutation.partition).or_insert(requests.len());
            match requests.get_mut(at) {
                Some(request) if Self::takes(request, &mutation) => request.add(mutation),
                _ => {
                    open.insert(mutation.partition, requests.len());
                    let mut request = Self { mutations: Vec::new(), bytes: 0 };
                    request.add(mutation);
                    requests.push(request);
                }
            }
        }
        requests
    }

    fn takes(&self, mutation: &Mutation<'a>) -> bool {
        self.mutations.len() < REQUEST_ROWS && self.bytes + mutation.bytes <= REQUEST_BYTES
    }

    fn add(&mut self, mutation: Mutation<'a>) {
        self.bytes += mutation.bytes;
        self.mutations.push(mutation);
    }

    /// Makes the changes, with all attempts within `bound`.
    pub(super) async fn send(&self, session: &Session, bound: Duration) -> Result<(), ExecutionError> {
        if let [Mutation { statement, values, .. }] = &self.mutations[..] {
            return persist(bound, || async { session.execute_unpaged(statement, values).await.map(drop) })
                .await;
        }
        // Unlogged: of one partition, all of it is there or nothing.
        let mut batch = Batch::new(BatchType::Unlogged);
        batch.set_is_idempotent(true);
        for mutation in &self.mutations {
            batch.append_statement(mutation.statement.clone());
        }
        let values: Vec<_> = self.mutations.iter().map(|mutation| &mutation.values).collect();
        persist(bound, || async { session.batch(&batch, &values).await.map(drop) }).await
    }
}

/// What a row is known by in its table. Rows of queues have none here: each is of the time of its revision. Nor have sketches,
/// which lie in blocks.
#[derive(PartialEq, Eq, Hash)]
enum RowKey<'a> {
    Event(&'a str, Kind, i64, &'a str),
    CustomerCase(&'a str, i64, &'a str),
    Decision(&'a str, &'a str, Date, &'a str, &'a str),
    Feedback(i64, &'a str),
    Strategy(&'a str, i64),
    Model(&'a str, &'a str),
}

fn key(row: &Row) -> Option<RowKey<'_>> {
    match row {
        Row::CaseEvent(e) => Some(RowKey::Event(&e.complaint_id, e.kind, e.seq, &e.id)),
        Row::CustomerCase(c) => Some(RowKey::CustomerCase(&c.customer_ref, c.received_at, &c.complaint_id)),
        Row::Decision(d) => {
            Some(RowKey::Decision(&d.model_id, &d.model_version, d.day, &d.complaint_id, &d.prediction_id))
        }
        Row::Feedback(f) => Some(RowKey::Feedback(f.decided_at, &f.feedback_id)),
        Row::Strategy(s) => Some(RowKey::Strategy(&s.scope, s.version)),
        Row::Model(m) => Some(RowKey::Model(&m.model_id, &m.version)),
        Row::Queued(_) | Row::Unqueued(_) | Row::Sketch(_) | Row::ErasedSketch(_) => None,
    }
}

fn last_of_each_key(rows: &[Row]) -> impl Iterator<Item = &Row> {
    let mut seen = HashSet::new();
    let mut last: Vec<&Row> =
        rows.iter().rev().filter(|row| key(row).is_none_or(|key| seen.insert(key))).collect();
    last.reverse();
    last.into_iter()
}

/// What writes a row. What is absent stays unset, which leaves no tombstone behind; but for the queue's rows: there a newer
/// revision replaces the older one's product, too.
fn mutations<'a>(statements: &'a Statements, row: &'a Row) -> Vec<Mutation<'a>> {
    match row {
        Row::CaseEvent(e) => {
            let statement = if e.kind == Kind::Raw { &statements.raw } else { &statements.event };
            vec![Mutation::of(Partition::Case(&e.complaint_id), statement, event(e)).with(e.body.len())]
        }
        Row::Queued(q) => {
            let partition = Partition::Queue(&q.team, day_of(q.received_at), bucket_of(&q.complaint_id));
            vec![Mutation::of(partition, &statements.queued, queued(q))]
        }
        Row::Unqueued(u) => unqueued(statements, u),
        Row::CustomerCase(c) => {
            let values = (&c.customer_ref, CqlTimestamp(c.received_at), &c.complaint_id);
            vec![Mutation::of(Partition::Customer(&c.customer_ref), &statements.customer, values)]
        }
        Row::Decision(d) => {
            let bucket = bucket_of(&d.complaint_id);
            let partition = Partition::Decisions(&d.model_id, &d.model_version, d.day, bucket);
            vec![Mutation::of(partition, &statements.decision, decision(d, bucket))]
        }
        Row::Feedback(f) => {
            let (day, bucket) = (day_of(f.decided_at), bucket_of(&f.feedback_id));
            let values = (
                days(day),
                bucket,
                CqlTimestamp(f.decided_at),
                &f.feedback_id,
                &f.complaint_id,
                &f.kind,
                set(&f.model_version),
                set(&f.label_before),
                set(&f.label_after),
                f.audit_sample,
            );
            vec![Mutation::of(Partition::Feedback(day, bucket), &statements.feedback, values)]
        }
        Row::Strategy(s) => {
            let values = (&s.scope, s.version, CqlTimestamp(s.effective_from), &s.changed_by, &*s.body);
            let partition = Partition::Strategies(&s.scope);
            vec![Mutation::of(partition, &statements.strategy, values).with(s.body.len())]
        }
        Row::Model(m) => {
            let values = (&m.model_id, &m.version, &m.tasks, &m.state, CqlTimestamp(m.created_at), &*m.body);
            vec![Mutation::of(Partition::Models(&m.model_id), &statements.model, values).with(m.body.len())]
        }
        // In blocks, together with the others.
        Row::Sketch(_) => Vec::new(),
        Row::ErasedSketch(e) => {
            let day = day_of(e.received_at);
            let values = (days(day), &e.complaint_id);
            vec![Mutation::of(Partition::ErasedSketches(day), &statements.erased, values)]
        }
    }
}

impl<'a> Mutation<'a> {
    fn of(
        partition: Partition<'a>,
        statement: &'a PreparedStatement,
        values: impl SerializeRow + Send + Sync + 'a,
    ) -> Self {
        Self { partition, statement, values: Box::new(values), bytes: 0 }
    }

    /// The same of a row that holds a record of so many bytes.
    fn with(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }
}

fn event(e: &CaseEvent) -> impl SerializeRow + Send + Sync + '_ {
    (
        &e.complaint_id,
        e.kind as i8,
        e.seq,
        &e.id,
        CqlTimestamp(e.at),
        set(&e.task),
        set(&e.team),
        set(&e.model_id),
        set(&e.model_version),
        set(&e.schema_id),
        &*e.body,
        &e.origin,
        e.digest().to_vec(),
    )
}

fn queued(q: &QueueEntry) -> impl SerializeRow + Send + Sync + '_ {
    (
        &q.team,
        days(day_of(q.received_at)),
        bucket_of(&q.complaint_id),
        CqlTimestamp(q.received_at),
        &q.complaint_id,
        q.revision,
        q.priority,
        &q.vulnerability,
        q.needs_human,
        &q.product,
        &q.issue,
        &q.missing,
        q.resolve_by.map(CqlTimestamp),
        q.revision,
    )
}

/// From the buckets, and from where it was queued before there were any.
fn unqueued<'a>(statements: &'a Statements, u: &'a Unqueued) -> Vec<Mutation<'a>> {
    let (day, bucket) = (day_of(u.received_at), bucket_of(&u.complaint_id));
    let before = (u.revision, &u.team, days(day), CqlTimestamp(u.received_at), &u.complaint_id);
    let (revision, team, day_number, received_at, complaint) = before;
    let values = (revision, team, day_number, received_at, complaint, bucket);
    vec![
        Mutation::of(Partition::WholeQueue(&u.team, day), &statements.unqueued_before, before),
        Mutation::of(Partition::Queue(&u.team, day, bucket), &statements.unqueued, values),
    ]
}

fn decision(d: &ModelDecision, bucket: i8) -> impl SerializeRow + Send + Sync + '_ {
    (
        &d.model_id,
        &d.model_version,
        days(d.day),
        bucket,
        &d.complaint_id,
        &d.prediction_id,
        &d.task,
        &d.role,
        &d.arm,
        &d.outcome,
        set(&d.label),
        d.confidence,
        d.strategy_version,
    )
}
