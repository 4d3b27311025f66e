//! What happens to a shard and what it asks for: plain data on both sides.

use std::{collections::BTreeMap, sync::Arc};

use ombud_contract::records::{Prediction, RawComplaint, RoutedComplaint};

use crate::{limits::JoinLimits, position::Position};

/// What happens to a shard. The time comes beside it.
#[derive(Clone, Debug)]
pub enum Input {
    /// The next record of complaints.raw.
    Raw {
        /// Its offset.
        offset: i64,
        /// When the log appended it.
        appended_at: i64,
        /// What it says.
        body: Submission,
    },
    /// The next record of complaints.predictions; `None` where the bytes are none.
    Prediction {
        /// Its offset.
        offset: i64,
        /// What it says.
        body: Option<Box<Prediction>>,
    },
    /// The next record of complaints.routed, the shard's changelog.
    Routed {
        /// Its offset.
        offset: i64,
        /// When the log appended it.
        appended_at: i64,
        /// What it says.
        body: ChangelogRecord,
    },
    /// A log was delivered up to `next`: what lies behind its last record (markers, aborted records, what compaction took) is
    /// not for anyone to read.
    Gap {
        /// Which log.
        log: Log,
        /// The offset that is read next.
        next: i64,
    },
    /// The high watermark of complaints.predictions, read at or after `as_of`.
    PredictionsEnd {
        /// The offset that the next prediction gets.
        end: i64,
        /// A time before it was read.
        as_of: i64,
    },
    /// Time has passed.
    Tick,
    /// The route in flight is durable.
    RouteAcked {
        /// Whose route.
        complaint_id: Arc<str>,
        /// Where it lies in routed.
        offset: i64,
    },
    /// The route in flight failed, or was purged; it may have been appended all the same.
    RouteFailed {
        /// Whose route.
        complaint_id: Arc<str>,
    },
    /// The dead letter is durable.
    LetterAcked(Origin),
    /// The dead letter failed, or was purged.
    LetterFailed(Origin),
    /// The commit that was asked for last is durable.
    CommitAcked,
    /// The commit that was asked for last was refused, or nobody answered.
    CommitFailed,
    /// What the shard may hold from now on: its process has more shards than before, or fewer.
    Share(JoinLimits),
    /// The group gives the shard to another joiner: no more routes.
    Revoke,
}

/// The logs of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// complaints.raw.
    Raw,
    /// complaints.predictions.
    Predictions,
    /// complaints.routed.
    Routed,
}

/// A raw record, without its narrative: the joiner never needs it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The complaint.
    pub complaint_id: Arc<str>,
    /// Which content: `input_sha256`; of an unreadable record, the digest of its bytes.
    pub input: Arc<str>,
    /// What it asks for.
    pub kind: SubmissionKind,
    /// A backfill.
    pub bulk: bool,
    /// What a route copies.
    pub about: ComplaintDetails,
}

/// What a submission asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionKind {
    /// To be routed.
    Complaint,
    /// To be forgotten by its queue.
    Withdrawn,
    /// Nobody could read it.
    Unreadable,
}

/// What a route needs of its raw record beside the decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct ComplaintDetails {
    /// Business time.
    pub received_at: i64,
    /// How it came in.
    pub channel: String,
    /// BCP 47 tag.
    pub language: String,
    /// Pseudonym of the customer.
    pub customer_ref: Option<String>,
    /// The id in the sending system.
    pub external_ref: Option<String>,
    /// The product, where the CRM knows it.
    pub known_product: Option<String>,
    /// The company of the group that it is against.
    pub legal_entity: Option<String>,
    /// When a regulator sent it on.
    pub regulator_sent_at: Option<i64>,
    /// When the customer gave notice.
    pub notice_at: Option<i64>,
    /// What else the CRM said; of a route, what its clocks look at.
    pub attributes: BTreeMap<String, String>,
}

impl ComplaintDetails {
    /// As a route has copied it.
    pub(crate) fn of(record: &RoutedComplaint) -> Self {
        Self {
            received_at: record.received_at,
            channel: record.channel.clone(),
            language: record.language.clone(),
            customer_ref: record.customer_ref.clone(),
            external_ref: record.external_ref.clone(),
            known_product: record.known_product.clone(),
            legal_entity: record.legal_entity.clone(),
            regulator_sent_at: record.regulator_sent_at,
            notice_at: record.notice_at,
            attributes: record.clock_attributes.clone(),
        }
    }
}

impl Submission {
    /// A complaint that was decoded and is valid; `input` is its `input_sha256`.
    pub fn readable(complaint: &RawComplaint, input: String) -> Self {
        Self {
            complaint_id: complaint.complaint_id.as_str().into(),
            input: input.into(),
            kind: if complaint.withdrawn { SubmissionKind::Withdrawn } else { SubmissionKind::Complaint },
            bulk: complaint.bulk,
            about: ComplaintDetails {
                received_at: complaint.received_at,
                channel: complaint.channel.clone(),
                language: complaint.language.clone(),
                customer_ref: complaint.customer_ref.clone(),
                external_ref: complaint.external_ref.clone(),
                known_product: complaint.known_product.clone(),
                legal_entity: complaint.legal_entity.clone(),
                regulator_sent_at: complaint.regulator_sent_at,
                notice_at: complaint.notice_at,
                attributes: complaint.attributes.clone(),
            },
        }
    }

    /// A record that nobody can read; `digest` is that of its bytes.
    pub fn unreadable(complaint_id: &str, digest: &str, appended_at: i64) -> Self {
        Self {
            complaint_id: complaint_id.into(),
            input: digest.into(),
            kind: SubmissionKind::Unreadable,
            bulk: false,
            about: ComplaintDetails {
                received_at: appended_at,
                channel: "unknown".into(),
                language: "und".into(),
                customer_ref: None,
                external_ref: None,
                known_product: None,
                legal_entity: None,
                regulator_sent_at: None,
                notice_at: None,
                attributes: BTreeMap::new(),
            },
        }
    }
}

/// A record of the changelog.
#[derive(Clone, Debug)]
pub enum ChangelogRecord {
    /// A route.
    Route(Arc<RoutedComplaint>),
    /// A tombstone: the complaint was erased.
    Tombstone(Arc<str>),
    /// Nothing that a joiner wrote.
    Foreign,
}

/// The record that a dead letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An offset of complaints.raw.
    Raw(i64),
    /// An offset of complaints.predictions.
    Prediction(i64),
}

/// What a shard asks for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Append to routed; `None` is a tombstone. Answered by `RouteAcked` or `RouteFailed`.
    Route {
        /// The key.
        complaint_id: Arc<str>,
        /// The value.
        record: Option<Arc<RoutedComplaint>>,
    },
    /// Park the record with its original bytes. Answered by `LetterAcked` or `LetterFailed`.
    Letter(Origin),
    /// Store the position. Answered by `CommitAcked` or `CommitFailed`.
    Commit(Position),
    /// The shard is live: deliver raw and predictions from these offsets on.
    Start {
        /// Of complaints.raw.
        raw: i64,
        /// Of complaints.predictions.
        predictions: i64,
    },
    /// Deliver no raw records (`true`), or resume (`false`).
    PauseRaw(bool),
    /// Deliver predictions from this offset on; what was fetched and not delivered is void.
    SeekPredictions(i64),
    /// Read the high watermark of predictions. Answered by `PredictionsEnd`.
    AskPredictionsEnd,
}
