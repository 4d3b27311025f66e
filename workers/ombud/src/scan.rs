//! One stretch of one partition, record by record, in bounded memory.

use std::time::Duration;

use anyhow::Result;
use ombud_stream::{Reader, Record, TopicPartition};

/// How long to wait for a record that is known to be there.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Shows `each` record of `partition` from offset `from` up to `to`, which is not included, and tells how many there
/// were: retention and compaction leave gaps.
pub(crate) fn scan(
    reader: &mut impl Reader,
    partition: &TopicPartition,
    mut from: i64,
    to: i64,
    mut each: impl FnMut(Record) -> Result<()>,
) -> Result<u64> {
    let mut seen = 0;
    while from < to {
        let fetched = reader.fetch(partition, from, ON_ITS_WAY)?;
        // What was left may have been dropped by age since the end was asked for.
        let Some(last) = fetched.last() else { break };
        from = last.offset + 1;
        for record in fetched.into_iter().filter(|record| record.offset < to) {
            seen += 1;
            each(record)?;
        }
    }
    Ok(seen)
}
