//! One owned shard between the state machine and the logs: where it reads, and the records that it is parking.

use std::collections::BTreeMap;

use ombud_stream::{Outage, Reader, Record, Standing, TopicPartition};

use crate::{
    began::AllBegan,
    counts::Counts,
    error::JoinError,
    event::{Effect, Input, Log, Origin},
    position::Position,
    read::{self, Unreadable},
    recover::Recovery,
    rules::Rules,
    run::Topics,
    shard::Shard,
};

/// One wait for a changelog that is known to go on.
const WAIT: std::time::Duration = std::time::Duration::from_millis(100);
/// Waits in vain, one after the other, that are an outage: the worker is begun anew.
const WAITS: u32 = 100;

/// A shard with its three partitions.
pub(crate) struct Owned {
    pub(crate) raw: TopicPartition,
    predictions: TopicPartition,
    pub(crate) routed: TopicPartition,
    /// Of the assignment: deliveries of an older one are not its own.
    pub(crate) generation: u64,
    pub(crate) shard: Shard,
    /// The next prediction to fetch; `None` before the shard is live.
    predictions_next: Option<i64>,
    routed_next: i64,
    pub(crate) paused: bool,
    /// Records that are being parked.
    pub(crate) letters: BTreeMap<Origin, (Record, Unreadable)>,
    /// Complaints on their way to their first route.
    pub(crate) began: AllBegan,
    /// What has been put into metrics.
    pub(crate) counted: Counts,
}

impl Owned {
    /// Takes a shard on: folds its changelog. Blocks for as long as that takes; `None` where it shall `stop` before.
    pub(crate) fn recover(
        (raw, generation): (TopicPartition, u64),
        topics: &Topics,
        limits: &crate::Limits,
        found: Option<Position>,
        start: i64,
        (reader, rules, now): (&mut impl Reader, &dyn Rules, i64),
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, JoinError> {
        let at =
            |topic: &std::sync::Arc<str>| TopicPartition::new(std::sync::Arc::clone(topic), raw.partition);
        let (predictions, routed) = (at(&topics.predictions), at(&topics.routed));
        let found = match found {
            Some(found) => found,
            None => {
                // The first offsets that are still there.
                let (predictions, routed) =
                    (reader.offset_at(&predictions, i64::MIN)?, reader.offset_at(&routed, i64::MIN)?);
                let meta = crate::Meta { predictions, routed, ..crate::Meta::default() };
                Position { raw: start, meta }
            }
        };
        let end = reader.end(&routed)?;
        let window = reader.offset_at(&routed, Recovery::fold_since(&found, now, rules))?;
        let mut next = Recovery::fold_from(&found, window);
        let mut recovery = Recovery::new(limits.clone(), raw.partition, found, next, rules);
        let mut waits = 0;
        while next < end {
            if stop() {
                return Ok(None);
            }
            let stretch = reader.fetch(&routed, next, WAIT)?;
            for record in stretch.records.iter().take_while(|record| record.offset < end) {
                recovery.fold(record.offset, record.appended_at, logged(record)?);
            }
            waits = if stretch.next == next { waits + 1 } else { 0 };
            if waits == WAITS {
                let action = format!("read {routed} past {next} of {end}");
                return Err(Outage::passing(action, "nothing came for 10 s").into());
            }
            next = stretch.next;
        }
        recovery.reached(next.min(end));
        let shard = recovery.finish(now, reader.end(&raw)?, rules);
        Ok(Some(Self {
            raw,
            predictions,
            routed_next: shard.routed_next(),
            routed,
            generation,
            shard,
            predictions_next: None,
            paused: false,
            letters: BTreeMap::new(),
            began: AllBegan::default(),
            counted: Counts::default(),
        }))
    }

    /// Delivers what has come of predictions and routed; gives the number of records. Never waits.
    pub(crate) fn read(
        &mut self,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        now: i64,
        out: &mut Vec<Effect>,
    ) -> Result<usize, JoinError> {
        let Some(from) = self.predictions_next else { return Ok(0) };
        let stretch = reader.fetch(&self.predictions, from, std::time::Duration::ZERO)?;
        let (mut came, mut reached) = (0, from);
        for record in stretch.records {
            came += 1;
            let offset = record.offset;
            reached = offset + 1;
            self.predictions_next = Some(reached);
            let body = match read::prediction(&record) {
                Ok(prediction) => {
                    self.began.joined_by(prediction.raw_offset, &record.headers);
                    Some(prediction)
                }
                Err(why) => {
                    self.letters.insert(Origin::Prediction(offset), (record, why));
                    None
                }
            };
            // Only a raw record makes a shard seek, so the rest of what was fetched stays valid.
            self.shard.on(now, Input::Prediction { offset, body }, rules, out);
        }
        if stretch.next > reached {
            self.predictions_next = Some(stretch.next);
            let input = Input::Reached { log: Log::Predictions, next: stretch.next };
            self.shard.on(now, input, rules, out);
        }
        let stretch = reader.fetch(&self.routed, self.routed_next, std::time::Duration::ZERO)?;
        for record in stretch.records {
            came += 1;
            self.routed_next = record.offset + 1;
            let body = logged(&record)?;
            let input = Input::Routed { offset: record.offset, appended_at: record.appended_at, body };
            self.shard.on(now, input, rules, out);
        }
        if stretch.next > self.routed_next {
            self.routed_next = stretch.next;
            self.shard.on(now, Input::Reached { log: Log::Routed, next: stretch.next }, rules, out);
        }
        Ok(came)
    }

    /// Delivers a raw record.
    pub(crate) fn take(&mut self, record: Record, rules: &dyn Rules, now: i64, out: &mut Vec<Effect>) {
        let (offset, appended_at) = (record.offset, record.appended_at);
        let (body, why) = read::submission(&record);
        self.began.begin(&record, body.bulk, now);
        if let Some(why) = why {
            self.letters.insert(Origin::Raw(offset), (record, why));
        }
        self.shard.on(now, Input::Raw { offset, appended_at, body }, rules, out);
    }

    /// Time passes; the end of predictions is told where a deadline needs it.
    pub(crate) fn tick(
        &mut self,
        reader: &mut impl Reader,
        rules: &dyn Rules,
        now: i64,
        out: &mut Vec<Effect>,
    ) -> Result<(), Outage> {
        let from = out.len();
        self.shard.on(now, Input::Tick, rules, out);
        let asked = out[from..].iter().any(|effect| matches!(effect, Effect::AskPredictionsEnd));
        if asked {
            let end = reader.end(&self.predictions)?;
            self.shard.on(now, Input::PredictionsEnd { end, as_of: now }, rules, out);
        }
        Ok(())
    }

    /// How its raw partition stands.
    pub(crate) fn standing(&self) -> Standing {
        let oldest = self.shard.unsettled_raw.values().next();
        Standing {
            partition: self.raw.clone(),
            frontier: self.shard.raw.frontier(),
            in_flight: self.shard.unsettled(),
            oldest_at: oldest.map(|oldest| oldest.appended_at),
        }
    }

    /// From where predictions are fetched next; what was fetched is void.
    pub(crate) fn seek_predictions(&mut self, offset: i64) {
        self.predictions_next = Some(offset);
    }
}

fn logged(record: &Record) -> Result<crate::Logged, JoinError> {
    read::logged(record).map_err(|cause| JoinError::Changelog {
        place: record.source.clone(),
        offset: record.offset,
        cause,
    })
}
