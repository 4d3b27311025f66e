//! What infer promises of each prediction.

use bytes::Bytes;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{Outcome, RawComplaint, Role, Strategy},
};

use crate::letters_world::World;

#[test]
fn a_prediction_inherits_the_partition_and_says_who_decided() {
    let world = World::new();
    world.complain(3, "a", "a short complaint about number 1 of all my very many long accounts");
    let predictions = world.infer_until(2);
    assert_eq!(predictions.len(), 2);
    for (partition, prediction) in &predictions {
        assert_eq!((*partition, prediction.raw_partition, prediction.raw_offset), (3, 3, 0));
        assert_eq!((prediction.complaint_id.as_str(), prediction.model_version.len()), ("a", 64));
        assert_eq!(prediction.label.as_deref(), Some("VULNERABLE"));
        assert!(prediction.tokens > 0 && prediction.unseen_tokens == prediction.tokens / 2);
    }
    let roles: Vec<Role> = predictions.iter().map(|(_, prediction)| prediction.role).collect();
    assert!(roles.contains(&Role::Deciding) && roles.contains(&Role::Shadow));
}

#[test]
fn a_text_that_cannot_be_scored_fails_alone() {
    let world = World::new();
    for n in 0..6 {
        world.complain(
            0,
            &format!("c{n}"),
            if n == 3 {
                "unscorable text about my bank account and my card fees again"
            } else {
                "a text like any other"
            },
        );
    }
    for (_, prediction) in world.infer_until(12) {
        let failed = prediction.outcome == Outcome::Failed;
        assert_eq!(failed, prediction.complaint_id == "c3");
        assert_eq!(prediction.failure.as_deref(), failed.then_some("classify-failed"));
    }
}

#[test]
fn what_a_complaint_says_outright_answers_whatever_the_score_and_is_on_the_record_by_its_place() {
    let world = World::new();
    world.complain(0, "said", "\u{1f600} I am a veteran, and the fees");
    world.complain(0, "hinted", "I lost my job");
    world.complain(0, "silent", "Fees, again.");
    world.complain(0, "failed", "unscorable: my late wife paid the bank fees for our account");
    for (_, prediction) in world.infer_until(8) {
        let evidence: Vec<(&str, bool, i32, i32)> = prediction
            .evidence
            .iter()
            .map(|one| (one.category.as_str(), one.explicit, one.start, one.end))
            .collect();
        let (label, expected) = match prediction.complaint_id.as_str() {
            "said" => (Some("VULNERABLE"), vec![("armed_forces", true, 4, 16)]),
            "hinted" => (Some("POSSIBLE"), vec![("job_loss", false, 2, 13)]),
            "failed" => (None, vec![("bereavement", true, 12, 24)]),
            _ => (Some("NOT_INDICATED"), vec![]),
        };
        assert_eq!((prediction.label.as_deref(), evidence), (label, expected), "{}", prediction.complaint_id);
        assert_eq!(prediction.evidence_table, "vulnerable@1");
        match prediction.score {
            Some(score) => assert!((0.0..0.4).contains(&score), "the model's own, not raised by evidence"),
            None => assert_eq!(prediction.outcome, Outcome::Failed),
        }
    }
}

#[test]
fn what_the_model_cannot_read_it_is_not_asked_and_what_is_said_outright_stays_on_the_record() {
    let world = World::new();
    world.complain(0, "french", "J'ai 85 ans, je suis aveugle");
    world.complain(0, "nothing", "XXXX XXXX nan");
    world.complain(0, "both", "Je suis aveugle et seul, my late wife paid");
    world.complain(0, "unscorable", "unscorable, mais je suis aveugle et seul");
    world.complain(0, "english", "They charged the same fee twice");
    for (_, prediction) in world.infer_until(10) {
        let id = prediction.complaint_id.as_str();
        let reason = match id {
            "english" => None,
            "nothing" => Some("too-few-words"),
            _ => Some("language"),
        };
        assert_eq!(prediction.unread.as_deref(), reason, "{id}");
        assert_eq!(prediction.arithmetic, "FLOAT");
        if reason.is_some() {
            assert_eq!((prediction.outcome, prediction.label), (Outcome::Abstained, None), "{id}");
            assert!(
                prediction.logits.is_empty() && prediction.score.is_none() && prediction.failure.is_none()
            );
            assert_eq!(prediction.evidence.iter().any(|one| one.explicit), id == "both");
        } else {
            assert_eq!(
                (prediction.outcome, prediction.label.as_deref()),
                (Outcome::Labelled, Some("NOT_INDICATED"))
            );
        }
    }
}

#[test]
fn what_cannot_be_read_is_settled_and_its_neighbours_are_decided() {
    let world = World::new();
    world.append(Topic::Raw, Some(1), "junk", Bytes::from_static(b"\0\0\0\0\x07junk"));
    world.complain(1, "blank", " \u{1f600} ");
    world.complain(1, "after", "a text after the junk");
    let ids: Vec<String> = world.infer_until(2).into_iter().map(|(_, p)| p.complaint_id).collect();
    assert_eq!(ids, ["after", "after"]);
}

#[test]
fn a_complaint_is_decided_under_no_key_or_a_framed_one_and_not_under_another_complaints() {
    let world = World::new();
    let keys: [(&str, Option<&'static [u8]>); 4] = [
        ("mine", Some(b"another")),
        ("null", None),
        ("json", Some(b"\"json\"")),
        ("avro", Some(b"\0\0\0\0\x05\x08avro")),
    ];
    for (id, key) in keys {
        let complaint = RawComplaint::new(id, "a text like any other", 1_700_000_000_000);
        let value = codec::encode(&complaint).unwrap();
        world.append_under(Topic::Raw, Some(1), key.map(Bytes::from_static), value);
    }
    let mut ids: Vec<String> = world.infer_until(6).into_iter().map(|(_, p)| p.complaint_id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["avro", "avro", "json", "json", "null", "null"]);
}

#[test]
fn a_worker_that_comes_back_goes_on_where_the_last_one_stopped() {
    let world = World::new();
    world.complain(2, "first", "the first text of all");
    assert_eq!(world.infer_until(2).len(), 2);
    world.complain(2, "second", "the second text of all");
    let ids: Vec<String> = world.infer_until(4).into_iter().map(|(_, p)| p.complaint_id).collect();
    assert_eq!(ids, ["first", "first", "second", "second"]);
}

#[test]
fn a_complaint_waits_for_the_first_strategy() {
    let (world, strategy) = World::without_strategy();
    // Begins after the complaint was appended, which has it all the same: join waits for this very answer.
    let strategy = Strategy { effective_from: i64::MAX, ..strategy };
    world.complain(2, "early", "a text from before all strategies");
    let mut looks = 0;
    let predictions = world.infer_while(2, || {
        looks += 1;
        if looks == 100 {
            assert!(world.predictions().is_empty());
            world.publish(&strategy);
        }
    });
    assert!(predictions.iter().all(|(_, prediction)| prediction.strategy_version == 1));
}
