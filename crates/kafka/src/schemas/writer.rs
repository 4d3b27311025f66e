//! The schema of somebody else's producer, in our words: what it is called, and what it says about strings, changes no byte.
//!
//! A CRM generates its classes in its own namespace, and may call its record otherwise; what it writes is a complaint if
//! it has a complaint's fields. A `uuid` is written as the string that it is.

use std::collections::HashMap;

use apache_avro::{Schema, schema::Name};
use serde_json::{Map, Value};

/// Types that stand for themselves.
const PRIMITIVE: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// The schema in `text` with the record's name, and those of its named types, as `ours` has them; `None` where it is no Avro.
pub(super) fn in_our_words(text: &str, ours: &Schema) -> Option<Schema> {
    let plain = || Schema::parse_str(text).ok();
    let Ok(mut schema) = serde_json::from_str::<Value>(text) else { return plain() };
    let Some(name) = ours.name() else { return plain() };
    let is_record = |it: &&Map<String, Value>| it.get("type").is_some_and(|kind| kind == "record");
    let Some(theirs) = schema.as_object().filter(is_record) else { return plain() };
    let record = full_name(theirs, "")?;
    let mut names = names_of(ours);
    names.insert(simple(&record).to_owned(), name.to_string());
    let mut words = Words { names, record, ours: name.to_string() };
    words.translate(&mut schema, "");
    Schema::parse(&schema).ok()
}

/// The full names of the named types in `schema`, by their simple ones.
fn names_of(schema: &Schema) -> HashMap<String, String> {
    fn collect(schema: &Schema, names: &mut HashMap<String, String>) {
        let mut note = |name: &Name| names.insert(name.name().to_owned(), name.to_string()).is_none();
        match schema {
            // One that was noted holds itself.
            Schema::Record(record) if note(&record.name) => {
                record.fields.iter().for_each(|field| collect(&field.schema, names));
            }
            Schema::Enum(of) => drop(note(&of.name)),
            Schema::Fixed(of) => drop(note(&of.name)),
            Schema::Array(array) => collect(&array.items, names),
            Schema::Map(map) => collect(&map.types, names),
            Schema::Union(union) => union.variants().iter().for_each(|variant| collect(variant, names)),
            _ => {}
        }
    }
    let mut names = HashMap::new();
    collect(schema, &mut names);
    names
}

fn simple(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, simple)| simple)
}

/// The full name of a definition that stands in `namespace`.
fn full_name(definition: &Map<String, Value>, namespace: &str) -> Option<String> {
    let name = definition.get("name")?.as_str()?;
    if name.contains('.') {
        return Some(name.to_owned());
    }
    let namespace = definition.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
    Some(if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") })
}

struct Words {
    /// Ours, by the simple names.
    names: HashMap<String, String>,
    /// The full name of their record.
    record: String,
    /// What ours is called.
    ours: String,
}

impl Words {
    /// The full name that their type gets: ours, where we have one that is called the same; else its own.
    fn name_for(&self, theirs: &str) -> String {
        if theirs == self.record {
            return self.ours.clone();
        }
        self.names
            .get(simple(theirs))
            .filter(|name| **name != self.ours)
            .cloned()
            .unwrap_or(theirs.to_owned())
    }

    fn translate(&mut self, schema: &mut Value, namespace: &str) {
        match schema {
            Value::String(name) if !PRIMITIVE.contains(&name.as_str()) => {
                let full = match name.contains('.') || namespace.is_empty() {
                    true => name.clone(),
                    false => format!("{namespace}.{name}"),
                };
                *name = self.name_for(&full);
            }
            Value::Array(variants) => {
                variants.iter_mut().for_each(|variant| self.translate(variant, namespace))
            }
            Value::Object(definition) => self.translate_definition(definition, namespace),
            _ => {}
        }
    }

    fn translate_definition(&mut self, definition: &mut Map<String, Value>, namespace: &str) {
        let mut within = namespace.to_owned();
        if let Some(full) = full_name(definition, namespace) {
            within = full.rsplit_once('.').map_or_else(String::new, |(space, _)| space.to_owned());
            definition.insert("name".to_owned(), Value::String(self.name_for(&full)));
            definition.remove("namespace");
        }
        match definition.get("type").and_then(Value::as_str) {
            // What it stands for is not ours to know: the bytes are those of a string.
            Some("string") => drop(definition.remove("logicalType")),
            Some("record" | "error") => {
                let fields = definition.get_mut("fields").and_then(Value::as_array_mut);
                for field in fields.into_iter().flatten() {
                    if let Some(of) = field.get_mut("type") {
                        self.translate(of, &within);
                    }
                }
            }
            Some("array" | "map") => {
                for part in ["items", "values"] {
                    if let Some(of) = definition.get_mut(part) {
                        self.translate(of, &within);
                    }
                }
            }
            Some("enum" | "fixed") => {}
            // A type in a pair of braces, or the name of one.
            _ => {
                if let Some(of) = definition.get_mut("type") {
                    self.translate(of, &within);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_contract::catalogue::Topic;
    use serde_json::json;

    use super::*;

    fn ours(topic: Topic) -> &'static Schema {
        &topic.newest_schema().1
    }

    fn as_json(topic: Topic) -> Value {
        serde_json::to_value(ours(topic)).unwrap()
    }

    #[test]
    fn another_name_and_namespace_are_ours_to_read() {
        for topic in Topic::ALL {
            let mut theirs = as_json(topic);
            theirs["namespace"] = json!("com.example.crm");
            theirs["name"] = json!("SomethingElse");
            let text = theirs.to_string().replace("ombud.v1.", "com.example.crm.");
            let read = in_our_words(&text, ours(topic)).unwrap();
            assert_eq!(read.canonical_form(), ours(topic).canonical_form(), "{}", topic.base_name());
        }
    }

    #[test]
    fn a_uuid_is_read_as_the_string_that_it_is_and_other_kinds_stay() {
        let mut theirs = as_json(Topic::Raw);
        let fields = theirs["fields"].as_array_mut().unwrap();
        fields[0]["type"] = json!({"type": "string", "logicalType": "uuid", "avro.java.string": "String"});
        let read = in_our_words(&theirs.to_string(), ours(Topic::Raw)).unwrap();
        assert_eq!(read.canonical_form(), ours(Topic::Raw).canonical_form());
        let fixed = json!({"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"});
        theirs["fields"].as_array_mut().unwrap()[0]["type"] = fixed;
        let read = in_our_words(&theirs.to_string(), ours(Topic::Raw)).unwrap();
        assert_ne!(read.canonical_form(), ours(Topic::Raw).canonical_form());
    }

    #[test]
    fn types_of_their_own_keep_their_names_and_references_find_them() {
        let theirs = json!({
            "type": "record", "name": "Complaint", "namespace": "com.example",
            "fields": [
                {"name": "meta", "type": {"type": "record", "name": "Meta", "fields": [{"name": "agent", "type": "string"}]}},
                {"name": "more", "type": {"type": "array", "items": "Meta"}},
                {"name": "again", "type": ["null", "com.example.Meta"]},
            ],
        });
        let read = in_our_words(&theirs.to_string(), ours(Topic::Raw)).unwrap();
        assert_eq!(read.name(), ours(Topic::Raw).name());
        assert_eq!(read.canonical_form().matches("com.example.Meta").count(), 3);
    }

    #[test]
    fn what_is_no_record_or_no_avro_is_left_to_who_asked() {
        assert!(in_our_words(r#""string""#, ours(Topic::Raw)).is_some());
        for text in
            ["", "{}", "syntax = \"proto3\";", r#"{"type":"object"}"#, r#"{"type":"record","fields":[]}"#]
        {
            assert!(in_our_words(text, ours(Topic::Raw)).is_none(), "{text}");
        }
    }
}
