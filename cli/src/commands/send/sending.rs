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
    telemetry::{Hop, HopAttribute},
};
use ombud_stream::{Clock, Delivery, Outage, Outgoing};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::{
    bookmark::{Bookmark, SendProgress},
    in_flight::RowsInFlight,
    pace::Pace,
};
use crate::{
    backfill::Backfill,
    input::complaint_file::{ComplaintFile, ReadOutcome},
    log::{backend, publish::outgoing},
};

/// How often the bookmark moves: what is lost of it is sent twice, which is harmless.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// How long a full queue is waited for before anything else is checked.
const QUEUE_WAIT: Duration = Duration::from_millis(50);
/// How long nothing may come back before that is logged.
const WARN_AFTER: Duration = Duration::from_secs(5);
/// Rows between two guesses at how many there are.
const GUESS_EVERY: u64 = 1_024;
/// How long a run that has to stop waits for what is in flight.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What comes back with a delivery.
pub(crate) struct Token {
    row: u64,
    hop: Hop,
}

pub(crate) type SinkAndDeliveries = backend::SinkAndDeliveries<Token>;

/// Sends the rows of one file.
pub(crate) struct FileSender {
    pub(crate) appending: SinkAndDeliveries,
    pub(crate) topic: Arc<str>,
    pub(crate) bulk: bool,
    pub(crate) pace: Option<Pace>,
    /// Keeps it from delaying live complaints.
    pub(crate) backfill: Option<Backfill>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shutdown: Shutdown,
    pub(crate) bar: ProgressBar,
    /// The bar knows the number of rows; otherwise it is guessed from the bytes.
    pub(crate) counted: bool,
    /// The wait before a registry that did not answer is asked again.
    pub(crate) pause: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct SendOutcome {
    /// Complaints that came back as durable.
    pub(crate) sent: u64,
    /// Complaints that an earlier run had sent.
    pub(crate) before: u64,
    /// Rows that repeat what their complaint's last row says.
    pub(crate) duplicates: u64,
    /// How far it came.
    pub(crate) reached: SendProgress,
    /// Sent, and not known to be durable.
    pub(crate) unsure: usize,
    /// Of the file itself.
    pub(crate) read: ReadOutcome,
}

/// A run.
struct SendRun<'b> {
    sender: FileSender,
    bookmark: &'b Bookmark,
    reached: SendProgress,
    rows: RowsInFlight,
    sent: u64,
    /// Came back undelivered when the run had to stop; still among `rows`.
    given_back: usize,
    saved_at: Instant,
    heard_at: Instant,
    silent: bool,
}

impl FileSender {
    /// Sends what lies behind `reached`, until the end or until shutdown is asked for.
    ///
    /// # Errors
    /// The log refuses; what was durable before is in the bookmark.
    pub(crate) fn run(
        self,
        mut reading: ComplaintFile,
        bookmark: &Bookmark,
        reached: SendProgress,
    ) -> Result<SendOutcome> {
        let now = Instant::now();
        let (rows, before_row) = (RowsInFlight::since(reached.row), reached.row);
        let mut run = SendRun {
            sender: self,
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
            while !run.sender.shutdown.requested() {
                let Some(mut row) = reading.next()? else {
                    ended = true;
                    break;
                };
                row.complaint.bulk |= run.sender.bulk;
                run.show(row.number, &reading);
                if contents.is_repeated(&row) {
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
        Ok(SendOutcome {
            sent: run.sent,
            before,
            duplicates,
            unsure: run.rows.count(),
            reached: run.reached,
            read,
        })
    }
}

impl SendRun<'_> {
    fn show(&self, row: u64, reading: &ComplaintFile) {
        self.sender.bar.set_position(row);
        if !self.sender.counted && row.is_multiple_of(GUESS_EVERY) {
            let progress = reading.progress();
            self.sender.bar.set_length(row * progress.total_bytes() / progress.bytes_read().max(1));
        }
    }

    fn send(&mut self, row: &Row) -> Result<()> {
        if !self.wait_for_turn()? {
            return Ok(());
        }
        let id = &row.complaint.complaint_id;
        let mut record = outgoing(&self.sender.topic, id, &row.complaint)?;
        let mut hop = Hop::send("ombud", &self.sender.topic, &[], self.sender.clock.now_ms());
        hop.say(HopAttribute::Complaint(id));
        record.headers.extend(hop.carried(&[]).into_owned());
        if self.hand_over(record, Token { row: row.number, hop })? {
            self.rows.sent(row.number);
            self.sender.backfill.iter_mut().for_each(Backfill::sent);
        }
        Ok(())
    }

    /// Takes deliveries until it is time; `false` where the run is to stop.
    fn wait_for_turn(&mut self) -> Result<bool> {
        self.take(Duration::ZERO)?;
        if !self.wait_for_room()? {
            return Ok(false);
        }
        let Some(mut pace) = self.sender.pace else { return Ok(true) };
        loop {
            let now = Instant::now();
            let wait = pace.wait(now);
            if wait.is_zero() {
                pace.went(now);
                self.sender.pace = Some(pace);
                return Ok(true);
            }
            if self.rows.count() > 0 {
                self.take(wait.min(QUEUE_WAIT))?;
            } else if self.sender.shutdown.wait(wait) {
                return Ok(false);
            }
            if self.sender.shutdown.requested() {
                return Ok(false);
            }
        }
    }

    /// Takes deliveries until a backfill may go on; `false` where the run is to stop.
    fn wait_for_room(&mut self) -> Result<bool> {
        loop {
            let Some(backfill) = &mut self.sender.backfill else { return Ok(true) };
            if backfill.has_room(Instant::now())? {
                return Ok(true);
            }
            if self.rows.count() > 0 {
                self.take(QUEUE_WAIT)?;
            }
            if self.sender.shutdown.wait(QUEUE_WAIT) {
                return Ok(false);
            }
        }
    }

    /// Hands a record to the sink; `false` where the run had to stop before it was taken.
    fn hand_over(&mut self, mut record: Outgoing, mut token: Token) -> Result<bool> {
        loop {
            let Err(refused) = self.sender.appending.0.send(record, token) else { return Ok(true) };
            (record, token) = (refused.record, refused.token);
            match refused.outage {
                None => self.take(QUEUE_WAIT)?,
                Some(outage) if outage.fatal => return Err(outage.into()),
                Some(outage) => self.wait_out(&outage),
            }
            if self.sender.shutdown.requested() {
                return Ok(false);
            }
        }
    }

    fn wait_out(&mut self, outage: &Outage) {
        if !mem::replace(&mut self.silent, true) {
            warn!(%outage, "waiting for it to pass; the run resumes by itself");
        }
        self.sender.shutdown.wait(self.sender.pause);
    }

    /// Takes what has come back, waiting for at most `wait` for the first.
    fn take(&mut self, wait: Duration) -> Result<()> {
        match self.sender.appending.1.recv_timeout(wait) {
            Ok(first) => {
                self.settle(first)?;
                while let Ok(next) = self.sender.appending.1.try_recv() {
                    self.settle(next)?;
                }
            }
            Err(RecvTimeoutError::Timeout) => self.report_silence(),
            Err(RecvTimeoutError::Disconnected) => bail!("append: the log was closed"),
        }
        if self.saved_at.elapsed() > SAVE_EVERY { self.save() } else { Ok(()) }
    }

    fn settle(&mut self, delivery: Delivery<Token>) -> Result<()> {
        let Token { row, mut hop } = delivery.token;
        let (at, offset) = match delivery.result {
            Ok(place) => place,
            Err(outage) => {
                hop.say(HopAttribute::Failed("append"));
                hop.end_at(self.sender.clock.now_ms());
                // Once it has to stop, a sink gives back what it could not deliver.
                if outage.fatal || !self.sender.shutdown.requested() {
                    return Err(outage.into());
                }
                self.given_back += 1;
                return Ok(());
            }
        };
        hop.say(HopAttribute::Partition(at.partition));
        hop.say(HopAttribute::Offset(offset));
        hop.end_at(self.sender.clock.now_ms());
        self.rows.acknowledged(row);
        self.sent += 1;
        let last = self.reached.last.entry(at.partition).or_insert(offset);
        *last = offset.max(*last);
        self.heard_at = Instant::now();
        if mem::take(&mut self.silent) {
            info!("resumed");
        }
        Ok(())
    }

    fn report_silence(&mut self) {
        if self.rows.count() == 0 {
            self.heard_at = Instant::now();
        } else if self.heard_at.elapsed() > WARN_AFTER && !mem::replace(&mut self.silent, true) {
            warn!(under_way = self.rows.count(), "nothing is acknowledged: waiting for the log to come back");
        }
    }

    /// Waits for what is in flight: as long as it takes, or up to [`STOP_TIMEOUT`] where the run has to stop.
    fn flush(&mut self) -> Result<()> {
        let mut stopping_since: Option<Instant> = None;
        while self.rows.count() > self.given_back {
            if self.sender.shutdown.requested()
                && stopping_since.get_or_insert_with(Instant::now).elapsed() > STOP_TIMEOUT
            {
                break;
            }
            self.take(QUEUE_WAIT)?;
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
/// that share one cost a record that is sent although it repeats another.
#[derive(Default)]
struct Contents(HashMap<u64, u64>);

impl Contents {
    fn is_repeated(&mut self, row: &Row) -> bool {
        let id = short(row.complaint.complaint_id.as_bytes());
        let content = short(ids::input_sha256(&row.complaint).as_bytes());
        self.0.insert(id, content) == Some(content)
    }
}

fn short(bytes: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
