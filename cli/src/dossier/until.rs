//! Which events of a case had been appended by some time: by the log's clock where the log still has them, else by the time that the
//! event itself names.
//!
//! A verdict may reach us weeks after it was given, so its own time does not say what was known then.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use ombud_store::{CaseEvent, Kind};
use ombud_stream::{Reader, TopicPartition};

/// How long one record that is there is waited for.
const RECORD_TIMEOUT: Duration = Duration::from_secs(2);

/// Those of `events` that had been appended by `as_of`. Of other topics than those whose names begin with `prefix` nothing is
/// read: a case may be older than its log.
pub(super) fn appended_until(
    events: Vec<CaseEvent>,
    as_of: i64,
    prefix: &str,
    reader: &mut impl Reader,
) -> Result<Vec<CaseEvent>> {
    let mut bounds = BTreeMap::new();
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        // What it names as its time lies before it was appended; of a submission that is the customer's time.
        if event.at > as_of && event.kind != Kind::Raw {
            continue;
        }
        let place = place_of(&event.origin).filter(|(partition, _)| partition.topic.starts_with(prefix));
        let appended_at = match place {
            Some((partition, offset)) => appended_at(&partition, offset, &mut bounds, reader)?,
            None => None,
        };
        if appended_at.is_none_or(|appended_at| appended_at <= as_of) {
            kept.push(event);
        }
    }
    Ok(kept)
}

/// `topic/partition/offset`.
fn place_of(origin: &str) -> Option<(TopicPartition, i64)> {
    let mut parts = origin.rsplitn(3, '/');
    let (offset, partition, topic) = (parts.next()?, parts.next()?, parts.next()?);
    Some((TopicPartition::new(topic, partition.parse().ok()?), offset.parse().ok()?))
}

/// When the log appended a record; `None` where it does not have it any more.
fn appended_at(
    partition: &TopicPartition,
    offset: i64,
    bounds: &mut BTreeMap<TopicPartition, (i64, i64)>,
    reader: &mut impl Reader,
) -> Result<Option<i64>> {
    let (first, end) = match bounds.get(partition) {
        Some(known) => *known,
        None => {
            let known = (reader.offset_at(partition, i64::MIN)?, reader.end(partition)?);
            bounds.insert(partition.clone(), known);
            known
        }
    };
    if !(first..end).contains(&offset) {
        return Ok(None);
    }
    let stretch = reader.fetch(partition, offset, RECORD_TIMEOUT)?;
    Ok(stretch.records.iter().find(|record| record.offset == offset).map(|record| record.appended_at))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::log::scan::tests::{Partition, record};

    fn event(at: i64, origin: &str) -> CaseEvent {
        CaseEvent {
            complaint_id: "c-1".into(),
            kind: Kind::Feedback,
            seq: at,
            id: origin.into(),
            at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body: Bytes::new(),
            origin: origin.into(),
        }
    }

    #[test]
    fn what_was_appended_later_was_not_known_whatever_time_it_names() {
        // Appended at 10 and 90; what lay before offset 3 is gone.
        let mut log = Partition(vec![record(0, 3, 10), record(0, 4, 90)]);
        let events = vec![
            event(5, "complaints.raw/0/3"),
            event(5, "complaints.raw/0/4"),
            event(60, "complaints.raw/0/3"),
            event(5, "complaints.raw/0/1"),
            event(5, "complaints.raw/0/9"),
            event(5, "elsewhere"),
            event(5, "former.complaints.raw/0/4"),
        ];
        let kept = appended_until(events, 50, "complaints", &mut log).unwrap();
        let kept: Vec<&str> = kept.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(
            kept,
            [
                "complaints.raw/0/3",
                "complaints.raw/0/1",
                "complaints.raw/0/9",
                "elsewhere",
                "former.complaints.raw/0/4"
            ]
        );
    }
}
