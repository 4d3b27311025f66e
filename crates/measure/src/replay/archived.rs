//! Which complaints are asked again, and as what they stood then.

use std::collections::BTreeSet;

use ombud_contract::{
    codec,
    records::{RawComplaint, RoutedComplaint, TimestampMs},
};
use ombud_store::{CaseEvent, CaseStore, Kind, days};
use ombud_stream::Outage;

/// What a case is to a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum ArchivedCase {
    /// As it stood: its newest submission of that time.
    Complaint(Box<RawComplaint>),
    /// The customer had taken it back.
    Withdrawn,
    /// Nobody can ask about it: its text is gone or unfit.
    Unreadable,
    /// Nothing of it was decided in that time.
    Outside,
}

/// The complaints that one of `versions` (model and version) decided on a day of `span` (from the first time to before the second), each once.
///
/// # Errors
/// The store doesn't answer.
pub fn decided_complaints<'a>(
    cases: &mut dyn CaseStore,
    versions: impl IntoIterator<Item = (&'a str, &'a str)>,
    span: (TimestampMs, TimestampMs),
) -> Result<BTreeSet<String>, Outage> {
    let mut ids = BTreeSet::new();
    for (model_id, version) in versions {
        for day in days(span.0, span.1) {
            cases.decisions(model_id, version, day, &mut |decision| {
                if decision.role == "DECIDING" {
                    ids.insert(decision.complaint_id);
                }
            })?;
        }
    }
    Ok(ids)
}

/// What the case of `events` was at `until`, if something of it was decided from `since` on.
pub fn case_at(events: &[CaseEvent], since: TimestampMs, until: TimestampMs) -> ArchivedCase {
    // The log's offset orders submissions; the CRM's number and business time say nothing of when they came.
    let judged = events.iter().filter(|event| event.at < until).filter_map(|event| match event.kind {
        Kind::Prediction => Some((event.at, event.seq)),
        Kind::Routed => Some((event.at, codec::decode::<RoutedComplaint>(&event.body).ok()?.raw_offset)),
        Kind::Raw | Kind::Feedback | Kind::Explanation | Kind::Work => None,
    });
    let mut newest = None;
    let mut in_span = false;
    for (at, offset) in judged {
        newest = newest.max(Some(offset));
        in_span |= at >= since;
    }
    let Some(newest) = newest.filter(|_| in_span) else { return ArchivedCase::Outside };
    let submissions = events.iter().filter(|event| event.kind == Kind::Raw);
    let known = submissions.filter_map(|event| Some((offset(event)?, event)));
    let Some((_, event)) = known.filter(|(offset, _)| *offset <= newest).max_by_key(|(offset, _)| *offset)
    else {
        return ArchivedCase::Unreadable;
    };
    match codec::decode::<RawComplaint>(&event.body) {
        Ok(complaint) if complaint.withdrawn => ArchivedCase::Withdrawn,
        Ok(complaint) if complaint.validate().is_ok() => ArchivedCase::Complaint(Box::new(complaint)),
        _ => ArchivedCase::Unreadable,
    }
}

/// Where it lay in its partition, by `topic/partition/offset`.
fn offset(event: &CaseEvent) -> Option<i64> {
    event.origin.rsplit('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(kind: Kind, seq: i64, at: i64, body: Bytes, offset: i64) -> CaseEvent {
        CaseEvent {
            complaint_id: "c-1".into(),
            kind,
            seq,
            id: format!("{kind:?}-{seq}"),
            at,
            task: None,
            team: None,
            model_id: None,
            model_version: None,
            schema_id: None,
            body,
            origin: format!("complaints.raw/0/{offset}"),
        }
    }

    fn came(offset: i64, narrative: &str, withdrawn: bool) -> CaseEvent {
        let raw = RawComplaint { withdrawn, ..RawComplaint::new("c-1", narrative, 1_700_000_000_000) };
        event(Kind::Raw, 1, 0, codec::encode(&raw).unwrap(), offset)
    }

    fn decided(offset: i64, at: i64) -> CaseEvent {
        event(Kind::Prediction, offset, at, Bytes::new(), 0)
    }

    fn narrative(archived: ArchivedCase) -> Option<String> {
        match archived {
            ArchivedCase::Complaint(complaint) => Some(complaint.narrative),
            _ => None,
        }
    }

    #[test]
    fn a_complaint_is_asked_about_as_it_stood_then() {
        let events = [came(9, "second", false), came(4, "first", false), decided(4, 100), decided(9, 200)];
        assert_eq!(narrative(case_at(&events, 0, 1_000)).unwrap(), "second");
        assert_eq!(narrative(case_at(&events, 0, 200)).unwrap(), "first", "the second was not there yet");
        assert_eq!(case_at(&events, 201, 1_000), ArchivedCase::Outside, "nothing was decided since then");
        assert_eq!(case_at(&events, 0, 100), ArchivedCase::Outside);
    }

    #[test]
    fn what_was_taken_back_or_has_no_text_any_more_is_left_out() {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let route: RoutedComplaint = serde_json::from_str(example).unwrap();
        let route = RoutedComplaint { raw_offset: 9, ..route };
        let gone = event(Kind::Routed, 1, 300, codec::encode(&route).unwrap(), 0);
        let events = [came(9, "second", true), came(4, "first", false), decided(4, 100), gone];
        assert_eq!(case_at(&events, 0, 1_000), ArchivedCase::Withdrawn);
        assert_eq!(narrative(case_at(&events, 0, 300)).unwrap(), "first", "not yet");
        assert_eq!(case_at(&[decided(4, 100)], 0, 1_000), ArchivedCase::Unreadable, "its text has expired");
        assert_eq!(case_at(&[came(4, " ", false), decided(4, 100)], 0, 1_000), ArchivedCase::Unreadable);
    }
}
