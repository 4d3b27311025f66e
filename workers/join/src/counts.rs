//! What a shard has done so far: the loop turns it into metrics, the simulation checks that all of it occurs.

use ombud_contract::records::Why;

macro_rules! counts {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// How often each thing has happened since the shard was taken on.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts { $($(#[$doc])+ pub $name: u64,)+ }

        impl Counts {
            /// Every count by name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }

            /// Adds the counts of another shard.
            pub fn add(&mut self, other: &Self) { $(self.$name += other.$name;)+ }

            /// What has happened since `before`.
            pub fn since(&self, before: &Self) -> Self {
                Self { $($name: self.$name - before.$name,)+ }
            }
        }
    };
}

counts! {
    /// Routes decided because every task had answered.
    complete,
    /// Routes decided because the deadline had passed.
    deadline,
    /// Routes decided because a late answer came.
    amended,
    /// First routes of a later round, complete; and those of a repetition.
    resubmitted,
    /// Routes that correct what another joiner wrote.
    reconciled,
    /// Routes of records that nobody could read.
    unreadable,
    /// Routes of complaints that were taken back.
    withdrawn,
    /// Tombstones written because a route had followed one.
    erased_again,
    /// Routes tried again after a failure.
    retried,
    /// Raw records that repeat the content of the round; those that come later than its route are routed as it was.
    duplicate_raw,
    /// Raw records that a newer one made void.
    superseded_raw,
    /// Raw records that had to wait for an acknowledgement.
    pending_raw,
    /// Predictions of no known round.
    late_unknown,
    /// Predictions of a task that was decided already, or that nobody waits for.
    duplicate_answer,
    /// Predictions that do not decide: shadows, and roles of newer workers.
    watched_answer,
    /// Predictions that had to wait for an acknowledgement.
    pending_answer,
    /// Predictions that came before their raw record was read.
    early,
    /// Predictions that had no room to wait, and are read again.
    early_dropped,
    /// Times that predictions were read again.
    seek_back,
    /// Deadlines that fired with predictions unread, at the hard cap.
    hard_capped,
    /// Records of other joiners taken over as if folded.
    adopted,
    /// Routes of other joiners that came after the complaint was forgotten: a greater one may lie before.
    late_forgotten,
    /// Conflicts found while folding the changelog.
    repairs,
    /// Times that the shard wrote nothing because its lease had run out, or a newer owner had written.
    unleased,
    /// Times that raw was paused.
    paused,
    /// Closed cases forgotten by age.
    expired,
    /// Closed cases forgotten for room.
    evicted,
    /// Rounds that have used up their revisions.
    exhausted,
    /// Records of the changelog that no joiner wrote.
    foreign,
    /// Bulk complaints whose wait resumes where it was before a restart.
    marked,
}

impl Counts {
    pub(crate) fn route(&mut self, why: Why) {
        match why {
            Why::Complete | Why::Other => self.complete += 1,
            Why::Deadline => self.deadline += 1,
            Why::Amended => self.amended += 1,
            Why::Resubmitted => self.resubmitted += 1,
            Why::Reconciled => self.reconciled += 1,
            Why::Unreadable => self.unreadable += 1,
            Why::Withdrawn => self.withdrawn += 1,
        }
    }
}
