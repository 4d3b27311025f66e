//! What a dossier is made of: plain data that whoever exports has gathered.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;
use ombud_contract::codec;
use ombud_contract::records::{RoutedComplaint, TimestampMs};
use ombud_explain::Explanation;
use ombud_store::{CaseEvent, Kind};

/// What could be gathered, or in a plain sentence why it could not: that sentence stands in the dossier.
pub type Gathered<T> = Result<T, String>;

/// All that a dossier is made of. Holds what the customer wrote.
#[derive(Clone)]
pub struct DossierSources {
    /// The complaint.
    pub complaint_id: String,
    /// Only what had happened by then; `None` for all.
    pub as_of: Option<TimestampMs>,
    /// Its case, as [`ombud_store::CaseStore::case`] gives it, in any order.
    pub events: Vec<CaseEvent>,
    /// The records of models.strategy: all of them, or at least those up to the newest that decided.
    pub strategies: Vec<LoggedRecord>,
    /// One for each of [`models_named`].
    pub models: Vec<ModelSource>,
    /// One a decided task, computed as of the same time; or why there are none.
    pub explanations: Gathered<Vec<Explanation>>,
    /// The records of console.audit about the complaint; or why there are none.
    pub audit: Gathered<Vec<LoggedRecord>>,
    /// Whether who exports may see what a customer was called vulnerable for.
    pub sees_evidence: bool,
    /// Why what the customer wrote is in it, as a code; `None`: its hash alone is.
    pub text_reason: Option<String>,
    /// Who exports.
    pub exporter: Exporter,
    /// When: what the key's time is compared with.
    pub exported_at: TimestampMs,
    /// Whom to write to for a review by a person.
    pub contact: String,
    /// What computed.
    pub machine: Machine,
}

/// A record with its place in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedRecord {
    /// Topic, with its prefix.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// When the log appended it.
    pub appended_at: TimestampMs,
    /// Its value, under the catalogue's schema id.
    pub value: Bytes,
}

/// One model version that the case names.
#[derive(Clone)]
pub struct ModelSource {
    /// Its name.
    pub model_id: String,
    /// Its version: the SHA-256 of the artefact's content.
    pub version: String,
    /// What models.registry holds about it, one record or more.
    pub records: Vec<LoggedRecord>,
    /// The text of its card; or why there is none, such as `the version is no longer on the shelf`.
    pub card: Gathered<String>,
}

/// Who exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporter {
    /// Pseudonym; of a system, its token's name.
    pub actor: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// How they came in: `session`, `token`, `command`.
    pub source: String,
}

/// What computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Name and version of the software that made the dossier.
    pub software: String,
    /// The processor's name.
    pub processor: String,
    /// The version of libtorch that explained; empty where none did.
    pub libtorch: String,
}

/// The models (name, version) that the newest route by then rests on: what [`DossierSources::models`] is gathered for.
pub fn models_named(events: &[CaseEvent], as_of: Option<TimestampMs>) -> BTreeSet<(String, String)> {
    let routed = events.iter().filter(|event| event.kind == Kind::Routed);
    let by_then = routed.filter(|event| as_of.is_none_or(|as_of| event.at <= as_of));
    let routes = by_then.filter_map(|event| codec::decode::<RoutedComplaint>(&event.body).ok());
    let newest = routes.max_by_key(|route| route.revision);
    let decisions = newest.into_iter().flat_map(|route| route.decisions);
    decisions.map(|decision| (decision.model_id, decision.model_version)).collect()
}

impl LoggedRecord {
    /// A record as a log hands it out; `None` of a tombstone.
    pub fn of(record: &ombud_stream::Record) -> Option<Self> {
        Some(Self {
            topic: record.source.topic.to_string(),
            partition: record.source.partition,
            offset: record.offset,
            appended_at: record.appended_at,
            value: record.value.clone()?,
        })
    }
}

impl fmt::Debug for DossierSources {
    // It holds narratives.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sources of a dossier about {}, {} events", self.complaint_id, self.events.len())
    }
}

impl fmt::Debug for LoggedRecord {
    // Its value may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]@{} ({} bytes)", self.topic, self.partition, self.offset, self.value.len())
    }
}

impl fmt::Debug for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.model_id, self.version)
    }
}
