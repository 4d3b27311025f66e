//! The evidence table on real narratives: the sample of public complaints that lies in the repository, none of which the
//! table was made with.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::path::Path;

use ombud_contract::records::Evidence;
use ombud_intake::{FileDefaults, Rows};
use ombud_models::EvidenceTable;

/// Complaint to its narrative and what is found in it.
fn sample() -> BTreeMap<String, (String, Vec<Evidence>)> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/complaints-sample.csv.gz"));
    let table = EvidenceTable::by_name("vulnerable@1").unwrap();
    let rows = Rows::open(path, FileDefaults::of(path).unwrap()).unwrap();
    let complaints = rows.map(|row| row.unwrap().unwrap().complaint);
    complaints
        .map(|complaint| {
            let evidence = table.find(&complaint.narrative);
            (complaint.complaint_id, (complaint.narrative, evidence))
        })
        .collect()
}

/// Category, strength and the very words, in lower case.
fn said<'a>(narrative: &str, evidence: &'a [Evidence]) -> Vec<(&'a str, bool, String)> {
    let words = |one: &Evidence| {
        let letters = narrative.chars().skip(one.start as usize).take((one.end - one.start) as usize);
        letters.collect::<String>().to_lowercase()
    };
    evidence.iter().map(|one| (one.category.as_str(), one.explicit, words(one))).collect()
}

#[test]
fn what_real_customers_say_outright_is_found() {
    let sample = sample();
    let known = [
        ("4122583", "armed_forces", true, "veteran"),
        ("4122583", "money_troubles", true, "no money to survive"),
        ("5095828", "armed_forces", true, "deployed overseas"),
        ("6468274", "armed_forces", true, "veteran"),
        ("6468274", "health", true, "in the hospital"),
        ("7120050", "armed_forces", true, "veteran"),
        ("8476358", "money_troubles", true, "fixed income"),
        ("3165459", "health", true, "serious health"),
        ("3173729", "health", true, "son was diagnosed"),
        ("3161442", "bereavement", false, "probate"),
        ("3386205", "job_loss", false, "unemployed"),
    ];
    for (id, category, explicit, words) in known {
        let (narrative, evidence) = &sample[id];
        let said = said(narrative, evidence);
        assert!(said.contains(&(category, explicit, words.to_owned())), "{id}: {said:?}");
    }
}

#[test]
fn what_only_sounds_like_it_is_not_found_in_real_narratives() {
    let sample = sample();
    let quiet = [
        ("2661259", "a social security number that was stolen"),
        ("3300855", "the same, of a customer who is tagged Older American"),
        ("3107794", "a social security card, of one who is tagged Servicemember and never says so"),
        ("7157409", "autopay that was disabled"),
        ("3214407", "an option that the customer disabled"),
        ("7324197", "ill for I'll"),
    ];
    for (id, why) in quiet {
        assert_eq!(sample[id].1, [], "{id}: {why}");
    }
}

#[test]
fn few_real_complaints_give_explicit_evidence() {
    let sample = sample();
    let explicit = sample.values().filter(|(_, evidence)| evidence.iter().any(|one| one.explicit)).count();
    assert_eq!((sample.len(), explicit), (300, 7), "a table that finds more or less is another table");
}
