//! complaints.raw + complaints.predictions -> shard, one a partition -> complaints.routed, dead letters
//! -> acknowledged -> commit of all shards at once
//!
//! One thread owns the group member, the reader and every shard; another reads the strategy. Nothing here decides: events
//! in, effects out.

use std::{collections::VecDeque, sync::Arc, thread, time::Duration};

use crossbeam_channel::Receiver;
use metrics::{counter, gauge};
use ombud_contract::records::DeadReason;
use ombud_models::StrategyFeed;
use ombud_stream::{
    Clock, Committer, Delivery, Event, Outage, Outgoing, Passing, Reader, Record, Sink, Source,
    TopicPartition, Vitals,
};
use tracing::{info, warn};

use crate::{
    act::Sent,
    counts::Counts,
    error::JoinError,
    event::{Input, Log},
    follow::{Follower, follow},
    labels::RouteLabels,
    limits::Limits,
    owned::Owned,
    position::{Meta, Position},
    read::WORKER,
    rules::StrategyRules,
};

/// The joiner's consumer group, over complaints.raw alone.
pub const GROUP: &str = "ombud.join";

/// Bounds of the shell around the shards.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Raw records taken between two looks at predictions. More is fewer looks.
    pub raw_batch: usize,
    /// How long to wait for raw records while cases wait for predictions: bounds how late an answer is seen.
    pub busy_wait: Duration,
    /// How long to wait for raw records while no case is open: bounds how late a shutdown is seen.
    pub idle_wait: Duration,
    /// How often time is told to the shards, in milliseconds: bounds how late a deadline fires.
    pub tick_ms: i64,
    /// How often the strategy is read again, in milliseconds; well below its bound of 5 s.
    pub refresh_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            raw_batch: 512,
            busy_wait: Duration::from_millis(10),
            idle_wait: Duration::from_millis(25),
            tick_ms: 50,
            refresh_ms: 1_000,
        }
    }
}

/// The topics, with their prefix.
#[derive(Clone, Debug)]
pub struct Topics {
    /// complaints.raw: subscribed to.
    pub raw: Arc<str>,
    /// complaints.predictions: read without a group.
    pub predictions: Arc<str>,
    /// complaints.routed: written, and read as the changelog.
    pub routed: Arc<str>,
    /// complaints.dead-letters: written.
    pub dead_letters: Arc<str>,
}

/// One joiner: a member of [`GROUP`] with all that it needs.
pub struct Join<M, R, S> {
    /// Reads complaints.raw.
    pub member: M,
    /// Reads predictions and routed.
    pub reader: R,
    /// Appends routes and dead letters.
    pub sink: S,
    /// What becomes of them.
    pub deliveries: Receiver<Delivery<Sent>>,
    /// What it reads and writes.
    pub topics: Topics,
    /// Which strategy holds.
    pub strategy: StrategyFeed,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Bounds of the process, whose shards share the caps.
    pub limits: Limits,
    /// Bounds of the loop.
    pub pace: Pace,
}

impl<M: Source + Committer, R: Reader, S: Sink<Sent>> Join<M, R, S> {
    /// Runs until `stop`; `start` says where a partition begins that the group has no position in. Then what is in
    /// flight is awaited, within the drain time, and committed. The member leaves its group before this returns: what is
    /// being read of the strategy is waited for last.
    ///
    /// # Errors
    /// See [`JoinError`]. What was not committed is joined again by the next owner.
    pub fn run(
        self,
        stop: &dyn Fn() -> bool,
        start: impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), JoinError> {
        self.limits.check()?;
        let Self { member, reader, sink, deliveries, topics, strategy, clock, limits, pace } = self;
        thread::scope(|scope| {
            let strategy = follow(scope, strategy, Arc::clone(&clock), pace.refresh_ms)?;
            let mut running = Running {
                share: limits.clone(),
                join: Seams { member, reader, sink, deliveries, topics, clock, limits, pace },
                start,
                strategy,
                fresh_until: None,
                rules: None,
                ticked_at: i64::MIN,
                held: false,
                unleased: false,
                waiting: Vec::new(),
                owned: Vec::new(),
                outbox: VecDeque::new(),
                commits: Vec::new(),
                vitals: Vitals::of(WORKER),
                outages: Outages::default(),
            };
            count_from_zero();
            let ended = running.run(stop);
            if ended.is_err() {
                // Nobody commits what these records settle, and the next owner begins as soon as the member is gone.
                running.join.sink.purge();
            }
            ended
        })
    }
}

/// Makes every counter begin at 0: one that first appears with what it counts raises no alarm.
fn count_from_zero() {
    for (what, none) in Counts::default().named() {
        counter!("ombud_join_total", "what" => what).increment(none);
    }
    RouteLabels::count_from_zero();
    for reason in DeadReason::ALL {
        let reason = format!("{reason:?}").to_lowercase();
        counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(0);
    }
}

/// What the loop has of a [`Join`].
pub(crate) struct Seams<M, R, S> {
    pub(crate) member: M,
    pub(crate) reader: R,
    pub(crate) sink: S,
    pub(crate) deliveries: Receiver<Delivery<Sent>>,
    pub(crate) topics: Topics,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) pace: Pace,
}

/// The calls that are made again after an outage that passes.
pub(crate) struct Outages {
    polls: Passing,
    pub(crate) commits: Passing,
    reads: Passing,
    /// When predictions and changelogs are looked at again.
    read_again_at: i64,
}

impl Default for Outages {
    fn default() -> Self {
        let [polls, commits, reads] = [(); 3].map(|()| Passing::of("kafka"));
        Self { polls, commits, reads, read_again_at: i64::MIN }
    }
}

/// How long predictions and changelogs are left alone after an outage, in milliseconds.
const READ_AGAIN_MS: i64 = 500;

pub(crate) struct Running<M, R, S, F> {
    pub(crate) join: Seams<M, R, S>,
    /// Bounds of each shard.
    pub(crate) share: Limits,
    pub(crate) start: F,
    pub(crate) strategy: Follower,
    /// Until when raw records may be decided by what was read of the strategy last.
    pub(crate) fresh_until: Option<i64>,
    pub(crate) rules: Option<StrategyRules>,
    pub(crate) ticked_at: i64,
    /// Raw is held back, because the strategy is not known or the sink is full.
    pub(crate) held: bool,
    /// A shard that may not write had something in flight at the last tick.
    pub(crate) unleased: bool,
    /// Assigned before there was a strategy.
    pub(crate) waiting: Vec<(TopicPartition, u64)>,
    pub(crate) owned: Vec<Owned>,
    /// What the sink had no room for, in order.
    pub(crate) outbox: VecDeque<(Outgoing, Sent)>,
    /// Asked for in this turn, by raw partition.
    pub(crate) commits: Vec<(TopicPartition, Position)>,
    pub(crate) vitals: Vitals,
    pub(crate) outages: Outages,
}

impl<M, R, S, F> Running<M, R, S, F>
where
    M: Source + Committer,
    R: Reader,
    S: Sink<Sent>,
    F: FnMut(&TopicPartition) -> Result<i64, Outage>,
{
    fn run(&mut self, stop: &dyn Fn() -> bool) -> Result<(), JoinError> {
        while !stop() {
            self.turn(stop)?;
        }
        let all = self.owned.iter().map(|owned| owned.raw.clone()).collect::<Vec<_>>();
        self.give_up(&all, false)
    }

    /// Once round: deliveries, predictions and changelogs, time, commits, raw.
    fn turn(&mut self, stop: &dyn Fn() -> bool) -> Result<(), JoinError> {
        let now = self.join.clock.now_ms();
        let known = self.know_the_strategy(now)?;
        let mut came = self.take_deliveries()?;
        if let Some(rules) = self.rules.clone() {
            // One a turn: those that are owned go on while the shards of a joiner that died are taken on.
            if !self.waiting.is_empty() {
                self.share_out(self.waiting.len())?;
                let (assigned, generation) = self.waiting.remove(0);
                self.take_on(assigned, generation, &rules, stop)?;
                came += 1;
            }
            if self.outbox.is_empty() && now >= self.outages.read_again_at {
                came += self.look(&rules)?;
            }
            let now = self.join.clock.now_ms();
            if now >= self.ticked_at + self.join.pace.tick_ms {
                self.ticked_at = now;
                self.tick(&rules)?;
            }
        }
        self.commit()?;
        self.hold(!known || !self.outbox.is_empty());
        let open = self.owned.iter().any(|owned| owned.shard.unsettled() > 0);
        let wait = match (came > 0, open) {
            (true, _) => Duration::ZERO,
            (false, true) => self.join.pace.busy_wait,
            (false, false) => self.join.pace.idle_wait,
        };
        self.poll(wait)
    }

    /// Whether raw records may be decided: models.strategy was read to its end lately, and holds a strategy.
    fn know_the_strategy(&mut self, now: i64) -> Result<bool, JoinError> {
        if let Some(snapshot) = self.strategy.newest()? {
            (self.rules, self.fresh_until) = (snapshot.rules, snapshot.fresh_until);
        }
        Ok(self.rules.is_some() && self.fresh_until.is_some_and(|until| now <= until))
    }

    fn take_on(
        &mut self,
        partition: TopicPartition,
        generation: u64,
        rules: &StrategyRules,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), JoinError> {
        if stop() {
            return Ok(());
        }
        let now = self.join.clock.now_ms();
        let committed = self.join.member.committed(&partition)?;
        let (found, start) = match committed {
            // Written by the log itself, where the group was told to start.
            Some(position) if position.metadata.is_empty() => (None, position.offset),
            Some(position) => {
                let meta = Meta::parse(&position.metadata)
                    .map_err(|cause| JoinError::Commit { partition: partition.clone(), cause })?;
                (Some(Position { raw: position.offset, meta }), position.offset)
            }
            None => (None, (self.start)(&partition)?),
        };
        let (Seams { reader, topics, .. }, share) = (&mut self.join, &self.share);
        let assigned = (partition, generation);
        let recovered = Owned::recover(assigned, topics, share, found, start, (reader, rules, now), stop)?;
        let Some(owned) = recovered else { return Ok(()) };
        info!(partition = %owned.raw, generation, epoch = owned.shard.epoch(), closed = owned.shard.closed(),
            "shard taken on");
        self.owned.push(owned);
        // Claims it at once.
        self.ticked_at = i64::MIN;
        Ok(())
    }

    /// Predictions and changelogs of every shard.
    fn look(&mut self, rules: &StrategyRules) -> Result<usize, JoinError> {
        let mut came = 0;
        for at in 0..self.owned.len() {
            // Reading takes its time, and a lease may end meanwhile.
            let now = self.join.clock.now_ms();
            let mut out = Vec::new();
            let read = self.owned[at].read(&mut self.join.reader, rules, now, &mut out);
            // Before the outage: what was delivered by then has its effects.
            self.take_up(at, out)?;
            let read = match read {
                Err(JoinError::Outage(outage)) => Err(outage),
                read => Ok(read?),
            };
            match self.outages.reads.through(read)? {
                Some(count) => came += count,
                // The others would wait for the same brokers, one after the other, while all their leases end.
                None => {
                    self.outages.read_again_at = self.join.clock.now_ms() + READ_AGAIN_MS;
                    break;
                }
            }
        }
        Ok(came)
    }

    fn tick(&mut self, rules: &StrategyRules) -> Result<(), JoinError> {
        let (mut open, mut overdue, mut closed, mut early, mut unleased) = (0, 0, 0, 0, 0);
        for at in 0..self.owned.len() {
            let now = self.join.clock.now_ms();
            let mut out = Vec::new();
            let ticked = self.owned[at].tick(&mut self.join.reader, rules, now, &mut out);
            self.take_up(at, out)?;
            // The deadline that asked for the end of predictions asks again with the next tick.
            self.outages.reads.through(ticked)?;
            let owned = &mut self.owned[at];
            owned.began.forget_below(owned.shard.raw.frontier());
            let counts = *owned.shard.counts();
            for (what, count) in counts.since(&owned.counted).named().filter(|(_, count)| *count > 0) {
                counter!("ombud_join_total", "what" => what).increment(count);
            }
            owned.counted = counts;
            if !owned.shard.may_write(now) {
                unleased += owned.shard.in_flight();
            }
            open += owned.shard.open();
            overdue += owned.shard.past_deadline(now);
            closed += owned.shard.closed();
            early += owned.shard.early();
        }
        gauge!("ombud_join_open").set(open as f64);
        gauge!("ombud_join_overdue").set(overdue as f64);
        gauge!("ombud_join_closed").set(closed as f64);
        gauge!("ombud_join_early").set(early as f64);
        self.vitals.tell(self.join.clock.now_ms(), self.owned.iter().map(Owned::standing));
        self.purge_unleased(unleased)
    }

    /// Purges what lies in the producer of shards that may not write any more: their lease has run out, or a later owner
    /// has written. It would be tried without end, and be appended when the shard is somebody else's. Whatever is still
    /// owned sends it again with the next lease.
    fn purge_unleased(&mut self, in_flight: usize) -> Result<(), JoinError> {
        if in_flight > 0 {
            if !self.unleased {
                warn!(in_flight, "lease has run out: what is not acknowledged is purged");
            }
            self.purge()?;
        }
        self.unleased = in_flight > 0;
        Ok(())
    }

    /// Raw records, or news of the group.
    fn poll(&mut self, wait: Duration) -> Result<(), JoinError> {
        let mut wait = wait;
        for _ in 0..self.join.pace.raw_batch.max(1) {
            let polled = self.join.member.poll(wait);
            let Some(event) = self.outages.polls.through(polled)? else {
                thread::park_timeout(self.join.pace.idle_wait);
                return Ok(());
            };
            match event {
                None => return Ok(()),
                Some(Event::Record(record)) => self.take(record)?,
                Some(Event::Reached { partition, next }) => self.reach(&partition, next)?,
                Some(Event::Assigned { partitions, generation }) => {
                    self.waiting.extend(partitions.into_iter().map(|partition| (partition, generation)));
                    return Ok(());
                }
                Some(Event::Revoked { partitions, lost }) => return self.give_up(&partitions, lost),
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn take(&mut self, record: Record) -> Result<(), JoinError> {
        self.vitals.read(&record);
        let (Some(rules), Some(at)) =
            (&self.rules, self.owned.iter().position(|owned| owned.raw == record.source))
        else {
            return Ok(());
        };
        let mut out = Vec::new();
        self.owned[at].take(record, rules, self.join.clock.now_ms(), &mut out);
        self.take_up(at, out)
    }

    /// A raw partition was delivered further than its last record.
    fn reach(&mut self, partition: &TopicPartition, next: i64) -> Result<(), JoinError> {
        match self.owned.iter().position(|owned| owned.raw == *partition) {
            Some(at) => self.tell(at, Input::Reached { log: Log::Raw, next }),
            None => Ok(()),
        }
    }

    pub(crate) fn tell(&mut self, at: usize, input: Input) -> Result<(), JoinError> {
        let Some(rules) = &self.rules else { return Ok(()) };
        let mut out = Vec::new();
        self.owned[at].shard.on(self.join.clock.now_ms(), input, rules, &mut out);
        self.take_up(at, out)
    }

    /// Holds raw back while it can't be decided or routed, and lets it on again.
    fn hold(&mut self, hold: bool) {
        if hold != self.held {
            self.held = hold;
            for owned in &self.owned {
                self.join.member.pause(&owned.raw, hold || owned.paused);
            }
        }
    }
}
