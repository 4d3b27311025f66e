//! Which verdicts count, and that the same verdict has the same id for ever.

use ombud_contract::{
    codec, ids,
    records::{DeadReason, Feedback, FeedbackKind},
    verdict::{UnreadableFeedback, feedback_of},
};
use proptest::prelude::*;

const DECIDED: i64 = 1_714_644_000_000;

fn verdict(kind: FeedbackKind) -> Feedback {
    Feedback {
        feedback_id: "fb-1".into(),
        complaint_id: "c-1".into(),
        route_id: "r-1".into(),
        revision: 1_024,
        kind,
        task: None,
        prediction_id: None,
        model_id: None,
        model_version: None,
        label_before: None,
        label_after: None,
        from_team: Some("cards".into()),
        to_team: None,
        reason_code: String::new(),
        actor: "agent-17".into(),
        actor_role: String::new(),
        source: String::new(),
        audit_sample: false,
        decided_at: DECIDED,
        retracts: None,
    }
}

fn relabelled(task: &str, before: &str, after: &str) -> Feedback {
    Feedback {
        task: Some(task.into()),
        label_before: Some(before.into()),
        label_after: Some(after.into()),
        ..verdict(FeedbackKind::Relabelled)
    }
}

fn flag(after: &str) -> Feedback {
    Feedback { label_after: Some(after.into()), ..verdict(FeedbackKind::Vulnerability) }
}

fn to(team: &str) -> Feedback {
    Feedback { to_team: Some(team.into()), ..verdict(FeedbackKind::Reallocated) }
}

fn retraction(of: &str) -> Feedback {
    Feedback { retracts: Some(of.into()), ..verdict(FeedbackKind::Retracted) }
}

#[test]
fn a_verdict_that_says_what_its_kind_needs_is_valid() {
    let verdicts = [
        verdict(FeedbackKind::Confirmed),
        verdict(FeedbackKind::NotAComplaint),
        verdict(FeedbackKind::Other),
        to("home-lending"),
        relabelled("product", "Mortgage", "Student loan"),
        relabelled("issue", "Fraud or scam", "Struggling to pay"),
        relabelled("channel-of-harm", "a", "b"),
        flag("VULNERABLE"),
        flag("NOT_INDICATED"),
        flag("not_indicated"),
        relabelled("product", "Mortgage", "student LOAN"),
        relabelled("issue", "Fraud or scam", "Cont'd attempts collect debt not owed"),
        retraction("fb-0"),
        // No tree has it, and it is meant.
        Feedback { reason_code: "new-label".into(), ..relabelled("product", "Mortgage", "Spaceships") },
    ];
    for verdict in verdicts {
        assert_eq!(verdict.validate(), Ok(()), "{verdict:?}");
    }
}

#[test]
fn a_verdict_that_lacks_something_is_told_the_field_and_the_code() {
    let confirmed = || verdict(FeedbackKind::Confirmed);
    let wrong = [
        (verdict(FeedbackKind::Reallocated), "to_team", "to-team-missing"),
        (to("cards"), "to_team", "to-team-unchanged"),
        (verdict(FeedbackKind::Relabelled), "task", "task-missing"),
        (
            Feedback { task: Some("product".into()), ..verdict(FeedbackKind::Relabelled) },
            "label_after",
            "label-missing",
        ),
        (relabelled("product", "Mortgage", "Mortgage"), "label_after", "label-unchanged"),
        (relabelled("product", "Mortgage", "Spaceships"), "label_after", "label-unknown"),
        (relabelled("vulnerable", "POSSIBLE", "VULNERABLE"), "kind", "kind-wrong"),
        (verdict(FeedbackKind::Vulnerability), "label_after", "label-unknown"),
        (flag("POSSIBLE"), "label_after", "label-unknown"),
        (Feedback { task: Some("issue".into()), ..flag("VULNERABLE") }, "task", "task-wrong"),
        (
            Feedback { label_before: Some("VULNERABLE".into()), ..flag("VULNERABLE") },
            "label_after",
            "label-unchanged",
        ),
        (Feedback { to_team: Some("cards".into()), ..confirmed() }, "to_team", "changes-something"),
        (Feedback { label_after: Some("x".into()), ..confirmed() }, "label_after", "changes-something"),
        (Feedback { complaint_id: String::new(), ..confirmed() }, "complaint_id", "id-malformed"),
        (Feedback { route_id: String::new(), ..confirmed() }, "route_id", "id-malformed"),
        (Feedback { feedback_id: "x".repeat(129), ..confirmed() }, "feedback_id", "id-malformed"),
        (verdict(FeedbackKind::Retracted), "retracts", "retracts-missing"),
        (retraction(""), "retracts", "id-malformed"),
        (retraction("fb-1"), "retracts", "retracts-itself"),
        (Feedback { task: Some("issue".into()), ..retraction("fb-0") }, "task", "changes-something"),
        (Feedback { to_team: Some("x".into()), ..retraction("fb-0") }, "to_team", "changes-something"),
        (Feedback { retracts: Some("fb-0".into()), ..confirmed() }, "retracts", "retracts-nothing"),
        (relabelled("product", "Mortgage", "mortgage"), "label_after", "label-unchanged"),
        (Feedback { revision: -1, ..confirmed() }, "revision", "revision-negative"),
        (Feedback { decided_at: 1_714_644_000, ..confirmed() }, "decided_at", "decided-at-out-of-range"),
        (Feedback { actor: String::new(), ..confirmed() }, "actor", "actor-missing"),
        (Feedback { actor: "ann@bank.example".into(), ..confirmed() }, "actor", "no-code"),
        (Feedback { reason_code: "was not ours".into(), ..confirmed() }, "reason_code", "no-code"),
        (Feedback { task: Some(String::new()), ..confirmed() }, "task", "name-empty"),
        (Feedback { from_team: Some("a\nb".into()), ..confirmed() }, "from_team", "name-malformed"),
    ];
    for (verdict, field, code) in wrong {
        let invalid = verdict.validate().unwrap_err();
        assert_eq!((invalid.field, invalid.code), (field, code), "{invalid}");
    }
}

#[test]
fn a_team_with_a_hidden_character_is_read_from_a_topic_and_is_not_admitted() {
    let hidden = to("cards\u{202e}");
    assert_eq!(hidden.validate(), Ok(()));
    assert_eq!(
        hidden.admit(DECIDED).map_err(|wrong| (wrong.field, wrong.code)),
        Err(("to_team", "name-malformed"))
    );
    assert_eq!(to("می\u{200c}خواهم").admit(DECIDED), Ok(()), "joiners are part of words");
}

#[test]
fn a_verdict_of_a_time_to_come_is_refused_but_for_what_clocks_differ() {
    const SKEW: i64 = 5 * 60 * 1000;
    let late = verdict(FeedbackKind::Confirmed);
    let value = codec::encode(&late).unwrap();
    assert_eq!(late.admit(DECIDED - SKEW), Ok(()));
    assert_eq!(feedback_of(Some(b"c-1"), &value, DECIDED - SKEW), Ok(late.clone()));
    let refused = late.admit(DECIDED - SKEW - 1).unwrap_err();
    assert_eq!((refused.field, refused.code), ("decided_at", "decided-at-in-the-future"));
    assert_eq!(
        feedback_of(Some(b"c-1"), &value, DECIDED - SKEW - 1),
        Err(UnreadableFeedback::Invalid(refused))
    );
}

#[test]
fn a_possible_is_neither_confirmed_nor_rejected_and_the_mend_says_what_to_send() {
    let of_possible = |verdict: Feedback| Feedback {
        task: Some("vulnerable".into()),
        label_before: Some("POSSIBLE".into()),
        ..verdict
    };
    for unclear in [of_possible(verdict(FeedbackKind::Confirmed)), of_possible(to("loans"))] {
        assert_eq!(unclear.validate(), Ok(()), "it may lie in a topic");
        let refused = unclear.admit(DECIDED).unwrap_err();
        assert_eq!((refused.field, refused.code), ("kind", "possible-unsettled"));
        assert!(refused.fix.contains("VULNERABILITY"), "{refused}");
        let clear = Feedback { label_before: Some("NOT_INDICATED".into()), ..unclear };
        assert_eq!(clear.admit(DECIDED), Ok(()));
    }
    assert_eq!(of_possible(flag("VULNERABLE")).admit(DECIDED), Ok(()));
}

#[test]
fn a_record_counts_under_its_own_key_alone() {
    let verdict = verdict(FeedbackKind::Confirmed);
    let value = codec::encode(&verdict).unwrap();
    assert_eq!(feedback_of(Some(b"c-1"), &value, DECIDED), Ok(verdict.clone()));
    assert_eq!(feedback_of(Some(b"c-2"), &value, DECIDED), Err(UnreadableFeedback::KeyIsNotTheId));
    assert_eq!(feedback_of(None, b"{}", DECIDED).unwrap_err().dead_reason(), DeadReason::Undecodable);
    let invalid = codec::encode(&Feedback { revision: -1, ..verdict }).unwrap();
    assert_eq!(feedback_of(Some(b"c-1"), &invalid, DECIDED).unwrap_err().dead_reason(), DeadReason::Invalid);
}

#[test]
fn the_id_of_a_verdict_never_changes() {
    assert_eq!(ids::feedback_id(&to("home-lending")), GOLDEN);
}

/// Computed outside this code base, from the rule as `ombud_contract::ids` words it.
const GOLDEN: &str = "21f6525a93f2cbb155200e3642b1020bf34076cf961440ef14b4658484e7710f";

#[test]
fn what_is_said_changes_the_id_and_what_the_case_fills_in_does_not() {
    let base = relabelled("product", "Mortgage", "Student loan");
    let id = ids::feedback_id(&base);
    let same = [
        Feedback { label_before: None, from_team: None, route_id: "r-2".into(), ..base.clone() },
        Feedback {
            audit_sample: true,
            model_version: Some("v".into()),
            source: "crm".into(),
            ..base.clone()
        },
    ];
    assert!(same.iter().all(|verdict| ids::feedback_id(verdict) == id));
    let other = [
        Feedback { revision: 2_048, ..base.clone() },
        Feedback { task: Some("issue".into()), ..base.clone() },
        Feedback { label_after: Some("Mortgage".into()), ..base.clone() },
        Feedback { to_team: Some("cards".into()), ..base.clone() },
        Feedback { actor: "agent-18".into(), ..base.clone() },
        Feedback { decided_at: base.decided_at + 1, ..base.clone() },
        Feedback { kind: FeedbackKind::Confirmed, ..base.clone() },
        Feedback { retracts: Some("fb-0".into()), ..base.clone() },
        Feedback { complaint_id: "c-2".into(), ..base },
    ];
    assert!(other.iter().all(|verdict| ids::feedback_id(verdict) != id));
}

proptest! {
    #[test]
    fn no_verdict_makes_the_rules_panic_or_tell_content(
        text in any::<String>(), label in any::<String>(), at in any::<i64>(), revision in any::<i64>(),
    ) {
        let verdict = Feedback {
            reason_code: format!("zqxj{text}"), decided_at: at, revision,
            ..relabelled(&text, &label, &format!("zqxj{label}"))
        };
        if let Err(invalid) = verdict.validate() {
            prop_assert!(!invalid.to_string().contains("zqxj"));
        }
    }
}
