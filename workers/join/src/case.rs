//! One complaint as the joiner knows it: the round it is in, what has been decided, and what it holds.

use std::{collections::VecDeque, sync::Arc};

use ombud_contract::records::{Decision, Prediction, RoutedComplaint, Why};

use crate::{
    event::{About, Logged, Submission},
    revision,
    rules::Plan,
};

/// A submission with its place in the log.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) offset: i64,
    pub(crate) appended_at: i64,
    /// The shard's clock when it was read: by it the submission is numbered.
    pub(crate) clock: i64,
    pub(crate) what: Submission,
}

/// A deciding prediction, without what a route does not carry.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) offset: i64,
    pub(crate) raw_offset: i64,
    pub(crate) complaint_id: Arc<str>,
    pub(crate) input: String,
    pub(crate) decision: Decision,
}

/// Where an answer lies, and the raw record that it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerPlace {
    pub(crate) offset: i64,
    pub(crate) raw_offset: i64,
}

impl Answer {
    pub(crate) fn place(&self) -> AnswerPlace {
        AnswerPlace { offset: self.offset, raw_offset: self.raw_offset }
    }

    pub(crate) fn new(offset: i64, prediction: &Prediction) -> Self {
        Self {
            offset,
            raw_offset: prediction.raw_offset,
            complaint_id: prediction.complaint_id.as_str().into(),
            input: prediction.input_sha256.clone(),
            decision: Decision::from(prediction),
        }
    }
}

/// What came while it could not be taken on; it keeps its order.
#[derive(Clone, Debug)]
pub(crate) enum Waiting {
    Raw(Raw),
    Answer(Answer),
    Tail { offset: i64, appended_at: i64, body: Logged },
}

/// Where a case stands.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
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

/// The newest route of a case that is known to be durable.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) record: Arc<RoutedComplaint>,
    pub(crate) offset: i64,
}

/// One complaint in its newest round.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) input: Arc<str>,
    /// The raw record that began the round.
    pub(crate) raw_offset: i64,
    /// The greatest revision that is known of the complaint; 0 where none is.
    pub(crate) greatest: i64,
    /// The clock of the round's newest submission, until a route answers for it.
    pub(crate) submitted: Option<i64>,
    pub(crate) phase: Phase,
    pub(crate) about: About,
    pub(crate) plan: Plan,
    /// Decisions of this round, one a task, sorted by task; empty again once the case is closed complete.
    pub(crate) got: Vec<Decision>,
    /// Offsets that settle with the next acknowledgement.
    pub(crate) held_raw: Vec<i64>,
    pub(crate) held_answers: Vec<AnswerPlace>,
    pub(crate) pending: VecDeque<Waiting>,
    /// The newest durable route of this round.
    pub(crate) routed: Option<Last>,
    /// The newest durable route of the rounds before.
    pub(crate) before: Option<Last>,
}

impl Case {
    /// The newest durable route of the complaint.
    pub(crate) fn last(&self) -> Option<&Last> {
        self.routed.as_ref().or(self.before.as_ref())
    }

    /// When the log took its newest submission, as far as revisions say it.
    pub(crate) fn taken_at(&self) -> i64 {
        self.submitted.unwrap_or_else(|| revision::time(self.greatest))
    }

    pub(crate) fn is_decided(&self, task: &str) -> bool {
        let routed = || self.routed.iter().flat_map(|last| &last.record.decisions).any(|d| d.task == task);
        self.got.iter().any(|d| d.task == task) || routed()
    }

    pub(crate) fn expects(&self, task: &str) -> bool {
        self.plan.required.iter().any(|required| required == task)
    }

    pub(crate) fn missing(&self) -> Vec<String> {
        self.plan.required.iter().filter(|task| !self.got.iter().any(|d| d.task == **task)).cloned().collect()
    }

    /// Keeps one decision a task, sorted by task.
    pub(crate) fn decide(&mut self, decision: Decision) {
        match self.got.binary_search_by(|d| d.task.as_str().cmp(&decision.task)) {
            Ok(at) => self.got[at] = decision,
            Err(at) => self.got.insert(at, decision),
        }
    }

    /// A pending submission that `answer` is about.
    pub(crate) fn awaits(&self, answer: &Answer) -> bool {
        self.pending.iter().any(|waiting| match waiting {
            Waiting::Raw(raw) => raw.offset == answer.raw_offset && *raw.what.input == *answer.input,
            Waiting::Answer(_) | Waiting::Tail { .. } => false,
        })
    }

    pub(crate) fn has_pending_raw(&self) -> bool {
        self.pending.iter().any(|waiting| matches!(waiting, Waiting::Raw(_)))
    }

    /// Where routed has to be read again from, lest an amendment be lost: the partial route that waits for it.
    pub(crate) fn pin(&self) -> Option<i64> {
        let waits = matches!(self.phase, Phase::Closed { .. } | Phase::Emitting { .. });
        self.routed.as_ref().filter(|last| waits && !last.record.missing_tasks.is_empty()).map(|last| last.offset)
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// The first route of a later round says so, unless it has something more urgent to say.
    pub(crate) fn why_complete(&self) -> Why {
        if self.last().is_some() { Why::Resubmitted } else { Why::Complete }
    }
}
