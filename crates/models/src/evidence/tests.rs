//! What the table finds, what it does not, and that it points at the very words.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn table() -> &'static EvidenceTable {
    EvidenceTable::by_name("vulnerable@1").unwrap()
}

/// Category, strength and words of all that is found.
fn found(narrative: &str) -> Vec<(String, bool, String)> {
    let words = |one: &Evidence| {
        narrative.chars().skip(one.start as usize).take((one.end - one.start) as usize).collect()
    };
    table().find(narrative).into_iter().map(|one| (one.category.clone(), one.explicit, words(&one))).collect()
}

fn categories(narrative: &str) -> Vec<(String, bool)> {
    found(narrative).into_iter().map(|(category, explicit, _)| (category, explicit)).collect()
}

#[test]
fn a_published_table_is_never_edited() {
    let digests = FILES.map(|text| hex::encode(Sha256::digest(text)));
    assert_eq!(
        digests,
        [
            "ac8d8ae697fbc085f09edaf49a165c6227efcb051c52ea2fcddb63b91a575c2d",
            "a6c432876659a7db3bf51fd4afc926a16e84ef96d2d91bb80c75088e525848f7",
        ],
        "a change is a new number: copy the newest file to the next one, and leave this as it was"
    );
}

#[test]
fn every_table_says_what_its_categories_mean_and_where_they_come_from() {
    for table in TABLES.iter() {
        for category in table.categories() {
            assert!(!category.definition.is_empty() && !category.source.is_empty(), "{}", category.name);
        }
    }
    for (document, table) in DOCUMENTS.iter().zip(&TABLES) {
        assert_eq!(table.name(), document.name());
    }
    assert_eq!(EvidenceTable::newest_for("vulnerable").unwrap().name(), "vulnerable@2");
    assert!(
        EvidenceTable::newest_for("product").is_none() && EvidenceTable::by_name("vulnerable@9").is_none()
    );
}

#[test]
fn every_category_has_a_driver_and_one_that_was_published_before_there_were_any_has_that_of_its_name() {
    for table in &TABLES {
        for category in table.categories() {
            assert_eq!(Driver::of(table.name(), &category.name), Some(category.driver), "{}", category.name);
        }
    }
    let named = |driver: Driver| -> Vec<&str> {
        let categories = table().categories().iter().filter(|category| category.driver == driver);
        categories.map(|category| category.name.as_str()).collect()
    };
    assert_eq!(named(Driver::Health), ["age", "health", "mental_health", "disability"]);
    let events = ["armed_forces", "bereavement", "caring", "domestic_abuse", "job_loss", "disaster"];
    assert_eq!(named(Driver::LifeEvents), events);
    assert_eq!(named(Driver::Resilience), ["money_troubles"]);
    assert_eq!(named(Driver::Capability), ["capability"]);
    assert_eq!(Driver::of("vulnerable@9", "age"), None);
    assert_eq!(Driver::of("vulnerable@1", "luck"), None);
}

#[test]
fn a_drivers_name_is_how_it_is_written() {
    for driver in Driver::ALL {
        assert_eq!(serde_json::to_value(driver).unwrap(), driver.name());
    }
}

#[test]
fn the_second_table_finds_what_the_first_one_does() {
    let second = EvidenceTable::by_name("vulnerable@2").unwrap();
    for narrative in SAYINGS {
        assert_eq!(second.find(narrative), table().find(narrative), "{narrative}");
    }
    let phrases = |text: &str| {
        let is_new = |line: &&str| ["#", "number = ", "driver = "].iter().any(|it| line.starts_with(it));
        text.lines().filter(|line| !is_new(line)).map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(phrases(FILES[1]), phrases(FILES[0]), "its drivers alone are new");
}

#[test]
fn what_is_said_outright_is_found_where_it_stands() {
    let said = [
        ("I am a disabled veteran.", "armed_forces", "am a disabled veteran"),
        ("While on ACTIVE-DUTY they froze it", "armed_forces", "ACTIVE-DUTY"),
        ("He is 82 years old and confused", "age", "82 years old"),
        ("my elderly mother signed", "age", "my elderly"),
        ("I was in the hospital for weeks", "health", "in the hospital"),
        ("It made me suicidal", "mental_health", "suicidal"),
        ("My son is legally blind", "disability", "son is legally blind"),
        ("after my husband\u{2019}s death", "bereavement", "my husband\u{2019}s death"),
        ("My father just passed away", "bereavement", "My father just passed"),
        ("I take care of my mom", "caring", "care of my mom"),
        ("fleeing domestic violence", "domestic_abuse", "domestic violence"),
        ("we cannot afford to buy food", "money_troubles", "cannot afford to buy food"),
        ("I live on a fixed income", "money_troubles", "fixed income"),
        ("English is not my first language", "capability", "English is not my first language"),
    ];
    for (narrative, category, words) in said {
        let expected = (category.to_owned(), true, words.to_owned());
        assert!(found(narrative).contains(&expected), "{narrative}: {:?}", found(narrative));
    }
}

#[test]
fn what_only_sounds_like_it_is_no_evidence() {
    for narrative in [
        "they wrote 1700 military time on the form",
        "Navy Federal closed my account",
        "the Salvation Army store",
        "I am not a veteran. No disability here.",
        "my elderly dog barked",
        "the senior vice president called",
        "the account was disabled for a week",
        "the house is 80 years old",
        "I was 70 days late",
        "death by a thousand cuts",
        "I am sick and tired of this",
        "they turn a blind eye",
        "my husband passed the exam",
        "it reports me as deceased",
        "they sent my social security number to a stranger",
        "the agent could barely speak English",
        "I live on a hill. Fixed. Income is fine.",
        "",
    ] {
        let explicit: Vec<_> = found(narrative).into_iter().filter(|(_, explicit, _)| *explicit).collect();
        assert!(explicit.is_empty(), "{narrative}: {explicit:?}");
    }
}

#[test]
fn a_hint_is_no_explicit_evidence_and_stands_back_where_there_is_some() {
    assert_eq!(categories("I lost my job"), [("job_loss".to_owned(), false)]);
    let explicit: Vec<_> =
        categories("my elderly mother").into_iter().filter(|(name, _)| name == "age").collect();
    assert_eq!(explicit, [("age".to_owned(), true)]);
}

#[test]
fn a_narrative_of_one_phrase_over_and_over_gives_few_places() {
    let narrative = "veteran ".repeat(30_000);
    assert_eq!(table().find(&narrative).len(), MOST_PLACES);
    let taken_back = "no veteran. ".repeat(20_000);
    assert!(table().find(&taken_back).is_empty());
}

/// Separators that fold to nothing, words without meaning, letters of other scripts.
fn noise() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ ,:\u{1f600}Жω中ü]{0,12}", "(bank |fee |\u{e9}tude ){0,4}"]
}

proptest! {
    #[test]
    fn any_text_is_survived_and_places_lie_in_it(narrative in any::<String>()) {
        let length = narrative.chars().count() as i32;
        for one in table().find(&narrative) {
            prop_assert!(0 <= one.start && one.start < one.end && one.end <= length);
        }
    }

    #[test]
    fn places_are_in_code_points_and_hold_the_phrase(before in noise(), behind in noise()) {
        let narrative = format!("{before} : fixed\u{301}  Income - {behind}");
        let start = before.chars().count() + 3;
        let expected = ("money_troubles".to_owned(), true, "fixed\u{301}  Income".to_owned());
        prop_assert!(found(&narrative).contains(&expected));
        let one = table().find(&narrative).into_iter().find(|one| one.category == "money_troubles").unwrap();
        prop_assert_eq!((one.start as usize, one.end as usize), (start, start + 14));
    }

    #[test]
    fn what_stands_at_a_place_says_the_same_alone(at in 0..SAYINGS.len(), before in noise()) {
        for (category, explicit, words) in found(&format!("{before} {}", SAYINGS[at])) {
            prop_assert!(categories(&words).contains(&(category, explicit)), "{}", words);
        }
    }

    #[test]
    fn case_and_accents_make_no_difference(at in 0..SAYINGS.len(), upper in any::<u64>(), accents in any::<u64>()) {
        let dressed: String = SAYINGS[at].chars().enumerate().flat_map(|(i, c)| {
            let c = if upper >> (i % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c };
            let accent = c.is_alphabetic() && accents >> (i % 64) & 1 == 1;
            std::iter::once(c).chain(accent.then_some('\u{308}'))
        }).collect();
        prop_assert_eq!(categories(&dressed), categories(SAYINGS[at]));
        prop_assert!(!categories(SAYINGS[at]).is_empty());
    }
}

const SAYINGS: [&str; 6] = [
    "I am a retired marine on active duty orders",
    "my late husband's social security check",
    "she is 91 years old, in a nursing home",
    "I receive SSDI and cannot afford my medication",
    "diagnosed with cancer; my wife is severely disabled",
    "laid off, evicted and homeless since the hurricane",
];
