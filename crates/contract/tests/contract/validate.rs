//! The rules that examples in JSON are too small or too clumsy to show.

use ombud_contract::{
    records::{DeadReason, RawComplaint},
    validate::{Invalid, MAX_ID_BYTES, MAX_NARRATIVE_BYTES},
};
use proptest::prelude::*;

fn complaint(narrative: impl Into<String>) -> RawComplaint {
    RawComplaint::new("c-1", narrative, 1_714_557_600_000)
}

#[test]
fn a_narrative_of_five_megabytes_is_too_large_and_one_at_the_limit_is_not() {
    let invalid = complaint("x".repeat(5 << 20)).validate().unwrap_err();
    assert_eq!((invalid.code(), invalid.dead_reason()), ("narrative-too-large", DeadReason::TooLarge));
    assert_eq!(complaint("x".repeat(MAX_NARRATIVE_BYTES)).validate(), Ok(()));
    assert!(complaint("x".repeat(MAX_NARRATIVE_BYTES + 1)).validate().is_err());
}

#[test]
fn the_longest_id_is_valid() {
    let mut longest = complaint("text");
    longest.complaint_id = "c".repeat(MAX_ID_BYTES);
    assert_eq!(longest.validate(), Ok(()));
}

#[test]
fn letters_of_any_script_make_a_narrative_and_pictures_do_not() {
    for narrative in ["плохо", "不好", "سيئ", "é", "😡 no"] {
        assert_eq!(complaint(narrative).validate(), Ok(()), "{narrative}");
    }
    for pictures in ["😡", "👍🏽👍🏽", "🅰️🅱️", "🇬🇧", "Ⓜ️", "ℹ️", "1️⃣", "!!! 100 %", "\u{200D}"]
    {
        assert_eq!(complaint(pictures).validate(), Err(Invalid::NarrativeWithoutLetters), "{pictures}");
    }
}

#[test]
fn an_unknown_but_well_formed_language_is_valid() {
    for language in ["tlh", "sr-Latn-RS", "x-branch", "qaa"] {
        let complaint = RawComplaint { language: language.into(), ..complaint("text") };
        assert_eq!(complaint.validate(), Ok(()), "{language}");
    }
}

#[test]
fn only_size_is_told_apart_from_the_other_rules_in_a_dead_letter() {
    assert_eq!(complaint(" ").validate().unwrap_err().dead_reason(), DeadReason::Invalid);
}

proptest! {
    #[test]
    fn no_complaint_makes_the_rules_panic_or_tell_content(
        id in any::<String>(), narrative in any::<String>(), language in any::<String>(), at in any::<i64>(),
    ) {
        let mut complaint = RawComplaint::new(id, format!("zqxj{narrative}"), at);
        complaint.language = language;
        if let Err(invalid) = complaint.validate() {
            prop_assert!(!invalid.to_string().contains("zqxj"));
            prop_assert!(invalid.code().chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
    }
}
