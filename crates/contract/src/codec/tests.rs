//! Records of older schemas are read as the newest; these tests bring their own, which change what the
//! catalogue's have not changed yet.

use serde::Deserialize;

use super::*;
use crate::records::DeadReason;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    id: String,
    mood: Mood,
    stars: i64,
    lines: Vec<String>,
    author: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mood {
    Unknown,
    Glad,
}

fn schemas() -> Vec<(i32, Schema)> {
    let old = r#"{"type": "record", "name": "Note", "fields": [
        {"name": "id", "type": "string"},
        {"name": "mood", "type": {"type": "enum", "name": "Mood", "symbols": ["UNKNOWN", "SAD", "GLAD"], "default": "UNKNOWN"}},
        {"name": "stars", "type": "int"},
        {"name": "scribbles", "type": ["null", "boolean"], "default": null}]}"#;
    let new = r#"{"type": "record", "name": "Note", "fields": [
        {"name": "id", "type": "string"},
        {"name": "mood", "type": {"type": "enum", "name": "Mood", "symbols": ["UNKNOWN", "GLAD"], "default": "UNKNOWN"}},
        {"name": "stars", "type": "long"},
        {"name": "lines", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "author", "type": ["null", "string"], "default": null}]}"#;
    [(101, old), (102, new)].map(|(id, text)| (id, Schema::parse_str(text).unwrap())).into()
}

fn old_bytes(mood: &str) -> Vec<u8> {
    // zig-zag: length 2, "n1"; symbol; 5 stars; null.
    let symbol = match mood {
        "SAD" => 1,
        "GLAD" => 2,
        _ => 0,
    };
    [&[0, 0, 0, 0, 101, 4][..], b"n1", &[symbol * 2, 10, 0]].concat()
}

#[test]
fn an_older_record_is_read_with_defaults_promotions_and_fallen_back_symbols() {
    let schemas = schemas();
    let codec = Codec::new(Topic::Raw, &schemas).unwrap();
    let note = |mood| Note { id: "n1".into(), mood, stars: 5, lines: vec![], author: None };
    assert_eq!(codec.decode::<Note>(&old_bytes("GLAD")), Ok(note(Mood::Glad)));
    assert_eq!(codec.decode::<Note>(&old_bytes("SAD")), Ok(note(Mood::Unknown)));
}

#[test]
fn the_hand_made_bytes_are_what_an_old_writer_wrote() {
    let schemas = schemas();
    let writer = GenericDatumWriter::builder(&schemas[0].1).human_readable(false).build().unwrap();
    let value = old_bytes("SAD");
    let old = apache_avro::types::Value::Record(vec![
        ("id".into(), "n1".into()),
        ("mood".into(), apache_avro::types::Value::Enum(1, "SAD".into())),
        ("stars".into(), 5.into()),
        ("scribbles".into(), apache_avro::types::Value::Union(0, Box::new(apache_avro::types::Value::Null))),
    ]);
    assert_eq!(writer.write_value_to_vec(old).unwrap(), &value[PREFIX_BYTES..]);
}

#[test]
fn an_older_record_cut_short_or_drawn_out_is_undecodable() {
    let schemas = schemas();
    let codec = Codec::new(Topic::Raw, &schemas).unwrap();
    let whole = old_bytes("GLAD");
    for end in PREFIX_BYTES..whole.len() {
        let error = codec.decode::<Note>(&whole[..end]).unwrap_err();
        assert_eq!(error.dead_reason(), DeadReason::Undecodable, "cut at {end}");
    }
    let error = codec.decode::<Note>(&[&whole[..], &[0]].concat()).unwrap_err();
    assert_eq!(error.dead_reason(), DeadReason::Undecodable);
}

#[test]
fn an_id_of_neither_schema_is_unknown() {
    let schemas = schemas();
    let codec = Codec::new(Topic::Raw, &schemas).unwrap();
    let error = codec.decode::<Note>(&[0, 0, 0, 0, 103, 0]).unwrap_err();
    assert_eq!(error, CodecError::UnknownSchema { topic: Topic::Raw, id: 103 });
}

#[test]
fn every_topic_of_the_catalogue_has_a_codec() {
    for topic in Topic::ALL {
        assert!(Codec::new(topic, topic.schemas()).is_ok());
    }
}
