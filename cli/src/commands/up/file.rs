//! One file's complaints into complaints.raw, each content of each complaint once, however often the command is started.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use ombud_contract::records::RawComplaint;
use ombud_intake::{IntakeError, Rejections};
use ombud_launch::shutdown::Shutdown;
use ombud_stream::{Reader, Sink};

use super::{
    follow::{NEWS_TIMEOUT, TopicFollower},
    journey::{Journeys, Wanted},
    progress::ProgressDisplay,
};
use crate::{
    Done,
    backfill::Backfill,
    input::complaint_file::ComplaintFile,
    log::publish::{Publisher, outgoing},
};

/// Rows between two looks at what was routed meanwhile.
const LOOK_EVERY: u64 = 256;

/// What a file's complaints are sent with.
pub(crate) struct FileSend<'a, R, S> {
    pub(crate) publisher: Publisher<S>,
    pub(crate) follow: &'a mut TopicFollower<R>,
    /// complaints.raw, with its prefix.
    pub(crate) raw: Arc<str>,
    pub(crate) progress: &'a mut ProgressDisplay,
    /// Keeps the file from delaying live complaints.
    pub(crate) backfill: Backfill,
    pub(crate) shutdown: &'a Shutdown,
}

/// What was read of a file.
#[derive(Default)]
pub(crate) struct SentFile {
    /// Rows that are no complaint, and why.
    pub(crate) rejections: Rejections,
    /// Rows that repeat what another row of the file says.
    pub(crate) duplicates: usize,
    /// It was read to its end, or as far as it goes.
    pub(crate) is_read: bool,
    /// The file broke off before its end.
    broken_off: Option<IntakeError>,
}

impl SentFile {
    /// Without a file: what the log holds is all that there is.
    pub(crate) fn of_log() -> Self {
        Self { is_read: true, ..Self::default() }
    }

    /// Reads a file and sends, as bulk, what the log doesn't have yet. Ends early when shutdown is asked for: the
    /// next run resumes there.
    pub(crate) fn send<R: Reader, S: Sink<()>>(
        &mut self,
        mut reading: ComplaintFile,
        way: FileSend<'_, R, S>,
    ) -> Result<()> {
        let FileSend { mut publisher, follow, raw, progress, mut backfill, shutdown } = way;
        while !shutdown.requested() {
            let Some(row) = reading.next()? else {
                self.is_read = true;
                break;
            };
            let mut complaint = row.complaint;
            complaint.bulk = true;
            if self.is_to_be_sent(&complaint, follow.journeys_mut()) {
                let mut is_full = false;
                while !backfill.has_room(Instant::now())? && !shutdown.requested() {
                    is_full = true;
                    publisher.flush()?;
                    follow.catch_up(NEWS_TIMEOUT)?;
                }
                if shutdown.requested() {
                    break;
                }
                if is_full {
                    progress.show(follow.journeys());
                }
                backfill.sent();
                publisher.send(outgoing(&raw, &complaint.complaint_id, &complaint)?)?;
            }
            if row.number % LOOK_EVERY == 0 {
                follow.catch_up(Duration::ZERO)?;
                progress.show(follow.journeys());
            }
        }
        publisher.flush()?;
        let read = reading.finish()?;
        self.rejections = read.rejections;
        // What came before is good: it is routed, and the failure is reported at the end.
        self.broken_off = read.broken_off;
        follow.catch_up(Duration::ZERO)?;
        Ok(())
    }

    /// Notes what a row says; whether it still has to be sent.
    fn is_to_be_sent(&mut self, complaint: &RawComplaint, journeys: &mut Journeys) -> bool {
        let Wanted { is_repeated, is_in_log } = journeys.want(complaint);
        self.duplicates += usize::from(is_repeated);
        !is_repeated && !is_in_log
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
