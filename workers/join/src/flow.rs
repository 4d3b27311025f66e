//! deliveries -> a shard is taken on -> predictions and changelogs -> time -> commit of all shards at once -> complaints.raw
//!
//! What one turn of the loop does, in this order; each of them goes through the shards, whose effects go to the outbox. One thread owns the group member, the reader and every shard; another
//! reads the strategy. Nothing here decides: inputs go to the shards, and what they ask for is carried out.

mod assignments;
mod holding;
mod ticks;

use std::{mem, sync::Arc, thread, time::Duration};

use crossbeam_channel::Receiver;
use metrics::counter;
use ombud_contract::records::DeadReason;
use ombud_models::StrategyFeed;
use ombud_stream::{
    Clock, Committer, Delivery, Event, Outage, Reader, Record, RetriedCall, Sink, Source, TopicPartition,
    Vitals,
};
use tracing::info;

use crate::{
    calendars::CalendarGauge,
    counts::Counts,
    error::JoinError,
    event::{Effect, Input, Log},
    labels::RouteLabels,
    limits::JoinLimits,
    outbox::{Outbox, Sent, offset_of},
    position::Position,
    read::WORKER,
    shards::{Assignment, Shards},
    strategy_watch::{StrategyWatch, watch_strategy},
    topics::Topics,
};

/// The joiner's consumer group, over complaints.raw alone.
pub const GROUP: &str = "ombud.join";

/// How long predictions and changelogs are left alone after an outage, in milliseconds.
const READ_BACKOFF_MS: i64 = 500;

/// Bounds of the loop around the shards.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Raw records taken between two looks at predictions. More is fewer looks.
    pub raw_batch: usize,
    /// How long to wait for raw records while cases wait for predictions: bounds how late an answer is seen.
    pub busy_wait: Duration,
    /// How long to wait for raw records while no case is open: bounds how late a shutdown is seen.
    pub idle_wait: Duration,
    /// How often the shards get the time, in milliseconds: bounds how late a deadline fires.
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
    pub limits: JoinLimits,
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
            let strategy = watch_strategy(scope, strategy, Arc::clone(&clock), pace.refresh_ms)?;
            let mut flow = Flow {
                member,
                reader,
                outbox: Outbox::new(sink, deliveries, Arc::clone(&topics.dead_letters)),
                shards: Shards::new(limits),
                not_taken_on: Vec::new(),
                commits: Vec::new(),
                topics,
                start,
                strategy,
                fresh_until: None,
                clock,
                pace,
                ticked_at: i64::MIN,
                calendars: CalendarGauge::default(),
                full_since: None,
                is_raw_held: false,
                has_warned_of_lease: false,
                vitals: Vitals::of(WORKER),
                outages: Outages::default(),
            };
            count_from_zero();
            let ended = flow.run(stop);
            if ended.is_err() {
                // Nobody commits what these records settle, and the next owner begins as soon as the member is gone.
                flow.outbox.purge_sink();
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
        let reason = reason.metric_label();
        counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(0);
    }
}

/// The calls that are made again after an outage that passes.
struct Outages {
    polls: RetriedCall,
    commits: RetriedCall,
    reads: RetriedCall,
    /// When predictions and changelogs are looked at again.
    read_again_at: i64,
}

impl Default for Outages {
    fn default() -> Self {
        let [polls, commits, reads] = [(); 3].map(|()| RetriedCall::of("kafka"));
        Self { polls, commits, reads, read_again_at: i64::MIN }
    }
}

/// What the loop works on.
struct Flow<M, R, S, F> {
    member: M,
    reader: R,
    outbox: Outbox<S>,
    shards: Shards,
    /// Assigned, and not taken on yet.
    not_taken_on: Vec<Assignment>,
    /// Asked for in this turn, by raw partition.
    commits: Vec<(TopicPartition, Position)>,
    topics: Topics,
    start: F,
    strategy: StrategyWatch,
    /// Until when raw records may be decided by what was read of the strategy last.
    fresh_until: Option<i64>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    ticked_at: i64,
    calendars: CalendarGauge,
    /// Since when the sink has been full.
    full_since: Option<i64>,
    /// Raw is paused, because the strategy is not known or the sink has been full for long.
    is_raw_held: bool,
    /// A shard that may not write has something in flight, and the log says so.
    has_warned_of_lease: bool,
    vitals: Vitals,
    outages: Outages,
}

impl<M, R, S, F> Flow<M, R, S, F>
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
        self.give_up_all()
    }

    fn turn(&mut self, stop: &dyn Fn() -> bool) -> Result<(), JoinError> {
        let now = self.clock.now_ms();
        let is_strategy_fresh = self.refresh_strategy(now)?;
        // Before partitions are taken on, which begin paused where raw is held.
        self.hold_raw(!is_strategy_fresh || self.has_been_full(now));
        let mut came = self.take_deliveries()?;
        if self.shards.rules().is_some() {
            came += self.take_on_next(stop)?;
            came += self.read_logs(now)?;
            self.tick_when_due()?;
        }
        self.commit()?;
        self.full_since = (!self.outbox.is_empty()).then(|| self.full_since.unwrap_or(now));
        if self.full_since.is_some() && !self.is_raw_held {
            return self.wait_for_room();
        }
        self.read_raw(self.wait_after(came))
    }

    /// Whether raw records may be decided: models.strategy was read to its end lately, and holds a strategy.
    fn refresh_strategy(&mut self, now: i64) -> Result<bool, JoinError> {
        if let Some(newest) = self.strategy.newest()? {
            self.shards.decide_by(newest.rules);
            self.fresh_until = newest.fresh_until;
        }
        Ok(self.shards.rules().is_some() && self.fresh_until.is_some_and(|until| now <= until))
    }

    /// What became of the records that were sent; gives their number.
    fn take_deliveries(&mut self) -> Result<usize, JoinError> {
        let mut came = 0;
        while let Some(delivery) = self.outbox.try_delivery() {
            came += 1;
            self.take_delivery(delivery)?;
        }
        self.outbox.flush()?;
        Ok(came)
    }

    fn take_delivery(&mut self, Delivery { token, result }: Delivery<Sent>) -> Result<(), JoinError> {
        let offset = offset_of(result)?;
        match self.shards.find(|shard| token.is_of(shard)) {
            Some(at) => self.deliver(at, token.outcome(offset, self.clock.now_ms())),
            // Of an older assignment.
            None => Ok(()),
        }
    }

    /// Predictions and changelogs of every shard; gives the number of records. `now` is when the turn began.
    fn read_logs(&mut self, now: i64) -> Result<usize, JoinError> {
        if !self.outbox.is_empty() || now < self.outages.read_again_at {
            return Ok(0);
        }
        let mut came = 0;
        for at in 0..self.shards.len() {
            // Reading takes its time, and a lease may end meanwhile.
            let (effects, read) = self.shards.read(at, self.clock.now_ms(), &mut self.reader);
            // Before the outage: what was delivered by then has its effects.
            self.carry_out(at, effects)?;
            let read = match read {
                Err(JoinError::Outage(outage)) => Err(outage),
                read => Ok(read?),
            };
            match self.outages.reads.through(read)? {
                Some(count) => came += count,
                // The others would wait for the same brokers, one after the other, while all their leases end.
                None => {
                    self.outages.read_again_at = self.clock.now_ms() + READ_BACKOFF_MS;
                    break;
                }
            }
        }
        Ok(came)
    }

    /// Stores the positions that were asked for in this turn, all at once.
    fn commit(&mut self) -> Result<(), JoinError> {
        let commits = mem::take(&mut self.commits);
        if commits.is_empty() {
            return Ok(());
        }
        let positions: Vec<_> =
            commits.iter().map(|(partition, position)| stored(partition, position)).collect();
        let outcome = self.member.commit(&positions);
        let outcome = match self.outages.commits.through(outcome)? {
            Some(()) => Input::CommitAcked,
            None => Input::CommitFailed,
        };
        for (partition, _) in commits {
            if let Some(at) = self.shards.find(|shard| *shard.raw() == partition) {
                self.deliver(at, outcome.clone())?;
            }
        }
        Ok(())
    }

    /// How long raw records are waited for, after `came` other records.
    fn wait_after(&self, came: usize) -> Duration {
        let now = self.clock.now_ms();
        if came > 0 {
            Duration::ZERO
        } else if self.shards.iter().any(|shard| shard.status(now).unsettled > 0) {
            self.pace.busy_wait
        } else {
            self.pace.idle_wait
        }
    }

    /// Raw records, or news of the group.
    fn read_raw(&mut self, wait: Duration) -> Result<(), JoinError> {
        let mut wait = wait;
        for _ in 0..self.pace.raw_batch.max(1) {
            let polled = self.member.poll(wait);
            let Some(event) = self.outages.polls.through(polled)? else {
                thread::park_timeout(self.pace.idle_wait);
                return Ok(());
            };
            match event {
                None => return Ok(()),
                Some(Event::Record(record)) => self.take_raw(record)?,
                Some(Event::Reached { partition, next }) => {
                    if let Some(at) = self.shards.find(|shard| *shard.raw() == partition) {
                        self.deliver(at, Input::Gap { log: Log::Raw, next })?;
                    }
                }
                Some(Event::Assigned { partitions, generation }) => {
                    let assigned = partitions.into_iter().map(|raw| Assignment { raw, generation });
                    self.not_taken_on.extend(assigned);
                    return Ok(());
                }
                Some(Event::Revoked { partitions, lost }) => return self.give_up(&partitions, lost),
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn take_raw(&mut self, record: Record) -> Result<(), JoinError> {
        self.vitals.read(&record);
        let Some(at) = self.shards.find(|shard| *shard.raw() == record.source) else { return Ok(()) };
        let effects = self.shards.take(at, self.clock.now_ms(), record);
        self.carry_out(at, effects)
    }

    /// An input for one shard, and what it asks for.
    fn deliver(&mut self, at: usize, input: Input) -> Result<(), JoinError> {
        let effects = self.shards.on(at, self.clock.now_ms(), input);
        self.carry_out(at, effects)
    }

    /// Does what a shard asks for, in its order.
    fn carry_out(&mut self, at: usize, effects: Vec<Effect>) -> Result<(), JoinError> {
        for effect in effects {
            let shard = self.shards.at(at);
            match effect {
                Effect::Route { complaint_id, record } => {
                    self.outbox.send_route(shard, complaint_id, record.as_deref())?;
                }
                Effect::Letter(origin) => self.outbox.send_letter(shard, origin, self.clock.now_ms())?,
                Effect::Commit(position) => self.commits.push((shard.raw().clone(), position)),
                Effect::Start { raw, predictions } => {
                    info!(partition = %shard.raw(), raw, predictions, "shard live");
                    shard.seek_predictions(predictions);
                    self.member.start(shard.raw(), raw)?;
                    let is_paused = shard.status(self.clock.now_ms()).is_raw_paused;
                    self.member.pause(shard.raw(), self.is_raw_held || is_paused);
                }
                Effect::PauseRaw(is_paused) => {
                    self.member.pause(shard.raw(), self.is_raw_held || is_paused);
                }
                Effect::SeekPredictions(offset) => shard.seek_predictions(offset),
                // `Shards::tick` answers it, now or with the next tick.
                Effect::AskPredictionsEnd => {}
            }
        }
        Ok(())
    }
}

/// A position as the group stores it.
fn stored(partition: &TopicPartition, position: &Position) -> ombud_stream::Position {
    ombud_stream::Position {
        partition: partition.clone(),
        offset: position.raw,
        metadata: position.meta.encode(),
    }
}
