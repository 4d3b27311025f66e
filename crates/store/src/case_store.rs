//! The seam to the store of cases.

use jiff::civil::Date;
use ombud_stream::Outage;

use crate::row::{CaseEvent, FeedbackDay, ModelDecision, QueueEntry, Row};

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

    /// What lies in a team's queue of complaints received on `day`: the latest received first.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage>;

    /// What humans decided on `day`: the earliest first, of one time by id.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn feedback(&mut self, day: Date) -> Result<Vec<FeedbackDay>, Outage>;

    /// What a model version said on `day`, deciding and in shadow: by complaint, then by prediction.
    ///
    /// # Errors
    /// The store doesn't answer.
    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
    ) -> Result<Vec<ModelDecision>, Outage>;
}

impl<C: CaseStore + ?Sized> CaseStore for Box<C> {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        (**self).write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        (**self).case(complaint_id)
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        (**self).queue(team, day)
    }

    fn feedback(&mut self, day: Date) -> Result<Vec<FeedbackDay>, Outage> {
        (**self).feedback(day)
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
    ) -> Result<Vec<ModelDecision>, Outage> {
        (**self).decisions(model_id, model_version, day)
    }
}
