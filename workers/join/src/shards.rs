//! The shards that this process owns, each between the logs that it reads and its state machine.
//!
//! Records, times and outcomes go in, effects come out. Nothing is sent, committed or waited for here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use metrics::counter;
use ombud_contract::{dead_letter::Fault, records::RoutedComplaint};
use ombud_stream::{Outage, PartitionStatus, Reader, Record, TopicPartition};

use crate::{
    counts::Counts,
    error::JoinError,
    event::{ChangelogRecord, Effect, Input, Log, Origin},
    limits::JoinLimits,
    position::Position,
    read,
    rules::{Rules, StrategyRules},
    shard::{Shard, ShardStatus},
    topics::Topics,
    traces::{ComplaintTrace, ComplaintTraces},
};

/// A partition of complaints.raw that the group gave to this member.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) raw: TopicPartition,
    /// Deliveries of an older assignment are not this one's own.
    pub(crate) generation: u64,
}

impl Assignment {
    /// The partition of another topic that belongs to the shard.
    pub(crate) fn beside(&self, topic: &Arc<str>) -> TopicPartition {
        TopicPartition::new(Arc::clone(topic), self.raw.partition)
    }
}

/// A shard with its three partitions.
pub(crate) struct AssignedShard {
    assignment: Assignment,
    predictions: TopicPartition,
    routed: TopicPartition,
    machine: Shard,
    /// The next prediction to fetch; `None` before the shard is live.
    predictions_next: Option<i64>,
    routed_next: i64,
    /// Records that are being parked.
    letters: BTreeMap<Origin, (Record, Fault)>,
    /// Complaints on their way to their first route.
    traces: ComplaintTraces,
    /// What has been put into metrics.
    counted: Counts,
}

impl AssignedShard {
    /// A shard that was taken over; `now` is when.
    pub(crate) fn new(assignment: Assignment, topics: &Topics, machine: Shard, now: i64) -> Self {
        Self {
            predictions: assignment.beside(&topics.predictions),
            routed: assignment.beside(&topics.routed),
            assignment,
            routed_next: machine.status(now).routed_next,
            machine,
            predictions_next: None,
            letters: BTreeMap::new(),
            traces: ComplaintTraces::default(),
            counted: Counts::default(),
        }
    }

    /// Delivers an input, and appends to `out` what has to be done.
    fn on(&mut self, now: i64, input: Input, rules: &dyn Rules, out: &mut Vec<Effect>) {
        if let Input::LetterAcked(origin) = &input {
            self.letters.remove(origin);
        }
        self.machine.on(now, input, rules, out);
    }

    /// Delivers a raw record.
    fn take(&mut self, now: i64, record: Record, rules: &dyn Rules, out: &mut Vec<Effect>) {
        let (offset, appended_at) = (record.offset, record.appended_at);
        let (body, why) = read::submission(&record);
        self.traces.begin(&record, body.bulk, now);
        if let Some(why) = why {
            self.letters.insert(Origin::Raw(offset), (record, why));
        }
        self.machine.on(now, Input::Raw { offset, appended_at, body }, rules, out);
    }

    /// Delivers what has come of predictions and of the changelog; gives the number of records. Never waits.
    fn read(
        &mut self,
        now: i64,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        out: &mut Vec<Effect>,
    ) -> Result<usize, JoinError> {
        let Some(from) = self.predictions_next else { return Ok(0) };
        let predictions = self.read_predictions(now, from, reader, rules, out)?;
        Ok(predictions + self.read_changelog(now, reader, rules, out)?)
    }

    fn read_predictions(
        &mut self,
        now: i64,
        from: i64,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        out: &mut Vec<Effect>,
    ) -> Result<usize, JoinError> {
        let stretch = reader.fetch(&self.predictions, from, Duration::ZERO)?;
        let (mut came, mut next) = (0, from);
        for record in stretch.records {
            came += 1;
            let offset = record.offset;
            next = offset + 1;
            self.predictions_next = Some(next);
            let body = match read::prediction(&record) {
                Ok(prediction) => {
                    self.traces.joined_by(prediction.raw_offset, &record.headers);
                    Some(prediction)
                }
                Err(why) => {
                    self.letters.insert(Origin::Prediction(offset), (record, why));
                    None
                }
            };
            // Only a raw record makes a shard seek, so the rest of what was fetched stays valid.
            self.machine.on(now, Input::Prediction { offset, body }, rules, out);
        }
        if stretch.next > next {
            self.predictions_next = Some(stretch.next);
            let gap = Input::Gap { log: Log::Predictions, next: stretch.next };
            self.machine.on(now, gap, rules, out);
        }
        Ok(came)
    }

    fn read_changelog(
        &mut self,
        now: i64,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        out: &mut Vec<Effect>,
    ) -> Result<usize, JoinError> {
        let stretch = reader.fetch(&self.routed, self.routed_next, Duration::ZERO)?;
        let mut came = 0;
        for record in stretch.records {
            came += 1;
            self.routed_next = record.offset + 1;
            let body = changelog_record(&record)?;
            let input = Input::Routed { offset: record.offset, appended_at: record.appended_at, body };
            self.machine.on(now, input, rules, out);
        }
        if stretch.next > self.routed_next {
            self.routed_next = stretch.next;
            self.machine.on(now, Input::Gap { log: Log::Routed, next: stretch.next }, rules, out);
        }
        Ok(came)
    }

    /// Time passes; the end of predictions is read where a deadline needs it.
    fn tick(
        &mut self,
        now: i64,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        out: &mut Vec<Effect>,
    ) -> Result<(), Outage> {
        let from = out.len();
        self.machine.on(now, Input::Tick, rules, out);
        if out[from..].iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd)) {
            let end = reader.end(&self.predictions)?;
            self.machine.on(now, Input::PredictionsEnd { end, as_of: now }, rules, out);
        }
        Ok(())
    }

    /// From where predictions are fetched next; what was fetched is void.
    pub(crate) fn seek_predictions(&mut self, offset: i64) {
        self.predictions_next = Some(offset);
    }

    /// The partition of complaints.raw.
    pub(crate) fn raw(&self) -> &TopicPartition {
        &self.assignment.raw
    }

    /// The partition of complaints.routed.
    pub(crate) fn routed(&self) -> &TopicPartition {
        &self.routed
    }

    pub(crate) fn generation(&self) -> u64 {
        self.assignment.generation
    }

    /// A record that is being parked, and why.
    pub(crate) fn parked(&self, origin: Origin) -> Option<&(Record, Fault)> {
        self.letters.get(&origin)
    }

    /// That of the complaint that a route is about, until its first route is acknowledged.
    pub(crate) fn trace_of(&self, route: &RoutedComplaint) -> Option<Arc<ComplaintTrace>> {
        self.traces.of(route)
    }

    pub(crate) fn status(&self, now: i64) -> ShardStatus {
        self.machine.status(now)
    }

    pub(crate) fn past_deadline(&self, now: i64) -> usize {
        self.machine.past_deadline(now)
    }

    /// What may be committed at `now`; `None` before the shard was claimed, when it has nothing of its own to commit.
    pub(crate) fn position(&mut self, now: i64) -> Option<Position> {
        self.machine.status(now).has_claimed.then(|| self.machine.position(now))
    }

    /// Puts into metrics what it has done since the last time, and forgets the traces of what is settled.
    pub(crate) fn publish_counts(&mut self, now: i64) {
        let ShardStatus { raw_frontier, counts, .. } = self.machine.status(now);
        self.traces.forget_below(raw_frontier);
        for (what, count) in counts.since(&self.counted).named().filter(|(_, count)| *count > 0) {
            counter!("ombud_join_total", "what" => what).increment(count);
        }
        self.counted = counts;
    }

    /// The state of its raw partition, for the metrics that all workers have.
    pub(crate) fn progress(&self, now: i64) -> PartitionStatus {
        let status = self.machine.status(now);
        PartitionStatus {
            partition: self.raw().clone(),
            frontier: status.raw_frontier,
            in_flight: status.unsettled,
            oldest_at: status.oldest_unsettled_at,
        }
    }
}

/// A record of the changelog.
///
/// # Errors
/// See [`read::changelog`].
pub(crate) fn changelog_record(record: &Record) -> Result<ChangelogRecord, JoinError> {
    read::changelog(record).map_err(|cause| JoinError::Changelog {
        place: record.source.clone(),
        offset: record.offset,
        cause,
    })
}

/// All shards of the process, and by what they decide.
pub(crate) struct Shards {
    assigned: Vec<AssignedShard>,
    /// `None` while no strategy is known: no shard is taken on before.
    rules: Option<StrategyRules>,
    /// Bounds of the process.
    limits: JoinLimits,
    /// Bounds of each shard.
    share: JoinLimits,
}

impl Shards {
    pub(crate) fn new(limits: JoinLimits) -> Self {
        Self { assigned: Vec::new(), rules: None, share: limits.clone(), limits }
    }

    pub(crate) fn decide_by(&mut self, rules: Option<StrategyRules>) {
        self.rules = rules;
    }

    pub(crate) fn rules(&self) -> Option<&StrategyRules> {
        self.rules.as_ref()
    }

    /// Delivers an input to one shard; what it asks for comes back.
    pub(crate) fn on(&mut self, at: usize, now: i64, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(rules) = &self.rules {
            self.assigned[at].on(now, input, rules, &mut effects);
        }
        effects
    }

    /// Delivers a raw record.
    pub(crate) fn take(&mut self, at: usize, now: i64, record: Record) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(rules) = &self.rules {
            self.assigned[at].take(now, record, rules, &mut effects);
        }
        effects
    }

    /// Delivers what has come of the predictions and the changelog of one shard; with their number. What was delivered
    /// before an outage has its effects.
    pub(crate) fn read(
        &mut self,
        at: usize,
        now: i64,
        reader: &mut impl Reader,
    ) -> (Vec<Effect>, Result<usize, JoinError>) {
        let mut effects = Vec::new();
        let Some(rules) = &self.rules else { return (effects, Ok(0)) };
        let read = self.assigned[at].read(now, reader, rules, &mut effects);
        (effects, read)
    }

    /// Time passes for one shard.
    pub(crate) fn tick(
        &mut self,
        at: usize,
        now: i64,
        reader: &mut impl Reader,
    ) -> (Vec<Effect>, Result<(), Outage>) {
        let mut effects = Vec::new();
        let Some(rules) = &self.rules else { return (effects, Ok(())) };
        let ticked = self.assigned[at].tick(now, reader, rules, &mut effects);
        (effects, ticked)
    }

    /// Shares the caps among the shards that are owned and `coming` ones. Returns the new share, if it is another.
    pub(crate) fn share_among(&mut self, coming: usize) -> Option<JoinLimits> {
        let share = self.limits.share(self.assigned.len() + coming);
        if share == self.share {
            return None;
        }
        self.share = share;
        Some(self.share.clone())
    }

    /// Bounds of each shard.
    pub(crate) fn share(&self) -> &JoinLimits {
        &self.share
    }

    /// How long shards that go wait for their acknowledgements.
    pub(crate) fn drain_ms(&self) -> i64 {
        self.limits.drain_ms
    }

    pub(crate) fn add(&mut self, shard: AssignedShard) {
        self.assigned.push(shard);
    }

    pub(crate) fn remove(&mut self, partitions: &[TopicPartition]) {
        self.assigned.retain(|shard| !partitions.contains(shard.raw()));
    }

    pub(crate) fn len(&self) -> usize {
        self.assigned.len()
    }

    pub(crate) fn at(&mut self, at: usize) -> &mut AssignedShard {
        &mut self.assigned[at]
    }

    pub(crate) fn find(&self, is_it: impl Fn(&AssignedShard) -> bool) -> Option<usize> {
        self.assigned.iter().position(is_it)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &AssignedShard> {
        self.assigned.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut AssignedShard> {
        self.assigned.iter_mut()
    }
}
