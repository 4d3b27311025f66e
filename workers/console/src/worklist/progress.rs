//! How far the worklist is: for requests that have to see what they wrote, for readiness, and for whoever asks how old it is.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ombud_stream::TopicPartition;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::timeout};
use utoipa::ToSchema;

/// How far the worklist is behind its topics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorklistLag {
    /// It has been read to the end that its topics had when it began; before, items may be missing.
    pub is_complete: bool,
    /// Records that are not read yet, as far as is known.
    pub records: u64,
    /// For how long it has not known of something; null where nobody can say yet.
    #[schema(required)]
    pub seconds: Option<f64>,
}

/// Shared by what reads the worklist's topics and by what answers requests.
#[derive(Clone, Debug, Default)]
pub struct WorklistProgress(Arc<watch::Sender<ReadPositions>>);

#[derive(Debug, Default)]
struct ReadPositions {
    partitions: BTreeMap<TopicPartition, PartitionProgress>,
    is_complete: bool,
    /// Rises whenever the view is another.
    edition: u64,
}

/// Changes of the view, for one who waits for them.
pub(crate) struct WorklistChanges(watch::Receiver<ReadPositions>);

impl WorklistChanges {
    /// The edition of the view, once it is later than `known`; never, where nothing reads any more.
    pub(crate) async fn after(&mut self, known: u64) -> u64 {
        let later = self.0.wait_for(|read| read.edition > known).await.map(|read| read.edition);
        match later {
            Ok(edition) => edition,
            Err(_) => std::future::pending().await,
        }
    }
}

/// How far one partition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartitionProgress {
    /// Everything below is in the view.
    pub(super) next: i64,
    /// When the last record that was read was appended.
    pub(super) appended_at: Option<i64>,
    /// Where the partition ended, and when that was asked.
    pub(super) end: Option<(i64, i64)>,
}

impl PartitionProgress {
    fn records(&self) -> u64 {
        self.end.map_or(0, |(end, _)| (end - self.next).max(0).unsigned_abs())
    }

    /// Everything that was appended before this moment is in the view.
    fn known_until(&self) -> Option<i64> {
        let (end, asked_at) = self.end?;
        if self.next >= end { Some(asked_at) } else { self.appended_at.map(|at| at.min(asked_at)) }
    }
}

impl WorklistProgress {
    /// Waits until the view has what was appended at these places (partition and offset), for `most` at most. Whether it has.
    pub async fn wait_until(&self, places: &[(TopicPartition, i64)], most: Duration) -> bool {
        let mut changes = self.0.subscribe();
        let has_all = |read: &ReadPositions| {
            let has = |(partition, offset): &(TopicPartition, i64)| {
                read.partitions.get(partition).is_some_and(|progress| progress.next > *offset)
            };
            places.iter().all(has)
        };
        matches!(timeout(most, changes.wait_for(has_all)).await, Ok(Ok(_)))
    }

    /// A number that rises whenever the view is another.
    pub(crate) fn edition(&self) -> u64 {
        self.0.borrow().edition
    }

    /// Says when the view is another.
    pub(crate) fn changes(&self) -> WorklistChanges {
        WorklistChanges(self.0.subscribe())
    }

    /// How far it is behind at `now`.
    pub fn lag(&self, now: i64) -> WorklistLag {
        let read = self.0.borrow();
        let until = read.partitions.values().map(PartitionProgress::known_until);
        // Of the one that is furthest behind; an empty list says nothing.
        let oldest = until.collect::<Option<Vec<i64>>>().and_then(|until| until.into_iter().min());
        WorklistLag {
            is_complete: read.is_complete,
            records: read.partitions.values().map(PartitionProgress::records).sum(),
            seconds: oldest.map(|until| (now - until).max(0) as f64 / 1_000.0),
        }
    }

    /// What is read, with its end.
    pub(super) fn partitions(&self) -> Vec<TopicPartition> {
        self.0.borrow().partitions.keys().cloned().collect()
    }

    /// Begins with these positions; nothing else is read.
    pub(super) fn begin(&self, partitions: impl IntoIterator<Item = (TopicPartition, PartitionProgress)>) {
        let partitions = partitions.into_iter().collect();
        self.0.send_modify(|read| {
            *read = ReadPositions { partitions, is_complete: false, edition: read.edition + 1 };
        });
    }

    /// The view has come to the ends of when it began.
    pub(super) fn complete(&self) {
        self.0.send_modify(|read| read.is_complete = true);
    }

    /// The view has this much more.
    pub(crate) fn advance(&self, read_now: impl IntoIterator<Item = (TopicPartition, PartitionProgress)>) {
        self.0.send_modify(|read| {
            read.edition += 1;
            for (partition, now) in read_now {
                let progress = read.partitions.entry(partition).or_default();
                progress.next = now.next;
                progress.appended_at = now.appended_at.or(progress.appended_at);
                progress.end = now.end.or(progress.end);
            }
        });
    }

    /// `partition` ended at `end` when that was asked, `asked_at`.
    pub(super) fn ended(&self, partition: &TopicPartition, end: i64, asked_at: i64) {
        // Nobody waits for this.
        self.0.send_if_modified(|read| {
            if let Some(progress) = read.partitions.get_mut(partition) {
                progress.end = Some((end, asked_at));
            }
            false
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(
        next: i64,
        appended_at: Option<i64>,
        end: Option<(i64, i64)>,
    ) -> (TopicPartition, PartitionProgress) {
        (TopicPartition::new("t", 0), PartitionProgress { next, appended_at, end })
    }

    #[tokio::test]
    async fn a_request_waits_until_its_own_record_is_in_the_view_and_not_for_ever() {
        let (progress, place) = (WorklistProgress::default(), [(TopicPartition::new("t", 0), 7)]);
        progress.begin([at(7, None, None)]);
        assert!(!progress.wait_until(&place, Duration::ZERO).await);
        let writer = progress.clone();
        let (waited, ()) = tokio::join!(progress.wait_until(&place, Duration::from_secs(60)), async {
            writer.advance([at(8, Some(1), None)]);
        });
        assert!(waited);
        assert!(progress.wait_until(&[], Duration::ZERO).await, "nothing was written");
        let elsewhere = [(TopicPartition::new("t", 1), 0)];
        assert!(!progress.wait_until(&elsewhere, Duration::ZERO).await, "nobody reads it yet");
    }

    #[test]
    fn the_view_is_as_old_as_what_it_has_read_last_where_more_lies_there() {
        let progress = WorklistProgress::default();
        assert_eq!(progress.lag(9_000).seconds, None);
        progress.begin([at(3, None, Some((5, 1_000)))]);
        assert_eq!(progress.lag(9_000), WorklistLag { is_complete: false, records: 2, seconds: None });
        progress.advance([at(4, Some(500), None)]);
        assert_eq!(progress.lag(9_000), WorklistLag { is_complete: false, records: 1, seconds: Some(8.5) });
        progress.advance([at(5, Some(700), None)]);
        progress.complete();
        // What was there when the end was asked for is read.
        assert_eq!(progress.lag(9_000), WorklistLag { is_complete: true, records: 0, seconds: Some(8.0) });
        progress.ended(&TopicPartition::new("t", 0), 5, 8_900);
        assert_eq!(progress.lag(9_000).seconds, Some(0.1));
    }
}
