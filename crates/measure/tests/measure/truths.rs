//! What verdicts say is true: in any order, as if a retracted verdict had never been given.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use ombud_contract::records::{Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability};
use ombud_measure::truth::{CaseTruth, Finding, Judgement, LabelledShare, Open, TaskTruth, case_truth};
use proptest::{collection::vec, prelude::*, sample::select};

fn route(vulnerability: Vulnerability) -> RoutedComplaint {
    let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
    let mut route: RoutedComplaint = serde_json::from_str(example).unwrap();
    (route.revision, route.vulnerability) = (1, vulnerability);
    for decision in &mut route.decisions {
        let label = match decision.task.as_str() {
            "product" => "Mortgage",
            "issue" => "Card: purchase dispute / fraud",
            _ => continue,
        };
        (decision.outcome, decision.label) = (Outcome::Labelled, Some(label.into()));
    }
    assert!(["product", "issue"].iter().all(|task| route.decisions.iter().any(|one| one.task == *task)));
    route
}

fn verdict(kind: FeedbackKind, at: i64) -> Feedback {
    let example =
        include_str!("../../../../schemas/complaints.feedback/examples/valid/only-what-must-be-there.json");
    let example: Feedback = serde_json::from_str(example).unwrap();
    Feedback { feedback_id: format!("f-{at}"), kind, revision: 1, decided_at: at, ..example }
}

fn of(task: &str, verdict: Feedback) -> Feedback {
    Feedback { task: Some(task.into()), ..verdict }
}

fn to(label: &str, verdict: Feedback) -> Feedback {
    Feedback { label_after: Some(label.into()), ..verdict }
}

fn by(actor: &str, verdict: Feedback) -> Feedback {
    Feedback { actor: actor.into(), ..verdict }
}

fn judged<'a>(verdicts: &'a [Feedback], routes: &'a [RoutedComplaint]) -> Judgement<'a> {
    match case_truth(verdicts, routes) {
        CaseTruth::Judged(judgement) => judgement,
        other => panic!("{other:?}"),
    }
}

/// What `verdicts` on a route with that flag say about a task.
fn finding(task: &str, flag: Vulnerability, verdicts: &[Feedback]) -> Option<String> {
    let routes = [route(flag)];
    judged(verdicts, &routes).tasks.get(task).map(|truth| format!("{:?}", truth.finding))
}

fn said(finding: Finding<'_>) -> Option<String> {
    Some(format!("{finding:?}"))
}

use FeedbackKind::{Confirmed, NotAComplaint, Reallocated, Relabelled, Retracted};
use Vulnerability::{NotIndicated, Possible, Vulnerable};

#[test]
fn a_confirmation_teaches_what_was_decided_and_vulnerability_only_where_the_flag_was_vulnerable() {
    let confirmed = [verdict(Confirmed, 1)];
    for flag in [Vulnerable, Possible, NotIndicated] {
        assert_eq!(finding("product", flag, &confirmed), said(Finding::Label("Mortgage")));
        assert_eq!(
            finding("issue", flag, &confirmed),
            said(Finding::Label("Card: purchase dispute / fraud"))
        );
    }
    assert_eq!(finding("vulnerable", Vulnerable, &confirmed), said(Finding::Label("VULNERABLE")));
    for flag in [Possible, NotIndicated] {
        assert_eq!(finding("vulnerable", flag, &confirmed), said(Finding::Open(Open::NotNamed)));
    }
}

#[test]
fn the_flag_is_settled_by_a_verdict_that_names_it() {
    let named = |kind| [of("vulnerable", verdict(kind, 1))];
    let cases = [
        (Confirmed, Vulnerable, Finding::Label("VULNERABLE")),
        (Confirmed, NotIndicated, Finding::Label("NOT_INDICATED")),
        (Confirmed, Possible, Finding::Open(Open::Unclear)),
        (Reallocated, Vulnerable, Finding::Label("NOT_INDICATED")),
        (Reallocated, NotIndicated, Finding::Label("VULNERABLE")),
        (Reallocated, Possible, Finding::Open(Open::Unclear)),
    ];
    for (kind, flag, expected) in cases {
        assert_eq!(finding("vulnerable", flag, &named(kind)), said(expected), "{kind:?} on {flag:?}");
    }
    for (label, right) in [("VULNERABLE", true), ("not_indicated", false)] {
        let verdicts = [to(label, verdict(FeedbackKind::Vulnerability, 1)), verdict(Confirmed, 2)];
        let routes = [route(Possible)];
        let judgement = judged(&verdicts, &routes);
        assert_eq!(judgement.vulnerable(), Some(right), "who leaves it open takes nothing back");
        assert_eq!(judgement.tasks["vulnerable"].is_right(), Some(right), "POSSIBLE is a flag");
    }
}

#[test]
fn a_finer_label_says_that_the_coarser_one_was_right_and_a_name_counts_whatever_its_case() {
    let routes = [route(Possible)];
    let finer = "problem with a purchase shown on your STATEMENT";
    let verdicts = [of("issue", to(finer, verdict(Relabelled, 1)))];
    let issue: TaskTruth<'_> = judged(&verdicts, &routes).tasks["issue"];
    assert_eq!(issue.label(), Some("Problem with a purchase shown on your statement"));
    assert_eq!((issue.is_right(), issue.judges("Communication tactics")), (Some(true), Some(false)));
    let verdicts = [of("issue", verdict(Confirmed, 1))];
    let issue = judged(&verdicts, &routes).tasks["issue"];
    assert_eq!(issue.judges("Problem with a purchase shown on your statement"), None, "it may be so");
}

#[test]
fn what_somebody_has_corrected_stays_so_and_that_it_was_wrong_takes_no_label_away() {
    let student = || of("product", to("Student loan", verdict(Relabelled, 1)));
    let label = said(Finding::Label("Student loan"));
    assert_eq!(finding("product", Possible, &[student(), by("b", verdict(Confirmed, 2))]), label);
    assert_eq!(
        finding("product", Possible, &[student(), verdict(Confirmed, 2)]),
        said(Finding::Label("Mortgage")),
        "who said it takes it back"
    );
    assert_eq!(finding("product", Possible, &[student(), verdict(Reallocated, 2)]), label);
    assert_eq!(
        finding("product", Possible, &[verdict(Confirmed, 1), verdict(Reallocated, 2)]),
        said(Finding::Wrong)
    );
    let routes = [route(Possible)];
    let sent_on = [verdict(Reallocated, 1), by("b", verdict(Confirmed, 2))];
    assert!(judged(&sent_on, &routes).allocation.unwrap().reallocated);
}

#[test]
fn a_guess_is_confirmed_by_its_task_alone() {
    let mut unsure = route(Possible);
    unsure.decisions.iter_mut().for_each(|decision| decision.outcome = Outcome::Abstained);
    let routes = [unsure];
    let finding = |verdict: Feedback| {
        judged(&[verdict], &routes).tasks["product"].finding == Finding::Label("Mortgage")
    };
    assert!(finding(of("product", verdict(Confirmed, 1))));
    assert!(!finding(verdict(Confirmed, 1)));
}

#[test]
fn a_case_is_no_complaint_by_its_newest_verdict_and_unjudged_where_all_was_taken_back() {
    let routes = [route(Possible)];
    let none = [verdict(NotAComplaint, 2), verdict(Confirmed, 1)];
    assert_eq!(case_truth(&none, &routes), CaseTruth::NotAComplaint);
    assert!(case_truth(&none, &routes).labels().is_empty());
    let taken_back = |of: &str| Feedback { retracts: Some(of.into()), ..verdict(Retracted, 0) };
    let verdicts = [verdict(Confirmed, 1), verdict(NotAComplaint, 2), taken_back("f-2")];
    assert_eq!(case_truth(&verdicts, &routes), case_truth(&verdicts[..1], &routes));
    assert_eq!(case_truth(&[verdict(Confirmed, 1), taken_back("f-1")], &routes), CaseTruth::Unjudged);
    assert_eq!(case_truth(&[taken_back("f-9")], &routes), CaseTruth::Unjudged);
}

#[test]
fn nine_of_ten_are_enough_and_less_are_not() {
    let share = |labelled, judged| LabelledShare { labelled, judged }.is_enough();
    assert!(share(9, 10) && share(27, 30) && share(1, 1));
    assert!(!share(89, 100) && !share(0, 5) && !share(0, 0));
}

fn any_verdict() -> impl Strategy<Value = Feedback> {
    let kinds = vec![
        Confirmed,
        Reallocated,
        Relabelled,
        FeedbackKind::Vulnerability,
        NotAComplaint,
        Retracted,
        FeedbackKind::Other,
    ];
    let task = prop::option::of(select(vec!["product", "issue", "vulnerable"]));
    let label = prop::option::of(select(vec!["Mortgage", "student loan", "VULNERABLE", "NOT_INDICATED"]));
    let retracts = prop::option::of((0..20_u32).prop_map(|id| format!("id-{id}")));
    (select(kinds), task, label, retracts, 0..4_i64, 0..3_i64, select(vec!["a", "b"])).prop_map(
        |(kind, task, label_after, retracts, at, revision, actor)| Feedback {
            task: task.map(str::to_owned),
            label_after: label_after.map(str::to_owned),
            retracts: retracts.filter(|_| kind == Retracted),
            revision,
            ..by(actor, verdict(kind, at))
        },
    )
}

/// Each with an id of its own, as a store keeps them.
fn any_verdicts() -> impl Strategy<Value = Vec<Feedback>> {
    vec(any_verdict(), 0..12).prop_map(|mut verdicts| {
        let named = verdicts.iter_mut().enumerate();
        named.for_each(|(at, verdict)| verdict.feedback_id = format!("id-{at}"));
        verdicts
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_says_nothing(
        verdicts in any_verdicts(),
        flag in select(vec![Vulnerable, Possible, NotIndicated]),
        turned in any::<prop::sample::Index>(),
    ) {
        let routes = [route(flag)];
        let mut others = verdicts.clone();
        if !others.is_empty() {
            let at = turned.index(others.len());
            others.rotate_left(at);
            others.reverse();
        }
        prop_assert_eq!(case_truth(&others, &routes), case_truth(&verdicts, &routes));
    }

    #[test]
    fn what_is_taken_back_was_never_given(
        verdicts in any_verdicts(), flag in select(vec![Vulnerable, Possible, NotIndicated]),
    ) {
        let routes = [route(flag)];
        let Some((last, before)) = verdicts.split_last() else { return Ok(()) };
        // A retraction stays: only what says something is taken back.
        prop_assume!(last.kind != Retracted);
        let retraction = Feedback {
            feedback_id: "retraction".into(),
            retracts: Some(last.feedback_id.clone()),
            ..verdict(Retracted, 9)
        };
        let taken_back = [&verdicts[..], &[retraction]].concat();
        prop_assert_eq!(case_truth(&taken_back, &routes), case_truth(before, &routes));
    }

    #[test]
    fn a_label_is_known_where_it_is_right_or_another_is(
        verdicts in any_verdicts(), flag in select(vec![Vulnerable, Possible, NotIndicated]),
    ) {
        let routes = [route(flag)];
        let truth = case_truth(&verdicts, &routes);
        let labels = truth.labels();
        let CaseTruth::Judged(judgement) = &truth else {
            prop_assert!(labels.is_empty());
            return Ok(());
        };
        for (task, truth) in &judgement.tasks {
            prop_assert_eq!(truth.label(), labels.get(task).copied());
            prop_assert!(*task != "vulnerable" || truth.label() != Some("POSSIBLE"));
            match truth.finding {
                Finding::Open(_) => prop_assert_eq!(truth.is_right(), None),
                Finding::Wrong => prop_assert_eq!((truth.label(), truth.is_right()), (None, Some(false))),
                Finding::Label(_) => {}
            }
        }
    }
}
