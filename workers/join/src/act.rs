//! What shards ask for, done: routes and dead letters sent, commits stored, shards given up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use metrics::{counter, histogram};
use ombud_contract::codec::{self, CodecError};
use ombud_stream::{Committer, Delivery, Outage, Outgoing, Reader, Sink, Source, TopicPartition};
use tracing::{debug, info, warn};

use crate::{
    began::Began,
    error::JoinError,
    event::{Effect, Input, Origin},
    labels::{RouteLabels, kind},
    owned::Owned,
    position::Position,
    read::{self, WORKER},
    run::Running,
};

/// What a delivery is about.
#[derive(Clone, Debug)]
pub struct Sent {
    partition: i32,
    generation: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Labels: `None` for a tombstone. Who began: `None` once what was submitted is settled, and for a tombstone.
    Route(Arc<str>, Option<RouteLabels>, Option<Arc<Began>>),
    Letter(Origin),
}

impl<M, R, S, F> Running<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    /// Does what a shard asks for, in its order.
    pub(crate) fn take_up(&mut self, at: usize, effects: Vec<Effect>) -> Result<(), JoinError> {
        for effect in effects {
            let owned = &mut self.owned[at];
            match effect {
                Effect::Route { complaint_id, record } => {
                    let key = Some(Bytes::copy_from_slice(complaint_id.as_bytes()));
                    let (topic, partition) = (Arc::clone(&owned.routed.topic), Some(owned.raw.partition));
                    let began = record.as_ref().and_then(|record| owned.began.of(record));
                    let bulk = began.as_ref().map(|began| began.bulk);
                    let labels = record.as_ref().map(|record| RouteLabels::of(record, bulk));
                    let outgoing = match record {
                        Some(record) => {
                            let value =
                                codec::encode(&*record).map_err(|cause| unwritable(&owned.raw, cause))?;
                            if let Some(began) = &began {
                                began.decided(&record);
                            }
                            let headers = began.as_ref().map_or(&[][..], |began| &began.headers);
                            Outgoing::stamped(topic, partition, key, value, WORKER, headers)
                        }
                        None => Outgoing { topic, partition, key, value: None, headers: Vec::new() },
                    };
                    let sent = owned.sent(What::Route(complaint_id, labels, began));
                    self.send(outgoing, sent)?;
                }
                Effect::Letter(origin) => {
                    let Some((record, why)) = owned.letters.get(&origin) else { continue };
                    let now = self.join.clock.now_ms();
                    let letter = read::letter(record, why, &self.join.topics.dead_letters, now)
                        .map_err(|cause| unwritable(&owned.raw, cause))?;
                    let reason = format!("{:?}", why.reason).to_lowercase();
                    counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(1);
                    let sent = owned.sent(What::Letter(origin));
                    self.send(letter, sent)?;
                }
                Effect::Commit(position) => self.commits.push((owned.raw.clone(), position)),
                Effect::Start { raw, predictions } => {
                    info!(partition = %owned.raw, raw, predictions, "shard live");
                    owned.seek_predictions(predictions);
                    self.join.member.start(&owned.raw, raw)?;
                    self.join.member.pause(&owned.raw, self.held || owned.paused);
                }
                Effect::PauseRaw(paused) => {
                    owned.paused = paused;
                    self.join.member.pause(&owned.raw, self.held || paused);
                }
                Effect::SeekPredictions(offset) => owned.seek_predictions(offset),
                Effect::AskPredictionsEnd => {}
            }
        }
        Ok(())
    }

    fn send(&mut self, record: Outgoing, sent: Sent) -> Result<(), JoinError> {
        self.outbox.push_back((record, sent));
        self.empty_outbox()
    }

    fn empty_outbox(&mut self) -> Result<(), JoinError> {
        while let Some((record, token)) = self.outbox.pop_front() {
            let Err(refused) = self.join.sink.send(record, token) else { continue };
            self.outbox.push_front((refused.record, refused.token));
            return refused.outage.map_or(Ok(()), |outage| Err(outage.into()));
        }
        Ok(())
    }

    /// Tells the shards what became of their records; gives the number.
    pub(crate) fn take_deliveries(&mut self) -> Result<usize, JoinError> {
        let mut came = 0;
        while let Ok(delivery) = self.join.deliveries.try_recv() {
            came += 1;
            self.deliver(delivery)?;
        }
        self.empty_outbox()?;
        Ok(came)
    }

    fn deliver(&mut self, Delivery { token, result }: Delivery<Sent>) -> Result<(), JoinError> {
        let of =
            |owned: &Owned| owned.raw.partition == token.partition && owned.generation == token.generation;
        let place = match result {
            Err(outage) if outage.fatal => return Err(outage.into()),
            // What was purged comes back, and is told as one by who purges.
            Err(outage) => {
                debug!(%outage, "record not delivered");
                None
            }
            Ok((_, offset)) => Some(offset),
        };
        let Some(at) = self.owned.iter().position(of) else { return Ok(()) };
        let input = match (token.what, place) {
            (What::Route(complaint_id, labels, began), Some(offset)) => {
                let now = self.join.clock.now_ms();
                if let Some(labels) = labels {
                    labels.count();
                }
                if let Some(began) = began.filter(|began| began.routed(now)) {
                    let took_ms = (now - began.appended_at).max(0);
                    histogram!("ombud_route_seconds", "kind" => kind(began.bulk))
                        .record(took_ms as f64 / 1_000.0);
                }
                Input::RouteAcked { complaint_id, offset }
            }
            (What::Route(complaint_id, ..), None) => Input::RouteFailed { complaint_id },
            (What::Letter(origin), Some(_)) => {
                self.owned[at].letters.remove(&origin);
                Input::LetterAcked(origin)
            }
            (What::Letter(origin), None) => Input::LetterFailed(origin),
        };
        self.tell(at, input)
    }

    /// Takes back what is not durable, in the producer and before it: the shards hear that each of it failed, and send it
    /// again while it is theirs.
    pub(crate) fn purge(&mut self) -> Result<(), JoinError> {
        self.join.sink.purge();
        for (record, token) in std::mem::take(&mut self.outbox) {
            let action = format!("append to {}", record.topic);
            let outage = Outage::passing(action, "it was purged before it was sent");
            self.deliver(Delivery { token, result: Err(outage) })?;
        }
        Ok(())
    }

    /// Stores the positions that were asked for in this turn, all at once.
    pub(crate) fn commit(&mut self) -> Result<(), JoinError> {
        let commits = std::mem::take(&mut self.commits);
        if commits.is_empty() {
            return Ok(());
        }
        let positions: Vec<_> = commits.iter().map(|(partition, position)| at(partition, position)).collect();
        let stored = self.join.member.commit(&positions);
        let stored = match self.outages.commits.through(stored)? {
            Some(()) => Input::CommitAcked,
            None => Input::CommitFailed,
        };
        for (partition, _) in commits {
            if let Some(at) = self.owned.iter().position(|owned| owned.raw == partition) {
                self.tell(at, stored.clone())?;
            }
        }
        Ok(())
    }

    /// Gives shards up: no more routes, acknowledgements awaited within the drain time, the rest purged, and a last commit.
    /// Those that are `lost` are somebody else's already: nothing is awaited, and nothing committed.
    pub(crate) fn give_up(&mut self, partitions: &[TopicPartition], lost: bool) -> Result<(), JoinError> {
        self.waiting.retain(|(partition, _)| !partitions.contains(partition));
        let goes = |owned: &Owned| partitions.contains(&owned.raw);
        for at in 0..self.owned.len() {
            if goes(&self.owned[at]) {
                self.tell(at, Input::Revoke)?;
            }
        }
        let until = self.join.clock.now_ms() + self.join.limits.drain_ms;
        while !lost
            && self.owned.iter().any(|owned| goes(owned) && owned.shard.in_flight() > 0)
            && self.join.clock.now_ms() < until
        {
            if let Ok(delivery) = self.join.deliveries.recv_timeout(Duration::from_millis(10)) {
                self.deliver(delivery)?;
            }
            self.empty_outbox()?;
        }
        let unanswered: usize =
            self.owned.iter().filter(|owned| goes(owned)).map(|owned| owned.shard.in_flight()).sum();
        if unanswered > 0 {
            // The producer would go on trying while somebody else owns these shards. What it holds of those that stay
            // comes back with it, and is sent again.
            warn!(unanswered, lost, "records of shards that are given up are purged");
            self.join.sink.purge();
        }
        let now = self.join.clock.now_ms();
        let mut positions = Vec::new();
        for owned in self.owned.iter_mut().filter(|owned| goes(owned)) {
            debug!(partition = %owned.raw, lost, "shard given up");
            if owned.shard.has_claimed() {
                positions.push(at(&owned.raw, &owned.shard.position(now)));
            }
        }
        self.owned.retain(|owned| !goes(owned));
        self.outbox.retain(|(_, sent)| self.owned.iter().any(|owned| owned.is_of(sent)));
        self.commits.retain(|(partition, _)| !partitions.contains(partition));
        if !lost && !positions.is_empty() {
            match self.join.member.commit(&positions) {
                Err(outage) if outage.fatal => return Err(outage.into()),
                // The next owner goes on from the commit before.
                Err(outage) => warn!(%outage, "last commit failed"),
                Ok(()) => {}
            }
        }
        self.share_out(0)
    }
}

impl Owned {
    fn sent(&self, what: What) -> Sent {
        Sent { partition: self.raw.partition, generation: self.generation, what }
    }

    fn is_of(&self, sent: &Sent) -> bool {
        self.raw.partition == sent.partition && self.generation == sent.generation
    }
}

fn at(partition: &TopicPartition, position: &Position) -> ombud_stream::Position {
    ombud_stream::Position {
        partition: partition.clone(),
        offset: position.raw,
        metadata: position.meta.encode(),
    }
}

fn unwritable(partition: &TopicPartition, cause: CodecError) -> JoinError {
    JoinError::Unwritable { partition: partition.clone(), cause }
}
