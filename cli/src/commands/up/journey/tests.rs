//! What is known of a complaint after records that come late, twice or out of turn.

use proptest::{collection::vec, prelude::*};

use super::*;

pub(crate) fn complaint(id: &str, narrative: &str) -> RawComplaint {
    RawComplaint::new(id, narrative, 1_770_000_000_000)
}

/// A complete route, to a team that is called after its revision.
pub(crate) fn route(id: &str, revision: i64, raw_offset: i64) -> RoutedComplaint {
    let example =
        include_str!("../../../../../schemas/complaints.routed/examples/valid/only-what-must-be-there.json");
    RoutedComplaint {
        complaint_id: id.into(),
        revision,
        raw_offset,
        team: format!("team of revision {revision}"),
        ..serde_json::from_str(example).unwrap()
    }
}

fn content(id: &str, narrative: &str) -> String {
    ids::input_sha256(&complaint(id, narrative))
}

#[test]
fn a_content_is_routed_once_a_route_has_seen_it_or_a_later_one() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.submitted(&complaint("c-1", "second"), 7, 200);
    let team = |journeys: &Journeys, narrative: &str| {
        journeys.route("c-1", &content("c-1", narrative)).map(|route| route.team.clone())
    };
    assert_eq!(team(&journeys, "first"), None);
    journeys.routed(&route("c-1", 1, 3), 300);
    assert_eq!(team(&journeys, "first").as_deref(), Some("team of revision 1"));
    assert_eq!(team(&journeys, "second"), None, "the route is of what came before it");
    journeys.routed(&route("c-1", 2, 7), 400);
    for narrative in ["first", "second"] {
        assert_eq!(team(&journeys, narrative).as_deref(), Some("team of revision 2"), "{narrative}");
    }
    assert_eq!(team(&journeys, "third"), None, "it was never submitted");
}

#[test]
fn the_latency_runs_from_the_first_append_to_the_first_route_whatever_follows() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.submitted(&complaint("c-1", "first"), 5, 120);
    journeys.routed(&route("c-1", 1, 3), 150);
    journeys.routed(&route("c-1", 2, 5), 900);
    let route = journeys.route("c-1", &content("c-1", "first")).unwrap();
    assert_eq!((route.team.as_str(), route.latency_ms), ("team of revision 2", 50));
    assert_eq!((route.first_routed_at, journeys.submitted_at("c-1")), (150, Some(100)));
}

#[test]
fn an_older_revision_and_the_same_once_more_change_nothing() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.routed(&route("c-1", 2, 3), 150);
    let before = journeys.clone();
    journeys.routed(&route("c-1", 1, 3), 160);
    journeys.routed(&RoutedComplaint { team: "another".into(), ..route("c-1", 2, 3) }, 170);
    assert_eq!(journeys, before);
}

#[test]
fn a_route_is_complete_where_no_task_is_missing() {
    for (missing_tasks, complete) in [(vec![], true), (vec!["issue".to_owned()], false)] {
        let mut journeys = Journeys::default();
        journeys.submitted(&complaint("c-1", "first"), 3, 100);
        journeys.routed(&RoutedComplaint { missing_tasks, ..route("c-1", 1, 3) }, 150);
        assert_eq!(journeys.route("c-1", &content("c-1", "first")).unwrap().complete, complete);
    }
}

#[test]
fn a_route_of_a_complaint_that_is_not_in_the_log_makes_none_of_it() {
    let mut journeys = Journeys::default();
    journeys.routed(&route("c-9", 1, 3), 150);
    assert_eq!(journeys, Journeys::default());
}

#[test]
fn all_complaints_are_each_known_by_the_content_that_came_last() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.submitted(&complaint("c-2", "only"), 4, 110);
    journeys.submitted(&complaint("c-1", "second"), 7, 200);
    let known =
        [("c-1", "second"), ("c-2", "only")].map(|(id, narrative)| (id.to_owned(), content(id, narrative)));
    assert_eq!(journeys.all(), HashMap::from(known));
}

proptest! {
    /// At least once: after a crash a worker appends again what it had appended.
    #[test]
    fn records_that_come_a_second_time_change_nothing(
        raw in vec((0..3u8, 0..3u8), 0..8), routes in vec((0..3u8, 0..5i64, 0..8i64), 0..8),
    ) {
        let mut journeys = Journeys::default();
        let read = |journeys: &mut Journeys, late: i64| {
            for ((id, narrative), offset) in raw.iter().zip(late..) {
                journeys.submitted(&complaint(&id.to_string(), &narrative.to_string()), offset, 100 + offset);
            }
            for ((id, revision, raw_offset), at) in routes.iter().zip(200 + late..) {
                journeys.routed(&route(&id.to_string(), *revision, *raw_offset), at);
            }
        };
        read(&mut journeys, 0);
        let once = journeys.clone();
        read(&mut journeys, 1_000);
        prop_assert_eq!(journeys, once);
    }
}
