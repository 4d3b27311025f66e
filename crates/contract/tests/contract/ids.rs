//! Ids are the same for ever: what is stored under one must be found under it by every later version.
//!
//! The expected values were computed outside this code base, from the rule as `ombud_contract::ids` words it.

use ombud_contract::{
    ids::{basis_point, complaint_id_of, dead_letter_id, input_sha256, prediction_id, route_id, written_id},
    records::{RawComplaint, Role},
};
use proptest::prelude::*;

const NARRATIVE: &str = "They charged me twice.";

fn plain() -> RawComplaint {
    RawComplaint::new("c-1", NARRATIVE, 1_700_000_000_000)
}

fn full() -> RawComplaint {
    RawComplaint {
        withdrawn: true,
        bulk: true,
        channel: "web".into(),
        language: "en".into(),
        legal_entity: Some("MegaBank UK".into()),
        customer_ref: Some("p-9".into()),
        external_ref: Some("x-1".into()),
        known_product: Some("Mortgage".into()),
        attributes: [("tier".into(), "gold".into()), ("branch".into(), "12".into())].into(),
        ..plain()
    }
}

/// With every field that a schema has.
fn timed() -> RawComplaint {
    RawComplaint { regulator_sent_at: Some(1_699_900_000_000), notice_at: Some(1_699_000_000_000), ..full() }
}

#[test]
fn the_input_hash_of_a_plain_complaint_never_changes() {
    assert_eq!(input_sha256(&plain()), "1178453d1b12e4e87ab70a4514f70cc6cc606831335e17f2a2eeed8f56a5c1fa");
}

#[test]
fn the_input_hash_of_a_full_complaint_never_changes() {
    assert_eq!(input_sha256(&full()), "2abab7c596486e61e310ad52a953b1ee1456d55d2dceb13ecf51f219fa6b4584");
}

#[test]
fn the_input_hash_of_a_complaint_with_times_where_clocks_begin_never_changes() {
    assert_eq!(input_sha256(&timed()), "8bc6eb62b59f3251eba81ca6e20cc357397a33ef71531fc7a80c1fe1af33e9bf");
    // Whoever does not fill them has the hash that older workers have.
    let unset = RawComplaint { regulator_sent_at: None, notice_at: None, ..timed() };
    assert_eq!(input_sha256(&unset), input_sha256(&full()));
}

#[test]
fn sending_the_same_content_again_changes_no_input_hash() {
    let again = RawComplaint { received_at: 1_800_000_000_000, submission: 2, ..full() };
    assert_eq!(input_sha256(&again), input_sha256(&full()));
}

#[test]
fn every_field_but_time_and_submission_changes_the_input_hash() {
    let base = plain();
    let changed = [
        RawComplaint { complaint_id: "c-2".into(), ..base.clone() },
        RawComplaint { narrative: "They charged me thrice.".into(), ..base.clone() },
        RawComplaint { withdrawn: true, ..base.clone() },
        RawComplaint { bulk: true, ..base.clone() },
        RawComplaint { channel: "web".into(), ..base.clone() },
        RawComplaint { language: "en".into(), ..base.clone() },
        RawComplaint { legal_entity: Some(String::new()), ..base.clone() },
        RawComplaint { customer_ref: Some("a".into()), ..base.clone() },
        RawComplaint { external_ref: Some("a".into()), ..base.clone() },
        RawComplaint { known_product: Some("a".into()), ..base.clone() },
        RawComplaint { attributes: [("a".into(), String::new())].into(), ..base.clone() },
        RawComplaint { regulator_sent_at: Some(0), ..base.clone() },
        RawComplaint { notice_at: Some(0), ..base.clone() },
    ];
    let mut hashes: Vec<String> = changed.iter().chain([&base]).map(input_sha256).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), changed.len() + 1);
}

#[test]
fn a_prediction_id_never_changes() {
    assert_eq!(
        prediction_id("c-1", "in", "product", "v1", Role::Deciding),
        "745163246be264560e05e974f20c0b86eb3e526efc1980d2f19d74f49dc026aa"
    );
    assert_ne!(
        prediction_id("c-1", "in", "product", "v1", Role::Shadow),
        prediction_id("c-1", "in", "product", "v1", Role::Deciding)
    );
}

#[test]
fn a_route_id_never_changes_and_knows_no_order() {
    let id = "73e1a762710d033fd2acfa25c2e1f16fd8beee0990296ae1cc44e76c5659843a";
    assert_eq!(route_id("c-1", "in", &["p1", "p2"], 7, &["issue"]), id);
    assert_eq!(route_id("c-1", "in", &["p2", "p1"], 7, &["issue"]), id);
    assert_ne!(route_id("c-1", "in", &["p1", "p2", "issue"], 7, &[]), id);
}

#[test]
fn a_dead_letter_id_never_changes() {
    assert_eq!(
        dead_letter_id("complaints.raw", 3, 42),
        "585fd139b3666c46f19698edddc9774a6e6000945e0fc2e9575c404f2d43413e"
    );
}

#[test]
fn a_complaint_without_an_id_is_named_after_its_text() {
    assert_eq!(complaint_id_of(NARRATIVE), "cfpb-080f5cf58f86bb5f");
}

#[test]
fn a_basis_point_never_changes() {
    assert_eq!(basis_point("c-1", "salt"), 8_631);
    assert_ne!(basis_point("c-1", "pepper"), 8_631);
}

#[test]
fn basis_points_spread_evenly() {
    let mut tenths = [0_u32; 10];
    for n in 0..20_000 {
        let point = basis_point(&format!("complaint-{n}"), "canary");
        tenths[usize::try_from(point / 1_000).unwrap()] += 1;
    }
    // 2,000 expected, with a standard deviation of 42.
    assert!(tenths.iter().all(|count| (1_800..2_200).contains(count)), "{tenths:?}");
}

proptest! {
    #[test]
    fn parts_never_run_together(a in "[a-z]{0,4}", b in "[a-z]{0,4}", c in "[a-z]{0,4}", d in "[a-z]{0,4}") {
        let one = prediction_id(&a, &b, "product", "v", Role::Deciding);
        let other = prediction_id(&c, &d, "product", "v", Role::Deciding);
        prop_assert_eq!(one == other, (a, b) == (c, d));
    }
}

#[test]
fn an_id_is_written_without_space_around_it_and_composed_and_its_case_counts() {
    assert_eq!(written_id(" cafe\u{301}-1\u{a0}\n"), "caf\u{e9}-1");
    assert_eq!(written_id("C-1"), "C-1");
    // Letters that only look alike stay two, and so does what NFC decomposes.
    assert_ne!(written_id("\u{fb01}-1"), "fi-1");
    assert_eq!(written_id("\u{212b}"), "\u{c5}");
}
