//! The partitions of a list, in both the forms that it has had.

use scylla::{statement::prepared::PreparedStatement, value::CqlValue};

use super::bucket::BUCKETS;

/// A list in its two forms: in buckets, which is how it is written, and as it was written before there were any.
pub(crate) struct BothForms {
    pub(super) bucketed: PreparedStatement,
    pub(super) before: PreparedStatement,
}

/// One partition of a list.
pub(crate) struct Part<'a> {
    pub(crate) query: &'a PreparedStatement,
    pub(crate) key: Vec<CqlValue>,
}

impl BothForms {
    /// Every partition of the list that `key` names; a row that lies in both forms is the bucket's.
    pub(crate) fn parts(&self, key: &[CqlValue]) -> Vec<Part<'_>> {
        let within = |bucket| key.iter().cloned().chain([CqlValue::TinyInt(bucket)]).collect::<Vec<_>>();
        let buckets = (0..BUCKETS).map(|bucket| Part { query: &self.bucketed, key: within(bucket) });
        buckets.chain([Part { query: &self.before, key: key.to_vec() }]).collect()
    }
}
