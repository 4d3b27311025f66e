//! Routes and dead letters on their way to the sink, in order, and what became of each.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use bytes::Bytes;
use crossbeam_channel::Receiver;
use metrics::{counter, histogram};
use ombud_contract::{
    codec::{self, CodecError},
    records::RoutedComplaint,
};
use ombud_stream::{Delivery, Outage, Outgoing, Sink, TopicPartition};
use tracing::debug;

use crate::{
    error::JoinError,
    event::{Input, Origin},
    labels::{RouteLabels, kind},
    read::{self, WORKER},
    shards::AssignedShard,
    traces::ComplaintTrace,
};

/// What a delivery is about.
#[derive(Clone, Debug)]
pub struct Sent {
    partition: i32,
    generation: u64,
    what: SentRecord,
}

#[derive(Clone, Debug)]
enum SentRecord {
    Route {
        complaint_id: Arc<str>,
        /// `None` for a tombstone.
        labels: Option<RouteLabels>,
        /// `None` once what was submitted is settled, and for a tombstone.
        trace: Option<Arc<ComplaintTrace>>,
    },
    Letter(Origin),
}

impl Sent {
    fn by(shard: &AssignedShard, what: SentRecord) -> Self {
        Self { partition: shard.raw().partition, generation: shard.generation(), what }
    }

    /// Whether it was sent for this shard, in this assignment.
    pub(crate) fn is_of(&self, shard: &AssignedShard) -> bool {
        shard.raw().partition == self.partition && shard.generation() == self.generation
    }

    /// Counts it, ends its trace, and gives what its shard has to know. `offset` is where it lies, or `None` where it failed.
    pub(crate) fn outcome(self, offset: Option<i64>, now: i64) -> Input {
        match (self.what, offset) {
            (SentRecord::Route { complaint_id, labels, trace }, Some(offset)) => {
                if let Some(labels) = labels {
                    labels.count();
                }
                if let Some(trace) = trace.filter(|trace| trace.routed(now)) {
                    let took_ms = (now - trace.appended_at).max(0);
                    histogram!("ombud_route_seconds", "kind" => kind(trace.bulk))
                        .record(took_ms as f64 / 1_000.0);
                }
                Input::RouteAcked { complaint_id, offset }
            }
            (SentRecord::Route { complaint_id, .. }, None) => Input::RouteFailed { complaint_id },
            (SentRecord::Letter(origin), Some(_)) => Input::LetterAcked(origin),
            (SentRecord::Letter(origin), None) => Input::LetterFailed(origin),
        }
    }
}

/// Where a delivered record lies; `None` where it failed, and may be sent again.
///
/// # Errors
/// No other attempt can help.
pub(crate) fn offset_of(result: Result<(TopicPartition, i64), Outage>) -> Result<Option<i64>, Outage> {
    match result {
        Ok((_, offset)) => Ok(Some(offset)),
        Err(outage) if outage.fatal => Err(outage),
        // What was purged comes back too, and is logged as one by who purges.
        Err(outage) => {
            debug!(%outage, "record not delivered");
            Ok(None)
        }
    }
}

/// The sink, and what it had no room for.
pub(crate) struct Outbox<S> {
    sink: S,
    deliveries: Receiver<Delivery<Sent>>,
    dead_letters: Arc<str>,
    /// In order.
    backlog: VecDeque<(Outgoing, Sent)>,
}

impl<S: Sink<Sent>> Outbox<S> {
    pub(crate) fn new(sink: S, deliveries: Receiver<Delivery<Sent>>, dead_letters: Arc<str>) -> Self {
        Self { sink, deliveries, dead_letters, backlog: VecDeque::new() }
    }

    /// Sends a route of `shard`, or a tombstone.
    pub(crate) fn send_route(
        &mut self,
        shard: &AssignedShard,
        complaint_id: Arc<str>,
        record: Option<&RoutedComplaint>,
    ) -> Result<(), JoinError> {
        let key = Some(Bytes::copy_from_slice(complaint_id.as_bytes()));
        let (topic, partition) = (Arc::clone(&shard.routed().topic), Some(shard.raw().partition));
        let trace = record.and_then(|record| shard.trace_of(record));
        let bulk = trace.as_ref().map(|trace| trace.bulk);
        let labels = record.map(|record| RouteLabels::of(record, bulk));
        let outgoing = match record {
            Some(record) => {
                let value = codec::encode(record).map_err(|cause| unwritable(shard, cause))?;
                if let Some(trace) = &trace {
                    trace.decided(record);
                }
                let headers = trace.as_ref().map_or(&[][..], |trace| &trace.headers);
                Outgoing::stamped(topic, partition, key, value, WORKER, headers)
            }
            None => Outgoing { topic, partition, key, value: None, headers: Vec::new() },
        };
        self.send(outgoing, Sent::by(shard, SentRecord::Route { complaint_id, labels, trace }))
    }

    /// Sends the dead letter for a record that `shard` is parking.
    pub(crate) fn send_letter(
        &mut self,
        shard: &AssignedShard,
        origin: Origin,
        now: i64,
    ) -> Result<(), JoinError> {
        let Some((record, why)) = shard.parked(origin) else { return Ok(()) };
        let letter =
            read::letter(record, why, &self.dead_letters, now).map_err(|cause| unwritable(shard, cause))?;
        let reason = why.reason.metric_label();
        counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(1);
        self.send(letter, Sent::by(shard, SentRecord::Letter(origin)))
    }

    fn send(&mut self, record: Outgoing, token: Sent) -> Result<(), JoinError> {
        self.backlog.push_back((record, token));
        self.flush()
    }

    /// Hands over what the sink has room for now.
    pub(crate) fn flush(&mut self) -> Result<(), JoinError> {
        while let Some((record, token)) = self.backlog.pop_front() {
            let Err(refused) = self.sink.send(record, token) else { continue };
            self.backlog.push_front((refused.record, refused.token));
            return refused.outage.map_or(Ok(()), |outage| Err(outage.into()));
        }
        Ok(())
    }

    /// Whether the sink had room for everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.backlog.is_empty()
    }

    /// The next delivery, if there is one. Never waits.
    pub(crate) fn try_delivery(&self) -> Option<Delivery<Sent>> {
        self.deliveries.try_recv().ok()
    }

    /// The next delivery that comes within `timeout`.
    pub(crate) fn wait_for_delivery(&self, timeout: Duration) -> Option<Delivery<Sent>> {
        self.deliveries.recv_timeout(timeout).ok()
    }

    /// Takes back what the sink has. Each record comes back as a delivery that failed.
    pub(crate) fn purge_sink(&mut self) {
        self.sink.purge();
    }

    /// Takes back what is not durable, in the sink and before it. Returns what the sink never had, as failed.
    pub(crate) fn purge(&mut self) -> Vec<Delivery<Sent>> {
        self.sink.purge();
        let failed = mem::take(&mut self.backlog).into_iter().map(|(record, token)| {
            let action = format!("append to {}", record.topic);
            let outage = Outage::passing(action, "it was purged before it was sent");
            Delivery { token, result: Err(outage) }
        });
        failed.collect()
    }

    /// Forgets what it holds of shards that are gone.
    pub(crate) fn retain(&mut self, is_owned: impl Fn(&Sent) -> bool) {
        self.backlog.retain(|(_, sent)| is_owned(sent));
    }
}

fn unwritable(shard: &AssignedShard, cause: CodecError) -> JoinError {
    JoinError::Unwritable { partition: shard.raw().clone(), cause }
}
