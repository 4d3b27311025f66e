//! Which events of work count, and that the same event has the same id for ever.

use ombud_contract::{
    codec, ids,
    records::{AnswerOutcome, DeadReason, WorkEvent, WorkKind},
    work::{UnreadableWork, work_of},
};
use proptest::prelude::*;

const DONE: i64 = 1_798_761_600_000;
const LEASE: &str = "0192f0c1-7a84-7b0f-8c1e-8a9b2d4c6e8f";

fn event(kind: WorkKind) -> WorkEvent {
    WorkEvent::new("c-1", kind, 1_024, DONE, "clerk-7").named()
}

fn answer() -> WorkEvent {
    WorkEvent {
        outcome: Some(AnswerOutcome::Upheld),
        cause_code: Some("fees-not-explained".into()),
        ..event(WorkKind::FinalResponse)
    }
}

fn undoing(of: &str) -> WorkEvent {
    WorkEvent { undoes: Some(of.into()), ..event(WorkKind::Undone) }
}

#[test]
fn an_event_that_says_what_its_kind_needs_is_valid() {
    let events = [
        event(WorkKind::Claimed),
        event(WorkKind::Released),
        event(WorkKind::Acknowledged),
        event(WorkKind::HoldingResponse),
        event(WorkKind::Reopened),
        answer(),
        WorkEvent { kind: WorkKind::SummaryResolution, ..answer() },
        WorkEvent { redress_minor: Some(0), redress_currency: Some("JPY".into()), ..answer() },
        WorkEvent { vulnerability_code: Some("payment-plan".into()), ..answer() },
        WorkEvent { forwarded_to: Some("insurer-12".into()), ..event(WorkKind::Forwarded) },
        WorkEvent { reason_code: "customer-called".into(), ..event(WorkKind::Noted) },
        undoing("crm:12"),
        WorkEvent {
            team: Some("Équipe du crédit".into()),
            work_id: "crm:4711".into(),
            ..event(WorkKind::Claimed)
        },
    ];
    for event in events {
        assert_eq!((event.validate(), event.admit(DONE)), (Ok(()), Ok(())), "{event:?}");
    }
}

#[test]
fn an_event_that_lacks_something_is_refused_with_the_field_and_the_code() {
    let acknowledged = || event(WorkKind::Acknowledged);
    let code = || Some("a-code".to_owned());
    let wrong = [
        (event(WorkKind::FinalResponse), "outcome", "outcome-missing"),
        (WorkEvent { cause_code: None, ..answer() }, "cause_code", "cause-missing"),
        (WorkEvent { redress_minor: Some(-1), ..answer() }, "redress_minor", "redress-negative"),
        (WorkEvent { redress_minor: Some(1), ..answer() }, "redress_currency", "redress-incomplete"),
        (
            WorkEvent { redress_currency: Some("GBP".into()), ..answer() },
            "redress_minor",
            "redress-incomplete",
        ),
        (
            WorkEvent { redress_minor: Some(1), redress_currency: Some("gbp".into()), ..answer() },
            "redress_currency",
            "currency-malformed",
        ),
        (WorkEvent { outcome: Some(AnswerOutcome::Upheld), ..acknowledged() }, "outcome", "answers-nothing"),
        (WorkEvent { cause_code: code(), ..acknowledged() }, "cause_code", "answers-nothing"),
        (WorkEvent { vulnerability_code: code(), ..acknowledged() }, "vulnerability_code", "answers-nothing"),
        (event(WorkKind::Forwarded), "forwarded_to", "forwarded-to-missing"),
        (WorkEvent { forwarded_to: code(), ..acknowledged() }, "forwarded_to", "forwards-nothing"),
        (event(WorkKind::Undone), "undoes", "undoes-missing"),
        (WorkEvent { undoes: code(), ..acknowledged() }, "undoes", "undoes-nothing"),
        (WorkEvent { work_id: "w".into(), ..undoing("w") }, "undoes", "undoes-itself"),
        (undoing(""), "undoes", "id-malformed"),
        (event(WorkKind::Noted), "reason_code", "note-missing"),
        (WorkEvent { complaint_id: String::new(), ..acknowledged() }, "complaint_id", "id-malformed"),
        (WorkEvent { work_id: String::new(), ..acknowledged() }, "work_id", "id-malformed"),
        (WorkEvent { lease_id: Some(String::new()), ..acknowledged() }, "lease_id", "id-malformed"),
        (WorkEvent { input_sha256: code(), ..acknowledged() }, "input_sha256", "input-malformed"),
        (WorkEvent { revision: -1, ..acknowledged() }, "revision", "revision-negative"),
        (WorkEvent { done_at: 1_798_761_600, ..acknowledged() }, "done_at", "done-at-out-of-range"),
        (WorkEvent { actor: String::new(), ..acknowledged() }, "actor", "actor-missing"),
        (WorkEvent { actor: "ann@bank.example".into(), ..acknowledged() }, "actor", "no-code"),
        (WorkEvent { cause_code: Some("The fee was wrong.".into()), ..answer() }, "cause_code", "no-code"),
        (WorkEvent { cause_code: Some(String::new()), ..answer() }, "cause_code", "name-empty"),
        (WorkEvent { team: Some(String::new()), ..acknowledged() }, "team", "name-empty"),
        (WorkEvent { team: Some("a\nb".into()), ..acknowledged() }, "team", "name-malformed"),
    ];
    for (event, field, code) in wrong {
        let invalid = event.validate().unwrap_err();
        assert_eq!((invalid.field, invalid.code), (field, code), "{invalid}");
    }
}

#[test]
fn what_a_newer_system_wrote_is_read_from_a_topic_and_is_not_admitted() {
    let of_later = WorkEvent { outcome: Some(AnswerOutcome::Other), ..event(WorkKind::Other) };
    let answered = WorkEvent { outcome: Some(AnswerOutcome::Other), ..answer() };
    let hidden = WorkEvent { team: Some("cards\u{202e}".into()), ..event(WorkKind::Claimed) };
    for (event, field, code) in [
        (of_later, "kind", "kind-unknown"),
        (answered, "outcome", "outcome-unknown"),
        (hidden, "team", "name-malformed"),
    ] {
        assert_eq!(event.validate(), Ok(()));
        assert_eq!(event.admit(DONE).map_err(|wrong| (wrong.field, wrong.code)), Err((field, code)));
    }
}

#[test]
fn an_event_of_a_time_to_come_is_refused_but_for_what_clocks_differ() {
    const SKEW: i64 = 5 * 60 * 1000;
    let late = event(WorkKind::Acknowledged);
    let value = codec::encode(&late).unwrap();
    assert_eq!(late.admit(DONE - SKEW), Ok(()));
    assert_eq!(work_of(Some(b"c-1"), &value, DONE - SKEW), Ok(late.clone()));
    let refused = late.admit(DONE - SKEW - 1).unwrap_err();
    assert_eq!((refused.field, refused.code), ("done_at", "done-at-in-the-future"));
    assert_eq!(work_of(Some(b"c-1"), &value, DONE - SKEW - 1), Err(UnreadableWork::Invalid(refused)));
}

#[test]
fn a_record_counts_under_its_own_key_alone() {
    let event = event(WorkKind::Claimed);
    let value = codec::encode(&event).unwrap();
    assert_eq!(work_of(Some(b"c-1"), &value, DONE), Ok(event.clone()));
    for key in [Some(&b"c-2"[..]), None] {
        assert_eq!(work_of(key, &value, DONE), Err(UnreadableWork::KeyIsNotTheId));
    }
    assert_eq!(work_of(None, b"{}", DONE).unwrap_err().dead_reason(), DeadReason::Undecodable);
    let invalid = codec::encode(&WorkEvent { revision: -1, ..event }).unwrap();
    assert_eq!(work_of(Some(b"c-1"), &invalid, DONE).unwrap_err().dead_reason(), DeadReason::Invalid);
}

/// Computed outside this code base, from the rule as `ombud_contract::ids` words it.
#[test]
fn the_id_of_an_event_never_changes() {
    assert_eq!(
        event(WorkKind::Acknowledged).work_id,
        "dd8c782ac4fc58429f3b9beb3289b17dbb74dae08ca68e75b7ce03ce53376da5"
    );
    let leased = WorkEvent { lease_id: Some(LEASE.into()), ..event(WorkKind::FinalResponse) };
    assert_eq!(leased.named().work_id, "9295a51e4cc82abb4573d8e335dbcd88c961bb0fb536aed5804565ee1061c420");
    let undone = WorkEvent {
        reason_code: "wrong-template".into(),
        ..undoing("dd8c782ac4fc58429f3b9beb3289b17dbb74dae08ca68e75b7ce03ce53376da5")
    };
    assert_eq!(undone.named().work_id, "4677ce4024c9f1afad0f30cbf458169cf29efacdfc286e57a406801f3046d788");
}

#[test]
fn what_ends_a_lease_has_one_id_a_lease_and_everything_else_one_a_time() {
    for kind in WorkKind::ALL {
        let first = WorkEvent { lease_id: Some(LEASE.into()), ..event(kind) };
        let again = WorkEvent { done_at: DONE + 7, ..first.clone() };
        let once = kind.closes() || matches!(kind, WorkKind::Claimed | WorkKind::Released);
        assert_eq!(ids::work_id(&first) == ids::work_id(&again), once, "{kind:?}");
        let by_the_next = WorkEvent { lease_id: Some("another".into()), ..first.clone() };
        assert_eq!(ids::work_id(&first) != ids::work_id(&by_the_next), once, "{kind:?}");
        let without = WorkEvent { lease_id: None, ..again };
        assert_ne!(ids::work_id(&without), ids::work_id(&event(kind)), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn no_event_makes_the_rules_panic_or_repeat_content(
        text in any::<String>(), name in any::<String>(), at in any::<i64>(), revision in any::<i64>(),
    ) {
        let event = WorkEvent {
            reason_code: format!("zqxj{text}"), done_at: at, revision, team: Some(format!("zqxj{name}")),
            work_id: name, ..answer()
        };
        if let Err(invalid) = event.admit(DONE) {
            prop_assert!(!invalid.to_string().contains("zqxj"));
        }
    }
}
