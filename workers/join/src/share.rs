//! What a process may hold, shared among its shards: as they come and go, each is told its part anew.

use ombud_stream::{Committer, Outage, Reader, Sink, Source, TopicPartition};

use crate::{act::Sent, error::JoinError, event::Input, limits::Limits, run::Running, shard::Shard};

impl Shard {
    /// Fewer early predictions at once, fewer raw records as those that are open settle, and fewer remembered complaints
    /// with the next commit.
    pub(crate) fn take_share(&mut self, limits: Limits) {
        for offset in self.early.resize(limits.early_cap) {
            // Stays open in the frontier, so that no commit passes it.
            self.counts.early_dropped += 1;
            self.in_hand.remove(&offset);
        }
        self.limits = limits;
    }
}

impl<M, R, S, F> Running<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    /// Shares the caps among the shards that are owned and the `coming` ones, before those take anything on.
    pub(crate) fn share_out(&mut self, coming: usize) -> Result<(), JoinError> {
        let share = self.join.limits.share(self.owned.len() + coming);
        if share == self.share {
            return Ok(());
        }
        self.share = share;
        for at in 0..self.owned.len() {
            self.tell(at, Input::Share(self.share.clone()))?;
        }
        Ok(())
    }
}
