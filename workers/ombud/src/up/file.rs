//! One file's complaints into complaints.raw, each content of each complaint once, however often it is begun.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use ombud_contract::{ids, records::RawComplaint};
use ombud_intake::{IntakeError, Rejections};
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Reader, Sink};

use super::{NEWS, follow::Follow, journey::Journeys, progress::Progress};
use crate::{
    Done,
    backfill::Backfill,
    publish::{Publisher, outgoing},
    reading::Reading,
};

/// Rows between two looks at what was routed meanwhile.
const LOOK_EVERY: u64 = 256;

/// The way that a file's complaints take.
pub(crate) struct Way<'a, R, S> {
    pub(crate) publisher: Publisher<S>,
    pub(crate) follow: &'a mut Follow<R>,
    /// complaints.raw, with its prefix.
    pub(crate) raw: Arc<str>,
    pub(crate) progress: &'a mut Progress,
    /// Keeps the file from standing in front of live complaints.
    pub(crate) backfill: Backfill,
    pub(crate) shutdown: &'a Shutdown,
}

/// What was read of a file.
#[derive(Default)]
pub(crate) struct SentFile {
    /// Each complaint with the hash of its last content in the file.
    pub(crate) wanted: HashMap<String, String>,
    /// Rows that are no complaint, and why.
    pub(crate) rejections: Rejections,
    /// Rows that say again what another row of the file said.
    pub(crate) duplicates: usize,
    /// It was read to its end, or as far as it goes.
    pub(crate) is_read: bool,
    /// The file broke off before its end.
    broken_off: Option<IntakeError>,
}

impl SentFile {
    /// Without a file: all that the log holds.
    pub(crate) fn of_log(journeys: &Journeys) -> Self {
        Self { wanted: journeys.all(), is_read: true, ..Self::default() }
    }

    /// Reads a file and sends, as bulk, what the log doesn't have yet. Ends early when shutdown is asked for: the
    /// next run goes on there.
    pub(crate) fn send<R: Reader, S: Sink<()>>(
        &mut self,
        mut reading: Reading,
        way: Way<'_, R, S>,
    ) -> Result<()> {
        let Way { mut publisher, follow, raw, progress, mut backfill, shutdown } = way;
        while !shutdown.requested() {
            let Some(row) = reading.next()? else {
                self.is_read = true;
                break;
            };
            let mut complaint = row.complaint;
            complaint.bulk = true;
            if self.is_to_be_sent(&complaint, follow.journeys()) {
                let mut is_full = false;
                while !backfill.has_room(Instant::now())? && !shutdown.requested() {
                    is_full = true;
                    publisher.flush()?;
                    follow.catch_up(NEWS)?;
                }
                if shutdown.requested() {
                    break;
                }
                if is_full {
                    progress.show(self.routed(follow.journeys()), self.wanted.len());
                }
                backfill.sent();
                publisher.send(outgoing(&raw, &complaint.complaint_id, &complaint)?)?;
            }
            if row.number % LOOK_EVERY == 0 {
                follow.catch_up(Duration::ZERO)?;
                progress.show(self.routed(follow.journeys()), self.wanted.len());
            }
        }
        publisher.flush()?;
        let read = reading.finish()?;
        self.rejections = read.rejections;
        // What came before is good: it is routed, and the failure is told at the end.
        self.broken_off = read.broken_off;
        follow.catch_up(Duration::ZERO)?;
        Ok(())
    }

    /// Notes what a row says; whether the log has yet to get it.
    fn is_to_be_sent(&mut self, complaint: &RawComplaint, journeys: &Journeys) -> bool {
        let (id, input) = (&complaint.complaint_id, ids::input_sha256(complaint));
        let is_in_log = journeys.has(id, &input);
        let is_said_again = self.wanted.get(id) == Some(&input);
        self.duplicates += usize::from(is_said_again);
        self.wanted.insert(id.clone(), input);
        !is_said_again && !is_in_log
    }

    /// How many of the wanted complaints are routed.
    pub(crate) fn routed(&self, journeys: &Journeys) -> usize {
        self.wanted.iter().filter(|(id, input)| journeys.standing(id, input).is_some()).count()
    }

    /// One of the wanted complaints that is routed: always the same one.
    pub(crate) fn a_routed(&self, journeys: &Journeys) -> Option<&str> {
        let routed = self.wanted.iter().filter(|(id, input)| journeys.standing(id, input).is_some());
        routed.map(|(id, _)| id.as_str()).min()
    }

    /// The verdict on the file itself.
    pub(crate) fn ended_well(self) -> Result<Done> {
        match self.broken_off {
            None => Ok(Done::Well),
            Some(broken_off) => Err(broken_off.into()),
        }
    }
}

#[cfg(test)]
mod tests;
