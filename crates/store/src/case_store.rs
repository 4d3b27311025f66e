//! The seam to the store of cases.

use jiff::civil::Date;
use ombud_stream::Outage;

use crate::{
    queue::KnownCase,
    row::{CaseEvent, FeedbackDay, ModelDecision, QueueEntry, Row},
};

/// Keeps cases. Called by one thread; may block until the store answers.
pub trait CaseStore: Send {
    /// Makes `rows` durable before it returns, in any order among themselves. Writing a row again changes
    /// nothing; of the queue's rows with one key the greatest revision stays, and at one revision the taking away.
    ///
    /// # Errors
    /// The store doesn't answer. Some of the rows may have been written: write all of them again.
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage>;

    /// All that is known of a complaint: by kind, then the newest first. Empty for an unknown one.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage>;

    /// Gives `each` of these complaints with its case, as [`Self::case`] gives it, in the order of `complaint_ids`. A
    /// store far away reads several at once; however many there are, so many are in memory.
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, Vec<CaseEvent>),
    ) -> Result<(), Outage> {
        for complaint_id in complaint_ids {
            each(complaint_id, self.case(complaint_id)?);
        }
        Ok(())
    }

    /// Gives `each` of these complaints with what is known of it, once each and in any order; one of which nothing is known
    /// may be left out. Reads less than [`Self::cases`].
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn known_cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, KnownCase),
    ) -> Result<(), Outage> {
        self.cases(complaint_ids, &mut |complaint_id, events| each(complaint_id, KnownCase::of(events)))
    }

    /// What lies in a team's queue of complaints received on `day`: the latest received first.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage>;

    /// Gives what humans decided on `day` to `each`, one by one: the earliest first, of one time by id. However much
    /// that is, some pages of it are in memory.
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage>;

    /// Gives what a model version said on `day`, deciding and in shadow, to `each`, one by one: by complaint, then by
    /// prediction. However much that is, some pages of it are in memory.
    ///
    /// # Errors
    /// The store doesn't answer; `each` may have been given some by then.
    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage>;
}

impl<C: CaseStore + ?Sized> CaseStore for Box<C> {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        (**self).write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        (**self).case(complaint_id)
    }

    fn cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, Vec<CaseEvent>),
    ) -> Result<(), Outage> {
        (**self).cases(complaint_ids, each)
    }

    fn known_cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, KnownCase),
    ) -> Result<(), Outage> {
        (**self).known_cases(complaint_ids, each)
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        (**self).queue(team, day)
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        (**self).feedback(day, each)
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        (**self).decisions(model_id, model_version, day, each)
    }
}
