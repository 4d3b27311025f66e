//! What every store of requests has to keep.

use std::collections::BTreeSet;

use super::{DeskWorld, at_once};
use crate::{ChangeRequest, RequestState, Requests};

fn request(request_id: &str, requested_at: i64) -> ChangeRequest {
    ChangeRequest {
        request_id: request_id.into(),
        requested_by: "olga".into(),
        requested_at,
        reason: "fewer re-allocations".into(),
        base_version: 7,
        change: "{\"arm\":\"é\"}".into(),
        approved_by: Vec::new(),
        state: RequestState::Open,
    }
}

/// The same id again changes nothing.
pub fn a_request_comes_back_as_it_was_and_the_oldest_first(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let approved = ChangeRequest { approved_by: vec!["p".into(), "a".into()], ..request("r-1", 1) };
    let requests = [approved, request("r-3", 2), request("r-0", 3)];
    for request in requests.iter().rev() {
        desk.ask(request).expect("answers");
    }
    desk.ask(&ChangeRequest { reason: "another".into(), ..request("r-3", 9) }).expect("answers");
    assert_eq!(other.open_requests().expect("answers"), requests);
    assert_eq!(other.request("r-3").expect("answers").as_ref(), requests.get(1));
    assert_eq!(other.request("r-9").expect("answers"), None);
}

/// How it ended stays.
pub fn only_an_open_request_is_approved_or_ended(world: &impl DeskWorld) {
    let mut desk = world.open();
    desk.ask(&request("r", 1)).expect("answers");
    assert_eq!(desk.approve("none", "paul").expect("answers"), None);
    assert!(!desk.end_request("none", RequestState::Closed).expect("answers"));
    assert_eq!(desk.approve("r", "paul").expect("answers").expect("is there").approved_by, ["paul"]);
    assert!(desk.end_request("r", RequestState::Published).expect("answers"));
    assert!(desk.end_request("r", RequestState::Published).expect("answers"), "so it has ended");
    assert!(!desk.end_request("r", RequestState::Closed).expect("answers"), "and not so");
    let ended = desk.approve("r", "quentin").expect("answers").expect("is there");
    assert_eq!((ended.state, &ended.approved_by[..]), (RequestState::Published, &["paul".to_owned()][..]));
    assert_eq!(desk.request("r").expect("answers"), Some(ended));
    assert!(desk.open_requests().expect("answers").is_empty());
}

/// Whoever approves twice is one.
pub fn approvals_at_once_are_all_counted_each_once(world: &impl DeskWorld) {
    let mut desk = world.open();
    desk.ask(&request("r", 1)).expect("answers");
    let seen = at_once(world, 4, |number, mut desk| {
        for _ in 0..2 {
            desk.approve("r", &format!("p-{number}")).expect("answers");
        }
        desk.approve("r", &format!("p-{number}")).expect("answers").expect("is there").approved_by
    });
    for (number, seen) in seen.iter().enumerate() {
        assert!(seen.contains(&format!("p-{number}")), "{seen:?}");
    }
    let approved = desk.request("r").expect("answers").expect("is there").approved_by;
    let people: BTreeSet<_> = approved.iter().cloned().collect();
    assert_eq!((approved.len(), people), (4, (0..4).map(|number| format!("p-{number}")).collect()));
}
