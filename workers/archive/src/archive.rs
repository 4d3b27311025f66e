//! raw, predictions, routed, feedback, strategy, registry -> read -> [unreadable: dead letters] -> file -> store
//! -> commit, once all of it is durable
//!
//! Batches are what is there, finished in order: nothing is committed before everything that came before it is kept, and
//! after a crash the same rows are written again. A batch that a slow store can't finish in its time is committed as far
//! as it is kept; the rest goes on when the group has been polled, and nothing more comes until then.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use metrics::{counter, histogram};
use ombud_contract::{
    catalogue::Topic,
    records::RoutedComplaint,
    verdict::{UNKNOWN_TEAM, UnreadableFeedback},
};
use ombud_launch::telemetry::Hop;
use ombud_models::StrategyFeed;
use ombud_store::{CaseStore, Place, Row, file_feedback, file_routed, is_other_than_routed};
use ombud_stream::{
    Clock, Committer, Delivery, Event, Member as _, Outage, Outgoing, Passing, Record, Sink, Source,
    TopicPartition,
};
use tracing::{debug, error, info, warn};

use crate::{
    error::ArchiveError,
    hand::{Hand, Places},
    limits::{Limits, millis},
    park::{WORKER, letter, park},
    patience::{Attempt, Patience},
    progress::Progress,
    read::{Reading, read},
    strategies::is_taken,
    teams::has_known_team,
};

/// The archive's consumer group.
pub const GROUP: &str = "ombud.archive";

/// What it reads.
pub const TOPICS: [Topic; 6] =
    [Topic::Raw, Topic::Predictions, Topic::Routed, Topic::Feedback, Topic::Registry, Topic::Strategy];

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

/// What a running archive keeps from turn to turn.
struct Running {
    hand: Hand,
    /// Nothing more comes, for something is in hand.
    held: bool,
    progress: Progress,
    polls: Passing,
    patience: Patience,
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
        let mut running = Running {
            hand: Hand::new(self.limits.batch_len),
            held: false,
            progress: Progress::new(),
            polls: Passing::of("kafka"),
            patience: Patience::new(&self.limits),
        };
        while !stop() {
            self.turn(&mut running, &mut start)?;
        }
        running.progress.commit(&mut self.member).map_err(ArchiveError::from)
    }

    /// Once round: what comes, what can be kept of it within the time of a batch, and a commit.
    fn turn(
        &mut self,
        running: &mut Running,
        start: &mut impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), ArchiveError> {
        let going = self.gather(running, start)?;
        running.progress.tell(self.clock.now_ms());
        if running.hand.is_empty() && going.is_empty() {
            running.progress.commit_again(&mut self.member)?;
            // What was in hand may have gone with partitions that were lost.
            self.hold(running);
            return Ok(());
        }
        let tries = !running.hand.is_empty() && running.patience.is_due();
        let attempt = if tries { Some(self.keep(running)?) } else { None };
        running.progress.commit(&mut self.member)?;
        running.progress.end(&going);
        running.hand.forget(&going);
        running.progress.tell(self.clock.now_ms());
        self.hold(running);
        match attempt {
            Some(attempt) => running.patience.note(self.clock.now_ms(), attempt).map_err(ArchiveError::from),
            None => Ok(()),
        }
    }

    /// What comes within the limits, from the first record on; only news of the group while something is in hand. A batch
    /// ends where partitions are revoked, so that it is kept while they are still owned: they are given back.
    fn gather(
        &mut self,
        running: &mut Running,
        start: &mut impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<Vec<TopicPartition>, Outage> {
        let Running { hand, held, progress, polls, patience } = running;
        let wait = if *held && patience.is_due() { Duration::ZERO } else { self.limits.poll };
        let (mut bytes, mut full_at) = (0, None);
        while *held || (hand.len() < self.limits.batch_len && bytes < self.limits.batch_bytes) {
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let polled = self.member.poll(full_at.map_or(wait, left));
            let Some(event) = polls.through(polled)? else {
                // What is there is not held up by it.
                if hand.is_empty() || !patience.is_due() {
                    thread::park_timeout(self.limits.poll);
                }
                break;
            };
            match event {
                None => break,
                Some(Event::Record(record)) => {
                    progress.read(&record);
                    bytes += record.value.as_ref().map_or(0, |value| value.len());
                    hand.read(record);
                    full_at.get_or_insert_with(|| Instant::now() + self.limits.linger);
                }
                Some(Event::Assigned { partitions, generation }) => {
                    for partition in partitions {
                        let next = self.member.begin(&partition, generation, start)?;
                        self.member.pause(&partition, *held);
                        progress.begin(partition, next);
                    }
                }
                Some(Event::Reached { partition, next }) => progress.pass(&partition, next),
                Some(Event::Revoked { partitions, lost }) => {
                    info!(?partitions, lost, "partitions revoked");
                    if !lost {
                        return Ok(partitions);
                    }
                    hand.forget(&partitions);
                    progress.end(&partitions);
                    break;
                }
            }
        }
        Ok(Vec::new())
    }

    /// Lets nothing more come while something is in hand, so that a poll only tells of the group.
    fn hold(&mut self, running: &mut Running) {
        let hold = !running.hand.is_empty();
        if hold != running.held {
            running.held = hold;
            for partition in running.progress.partitions() {
                self.member.pause(partition, hold);
            }
        }
    }

    /// Files, parks and stores what is in hand, for as long as a batch may take: something at least, where the store
    /// answers at all.
    fn keep(&mut self, running: &mut Running) -> Result<Attempt, ArchiveError> {
        let until = self.clock.now_ms().saturating_add(millis(self.limits.batch_within));
        let mut attempt = Attempt { kept: 0, outage: None };
        if !running.hand.has_filed() {
            attempt.outage = self.file(&mut running.hand, until)?;
        }
        while running.hand.has_filed() && (attempt.kept == 0 || self.clock.now_ms() < until) {
            match self.store(running) {
                Ok(records) => attempt.kept += records,
                Err(outage) => {
                    attempt.outage = Some(outage);
                    break;
                }
            }
        }
        Ok(attempt)
    }

    /// Files what waits until time is up, one record at least, and parks what can't be filed; gives the outage of the store
    /// that ended it.
    fn file(&mut self, hand: &mut Hand, until: i64) -> Result<Option<Outage>, ArchiveError> {
        hand.places.clear();
        let (mut letters, mut outage) = (Vec::new(), None);
        while let Some(record) = hand.next_waiting() {
            let now = self.clock.now_ms();
            if now >= until && hand.has_filed() {
                hand.put_back(record);
                break;
            }
            let hop = Hop::process("archive", &record, now);
            let Some(topic) = Topic::named(&record.source.topic, &self.prefix) else {
                hand.file(record, Vec::new(), hop);
                continue;
            };
            let reading =
                match self.hold_against_the_case(read(topic, &record, now), &record, &mut hand.places) {
                    Ok(reading) => reading,
                    Err(stopped) => {
                        hand.put_back(record);
                        outage = Some(stopped);
                        break;
                    }
                };
            let rows = self.rows_of((topic, reading), &record, &mut hand.places, &mut letters)?;
            hand.file(record, rows, hop);
        }
        park(&mut self.sink, &self.deliveries, letters, self.limits.park_within)?;
        Ok(outage)
    }

    /// The rows that `record` leaves; its dead letter, where nobody can read it.
    fn rows_of(
        &mut self,
        (topic, reading): (Topic, Reading),
        record: &Record,
        places: &mut Places,
        letters: &mut Vec<Outgoing>,
    ) -> Result<Vec<Row>, ArchiveError> {
        let (rows, outcome) = match reading {
            Reading::Rows(_) if topic == Topic::Strategy && !is_taken(&mut self.strategy, record)? => {
                warn!(at = ?record, "strategy not kept: no worker takes it");
                (Vec::new(), "overtaken")
            }
            Reading::Rows(rows) => (rows, "kept"),
            Reading::Route(route) => {
                // Where its stored routes and those earlier in hand put it.
                let known = places.entry(route.complaint_id.clone()).or_default();
                let rows = file_routed(&route, record, known);
                if known.iter().any(|place| place.is_elsewhere(&route)) {
                    counter!("ombud_split_routes_total").increment(1);
                }
                known.push(Place::of(&route));
                (rows, "kept")
            }
            Reading::Verdict(feedback) => (file_feedback(&feedback, record), "kept"),
            Reading::Unreadable(why) => {
                warn!(at = ?record, %why, "record parked");
                let reason = format!("{:?}", why.reason).to_lowercase();
                counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(1);
                let letter = letter(record, &why, &self.dead_letters, self.clock.now_ms());
                letters.push(letter.map_err(|cause| ArchiveError::Letter {
                    source_topic: record.source.clone(),
                    offset: record.offset,
                    cause,
                })?);
                (Vec::new(), "parked")
            }
            Reading::Nothing => (Vec::new(), "nothing"),
        };
        counter!("ombud_archived_total", "topic" => topic.base_name(), "outcome" => outcome).increment(1);
        Ok(rows)
    }

    /// What is read, once the store has said what it takes to file it.
    fn hold_against_the_case(
        &mut self,
        reading: Reading,
        record: &Record,
        places: &mut Places,
    ) -> Result<Reading, Outage> {
        match &reading {
            Reading::Route(route) => self.find_places(route, places)?,
            Reading::Verdict(feedback) => {
                let now = self.clock.now_ms();
                if !has_known_team(feedback, record, now, &mut self.strategy, &mut self.cases)? {
                    return Ok(Reading::Unreadable(UnreadableFeedback::from(UNKNOWN_TEAM).into()));
                }
            }
            _ => {}
        }
        Ok(reading)
    }

    /// Finds where the stored routes of the case of `route` put it, unless that is known.
    fn find_places(&mut self, route: &RoutedComplaint, places: &mut Places) -> Result<(), Outage> {
        let complaint_id = &route.complaint_id;
        if places.contains_key(complaint_id) {
            return Ok(());
        }
        let mut known = Vec::new();
        for event in self.cases.case(complaint_id)? {
            if is_other_than_routed(&event, route) {
                error!(
                    ?event,
                    route = route.route_id,
                    "the archived narrative is not the one that was routed"
                );
            }
            match Place::of_event(&event) {
                Ok(place) => known.extend(place),
                // It was read when it was stored; at worst its row stays in a queue that the case has left.
                Err(why) => warn!(?event, %why, "a stored route can't be read"),
            }
        }
        places.insert(complaint_id.clone(), known);
        Ok(())
    }

    /// Writes the rows of the next records that are filed; gives their number.
    fn store(&mut self, running: &mut Running) -> Result<usize, Outage> {
        let (lens, rows) = running.hand.take_rows();
        let (began, started) = (self.clock.now_ms(), Instant::now());
        if !rows.is_empty() {
            if let Err(outage) = self.cases.write(&rows) {
                running.hand.give_back(&lens, rows);
                return Err(outage);
            }
            histogram!("ombud_archive_write_seconds").record(started.elapsed().as_secs_f64());
        }
        let now = self.clock.now_ms();
        // What took longer would not come to its end in time, were it twice as much.
        let quickly = (now - began).saturating_mul(4) < millis(self.limits.batch_within);
        for filed in running.hand.written(lens.len(), quickly) {
            running.progress.keep(&filed.record);
            filed.hop.end_at(now);
        }
        debug!(records = lens.len(), rows = rows.len(), "batch archived");
        Ok(lens.len())
    }
}
