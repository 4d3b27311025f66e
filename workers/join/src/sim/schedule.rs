//! One schedule: random steps, then everything heals and comes to rest.

use crate::{
    event::Input,
    sim::{
        invariants::Broken,
        rules::DEADLINE_MS,
        world::{Profile, World},
    },
};

impl World {
    /// One random step.
    pub(crate) fn step(&mut self) -> Result<(), Broken> {
        match self.rng.below(100) {
            0..12 => {
                if self.raw.len() < 14 {
                    self.complain();
                }
            }
            12..36 => {
                if self.rng.chance(self.profile.eager_infer) {
                    self.infer();
                }
            }
            36..41 => self.advance(),
            41..46 => self.trouble()?,
            roll => self.work(roll as u32)?,
        }
        self.coordinate()
    }

    /// One thing that a process does by itself.
    fn work(&mut self, roll: u32) -> Result<(), Broken> {
        // Mostly the owner; now and then somebody who does not know yet that it is none.
        let anyone = self.rng.below(self.members.len());
        let m = self.group.owner.filter(|_| self.rng.chance(80)).unwrap_or(anyone);
        if self.members[m].frozen || self.members[m].shard.is_none() {
            return Ok(());
        }
        let fails = self.profile.produce_fails;
        match roll % 11 {
            0 | 1 => {
                let most = 1 + self.rng.below(3);
                self.read(m, 0, most)
            }
            2 | 3 => {
                let most = 1 + self.rng.below(3);
                self.read(m, 1, most)
            }
            4 => self.read(m, 2, 3),
            5 => self.tick(m),
            6 | 7 if self.rng.chance(self.profile.slow) => Ok(()),
            6 => self.append(m),
            7 => {
                let fail = self.rng.chance(fails);
                if fail {
                    self.deliver(m, true)
                } else {
                    self.append(m)?;
                    self.deliver(m, false)
                }
            }
            8 => {
                let fail = self.rng.chance(fails);
                self.deliver_letter(m, fail)
            }
            _ => {
                let fail = self.rng.chance(self.profile.commit_fails);
                self.move_commit(m, fail)
            }
        }
    }

    /// Time moves; what can't outlast that much of it is resolved first.
    fn advance(&mut self) {
        let ms = match self.rng.below(40) {
            0..28 => 1 + self.rng.below(800),
            28..36 => 2_000 + self.rng.below(4_000),
            36..38 => 12_000 + self.rng.below(20_000),
            38 => 30_000 + self.rng.below(30_000),
            _ if self.rng.chance(self.profile.leap * 10) => 24 * 3_600_000 + self.rng.below(3_600_000),
            _ => 100_000 + self.rng.below(60_000),
        };
        self.pass(ms as i64);
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.now += ms;
        for member in &mut self.members {
            if member.is_healthy() {
                member.last_heartbeat = self.now;
            }
            for flight in member.flights.iter_mut().filter(|_| member.frozen) {
                flight.frozen = true;
            }
        }
    }

    /// A lease after it was sent, a record is purged, unless its process stands still.
    fn time_out(&mut self, m: usize) -> Result<(), Broken> {
        let limit = self.now - self.limits.lease_ms;
        while self.members[m].flights.front().is_some_and(|flight| flight.sent_at < limit) {
            self.deliver(m, true)?;
        }
        Ok(())
    }

    fn trouble(&mut self) -> Result<(), Broken> {
        let mut m = self.rng.below(self.members.len());
        // Trouble is worst while records are on their way.
        let busy = self.members.iter().position(|m| m.flights.iter().any(|flight| flight.offset.is_none()));
        if self.rng.chance(50) {
            m = busy.unwrap_or(m);
        }
        let healthy = self.members[m].is_healthy();
        let owned = self.members[m].shard.is_some();
        let Profile { crash, freeze, isolate, rebalance, erase, .. } = self.profile;
        let mut roll = self.rng.below(25) as u32;
        let kind = [crash, freeze, isolate, rebalance, erase].into_iter().position(|percent| {
            let hit = roll < percent;
            roll = roll.saturating_sub(percent);
            hit
        });
        match kind {
            Some(0) if owned => {
                self.kill(m)?;
            }
            Some(1) if owned && healthy => {
                self.say(|_| format!("m{m} stands still"));
                self.faults.freezes += 1;
                self.members[m].frozen = true;
                // Long enough for the group to give it up, before anybody has heard what became of its records.
                if self.rng.chance(60) {
                    self.pass(self.limits.session_timeout_ms);
                }
            }
            Some(2) if owned && healthy => {
                self.say(|_| format!("m{m} can't reach the coordinator"));
                self.faults.isolations += 1;
                self.members[m].isolated = true;
            }
            Some(3) if healthy && self.owns(m) && self.members[m].revoked_at.is_none() => {
                self.say(|_| format!("m{m} has to hand over"));
                self.faults.rebalances += 1;
                self.members[m].revoked_at = Some(self.now);
                self.tell(m, Input::Revoke)?;
            }
            Some(4) => self.erase(),
            _ if !healthy && self.rng.chance(40) => self.heal(m)?,
            _ => {}
        }
        Ok(())
    }

    fn kill(&mut self, m: usize) -> Result<(), Broken> {
        self.say(|_| format!("m{m} is killed"));
        self.faults.crashes += 1;
        self.drop_shard(m)?;
        // A restarted process joins anew; now and then the group waits for the dead one's session to end.
        if self.rng.chance(50) {
            self.pass(self.limits.session_timeout_ms);
        }
        if self.group.owner == Some(m) {
            self.group.owner = None;
        }
        Ok(())
    }

    /// A frozen process goes on, or one that was cut off is not.
    pub(crate) fn heal(&mut self, m: usize) -> Result<(), Broken> {
        let thaws = std::mem::take(&mut self.members[m].frozen);
        self.members[m].isolated = false;
        self.say(|_| format!("m{m} is well again"));
        if thaws {
            // The socket had some of it; the rest is found timed out.
            let waiting = self.members[m].flights.iter().filter(|flight| flight.offset.is_none()).count();
            for _ in 0..self.rng.below(waiting + 1) {
                self.append(m)?;
            }
            // It goes on where it stood before it hears from anybody: with what it knows and the time it is now.
            if self.rng.chance(50) {
                self.tick(m)?;
            }
            if self.rng.chance(50) {
                self.move_commit(m, false)?;
                self.tick(m)?;
            }
            // Trouble comes in pairs: the one that took over may die before it has read what came late.
            if let Some(owner) = self.group.owner.filter(|_| self.rng.chance(self.profile.crash * 10))
                && self.members[owner].shard.is_some()
            {
                self.kill(owner)?;
            }
        }
        self.members[m].last_heartbeat = self.members[m].last_heartbeat.max(self.now);
        Ok(())
    }

    /// The coordinator takes shards from the silent and gives them to the healthy; members hear of it.
    pub(crate) fn coordinate(&mut self) -> Result<(), Broken> {
        if let Some(owner) = self.group.owner {
            let silent = self.now - self.members[owner].last_heartbeat;
            if silent >= self.limits.session_timeout_ms {
                self.say(|_| format!("the group gives m{owner} up"));
                self.faults.lost += 1;
                self.group.owner = None;
            }
        }
        for m in 0..self.members.len() {
            if self.members[m].frozen {
                continue;
            }
            self.time_out(m)?;
            if let Some(since) = self.members[m].revoked_at {
                let drained = self.shard_is(m, |shard| shard.in_flight() == 0);
                if drained || self.now - since >= self.limits.drain_ms {
                    let owned = self.owns(m);
                    self.hand_over(m)?;
                    if owned {
                        self.group.owner = None;
                    }
                }
            } else if self.members[m].shard.is_some() && !self.owns(m) && !self.members[m].isolated {
                self.say(|_| format!("m{m} hears that the shard is lost"));
                self.drop_shard(m)?;
            }
        }
        if self.group.owner.is_none() {
            let first = self.rng.below(self.members.len());
            let all = self.members.len();
            let next = (0..all)
                .map(|i| (first + i) % all)
                .find(|&m| self.members[m].is_healthy() && self.members[m].shard.is_none());
            if let Some(m) = next {
                self.group.owner = Some(m);
                self.group.generation += 1;
                self.recover(m);
            }
        }
        Ok(())
    }

    /// Everything is well; all is read, answered and acknowledged; then every deadline passes.
    pub(crate) fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.say(|_| "everything heals".to_owned());
        for m in 0..self.members.len() {
            if !self.members[m].is_healthy() {
                self.heal(m)?;
            }
        }
        self.settle_down()?;
        let latest =
            self.raw.iter().filter(|r| !r.what.bulk).map(|r| r.appended_at).max().unwrap_or(self.now);
        let live = self.members.iter().map(|member| member.live_since).max().unwrap_or(self.now);
        let due = (latest + DEADLINE_MS).max(live + self.limits.grace_ms);
        self.pass((due - self.now).max(0));
        self.settle_down()?;
        self.check_deadlines(false)?;
        self.pass(self.limits.hard_cap_ms);
        self.settle_down()?;
        while !self.unanswered.is_empty() {
            self.infer();
        }
        self.settle_down()?;
        // With little room, bulk complaints are read only when earlier ones have waited in vain.
        let at_most = self.raw.len() + 1;
        for _ in 0..at_most {
            self.pass(self.limits.bulk_wait_ms);
            self.settle_down()?;
            let owner = self.group.owner.map(|m| &self.members[m]);
            let read = owner.filter(|owner| owner.raw_next == self.raw.len());
            if read.and_then(|owner| owner.shard.as_ref()).is_some_and(|shard| shard.unsettled() == 0) {
                break;
            }
        }
        self.check_deadlines(true)?;
        self.pass(self.limits.lease_ms);
        self.settle_down()?;
        self.check_rest()
    }

    /// Reads, acknowledges and commits until nothing is left to do at this moment.
    fn settle_down(&mut self) -> Result<(), Broken> {
        let mut still = 0;
        for _ in 0..100 {
            let before = self.progress();
            self.coordinate()?;
            for m in 0..self.members.len() {
                self.tick(m)?;
                while self.members[m].committing.is_some() {
                    self.move_commit(m, false)?;
                }
                for log in 0..3 {
                    self.read(m, log, usize::MAX)?;
                }
                self.tick(m)?;
                while !self.members[m].letters.is_empty() {
                    self.deliver_letter(m, false)?;
                }
                while !self.members[m].flights.is_empty() {
                    self.append(m)?;
                    self.deliver(m, false)?;
                }
            }
            if self.progress() != before {
                still = 0;
            } else if still == 2 {
                return Ok(());
            } else {
                // Time for a commit that failed to be tried again, for the lease, for a barrier that was asked for.
                still += 1;
                self.pass(self.limits.commit_retry_ms);
            }
        }
        Ok(())
    }

    fn progress(&self) -> (usize, usize, Vec<[usize; 3]>) {
        let read = |m: &crate::sim::world::Member| [m.raw_next, m.predictions_next, m.routed_next];
        let flying = self.members.iter().map(|m| m.flights.len() + m.letters.len()).sum();
        (self.routed.len(), flying, self.members.iter().map(read).collect())
    }
}
