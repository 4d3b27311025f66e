//! Counting agrees with going through everything by hand, and the audit sample stays apart.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use ombud_console::quality::{Judged, Report, Tally, count, page, tables};
use ombud_contract::records::{
    Feedback, FeedbackKind, Outcome, Prediction, Role, RoutedComplaint, Vulnerability,
};
use proptest::prelude::*;

use crate::given::{decision, route, verdict};

const WEEK: i64 = 7 * 86_400_000;

fn tally(hits: usize, of: usize) -> Tally {
    Tally { hits, of }
}

fn relabelled(task: &str, label: &str, at: i64) -> Feedback {
    Feedback {
        task: Some(task.into()),
        label_after: Some(label.into()),
        ..verdict(FeedbackKind::Relabelled, at)
    }
}

#[test]
fn of_each_task_the_newest_verdict_counts() {
    let case = Judged {
        verdicts: vec![
            relabelled("product", "Student loan", 20),
            verdict(FeedbackKind::Confirmed, 10),
            relabelled("issue", "Fraud or scam", 5),
        ],
        routes: vec![route()],
        ..Judged::default()
    };
    let quality = count(&[case]);
    let by_task = quality.rest.by(|cell| cell.task.clone());
    assert_eq!(by_task["product"], tally(0, 1), "re-labelled after it was confirmed");
    assert_eq!(by_task["issue"], tally(1, 1), "confirmed after it was re-labelled");
    assert_eq!(quality.rest.reallocated_by(|team, _| team.to_owned())["cards"], tally(0, 1));
    assert_eq!(quality.audit_sample.cases, 0);
}

#[test]
fn who_is_content_with_what_it_was_sent_does_not_make_the_first_route_right() {
    let sent_on = || verdict(FeedbackKind::Reallocated, 10);
    let content = |actor: &str| Feedback { actor: actor.into(), ..verdict(FeedbackKind::Confirmed, 20) };
    let counted = |verdicts: Vec<Feedback>| {
        let quality = count(&[Judged { verdicts, routes: vec![route()], ..Judged::default() }]);
        let product = quality.rest.by(|cell| cell.task.clone())["product"];
        let issue = quality.rest.by(|cell| cell.task.clone())["issue"];
        (quality.rest.reallocated_by(|_, _| ())[&()], product, issue)
    };
    // What the first team did not speak of, the second confirms.
    let stays = (tally(1, 1), tally(0, 1), tally(1, 1));
    assert_eq!(counted(vec![sent_on(), content("another")]), stays);
    let taken_back = (tally(0, 1), tally(1, 1), tally(1, 1));
    assert_eq!(counted(vec![sent_on(), content("agent-17")]), taken_back, "who said it takes it back");
    let named = Feedback { task: Some("product".into()), ..content("another") };
    assert_eq!(
        count(&[Judged { verdicts: vec![sent_on(), named], routes: vec![route()], ..Judged::default() }])
            .rest
            .by(|_| ())[&()],
        tally(1, 1),
        "who names the task says that its answer was right"
    );
}

fn shadow(task: &str, label: &str, outcome: Outcome) -> Prediction {
    let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/labelled.json");
    let prediction: Prediction = serde_json::from_str(example).unwrap();
    let (model_id, model_version) = ("new".into(), "w".into());
    let (arm, role, raw_offset) = ("challenger".into(), Role::Shadow, 0);
    let (task, label) = (task.into(), Some(label.into()));
    Prediction { task, label, outcome, model_id, model_version, arm, role, raw_offset, ..prediction }
}

#[test]
fn an_arm_that_decides_and_one_in_the_shadow_are_judged_by_the_same_verdicts() {
    let labelled = |label: &str| vec![shadow("product", label, Outcome::Labelled)];
    let case =
        |verdict: Feedback, shadows| Judged { verdicts: vec![verdict], routes: vec![route()], shadows };
    let relabelled = relabelled("product", "Student loan", 1);
    let unsure = vec![shadow("product", "Mortgage", Outcome::Abstained)];
    let quality = count(&[
        case(relabelled.clone(), labelled("Student loan")),
        case(relabelled, labelled("Mortgage")),
        case(verdict(FeedbackKind::Confirmed, 1), labelled("Mortgage")),
        case(verdict(FeedbackKind::Confirmed, 1), unsure),
        // Nobody says what would have been right, nor whether another submission's answer was.
        case(verdict(FeedbackKind::Reallocated, 1), labelled("Student loan")),
        case(
            verdict(FeedbackKind::Confirmed, 1),
            vec![Prediction { raw_offset: 7, ..shadow("product", "Mortgage", Outcome::Labelled) }],
        ),
    ]);
    let arms = &quality.rest.arms;
    let of = |role: &str| arms.iter().find(|(arm, _)| arm.task == "product" && arm.role == role).unwrap();
    let (arm, outcomes) = of("SHADOW");
    assert_eq!((arm.arm.as_str(), arm.model.as_str(), outcomes.cases), ("challenger", "new@w", 5));
    assert_eq!((outcomes.right, outcomes.decider_right), (tally(2, 3), tally(1, 3)));
    assert_eq!(outcomes.reallocated, tally(0, 0));
    let (arm, outcomes) = of("DECIDING");
    assert_eq!((arm.arm.as_str(), arm.model.as_str(), outcomes.cases), ("champion", "bag@v", 6));
    assert_eq!((outcomes.right, outcomes.reallocated), (tally(3, 6), tally(1, 4)));
}

#[test]
fn a_shadows_flag_is_held_against_what_is_so() {
    let said =
        |so: &str| Feedback { label_after: Some(so.into()), ..verdict(FeedbackKind::Vulnerability, 1) };
    let case = |so, label, outcome| Judged {
        verdicts: vec![said(so)],
        routes: vec![route()],
        shadows: vec![shadow("vulnerable", label, outcome)],
    };
    let quality = count(&[
        case("VULNERABLE", "POSSIBLE", Outcome::Labelled),
        case("VULNERABLE", "NOT_INDICATED", Outcome::Labelled),
        case("NOT_INDICATED", "NOT_INDICATED", Outcome::Labelled),
        // Unsure is no clear no.
        case("NOT_INDICATED", "NOT_INDICATED", Outcome::Abstained),
    ]);
    let of = |role: &str| quality.rest.arms.iter().find(|(arm, _)| arm.role == role).unwrap().1.flags;
    assert_eq!((of("SHADOW").precision, of("SHADOW").recall), (tally(1, 2), tally(1, 2)));
    assert_eq!((of("DECIDING").precision, of("DECIDING").recall), (tally(2, 4), tally(2, 2)));
}

#[test]
fn a_finer_label_says_that_the_coarser_answer_was_right() {
    let mut route = route();
    route.decisions = vec![decision("issue", "Card: purchase dispute / fraud", Outcome::Labelled)];
    let finer = "Problem with a purchase shown on your statement";
    let judged = |label: &str| {
        let quality = count(&[Judged {
            verdicts: vec![relabelled("issue", label, 1)],
            routes: vec![route.clone()],
            ..Judged::default()
        }]);
        quality.rest.by(|_| ())[&()]
    };
    assert_eq!(judged(finer), tally(1, 1));
    assert_eq!(judged("Communication tactics"), tally(0, 1));
}

#[test]
fn what_was_no_answer_is_neither_right_nor_wrong() {
    let mut route = route();
    route.decisions[0].outcome = Outcome::Abstained;
    let quality = count(&[Judged {
        verdicts: vec![verdict(FeedbackKind::Confirmed, 1)],
        routes: vec![route],
        ..Judged::default()
    }]);
    assert!(!quality.rest.by(|cell| cell.task.clone()).contains_key("issue"));
    assert_eq!(quality.rest.unanswered["issue"], 1);
}

#[test]
fn the_flag_is_counted_by_what_is_so() {
    let judged = |vulnerability, said: Option<&str>| {
        let kind = if said.is_some() { FeedbackKind::Vulnerability } else { FeedbackKind::Confirmed };
        let verdict = Feedback { label_after: said.map(str::to_owned), ..verdict(kind, 1) };
        Judged {
            verdicts: vec![verdict],
            routes: vec![RoutedComplaint { vulnerability, ..route() }],
            ..Judged::default()
        }
    };
    let cases = [
        judged(Vulnerability::Vulnerable, None),
        judged(Vulnerability::Possible, Some("VULNERABLE")),
        judged(Vulnerability::Possible, Some("NOT_INDICATED")),
        judged(Vulnerability::NotIndicated, Some("VULNERABLE")),
        judged(Vulnerability::NotIndicated, None),
    ];
    let flags = count(&cases).rest.flags;
    assert_eq!((flags.precision, flags.recall), (tally(2, 3), tally(2, 3)));
}

#[test]
fn no_complaint_is_counted_apart_and_the_audit_sample_too() {
    let drawn = RoutedComplaint { human_reasons: vec!["audit-sample".into()], ..route() };
    // The route says it, whatever the verdict claims.
    let claims = Feedback { audit_sample: true, ..verdict(FeedbackKind::Confirmed, 1) };
    let quality = count(&[
        Judged {
            verdicts: vec![verdict(FeedbackKind::Reallocated, 1)],
            routes: vec![drawn],
            ..Judged::default()
        },
        Judged { verdicts: vec![claims], routes: vec![route()], ..Judged::default() },
        Judged {
            verdicts: vec![verdict(FeedbackKind::Confirmed, 1), verdict(FeedbackKind::NotAComplaint, 2)],
            routes: vec![route()],
            ..Judged::default()
        },
    ]);
    assert_eq!((quality.audit_sample.cases, quality.rest.cases, quality.rest.not_a_complaint), (1, 2, 1));
    assert_eq!(quality.audit_sample.by(|cell| cell.task.clone())["product"], tally(0, 1));
    assert_eq!(quality.rest.by(|cell| cell.task.clone())["product"], tally(1, 1));
}

#[test]
fn a_report_has_its_figures_in_tables_json_and_plots() {
    let case = |at| Judged {
        verdicts: vec![verdict(FeedbackKind::Confirmed, at)],
        routes: vec![route()],
        ..Judged::default()
    };
    let quality = count(&[case(1_769_850_000_000), case(1_769_850_000_000 + WEEK)]);
    let report = Report::of(&quality, Vec::new(), "2026-01-01".into(), "2026-03-01".into());
    let json = serde_json::to_value(&report).unwrap();
    let product = &json["rest"]["tasks"]["product"];
    assert_eq!(product["by_week"]["2026-W05"]["of"], 1);
    assert_eq!(product["all"]["share"], 1.0);
    assert!((product["all"]["interval"][0].as_f64().unwrap() - 0.342).abs() < 1e-3, "{product}");
    let shown: String = tables(&report).iter().map(|(_, table)| table.terminal()).collect();
    assert!(shown.contains("1.000 (0.342 to 1.000)") && shown.contains("bag@v"), "{shown}");
    let html = page(&report);
    for text in ["2026-W05", "2026-W06", "<svg", "Rest: accuracy by team"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("Audit sample by week"), "nothing was drawn");
}

fn kinds() -> impl Strategy<Value = Feedback> {
    let label = prop::sample::select(vec!["Mortgage", "Student loan", "Vehicle loan or lease"]);
    let flag = prop::sample::select(vec!["VULNERABLE", "NOT_INDICATED"]);
    (0..6_usize, label, flag, 0..5_i64, 0..3_i64, 0..1_000_u32).prop_map(
        |(kind, label, flag, at, revision, id)| {
            let verdict =
                |kind| Feedback { revision, feedback_id: format!("{id:04}"), ..verdict(kind, at * WEEK) };
            match kind {
                0 => verdict(FeedbackKind::Confirmed),
                1 => Feedback { task: Some("product".into()), ..verdict(FeedbackKind::Confirmed) },
                2 => verdict(FeedbackKind::Reallocated),
                3 => Feedback {
                    task: Some("product".into()),
                    label_after: Some(label.into()),
                    ..verdict(FeedbackKind::Relabelled)
                },
                4 => Feedback { label_after: Some(flag.into()), ..verdict(FeedbackKind::Vulnerability) },
                _ => verdict(FeedbackKind::NotAComplaint),
            }
        },
    )
}

/// Right and judged answers about the product, and re-allocated and judged allocations, going through every verdict anew
/// for every question.
fn by_hand(cases: &[Judged]) -> (Tally, Tally) {
    let (mut product, mut allocation) = (Tally::default(), Tally::default());
    for case in cases {
        let newest = |speaks: &dyn Fn(&Feedback) -> bool| {
            let mut newest: Option<&Feedback> = None;
            for verdict in case.verdicts.iter().filter(|verdict| speaks(verdict)) {
                let later = |known: &Feedback| {
                    (verdict.decided_at, &verdict.feedback_id) >= (known.decided_at, &known.feedback_id)
                };
                if newest.is_none_or(later) {
                    newest = Some(verdict);
                }
            }
            newest.cloned()
        };
        if newest(&|_| true).is_none_or(|verdict| verdict.kind == FeedbackKind::NotAComplaint) {
            continue;
        }
        let known = |verdict: &Feedback| verdict.revision == 1;
        let about_product = |verdict: &Feedback| match verdict.kind {
            // Without its route nobody knows what was confirmed.
            FeedbackKind::Confirmed => verdict.task.is_some() || known(verdict),
            FeedbackKind::Reallocated => true,
            FeedbackKind::Relabelled => true,
            _ => false,
        };
        if let Some(verdict) = newest(&about_product).filter(|verdict| known(verdict)) {
            product.of += 1;
            let right = match verdict.kind {
                FeedbackKind::Confirmed => true,
                // What is "re-labelled" to what was decided says that it was right.
                FeedbackKind::Relabelled => verdict.label_after.as_deref() == Some("Mortgage"),
                _ => false,
            };
            product.hits += usize::from(right);
        }
        let about_allocation = |verdict: &Feedback| match verdict.kind {
            FeedbackKind::Confirmed => verdict.task.is_none(),
            kind => kind == FeedbackKind::Reallocated,
        };
        if let Some(verdict) = newest(&about_allocation) {
            allocation.of += 1;
            allocation.hits += usize::from(verdict.kind == FeedbackKind::Reallocated);
        }
    }
    (product, allocation)
}

proptest! {
    #[test]
    fn counting_agrees_with_going_through_all_of_it(
        cases in prop::collection::vec(prop::collection::vec(kinds(), 0..6), 0..12),
    ) {
        let cases: Vec<Judged> =
            cases.into_iter().map(|verdicts| Judged { verdicts, routes: vec![route()], ..Judged::default() }).collect();
        let quality = count(&cases);
        let (product, allocation) = by_hand(&cases);
        let counted = quality.rest.by(|cell| cell.task.clone()).get("product").copied().unwrap_or_default();
        prop_assert_eq!(counted, product);
        let counted = quality.rest.reallocated_by(|_, _| ()).get(&()).copied().unwrap_or_default();
        prop_assert_eq!(counted, allocation);
        // Every way of summing gives the same sum.
        let sum = |tallies: Vec<Tally>| tallies.iter().fold(Tally::default(), |mut sum, tally| { sum += *tally; sum });
        let cells = sum(quality.rest.cells.values().copied().collect());
        prop_assert_eq!(sum(quality.rest.by(|cell| cell.week.clone()).into_values().collect()), cells);
        let mut turned = cases.clone();
        turned.reverse();
        turned.iter_mut().for_each(|case| case.verdicts.reverse());
        // The same id twice at one time is one verdict in the store.
        let unique = |case: &Judged| {
            let ids: std::collections::BTreeSet<_> =
                case.verdicts.iter().map(|verdict| (verdict.decided_at, &verdict.feedback_id)).collect();
            ids.len() == case.verdicts.len()
        };
        prop_assume!(cases.iter().all(unique));
        prop_assert_eq!(count(&turned), quality, "the order of arrival says nothing");
    }
}
