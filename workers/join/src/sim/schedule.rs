//! One schedule: random steps, then everything heals and comes to rest.

use crate::{
    event::Input,
    sim::{
        rules::{AMEND_MS, DEADLINE_MS},
        witness::Violation,
        world::{Profile, World},
    },
};

impl World {
    /// One random step.
    pub(crate) fn step(&mut self) -> Result<(), Violation> {
        if self.rng.chance(self.profile.late) {
            self.append_late()?;
        }
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
            36..41 => self.advance()?,
            41..46 => self.trouble()?,
            roll => self.work(roll as u32)?,
        }
        self.coordinate()
    }

    /// One thing that a process does by itself.
    fn work(&mut self, roll: u32) -> Result<(), Violation> {
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

    /// Time moves.
    fn advance(&mut self) -> Result<(), Violation> {
        let ms = match self.rng.below(40) {
            0..28 => 1 + self.rng.below(800),
            28..36 => 2_000 + self.rng.below(4_000),
            36..38 => 12_000 + self.rng.below(20_000),
            38 => 30_000 + self.rng.below(30_000),
            _ if self.rng.chance(self.profile.leap * 10) => 24 * 3_600_000 + self.rng.below(3_600_000),
            _ => 100_000 + self.rng.below(60_000),
        };
        self.leap(ms as i64)
    }

    /// Time moves, and the log is not away for as long as complaints are remembered.
    pub(crate) fn leap(&mut self, ms: i64) -> Result<(), Violation> {
        for m in 0..self.members.len() {
            while ms >= AMEND_MS && !self.members[m].frozen && !self.members[m].flights.is_empty() {
                self.append(m)?;
                self.deliver(m, false)?;
            }
        }
        self.pass(ms);
        Ok(())
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.now += ms;
        for member in self.members.iter_mut().filter(|member| member.is_healthy()) {
            member.last_heartbeat = self.now;
        }
    }

    fn trouble(&mut self) -> Result<(), Violation> {
        let mut m = self.rng.below(self.members.len());
        // Trouble is worst while records are on their way.
        let busy = self.members.iter().position(|m| m.flights.iter().any(|flight| flight.offset.is_none()));
        if self.rng.chance(50) {
            m = busy.unwrap_or(m);
        }
        let healthy = self.members[m].is_healthy();
        let owned = self.members[m].shard.is_some();
        let Profile { crash, freeze, isolate, rebalance, erase, step_back, .. } = self.profile;
        let mut roll = self.rng.below(25) as u32;
        let kind = [crash, freeze, isolate, rebalance, erase, step_back].into_iter().position(|percent| {
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
                self.input(m, Input::Revoke)?;
            }
            Some(4) => self.erase(),
            Some(5) => self.set_clock(),
            _ if !healthy && self.rng.chance(40) => self.heal(m)?,
            _ => {}
        }
        Ok(())
    }

    fn kill(&mut self, m: usize) -> Result<(), Violation> {
        self.say(|_| format!("m{m} is killed"));
        self.faults.crashes += 1;
        self.drop_shard(m)?;
        self.members[m].producer = self.producers;
        self.producers += 1;
        // A restarted process joins again; now and then the group waits for the dead one's session to end.
        if self.rng.chance(50) {
            self.pass(self.limits.session_timeout_ms);
        }
        if self.group.owner == Some(m) {
            self.group.owner = None;
        }
        Ok(())
    }

    /// A frozen process resumes, or one that was cut off is reachable again.
    pub(crate) fn heal(&mut self, m: usize) -> Result<(), Violation> {
        let thaws = std::mem::take(&mut self.members[m].frozen);
        self.members[m].isolated = false;
        self.say(|_| format!("m{m} is well again"));
        if thaws {
            // The socket had some of it; the rest waits.
            let waiting = self.members[m].flights.iter().filter(|flight| flight.offset.is_none()).count();
            for _ in 0..self.rng.below(waiting + 1) {
                self.append(m)?;
            }
            // It resumes where it stopped before it hears from anybody: with what it knows and the time it is now.
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
    pub(crate) fn coordinate(&mut self) -> Result<(), Violation> {
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
            if let Some(since) = self.members[m].revoked_at {
                let drained = self.members[m].status(self.now).is_some_and(|status| status.in_flight == 0);
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
    pub(crate) fn come_to_rest(&mut self) -> Result<(), Violation> {
        self.say(|_| "everything heals".to_owned());
        for m in 0..self.members.len() {
            if !self.members[m].is_healthy() {
                self.heal(m)?;
            }
        }
        self.append_some_late()?;
        self.settle_down()?;
        let latest =
            self.raw.iter().filter(|r| !r.what.bulk).map(|r| r.appended_at).max().unwrap_or(self.now);
        let live = self.members.iter().map(|member| member.live_since).max().unwrap_or(self.now);
        let due = (latest + DEADLINE_MS).max(live + self.limits.grace_ms);
        self.pass((due - self.now).max(0));
        self.settle_down()?;
        self.check_deadlines(false)?;
        self.append_some_late()?;
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
            self.append_some_late()?;
            let owner = self.group.owner.map(|m| &self.members[m]);
            let read = owner.filter(|owner| owner.raw_next == self.raw.len());
            if read.and_then(|owner| owner.status(self.now)).is_some_and(|status| status.unsettled == 0) {
                break;
            }
        }
        self.check_deadlines(true)?;
        self.append_some_late()?;
        // The rest is never appended.
        self.late_records.clear();
        self.pass(self.limits.lease_ms);
        self.settle_down()?;
        self.check_rest()
    }

    /// Some of what lost ownerships left, at this moment of all.
    fn append_some_late(&mut self) -> Result<(), Violation> {
        while !self.late_records.is_empty() && self.rng.chance(60) {
            self.append_late()?;
        }
        Ok(())
    }

    /// Reads, acknowledges and commits until nothing is left to do at this moment.
    fn settle_down(&mut self) -> Result<(), Violation> {
        let mut still = 0;
        for _ in 0..100 {
            let before = self.progress();
            self.coordinate()?;
            for m in 0..self.members.len() {
                self.tick(m)?;
                while self.members[m].commit.is_some() {
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
        let read = |m: &crate::sim::world::JoinerProcess| [m.raw_next, m.predictions_next, m.routed_next];
        let flying = self.members.iter().map(|m| m.flights.len() + m.letters.len()).sum();
        (self.routed.len(), flying, self.members.iter().map(read).collect())
    }
}
