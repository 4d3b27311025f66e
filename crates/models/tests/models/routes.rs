//! Whatever the models say, every complaint has a team, and nobody vulnerable is overlooked.

use ombud_contract::records::{Decision, Outcome, Strategy, Vulnerability};
use ombud_models::{ActiveStrategy, Facts, Route, route};
use proptest::prelude::{Just, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;

use crate::given::{self, facts, labelled, sure};

fn go(decisions: &[Decision]) -> Route {
    route(&facts(decisions), given::active_strategy())
}

fn replaced(task: &str, with: Option<Decision>) -> Vec<Decision> {
    let mut decisions = sure();
    decisions.retain(|decision| decision.task != task);
    decisions.extend(with);
    decisions
}

fn unsure(task: &str, outcome: Outcome) -> Vec<Decision> {
    replaced(task, Some(given::decision(task, outcome, task, Some("Mortgage"))))
}

#[test]
fn a_sure_complaint_goes_to_its_products_team_with_its_clocks() {
    let mut route = go(&sure());
    // The evening before in New York is day zero, and midnight there is 05:00.
    let (day, midnight) = (24 * 60 * 60 * 1000, 5 * 60 * 60 * 1000);
    let clocks: Vec<(&str, i64)> =
        route.clocks.iter().map(|clock| (clock.name.as_str(), (clock.due - midnight) / day)).collect();
    let expected = [
        ("reg-x-acknowledgement", 7),
        ("house-answer", 15),
        ("reg-x-answer", 42),
        ("house-final-response", 60),
    ];
    assert_eq!(clocks, expected, "{:?}", route.clocks);
    route.clocks.clear();
    let expected = Route {
        clocks: Vec::new(),
        clock_attributes: Default::default(),
        team: "home-lending".to_owned(),
        priority: 30,
        vulnerability: Vulnerability::NotIndicated,
        needs_human: false,
        human_reasons: Vec::new(),
        resolve_by: Some(15 * day + midnight),
        final_response_by: Some(42 * day + midnight),
    };
    assert_eq!(route, expected);
}

#[test]
fn an_unsure_failed_or_missing_product_goes_to_triage() {
    for (outcome, reason) in [(Outcome::Abstained, "abstained-product"), (Outcome::Failed, "failed-product")]
    {
        let route = go(&unsure("product", outcome));
        assert_eq!((route.team.as_str(), route.needs_human), ("triage-desk", true));
        assert_eq!(route.human_reasons, [reason]);
    }
    let route = go(&replaced("product", None));
    assert_eq!((route.team.as_str(), route.needs_human), ("triage-desk", true));
    assert_eq!(route.human_reasons, ["missing-product"]);
}

#[test]
fn explicit_evidence_goes_to_the_vulnerable_desk_even_where_the_model_failed() {
    for (outcome, label) in [(Outcome::Labelled, Some("VULNERABLE")), (Outcome::Failed, None)] {
        let said = given::decision("vulnerable", outcome, "vulnerable", label);
        let route = go(&replaced("vulnerable", Some(Decision { explicit_evidence: true, ..said })));
        assert_eq!(route.vulnerability, Vulnerability::Vulnerable);
        assert_eq!(route.team, "vulnerable-customers");
        assert_eq!(route.needs_human, outcome == Outcome::Failed, "the failure stays in sight");
    }
    let elsewhere = Decision { explicit_evidence: true, ..labelled("urgent", "urgent", "YES") };
    let decisions: Vec<Decision> = sure().into_iter().chain([elsewhere]).collect();
    assert_eq!(
        go(&decisions).vulnerability,
        Vulnerability::NotIndicated,
        "of another task it says nothing here"
    );
}

#[test]
fn what_the_crm_knows_for_certain_overrides_the_model() {
    for decisions in [sure(), unsure("product", Outcome::Abstained), replaced("product", None)] {
        let known = Facts { known_product: Some("Student loan"), ..facts(&decisions) };
        let route = route(&known, given::active_strategy());
        assert_eq!((route.team.as_str(), route.needs_human), ("student-lending", false));
    }
}

#[test]
fn a_product_without_a_team_goes_to_triage() {
    let decisions = sure();
    let known = Facts { known_product: Some("Trade finance"), ..facts(&decisions) };
    let strange = replaced("product", Some(labelled("product", "product", "Trade finance")));
    for route in [route(&known, given::active_strategy()), go(&strange)] {
        assert_eq!(route.team, "triage-desk");
        assert_eq!(route.human_reasons, ["unknown-product"]);
    }
}

#[test]
fn a_specialised_queue_takes_its_issue_at_the_level_that_it_names() {
    let to = |product: &str, level: &str, label: &str| {
        let mut decisions = replaced("issue", Some(labelled("issue", level, label)));
        decisions[0] = labelled("product", "product", product);
        let route = go(&decisions);
        (route.team, route.priority)
    };
    let queue = |team: &str, priority| (team.to_owned(), priority);
    assert_eq!(to("Credit reporting", "issue", "Improper use of your report"), queue("identity-theft", 60));
    assert_eq!(
        to("Money transfer or virtual currency", "intent", "Fraud or scam"),
        queue("fraud-and-scams", 60)
    );
    assert_eq!(to("Mortgage", "intent", "Struggling to pay"), queue("foreclosure-prevention", 70));
    assert_eq!(to("Mortgage", "issue", "Struggling to pay mortgage"), queue("foreclosure-prevention", 70));
    assert_eq!(to("Student loan", "intent", "Struggling to pay"), queue("hardship", 55));
    let threat = "Took or threatened to take negative or legal action";
    assert_eq!(to("Debt collection", "issue", threat), queue("legal-threats", 55));
    // The group above it is not threat enough.
    let group = "Debt: tactics, threats, false statements";
    assert_eq!(to("Debt collection", "group", group), queue("collections-conduct", 30));
}

#[test]
fn an_unsure_issue_stays_with_the_products_team_and_is_noted() {
    let route = go(&unsure("issue", Outcome::Abstained));
    assert_eq!((route.team.as_str(), route.needs_human), ("home-lending", false));
    assert_eq!(route.human_reasons, ["abstained-issue"]);
}

#[test]
fn what_a_model_failed_or_missed_is_looked_at_by_a_human() {
    let failed = go(&unsure("issue", Outcome::Failed));
    assert_eq!((failed.needs_human, failed.human_reasons), (true, vec!["failed-issue".to_owned()]));
    let (decisions, missing) = (replaced("issue", None), ["issue".to_owned()]);
    let late = Facts { missing_tasks: &missing, ..facts(&decisions) };
    let late = route(&late, given::active_strategy());
    assert_eq!((late.team.as_str(), late.needs_human), ("home-lending", true));
    assert_eq!(late.human_reasons, ["missing-issue"]);
}

#[test]
fn what_the_strategy_does_not_ask_for_is_not_missed() {
    assert_eq!(go(&replaced("issue", None)).human_reasons, Vec::<String>::new());
    let route = go(&replaced("vulnerable", None));
    assert_eq!((route.vulnerability, route.needs_human), (Vulnerability::Possible, false));
}

#[test]
fn the_vulnerable_go_to_their_desk_whatever_else_is_known() {
    let vulnerable = || Some(labelled("vulnerable", "vulnerable", "VULNERABLE"));
    let route = go(&replaced("vulnerable", vulnerable()));
    assert_eq!((route.team.as_str(), route.priority), ("vulnerable-customers", 90));
    assert_eq!(route.vulnerability, Vulnerability::Vulnerable);
    let route = go(&[labelled("vulnerable", "vulnerable", "VULNERABLE")]);
    assert_eq!((route.team.as_str(), route.needs_human), ("vulnerable-customers", true));
}

#[test]
fn the_possibly_vulnerable_stay_with_the_team_and_come_sooner() {
    let route = go(&replaced("vulnerable", Some(labelled("vulnerable", "vulnerable", "POSSIBLE"))));
    assert_eq!((route.team.as_str(), route.priority), ("home-lending", 50));
    assert_eq!(route.vulnerability, Vulnerability::Possible);
}

#[test]
fn a_language_that_no_model_reads_goes_to_triage_and_clears_nobody() {
    let decisions = sure();
    for (language, team) in [("es", "triage-desk"), ("EN-gb", "home-lending"), ("und", "home-lending")] {
        let route = route(&Facts { language, ..facts(&decisions) }, given::active_strategy());
        assert_eq!(route.team, team, "{language}");
    }
    let route = route(&Facts { language: "es-MX", ..facts(&decisions) }, given::active_strategy());
    assert_eq!(route.vulnerability, Vulnerability::Possible);
    assert_eq!((route.needs_human, route.human_reasons), (true, vec!["language-unread".to_owned()]));
}

fn cannot_read(task: &str) -> Decision {
    Decision { unread: Some("language".into()), ..given::decision(task, Outcome::Abstained, "", None) }
}

#[test]
fn a_text_that_no_model_can_read_clears_nobody_and_goes_to_people() {
    let unread = ["issue", "product", "vulnerable"].map(cannot_read);
    let read = go(&unread);
    assert_eq!((read.team.as_str(), read.vulnerability), ("triage-desk", Vulnerability::Possible));
    assert_eq!(
        (read.needs_human, read.human_reasons),
        (true, vec!["unread-product".to_owned(), "unread-vulnerable".to_owned()])
    );
    let known = route(&Facts { known_product: Some("Mortgage"), ..facts(&unread) }, given::active_strategy());
    assert_eq!((known.team.as_str(), known.vulnerability), ("home-lending", Vulnerability::Possible));
    assert_eq!(
        (known.needs_human, known.human_reasons),
        (true, vec!["unread-issue".to_owned(), "unread-vulnerable".to_owned()])
    );
}

#[test]
fn explicit_evidence_counts_in_a_text_that_the_model_cannot_read() {
    let said = Decision { explicit_evidence: true, ..cannot_read("vulnerable") };
    let route = go(&replaced("vulnerable", Some(said)));
    assert_eq!(
        (route.team.as_str(), route.vulnerability),
        ("vulnerable-customers", Vulnerability::Vulnerable)
    );
    assert_eq!((route.needs_human, route.human_reasons), (true, vec!["unread-vulnerable".to_owned()]));
}

#[test]
fn an_issue_that_its_model_cannot_read_is_noted() {
    let route = go(&replaced("issue", Some(cannot_read("issue"))));
    assert_eq!((route.team.as_str(), route.needs_human), ("home-lending", false));
    assert_eq!(route.human_reasons, ["unread-issue"]);
}

#[test]
fn what_nobody_could_read_goes_to_triage_for_that_reason_alone() {
    let route = route(&Facts { unreadable: true, ..facts(&[]) }, given::active_strategy());
    assert_eq!((route.team.as_str(), route.vulnerability), ("triage-desk", Vulnerability::Possible));
    assert_eq!((route.needs_human, route.human_reasons), (true, vec!["unreadable".to_owned()]));
}

#[test]
fn a_withdrawn_complaint_keeps_its_team_and_waits_behind_all() {
    let decisions = sure();
    let route = route(&Facts { withdrawn: true, ..facts(&decisions) }, given::active_strategy());
    assert_eq!((route.team.as_str(), route.priority, route.needs_human), ("home-lending", 0, false));
    assert_eq!((route.human_reasons.len(), route.resolve_by), (0, None));
}

#[test]
fn the_audit_sample_is_a_share_of_all_and_always_the_same() {
    let record = Strategy { audit_basis_points: 1_000, ..given::first_strategy() };
    let strategy = ActiveStrategy::new(record).unwrap();
    let decisions = sure();
    let mut sampled = 0_i32;
    for i in 0..10_000 {
        let id = format!("complaint-{i}");
        let facts = Facts { complaint_id: &id, ..facts(&decisions) };
        let audited = route(&facts, &strategy);
        assert_eq!(audited.needs_human, audited.human_reasons == ["audit-sample"]);
        assert_eq!(audited.team, "home-lending");
        assert_eq!(route(&facts, &strategy), audited);
        sampled += i32::from(audited.needs_human);
    }
    assert!((sampled - 1_000).abs() < 120, "{sampled}");
}

#[test]
fn a_task_that_the_table_does_not_name_changes_nothing() {
    let mut decisions = sure();
    decisions.push(labelled("sentiment", "sentiment", "angry"));
    assert_eq!(go(&decisions), go(&sure()));
    let (decisions, missing) = (sure(), ["sentiment".to_owned()]);
    let late = Facts { missing_tasks: &missing, ..facts(&decisions) };
    assert_eq!(route(&late, given::active_strategy()), go(&sure()));
}

#[test]
fn a_task_that_the_table_names_has_its_queue() {
    let mut record = given::first_strategy();
    record
        .routing
        .push_str("\n[[queues]]\nteam = \"legal-threats\"\ntask = \"sentiment\"\nlabels = [\"angry\"]\n");
    let strategy = ActiveStrategy::new(record).unwrap();
    let mut decisions = sure();
    decisions.push(labelled("sentiment", "sentiment", "angry"));
    assert_eq!(route(&facts(&decisions), &strategy).team, "legal-threats");
}

fn any_decision() -> impl Generator<Value = Decision> {
    let task = prop_oneof!["product", "issue", "vulnerable", "[a-z]{1,8}"];
    let outcome = prop_oneof![Just(Outcome::Failed), Just(Outcome::Labelled), Just(Outcome::Abstained)];
    let level = prop_oneof!["product", "issue", "group", "intent", "vulnerable", "[a-z]{0,6}"];
    let label = prop_oneof![
        "Mortgage",
        "Debt collection",
        "Fraud or scam",
        "Struggling to pay",
        "Other/rare",
        "VULNERABLE",
        "POSSIBLE",
        "NOT_INDICATED",
        "\\PC{0,12}"
    ];
    let path = proptest::collection::vec(label.clone(), 0..4);
    (task, outcome, level, proptest::option::of(label), path).prop_map(
        |(task, outcome, level, label, path)| {
            let plain = given::decision(&task, outcome, &level, None);
            Decision { label, path, ..plain }
        },
    )
}

proptest! {
    #[test]
    fn every_complaint_has_a_team_of_the_table(
        id in "\\PC{0,20}", language in "\\PC{0,8}|en|und", received_at: i64, unreadable: bool, withdrawn: bool,
        known in proptest::option::of("Mortgage|Student loan|\\PC{0,10}"),
        decisions in proptest::collection::vec(any_decision(), 0..6),
        missing in proptest::collection::vec("product|issue|vulnerable|[a-z]{1,6}", 0..4),
    ) {
        let strategy = given::active_strategy();
        let facts = Facts {
            regulator_sent_at: None, notice_at: None, legal_entity: None, attributes: &given::NO_ATTRIBUTES,
            complaint_id: &id, language: &language, known_product: known.as_deref(), received_at,
            decisions: &decisions, missing_tasks: &missing, unreadable, withdrawn,
        };
        let routed = route(&facts, strategy);
        prop_assert!(strategy.routing.teams.contains_key(&routed.team));
        prop_assert!((0..=100).contains(&routed.priority));
        prop_assert!(routed.human_reasons.is_sorted());
        prop_assert!(!routed.needs_human || !routed.human_reasons.is_empty());
        if routed.team == "triage-desk" && !withdrawn {
            prop_assert!(routed.needs_human);
        }
        // I10: only a model's clear no is a no.
        let vulnerable = decisions.iter().find(|decision| decision.task == "vulnerable");
        let clear_no = vulnerable.is_some_and(|decision| {
            decision.outcome == Outcome::Labelled && decision.label.as_deref() == Some("NOT_INDICATED")
        });
        prop_assert!(clear_no || routed.vulnerability >= Vulnerability::Possible);
        prop_assert_eq!(route(&facts, strategy), routed);
    }
}
