//! What a record means for the worklist. Plain functions of the record alone, so that a view which is made again is the same.

use ombud_contract::{
    catalogue::Topic, codec, records::RoutedComplaint, verdict::feedback_of, work::work_of,
};
use ombud_store::WorklistChange;
use ombud_stream::Record;

/// The topics that make the worklist, in the order in which they are read first: a route that comes last is folded once.
pub(super) const TOPICS: [Topic; 3] = [Topic::Work, Topic::Feedback, Topic::Routed];

/// What `record` of `topic` changes; `Ok(None)` where it changes nothing.
///
/// # Errors
/// It can't be read, and is passed over: a code of why. The archive parks it.
pub(super) fn change_of(topic: Topic, record: &Record) -> Result<Option<WorklistChange>, &'static str> {
    let key = record.key.as_deref();
    let Some(value) = record.value.as_deref() else {
        return Ok(match topic {
            Topic::Routed => erased(key, record.source.partition),
            _ => None,
        });
    };
    match topic {
        Topic::Routed => {
            let route: RoutedComplaint = codec::decode(value).map_err(|_| "undecodable")?;
            if route.complaint_id.is_empty() || route.team.is_empty() {
                return Err("keyless");
            }
            // A route lies where its complaint does; what erases it is known by its place alone.
            let route = RoutedComplaint { raw_partition: record.source.partition, ..route };
            Ok(Some(WorklistChange::Route(Box::new(route))))
        }
        Topic::Feedback => {
            // By the log's time, not by the time of reading: a view that is made again takes the same.
            let feedback = feedback_of(key, value, record.appended_at).map_err(|_| "invalid")?;
            Ok(Some(WorklistChange::Verdict(Box::new(feedback))))
        }
        Topic::Work => {
            let event = work_of(key, value, record.appended_at).map_err(|_| "invalid")?;
            Ok(Some(WorklistChange::Work(Box::new(event))))
        }
        _ => Ok(None),
    }
}

fn erased(key: Option<&[u8]>, partition: i32) -> Option<WorklistChange> {
    let complaint_id = std::str::from_utf8(key?).ok()?.to_owned();
    Some(WorklistChange::Erased { complaint_id, partition })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ombud_stream::TopicPartition;

    use super::*;

    fn record(key: &'static [u8], value: Option<&'static [u8]>) -> Record {
        Record {
            source: TopicPartition::new("complaints.routed", 3),
            offset: 1,
            appended_at: 1,
            key: Some(Bytes::from_static(key)),
            value: value.map(Bytes::from_static),
            headers: Vec::new(),
            original: None,
        }
    }

    #[test]
    fn a_route_without_a_value_erases_its_complaint_where_it_lies() {
        let erased = WorklistChange::Erased { complaint_id: "c-1".into(), partition: 3 };
        assert_eq!(change_of(Topic::Routed, &record(b"c-1", None)), Ok(Some(erased)));
        assert_eq!(change_of(Topic::Routed, &record(b"\xff", None)), Ok(None), "no id of ours");
        assert_eq!(change_of(Topic::Work, &record(b"c-1", None)), Ok(None));
    }

    #[test]
    fn what_cannot_be_read_is_passed_over_and_says_why() {
        for topic in TOPICS {
            let why = change_of(topic, &record(b"c-1", Some(b"poison"))).unwrap_err();
            assert!(["undecodable", "invalid"].contains(&why), "{why}");
        }
    }
}
