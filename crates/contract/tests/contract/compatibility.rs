//! Schemas may only change so that every reader reads every writer, older or newer, for ever.
#![expect(
    clippy::unwrap_used,
    reason = "the checks that several tests share unwrap like the tests themselves"
)]

use apache_avro::{
    Schema,
    reader::datum::GenericDatumReader,
    schema_compatibility::{Compatibility, SchemaCompatibility},
    writer::datum::GenericDatumWriter,
};
use ombud_contract::{
    catalogue::Topic,
    codec::{Record, encode},
    records::{
        AuditEntry, DeadLetter, Feedback, ModelVersion, Prediction, RawComplaint, RoutedComplaint, Strategy,
        WorkEvent,
    },
    to_json,
};
use serde_json::{Value, json};

/// Checks all versions of one topic against each other, in both directions.
fn check(versions: &[Schema]) -> Result<(), String> {
    for (a, one) in versions.iter().enumerate() {
        for (b, other) in versions.iter().enumerate().skip(a + 1) {
            let verdict = SchemaCompatibility::mutual_read(one, other);
            if verdict.as_ref().ok() != Some(&Compatibility::Full) {
                return Err(format!("versions {} and {}: {verdict:?}", a + 1, b + 1));
            }
        }
    }
    Ok(())
}

fn raw() -> Value {
    serde_json::from_str(include_str!("../../../../schemas/complaints.raw/v1.avsc")).unwrap()
}

/// `complaints.raw` before and after an edit of its schema's JSON.
fn edited(edit: impl FnOnce(&mut Vec<Value>)) -> Vec<Schema> {
    let mut after = raw();
    edit(after["fields"].as_array_mut().unwrap());
    [raw(), after].iter().map(|schema| Schema::parse(schema).unwrap()).collect()
}

#[test]
fn all_versions_of_every_topic_read_each_other() {
    for topic in Topic::ALL {
        let versions: Vec<Schema> = topic.schemas().iter().map(|(_, schema)| schema.clone()).collect();
        assert_eq!(check(&versions), Ok(()), "{}", topic.base_name());
    }
}

#[test]
fn removing_a_field_without_a_default_is_caught() {
    let error = check(&edited(|fields| fields.retain(|field| field["name"] != "narrative"))).unwrap_err();
    assert!(error.contains("narrative"), "{error}");
}

#[test]
fn adding_a_field_without_a_default_is_caught() {
    let error =
        check(&edited(|fields| fields.push(json!({ "name": "mood", "type": "string" })))).unwrap_err();
    assert!(error.contains("mood"), "{error}");
}

#[test]
fn changing_a_type_is_caught_in_both_directions() {
    for (name, ty) in [("submission", "string"), ("submission", "long"), ("legal_entity", "string")] {
        let changed = edited(|fields| {
            let field = fields.iter_mut().find(|field| field["name"] == name).unwrap();
            *field = json!({ "name": name, "type": ty, "doc": "changed" });
        });
        assert!(check(&changed).is_err(), "{name} as {ty}");
    }
}

#[test]
fn adding_and_removing_fields_with_defaults_is_allowed() {
    let changed = edited(|fields| {
        fields.retain(|field| field["name"] != "channel");
        fields.push(json!({ "name": "mood", "type": "string", "default": "unknown" }));
    });
    assert_eq!(check(&changed), Ok(()));
}

/// One valid example as each version would have written it, read with today's types.
fn every_version_is_read<T: Record>(example: &str) {
    let record: T = serde_json::from_str(example).unwrap();
    let newest = encode(&record).unwrap();
    for (id, schema) in T::TOPIC.schemas() {
        let reader = GenericDatumReader::builder(&T::TOPIC.newest_schema().1).reader_schema(schema);
        let value = reader.build().unwrap().read_value(&mut &newest[5..]).unwrap();
        let writer = GenericDatumWriter::builder(schema).build().unwrap();
        let body = writer.write_value_to_vec(value).unwrap();
        let bytes = [&[0], &id.to_be_bytes()[..], &body].concat();
        assert!(to_json(T::TOPIC, &bytes).is_ok(), "{} schema {id}", T::TOPIC.base_name());
    }
}

macro_rules! example {
    ($topic:literal, $name:literal) => {
        include_str!(concat!("../../../../schemas/", $topic, "/examples/valid/", $name, ".json"))
    };
}

#[test]
fn the_newest_reader_reads_every_version() {
    every_version_is_read::<RawComplaint>(example!("complaints.raw", "everything"));
    every_version_is_read::<RawComplaint>(example!("complaints.raw", "sent-by-a-regulator"));
    every_version_is_read::<Prediction>(example!("complaints.predictions", "labelled"));
    every_version_is_read::<Prediction>(example!("complaints.predictions", "evident"));
    every_version_is_read::<Prediction>(example!("complaints.predictions", "unseen"));
    every_version_is_read::<Prediction>(example!("complaints.predictions", "unread"));
    every_version_is_read::<RoutedComplaint>(example!("complaints.routed", "complete"));
    every_version_is_read::<RoutedComplaint>(example!("complaints.routed", "explicit-evidence"));
    every_version_is_read::<RoutedComplaint>(example!("complaints.routed", "unread"));
    every_version_is_read::<RoutedComplaint>(example!("complaints.routed", "with-clocks"));
    every_version_is_read::<Feedback>(example!("complaints.feedback", "relabelled"));
    every_version_is_read::<Feedback>(example!("complaints.feedback", "retracted"));
    every_version_is_read::<DeadLetter>(example!("complaints.dead-letters", "undecodable"));
    every_version_is_read::<DeadLetter>(example!("complaints.dead-letters", "corrupt"));
    every_version_is_read::<WorkEvent>(example!("complaints.work", "final-response"));
    every_version_is_read::<AuditEntry>(example!("console.audit", "narrative-opened"));
    every_version_is_read::<ModelVersion>(example!("models.registry", "registered"));
    every_version_is_read::<Strategy>(example!("models.strategy", "first"));
    every_version_is_read::<Strategy>(example!("models.strategy", "approved"));
    every_version_is_read::<WorkEvent>(example!("complaints.work", "final-response"));
    every_version_is_read::<AuditEntry>(example!("console.audit", "narrative-opened"));
}

/// A record of the newest schema as a reader of an older version sees it.
fn seen_by(version: usize, topic: Topic, newest: &[u8]) -> Value {
    let (id, schema) = &topic.schemas()[version];
    let reader = GenericDatumReader::builder(&topic.newest_schema().1).reader_schema(schema);
    let value = reader.build().unwrap().read_value(&mut &newest[5..]).unwrap();
    let body = GenericDatumWriter::builder(schema).build().unwrap().write_value_to_vec(value).unwrap();
    to_json(topic, &[&[0], &id.to_be_bytes()[..], &body].concat()).unwrap()
}

/// Some of what a record says, by name.
fn some_of(record: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), record[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn a_reader_of_an_older_version_loses_the_new_fields_and_nothing_else() {
    let raw: RawComplaint = serde_json::from_str(example!("complaints.raw", "everything")).unwrap();
    assert!(raw.regulator_sent_at.is_some() && raw.notice_at.is_some());
    let old: RawComplaint = serde_json::from_value(seen_by(0, Topic::Raw, &encode(&raw).unwrap())).unwrap();
    assert_eq!(old, RawComplaint { regulator_sent_at: None, notice_at: None, ..raw });
    let routed: RoutedComplaint = serde_json::from_str(example!("complaints.routed", "with-clocks")).unwrap();
    let old = seen_by(2, Topic::Routed, &encode(&routed).unwrap());
    let now = serde_json::to_value(&routed).unwrap();
    let kept = ["team", "resolve_by", "final_response_by", "known_product", "received_at"];
    assert_eq!(some_of(&old, &kept), some_of(&now, &kept));
    let old: RoutedComplaint = serde_json::from_value(old).unwrap();
    assert_eq!((old.clocks, old.legal_entity, old.regulator_sent_at), (Vec::new(), None, None));
    let strategy: Strategy = serde_json::from_str(example!("models.strategy", "approved")).unwrap();
    let old: Strategy =
        serde_json::from_value(seen_by(0, Topic::Strategy, &encode(&strategy).unwrap())).unwrap();
    let before =
        Strategy { approvals: 0, request_id: None, requested_by: None, approved_by: Vec::new(), ..strategy };
    assert_eq!(old, before);
}

/// The defaults of the newest schema and of the Rust type, seen from a record that says only what it must.
fn defaults_agree<T: Record + PartialEq + std::fmt::Debug>(example: &str) {
    let Schema::Record(record) = &T::TOPIC.newest_schema().1 else { panic!("no record") };
    let sparse: Value = serde_json::from_str(example).unwrap();
    let mut spelled_out = sparse.clone();
    for field in &record.fields {
        match (&field.default, sparse.get(&field.name)) {
            (Some(default), None) => spelled_out[&field.name] = default.clone(),
            (None, None) => panic!("{} has no default, and the example leaves it out", field.name),
            (Some(_), Some(_)) => panic!("{} has a default, and the example gives it", field.name),
            (None, Some(_)) => {}
        }
    }
    assert_eq!(
        serde_json::from_value::<T>(sparse).unwrap(),
        serde_json::from_value::<T>(spelled_out).unwrap(),
        "{}",
        T::TOPIC.base_name()
    );
}

#[test]
fn defaults_in_rust_and_in_avro_agree() {
    defaults_agree::<RawComplaint>(example!("complaints.raw", "only-what-must-be-there"));
    defaults_agree::<Prediction>(example!("complaints.predictions", "only-what-must-be-there"));
    defaults_agree::<RoutedComplaint>(example!("complaints.routed", "only-what-must-be-there"));
    defaults_agree::<Feedback>(example!("complaints.feedback", "only-what-must-be-there"));
    defaults_agree::<DeadLetter>(example!("complaints.dead-letters", "only-what-must-be-there"));
    defaults_agree::<WorkEvent>(example!("complaints.work", "only-what-must-be-there"));
    defaults_agree::<AuditEntry>(example!("console.audit", "only-what-must-be-there"));
    defaults_agree::<ModelVersion>(example!("models.registry", "only-what-must-be-there"));
    defaults_agree::<Strategy>(example!("models.strategy", "only-what-must-be-there"));
    defaults_agree::<WorkEvent>(example!("complaints.work", "only-what-must-be-there"));
    defaults_agree::<AuditEntry>(example!("console.audit", "only-what-must-be-there"));
}

/// Calls `visit` with every record and every enum in a schema's JSON.
fn walk(schema: &Value, visit: &mut impl FnMut(&Value)) {
    match schema {
        Value::Array(union) => union.iter().for_each(|branch| walk(branch, visit)),
        Value::Object(_) => {
            if schema["type"] == "record" || schema["type"] == "enum" {
                visit(schema);
            }
            for inner in ["type", "items", "values"] {
                if schema[inner].is_object() || schema[inner].is_array() {
                    walk(&schema[inner], visit);
                }
            }
            for field in schema["fields"].as_array().into_iter().flatten() {
                walk(&field["type"], visit);
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_has_a_doc_and_every_enum_a_safe_default() {
    let documented = |value: &Value| value["doc"].as_str().is_some_and(|doc| !doc.is_empty());
    let mut records = 0;
    for topic in Topic::ALL {
        for (id, schema) in topic.schemas() {
            walk(&serde_json::to_value(schema).unwrap(), &mut |named| {
                assert!(documented(named), "schema {id}: {}", named["name"]);
                if named["type"] == "enum" {
                    assert_eq!(named["default"], named["symbols"][0], "schema {id}: {}", named["name"]);
                }
                for field in named["fields"].as_array().into_iter().flatten() {
                    assert!(documented(field), "schema {id}: {}.{}", named["name"], field["name"]);
                }
                records += usize::from(named["type"] == "record");
            });
        }
    }
    assert!(records >= 12, "only {records} records were looked at");
}
