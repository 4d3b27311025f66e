//! Counting agrees with going through everything by hand, and the audit sample stays apart.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use ombud_console::quality::{Drawn, Judged, Quality, Report, Tally, page, tables};
use ombud_contract::{
    records::{Feedback, FeedbackKind, Outcome, Prediction, Role, RoutedComplaint, Vulnerability},
    truth::{CaseTruth, case_truth, refines},
};
use proptest::prelude::*;

use crate::given::{decision, route, verdict};

const WEEK: i64 = 7 * 86_400_000;

fn count(cases: &[Judged]) -> Quality {
    let mut quality = Quality::default();
    cases.iter().for_each(|case| quality.add(case));
    quality
}

/// Of nothing that was drawn, and without drift.
fn report(quality: &Quality) -> Report {
    Report::of(quality, &Drawn::default(), Vec::new(), ("2026-01-01".into(), "2026-03-01".into()))
}

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
    // The last one names no task: of a NOT_INDICATED it says nothing.
    let counted = count(&cases).rest;
    assert_eq!((counted.labelled.labelled, counted.labelled.judged), (4, 5));
    assert_eq!(counted.by(|cell| cell.task.clone())["vulnerable"], tally(2, 4));
    let unnamed = judged(Vulnerability::Possible, None);
    assert_eq!(count(&[unnamed]).rest.flags.precision, tally(0, 0), "nor of a POSSIBLE");
}

/// A case of its own, which was drawn at random.
fn drawn(id: &str, vulnerability: Vulnerability, verdict: Feedback) -> Judged {
    let human_reasons = vec!["audit-sample".into()];
    let complaint_id = String::from(id);
    let verdict = Feedback { complaint_id: complaint_id.clone(), ..verdict };
    let route = RoutedComplaint { complaint_id, vulnerability, human_reasons, ..route() };
    Judged { verdicts: vec![verdict], routes: vec![route], ..Judged::default() }
}

#[test]
fn what_the_flag_is_worth_is_not_claimed_where_nobody_names_it() {
    let flags = [Vulnerability::Vulnerable, Vulnerability::Possible, Vulnerability::NotIndicated];
    let cases: Vec<Judged> = (0..300)
        .map(|n| drawn(&format!("c-{n:03}"), flags[n % 3], verdict(FeedbackKind::Confirmed, 1)))
        .collect();
    let mut sample = Drawn::default();
    (0..300).for_each(|n| sample.see(&format!("c-{n:03}"), 10_000));
    let report = Report::of(&count(&cases), &sample, Vec::new(), (String::new(), String::new()));
    let json = serde_json::to_value(&report).unwrap();
    let part = &json["audit_sample"];
    assert_eq!((&part["cases"], &part["vulnerable"]), (&300.into(), &serde_json::Value::Null));
    assert!(part["tasks"].get("vulnerable").is_none() && part["tasks"]["product"]["all"]["hits"] == 300);
    let labelled = &part["vulnerable_labelled"];
    assert_eq!((&labelled["labelled"], &labelled["judged"]), (&100.into(), &300.into()));
    let missing = &part["vulnerable_missing"];
    assert_eq!((&missing["cases"], missing["first"].as_array().unwrap().len()), (&200.into(), 20));
    assert_eq!(missing["first"][0], "c-001");
    for arm in part["arms"].as_array().unwrap() {
        assert!(
            arm["flags"].is_null() && (arm["task"] != "vulnerable" || arm["right"]["share"].is_null()),
            "{arm}"
        );
    }
    let shown: String =
        tables(&report).iter().map(|(name, table)| format!("{name}\n{}", table.terminal())).collect();
    for words in ["not claimed", "100 of 300 (33 %)", "200 cases", "c-001", "and 180 more"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(report.warnings[0].contains("not claimed") && page(&report).contains("not claimed"));
    assert_eq!(json["audit"], serde_json::json!({"drawn": 300, "judged": 300, "missing": 0}));
}

#[test]
fn from_nine_of_ten_on_the_flag_is_claimed_and_what_is_drawn_and_not_judged_is_told() {
    let named = |n: usize| match n {
        0 => verdict(FeedbackKind::Confirmed, 1),
        _ => Feedback { label_after: Some("VULNERABLE".into()), ..verdict(FeedbackKind::Vulnerability, 1) },
    };
    let cases: Vec<Judged> =
        (0..10).map(|n| drawn(&format!("c-{n}"), Vulnerability::Possible, named(n))).collect();
    let mut sample = Drawn::default();
    (0..12).for_each(|n| sample.see(&format!("c-{n}"), 10_000));
    let report = Report::of(&count(&cases), &sample, Vec::new(), (String::new(), String::new()));
    assert_eq!(report.audit_sample.vulnerable.unwrap().precision, tally(9, 9));
    assert_eq!((report.audit.drawn, report.audit.judged, report.audit.missing), (12, 10, 2));
    let [warning] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
    assert!(warning.contains("10 of the 12"), "{warning}");
}

#[test]
fn a_verdict_that_was_taken_back_is_not_counted() {
    let retraction =
        |of: &str| Feedback { retracts: Some(of.into()), ..verdict(FeedbackKind::Retracted, 30) };
    let sent_on = verdict(FeedbackKind::Reallocated, 20);
    let case = |verdicts: Vec<Feedback>| Judged { verdicts, routes: vec![route()], ..Judged::default() };
    let without = count(&[case(vec![verdict(FeedbackKind::Confirmed, 10)])]);
    let taken_back = vec![verdict(FeedbackKind::Confirmed, 10), sent_on.clone(), retraction("f-20")];
    assert_eq!(count(&[case(taken_back)]), without);
    assert_eq!(count(&[case(vec![sent_on, retraction("f-20")])]).cases(), 0);
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
    let report = report(&quality);
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
    (0..8_usize, label, flag, 0..5_i64, 0..3_i64, 0..1_000_u32).prop_map(
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
                5 => Feedback { task: Some("vulnerable".into()), ..verdict(FeedbackKind::Confirmed) },
                6 => Feedback { task: Some("vulnerable".into()), ..verdict(FeedbackKind::Reallocated) },
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
            FeedbackKind::Confirmed => known(verdict) && verdict.task.as_deref() != Some("vulnerable"),
            FeedbackKind::Reallocated => verdict.task.is_none(),
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
    /// What is learned of a case, and what trials hold against models, is what the report counts as right.
    #[test]
    fn what_is_counted_of_a_case_is_what_is_learned_of_it(
        verdicts in prop::collection::vec(kinds(), 0..6),
        vulnerability in prop::sample::select(vec![
            Vulnerability::Vulnerable, Vulnerability::Possible, Vulnerability::NotIndicated,
        ]),
    ) {
        let case = Judged {
            verdicts,
            routes: vec![RoutedComplaint { vulnerability, ..route() }],
            ..Judged::default()
        };
        let counted = count(std::slice::from_ref(&case)).rest;
        let truth = case_truth(&case.verdicts, &case.routes);
        let labels = truth.labels();
        let tallies = counted.by(|cell| cell.task.clone());
        for (task, given) in [("product", "Mortgage"), ("issue", "Fraud or scam")] {
            let of_route = match &truth {
                CaseTruth::Judged(judgement) => judgement.tasks.get(task).is_some_and(|truth| truth.route.is_some()),
                _ => false,
            };
            if let (Some(label), true) = (labels.get(task), of_route) {
                prop_assert_eq!(tallies[task], tally(usize::from(refines(task, given, label)), 1));
            }
        }
        let flag = labels.get("vulnerable").map(|label| *label == "VULNERABLE");
        prop_assert_eq!(counted.labelled.labelled, usize::from(flag.is_some()));
        let flagged = vulnerability != Vulnerability::NotIndicated;
        let known = matches!(&truth, CaseTruth::Judged(judgement)
            if judgement.tasks.get("vulnerable").is_some_and(|truth| truth.route.is_some()));
        if let (Some(so), true) = (flag, known) {
            prop_assert_eq!(counted.flags.precision, tally(usize::from(flagged && so), usize::from(flagged)));
            prop_assert_eq!(counted.flags.recall, tally(usize::from(flagged && so), usize::from(so)));
        } else {
            prop_assert_eq!((counted.flags.precision, counted.flags.recall), (tally(0, 0), tally(0, 0)));
        }
    }

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
