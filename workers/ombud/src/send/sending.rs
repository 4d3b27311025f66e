//! Rows of a file to a sink, in order and at a rate, with the bookmark behind what came back as durable.

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use crossbeam_channel::RecvTimeoutError;
use indicatif::ProgressBar;
use ombud_contract::ids;
use ombud_intake::Row;
use ombud_launch::{
    shutdown::Shutdown,
    telemetry::{Hop, Says},
};
use ombud_stream::{Clock, Delivery, Outage, Outgoing};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::{
    bookmark::{Bookmark, Reached},
    pace::Pace,
    underway::Underway,
};
use crate::{
    backfill::Backfill,
    publish::outgoing,
    reading::{Read, Reading},
    world,
};

/// How often the bookmark moves: what is lost of it is sent twice, which is harmless.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// How long a full queue is waited for before anything else is looked at.
const BREATH: Duration = Duration::from_millis(50);
/// How long nothing may come back before that is said.
const SILENCE: Duration = Duration::from_secs(5);
/// Rows between two guesses at how many there are.
const GUESS_EVERY: u64 = 1_024;
/// How long a run that is told to stop waits for what is under way.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// What comes back with a delivery.
pub(crate) struct Token {
    row: u64,
    hop: Hop,
}

pub(crate) type Appending = world::Appending<Token>;

/// What is to be done.
pub(crate) struct Sending {
    pub(crate) appending: Appending,
    pub(crate) topic: Arc<str>,
    pub(crate) bulk: bool,
    pub(crate) pace: Option<Pace>,
    /// Keeps it from standing in front of live complaints.
    pub(crate) backfill: Option<Backfill>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shutdown: Shutdown,
    pub(crate) bar: ProgressBar,
    /// The bar knows the number of rows; otherwise it is guessed from the bytes.
    pub(crate) counted: bool,
    /// The wait before a registry that did not answer is asked again.
    pub(crate) pause: Duration,
}

/// What was done.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Complaints that came back as durable.
    pub(crate) sent: u64,
    /// Complaints that an earlier run had sent.
    pub(crate) before: u64,
    /// Rows that say what their complaint's last row said.
    pub(crate) duplicates: u64,
    /// How far it came.
    pub(crate) reached: Reached,
    /// Sent, and not known to be durable.
    pub(crate) unsure: usize,
    /// Of the file itself.
    pub(crate) read: Read,
}

/// A run under way.
struct Run<'b> {
    it: Sending,
    bookmark: &'b Bookmark,
    reached: Reached,
    rows: Underway,
    sent: u64,
    /// Came back undelivered when the run was told to stop; still among `rows`.
    given_back: usize,
    saved_at: Instant,
    heard_at: Instant,
    silent: bool,
}

impl Sending {
    /// Sends what lies behind `reached`, until the end or until shutdown is asked for.
    ///
    /// # Errors
    /// The log refuses; what was durable before is in the bookmark.
    pub(crate) fn run(self, mut reading: Reading, bookmark: &Bookmark, reached: Reached) -> Result<Sent> {
        let now = Instant::now();
        let (rows, before_row) = (Underway::since(reached.row), reached.row);
        let mut run = Run {
            it: self,
            bookmark,
            reached,
            rows,
            sent: 0,
            given_back: 0,
            saved_at: now,
            heard_at: now,
            silent: false,
        };
        let mut contents = Contents::default();
        let (mut before, mut duplicates) = (0, 0);
        let mut ended = false;
        let walked = (|| -> Result<()> {
            while !run.it.shutdown.requested() {
                let Some(mut row) = reading.next()? else {
                    ended = true;
                    break;
                };
                row.complaint.bulk |= run.it.bulk;
                run.show(row.number, &reading);
                if contents.said_before(&row) {
                    duplicates += 1;
                    run.rows.read(row.number);
                } else if row.number <= before_row {
                    before += 1;
                } else {
                    run.send(&row)?;
                }
            }
            run.flush()
        })();
        // Whatever went wrong, what is durable is not sent again.
        let saved = run.save();
        walked.and(saved)?;
        let read = reading.finish()?;
        if ended && run.rows.count() == 0 && read.broken_off.is_none() {
            run.reached.done = true;
            run.bookmark.write(&run.reached)?;
        }
        Ok(Sent { sent: run.sent, before, duplicates, unsure: run.rows.count(), reached: run.reached, read })
    }
}

impl Run<'_> {
    fn show(&self, row: u64, reading: &Reading) {
        self.it.bar.set_position(row);
        if !self.it.counted && row.is_multiple_of(GUESS_EVERY) {
            let progress = reading.progress();
            self.it.bar.set_length(row * progress.total_bytes() / progress.bytes_read().max(1));
        }
    }

    fn send(&mut self, row: &Row) -> Result<()> {
        if !self.wait_for_turn()? {
            return Ok(());
        }
        let id = &row.complaint.complaint_id;
        let mut record = outgoing(&self.it.topic, id, &row.complaint)?;
        let mut hop = Hop::send("ombud", &self.it.topic, &[], self.it.clock.now_ms());
        hop.say(Says::Complaint(id));
        record.headers.extend(hop.carried(&[]).into_owned());
        if self.hand_over(record, Token { row: row.number, hop })? {
            self.rows.sent(row.number);
            self.it.backfill.iter_mut().for_each(Backfill::sent);
        }
        Ok(())
    }

    /// Takes deliveries until it is time; `false` where the run is to stop.
    fn wait_for_turn(&mut self) -> Result<bool> {
        self.take(Duration::ZERO)?;
        if !self.wait_for_room()? {
            return Ok(false);
        }
        let Some(mut pace) = self.it.pace else { return Ok(true) };
        loop {
            let now = Instant::now();
            let wait = pace.wait(now);
            if wait.is_zero() {
                pace.went(now);
                self.it.pace = Some(pace);
                return Ok(true);
            }
            if self.rows.count() > 0 {
                self.take(wait.min(BREATH))?;
            } else if self.it.shutdown.wait(wait) {
                return Ok(false);
            }
            if self.it.shutdown.requested() {
                return Ok(false);
            }
        }
    }

    /// Takes deliveries until a backfill may go on; `false` where the run is to stop.
    fn wait_for_room(&mut self) -> Result<bool> {
        loop {
            let Some(backfill) = &mut self.it.backfill else { return Ok(true) };
            if backfill.has_room(Instant::now())? {
                return Ok(true);
            }
            if self.rows.count() > 0 {
                self.take(BREATH)?;
            }
            if self.it.shutdown.wait(BREATH) {
                return Ok(false);
            }
        }
    }

    /// Hands a record to the sink; `false` where the run was told to stop before it was taken.
    fn hand_over(&mut self, mut record: Outgoing, mut token: Token) -> Result<bool> {
        loop {
            let Err(refused) = self.it.appending.0.send(record, token) else { return Ok(true) };
            (record, token) = (refused.record, refused.token);
            match refused.outage {
                None => self.take(BREATH)?,
                Some(outage) if outage.fatal => return Err(outage.into()),
                Some(outage) => self.wait_out(&outage),
            }
            if self.it.shutdown.requested() {
                return Ok(false);
            }
        }
    }

    fn wait_out(&mut self, outage: &Outage) {
        if !mem::replace(&mut self.silent, true) {
            warn!(%outage, "waiting for it to pass; the run goes on by itself");
        }
        self.it.shutdown.wait(self.it.pause);
    }

    /// Takes what has come back, waiting for at most `wait` for the first.
    fn take(&mut self, wait: Duration) -> Result<()> {
        match self.it.appending.1.recv_timeout(wait) {
            Ok(first) => {
                self.settle(first)?;
                while let Ok(next) = self.it.appending.1.try_recv() {
                    self.settle(next)?;
                }
            }
            Err(RecvTimeoutError::Timeout) => self.say_silence(),
            Err(RecvTimeoutError::Disconnected) => bail!("append: the log was closed"),
        }
        if self.saved_at.elapsed() > SAVE_EVERY { self.save() } else { Ok(()) }
    }

    fn settle(&mut self, delivery: Delivery<Token>) -> Result<()> {
        let Token { row, mut hop } = delivery.token;
        let (at, offset) = match delivery.result {
            Ok(place) => place,
            Err(outage) => {
                hop.say(Says::Failed("append"));
                hop.end_at(self.it.clock.now_ms());
                // Told to stop, a sink gives back what it could not deliver.
                if outage.fatal || !self.it.shutdown.requested() {
                    return Err(outage.into());
                }
                self.given_back += 1;
                return Ok(());
            }
        };
        hop.say(Says::Partition(at.partition));
        hop.say(Says::Offset(offset));
        hop.end_at(self.it.clock.now_ms());
        self.rows.acknowledged(row);
        self.sent += 1;
        let last = self.reached.last.entry(at.partition).or_insert(offset);
        *last = offset.max(*last);
        self.heard_at = Instant::now();
        if mem::take(&mut self.silent) {
            info!("going on");
        }
        Ok(())
    }

    fn say_silence(&mut self) {
        if self.rows.count() == 0 {
            self.heard_at = Instant::now();
        } else if self.heard_at.elapsed() > SILENCE && !mem::replace(&mut self.silent, true) {
            warn!(under_way = self.rows.count(), "nothing is acknowledged: waiting for the log to come back");
        }
    }

    /// Waits for what is under way: as long as it takes, or a last moment where the run is to stop.
    fn flush(&mut self) -> Result<()> {
        let mut told: Option<Instant> = None;
        while self.rows.count() > self.given_back {
            if self.it.shutdown.requested() && told.get_or_insert_with(Instant::now).elapsed() > LAST_WAIT {
                break;
            }
            self.take(BREATH)?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        self.saved_at = Instant::now();
        let done = self.rows.done();
        if done == self.reached.row {
            return Ok(());
        }
        self.reached.row = done;
        self.bookmark.write(&self.reached)
    }
}

/// The last content of each complaint of the file, by digests: sixteen bytes each, however many there are. Two ids
/// that share one cost a record that is sent though it was said before.
#[derive(Default)]
struct Contents(HashMap<u64, u64>);

impl Contents {
    fn said_before(&mut self, row: &Row) -> bool {
        let id = short(row.complaint.complaint_id.as_bytes());
        let content = short(ids::input_sha256(&row.complaint).as_bytes());
        self.0.insert(id, content) == Some(content)
    }
}

fn short(bytes: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
