use std::{sync::Arc, time::Instant};

use apache_avro::{Schema, types::Value, writer::datum::GenericDatumWriter};
use bytes::Bytes;
use ombud_contract::{
    catalogue::Topic,
    codec::{self, CodecError},
    records::{DeadReason, ModelVersion},
};
use ombud_stream::ManualClock;
use serde_json::json;

use super::Schemas;
use crate::registry::fake::{FakeRegistry, Fault};

const TOPIC: &str = "t-models.registry";
const SUBJECT: &str = "t-models.registry-value";

fn ours() -> &'static Schema {
    &Topic::Registry.newest_schema().1
}

/// As `ombud setup` registers it.
fn registered() -> String {
    serde_json::to_string(ours()).unwrap()
}

fn ours_as_json() -> serde_json::Value {
    serde_json::to_value(ours()).unwrap()
}

fn record() -> Bytes {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/models.registry/examples/valid");
    let example = std::fs::read_dir(path).unwrap().next().unwrap().unwrap().path();
    let record: ModelVersion = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
    codec::encode(&record).unwrap()
}

fn numbered(id: i32, value: &[u8]) -> Bytes {
    [&[0], &id.to_be_bytes()[..], &value[5..]].concat().into()
}

fn setting() -> (FakeRegistry, Schemas, Arc<ManualClock>) {
    let fake = FakeRegistry::start();
    let clock = Arc::new(ManualClock::at(1_000_000));
    let schemas = Schemas::at(&fake.connection(), "t-", Arc::<ManualClock>::clone(&clock)).unwrap();
    (fake, schemas, clock)
}

#[test]
fn a_value_comes_in_with_our_schema_id_and_goes_out_with_that_of_the_registry() {
    let (fake, schemas, _) = setting();
    fake.put(17, SUBJECT, &registered());
    let out = schemas.outgoing(TOPIC, record()).unwrap();
    assert_eq!(out, numbered(17, &record()));
    assert_eq!(schemas.incoming(TOPIC, &out).unwrap(), Some(record()));
}

#[test]
fn an_id_is_asked_for_once() {
    let (fake, schemas, clock) = setting();
    fake.put(17, SUBJECT, &registered());
    for _ in 0..100 {
        clock.advance(60_000);
        schemas.incoming(TOPIC, &numbered(17, &record())).unwrap();
        schemas.outgoing(TOPIC, record()).unwrap();
    }
    assert_eq!(fake.requests().len(), 2, "{:?}", fake.requests());
}

#[test]
fn a_schema_in_other_words_is_the_same_schema() {
    let (fake, schemas, _) = setting();
    let mut text = ours_as_json();
    text["doc"] = json!("somebody else's words");
    fake.put(18, SUBJECT, &text.to_string());
    assert_eq!(schemas.incoming(TOPIC, &numbered(18, &record())).unwrap(), Some(record()));
    fake.forget_lookups();
    assert_eq!(schemas.outgoing(TOPIC, record()).unwrap(), numbered(18, &record()));
}

#[test]
fn truncated_avro_of_a_known_schema_is_undecodable() {
    let (fake, schemas, _) = setting();
    fake.put(17, SUBJECT, &registered());
    let torn = numbered(17, &record()).slice(..20);
    let value = schemas.incoming(TOPIC, &torn).unwrap().unwrap();
    assert!(matches!(codec::decode::<ModelVersion>(&value), Err(CodecError::Undecodable { .. })));
}

/// A compatible version of the record with a field that we don't have, and a value that it wrote.
fn foreign() -> (String, Bytes) {
    let mut text = ours_as_json();
    let theirs = json!({"name": "their_note", "type": "string", "default": ""});
    text["fields"].as_array_mut().unwrap().insert(0, theirs);
    let schema = Schema::parse_str(&text.to_string()).unwrap();
    let body = ombud_contract::to_json(Topic::Registry, &record()).unwrap();
    let read = apache_avro::reader::datum::GenericDatumReader::builder(ours())
        .human_readable(false)
        .build()
        .unwrap()
        .read_value(&mut &record()[5..])
        .unwrap();
    let Value::Record(mut fields) = read else { panic!("{body} is no record") };
    fields.insert(0, ("their_note".to_owned(), Value::String("x".to_owned())));
    let mut value = vec![0, 0, 0, 0, 19];
    let writer = GenericDatumWriter::builder(&schema).human_readable(false).build().unwrap();
    writer.write_value_ref(&mut value, &Value::Record(fields)).unwrap();
    (text.to_string(), value.into())
}

#[test]
fn another_version_of_the_record_is_read_as_ours() {
    let (fake, schemas, _) = setting();
    let (text, value) = foreign();
    fake.put(19, SUBJECT, &text);
    assert_eq!(schemas.incoming(TOPIC, &value).unwrap(), Some(record()));
}

#[test]
fn truncated_avro_of_another_version_is_undecodable() {
    let (fake, schemas, _) = setting();
    let (text, value) = foreign();
    fake.put(19, SUBJECT, &text);
    for length in [5, 6, 30, value.len() - 1] {
        let value = schemas.incoming(TOPIC, &value.slice(..length)).unwrap().unwrap();
        assert!(matches!(codec::decode::<ModelVersion>(&value), Err(CodecError::Undecodable { .. })));
    }
}

#[test]
fn a_schema_of_something_else_is_named_as_what_it_is() {
    let (fake, schemas, _) = setting();
    let mut deep = ours_as_json();
    let nested = json!({"name": "next", "type": ["null", "ombud.v1.ModelVersion"], "default": null});
    deep["fields"].as_array_mut().unwrap().push(nested);
    let other = r#"{"type":"record","name":"Closed","namespace":"com.example","fields":[]}"#;
    let proto = r#"syntax = "proto3"; message Complaint { string complaint_id = 1; }"#;
    for (id, kind, text, said) in [
        (20, "AVRO", r#""string""#, "decode a value of models.registry: its schema is Avro, and no record"),
        (
            21,
            "AVRO",
            other,
            "decode a value of models.registry: its schema is the Avro record com.example.Closed, which lacks ",
        ),
        (
            22,
            "AVRO",
            &deep.to_string(),
            "decode a value of models.registry: its schema is the Avro record ombud.v1.ModelVersion, ",
        ),
        (
            23,
            "JSON",
            r#"{"type":"object"}"#,
            "decode a value of models.registry: its schema is JSON Schema; write Avro",
        ),
        (24, "PROTOBUF", proto, "decode a value of models.registry: its schema is Protobuf; write Avro"),
    ] {
        fake.put_as(id, SUBJECT, kind, text);
        let value =
            schemas.incoming(TOPIC, &numbered(i32::try_from(id).unwrap(), &record())).unwrap().unwrap();
        let error = codec::decode::<ModelVersion>(&value).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        assert_eq!(error.dead_reason(), DeadReason::UnknownSchema);
    }
}

#[test]
fn the_record_under_another_name_is_read_as_ours() {
    let (fake, schemas, _) = setting();
    let mut theirs = ours_as_json();
    theirs["name"] = json!("Version");
    theirs["namespace"] = json!("com.example");
    fake.put(25, "com.example.Version", &theirs.to_string().replace("ombud.v1.", "com.example."));
    assert_eq!(schemas.incoming(TOPIC, &numbered(25, &record())).unwrap(), Some(record()));
}

#[test]
fn an_unknown_id_is_asked_for_again_after_a_while() {
    let (fake, schemas, clock) = setting();
    let value = numbered(17, &record());
    assert_eq!(schemas.incoming(TOPIC, &value).unwrap(), None);
    fake.put(17, SUBJECT, &registered());
    clock.advance(29_999);
    assert_eq!(schemas.incoming(TOPIC, &value).unwrap(), None);
    assert_eq!(fake.requests().len(), 1);
    clock.advance(1);
    assert_eq!(schemas.incoming(TOPIC, &value).unwrap(), Some(record()));
}

#[test]
fn what_is_not_ours_is_not_asked_for() {
    let (fake, schemas, _) = setting();
    for value in [&b""[..], b"\0\0\0", b"{\"complaint_id\":1}", &record()] {
        assert_eq!(schemas.incoming(TOPIC, &Bytes::copy_from_slice(value)).unwrap(), None);
    }
    let value = numbered(17, &record());
    assert_eq!(schemas.incoming("somebody.elses", &value).unwrap(), None);
    assert_eq!(schemas.outgoing("somebody.elses", record()).unwrap(), record());
    assert_eq!(schemas.outgoing(TOPIC, value.clone()).unwrap(), value);
    assert!(fake.requests().is_empty());
}

#[test]
fn a_registry_that_stumbles_is_asked_again() {
    let (fake, schemas, _) = setting();
    fake.put(17, SUBJECT, &registered());
    fake.fail([Fault::Status(500)]);
    assert_eq!(schemas.incoming(TOPIC, &numbered(17, &record())).unwrap(), Some(record()));
}

#[test]
fn a_registry_that_is_down_is_an_outage_and_never_an_unknown_schema() {
    let (fake, schemas, _) = setting();
    fake.put(17, SUBJECT, &registered());
    // A bare 404 is a wrong URL's.
    for status in [500, 503, 404, 429] {
        fake.fail([Fault::Status(status); 3]);
        let outage = schemas.incoming(TOPIC, &numbered(17, &record())).unwrap_err();
        assert!(!outage.fatal, "{status}");
        fake.fail([Fault::Status(status); 3]);
        let outage = schemas.outgoing(TOPIC, record()).unwrap_err();
        assert!(!outage.fatal, "{status}");
    }
    assert!(schemas.incoming(TOPIC, &numbered(17, &record())).unwrap().is_some());
    schemas.outgoing(TOPIC, record()).unwrap();
}

#[test]
fn a_registry_that_hangs_is_an_outage_after_one_timeout() {
    let (fake, schemas, _) = setting();
    fake.put(17, SUBJECT, &registered());
    fake.fail([Fault::Hang]);
    let asked = Instant::now();
    let outage = schemas.incoming(TOPIC, &numbered(17, &record())).unwrap_err();
    assert!(!outage.fatal);
    assert!(asked.elapsed() < fake.connection().timeout * 2, "{:?}", asked.elapsed());
    assert!(schemas.incoming(TOPIC, &numbered(17, &record())).unwrap().is_some());
}

#[test]
fn a_refused_password_ends_the_worker_and_says_what_to_fix() {
    let (fake, schemas, _) = setting();
    fake.fail([Fault::Status(401)]);
    let outage = schemas.incoming(TOPIC, &numbered(17, &record())).unwrap_err();
    assert!(outage.fatal);
    assert!(outage.to_string().ends_with("check registry.username and registry.password"), "{outage}");
}

#[test]
fn a_schema_that_is_not_registered_says_how_to() {
    let (_fake, schemas, _) = setting();
    let outage = schemas.outgoing(TOPIC, record()).unwrap_err();
    assert!(outage.fatal);
    assert_eq!(
        outage.to_string(),
        "find a schema in t-models.registry-value: register it with `ombud setup`"
    );
}
