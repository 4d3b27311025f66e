//! What the archive has read and not kept yet: the records that wait, and those whose rows wait for the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ombud_launch::telemetry::Hop;
use ombud_store::{KnownSubmission, Place, Row};
use ombud_stream::{Record, TopicPartition};

use crate::pace::Pace;

/// What was known of a case before what is filed, and where that puts it.
#[derive(Default)]
pub(crate) struct CaseState {
    pub(crate) submissions: Vec<KnownSubmission>,
    pub(crate) places: Vec<Place>,
}

/// A record with the rows that it leaves.
pub(crate) struct FiledRecord {
    pub(crate) record: Record,
    pub(crate) hop: Hop,
    rows: Vec<Row>,
}

/// The records of a batch, in the order in which they came.
pub(crate) struct Pending {
    waiting: VecDeque<Record>,
    /// They came before those that wait.
    filed: VecDeque<FiledRecord>,
    /// The cases of the routes among what is filed, by complaint.
    pub(crate) cases: BTreeMap<String, CaseState>,
    /// Cases that are looked for at once.
    pub(crate) reads: Pace,
    /// Records whose rows are written at once.
    writes: Pace,
}

impl Pending {
    /// Looks for the cases and writes the rows of up to `most_at_once` records at once.
    pub(crate) fn new(most_at_once: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            filed: VecDeque::new(),
            cases: BTreeMap::new(),
            reads: Pace::rising_to(most_at_once),
            writes: Pace::of(most_at_once),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.filed.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn has_filed(&self) -> bool {
        !self.filed.is_empty()
    }

    pub(crate) fn read(&mut self, record: Record) {
        self.waiting.push_back(record);
    }

    pub(crate) fn next_waiting(&mut self) -> Option<Record> {
        self.waiting.pop_front()
    }

    pub(crate) fn put_back(&mut self, record: Record) {
        self.waiting.push_front(record);
    }

    /// `complaint_id`, and those of the next records of `topic` that wait and whose cases nobody has looked for: as many as are
    /// looked for at once. They are the keys of their records; where one is not, its case is looked for alone.
    pub(crate) fn unknown_cases(&self, complaint_id: &str, topic: &str) -> Vec<String> {
        let mut ids = BTreeSet::from([complaint_id]);
        let mut ahead = self.waiting.iter().filter(|record| *record.source.topic == *topic);
        while ids.len() < self.reads.at_once()
            && let Some(record) = ahead.next()
        {
            let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
            ids.extend(key.filter(|id| !id.is_empty() && !self.cases.contains_key(*id)));
        }
        ids.into_iter().map(str::to_owned).collect()
    }

    pub(crate) fn file(&mut self, record: Record, rows: Vec<Row>, hop: Hop) {
        self.filed.push_back(FiledRecord { record, hop, rows });
    }

    /// The rows to write next: their number by record, and all of them.
    pub(crate) fn take_rows(&mut self) -> (Vec<usize>, Vec<Row>) {
        let mut rows = Vec::new();
        let next = self.filed.iter_mut().take(self.writes.at_once());
        let lens = next.map(|filed| {
            let len = filed.rows.len();
            rows.append(&mut filed.rows);
            len
        });
        (lens.collect(), rows)
    }

    /// The rows that were taken were not written: they are the next ones again, one record's at once.
    pub(crate) fn give_back(&mut self, lens: &[usize], rows: Vec<Row>) {
        let mut rows = rows.into_iter();
        for (filed, len) in self.filed.iter_mut().zip(lens) {
            filed.rows = rows.by_ref().take(*len).collect();
        }
        self.writes.failed();
    }

    /// The rows of the first `records` are in the store; gives those records. `quickly`: twice as many may be written
    /// at once.
    pub(crate) fn written(&mut self, records: usize, quickly: bool) -> impl Iterator<Item = FiledRecord> {
        self.writes.managed(quickly);
        self.filed.drain(..records)
    }

    /// Partitions that were revoked: what is pending of them is read again by their next owner.
    pub(crate) fn forget(&mut self, partitions: &[TopicPartition]) {
        self.waiting.retain(|record| !partitions.contains(&record.source));
        self.filed.retain(|filed| !partitions.contains(&filed.record.source));
    }
}

#[cfg(test)]
mod tests {
    use ombud_store::CustomerCase;

    use super::*;

    fn record(partition: i32, offset: i64) -> Record {
        Record {
            source: TopicPartition::new("t", partition),
            offset,
            appended_at: 0,
            key: None,
            value: None,
            headers: Vec::new(),
            original: None,
        }
    }

    fn row(offset: i64) -> Row {
        let complaint_id = offset.to_string();
        Row::CustomerCase(CustomerCase { customer_ref: "r".into(), received_at: offset, complaint_id })
    }

    /// Four records; that of offset n has n rows.
    fn pending() -> Pending {
        let mut pending = Pending::new(4);
        for offset in 0..4 {
            let rows = (0..offset).map(|_| row(offset)).collect();
            pending.file(record((offset % 2) as i32, offset), rows, Hop::default());
        }
        pending
    }

    fn offsets(written: impl Iterator<Item = FiledRecord>) -> Vec<i64> {
        written.map(|filed| filed.record.offset).collect()
    }

    #[test]
    fn rows_that_were_not_written_come_again_fewer_at_once_and_then_more() {
        let mut pending = pending();
        let (lens, rows) = pending.take_rows();
        assert_eq!((lens.as_slice(), rows.len()), (&[0, 1, 2, 3][..], 6));
        pending.give_back(&lens, rows);
        assert_eq!(pending.take_rows().0, [0], "one");
        assert_eq!(offsets(pending.written(1, true)), [0]);
        let (lens, rows) = pending.take_rows();
        assert_eq!((lens.as_slice(), &rows[..]), (&[1, 2][..], &[row(1), row(2), row(2)][..]));
        assert_eq!(offsets(pending.written(2, false)), [1, 2]);
        assert_eq!((pending.writes.at_once(), pending.len()), (2, 1), "it was not quick");
    }

    #[test]
    fn cases_are_looked_for_as_many_at_once_as_the_store_manages_and_each_once() {
        let mut pending = Pending::new(4);
        let keyed = |topic: &str, key: &'static [u8]| Record {
            source: TopicPartition::new(topic, 0),
            key: Some(key.into()),
            ..record(0, 0)
        };
        for key in [b"b", b"c", b"c", b"\xff", b"", b"d", b"e", b"f"] as [&[u8]; 8] {
            pending.read(keyed("routed", key));
        }
        pending.read(keyed("raw", b"g"));
        pending.cases.insert("d".into(), CaseState::default());
        assert_eq!(pending.unknown_cases("a", "routed"), ["a"]);
        pending.reads.managed(true);
        pending.reads.managed(true);
        assert_eq!(pending.unknown_cases("a", "routed"), ["a", "b", "c", "e"]);
        pending.reads.failed();
        assert_eq!(pending.unknown_cases("a", "routed"), ["a"]);
    }

    #[test]
    fn nothing_stays_pending_of_partitions_that_were_revoked() {
        let mut pending = pending();
        for partition in [0, 1] {
            pending.read(record(partition, 9));
        }
        pending.forget(&[TopicPartition::new("t", 1)]);
        assert_eq!(pending.take_rows().0, [0, 2]);
        assert_eq!(offsets(pending.written(2, true)), [0, 2]);
        assert_eq!(pending.next_waiting().map(|record| record.source.partition), Some(0));
        assert!(pending.is_empty());
    }
}
