//! raw, predictions, routed, feedback, strategy, registry -> read -> [unreadable: dead letters] -> file -> store
//! -> commit, once all of it is durable
//!
//! Batches are what is there, finished in order: nothing of a batch is committed before everything in it is kept,
//! and after a crash the same rows are written again.

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use metrics::{counter, histogram};
use ombud_contract::{catalogue::Topic, codec::CodecError, records::RoutedComplaint};
use ombud_launch::telemetry::Hop;
use ombud_models::StrategyFeed;
use ombud_store::{CaseStore, Place, Row, file_routed};
use ombud_stream::{
    Clock, Committer, Delivery, Event, Member as _, Outage, Outgoing, Passing, Record, Sink, Source,
    TopicPartition,
};
use tracing::{debug, info, warn};

use crate::{
    park::{WORKER, letter},
    progress::Progress,
    read::{Reading, read},
    strategies::is_taken,
};

/// The archive's consumer group.
pub const GROUP: &str = "ombud.archive";

/// What it reads.
pub const TOPICS: [Topic; 6] =
    [Topic::Raw, Topic::Predictions, Topic::Routed, Topic::Feedback, Topic::Registry, Topic::Strategy];

/// Bounds of one archive worker.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Records in one batch. More is fewer, larger writes.
    pub batch_len: usize,
    /// Bytes in one batch; one larger record still passes, alone.
    pub batch_bytes: usize,
    /// How long a poll waits when nothing comes: bounds how late a shutdown is seen.
    pub poll: Duration,
    /// How long a batch waits for more after its first record. Longer: fewer and larger writes and commits, and cases
    /// that are seen later.
    pub linger: Duration,
    /// How often a store that doesn't answer is tried before the worker gives up: for about a minute by default. Its
    /// group takes the partitions away from who doesn't poll for five.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles up to a hundredfold.
    pub retry_after: Duration,
    /// How long dead letters may take to become durable; below the session timeout.
    pub park_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_len: 512,
            batch_bytes: 4 << 20,
            poll: Duration::from_millis(100),
            linger: Duration::from_millis(200),
            attempts: 19,
            retry_after: Duration::from_millis(50),
            park_within: Duration::from_secs(20),
        }
    }
}

/// Why an archive worker ended.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The log or the store does not answer.
    #[error("keep archiving")]
    Outage(#[from] Outage),
    /// A dead letter can't be put into its schema.
    #[error("park {source_topic}@{offset}")]
    Letter {
        /// Where the unreadable record lies.
        source_topic: TopicPartition,
        /// Its offset.
        offset: i64,
        /// What is wrong with the letter.
        #[source]
        cause: CodecError,
    },
}

/// One member of the archive's group.
pub struct Archive<M, S, C> {
    /// Reads the archived topics.
    pub member: M,
    /// Takes dead letters.
    pub sink: S,
    /// What becomes of them.
    pub deliveries: Receiver<Delivery<()>>,
    /// complaints.dead-letters, with its prefix.
    pub dead_letters: Arc<str>,
    /// What all topics' names begin with.
    pub prefix: String,
    /// Says which strategies are in force.
    pub strategy: StrategyFeed,
    /// Where cases are kept.
    pub cases: C,
    /// Stamps dead letters.
    pub clock: Arc<dyn Clock>,
    /// Its bounds.
    pub limits: Limits,
}

impl<M: Source + Committer, S: Sink<()>, C: CaseStore> Archive<M, S, C> {
    /// Runs until `stop`; `start` says where a partition begins that the group has no position in.
    ///
    /// # Errors
    /// See [`ArchiveError`]. What was not committed is read again by the next owner.
    pub fn run(
        mut self,
        stop: &dyn Fn() -> bool,
        mut start: impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), ArchiveError> {
        let (mut progress, mut polls) = (Progress::new(), Passing::of("kafka"));
        while !stop() {
            let (batch, going) = self.gather(&mut start, &mut progress, &mut polls)?;
            progress.tell(self.clock.now_ms());
            if !batch.is_empty() {
                self.keep(&batch, stop)?;
                progress.keep(&batch);
            }
            if batch.is_empty() && going.is_empty() {
                progress.commit_again(&mut self.member)?;
            } else {
                progress.commit(&mut self.member)?;
                progress.end(&going);
                progress.tell(self.clock.now_ms());
            }
        }
        progress.commit(&mut self.member).map_err(ArchiveError::from)
    }

    /// Parks and stores everything in `batch`.
    fn keep(&mut self, batch: &[Record], stop: &dyn Fn() -> bool) -> Result<(), ArchiveError> {
        let taken_up = self.clock.now_ms();
        let hops: Vec<Hop> = batch.iter().map(|record| Hop::process("archive", record, taken_up)).collect();
        let (rows, letters) = self.sort_out(batch, stop)?;
        self.park(letters)?;
        let started = Instant::now();
        patiently(&self.limits, stop, || self.cases.write(&rows))?;
        histogram!("ombud_archive_write_seconds").record(started.elapsed().as_secs_f64());
        let kept = self.clock.now_ms();
        hops.into_iter().for_each(|hop| hop.end_at(kept));
        debug!(records = batch.len(), rows = rows.len(), "batch archived");
        Ok(())
    }

    /// What comes within the limits, from the first record on. A batch ends where partitions are revoked, so that
    /// it is finished while they are still owned: they come beside it.
    fn gather(
        &mut self,
        start: &mut impl FnMut(&TopicPartition) -> Result<i64, Outage>,
        progress: &mut Progress,
        polls: &mut Passing,
    ) -> Result<(Vec<Record>, Vec<TopicPartition>), Outage> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut full_at = None;
        while batch.len() < self.limits.batch_len && bytes < self.limits.batch_bytes {
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let wait = full_at.map_or(self.limits.poll, left);
            let polled = self.member.poll(wait);
            let Some(event) = polls.through(polled)? else {
                // Neither is what is there held up by it.
                if batch.is_empty() {
                    thread::park_timeout(self.limits.poll);
                }
                break;
            };
            match event {
                None => break,
                Some(Event::Record(record)) => {
                    progress.read(&record);
                    bytes += record.value.as_ref().map_or(0, |value| value.len());
                    batch.push(record);
                    full_at.get_or_insert_with(|| Instant::now() + self.limits.linger);
                }
                Some(Event::Assigned { partitions, generation }) => {
                    for partition in partitions {
                        let next = self.member.begin(&partition, generation, start)?;
                        progress.begin(partition, next);
                    }
                }
                Some(Event::Reached { partition, next }) => progress.pass(&partition, next),
                Some(Event::Revoked { partitions, lost }) => {
                    info!(?partitions, lost, "partitions revoked");
                    if !lost {
                        return Ok((batch, partitions));
                    }
                    batch.retain(|record| !partitions.contains(&record.source));
                    progress.end(&partitions);
                    break;
                }
            }
        }
        Ok((batch, Vec::new()))
    }

    /// The rows and the dead letters of a batch.
    fn sort_out(
        &mut self,
        batch: &[Record],
        stop: &dyn Fn() -> bool,
    ) -> Result<(Vec<Row>, Vec<Outgoing>), ArchiveError> {
        let (mut rows, mut letters) = (Vec::new(), Vec::new());
        let mut places = BTreeMap::new();
        for record in batch {
            let Some(topic) = Topic::named(&record.source.topic, &self.prefix) else { continue };
            let outcome = match read(topic, record) {
                Reading::Rows(_) if topic == Topic::Strategy && !is_taken(&mut self.strategy, record)? => {
                    warn!(at = ?record, "strategy not kept: no worker takes it");
                    "overtaken"
                }
                Reading::Rows(filed) => {
                    rows.extend(filed);
                    "kept"
                }
                Reading::Route(route) => {
                    rows.extend(self.file_route(&route, record, &mut places, stop)?);
                    "kept"
                }
                Reading::Unreadable(why) => {
                    warn!(at = ?record, %why, "record parked");
                    let now = self.clock.now_ms();
                    let reason = format!("{:?}", why.reason).to_lowercase();
                    counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(1);
                    letters.push(letter(record, &why, &self.dead_letters, now).map_err(|cause| {
                        ArchiveError::Letter {
                            source_topic: record.source.clone(),
                            offset: record.offset,
                            cause,
                        }
                    })?);
                    "parked"
                }
                Reading::Nothing => "nothing",
            };
            counter!("ombud_archived_total", "topic" => topic.base_name(), "outcome" => outcome).increment(1);
        }
        Ok((rows, letters))
    }

    /// A route's rows, given where the case's stored routes and those earlier in the batch put it.
    fn file_route(
        &mut self,
        route: &RoutedComplaint,
        record: &Record,
        places: &mut BTreeMap<String, Vec<Place>>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<Row>, Outage> {
        if !places.contains_key(&route.complaint_id) {
            let mut known = Vec::new();
            let events = patiently(&self.limits, stop, || self.cases.case(&route.complaint_id))?;
            for event in events {
                match Place::of_event(&event) {
                    Ok(place) => known.extend(place),
                    // It was read when it was stored; at worst its row stays in a queue that the case has left.
                    Err(why) => warn!(?event, %why, "a stored route can't be read"),
                }
            }
            places.insert(route.complaint_id.clone(), known);
        }
        let known = places.entry(route.complaint_id.clone()).or_default();
        let rows = file_routed(route, record, known);
        if known.iter().any(|place| place.is_elsewhere(route)) {
            counter!("ombud_split_routes_total").increment(1);
        }
        known.push(Place::of(route));
        Ok(rows)
    }

    /// Sends dead letters and waits until they are durable.
    fn park(&mut self, letters: Vec<Outgoing>) -> Result<(), Outage> {
        let until = Instant::now() + self.limits.park_within;
        let late = |what: &str| Outage::passing("park unreadable records", what.to_owned());
        let mut in_flight = 0_usize;
        for mut letter in letters {
            while let Err(refused) = self.sink.send(letter, ()) {
                match refused.outage {
                    Some(outage) => return Err(outage),
                    None if Instant::now() >= until => return Err(late("the sink has no room")),
                    None => letter = refused.record,
                }
                for delivery in self.deliveries.try_iter() {
                    delivery.result?;
                    in_flight -= 1;
                }
            }
            in_flight += 1;
        }
        for _ in 0..in_flight {
            let delivery =
                self.deliveries.recv_deadline(until).map_err(|_| late("no delivery came in time"))?;
            delivery.result?;
        }
        Ok(())
    }
}

/// Asks the store again and again while it may come back.
fn patiently<T>(
    limits: &Limits,
    stop: &dyn Fn() -> bool,
    mut ask: impl FnMut() -> Result<T, Outage>,
) -> Result<T, Outage> {
    let (mut attempt, mut wait) = (1, limits.retry_after);
    loop {
        match ask() {
            Err(outage) if !outage.fatal && attempt < limits.attempts && !stop() => {
                counter!("ombud_outages_total", "service" => "cql").increment(1);
                warn!(attempt, error = %outage, cause = %outage.cause, "the store does not answer");
                thread::park_timeout(wait);
                attempt += 1;
                wait = (wait * 2).min(limits.retry_after * 100);
            }
            outcome => return outcome,
        }
    }
}
