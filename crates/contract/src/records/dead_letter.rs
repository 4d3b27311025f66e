//! complaints.dead-letters: records that nobody could read, with their original bytes.

mod hexed;
mod park;
mod reason;

pub use park::{LETTER_HEADER, REDRIVES_HEADER, UnreadableRecord};
pub use reason::{DeadReason, Fault};
use serde::{Deserialize, Serialize};

use super::TimestampMs;
use crate::{catalogue::Topic, codec::Record, hash::Parts};

/// A record that nobody could read, with its original bytes. Key: the original key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// SHA-256 over source topic, partition and offset: the same on replay.
    pub dead_letter_id: String,
    /// Who parked it.
    pub worker: String,
    /// Why.
    pub reason: DeadReason,
    /// What was wrong, without anything personal.
    #[serde(default)]
    pub detail: String,
    /// The topic that it lies on, with its prefix.
    pub source_topic: String,
    /// The partition that it lies on.
    pub source_partition: i32,
    /// Its offset there.
    pub source_offset: i64,
    /// The source record's append time.
    pub source_timestamp: TimestampMs,
    /// The schema id that its bytes name.
    pub schema_id: Option<i32>,
    /// Original key.
    #[serde(default, with = "hexed")]
    pub key: Option<Vec<u8>>,
    /// Original value.
    #[serde(default, with = "hexed")]
    pub value: Option<Vec<u8>>,
    /// SHA-256 of `value`, hex.
    #[serde(default)]
    pub value_sha256: String,
    /// Original headers.
    #[serde(default)]
    pub headers: Vec<HeaderEntry>,
    /// How often it was sent again.
    #[serde(default)]
    pub redrives: i32,
    /// When it was parked.
    pub failed_at: TimestampMs,
}

/// One header of a dead letter's original record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeaderEntry {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(default, with = "hexed")]
    pub value: Option<Vec<u8>>,
}

impl Record for DeadLetter {
    const TOPIC: Topic = Topic::DeadLetters;
}

/// A dead letter by where its record lies; `topic` with its prefix.
pub fn dead_letter_id(topic: &str, partition: i32, offset: i64) -> String {
    let mut parts = Parts::default();
    parts.text(topic).number(partition.into()).number(offset);
    parts.hex()
}
