//! What a registered schema is to a topic: one of the catalogue's, another of the same record, or none of ours.

use apache_avro::{Schema, schema::Name, schema_compatibility::SchemaCompatibility};
use bytes::Bytes;
use ombud_contract::{catalogue::Topic, codec};

use super::{PREFIX_BYTES, renumbered, writer::in_our_words};
use crate::registry::SchemaText;

/// The longest name of a schema that is shown.
const NAME_BYTES_MOST: usize = 120;

/// What a schema of the registry is to one topic.
#[derive(Debug)]
pub(super) enum Meaning {
    /// It writes what the catalogue's schema of this id writes.
    Ours(i32),
    /// Another version of the record, which can be read as our newest.
    Another(Box<Schema>),
    /// Not of this record: what it is instead, in words that follow "its schema is".
    Foreign(String),
}

impl Meaning {
    /// What `registered` is to `topic`.
    pub(super) fn of(topic: Topic, registered: &SchemaText) -> Self {
        let text = match registered {
            SchemaText::Avro(text) => text,
            SchemaText::Leaning => {
                return Self::Foreign("Avro that refers to other subjects; register it whole".to_owned());
            }
            SchemaText::Other(kind) => return Self::Foreign(format!("{kind}; write Avro")),
        };
        let newest = &topic.newest_schema().1;
        let Some(schema) = in_our_words(text, newest) else {
            return Self::Foreign("Avro that nobody can read".to_owned());
        };
        // Equal in this form means equal bytes: docs and defaults play no part in reading with the writer's schema.
        let form = schema.canonical_form();
        let ours = topic.schemas().iter().rev().find(|(_, ours)| ours.canonical_form() == form);
        if let Some((id, _)) = ours {
            return Self::Ours(*id);
        }
        // What nests without end can't be read on a stack that has one.
        let is_record = matches!(schema, Schema::Record(_)) && !nests(&schema, &mut Vec::new());
        if is_record && SchemaCompatibility::can_read(&schema, newest).is_ok() {
            return Self::Another(Box::new(schema));
        }
        Self::Foreign(described(text, &schema, newest))
    }

    /// `value` in the catalogue's terms.
    pub(super) fn read(&self, topic: Topic, value: &Bytes) -> Bytes {
        let newest = topic.newest_schema().0;
        match self {
            Self::Ours(id) => renumbered(value.clone(), id.to_be_bytes()),
            // Too large is what came, before anything of it is read.
            Self::Another(_) if value.len() > topic.settings().max_value_bytes => {
                renumbered(value.clone(), newest.to_be_bytes())
            }
            Self::Another(writer) => {
                let read = codec::transcode(topic, writer, &value[PREFIX_BYTES..]);
                // What its own schema can't read must not be read by ours by chance: no body is no record.
                let unreadable = || renumbered(value.slice(..PREFIX_BYTES), newest.to_be_bytes());
                read.unwrap_or_else(|_| unreadable())
            }
            Self::Foreign(what) => codec::foreign(what),
        }
    }
}

/// What a schema that can't be read as `ours` is: its name, and which fields of ours it lacks.
fn described(text: &str, schema: &Schema, ours: &Schema) -> String {
    let Schema::Record(record) = schema else { return "Avro, and no record".to_owned() };
    let theirs: Option<String> =
        Schema::parse_str(text).ok().and_then(|it| it.name().map(ToString::to_string));
    let name = theirs.filter(|name| name.len() <= NAME_BYTES_MOST).unwrap_or_default();
    let Schema::Record(ours) = ours else { return format!("the Avro record {name}") };
    let lacks = ours
        .fields
        .iter()
        .filter(|field| field.default.is_none() && !record.fields.iter().any(|it| it.name == field.name));
    let lacks: Vec<&str> = lacks.map(|field| field.name.as_str()).collect();
    match lacks.is_empty() {
        true => format!("the Avro record {name}, some of whose fields are of other types than ours"),
        false => format!("the Avro record {name}, which lacks {}", lacks.join(", ")),
    }
}

/// Whether a named type holds itself.
fn nests<'s>(schema: &'s Schema, around: &mut Vec<&'s Name>) -> bool {
    match schema {
        Schema::Ref { name } => around.contains(&name),
        Schema::Array(array) => nests(&array.items, around),
        Schema::Map(map) => nests(&map.types, around),
        Schema::Union(union) => union.variants().iter().any(|variant| nests(variant, around)),
        Schema::Record(record) => {
            around.push(&record.name);
            let within = record.fields.iter().any(|field| nests(&field.schema, around));
            around.pop();
            within
        }
        _ => false,
    }
}
