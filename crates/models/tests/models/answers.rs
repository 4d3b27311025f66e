//! An answer is given at the finest level that its confidence carries, and never out of numbers that are none.

use ombud_contract::records::{Evidence, Outcome};
use ombud_models::{
    Answer, EvidenceOdds, ForeignLabel, Head, Kind, answer, calibrated, in_label_set_order, probabilities,
    with_odds,
};
use proptest::prelude::*;

use crate::given::{self, head, taxonomy, vulnerable_head};

fn issue(thresholds: &[(&str, f64)]) -> Head {
    head("issue", Kind::Choice, thresholds)
}

/// Logits with these labels' probabilities; the rest is shared by the others.
fn logits(head: &Head, shares: &[(&str, f64)]) -> Vec<f32> {
    let rest = 1.0 - shares.iter().map(|(_, share)| share).sum::<f64>();
    let others = (head.labels.len() - shares.len()) as f64;
    let share = |label: &String| shares.iter().find(|(l, _)| l == label).map_or(rest / others, |(_, s)| *s);
    head.labels.iter().map(|label| share(label).ln() as f32).collect()
}

fn ask(head: &Head, shares: &[(&str, f64)], review_below: f32) -> Answer {
    answer(head, taxonomy(&head.label_set), &logits(head, shares), review_below, &[])
}

#[test]
fn a_confident_leaf_is_answered_with_its_path() {
    let said = ask(&issue(&[]), &[("Struggling to pay mortgage", 0.9)], 0.35);
    assert_eq!((said.outcome, said.level.as_str()), (Outcome::Labelled, "issue"));
    assert_eq!(said.path, ["Struggling to pay", "Mortgage: struggling to pay", "Struggling to pay mortgage"]);
    assert!((said.confidence - 0.9).abs() < 1e-5);
    assert_eq!(said.threshold, 0.35);
}

#[test]
fn what_no_leaf_carries_is_answered_by_its_intent() {
    let shares = [("Struggling to pay mortgage", 0.3), ("Struggling to repay your loan", 0.3)];
    let said = ask(&issue(&[]), &shares, 0.5);
    assert_eq!((said.outcome, said.level.as_str()), (Outcome::Labelled, "intent"));
    assert_eq!(said.label.as_deref(), Some("Struggling to pay"));
    assert!(said.confidence >= 0.6, "{}", said.confidence);
}

#[test]
fn a_levels_own_threshold_holds_beside_the_strategys() {
    let shares = [("Struggling to pay mortgage", 0.6)];
    let said = ask(&issue(&[("issue", 0.7), ("group", 0.7)]), &shares, 0.35);
    assert_eq!(said.level, "intent");
    let said = ask(&issue(&[("issue", 0.2)]), &shares, 0.35);
    assert_eq!((said.level.as_str(), said.threshold), ("issue", 0.35));
}

#[test]
fn what_no_level_carries_abstains_with_the_coarsest_guess() {
    let said = ask(&issue(&[]), &[("Fraud or scam", 0.2)], 0.95);
    assert_eq!((said.outcome, said.level.as_str()), (Outcome::Abstained, "intent"));
    assert_eq!(said.path.len(), 1);
    assert!(said.label.is_some());
}

#[test]
fn the_order_of_a_heads_labels_does_not_matter() {
    let plain = issue(&[]);
    let mut reversed = plain.clone();
    reversed.labels.reverse();
    let shares = [("Fraud or scam", 0.5), ("Opening an account", 0.3)];
    assert_eq!(ask(&reversed, &shares, 0.35), ask(&plain, &shares, 0.35));
    let tree = taxonomy("issue@1");
    let ordered = in_label_set_order(&reversed, tree, &logits(&reversed, &shares)).unwrap().into_owned();
    assert_eq!(ordered, logits(&plain, &shares));
}

#[test]
fn of_equal_labels_the_first_of_the_label_set_wins() {
    let head = head("product", Kind::Choice, &[]);
    let said = answer(&head, taxonomy("product@1"), &vec![0.5; head.labels.len()], 0.0, &[]);
    assert_eq!(said.label.as_ref(), taxonomy("product@1").leaves().first());
}

#[test]
fn where_none_of_the_labels_is_likeliest_the_model_abstains_and_confidences_keep_its_share_out() {
    let close = |found: f64, share: f64| assert!((found - share).abs() < 1e-6, "{found} is not {share}");
    let leaves = taxonomy("product@1").leaves();
    let mut theirs: Vec<ForeignLabel> = leaves
        .iter()
        .map(|leaf| ForeignLabel { theirs: leaf.to_lowercase(), ours: Some(leaf.clone()) })
        .collect();
    theirs.push(ForeignLabel { theirs: "spam".to_owned(), ours: None });
    let head = Head { foreign: theirs, ..head("product", Kind::Choice, &[]) };
    let said = |none: f64| {
        let mut logits = logits(&head, &[("Mortgage", 0.8)]);
        // The other labels share the rest of 1; `none` comes on top.
        logits.push(none.ln() as f32);
        let said = answer(&head, taxonomy("product@1"), &logits, 0.0, &[]);
        (said.outcome, said.label.unwrap(), said.confidence)
    };
    let (outcome, label, confidence) = said(0.25);
    assert_eq!((outcome, label.as_str()), (Outcome::Labelled, "Mortgage"));
    close(f64::from(confidence), 0.8 / 1.25);
    let (outcome, label, confidence) = said(1.0);
    assert_eq!((outcome, label.as_str()), (Outcome::Abstained, "Mortgage"));
    close(f64::from(confidence), 0.4);
    let all = calibrated(&head, &[0.0; 10], &[]);
    assert_eq!(all.len(), 9);
    close(all.iter().sum(), 0.9);
    let short = answer(&head, taxonomy("product@1"), &[0.0; 9], 0.0, &[]);
    assert_eq!(short.failure, Some("logits-count"));
}

#[test]
fn a_high_temperature_makes_the_same_logits_less_sure() {
    let cool = head("product", Kind::Choice, &[]);
    let hot = Head { temperature: 4.0, ..cool.clone() };
    let shares = [("Mortgage", 0.9)];
    assert!(ask(&hot, &shares, 0.0).confidence < ask(&cool, &shares, 0.0).confidence);
}

#[test]
fn a_flag_is_cut_by_its_two_thresholds() {
    let head = vulnerable_head();
    let said = |score: f64, review_below: f32| {
        let logits = [(1.0 - score).ln() as f32, score.ln() as f32];
        let said = answer(&head, taxonomy("vulnerable@1"), &logits, review_below, &[]);
        (said.outcome, said.label.unwrap(), (f64::from(said.confidence) * 100.0).round())
    };
    assert_eq!(said(0.9, 0.0), (Outcome::Labelled, "VULNERABLE".to_owned(), 90.0));
    assert_eq!(said(0.5, 0.0), (Outcome::Labelled, "POSSIBLE".to_owned(), 50.0));
    assert_eq!(said(0.1, 0.0), (Outcome::Labelled, "NOT_INDICATED".to_owned(), 90.0));
    assert_eq!(said(0.1, 0.95), (Outcome::Abstained, "NOT_INDICATED".to_owned(), 90.0));
    assert_eq!(said(0.5, 0.95).0, Outcome::Labelled, "a possible vulnerability is never held back");
}

#[test]
fn what_a_narrative_says_outright_raises_a_flag_and_never_lowers_it() {
    let head = vulnerable_head();
    let evidence = |explicit| Evidence { category: "health".to_owned(), explicit, start: 0, end: 4 };
    let said = |score: f64, review_below: f32, evidence: &[Evidence]| {
        let logits = [(1.0 - score).ln() as f32, score.ln() as f32];
        answer(&head, taxonomy("vulnerable@1"), &logits, review_below, evidence)
    };
    let (hint, explicit) = ([evidence(false)], [evidence(false), evidence(true)]);
    for (score, alone, with_hint) in
        [(0.1, "NOT_INDICATED", "POSSIBLE"), (0.5, "POSSIBLE", "POSSIBLE"), (0.9, "VULNERABLE", "VULNERABLE")]
    {
        assert_eq!(said(score, 0.0, &[]).label.as_deref(), Some(alone));
        assert_eq!(said(score, 0.0, &hint).label.as_deref(), Some(with_hint));
        let fused = said(score, 0.0, &explicit);
        assert_eq!((fused.label.as_deref(), fused.path), (Some("VULNERABLE"), vec!["VULNERABLE".to_owned()]));
        assert!(
            (f64::from(fused.score.unwrap()) - score).abs() < 1e-6,
            "the score stays what the model said"
        );
    }
    let raised = said(0.1, 0.95, &hint);
    assert_eq!(
        (raised.outcome, raised.threshold),
        (Outcome::Labelled, 0.0),
        "a hint answers what was held back"
    );
    assert!((raised.confidence - 0.1).abs() < 1e-6, "the confidence is of the label that is given");
}

#[test]
fn evidence_adds_its_odds_to_the_score_once_a_category_and_strength() {
    let odds = EvidenceOdds { explicit: 2.0, hint: 0.5 };
    let head = Head { evidence_odds: [("health".to_owned(), odds)].into(), ..vulnerable_head() };
    let said =
        |category: &str, explicit| Evidence { category: category.to_owned(), explicit, start: 0, end: 4 };
    let log_odds = |evidence: &[Evidence]| {
        let p = calibrated(&head, &[0.0, -1.0], evidence);
        (p[1] / p[0]).ln() + 1.0
    };
    let close = |found: f64, odds: f64| assert!((found - odds).abs() < 1e-6, "{found} is not {odds}");
    close(log_odds(&[]), 0.0);
    close(log_odds(&[said("age", true)]), 0.0);
    close(log_odds(&[said("health", true), said("health", true)]), 2.0);
    close(log_odds(&[said("health", true), said("health", false)]), 2.5);
    let answered = answer(&head, taxonomy("vulnerable@1"), &[0.0, -1.0], 0.0, &[said("health", true)]);
    close(f64::from(answered.score.unwrap()), calibrated(&head, &[0.0, -1.0], &[said("health", true)])[1]);
}

proptest! {
    #[test]
    fn whatever_is_said_a_score_is_a_probability_and_no_lower(
        logits in prop::array::uniform2(-400.0_f32..400.0),
        odds in 0.0..480.0,
    ) {
        let alone = probabilities(&logits, 1.0);
        let fused = with_odds(alone.clone(), odds);
        prop_assert!((fused[0] + fused[1] - 1.0).abs() < 1e-9 && fused[1] >= alone[1] - 1e-12, "{alone:?} {fused:?}");
    }
}

#[test]
fn evidence_does_not_hide_that_a_model_failed() {
    let evidence = [Evidence { category: "health".to_owned(), explicit: true, start: 0, end: 4 }];
    let said = answer(&vulnerable_head(), taxonomy("vulnerable@1"), &[f32::NAN, 0.0], 0.0, &evidence);
    assert_eq!((said.outcome, said.label, said.score), (Outcome::Failed, None, None));
}

#[test]
fn logits_that_are_no_numbers_or_too_few_are_a_failure() {
    let head = head("product", Kind::Choice, &[]);
    for strange in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut logits = vec![0.0; head.labels.len()];
        logits[3] = strange;
        let said = answer(&head, taxonomy("product@1"), &logits, 0.0, &[]);
        assert_eq!(
            (said.outcome, said.label, said.failure),
            (Outcome::Failed, None, Some("logits-not-finite"))
        );
    }
    let said = answer(&head, taxonomy("product@1"), &[0.0], 0.0, &[]);
    assert_eq!(said.failure, Some("logits-count"));
}

proptest! {
    #[test]
    fn any_finite_logits_are_answered(
        logits in proptest::collection::vec(-1e30_f32..1e30, given::taxonomy("issue@1").leaves().len()),
        review_below in 0.0_f32..=1.0,
    ) {
        let head = issue(&[]);
        let said = answer(&head, taxonomy("issue@1"), &logits, review_below, &[]);
        prop_assert!(said.outcome != Outcome::Failed);
        prop_assert_eq!(said.path.last(), said.label.as_ref());
        prop_assert!((0.0..=1.0001).contains(&said.confidence));
        prop_assert!(said.outcome == Outcome::Abstained || said.confidence >= said.threshold);
        let sum: f64 = probabilities(&logits, head.temperature).iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-9);
    }
}
