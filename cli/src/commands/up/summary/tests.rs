//! What is counted, and the arithmetic of the figures.

use ombud_contract::records::{ModelState, RoutedComplaint};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    commands::up::{
        journey::tests::{complaint, route},
        next::NextSteps,
    },
    output::golden,
};

fn nothing() -> Counts {
    Counts { dead_letters: 0, rejected: 0, duplicates: 0 }
}

/// Three complaints that are routed, and one that is not yet.
fn summary(counts: Counts) -> Summary {
    let mut journeys = Journeys::default();
    let routes = [
        ("c-1", 1_000, Some((1_100, "cards", Vulnerability::NotIndicated, false, vec![]))),
        ("c-2", 1_500, Some((3_000, "cards", Vulnerability::Possible, true, vec!["issue".to_owned()]))),
        ("c-3", 1_600, Some((2_000, "loans", Vulnerability::Vulnerable, false, vec![]))),
        ("c-4", 900, None),
    ];
    for (offset, (id, appended_at, routed)) in routes.into_iter().enumerate() {
        let (complaint, offset) = (complaint(id, "They charged me."), offset as i64);
        journeys.submitted(&complaint, offset, appended_at);
        journeys.want(&complaint);
        if let Some((routed_at, team, vulnerability, needs_human, missing_tasks)) = routed {
            let team = team.to_owned();
            let route = route(id, 1, offset);
            journeys.routed(
                &RoutedComplaint { team, vulnerability, needs_human, missing_tasks, ..route },
                routed_at,
            );
        }
    }
    // In the log, and of another file.
    journeys.submitted(&complaint("c-9", "Nobody calls."), 9, 1);
    journeys.routed(&route("c-9", 1, 9), 9_000);
    Summary::of(&journeys, counts, vec![])
}

#[test]
fn only_what_is_wanted_and_routed_is_counted_and_each_complaint_in_one_team() {
    let summary = summary(Counts { dead_letters: 1, rejected: 2, duplicates: 3 });
    assert_eq!((summary.complaints, summary.routed, summary.complete, summary.partial), (4, 3, 2, 1));
    assert_eq!((summary.dead_letters, summary.rejected, summary.duplicates), (1, 2, 3));
    let team =
        |complaints, possibly_vulnerable, for_review| Team { complaints, possibly_vulnerable, for_review };
    let teams = [("cards", team(2, 1, 1)), ("loans", team(1, 1, 0))];
    assert_eq!(summary.teams, BTreeMap::from(teams.map(|(name, team)| (name.to_owned(), team))));
}

#[test]
fn the_rate_runs_from_the_first_append_to_the_last_first_route_of_what_is_routed() {
    // From 1,000 to 3,000 ms; c-4 came before and has no route.
    let summary = summary(nothing());
    assert_eq!(summary.per_second, Some(1.5));
    assert_eq!((summary.p50_ms, summary.p99_ms), (Some(400), Some(1_500)));
}

#[test]
fn nothing_routed_has_no_times_and_says_so() {
    let summary = Summary::of(&Journeys::default(), nothing(), vec![]);
    assert_eq!((summary.p50_ms, summary.p99_ms, summary.per_second), (None, None, None));
    assert!(summary.tables(Screen::new(80, false)).ends_with("median -, 99th percentile -; - a second"));
}

#[test]
fn people_see_the_summary_within_80_columns_with_and_without_colours() {
    let mut summary = summary(Counts { dead_letters: 1, rejected: 2, duplicates: 3 });
    summary.models = vec![Model {
        model_id: "complaints".into(),
        version: "08364c3c8331a0e65b770ff054d1e6f319c625bfaa57582ffc4d6991b374e334".into(),
        tasks: ["product", "issue", "vulnerable"].map(String::from).into(),
        state: "registered".into(),
    }];
    let next = NextSteps {
        serves: Some(([127, 0, 0, 1], 8080).into()),
        console: None,
        first_link: None,
        case: Some("c-1"),
        data: None,
    };
    for (name, coloured) in [("up.txt", false), ("up-colour.txt", true)] {
        let screen = Screen::new(80, coloured);
        let text = format!("{}\n{}", summary.tables(screen), next.lines(screen));
        let text = screen.with_styles(text);
        assert!(golden::width(&text) <= 80, "{text}");
        golden::compare(name, &text);
    }
}

#[test]
fn a_model_shows_its_state_in_a_word_and_as_much_of_its_version_as_tells_it_apart() {
    let example =
        include_str!("../../../../../schemas/models.registry/examples/valid/only-what-must-be-there.json");
    let record = ModelVersion {
        version: "0123456789abcdef".into(),
        state: ModelState::Retired,
        ..serde_json::from_str(example).unwrap()
    };
    let summary = Summary::of(&Journeys::default(), nothing(), vec![Model::from(&record)]);
    assert_eq!(summary.models[0].state, "retired");
    let text = summary.tables(Screen::new(80, false));
    assert!(text.contains("0123456789ab ") && !text.contains("0123456789abc"), "{text}");
}

#[test]
fn percentiles_are_values_that_occurred() {
    let hundred: Vec<i64> = (1..=100).collect();
    assert_eq!(percentile(&hundred, 50), Some(50));
    assert_eq!(percentile(&hundred, 99), Some(99));
    assert_eq!(percentile(&[7], 99), Some(7));
    assert_eq!(percentile(&[], 50), None);
}

#[test]
fn what_is_routed_within_one_tick_of_the_clock_took_that_tick() {
    assert_eq!(rate(5, 0), 5_000.0);
    assert_eq!(rate(5, 1), 5_000.0);
    assert_eq!(rate(5, 2_500), 2.0);
}

proptest! {
    #[test]
    fn a_percentile_is_the_least_value_that_so_many_percent_do_not_exceed(
        mut values in vec(-50..50i64, 1..40), percent in 1..=100usize,
    ) {
        values.sort_unstable();
        let found = percentile(&values, percent).unwrap();
        prop_assert!(values.contains(&found));
        let of_hundred = |counted: usize| counted * 100;
        let up_to = values.iter().filter(|value| **value <= found).count();
        let below = values.iter().filter(|value| **value < found).count();
        prop_assert!(of_hundred(up_to) >= percent * values.len());
        prop_assert!(of_hundred(below) < percent * values.len());
    }
}
