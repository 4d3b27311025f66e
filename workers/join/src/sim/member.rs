//! A joining process in the simulation: it reads, produces, commits, stands still and dies.

use ombud_contract::records::RoutedComplaint;

use crate::{
    event::{Effect, Input, Logged, Origin},
    position::Position,
    recover::Recovery,
    sim::{
        invariants::Broken,
        world::{Committing, Flight, Ghost, Member, RoutedRecord, World},
    },
};

impl World {
    /// Tells the member's shard and takes up what it asks for.
    pub(crate) fn tell(&mut self, m: usize, input: Input) -> Result<(), Broken> {
        let Some(mut shard) = self.members[m].shard.take() else { return Ok(()) };
        let mut out = Vec::new();
        shard.on(self.now, input, &self.rules, &mut out);
        self.members[m].shard = Some(shard);
        for effect in out {
            self.take_up(m, effect)?;
        }
        self.check_bounds(m)
    }

    fn take_up(&mut self, m: usize, effect: Effect) -> Result<(), Broken> {
        let now = self.now;
        let member = &mut self.members[m];
        match effect {
            Effect::Route { complaint_id, record } => {
                let (generation, live_since) = (member.generation, member.live_since);
                let flight = Flight { complaint_id, record, offset: None, generation, live_since };
                member.flights.push_back(flight);
                self.check_hand_over(m)?;
                self.say(|w| match w.members[m].flights.back() {
                    Some(flight) => format!("m{m} sends {}", describe(flight)),
                    None => String::new(),
                });
            }
            Effect::Letter(origin) => member.letters.push_back(origin),
            Effect::Commit(position) => {
                member.committing = Some(Committing { position, stored: None });
            }
            Effect::Start { raw, predictions } => {
                member.raw_next = raw as usize;
                member.predictions_next = predictions as usize;
                member.live_since = now;
                member.started = true;
                self.say(|_| format!("m{m} is live: raw from {raw}, predictions from {predictions}"));
            }
            Effect::PauseRaw(paused) => member.paused = paused,
            Effect::SeekPredictions(offset) => {
                member.predictions_next = offset as usize;
                self.say(|_| format!("m{m} reads predictions again from {offset}"));
            }
            Effect::AskPredictionsEnd => member.wants_end = true,
        }
        Ok(())
    }

    /// The next records of one of the three logs.
    pub(crate) fn read(&mut self, m: usize, log: usize, most: usize) -> Result<(), Broken> {
        for _ in 0..most {
            let member = &self.members[m];
            if member.shard.is_none() || !member.started {
                return Ok(());
            }
            let input = match log {
                0 if member.paused || member.revoked_at.is_some() => None,
                0 => self.raw.get(member.raw_next).map(|record| Input::Raw {
                    offset: member.raw_next as i64,
                    appended_at: record.appended_at,
                    body: record.what.clone(),
                }),
                1 => self.predictions.get(member.predictions_next).map(|record| Input::Prediction {
                    offset: member.predictions_next as i64,
                    body: record.body.clone(),
                }),
                _ => self.routed.get(member.routed_next).map(|record| Input::Routed {
                    offset: member.routed_next as i64,
                    appended_at: record.appended_at,
                    body: record.logged(),
                }),
            };
            let Some(input) = input else { return Ok(()) };
            if let Input::Routed { body: Logged::Route(theirs), .. } = &input {
                self.note_forgotten(m, theirs);
            }
            let member = &mut self.members[m];
            match log {
                0 => member.raw_next += 1,
                1 => member.predictions_next += 1,
                _ => member.routed_next += 1,
            }
            self.say(|_| match &input {
                Input::Raw { offset, .. } => format!("m{m} reads raw@{offset}"),
                Input::Prediction { offset, .. } => format!("m{m} reads prediction@{offset}"),
                Input::Routed { offset, .. } => format!("m{m} tails routed@{offset}"),
                _ => String::new(),
            });
            self.tell(m, input)?;
        }
        Ok(())
    }

    /// Time passes for the member; the end of predictions is told when it was asked for.
    pub(crate) fn tick(&mut self, m: usize) -> Result<(), Broken> {
        self.tell(m, Input::Tick)?;
        if std::mem::take(&mut self.members[m].wants_end) {
            let end = self.predictions.len() as i64;
            self.tell(m, Input::PredictionsEnd { end, as_of: self.now })?;
        }
        Ok(())
    }

    /// The broker takes the oldest record that it has not taken: one of a lost ownership first.
    pub(crate) fn append(&mut self, m: usize) -> Result<(), Broken> {
        let Some(at) = self.members[m].flights.iter().position(|flight| flight.offset.is_none()) else {
            return Ok(());
        };
        let producer = self.members[m].producer;
        while let Some(ghost) = self.ghosts.iter().position(|ghost| ghost.producer == producer) {
            self.append_ghost(ghost)?;
        }
        let flight = self.members[m].flights[at].clone();
        let offset = self.land(&flight)?;
        self.members[m].flights[at].offset = Some(offset);
        Ok(())
    }

    /// The broker takes a record of an ownership that is over.
    pub(crate) fn haunt(&mut self) -> Result<(), Broken> {
        if self.ghosts.is_empty() {
            return Ok(());
        }
        let producer = self.ghosts[self.rng.below(self.ghosts.len())].producer;
        let first = self.ghosts.iter().position(|ghost| ghost.producer == producer);
        first.map_or(Ok(()), |at| self.append_ghost(at))
    }

    fn append_ghost(&mut self, at: usize) -> Result<(), Broken> {
        let ghost = self.ghosts.remove(at);
        self.land(&ghost.flight).map(|_| ())
    }

    fn land(&mut self, flight: &Flight) -> Result<i64, Broken> {
        let offset = self.routed.len() as i64;
        self.say(|_| format!("routed@{offset} is {} of generation {}", describe(flight), flight.generation));
        self.check_append(flight)?;
        let (complaint_id, record) = (flight.complaint_id.clone(), flight.record.clone());
        self.routed.push(RoutedRecord { appended_at: self.now, complaint_id, record });
        Ok(offset)
    }

    /// The oldest record's fate is told: durable, or timed out whether or not it was appended.
    pub(crate) fn deliver(&mut self, m: usize, fail: bool) -> Result<(), Broken> {
        let Some(flight) = self.members[m].flights.front() else { return Ok(()) };
        if flight.offset.is_none() && !fail {
            return Ok(());
        }
        let Some(flight) = self.members[m].flights.pop_front() else { return Ok(()) };
        let complaint_id = flight.complaint_id.clone();
        self.say(|_| {
            format!("m{m} hears {} of {}", if fail { "a timeout" } else { "the ack" }, describe(&flight))
        });
        match flight.offset {
            Some(offset) if !fail => self.tell(m, Input::RouteAcked { complaint_id, offset }),
            lost => {
                self.faults.lost_acknowledgements += u64::from(lost.is_some());
                self.tell(m, Input::RouteFailed { complaint_id })
            }
        }
    }

    pub(crate) fn deliver_letter(&mut self, m: usize, fail: bool) -> Result<(), Broken> {
        let Some(origin) = self.members[m].letters.pop_front() else { return Ok(()) };
        if fail {
            return self.tell(m, Input::LetterFailed(origin));
        }
        self.letters.insert(origin);
        self.say(|_| format!("m{m} parks {origin:?}"));
        self.tell(m, Input::LetterAcked(origin))
    }

    /// The coordinator looks at the commit; later, the member hears of it.
    pub(crate) fn move_commit(&mut self, m: usize, fail: bool) -> Result<(), Broken> {
        let owns = self.owns(m) && !self.members[m].isolated;
        let Some(committing) = &mut self.members[m].committing else { return Ok(()) };
        if committing.stored.is_none() {
            let stored = owns && !fail;
            committing.stored = Some(stored);
            let position = committing.position.clone();
            return if stored { self.store(m, position) } else { Ok(()) };
        }
        let Some(Committing { stored: Some(stored), .. }) = self.members[m].committing.take() else {
            return Ok(());
        };
        let acked = stored && !fail;
        self.faults.lost_commits += u64::from(stored && fail);
        self.say(|_| format!("m{m} hears that its commit {}", if acked { "is stored" } else { "failed" }));
        self.tell(m, if acked { Input::CommitAcked } else { Input::CommitFailed })?;
        if acked { self.check_memory(m) } else { Ok(()) }
    }

    fn store(&mut self, m: usize, position: Position) -> Result<(), Broken> {
        self.check_commit(m, &position)?;
        self.say(|_| format!("the group stores raw {} {} of m{m}", position.raw, position.meta.encode()));
        self.group.committed = Some(position);
        self.group.committed_by = self.group.generation;
        Ok(())
    }

    /// The member takes the shard on: folds the changelog and asks for its claim.
    pub(crate) fn recover(&mut self, m: usize) {
        let start = Position { raw: 0, meta: crate::position::Meta::default() };
        let found = self.group.committed.clone().unwrap_or(start);
        let since = Recovery::fold_since(&found, self.now, &self.rules);
        let window = self.routed.iter().position(|r| r.appended_at >= since);
        let window = window.unwrap_or(self.routed.len()) as i64;
        let mut from = Recovery::fold_from(&found, window);
        if self.mutation == Some(crate::mutation::Mutation::ForgetRl) {
            from = self.routed.len() as i64;
        }
        let mut recovery = Recovery::new(self.limits.clone(), self.partition, found, from, &self.rules)
            .breaking(self.mutation);
        self.note_unfolded(from as usize);
        for (offset, record) in self.routed.iter().enumerate().skip(from as usize) {
            recovery.fold(offset as i64, record.appended_at, record.logged());
        }
        let shard = recovery.finish(self.now, self.raw.len() as i64, &self.rules);
        self.say(|w| {
            let to = w.routed.len();
            format!(
                "m{m} takes on generation {} as epoch {}: routed {from}..{to}",
                w.group.generation,
                shard.epoch()
            )
        });
        let (heartbeat, producer) = (self.members[m].last_heartbeat, self.members[m].producer);
        self.members[m] = Member {
            shard: Some(shard),
            producer,
            generation: self.group.generation,
            routed_next: self.routed.len(),
            last_heartbeat: heartbeat,
            ..Member::default()
        };
    }

    /// The process is gone, or gives the shard up; of what the producer had, some is appended in its order, and more of
    /// it whenever it likes.
    pub(crate) fn drop_shard(&mut self, m: usize) -> Result<(), Broken> {
        let waiting = self.members[m].flights.iter().filter(|flight| flight.offset.is_none()).count();
        for _ in 0..self.rng.below(waiting + 1) {
            self.append(m)?;
        }
        let purged = self.rng.chance(30);
        let member = &mut self.members[m];
        if let Some(shard) = member.shard.take() {
            self.counts.add(shard.counts());
        }
        let (producer, last_heartbeat, isolated) = (member.producer, member.last_heartbeat, member.isolated);
        let left = std::mem::take(&mut member.flights);
        *member = Member { producer, last_heartbeat, isolated, ..Member::default() };
        if !purged {
            let left = left.into_iter().filter(|flight| flight.offset.is_none());
            self.ghosts.extend(left.map(|flight| Ghost { producer, flight }));
        }
        Ok(())
    }

    /// A revoked shard has waited long enough: what it may commit, it commits.
    pub(crate) fn hand_over(&mut self, m: usize) -> Result<(), Broken> {
        let now = self.now;
        if let Some(shard) = &mut self.members[m].shard {
            let position = shard.position(now);
            // A shard that has not claimed yet has nothing of its own to say.
            if self.owns(m) && !self.members[m].isolated && self.members[m].started {
                self.store(m, position)?;
            }
        }
        self.drop_shard(m)
    }

    pub(crate) fn shard_is(&self, m: usize, what: impl Fn(&crate::shard::Shard) -> bool) -> bool {
        self.members[m].shard.as_ref().is_some_and(what)
    }

    pub(crate) fn is_parked(&self, offset: usize) -> bool {
        self.letters.contains(&Origin::Raw(offset as i64))
    }
}

impl RoutedRecord {
    pub(crate) fn logged(&self) -> Logged {
        match &self.record {
            Some(record) => Logged::Route(std::sync::Arc::clone(record)),
            None => Logged::Tombstone(std::sync::Arc::clone(&self.complaint_id)),
        }
    }
}

fn describe(flight: &Flight) -> String {
    let Some(record) = &flight.record else { return format!("tombstone {}", flight.complaint_id) };
    let RoutedComplaint { route_id, why, revision, writer_epoch, .. } = &**record;
    format!("{route_id} {why:?} r{revision} e{writer_epoch}")
}
