//! Raw is held back while it can't be decided, or routed.

use ombud_stream::{Committer, Outage, Reader, Sink, Source, TopicPartition};

use super::Flow;
use crate::{error::JoinError, outbox::Sent};

/// From when on raw is paused because the sink is full, in milliseconds. Before that it is left in the queue: what was fetched ahead
/// would be lost with a pause, and fetched again after it. Well below the time in which a group expects its members to poll.
const PAUSE_AFTER_MS: i64 = 1_000;

impl<M, R, S, F> Flow<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    /// Whether the sink has been full for so long that raw is paused.
    pub(super) fn has_been_full(&self, now: i64) -> bool {
        self.full_since.is_some_and(|since| now - since >= PAUSE_AFTER_MS)
    }

    /// Pauses raw while it can't be decided or routed, and resumes it after.
    pub(super) fn hold_raw(&mut self, hold: bool) {
        if hold != self.is_raw_held {
            self.is_raw_held = hold;
            let now = self.clock.now_ms();
            for shard in self.shards.iter() {
                self.member.pause(shard.raw(), hold || shard.status(now).is_raw_paused);
            }
        }
    }

    /// The next delivery, with which the sink has room again.
    pub(super) fn wait_for_room(&mut self) -> Result<(), JoinError> {
        match self.outbox.wait_for_delivery(self.pace.busy_wait) {
            Some(delivery) => self.take_delivery(delivery),
            None => Ok(()),
        }
    }
}
