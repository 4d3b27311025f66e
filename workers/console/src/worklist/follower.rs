//! Reads the worklist's topics into its view, from all partitions and without a group: each console reads everything.

use std::{sync::Arc, time::Duration};

use metrics::counter;
use ombud_store::{Worklist, WorklistChange, WorklistPosition};
use ombud_stream::{Clock, Outage, Reader, Stretch, Waiting};
use tracing::{info, warn};

use super::{
    WorklistProgress,
    logs::{PartitionCount, Track, begin, resume},
    read::{TOPICS, change_of},
};

/// Changes of one transaction. More make the first reading faster and what waits for it slower.
const MOST_CHANGES: usize = 4_096;
/// Bytes of their records; one larger stretch still passes.
const MOST_BYTES: usize = 8 << 20;
/// How long a fetch waits for records that are known to be there.
const FETCH_TIMEOUT: Duration = Duration::from_millis(100);
/// Fetches in a row that bring nothing of what is known to be there.
const MOST_EMPTY_FETCHES: usize = 100;
/// How long one partition is waited for when none has anything new: the longest that a record of another one waits.
const NEWS_TIMEOUT: Duration = Duration::from_millis(30);
/// How often it is checked whether partitions were added, in milliseconds.
const WIDTH_CHECK_INTERVAL_MS: i64 = 10_000;
/// How often answered items are put away, in milliseconds.
const PUT_AWAY_INTERVAL_MS: i64 = 60_000;
/// Items that are put away in one transaction.
const MOST_PUT_AWAY: usize = 1_000;
const DAY_MS: i64 = 86_400_000;

/// Says whether any strategy so far has a team of this name.
pub type TeamExists<'a> = dyn FnMut(&str) -> Result<bool, Outage> + 'a;

/// What keeps the worklist.
pub struct Follower<'a> {
    /// The view.
    pub view: Arc<dyn Worklist>,
    /// The log.
    pub reader: Box<dyn Reader>,
    /// How wide topics are.
    pub count: &'a mut PartitionCount<'a>,
    /// Which teams there are: a verdict that sends a complaint to another one is no verdict.
    pub team_exists: &'a mut TeamExists<'a>,
    /// What all topics' names begin with.
    pub prefix: &'a str,
    /// The time.
    pub clock: &'a dyn Clock,
    /// How far it is.
    pub progress: WorklistProgress,
    /// How long answered items stay in the lists, in days.
    pub answered_days: u32,
}

/// What was read and is not in the view yet.
#[derive(Default)]
struct Batch {
    changes: Vec<WorklistChange>,
    /// Of the records that say so.
    bytes: usize,
    /// Of tracks, by their place.
    moved: Vec<usize>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.changes.len() >= MOST_CHANGES || self.bytes >= MOST_BYTES
    }
}

impl Follower<'_> {
    /// Keeps the view until `stop` says so. What is not read yet is reported by `waiting`.
    ///
    /// # Errors
    /// The log does not answer, or the view can't be written; what was read is kept. A view that is damaged is made again by
    /// the next run.
    pub fn run(mut self, stop: &dyn Fn() -> bool, waiting: &mut Waiting) -> Result<(), Outage> {
        count_from_zero();
        waiting.wait_for("its worklist to be opened");
        let mut tracks = self.resume()?;
        if !self.catch_up(&mut tracks, stop, waiting)? {
            return Ok(());
        }
        self.progress.complete();
        waiting.over();
        self.follow(tracks, stop)
    }

    /// Where each partition goes on; from the beginning where the view is damaged or of another log.
    fn resume(&mut self) -> Result<Vec<Track>, Outage> {
        let mut tracks = None;
        if !self.view.is_damaged() {
            let known = self.view.positions()?;
            tracks = resume(&mut *self.reader, self.count, self.prefix, known)?;
        }
        let tracks = match tracks {
            Some(tracks) => tracks,
            None => {
                let is_damaged = self.view.is_damaged();
                warn!(is_damaged, "the worklist is made again: it is damaged, or of another log");
                counter!("ombud_worklist_rebuilds_total").increment(1);
                // What it had is not there any more: nobody may take it for read.
                self.progress.begin([]);
                self.view.clear()?;
                let all = resume(&mut *self.reader, self.count, self.prefix, Vec::new())?;
                all.ok_or_else(|| Outage::passing("read the worklist's topics", "they change"))?
            }
        };
        let now = self.clock.now_ms();
        self.progress.begin(tracks.iter().map(|track| track.progress(Some((track.goal, now)))));
        Ok(tracks)
    }

    /// Reads one partition after the other to the end that it had; whether it came there before it was stopped.
    fn catch_up(
        &mut self,
        tracks: &mut [Track],
        stop: &dyn Fn() -> bool,
        waiting: &mut Waiting,
    ) -> Result<bool, Outage> {
        let left =
            |tracks: &[Track]| tracks.iter().map(|track| (track.goal - track.next).max(0)).sum::<i64>();
        let all = left(tracks);
        let mut batch = Batch::default();
        for at in 0..tracks.len() {
            let mut empty_fetches = 0;
            while tracks[at].next < tracks[at].goal {
                if stop() {
                    return Ok(false);
                }
                let read = all - left(tracks);
                waiting.wait_for(&format!("its worklist to be read: {read} of {all} records"));
                let (partition, next) = (tracks[at].partition.clone(), tracks[at].next);
                let stretch = self.reader.fetch(&partition, next, FETCH_TIMEOUT)?;
                empty_fetches = if stretch.next == next { empty_fetches + 1 } else { 0 };
                if empty_fetches == MOST_EMPTY_FETCHES {
                    return Err(Outage::passing(format!("read {partition} from {next} on"), "nothing comes"));
                }
                self.take(tracks, at, &stretch, &mut batch)?;
                if batch.is_full() {
                    self.write(tracks, &mut batch)?;
                }
            }
        }
        self.write(tracks, &mut batch)?;
        if all > 0 {
            info!(records = all, "the worklist is read");
        }
        Ok(true)
    }

    /// Follows all partitions.
    fn follow(&mut self, mut tracks: Vec<Track>, stop: &dyn Fn() -> bool) -> Result<(), Outage> {
        let now = self.clock.now_ms();
        let (mut count_at, mut put_away_at) = (now + WIDTH_CHECK_INTERVAL_MS, now);
        let mut waits_for = 0;
        while !stop() {
            if self.view.is_damaged() {
                return Err(Outage::passing("keep the worklist", "it is damaged: it is made again"));
            }
            let now = self.clock.now_ms();
            if now >= count_at {
                count_at = now + WIDTH_CHECK_INTERVAL_MS;
                self.add_partitions(&mut tracks)?;
            }
            if now >= put_away_at {
                let before = now - i64::from(self.answered_days) * DAY_MS;
                let is_more = self.view.put_away(before, MOST_PUT_AWAY)? == MOST_PUT_AWAY;
                put_away_at = if is_more { now } else { now + PUT_AWAY_INTERVAL_MS };
            }
            let mut batch = Batch::default();
            for at in 0..tracks.len() {
                self.fetch(&mut tracks, at, Duration::ZERO, &mut batch)?;
                if batch.is_full() {
                    self.write(&tracks, &mut batch)?;
                }
            }
            if batch.moved.is_empty() && !tracks.is_empty() {
                // One stands for all, another one each time.
                waits_for = (waits_for + 1) % tracks.len();
                self.fetch(&mut tracks, waits_for, NEWS_TIMEOUT, &mut batch)?;
            }
            self.write(&tracks, &mut batch)?;
        }
        Ok(())
    }

    fn fetch(
        &mut self,
        tracks: &mut [Track],
        at: usize,
        wait: Duration,
        batch: &mut Batch,
    ) -> Result<(), Outage> {
        let stretch = self.reader.fetch(&tracks[at].partition, tracks[at].next, wait)?;
        self.take(tracks, at, &stretch, batch)
    }

    /// Takes what a fetch of the partition at `at` found.
    fn take(
        &mut self,
        tracks: &mut [Track],
        at: usize,
        stretch: &Stretch,
        batch: &mut Batch,
    ) -> Result<(), Outage> {
        let track = &mut tracks[at];
        if stretch.next == track.next {
            return Ok(());
        }
        for record in &stretch.records {
            batch.bytes += record.value.as_ref().map_or(0, |value| value.len());
            let mut change = change_of(track.topic, record);
            if let Ok(Some(WorklistChange::Verdict(feedback))) = &change
                && let Some(team) = &feedback.to_team
                && !(self.team_exists)(team)?
            {
                change = Err("unknown-team");
            }
            match change {
                Ok(change) => batch.changes.extend(change),
                Err(reason) => {
                    let topic = track.topic.base_name();
                    counter!("ombud_worklist_skipped_total", "topic" => topic, "reason" => reason)
                        .increment(1);
                    warn!(?record, reason, "passed over: the worklist cannot read it");
                }
            }
        }
        if let Some(last) = stretch.records.last() {
            track.last = Some(ombud_store::LastRecord::of(last));
            track.appended_at = Some(last.appended_at);
        }
        track.next = stretch.next;
        if batch.moved.last() != Some(&at) {
            batch.moved.push(at);
        }
        Ok(())
    }

    /// Writes what was read, and then lets those see it who wait for it.
    fn write(&mut self, tracks: &[Track], batch: &mut Batch) -> Result<(), Outage> {
        if batch.moved.is_empty() {
            return Ok(());
        }
        let moved = || batch.moved.iter().map(|at| &tracks[*at]);
        let positions: Vec<WorklistPosition> = moved().map(Track::position).collect();
        self.view.apply(&batch.changes, &positions)?;
        self.progress.advance(moved().map(|track| track.progress(None)));
        *batch = Batch::default();
        Ok(())
    }

    /// Reads partitions that were added, too, from their first record on.
    fn add_partitions(&mut self, tracks: &mut Vec<Track>) -> Result<(), Outage> {
        for topic in TOPICS {
            let name = topic.name(self.prefix);
            let known = tracks.iter().filter(|track| track.topic == topic).count();
            let known = i32::try_from(known).unwrap_or(i32::MAX);
            for number in known..(self.count)(&name)? {
                let track = begin(&mut *self.reader, topic, &name, number)?;
                info!(partition = %track.partition, "read for the worklist, too");
                let now = self.clock.now_ms();
                self.progress.advance([track.progress(Some((track.goal, now)))]);
                tracks.push(track);
            }
        }
        Ok(())
    }
}

/// A counter that first appears with its first count raises no alarm.
fn count_from_zero() {
    counter!("ombud_worklist_rebuilds_total").increment(0);
    for topic in TOPICS {
        for reason in ["undecodable", "keyless", "invalid", "unknown-team"] {
            counter!("ombud_worklist_skipped_total", "topic" => topic.base_name(), "reason" => reason)
                .increment(0);
        }
    }
}
