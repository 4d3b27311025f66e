//! One file's complaints into complaints.raw, each content of each complaint once, however often it is begun.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use indicatif::ProgressBar;
use ombud_contract::{catalogue::Topic, ids, records::RawComplaint};
use ombud_intake::IntakeError;
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Reader, Sink};

use super::{follow::Follow, journey::Journeys};
use crate::{
    Done,
    publish::{Publisher, outgoing},
    reading::Reading,
};

/// Rows between two looks at what was routed meanwhile.
const LOOK_EVERY: u64 = 256;

/// What was read of a file.
#[derive(Default)]
pub(crate) struct SentFile {
    /// Each complaint with the hash of its last content in the file.
    pub(crate) wanted: HashMap<String, String>,
    /// Rows that are no complaint.
    pub(crate) rejected: usize,
    /// Rows that say again what another row of the file said.
    pub(crate) duplicates: usize,
    /// The file broke off before its end.
    broken_off: Option<IntakeError>,
}

impl SentFile {
    /// Reads `path` and sends, as bulk, what the log doesn't have yet. Ends early when shutdown is asked for: the
    /// next run goes on there.
    pub(crate) fn send<R: Reader, S: Sink<()>>(
        &mut self,
        path: &Path,
        mut publisher: Publisher<S>,
        follow: &mut Follow<R>,
        prefix: &str,
        bar: &ProgressBar,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let raw: Arc<str> = Topic::Raw.name(prefix).into();
        let mut reading = Reading::open(path)?;
        while !shutdown.requested()
            && let Some(row) = reading.next()?
        {
            let mut complaint = row.complaint;
            complaint.bulk = true;
            if self.is_to_be_sent(&complaint, follow.journeys()) {
                publisher.send(outgoing(&raw, &complaint.complaint_id, &complaint)?)?;
            }
            if row.number % LOOK_EVERY == 0 {
                follow.catch_up(Duration::ZERO)?;
                bar.set_length(self.wanted.len() as u64);
                bar.set_position(self.routed(follow.journeys()) as u64);
            }
        }
        publisher.flush()?;
        let read = reading.finish()?;
        self.rejected = usize::try_from(read.rejected)?;
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
