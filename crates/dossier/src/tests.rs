//! What a dossier promises, over a made-up case.

mod content;
mod history;
mod lists;
mod tampering;

use crate::testing::sources;
use crate::{DossierSources, KeyList, SigningKey, Statement, Verified, seal, verify};

/// RFC 8410's own example.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                       -----END PRIVATE KEY-----\n";

fn key() -> SigningKey {
    SigningKey::from_pem(PRIVATE).unwrap()
}

fn keys() -> KeyList {
    KeyList::parse(&key().public().to_entry(0).unwrap()).unwrap()
}

fn sealed(sources: &DossierSources) -> Vec<u8> {
    seal(&Statement::of(sources).unwrap(), &key()).unwrap()
}

fn verified(sources: &DossierSources) -> Verified {
    verify(&sealed(sources), &keys()).unwrap()
}

/// Everything that a stranger finds in a file: the statement, the page, and what the records in it hold.
fn all_text(verified: &Verified) -> String {
    let records = verified.statement["predicate"]["proof"]["records"].as_array().unwrap();
    let values =
        records.iter().filter_map(|record| crate::canonical::from_base64(record["value"].as_str()?).ok());
    let values: Vec<String> = values.map(|value| String::from_utf8_lossy(&value).into_owned()).collect();
    format!("{}{}{}", verified.statement, verified.page, values.concat())
}

#[test]
fn what_was_sealed_is_verified_and_says_whose_it_is() {
    let verified = verified(&sources());
    assert_eq!(verified.complaint_id, "crm-2024-000117");
    assert_eq!(
        (verified.exported_by.as_str(), verified.exported_at),
        ("auditor-1", crate::testing::EXPORTED_AT)
    );
    assert_eq!(verified.key_id, key().public().id().unwrap());
    // Of three predictions, a route, a verdict, two of work, a strategy, a model and an audit record the submission is withheld.
    assert_eq!((verified.records, verified.withheld, verified.draws), (10, 1, 3));
    assert!(verified.page.starts_with("<!DOCTYPE html>"));
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    assert_eq!(sealed(&sources()), sealed(&sources()));
}

#[test]
fn the_form_is_that_of_dsse_and_in_toto() {
    let file: serde_json::Value = serde_json::from_slice(&sealed(&sources())).unwrap();
    assert_eq!(file["payloadType"], "application/vnd.ombud.dossier.v1+json");
    let payload = crate::canonical::from_base64(file["payload"].as_str().unwrap()).unwrap();
    let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    let names: Vec<&str> =
        statement["subject"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["narrative", "route complaints.routed/3/30", "model bag", "page.html"]);
    let parts = ["decision", "answers", "words", "input", "model", "strategy", "people", "outcome", "proof"];
    assert!(parts.iter().all(|part| statement["predicate"][part]["answers"].is_array()));
}
