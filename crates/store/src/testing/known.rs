//! What is known of a case before its next route, and which of several rows with one key stays.

use std::collections::BTreeMap;

use super::event;
use crate::{
    CaseStore, KnownCase,
    row::{CaseEvent, Kind, Row},
};

/// Without their narratives, more of them than are read at once, and whatever else the cases hold.
pub fn what_is_known_of_cases_is_what_their_events_say(store: &mut impl CaseStore) {
    let kinds = [(Kind::Raw, 1), (Kind::Raw, 2), (Kind::Routed, 3), (Kind::Routed, 9), (Kind::Feedback, 5)];
    let of = |n: i64, (kind, seq): (Kind, i64)| CaseEvent {
        complaint_id: format!("c-{n}"),
        origin: format!("complaints.raw/0/{seq}"),
        ..event(kind, seq, &format!("hash of {n}-{seq}"))
    };
    // The first has nothing, the next one event, and so on.
    let known = |n: i64| &kinds[..n as usize % (kinds.len() + 1)];
    let rows: Vec<Row> =
        (0..90).flat_map(|n| known(n).iter().map(move |kind| Row::CaseEvent(of(n, *kind)))).collect();
    store.write(&rows).expect("writes");
    let ids: Vec<String> = (0..91).map(|n| format!("c-{n}")).collect();
    let mut given = BTreeMap::new();
    let mut keep = |id: &str, known| assert!(given.insert(id.to_owned(), known).is_none(), "{id} twice");
    store.known_cases(&ids, &mut keep).expect("answers");
    for id in ids {
        let expected = KnownCase::of(store.case(&id).expect("answers"));
        let mut known = given.remove(&id).unwrap_or_default();
        known.submissions.sort_by(|a, b| b.origin.cmp(&a.origin));
        assert_eq!(known, expected, "{id}");
    }
    assert!(given.is_empty(), "{given:?}");
}

/// In one write: a complaint that was sent again and again.
pub fn of_rows_with_one_key_the_last_stays(store: &mut impl CaseStore) {
    let sent = |offset: i64| CaseEvent {
        origin: format!("complaints.raw/0/{offset}"),
        at: 100 - offset,
        ..event(Kind::Raw, 1, "a")
    };
    let other = event(Kind::Routed, 1, "a");
    let rows = [sent(9), other.clone(), sent(7), sent(8)].map(Row::CaseEvent);
    store.write(&rows).expect("writes");
    assert_eq!(store.case("c-1").expect("answers"), [sent(8), other]);
}
