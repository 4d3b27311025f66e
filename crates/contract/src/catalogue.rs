//! Which topics there are, what each is set to and which schemas its records have had: `schemas/`, compiled in.

use std::sync::LazyLock;

use apache_avro::Schema;
use serde::{Deserialize, Serialize};

/// One of Ombud's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// `complaints.raw`: what the CRM sends.
    Raw,
    /// `complaints.predictions`: what each model said.
    Predictions,
    /// `complaints.routed`: where each complaint goes.
    Routed,
    /// `complaints.feedback`: what humans made of it.
    Feedback,
    /// `complaints.dead-letters`: what nobody could read.
    DeadLetters,
    /// `complaints.work`: what was done about a complaint after it was routed.
    Work,
    /// `console.audit`: who did and who looked at what.
    Audit,
    /// `models.registry`: which model versions there are.
    Registry,
    /// `models.strategy`: which of them decide, and who gets what.
    Strategy,
}

impl Topic {
    /// All of them, in the order of the flow.
    pub const ALL: [Self; 9] = [
        Self::Raw,
        Self::Predictions,
        Self::Routed,
        Self::Feedback,
        Self::DeadLetters,
        Self::Work,
        Self::Audit,
        Self::Registry,
        Self::Strategy,
    ];

    /// Its name without a prefix, which is also its folder in `schemas/`.
    pub const fn base_name(self) -> &'static str {
        match self {
            Self::Raw => "complaints.raw",
            Self::Predictions => "complaints.predictions",
            Self::Routed => "complaints.routed",
            Self::Feedback => "complaints.feedback",
            Self::DeadLetters => "complaints.dead-letters",
            Self::Work => "complaints.work",
            Self::Audit => "console.audit",
            Self::Registry => "models.registry",
            Self::Strategy => "models.strategy",
        }
    }

    /// Its name on a log whose topics all begin with `prefix` (as it stands; no separator is added).
    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}{}", self.base_name())
    }

    /// The topic that is called `name` where all begin with `prefix`.
    pub fn named(name: &str, prefix: &str) -> Option<Self> {
        let base = name.strip_prefix(prefix)?;
        Self::ALL.into_iter().find(|topic| topic.base_name() == base)
    }

    /// Its settings in the catalogue.
    pub fn settings(self) -> &'static Settings {
        &self.entry().settings
    }

    /// Its schemas with their ids, oldest first.
    pub fn schemas(self) -> &'static [(i32, Schema)] {
        &self.entry().schemas
    }

    /// The newest of its schemas: what is written, and what every older one is read as.
    pub fn newest_schema(self) -> &'static (i32, Schema) {
        match self.schemas() {
            [.., newest] => newest,
            [] => {
                unreachable!("the catalogue is compiled in, and loading it refuses a topic without schemas")
            }
        }
    }

    fn entry(self) -> &'static Entry {
        // `ALL` and `CATALOGUE` are in the order of the variants.
        &CATALOGUE[self as usize]
    }
}

/// The topic and the schema that a schema id stands for.
pub fn schema_by_id(id: i32) -> Option<(Topic, &'static Schema)> {
    Topic::ALL.into_iter().find_map(|topic| {
        let (_, schema) = topic.schemas().iter().find(|(known, _)| *known == id)?;
        Some((topic, schema))
    })
}

/// The content of a `topic.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name without prefix.
    pub name: String,
    /// The record type of its values.
    pub record: String,
    /// Who answers for its content.
    pub owner: String,
    /// Who writes to it.
    pub written_by: String,
    /// What its key is.
    pub key: String,
    /// Number of partitions on brokers to begin with; some may be added, and none is ever taken away.
    pub partitions: i32,
    /// Number of partitions on the embedded log.
    pub embedded_partitions: i32,
    /// What becomes of old records.
    pub cleanup_policy: CleanupPolicy,
    /// How long records are kept, in milliseconds; -1 is for ever.
    pub retention_ms: i64,
    /// How long a record is safe from compaction, in milliseconds.
    #[serde(default)]
    pub min_compaction_lag_ms: i64,
    /// Whose clock stamps the records.
    pub timestamp_type: TimestampType,
    /// The largest value that is read or written, in bytes; what is larger becomes a dead letter.
    pub max_value_bytes: usize,
    /// The largest record that a broker takes, in bytes: above `max_value_bytes`, so that a record which is too large
    /// comes far enough to be parked and answered for.
    pub max_message_bytes: usize,
    /// What the registry holds new schemas to.
    pub compatibility: Compatibility,
    /// Its schemas, oldest first.
    pub versions: Vec<Version>,
}

/// What becomes of old records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CleanupPolicy {
    /// Dropped by age.
    Delete,
    /// The newest of each key is kept.
    Compact,
}

/// Whose clock stamps a topic's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampType {
    /// The log's, when it appends.
    LogAppendTime,
    /// The producer's.
    CreateTime,
}

/// What the registry holds a new schema to. One kind only: every other would let a reader or a writer break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compatibility {
    /// Reads, and can be read by, every earlier version.
    #[serde(rename = "FULL_TRANSITIVE")]
    FullTransitive,
}

/// One schema of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The id in front of every value; unique over the catalogue, never used again, and negative: a registry's are
    /// positive, so neither is ever taken for the other.
    pub id: i32,
    /// Its file in the topic's folder.
    pub file: String,
}

struct Entry {
    settings: Settings,
    schemas: Vec<(i32, Schema)>,
}

/// A topic's `topic.toml` and, oldest first, the schema files that it names.
struct Files {
    settings: &'static str,
    schemas: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($topic:literal: $($version:literal),+) => {
        Files {
            settings: include_str!(concat!("../../../schemas/", $topic, "/topic.toml")),
            schemas: &[$(($version, include_str!(concat!("../../../schemas/", $topic, "/", $version)))),+],
        }
    };
}

const FILES: [Files; Topic::ALL.len()] = [
    files!("complaints.raw": "v1.avsc", "v2.avsc"),
    files!("complaints.predictions": "v1.avsc", "v2.avsc", "v3.avsc", "v4.avsc"),
    files!("complaints.routed": "v1.avsc", "v2.avsc", "v3.avsc", "v4.avsc"),
    files!("complaints.feedback": "v1.avsc", "v2.avsc"),
    files!("complaints.dead-letters": "v1.avsc", "v2.avsc"),
    files!("complaints.work": "v1.avsc"),
    files!("console.audit": "v1.avsc"),
    files!("models.registry": "v1.avsc", "v2.avsc", "v3.avsc"),
    files!("models.strategy": "v1.avsc", "v2.avsc"),
];

static CATALOGUE: LazyLock<[Entry; Topic::ALL.len()]> = LazyLock::new(|| {
    FILES.map(|files| {
        load(&files).unwrap_or_else(|what| {
            unreachable!("the catalogue is compiled in and a test loads all of it, yet: {what}")
        })
    })
});

/// Reads one topic's files and checks that settings and schemas name each other.
fn load(files: &Files) -> Result<Entry, String> {
    let settings: Settings = toml::from_str(files.settings).map_err(|e| e.to_string())?;
    let named: Vec<&str> = settings.versions.iter().map(|version| version.file.as_str()).collect();
    let present: Vec<&str> = files.schemas.iter().map(|(file, _)| *file).collect();
    if named != present || named.is_empty() {
        return Err(format!("{} names schemas {named:?}, compiled in are {present:?}", settings.name));
    }
    let schemas = settings.versions.iter().zip(files.schemas).map(|(version, (_, text))| {
        let schema =
            Schema::parse_str(text).map_err(|e| format!("{} {}: {e}", settings.name, version.file))?;
        Ok((version.id, schema))
    });
    let schemas = schemas.collect::<Result<_, String>>()?;
    Ok(Entry { settings, schemas })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_topic_loads_and_its_settings_name_it_and_its_record() {
        for topic in Topic::ALL {
            let settings = topic.settings();
            assert_eq!(settings.name, topic.base_name());
            let Schema::Record(record) = &topic.newest_schema().1 else {
                panic!("{settings:?} is no record")
            };
            assert_eq!(record.name.to_string(), format!("ombud.v1.{}", settings.record));
        }
    }

    #[test]
    fn a_schema_id_is_used_once() {
        let ids: Vec<i32> =
            Topic::ALL.into_iter().flat_map(|t| t.schemas().iter().map(|(id, _)| *id)).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        for id in ids {
            assert!(schema_by_id(id).is_some());
            assert!(id < 0, "{id} could be a registry's");
        }
        assert!(schema_by_id(0).is_none());
    }

    #[test]
    fn what_a_shard_is_made_of_has_one_partition_count() {
        for topic in [Topic::Predictions, Topic::Routed] {
            assert_eq!(topic.settings().partitions, Topic::Raw.settings().partitions);
            assert_eq!(topic.settings().embedded_partitions, Topic::Raw.settings().embedded_partitions);
        }
        assert_eq!(Topic::Strategy.settings().partitions, 1);
    }

    #[test]
    fn a_dead_letter_holds_the_largest_raw_record() {
        let (raw, letters) = (Topic::Raw.settings(), Topic::DeadLetters.settings());
        assert_eq!(letters.max_value_bytes, 2 * raw.max_message_bytes);
        for settings in Topic::ALL.map(Topic::settings) {
            assert!(settings.max_value_bytes < settings.max_message_bytes, "{}", settings.name);
        }
    }

    #[test]
    fn a_prefix_is_part_of_the_name() {
        assert_eq!(Topic::Raw.name("test-"), "test-complaints.raw");
        assert_eq!(Topic::named("test-complaints.raw", "test-"), Some(Topic::Raw));
        assert_eq!(Topic::named("complaints.raw", "test-"), None);
        assert_eq!(Topic::named("complaints.unheard-of", ""), None);
    }

    #[test]
    fn settings_and_schemas_that_disagree_are_refused() {
        let files = Files { settings: FILES[0].settings, schemas: &[("v2.avsc", "\"string\"")] };
        let what = load(&files).err().unwrap();
        assert!(what.contains("v2.avsc"), "{what}");
    }
}
