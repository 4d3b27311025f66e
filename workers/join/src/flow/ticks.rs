//! What time brings: deadlines and leases, and how far the shards have come.

use std::mem;

use metrics::gauge;
use ombud_stream::{Committer, Outage, Reader, Sink, Source, TopicPartition};
use tracing::warn;

use super::Flow;
use crate::{error::JoinError, outbox::Sent};

impl<M, R, S, F> Flow<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    /// Time passes for the shards; how far they have come goes into metrics.
    pub(super) fn tick_when_due(&mut self) -> Result<(), JoinError> {
        let now = self.clock.now_ms();
        if now < self.ticked_at + self.pace.tick_ms {
            return Ok(());
        }
        self.ticked_at = now;
        let (mut open, mut overdue, mut closed, mut early, mut unleased) = (0, 0, 0, 0, 0);
        for at in 0..self.shards.len() {
            let now = self.clock.now_ms();
            let (effects, ticked) = self.shards.tick(at, now, &mut self.reader);
            self.carry_out(at, effects)?;
            // The deadline that asked for the end of predictions asks again with the next tick.
            self.outages.reads.through(ticked)?;
            let shard = self.shards.at(at);
            shard.publish_counts(now);
            let status = shard.status(now);
            unleased += if status.may_write { 0 } else { status.in_flight };
            open += status.open;
            overdue += shard.past_deadline(now);
            closed += status.closed;
            early += status.early;
        }
        gauge!("ombud_join_open").set(open as f64);
        gauge!("ombud_join_overdue").set(overdue as f64);
        gauge!("ombud_join_closed").set(closed as f64);
        gauge!("ombud_join_early").set(early as f64);
        let now = self.clock.now_ms();
        if let Some(rules) = self.shards.rules() {
            self.calendars.publish_when_due(rules, now);
        }
        self.vitals.report(now, self.shards.iter().map(|shard| shard.progress(now)));
        self.purge_unleased(unleased)
    }

    /// Purges what lies in the producer of shards that may not write any more: their lease has run out, or a later owner
    /// has written. It would be tried without end, and be appended when another joiner owns the shard. Whatever is still
    /// owned sends it again with the next lease.
    fn purge_unleased(&mut self, in_flight: usize) -> Result<(), JoinError> {
        let has_warned = mem::replace(&mut self.has_warned_of_lease, in_flight > 0);
        if in_flight == 0 {
            return Ok(());
        }
        if !has_warned {
            warn!(in_flight, "lease has run out: what is not acknowledged is purged");
        }
        for failed in self.outbox.purge() {
            self.take_delivery(failed)?;
        }
        Ok(())
    }
}
