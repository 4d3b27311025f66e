//! One stretch of one partition, record by record, in bounded memory. Offsets are positions, not counts: transactions,
//! retention and compaction leave gaps that no reader is given.

use std::time::Duration;

use anyhow::{Result, ensure};
use ombud_stream::{Reader, Record, Stretch, TopicPartition};

/// How long to wait for what is known to be there.
const ON_ITS_WAY: Duration = Duration::from_secs(10);

/// What lies from `from` on, below an end that is known.
///
/// # Errors
/// The log can't be read, or nothing comes.
pub(crate) fn onward(reader: &mut impl Reader, partition: &TopicPartition, from: i64) -> Result<Stretch> {
    let stretch = reader.fetch(partition, from, ON_ITS_WAY)?;
    ensure!(
        stretch.next > from,
        "read {partition} past {from}: the log holds more, and nothing came for {ON_ITS_WAY:?}; try again when the brokers \
         answer"
    );
    Ok(stretch)
}

/// Shows `each` record of `partition` from offset `from` up to `to`, which is not included, and returns how many there
/// were.
///
/// # Errors
/// The log can't be read up to there, or `each` fails.
pub(crate) fn scan(
    reader: &mut impl Reader,
    partition: &TopicPartition,
    mut from: i64,
    to: i64,
    mut each: impl FnMut(Record) -> Result<()>,
) -> Result<u64> {
    let mut seen = 0;
    while from < to {
        let stretch = onward(reader, partition, from)?;
        from = stretch.next;
        for record in stretch.records.into_iter().filter(|record| record.offset < to) {
            seen += 1;
            each(record)?;
        }
    }
    Ok(seen)
}

/// The offset from which on there are `count` records below `end`, or all there are.
///
/// # Errors
/// The log can't be read.
pub(crate) fn newest(
    reader: &mut impl Reader,
    partition: &TopicPartition,
    end: i64,
    count: usize,
) -> Result<i64> {
    let first = reader.offset_at(partition, i64::MIN)?;
    let (mut to, mut missing) = (end, count);
    let mut reach = i64::try_from(count).unwrap_or(i64::MAX);
    if reach >= end.saturating_sub(first) {
        return Ok(first);
    }
    // Back by ever longer steps, until enough records lie behind.
    while missing > 0 && to > first {
        let from = to.saturating_sub(reach).max(first);
        let mut offsets = Vec::new();
        scan(reader, partition, from, to, |record| {
            offsets.push(record.offset);
            Ok(())
        })?;
        if let Some(place) = offsets.len().checked_sub(missing) {
            return Ok(offsets[place]);
        }
        missing -= offsets.len();
        (to, reach) = (from, reach.saturating_mul(2));
    }
    Ok(to)
}

#[cfg(test)]
pub(crate) mod tests {
    use ombud_stream::Outage;

    use super::*;

    /// A partition that retention and compaction have left gaps in; gives two records at a time.
    pub(crate) struct Partition(pub(crate) Vec<Record>);

    impl Reader for Partition {
        fn fetch(&mut self, _: &TopicPartition, from: i64, _: Duration) -> Result<Stretch, Outage> {
            let wanted = self.0.iter().filter(|record| record.offset >= from);
            let records: Vec<Record> = wanted.take(2).cloned().collect();
            let next = records.last().map_or(from, |last| last.offset + 1);
            Ok(Stretch { records, next })
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
    fn a_record_that_can_not_be_used_ends_the_scan() {
        let mut reader = Partition(vec![record(0, 0, 1), record(0, 1, 1)]);
        let mut shown = 0;
        let scanned = scan(&mut reader, &TopicPartition::new("complaints.raw", 0), 0, 2, |_| {
            shown += 1;
            anyhow::bail!("print it")
        });
        assert_eq!((scanned.is_err(), shown), (true, 1));
    }

    /// A log that begins at 3, holds records at these offsets, and ends at 20 with nothing that can be read.
    struct Gaps(&'static [i64]);

    const FIRST: i64 = 3;
    const END: i64 = 20;

    impl Reader for Gaps {
        fn fetch(&mut self, partition: &TopicPartition, from: i64, _: Duration) -> Result<Stretch, Outage> {
            let Some(offset) = self.0.iter().copied().find(|offset| *offset >= from) else {
                return Ok(Stretch { records: Vec::new(), next: END });
            };
            let (source, headers) = (partition.clone(), Vec::new());
            let record =
                Record { source, offset, appended_at: 0, key: None, value: None, headers, original: None };
            Ok(Stretch { records: vec![record], next: offset + 1 })
        }

        fn end(&mut self, _: &TopicPartition) -> Result<i64, Outage> {
            Ok(END)
        }

        fn offset_at(&mut self, _: &TopicPartition, _: i64) -> Result<i64, Outage> {
            Ok(FIRST)
        }
    }

    fn partition() -> TopicPartition {
        TopicPartition::new("t", 0)
    }

    #[test]
    fn a_scan_ends_at_the_end_also_behind_what_nobody_is_given() {
        let mut offsets = Vec::new();
        let seen = scan(&mut Gaps(&[4, 5, 9]), &partition(), 0, END, |record| {
            offsets.push(record.offset);
            Ok(())
        });
        assert_eq!((seen.unwrap(), offsets), (3, vec![4, 5, 9]));
        assert_eq!(scan(&mut Gaps(&[4, 5, 9]), &partition(), 5, 9, |_| Ok(())).unwrap(), 1);
    }

    #[test]
    fn the_newest_records_are_counted_and_not_their_offsets() {
        for (count, from) in [(0, 20), (1, 9), (2, 5), (3, 4), (4, 3), (100, 3), (usize::MAX, 3)] {
            let found = newest(&mut Gaps(&[4, 5, 9]), &partition(), END, count).unwrap();
            assert_eq!(found, from, "of {count}");
        }
        assert_eq!(newest(&mut Gaps(&[]), &partition(), END, 2).unwrap(), 3);
    }

    #[test]
    fn a_log_that_gives_nothing_is_an_error_and_no_end() {
        struct Silent;
        impl Reader for Silent {
            fn fetch(&mut self, _: &TopicPartition, from: i64, _: Duration) -> Result<Stretch, Outage> {
                Ok(Stretch { records: Vec::new(), next: from })
            }

            fn end(&mut self, _: &TopicPartition) -> Result<i64, Outage> {
                Ok(1)
            }

            fn offset_at(&mut self, _: &TopicPartition, _: i64) -> Result<i64, Outage> {
                Ok(0)
            }
        }
        let error = scan(&mut Silent, &partition(), 0, 1, |_| Ok(())).unwrap_err().to_string();
        assert!(error.starts_with("read t[0] past 0"), "{error}");
    }
}
