//! What is known of a complaint after records that come late, twice or out of turn.

use proptest::{collection::vec, prelude::*, strategy::Strategy};

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

/// What is known of one content's route.
fn routed<'a>(journeys: &'a Journeys, id: &str, narrative: &str) -> Option<(&'a str, &'a Route)> {
    let journey = journeys.journeys.get(&complaint_hash(id))?;
    let route = journey.route_of(content_of(&complaint(id, narrative)))?;
    Some((&journeys.teams[route.team as usize], route))
}

#[test]
fn a_content_is_routed_once_a_route_has_seen_it_or_a_later_one() {
    let mut journeys = Journeys::default();
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.submitted(&complaint("c-1", "second"), 7, 200);
    let team = |journeys: &Journeys, narrative: &str| {
        routed(journeys, "c-1", narrative).map(|(team, _)| team.to_owned())
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
    journeys.want(&complaint("c-1", "first"));
    let [route] = journeys.wanted_routes().collect::<Vec<_>>()[..] else { panic!("{journeys:?}") };
    assert_eq!((route.team, route.submitted_at, route.first_routed_at), ("team of revision 2", 100, 150));
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
        assert_eq!(routed(&journeys, "c-1", "first").unwrap().1.complete, complete);
    }
}

#[test]
fn a_route_of_a_complaint_that_is_not_in_the_log_makes_none_of_it() {
    let mut journeys = Journeys::default();
    journeys.routed(&route("c-9", 1, 3), 150);
    assert_eq!(journeys, Journeys::default());
}

#[test]
fn where_all_are_wanted_each_is_wanted_with_the_content_that_came_last() {
    let mut journeys = Journeys::default();
    journeys.want_all(true);
    journeys.submitted(&complaint("c-1", "first"), 3, 100);
    journeys.submitted(&complaint("c-2", "only"), 4, 110);
    journeys.submitted(&complaint("c-1", "second"), 7, 200);
    journeys.want_all(false);
    journeys.submitted(&complaint("c-3", "later"), 8, 300);
    assert_eq!((journeys.count_wanted(), journeys.count_routed(), journeys.a_routed()), (2, 0, None));
    journeys.routed(&route("c-2", 1, 4), 400);
    journeys.routed(&route("c-3", 1, 8), 400);
    journeys.routed(&route("c-1", 1, 3), 400);
    assert_eq!(
        (journeys.count_routed(), journeys.a_routed()),
        (1, Some("c-2")),
        "c-1 has its first content routed"
    );
    journeys.routed(&route("c-1", 2, 7), 500);
    assert_eq!((journeys.count_routed(), journeys.a_routed()), (2, Some("c-1")));
}

/// Something that happens: a row of a file, a record of complaints.raw or of complaints.routed.
#[derive(Clone, Debug)]
enum Happening {
    Wanted(u8, u8),
    Submitted(u8, u8),
    Routed(u8, i64, i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..4u8, 0..3u8).prop_map(|(id, narrative)| Happening::Wanted(id, narrative)),
        (0..4u8, 0..3u8).prop_map(|(id, narrative)| Happening::Submitted(id, narrative)),
        (0..4u8, 0..5i64, 0..12i64).prop_map(|(id, revision, raw)| Happening::Routed(id, revision, raw)),
    ]
}

proptest! {
    /// What is counted as it happens is what a look at everything would count.
    #[test]
    fn counts_are_those_of_a_scan(happenings in vec(happening(), 0..40)) {
        let mut journeys = Journeys::default();
        for (offset, happening) in (0..).zip(happenings) {
            match happening {
                Happening::Wanted(id, narrative) => {
                    journeys.want(&complaint(&id.to_string(), &narrative.to_string()));
                }
                Happening::Submitted(id, narrative) => {
                    journeys.submitted(&complaint(&id.to_string(), &narrative.to_string()), offset, offset);
                }
                Happening::Routed(id, revision, raw) => {
                    journeys.routed(&route(&id.to_string(), revision, raw), offset);
                }
            }
            let wanted = journeys.journeys.values().filter(|journey| journey.wanted.is_some()).count();
            prop_assert_eq!((journeys.count_wanted(), journeys.count_routed()), (wanted, journeys.wanted_routes().count()));
        }
    }

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
