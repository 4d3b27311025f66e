//! Rules broken on purpose, one at a time, to show that the simulation would notice. Not in a production build.

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// What a case holds settles when its route is sent, not when it is acknowledged.
    SettleBeforeAcknowledged,
    /// A deadline does not wait for predictions that are in the log.
    IgnoreBarrier,
    /// The next owner reads routed from its end, not from rl.
    ForgetRl,
    /// A prediction that there was no room for settles.
    SettleDropped,
    /// Each route of a round has the same revision.
    SameRevision,
    /// Revisions rise with the offset, as they did before partitions were compared.
    RevisionByOffset,
    /// A submission is numbered by its time, whatever the complaint has had.
    RevisionByTimeAlone,
    /// What repeats a closed round settles without a route.
    RepeatUnrouted,
    /// A task that was decided is decided again.
    DecideTwice,
    /// Routes are written without a lease.
    NoLease,
    /// A new owner keeps the epoch of the old one.
    SameEpoch,
    /// A missing vulnerability answer reads as no.
    MissingIsNotVulnerable,
    /// Deadlines count from when a record is read.
    DeadlineFromReading,
    /// A late answer settles without an amendment.
    NoAmendment,
    /// A conflicting record of another joiner stands.
    NoReconciliation,
    /// A route after a tombstone stands.
    NoSecondTombstone,
    /// Answers to a submission that waits for an acknowledgement settle.
    DropPendingAnswers,
    /// A new owner reads predictions from their end.
    SkipPredictions,
    /// An unreadable record settles without a route.
    UnreadableUnrouted,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::SettleBeforeAcknowledged,
        Self::IgnoreBarrier,
        Self::ForgetRl,
        Self::SettleDropped,
        Self::SameRevision,
        Self::RevisionByOffset,
        Self::RevisionByTimeAlone,
        Self::RepeatUnrouted,
        Self::DecideTwice,
        Self::NoLease,
        Self::SameEpoch,
        Self::MissingIsNotVulnerable,
        Self::DeadlineFromReading,
        Self::NoAmendment,
        Self::NoReconciliation,
        Self::NoSecondTombstone,
        Self::DropPendingAnswers,
        Self::SkipPredictions,
        Self::UnreadableUnrouted,
    ];
}
