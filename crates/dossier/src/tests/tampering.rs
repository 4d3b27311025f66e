//! What was changed is refused, and the refusal names the field.

use serde_json::{Value, json};

use super::{key, keys, sealed};
use crate::canonical::{from_base64, to_base64, to_canonical};
use crate::testing::{single_byte_changes, sources};
use crate::{DossierSources, KeyList, SigningKey, Statement, VerifyError, seal, verify};

fn refused(file: &[u8]) -> VerifyError {
    verify(file, &keys()).unwrap_err()
}

/// The field that a file is refused for, after `change` of its JSON, in canonical form again.
fn refused_after(change: impl Fn(&mut Value)) -> String {
    let mut file: Value = serde_json::from_slice(&sealed(&sources())).unwrap();
    change(&mut file);
    refused(&to_canonical(&file).unwrap()).field
}

/// The field that a statement is refused for that was signed after `change`.
fn refused_though_signed(change: impl Fn(&mut Value)) -> String {
    let mut statement = Statement::of(&sources()).unwrap();
    change(&mut statement.json);
    refused(&seal(&statement, &key()).unwrap()).field
}

#[test]
fn a_thousand_changes_of_one_byte_are_all_refused() {
    let file = sealed(&sources());
    let (keys, changes) = (keys(), single_byte_changes(&file, 1_000));
    for (n, changed) in changes.iter().enumerate() {
        assert_ne!(changed, &file, "change {n}");
        assert!(verify(changed, &keys).is_err(), "change {n}");
    }
    let at = |changed: &Vec<u8>| changed.iter().zip(&file).position(|(a, b)| a != b).unwrap();
    let places: std::collections::BTreeSet<usize> = changes.iter().map(at).collect();
    let text = String::from_utf8(file.clone()).unwrap();
    for part in ["\"page\"", "\"payloadType\"", "\"keyid\"", "\"sig\"", "==\"}]}"] {
        let start = text.find(part).unwrap();
        assert!((start..start + part.len()).all(|at| places.contains(&at)), "{part}");
    }
}

#[test]
fn what_is_cut_off_or_added_is_refused() {
    let file = sealed(&sources());
    for changed in [&file[..file.len() - 1], &[], &[&file[..], b"\n"].concat(), &[b" ", &file[..]].concat()] {
        assert_eq!(refused(changed).field, "file");
    }
}

#[test]
fn another_writing_of_the_same_json_is_refused() {
    let file = String::from_utf8(sealed(&sources())).unwrap();
    let spaced = file.replacen("\":\"", "\": \"", 1);
    let escaped = file.replacen("vnd.ombud", "vnd\\u002eombud", 1);
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&file).unwrap()).unwrap();
    let twice = file.replacen("{\"page\"", "{\"page\":\"\",\"page\"", 1);
    for changed in [spaced, escaped, pretty, twice] {
        let refused = refused(changed.as_bytes());
        assert_eq!(
            refused.to_string(),
            "file: its bytes are not the canonical form (RFC 8785) of what they say"
        );
    }
}

#[test]
fn the_envelope_has_its_fields_and_no_other() {
    assert_eq!(refused_after(|file| file["note"] = json!("hello")), "file");
    assert_eq!(refused_after(|file| file["signatures"][0]["cert"] = json!("")), "file");
    assert_eq!(refused_after(|file| drop(file.as_object_mut().unwrap().remove("page"))), "file");
    assert_eq!(
        refused_after(|file| file["payloadType"] = json!("application/vnd.in-toto+json")),
        "payloadType"
    );
    assert_eq!(refused_after(|file| file["signatures"] = json!([])), "signatures");
    let second = |file: &mut Value| {
        let one = file["signatures"][0].clone();
        file["signatures"].as_array_mut().unwrap().push(one);
    };
    assert_eq!(refused_after(second), "signatures");
    assert_eq!(refused_after(|file| file["signatures"][0]["sig"] = json!("QQ==")), "signatures[0].sig");
}

#[test]
fn another_key_is_refused_by_its_id_and_by_its_signature() {
    let (other, statement) = (SigningKey::generate(), Statement::of(&sources()).unwrap());
    let file = seal(&statement, &other).unwrap();
    assert_eq!(refused(&file).field, "signatures[0].keyid");
    let id = key().public().id().unwrap();
    let mut posing: Value = serde_json::from_slice(&file).unwrap();
    posing["signatures"][0]["keyid"] = json!(id);
    assert_eq!(refused(&to_canonical(&posing).unwrap()).field, "signatures[0].sig");
    assert_eq!(verify(&file, &KeyList::default()).unwrap_err().field, "signatures[0].keyid");
}

#[test]
fn the_page_of_another_dossier_is_refused() {
    let other = DossierSources { contact: "somebody@else.example".into(), ..sources() };
    let other: Value = serde_json::from_slice(&sealed(&other)).unwrap();
    assert_eq!(refused_after(|file| file["page"] = other["page"].clone()), "page");
    assert_eq!(refused_after(|file| file["payload"] = other["payload"].clone()), "signatures[0].sig");
}

#[test]
fn a_payload_that_is_not_canonical_is_refused_though_it_was_signed() {
    let mut file: Value = serde_json::from_slice(&sealed(&sources())).unwrap();
    let mut payload = from_base64(file["payload"].as_str().unwrap()).unwrap();
    payload.push(b'\n');
    let head = format!("DSSEv1 37 application/vnd.ombud.dossier.v1+json {} ", payload.len());
    let sig = key().sign(&[head.as_bytes(), &payload[..]].concat());
    file["payload"] = json!(to_base64(&payload));
    file["signatures"][0]["sig"] = json!(to_base64(&sig));
    assert_eq!(refused(&to_canonical(&file).unwrap()).field, "payload");
}

#[test]
fn a_statement_that_contradicts_its_records_is_refused_though_it_was_signed() {
    let record = |at: usize, field: &str| format!("payload.predicate.proof.records[{at}]{field}");
    let change = |at: usize, field: &'static str, value: Value| {
        move |json: &mut Value| json["predicate"]["proof"]["records"][at][field] = value.clone()
    };
    assert_eq!(refused_though_signed(change(1, "value", json!("AAAA"))), record(1, ".content_sha256"));
    assert_eq!(refused_though_signed(change(1, "value", json!("AAA"))), record(1, ".value"));
    assert_eq!(refused_though_signed(change(1, "content_sha256", json!("00"))), record(1, ".content_sha256"));
    assert_eq!(refused_though_signed(change(1, "schema", json!(-1))), record(1, ".schema"));
    assert_eq!(refused_though_signed(change(1, "withheld", json!("so"))), record(1, ""));
    assert_eq!(refused_though_signed(change(0, "value", json!("AAAA"))), record(0, ""));
    assert_eq!(refused_though_signed(|json| json["_type"] = json!("x")), "payload._type");
    assert_eq!(refused_though_signed(|json| json["predicateType"] = json!("x")), "payload.predicateType");
    assert_eq!(
        refused_though_signed(|json| json["predicate"]["model"]["models"][0]["version"] = json!("x")),
        "payload.subject"
    );
    let fewer = |json: &mut Value| drop(json["subject"].as_array_mut().unwrap().remove(0));
    assert_eq!(refused_though_signed(fewer), "payload.subject");
}

#[test]
fn a_draw_is_computed_again_by_the_strategys_own_record() {
    let draw = |field: &'static str, value: Value| {
        refused_though_signed(move |json| json["predicate"]["strategy"]["draws"][1][field] = value.clone())
    };
    let expected = "payload.predicate.strategy.draws[1]";
    assert_eq!(draw("point", json!(1)), expected);
    assert_eq!(draw("drawn", json!("challenger")), expected);
    assert_eq!(draw("salt", json!("another")), expected);
    assert_eq!(draw("strategy_version", json!(2)), expected);
    assert_eq!(draw("arms", json!([])), expected);
    let complaint = refused_though_signed(|json| json["predicate"]["complaint_id"] = json!("c-2"));
    assert_eq!(complaint, "payload.predicate.strategy.draws[0]");
}
