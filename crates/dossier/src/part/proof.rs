//! Part 9: every record that the other parts rest on, with its place and its hash, and what computed.

use ombud_contract::codec;
use ombud_contract::records::{Prediction, TimestampMs};
use ombud_store::{CaseEvent, Kind};
use ombud_stream::content_sha256;
use serde::Serialize;

use crate::canonical::to_base64;
use crate::case::Case;
use crate::sources::LoggedRecord;

#[derive(Serialize)]
pub(crate) struct ProofPart {
    pub(crate) answers: [&'static str; 0],
    pub(crate) notes: Vec<String>,
    pub(crate) records: Vec<ProofRecord>,
    pub(crate) computed_with: ComputedWith,
    /// What was answered then beside what comes out now, one a task that was explained.
    pub(crate) recomputed: Vec<Recomputed>,
}

/// A record, byte for byte where nothing speaks against it.
#[derive(Serialize)]
pub(crate) struct ProofRecord {
    /// `submission`, `prediction`, `route`, `verdict`, `work`, `strategy`, `model` or `audit`; `damaged` or `unreadable` where
    /// there is nothing to hash.
    pub(crate) kind: &'static str,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Which schema of the catalogue wrote it.
    pub(crate) schema: Option<i32>,
    /// SHA-256 of the value behind its schema id: `content-sha256` among the record's headers in the log.
    pub(crate) content_sha256: Option<String>,
    /// The whole value, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Why the value is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withheld: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ComputedWith {
    pub(crate) software: String,
    pub(crate) processor: String,
    pub(crate) libtorch: String,
    pub(crate) exported_at: TimestampMs,
}

#[derive(Serialize)]
pub(crate) struct Recomputed {
    pub(crate) task: String,
    #[serde(flatten)]
    pub(crate) reproduction: ombud_explain::Reproduction,
}

impl ProofPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let sources = case.sources;
        let mut records: Vec<ProofRecord> =
            case.events.iter().map(|event| ProofRecord::of_event(event, case)).collect();
        let named: Vec<i64> = {
            let answered = case.route().decisions.iter().map(|decision| decision.strategy_version);
            answered.chain([case.route().strategy_version]).collect()
        };
        let strategies = case.strategies.iter().zip(&case.strategy_records);
        let decided = strategies.filter(|(strategy, _)| named.contains(&strategy.record.version));
        records.extend(decided.map(|(_, record)| ProofRecord::logged("strategy", record)));
        let decided_by = |id: &str, version: &str| {
            let mut decisions = case.route().decisions.iter();
            decisions.any(|decision| decision.model_id == id && decision.model_version == version)
        };
        let models = sources.models.iter().filter(|model| decided_by(&model.model_id, &model.version));
        let newest = models.filter_map(|model| case.model_record(model));
        records.extend(newest.map(|(record, _)| ProofRecord::logged("model", record)));
        records.extend(case.audit.iter().map(|(record, _)| ProofRecord::logged("audit", record)));

        let mut notes = vec![
            "A record stands here as it was archived; the five bytes in front of a value name its schema in the \
             catalogue's numbers."
                .to_owned(),
        ];
        if records.iter().any(|record| record.withheld.is_some()) {
            notes.push(
                "Of a record that is withheld, place and hash are here, so that it can be compared."
                    .to_owned(),
            );
        }
        let explanations = sources.explanations.as_deref().unwrap_or_default();
        let judged = explanations.iter().filter(|one| one.input_sha256 == case.route().input_sha256);
        Self {
            answers: [],
            notes,
            records,
            computed_with: ComputedWith {
                software: sources.machine.software.clone(),
                processor: sources.machine.processor.clone(),
                libtorch: sources.machine.libtorch.clone(),
                exported_at: sources.exported_at,
            },
            recomputed: judged
                .map(|one| Recomputed { task: one.task.clone(), reproduction: one.reproduction.clone() })
                .collect(),
        }
    }
}

impl ProofRecord {
    /// The place in the order in which in-toto names it: `topic/partition/offset`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}/{}", self.topic, self.partition, self.offset)
    }

    fn logged(kind: &'static str, record: &LoggedRecord) -> Self {
        Self {
            kind,
            topic: record.topic.clone(),
            partition: record.partition,
            offset: record.offset,
            schema: codec::schema_id(&record.value),
            content_sha256: Some(content_sha256(&record.value)),
            value: Some(to_base64(&record.value)),
            withheld: None,
        }
    }

    fn of_event(event: &CaseEvent, case: &Case<'_>) -> Self {
        let (topic, partition, offset) = placed(&event.origin);
        let record =
            LoggedRecord { topic, partition, offset, appended_at: event.at, value: event.body.clone() };
        let whole = Self::logged(kind_of(event.kind), &record);
        if event.is_spoilt() || event.body.is_empty() {
            let (kind, why) = match event.is_spoilt() {
                true => ("damaged", "the archive's row is not what was written, by its digest"),
                false => ("unreadable", "nobody could read the record: its dead letter has the bytes"),
            };
            let withheld = Some(why.to_owned());
            return Self { kind, schema: None, content_sha256: None, value: None, withheld, ..whole };
        }
        match withheld(event, case) {
            Some(why) => Self { value: None, withheld: Some(why.to_owned()), ..whole },
            None => whole,
        }
    }
}

/// Why a record is named and not shown.
fn withheld(event: &CaseEvent, case: &Case<'_>) -> Option<&'static str> {
    match event.kind {
        Kind::Raw if case.sources.text_reason.is_none() => {
            Some("it holds what the customer wrote, and no reason was given for having that in the file")
        }
        Kind::Prediction if !case.sources.sees_evidence => {
            // What can't be read may hold it too.
            let holds = codec::decode::<Prediction>(&event.body).map_or(true, |p| !p.evidence.is_empty());
            holds.then_some(
                "it names what the customer may be vulnerable for, and whoever exported may not see that",
            )
        }
        _ => None,
    }
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Raw => "submission",
        Kind::Prediction => "prediction",
        Kind::Routed => "route",
        Kind::Feedback => "verdict",
        Kind::Explanation => "explanation",
        Kind::Work => "work",
    }
}

/// Topic, partition and offset of `topic/partition/offset`.
fn placed(origin: &str) -> (String, i32, i64) {
    let mut parts = origin.rsplitn(3, '/');
    let offset = parts.next().and_then(|text| text.parse().ok());
    let partition = parts.next().and_then(|text| text.parse().ok());
    match (parts.next(), partition, offset) {
        (Some(topic), Some(partition), Some(offset)) => (topic.to_owned(), partition, offset),
        _ => (origin.to_owned(), -1, -1),
    }
}
