//! Registering a topic's schemas under TopicNameStrategy, oldest first, in a subject that lets none break another.

use apache_avro::Schema;
use ombud_contract::catalogue::{Compatibility, Topic};
use serde_json::Value;

use super::{CallError, Registry};
use crate::{
    error::KafkaError,
    outcome::{Mode, Outcome, State},
};

/// The subject of the values of `topic` (with its prefix).
pub(crate) fn subject(topic: &str) -> String {
    format!("{topic}-value")
}

/// A schema without what only people read: two that are equal here read and write the same.
pub(super) fn bones(schema: &Schema) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                const KEPT: [&str; 13] = [
                    "type",
                    "name",
                    "namespace",
                    "fields",
                    "symbols",
                    "items",
                    "values",
                    "size",
                    "default",
                    "aliases",
                    "logicalType",
                    "precision",
                    "scale",
                ];
                fields.retain(|field, _| KEPT.contains(&field.as_str()));
                for (field, value) in fields.iter_mut() {
                    // A default is a value, whatever its fields are called.
                    if field != "default" {
                        strip(value);
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut bones = serde_json::to_value(schema).unwrap_or_default();
    strip(&mut bones);
    bones
}

const fn level_of(compatibility: Compatibility) -> &'static str {
    match compatibility {
        Compatibility::FullTransitive => "FULL_TRANSITIVE",
    }
}

impl Registry {
    /// Holds the subject of `topic` to the catalogue's compatibility and registers every schema that it lacks, oldest
    /// first. Nothing that is there is changed or removed: versions of somebody else are only named.
    ///
    /// # Errors
    /// The registry doesn't answer, or refuses us. A schema that it finds incompatible is an outcome.
    pub fn register(&self, topic: Topic, prefix: &str, mode: Mode) -> Result<Outcome, KafkaError> {
        let name = subject(&topic.name(prefix));
        let failed = |error| self.failed(&format!("register the schemas of {name}"), error);
        let present = self.versions(&name).map_err(failed)?;
        let mut changes = Vec::new();
        let mut refusals = Vec::new();

        // First, so that no schema comes in that the next one contradicts.
        let wanted = level_of(topic.settings().compatibility);
        let level = self.level(&name).map_err(failed)?;
        if level.as_deref() != Some(wanted) {
            let was = level.as_deref().unwrap_or("the registry's own");
            changes.push(format!("compatibility {was} -> {wanted}"));
            if mode == Mode::Apply {
                self.set_level(&name, wanted).map_err(failed)?;
            }
        }

        let missing = topic.schemas().iter().filter(|(_, schema)| !present.iter().any(|it| it.is(schema)));
        for ((_, schema), file) in missing.map(|it| (it, file_of(topic, it.0))) {
            match self.take(&name, schema, mode) {
                Ok(()) => changes.push(format!("{file} registered")),
                Err(CallError::Incompatible { what }) => {
                    refusals.push(format!("{file} contradicts what is registered: {what}"));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        let foreign = present.iter().filter(|it| !topic.schemas().iter().any(|(_, schema)| it.is(schema)));
        let foreign = foreign.map(|it| format!("version {} is not the catalogue's", it.version));
        let state = match (refusals.is_empty(), changes.is_empty(), present.is_empty()) {
            (false, ..) => State::Refused,
            (_, true, _) => State::Unchanged,
            (.., true) => State::Created,
            (.., false) => State::Changed,
        };
        let details = refusals.into_iter().chain(changes).chain(foreign).collect();
        Ok(Outcome { name, state, details, fix: None })
    }

    fn take(&self, subject: &str, schema: &Schema, mode: Mode) -> Result<(), CallError> {
        if mode == Mode::Apply {
            return self.add(subject, schema).map(drop);
        }
        if self.would_take(subject, schema)? {
            return Ok(());
        }
        Err(CallError::Incompatible { what: "the registry says so".to_owned() })
    }
}

fn file_of(topic: Topic, id: i32) -> &'static str {
    let mut versions = topic.settings().versions.iter();
    versions.find(|version| version.id == id).map_or("its schema", |version| version.file.as_str())
}
