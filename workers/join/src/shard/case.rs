//! One complaint as the joiner knows it: the round it is in, what has been decided, and what it holds.

use std::{collections::VecDeque, sync::Arc};

use ombud_contract::records::{Decision, Prediction, RoutedComplaint, Why};

use crate::{
    event::{ChangelogRecord, ComplaintDetails, Submission},
    revision,
    rules::Plan,
};

/// A submission with its place in the log.
#[derive(Clone, Debug)]
pub(super) struct RawSubmission {
    pub(super) offset: i64,
    pub(super) appended_at: i64,
    /// The shard's clock when it was read: by it the submission is numbered.
    pub(super) clock: i64,
    pub(super) what: Submission,
}

/// A deciding prediction, without what a route does not carry.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) offset: i64,
    pub(super) raw_offset: i64,
    pub(super) complaint_id: Arc<str>,
    pub(super) input: String,
    pub(super) decision: Decision,
}

/// Where an answer lies, and the raw record that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerPlace {
    pub(super) offset: i64,
    pub(super) raw_offset: i64,
}

impl Answer {
    pub(super) fn place(&self) -> AnswerPlace {
        AnswerPlace { offset: self.offset, raw_offset: self.raw_offset }
    }

    pub(super) fn new(offset: i64, prediction: &Prediction) -> Self {
        Self {
            offset,
            raw_offset: prediction.raw_offset,
            complaint_id: prediction.complaint_id.as_str().into(),
            input: prediction.input_sha256.clone(),
            decision: Decision::from(prediction),
        }
    }
}

/// What has to wait for an acknowledgement; it keeps its order.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    Raw(RawSubmission),
    Answer(Answer),
    Changelog { offset: i64, appended_at: i64, body: ChangelogRecord },
}

/// What a case waits for.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Waits for predictions.
    Open {
        /// When it is routed without them.
        deadline: i64,
        /// The high watermark of predictions when the deadline had passed: none below may be unread.
        barrier: Option<i64>,
    },
    /// A record is on its way to routed.
    Emitting {
        /// The same bytes on every attempt.
        record: Arc<RoutedComplaint>,
        /// With the producer, rather than waiting for the lease or for another attempt.
        in_flight: bool,
    },
    /// Routed; remembered until this time.
    Closed {
        /// Milliseconds since the Unix epoch.
        until: i64,
    },
}

/// A route that is known to be durable, and where it lies in routed.
#[derive(Clone, Debug)]
pub(super) struct DurableRoute {
    pub(super) record: Arc<RoutedComplaint>,
    pub(super) offset: i64,
}

/// One complaint in its newest round.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) input: Arc<str>,
    /// The raw record that began the round.
    pub(super) raw_offset: i64,
    /// The greatest revision that is known of the complaint; 0 where none is.
    pub(super) greatest: i64,
    /// The clock of the round's newest submission, until a route answers for it.
    pub(super) submitted: Option<i64>,
    pub(super) phase: Phase,
    pub(super) about: ComplaintDetails,
    pub(super) plan: Plan,
    /// Decisions of this round, one a task, sorted by task; empty again once the case is closed complete.
    pub(super) decisions: Vec<Decision>,
    /// Offsets that settle with the next acknowledgement.
    pub(super) unsettled_raw: Vec<i64>,
    pub(super) unsettled_answers: Vec<AnswerPlace>,
    pub(super) pending: VecDeque<Pending>,
    /// The newest durable route of this round.
    pub(super) routed: Option<DurableRoute>,
    /// The newest durable route of the rounds before.
    pub(super) before: Option<DurableRoute>,
}

impl Case {
    /// The newest durable route of the complaint.
    pub(super) fn newest(&self) -> Option<&DurableRoute> {
        self.routed.as_ref().or(self.before.as_ref())
    }

    /// When the log took its newest submission, as far as revisions say it.
    pub(super) fn taken_at(&self) -> i64 {
        self.submitted.unwrap_or_else(|| revision::time(self.greatest))
    }

    pub(super) fn is_decided(&self, task: &str) -> bool {
        let routed = || self.routed.iter().flat_map(|last| &last.record.decisions).any(|d| d.task == task);
        self.decisions.iter().any(|d| d.task == task) || routed()
    }

    pub(super) fn expects(&self, task: &str) -> bool {
        self.plan.required.iter().any(|required| required == task)
    }

    pub(super) fn missing(&self) -> Vec<String> {
        self.plan
            .required
            .iter()
            .filter(|task| !self.decisions.iter().any(|d| d.task == **task))
            .cloned()
            .collect()
    }

    /// Keeps one decision a task, sorted by task.
    pub(super) fn decide(&mut self, decision: Decision) {
        match self.decisions.binary_search_by(|d| d.task.as_str().cmp(&decision.task)) {
            Ok(at) => self.decisions[at] = decision,
            Err(at) => self.decisions.insert(at, decision),
        }
    }

    /// A pending submission that `answer` is about.
    pub(super) fn awaits(&self, answer: &Answer) -> bool {
        self.pending.iter().any(|item| match item {
            Pending::Raw(raw) => raw.offset == answer.raw_offset && *raw.what.input == *answer.input,
            Pending::Answer(_) | Pending::Changelog { .. } => false,
        })
    }

    pub(super) fn has_pending_raw(&self) -> bool {
        self.pending.iter().any(|item| matches!(item, Pending::Raw(_)))
    }

    /// Where routed has to be read again from, or an amendment would be lost: the partial route that waits for it.
    pub(super) fn pin(&self) -> Option<i64> {
        let waits = matches!(self.phase, Phase::Closed { .. } | Phase::Emitting { .. });
        self.routed
            .as_ref()
            .filter(|last| waits && !last.record.missing_tasks.is_empty())
            .map(|last| last.offset)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// The first route of a later round says so, unless it has something more urgent to say.
    pub(super) fn why_complete(&self) -> Why {
        if self.newest().is_some() { Why::Resubmitted } else { Why::Complete }
    }
}
