//! A joining process in the simulation: it reads, produces, commits, stands still and dies.

use ombud_contract::records::RoutedComplaint;

use crate::{
    event::{ChangelogRecord, Effect, Input, Origin},
    position::Position,
    shard::Recovery,
    sim::{
        witness::Violation,
        world::{CommitInFlight, Flight, JoinerProcess, LateRecord, RoutedRecord, World},
    },
};

impl World {
    /// An input for the member's shard, and what it asks for.
    pub(crate) fn input(&mut self, m: usize, input: Input) -> Result<(), Violation> {
        let Some(mut shard) = self.members[m].shard.take() else { return Ok(()) };
        let mut out = Vec::new();
        shard.on(self.now, input, &self.rules, &mut out);
        self.members[m].shard = Some(shard);
        for effect in out {
            self.take_up(m, effect)?;
        }
        self.check_bounds(m)
    }

    fn take_up(&mut self, m: usize, effect: Effect) -> Result<(), Violation> {
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
                member.commit = Some(CommitInFlight { position, stored: None });
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
    pub(crate) fn read(&mut self, m: usize, log: usize, most: usize) -> Result<(), Violation> {
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
            if let Input::Routed { body: ChangelogRecord::Route(theirs), .. } = &input {
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
            self.input(m, input)?;
        }
        Ok(())
    }

    /// Time passes for the member; the end of predictions is read when it was asked for.
    pub(crate) fn tick(&mut self, m: usize) -> Result<(), Violation> {
        self.input(m, Input::Tick)?;
        if std::mem::take(&mut self.members[m].wants_end) {
            let end = self.predictions.len() as i64;
            self.input(m, Input::PredictionsEnd { end, as_of: self.now })?;
        }
        Ok(())
    }

    /// The broker takes the oldest record that it has not taken: one of a lost ownership first.
    pub(crate) fn append(&mut self, m: usize) -> Result<(), Violation> {
        let Some(at) = self.members[m].flights.iter().position(|flight| flight.offset.is_none()) else {
            return Ok(());
        };
        let producer = self.members[m].producer;
        while let Some(late_record) =
            self.late_records.iter().position(|late_record| late_record.producer == producer)
        {
            self.append_late_record(late_record)?;
        }
        let flight = self.members[m].flights[at].clone();
        let offset = self.land(&flight)?;
        self.members[m].flights[at].offset = Some(offset);
        Ok(())
    }

    /// The broker takes a record of an ownership that is over.
    pub(crate) fn append_late(&mut self) -> Result<(), Violation> {
        if self.late_records.is_empty() {
            return Ok(());
        }
        let producer = self.late_records[self.rng.below(self.late_records.len())].producer;
        let first = self.late_records.iter().position(|late_record| late_record.producer == producer);
        first.map_or(Ok(()), |at| self.append_late_record(at))
    }

    fn append_late_record(&mut self, at: usize) -> Result<(), Violation> {
        let late_record = self.late_records.remove(at);
        self.land(&late_record.flight).map(|_| ())
    }

    fn land(&mut self, flight: &Flight) -> Result<i64, Violation> {
        let offset = self.routed.len() as i64;
        self.say(|_| format!("routed@{offset} is {} of generation {}", describe(flight), flight.generation));
        self.check_append(flight)?;
        let (complaint_id, record) = (flight.complaint_id.clone(), flight.record.clone());
        self.routed.push(RoutedRecord { appended_at: self.now, complaint_id, record });
        Ok(offset)
    }

    /// The member hears of its oldest record: durable, or timed out whether or not it was appended.
    pub(crate) fn deliver(&mut self, m: usize, fail: bool) -> Result<(), Violation> {
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
            Some(offset) if !fail => self.input(m, Input::RouteAcked { complaint_id, offset }),
            lost => {
                self.faults.lost_acknowledgements += u64::from(lost.is_some());
                self.input(m, Input::RouteFailed { complaint_id })
            }
        }
    }

    pub(crate) fn deliver_letter(&mut self, m: usize, fail: bool) -> Result<(), Violation> {
        let Some(origin) = self.members[m].letters.pop_front() else { return Ok(()) };
        if fail {
            return self.input(m, Input::LetterFailed(origin));
        }
        self.letters.insert(origin);
        self.say(|_| format!("m{m} parks {origin:?}"));
        self.input(m, Input::LetterAcked(origin))
    }

    /// The coordinator looks at the commit; later, the member hears of it.
    pub(crate) fn move_commit(&mut self, m: usize, fail: bool) -> Result<(), Violation> {
        let owns = self.owns(m) && !self.members[m].isolated;
        let Some(commit) = &mut self.members[m].commit else { return Ok(()) };
        if commit.stored.is_none() {
            let stored = owns && !fail;
            commit.stored = Some(stored);
            let position = commit.position.clone();
            return if stored { self.store(m, position) } else { Ok(()) };
        }
        let Some(CommitInFlight { stored: Some(stored), .. }) = self.members[m].commit.take() else {
            return Ok(());
        };
        let acked = stored && !fail;
        self.faults.lost_commits += u64::from(stored && fail);
        self.say(|_| format!("m{m} hears that its commit {}", if acked { "is stored" } else { "failed" }));
        self.input(m, if acked { Input::CommitAcked } else { Input::CommitFailed })?;
        if acked { self.check_memory(m) } else { Ok(()) }
    }

    fn store(&mut self, m: usize, position: Position) -> Result<(), Violation> {
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
        let from = Recovery::fold_from(&found, window);
        let mut recovery = Recovery::new(self.limits.clone(), self.partition, found, from, &self.rules);
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
                shard.status(w.now).epoch
            )
        });
        let (heartbeat, producer) = (self.members[m].last_heartbeat, self.members[m].producer);
        self.members[m] = JoinerProcess {
            shard: Some(shard),
            producer,
            generation: self.group.generation,
            routed_next: self.routed.len(),
            last_heartbeat: heartbeat,
            ..JoinerProcess::default()
        };
    }

    /// The process is gone, or gives the shard up; of what the producer had, some is appended in its order, and more of
    /// it whenever it likes.
    pub(crate) fn drop_shard(&mut self, m: usize) -> Result<(), Violation> {
        let waiting = self.members[m].flights.iter().filter(|flight| flight.offset.is_none()).count();
        for _ in 0..self.rng.below(waiting + 1) {
            self.append(m)?;
        }
        let purged = self.rng.chance(30);
        let member = &mut self.members[m];
        if let Some(shard) = member.shard.take() {
            self.counts.add(&shard.status(self.now).counts);
        }
        let (producer, last_heartbeat, isolated) = (member.producer, member.last_heartbeat, member.isolated);
        let left = std::mem::take(&mut member.flights);
        *member = JoinerProcess { producer, last_heartbeat, isolated, ..JoinerProcess::default() };
        if !purged {
            let left = left.into_iter().filter(|flight| flight.offset.is_none());
            self.late_records.extend(left.map(|flight| LateRecord { producer, flight }));
        }
        Ok(())
    }

    /// A revoked shard has waited long enough: what it may commit, it commits.
    pub(crate) fn hand_over(&mut self, m: usize) -> Result<(), Violation> {
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

    pub(crate) fn is_parked(&self, offset: usize) -> bool {
        self.letters.contains(&Origin::Raw(offset as i64))
    }
}

impl RoutedRecord {
    pub(crate) fn logged(&self) -> ChangelogRecord {
        match &self.record {
            Some(record) => ChangelogRecord::Route(std::sync::Arc::clone(record)),
            None => ChangelogRecord::Tombstone(std::sync::Arc::clone(&self.complaint_id)),
        }
    }
}

fn describe(flight: &Flight) -> String {
    let Some(record) = &flight.record else { return format!("tombstone {}", flight.complaint_id) };
    let RoutedComplaint { route_id, why, revision, writer_epoch, .. } = &**record;
    format!("{route_id} {why:?} r{revision} e{writer_epoch}")
}
