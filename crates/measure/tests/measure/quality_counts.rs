//! Counting of judged cases: what each verdict counts for, and the audit sample apart.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod by_hand;

use ombud_contract::records::{
    Feedback, FeedbackKind, Outcome, Prediction, Role, RoutedComplaint, Vulnerability,
};
use ombud_measure::{
    quality::{AuditDraw, JudgedCase, QualityCounts, QualityReport, Tally, page, tables},
    truth::{CaseTruth, case_truth, refines},
};

use crate::given::{decision, route, verdict};

const WEEK: i64 = 7 * 86_400_000;

fn count(cases: &[JudgedCase]) -> QualityCounts {
    let mut quality = QualityCounts::default();
    cases.iter().for_each(|case| quality.add(case));
    quality
}

/// Of nothing that was drawn, and without drift.
fn report(quality: &QualityCounts) -> QualityReport {
    QualityReport::of(quality, &AuditDraw::default(), Vec::new(), ("2026-01-01".into(), "2026-03-01".into()))
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
    let case = JudgedCase {
        verdicts: vec![
            relabelled("product", "Student loan", 20),
            verdict(FeedbackKind::Confirmed, 10),
            relabelled("issue", "Fraud or scam", 5),
        ],
        routes: vec![route()],
        ..JudgedCase::default()
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
        let quality = count(&[JudgedCase { verdicts, routes: vec![route()], ..JudgedCase::default() }]);
        let product = quality.rest.by(|cell| cell.task.clone())["product"];
        let issue = quality.rest.by(|cell| cell.task.clone())["issue"];
        (quality.rest.reallocated_by(|_, _| ())[&()], product, issue)
    };
    // What the first team said nothing about, the second confirms.
    let stays = (tally(1, 1), tally(0, 1), tally(1, 1));
    assert_eq!(counted(vec![sent_on(), content("another")]), stays);
    let taken_back = (tally(0, 1), tally(1, 1), tally(1, 1));
    assert_eq!(counted(vec![sent_on(), content("agent-17")]), taken_back, "who said it takes it back");
    let named = Feedback { task: Some("product".into()), ..content("another") };
    assert_eq!(
        count(&[JudgedCase {
            verdicts: vec![sent_on(), named],
            routes: vec![route()],
            ..JudgedCase::default()
        }])
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
        |verdict: Feedback, shadows| JudgedCase { verdicts: vec![verdict], routes: vec![route()], shadows };
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
    let case = |so, label, outcome| JudgedCase {
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
        let quality = count(&[JudgedCase {
            verdicts: vec![relabelled("issue", label, 1)],
            routes: vec![route.clone()],
            ..JudgedCase::default()
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
    let quality = count(&[JudgedCase {
        verdicts: vec![verdict(FeedbackKind::Confirmed, 1)],
        routes: vec![route],
        ..JudgedCase::default()
    }]);
    assert!(!quality.rest.by(|cell| cell.task.clone()).contains_key("issue"));
    assert_eq!(quality.rest.unanswered["issue"], 1);
}

#[test]
fn the_flag_is_counted_by_what_is_so() {
    let judged = |vulnerability, said: Option<&str>| {
        let kind = if said.is_some() { FeedbackKind::Vulnerability } else { FeedbackKind::Confirmed };
        let verdict = Feedback { label_after: said.map(str::to_owned), ..verdict(kind, 1) };
        JudgedCase {
            verdicts: vec![verdict],
            routes: vec![RoutedComplaint { vulnerability, ..route() }],
            ..JudgedCase::default()
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
fn drawn(id: &str, vulnerability: Vulnerability, verdict: Feedback) -> JudgedCase {
    let human_reasons = vec!["audit-sample".into()];
    let complaint_id = String::from(id);
    let verdict = Feedback { complaint_id: complaint_id.clone(), ..verdict };
    let route = RoutedComplaint { complaint_id, vulnerability, human_reasons, ..route() };
    JudgedCase { verdicts: vec![verdict], routes: vec![route], ..JudgedCase::default() }
}

#[test]
fn what_the_flag_is_worth_is_not_claimed_where_nobody_names_it() {
    let flags = [Vulnerability::Vulnerable, Vulnerability::Possible, Vulnerability::NotIndicated];
    let cases: Vec<JudgedCase> = (0..300)
        .map(|n| drawn(&format!("c-{n:03}"), flags[n % 3], verdict(FeedbackKind::Confirmed, 1)))
        .collect();
    let mut sample = AuditDraw::default();
    (0..300).for_each(|n| sample.see(&format!("c-{n:03}"), 10_000));
    let report = QualityReport::of(&count(&cases), &sample, Vec::new(), (String::new(), String::new()));
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
fn from_nine_of_ten_on_the_flag_is_claimed_and_what_is_drawn_and_not_judged_is_reported() {
    let named = |n: usize| match n {
        0 => verdict(FeedbackKind::Confirmed, 1),
        _ => Feedback { label_after: Some("VULNERABLE".into()), ..verdict(FeedbackKind::Vulnerability, 1) },
    };
    let cases: Vec<JudgedCase> =
        (0..10).map(|n| drawn(&format!("c-{n}"), Vulnerability::Possible, named(n))).collect();
    let mut sample = AuditDraw::default();
    (0..12).for_each(|n| sample.see(&format!("c-{n}"), 10_000));
    let report = QualityReport::of(&count(&cases), &sample, Vec::new(), (String::new(), String::new()));
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
    let case =
        |verdicts: Vec<Feedback>| JudgedCase { verdicts, routes: vec![route()], ..JudgedCase::default() };
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
        JudgedCase {
            verdicts: vec![verdict(FeedbackKind::Reallocated, 1)],
            routes: vec![drawn],
            ..JudgedCase::default()
        },
        JudgedCase { verdicts: vec![claims], routes: vec![route()], ..JudgedCase::default() },
        JudgedCase {
            verdicts: vec![verdict(FeedbackKind::Confirmed, 1), verdict(FeedbackKind::NotAComplaint, 2)],
            routes: vec![route()],
            ..JudgedCase::default()
        },
    ]);
    assert_eq!((quality.audit_sample.cases, quality.rest.cases, quality.rest.not_a_complaint), (1, 2, 1));
    assert_eq!(quality.audit_sample.by(|cell| cell.task.clone())["product"], tally(0, 1));
    assert_eq!(quality.rest.by(|cell| cell.task.clone())["product"], tally(1, 1));
}

#[test]
fn a_report_has_its_figures_in_tables_json_and_plots() {
    let case = |at| JudgedCase {
        verdicts: vec![verdict(FeedbackKind::Confirmed, at)],
        routes: vec![route()],
        ..JudgedCase::default()
    };
    let quality = count(&[case(1_769_850_000_000), case(1_769_850_000_000 + WEEK)]);
    let report = report(&quality);
    let json = serde_json::to_value(&report).unwrap();
    let product = &json["rest"]["tasks"]["product"];
    assert_eq!(product["by_week"]["2026-W05"]["of"], 1);
    assert_eq!(product["all"]["share"], 1.0);
    assert!((product["all"]["interval"][0].as_f64().unwrap() - 0.342).abs() < 1e-3, "{product}");
    let shown: String = tables(&report).iter().map(|(_, table)| table.terminal()).collect();
    assert!(shown.contains("100.0 % (34.2-100.0 %)") && shown.contains("bag@v"), "{shown}");
    let html = page(&report);
    for text in ["2026-W05", "2026-W06", "<svg", "Rest: accuracy by team"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("Audit sample by week"), "nothing was drawn");
}
