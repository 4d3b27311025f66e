//! Who computes explanations for the console, and why there is none. The weights are elsewhere: the console asks a process of
//! the lowest priority.

use ombud_contract::records::TimestampMs;
use ombud_explain::{ExplainJob, Explanation};
use ombud_store::CaseEvent;

/// Answers why models answered as they did. Both calls may block; [`Self::explain`] for as long as `explain.timeout_s` lets it, and it
/// ends early where the program stops.
pub trait ExplainDesk: Send + Sync {
    /// The questions that a case makes, one a decided task: with the strategies as the log has them now, by
    /// [`ombud_explain::jobs_of`].
    ///
    /// # Errors
    /// [`ExplainRefusal::NothingDecided`], or the log does not answer.
    fn jobs(
        &self,
        events: &[CaseEvent],
        as_of: Option<TimestampMs>,
    ) -> Result<Vec<ExplainJob>, ExplainRefusal>;

    /// The explanations of `jobs`, in their order.
    ///
    /// # Errors
    /// See [`ExplainRefusal`]; then none is explained.
    fn explain(&self, jobs: &[ExplainJob]) -> Result<Vec<Explanation>, ExplainRefusal>;
}

/// Why nothing is explained. Texts are for people, and never what a customer wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExplainRefusal {
    /// Nobody explains here.
    NotAvailable,
    /// Whoever explains has as many questions as it takes; to be asked again.
    Busy,
    /// Nothing was decided, or nothing until then.
    NothingDecided(String),
    /// The model's weights are gone: which, and where they were looked for.
    ModelGone(String),
    /// It can't be explained.
    Refused {
        /// A code that stays the same, such as `unknown-label`.
        code: String,
        /// What is wrong and what would be right.
        error: String,
    },
    /// Whoever explains, or the log, does not answer.
    Outage(String),
}
