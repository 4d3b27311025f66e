//! raw, predictions, routed, feedback, work, strategy, registry -> read -> [unreadable: dead letters] -> file -> store
//! -> commit, once all of it is durable
//!
//! Batches are what is there, finished in order: nothing is committed before everything that came before it is kept, and
//! after a crash the same rows are written again. A batch that a slow store can't finish in its time is committed as far
//! as it is kept; the rest follows when the group has been polled, and nothing more is read until then.

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use metrics::{counter, histogram};
use ombud_contract::{
    catalogue::Topic,
    verdict::{UNKNOWN_TEAM, UnreadableFeedback},
};
use ombud_launch::telemetry::Hop;
use ombud_models::StrategyFeed;
use ombud_store::{
    CaseStore, KnownCase, Place, Row, SKETCH_DAYS, erased_sketches, file_feedback, file_routed,
};
use ombud_stream::{
    Clock, Committer, Delivery, Event, GroupMember as _, Outage, Outgoing, Record, RetriedCall, Sink, Source,
    TopicPartition,
};
use tracing::{debug, error, info, warn};

use crate::{
    error::ArchiveError,
    limits::{ArchiveLimits, millis},
    park::{count_from_zero, letter, park},
    pending::{CaseState, Pending},
    positions::Positions,
    read::{RecordContent, read},
    store_retry::{Attempt, StoreRetry},
    strategies::is_taken,
    teams::has_known_team,
    topics::WORKER,
};

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
    pub limits: ArchiveLimits,
}

/// What a running archive keeps from turn to turn.
struct RunState {
    pending: Pending,
    /// No more records come until nothing is pending.
    is_paused: bool,
    positions: Positions,
    polls: RetriedCall,
    store_retry: StoreRetry,
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
        count_from_zero();
        let mut state = RunState {
            pending: Pending::new(self.limits.batch_len),
            is_paused: false,
            positions: Positions::new(),
            polls: RetriedCall::of("kafka"),
            store_retry: StoreRetry::new(&self.limits),
        };
        while !stop() {
            self.turn(&mut state, &mut start)?;
        }
        state.positions.commit(&mut self.member).map_err(ArchiveError::from)
    }

    /// One turn: what comes, what can be kept of it within the time of a batch, and a commit.
    fn turn(
        &mut self,
        state: &mut RunState,
        start: &mut impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<(), ArchiveError> {
        let revoked = self.gather(state, start)?;
        state.positions.report(self.clock.now_ms());
        if state.pending.is_empty() && revoked.is_empty() {
            state.positions.commit_again(&mut self.member)?;
            // What was pending may have gone with partitions that were lost.
            self.pause_while_pending(state);
            return Ok(());
        }
        let tries = !state.pending.is_empty() && state.store_retry.is_due();
        let attempt = if tries { Some(self.keep(state)?) } else { None };
        state.positions.commit(&mut self.member)?;
        state.positions.end(&revoked);
        state.pending.forget(&revoked);
        state.positions.report(self.clock.now_ms());
        self.pause_while_pending(state);
        match attempt {
            Some(attempt) => state.store_retry.note(self.clock.now_ms(), attempt).map_err(ArchiveError::from),
            None => Ok(()),
        }
    }

    /// What comes within the limits, from the first record on; only news of the group while something is pending. A batch
    /// ends where partitions are revoked, so that it is kept while they are still owned: gives those partitions.
    fn gather(
        &mut self,
        state: &mut RunState,
        start: &mut impl FnMut(&TopicPartition) -> Result<i64, Outage>,
    ) -> Result<Vec<TopicPartition>, Outage> {
        let RunState { pending, is_paused, positions, polls, store_retry } = state;
        let wait = if *is_paused && store_retry.is_due() { Duration::ZERO } else { self.limits.poll };
        let (mut bytes, mut full_at) = (0, None);
        while *is_paused || (pending.len() < self.limits.batch_len && bytes < self.limits.batch_bytes) {
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let polled = self.member.poll(full_at.map_or(wait, left));
            let Some(event) = polls.through(polled)? else {
                // What is there is not held up by it.
                if pending.is_empty() || !store_retry.is_due() {
                    thread::park_timeout(self.limits.poll);
                }
                break;
            };
            match event {
                None => break,
                Some(Event::Record(record)) => {
                    positions.read(&record);
                    bytes += record.value.as_ref().map_or(0, |value| value.len());
                    pending.read(record);
                    full_at.get_or_insert_with(|| Instant::now() + self.limits.linger);
                }
                Some(Event::Assigned { partitions, generation }) => {
                    for partition in partitions {
                        let next = self.member.begin(&partition, generation, start)?;
                        self.member.pause(&partition, *is_paused);
                        positions.begin(partition, next);
                    }
                }
                Some(Event::Reached { partition, next }) => positions.pass(&partition, next),
                Some(Event::Revoked { partitions, lost }) => {
                    info!(?partitions, lost, "partitions revoked");
                    if !lost {
                        return Ok(partitions);
                    }
                    pending.forget(&partitions);
                    positions.end(&partitions);
                    break;
                }
            }
        }
        Ok(Vec::new())
    }

    /// Pauses the partitions while something is pending, so that a poll only brings news of the group.
    fn pause_while_pending(&mut self, state: &mut RunState) {
        let is_pending = !state.pending.is_empty();
        if is_pending != state.is_paused {
            state.is_paused = is_pending;
            for partition in state.positions.partitions() {
                self.member.pause(partition, is_pending);
            }
        }
    }

    /// Files, parks and stores what is pending, for as long as a batch may take: something at least, where the store
    /// answers at all.
    fn keep(&mut self, state: &mut RunState) -> Result<Attempt, ArchiveError> {
        let until = self.clock.now_ms().saturating_add(millis(self.limits.batch_within));
        let mut attempt = Attempt { kept: 0, outage: None };
        if !state.pending.has_filed() {
            attempt.outage = self.file(&mut state.pending, until)?;
        }
        while state.pending.has_filed() && (attempt.kept == 0 || self.clock.now_ms() < until) {
            match self.store(state) {
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
    fn file(&mut self, pending: &mut Pending, until: i64) -> Result<Option<Outage>, ArchiveError> {
        pending.cases.clear();
        let (mut letters, mut outage) = (Vec::new(), None);
        while let Some(record) = pending.next_waiting() {
            let now = self.clock.now_ms();
            if now >= until && pending.has_filed() {
                pending.put_back(record);
                break;
            }
            let hop = Hop::process("archive", &record, now);
            let Some(topic) = Topic::named(&record.source.topic, &self.prefix) else {
                pending.file(record, Vec::new(), hop);
                continue;
            };
            let content = match self.checked(read(topic, &record, now), &record, pending) {
                Ok(content) => content,
                Err(stopped) => {
                    pending.put_back(record);
                    outage = Some(stopped);
                    break;
                }
            };
            let rows = self.rows_of(content, topic, &record, &mut pending.cases, &mut letters)?;
            pending.file(record, rows, hop);
        }
        park(&mut self.sink, &self.deliveries, letters, self.limits.park_within)?;
        Ok(outage)
    }

    /// The rows that `record` leaves; its dead letter, where nobody can read it.
    fn rows_of(
        &mut self,
        content: RecordContent,
        topic: Topic,
        record: &Record,
        cases: &mut BTreeMap<String, CaseState>,
        letters: &mut Vec<Outgoing>,
    ) -> Result<Vec<Row>, ArchiveError> {
        let (rows, outcome) = match content {
            RecordContent::Rows(_) if topic == Topic::Strategy && !is_taken(&mut self.strategy, record)? => {
                warn!(at = ?record, "strategy not kept: no worker takes it");
                (Vec::new(), "overtaken")
            }
            RecordContent::Rows(rows) => (rows, "kept"),
            RecordContent::Route(route) => {
                // Where its stored routes, and those that are filed before it, put it.
                let case = cases.entry(route.complaint_id.clone()).or_default();
                let rows = file_routed(&route, record, &case.places);
                if case.places.iter().any(|place| place.is_elsewhere(&route)) {
                    counter!("ombud_split_routes_total").increment(1);
                }
                case.places.push(Place::of(&route));
                for other in case.submissions.iter().filter(|raw| raw.is_other_than_routed(&route)) {
                    let (at, route) = (&other.origin, &route.route_id);
                    error!(at, route, "the archived narrative is not the one that was routed");
                }
                (rows, "kept")
            }
            RecordContent::Verdict(feedback) => (file_feedback(&feedback, record), "kept"),
            // Its days are found in the store before this.
            RecordContent::Erased(_) => (Vec::new(), "nothing"),
            RecordContent::Unreadable(why) => {
                warn!(at = ?record, %why, "record parked");
                let reason = why.reason.metric_label();
                counter!("ombud_dead_letters_total", "worker" => WORKER, "reason" => reason).increment(1);
                let letter = letter(record, &why, &self.dead_letters, self.clock.now_ms());
                letters.push(letter.map_err(|cause| ArchiveError::Letter {
                    source_topic: record.source.clone(),
                    offset: record.offset,
                    cause,
                })?);
                (Vec::new(), "parked")
            }
            RecordContent::Nothing => (Vec::new(), "nothing"),
        };
        counter!("ombud_archived_total", "topic" => topic.base_name(), "outcome" => outcome).increment(1);
        Ok(rows)
    }

    /// `content`, compared with the case in the store: finds what it takes to file a route or to erase what a complaint is
    /// compared by, and refuses a verdict that names an unknown team.
    fn checked(
        &mut self,
        content: RecordContent,
        record: &Record,
        pending: &mut Pending,
    ) -> Result<RecordContent, Outage> {
        match &content {
            RecordContent::Route(route) => {
                self.find_case(&route.complaint_id, &record.source.topic, pending)?
            }
            RecordContent::Erased(complaint_id) => {
                let since = self.clock.now_ms().saturating_sub(SKETCH_DAYS * 86_400_000);
                return Ok(RecordContent::Rows(erased_sketches(&self.cases.case(complaint_id)?, since)));
            }
            RecordContent::Verdict(feedback) => {
                let now = self.clock.now_ms();
                if !has_known_team(feedback, record, now, &mut self.strategy, &mut self.cases)? {
                    return Ok(RecordContent::Unreadable(UnreadableFeedback::from(UNKNOWN_TEAM).into()));
                }
            }
            _ => {}
        }
        Ok(content)
    }

    /// Finds the case of a complaint, unless it is known, and with it those of the next records of `topic`.
    fn find_case(&mut self, complaint_id: &str, topic: &str, pending: &mut Pending) -> Result<(), Outage> {
        if pending.cases.contains_key(complaint_id) {
            return Ok(());
        }
        let ids = pending.unknown_cases(complaint_id, topic);
        let began = self.clock.now_ms();
        let read = self.cases.known_cases(&ids, &mut |complaint_id, known| {
            pending.cases.insert(complaint_id.to_owned(), state_of(known));
        });
        read.inspect_err(|_| pending.reads.failed())?;
        pending.reads.managed(self.is_quick(began));
        // Of most nothing is stored before their first route.
        for complaint_id in ids {
            pending.cases.entry(complaint_id).or_default();
        }
        Ok(())
    }

    /// Whether twice as much as the store has managed since `began` would still be done in time.
    fn is_quick(&self, began: i64) -> bool {
        (self.clock.now_ms() - began).saturating_mul(4) < millis(self.limits.batch_within)
    }

    /// Writes the rows of the next records that are filed; gives their number.
    fn store(&mut self, state: &mut RunState) -> Result<usize, Outage> {
        let (lens, rows) = state.pending.take_rows();
        let (began, started) = (self.clock.now_ms(), Instant::now());
        if !rows.is_empty() {
            if let Err(outage) = self.cases.write(&rows) {
                state.pending.give_back(&lens, rows);
                return Err(outage);
            }
            histogram!("ombud_archive_write_seconds").record(started.elapsed().as_secs_f64());
        }
        let now = self.clock.now_ms();
        let quickly = self.is_quick(began);
        for filed in state.pending.written(lens.len(), quickly) {
            state.positions.keep(&filed.record);
            filed.hop.end_at(now);
        }
        debug!(records = lens.len(), rows = rows.len(), "batch archived");
        Ok(lens.len())
    }
}

/// What is known of a case, as the routes to come are filed by it.
fn state_of(known: KnownCase) -> CaseState {
    let place = |event| match Place::of_event(event) {
        Ok(place) => place,
        // It was read when it was stored; at worst its row stays in a queue that the case has left.
        Err(why) => {
            warn!(?event, %why, "a stored route can't be read");
            None
        }
    };
    CaseState { places: known.routes.iter().filter_map(place).collect(), submissions: known.submissions }
}
