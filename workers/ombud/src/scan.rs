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

#[cfg(test)]
pub(crate) mod tests {
    use ombud_stream::Outage;

    use super::*;

    /// A partition that retention and compaction have left gaps in; gives two records at a time.
    pub(crate) struct Partition(pub(crate) Vec<Record>);

    impl Reader for Partition {
        fn fetch(&mut self, _: &TopicPartition, from: i64, _: Duration) -> Result<Vec<Record>, Outage> {
            Ok(self.0.iter().filter(|record| record.offset >= from).take(2).cloned().collect())
        }

        fn end(&mut self, _: &TopicPartition) -> Result<i64, Outage> {
            Ok(self.0.last().map_or(0, |last| last.offset + 1))
        }

        fn offset_at(&mut self, partition: &TopicPartition, time_ms: i64) -> Result<i64, Outage> {
            let found =
                self.0.iter().find(|record| record.appended_at >= time_ms).map(|record| record.offset);
            found.map_or_else(|| self.end(partition), Ok)
        }
    }

    /// A record without content.
    pub(crate) fn record(partition: i32, offset: i64, appended_at: i64) -> Record {
        let source = TopicPartition::new("complaints.raw", partition);
        Record { source, offset, appended_at, key: None, value: None, headers: Vec::new(), original: None }
    }

    fn scanned(offsets: &[i64], from: i64, to: i64) -> (Vec<i64>, u64) {
        let mut reader = Partition(offsets.iter().map(|offset| record(0, *offset, 1)).collect());
        let mut shown = Vec::new();
        let counted = scan(&mut reader, &TopicPartition::new("complaints.raw", 0), from, to, |record| {
            shown.push(record.offset);
            Ok(())
        });
        (shown, counted.unwrap())
    }

    #[test]
    fn a_stretch_has_its_first_offset_and_not_its_last() {
        for (from, to, shown) in [
            (0, 5, vec![0, 1, 2, 3, 4]),
            (1, 4, vec![1, 2, 3]),
            (2, 3, vec![2]),
            (3, 3, vec![]),
            (4, 2, vec![]),
        ] {
            let count = shown.len() as u64;
            assert_eq!(scanned(&[0, 1, 2, 3, 4], from, to), (shown, count), "{from} to {to}");
        }
    }

    #[test]
    fn gaps_are_passed_over_and_what_lies_in_them_is_not_counted() {
        assert_eq!(scanned(&[2, 3, 7, 9, 20], 0, 10), (vec![2, 3, 7, 9], 4));
    }

    #[test]
    fn a_stretch_whose_end_was_dropped_since_ends_with_what_is_there() {
        assert_eq!(scanned(&[0, 1], 0, 10), (vec![0, 1], 2));
    }

    #[test]
    fn a_record_that_can_not_be_used_ends_the_scan() {
        let mut reader = Partition(vec![record(0, 0, 1), record(0, 1, 1)]);
        let mut shown = 0;
        let scanned = scan(&mut reader, &TopicPartition::new("complaints.raw", 0), 0, 2, |_| {
            shown += 1;
            anyhow::bail!("print it")
        });
        assert_eq!((scanned.is_err(), shown), (true, 1));
    }
}
