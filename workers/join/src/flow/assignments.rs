//! Partitions come and go: shards are taken on one a turn, and given up with a last commit.

use std::time::Duration;

use ombud_stream::{Committer, Outage, Reader, Sink, Source, TopicPartition};
use tracing::{debug, info, warn};

use super::{Flow, stored};
use crate::{
    error::JoinError,
    event::Input,
    outbox::Sent,
    position::{Meta, Position},
    shards::{AssignedShard, Assignment},
    takeover::{Begin, Takeover},
};

/// One wait for an acknowledgement while shards are given up.
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(10);

impl<M, R, S, F> Flow<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    /// Takes on a shard that was assigned, if one is left; gives their number. One a turn: those that are owned keep working while
    /// the shards of a joiner that died are taken on.
    pub(super) fn take_on_next(&mut self, stop: &dyn Fn() -> bool) -> Result<usize, JoinError> {
        if self.not_taken_on.is_empty() {
            return Ok(0);
        }
        self.share_out(self.not_taken_on.len())?;
        let assignment = self.not_taken_on.remove(0);
        self.take_on(assignment, stop)?;
        Ok(1)
    }

    fn take_on(&mut self, assignment: Assignment, stop: &dyn Fn() -> bool) -> Result<(), JoinError> {
        if stop() {
            return Ok(());
        }
        let now = self.clock.now_ms();
        let begin = self.beginning(&assignment.raw)?;
        let Some(rules) = self.shards.rules() else { return Ok(()) };
        let limits = self.shards.share();
        let takeover = Takeover { assignment, topics: &self.topics, limits, begin, rules, now };
        let Some(shard) = takeover.run(&mut self.reader, stop)? else { return Ok(()) };
        let status = shard.status(now);
        info!(partition = %shard.raw(), generation = shard.generation(), epoch = status.epoch, closed = status.closed,
            "shard taken on");
        self.shards.add(shard);
        // Claims it at once.
        self.ticked_at = i64::MIN;
        Ok(())
    }

    /// The position of the group in a partition of complaints.raw.
    fn beginning(&mut self, raw: &TopicPartition) -> Result<Begin, JoinError> {
        let Some(position) = self.member.committed(raw)? else {
            return Ok(Begin::Raw((self.start)(raw)?));
        };
        if position.metadata.is_empty() {
            // Written by the log itself, where somebody moved the group.
            return Ok(Begin::Raw(position.offset));
        }
        let meta = Meta::parse(&position.metadata)
            .map_err(|cause| JoinError::Commit { partition: raw.clone(), cause })?;
        Ok(Begin::Committed(Position { raw: position.offset, meta }))
    }

    /// Shares the caps among the shards that are owned and the `coming` ones, before those take anything on.
    fn share_out(&mut self, coming: usize) -> Result<(), JoinError> {
        let Some(share) = self.shards.share_among(coming) else { return Ok(()) };
        for at in 0..self.shards.len() {
            self.deliver(at, Input::Share(share.clone()))?;
        }
        Ok(())
    }

    pub(super) fn give_up_all(&mut self) -> Result<(), JoinError> {
        let all: Vec<_> = self.shards.iter().map(|shard| shard.raw().clone()).collect();
        self.give_up(&all, false)
    }

    /// Gives shards up: no more routes, acknowledgements awaited within the drain time, the rest purged, and a last commit.
    /// Those that are `lost` have another owner already: nothing is awaited, and nothing committed.
    pub(super) fn give_up(&mut self, partitions: &[TopicPartition], lost: bool) -> Result<(), JoinError> {
        self.not_taken_on.retain(|assignment| !partitions.contains(&assignment.raw));
        let goes = |shard: &AssignedShard| partitions.contains(shard.raw());
        for at in 0..self.shards.len() {
            if goes(self.shards.at(at)) {
                self.deliver(at, Input::Revoke)?;
            }
        }
        if !lost {
            self.await_deliveries(goes)?;
        }
        let unanswered = self.in_flight(goes);
        if unanswered > 0 {
            // The producer would keep trying while another joiner owns these shards. What it holds of those that stay
            // comes back with it, and is sent again.
            warn!(unanswered, lost, "records of shards that are given up are purged");
            self.outbox.purge_sink();
        }
        let now = self.clock.now_ms();
        let mut positions = Vec::new();
        for shard in self.shards.iter_mut().filter(|shard| goes(shard)) {
            debug!(partition = %shard.raw(), lost, "shard given up");
            if let Some(position) = shard.position(now) {
                positions.push(stored(shard.raw(), &position));
            }
        }
        self.shards.remove(partitions);
        let shards = &self.shards;
        self.outbox.retain(|sent| shards.iter().any(|shard| sent.is_of(shard)));
        self.commits.retain(|(partition, _)| !partitions.contains(partition));
        if !lost && !positions.is_empty() {
            match self.member.commit(&positions) {
                Err(outage) if outage.fatal => return Err(outage.into()),
                // The next owner resumes at the commit before.
                Err(outage) => warn!(%outage, "last commit failed"),
                Ok(()) => {}
            }
        }
        self.share_out(0)
    }

    /// Waits for what is in flight of the shards that go, within the drain time.
    fn await_deliveries(&mut self, goes: impl Fn(&AssignedShard) -> bool) -> Result<(), JoinError> {
        let until = self.clock.now_ms() + self.shards.drain_ms();
        while self.in_flight(&goes) > 0 && self.clock.now_ms() < until {
            if let Some(delivery) = self.outbox.wait_for_delivery(DELIVERY_TIMEOUT) {
                self.take_delivery(delivery)?;
            }
            self.outbox.flush()?;
        }
        Ok(())
    }

    fn in_flight(&self, goes: impl Fn(&AssignedShard) -> bool) -> usize {
        let now = self.clock.now_ms();
        self.shards.iter().filter(|shard| goes(shard)).map(|shard| shard.status(now).in_flight).sum()
    }
}
