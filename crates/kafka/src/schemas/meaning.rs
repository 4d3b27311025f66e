//! What a registered schema is to a topic: one of the catalogue's, another of the same record, or none of ours.

use apache_avro::{Schema, schema::Name, schema_compatibility::SchemaCompatibility};
use bytes::Bytes;
use ombud_contract::{catalogue::Topic, codec};

use super::{PREFIX_BYTES, renumbered};

/// What a schema of the registry is to one topic.
#[derive(Debug)]
pub(super) enum Meaning {
    /// It writes what the catalogue's schema of this id writes.
    Ours(i32),
    /// Another version of the record, which can be read as our newest.
    Another(Box<Schema>),
    /// Not of this record.
    Foreign,
}

impl Meaning {
    /// What the schema in `text` is to `topic`.
    pub(super) fn of(topic: Topic, text: &str) -> Self {
        let Ok(schema) = Schema::parse_str(text) else { return Self::Foreign };
        // Equal in this form means equal bytes: docs and defaults play no part in reading with the writer's schema.
        let form = schema.canonical_form();
        let ours = topic.schemas().iter().rev().find(|(_, ours)| ours.canonical_form() == form);
        if let Some((id, _)) = ours {
            return Self::Ours(*id);
        }
        let newest = &topic.newest_schema().1;
        let same_record = schema.name().is_some() && schema.name() == newest.name();
        let readable = || SchemaCompatibility::can_read(&schema, newest).is_ok();
        // What nests without end can't be read on a stack that has one.
        if same_record && !nests(&schema, &mut Vec::new()) && readable() {
            return Self::Another(Box::new(schema));
        }
        Self::Foreign
    }

    /// `value` in the catalogue's terms; `None` leaves it as it is, with an id that the codec doesn't know.
    pub(super) fn read(&self, topic: Topic, value: &Bytes) -> Option<Bytes> {
        let newest = topic.newest_schema().0;
        match self {
            Self::Ours(id) => Some(renumbered(value.clone(), id.to_be_bytes())),
            // Too large is said of what came, and before anything is read.
            Self::Another(_) if value.len() > topic.settings().max_value_bytes => {
                Some(renumbered(value.clone(), newest.to_be_bytes()))
            }
            Self::Another(writer) => {
                let read = codec::transcode(topic, writer, &value[PREFIX_BYTES..]);
                // What its own schema can't read must not be read by ours by chance: no body is no record.
                let unreadable = || renumbered(value.slice(..PREFIX_BYTES), newest.to_be_bytes());
                Some(read.unwrap_or_else(|_| unreadable()))
            }
            Self::Foreign => None,
        }
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
