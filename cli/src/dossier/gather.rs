//! What a dossier rests on, as this process's log and case store have it: the case, and the records of strategy, registry and audit.

use anyhow::Result;
use ombud_contract::{catalogue::Topic, codec, records::AuditEntry};
use ombud_dossier::{LoggedRecord, ModelSource, models_named};
use ombud_launch::config::Settings;
use ombud_models::model_version;
use ombud_store::CaseEvent;
use ombud_stream::{Reader, Record, TopicPartition};

use super::{card::card, until::appended_until};
use crate::{
    log::{
        backend::{READER, View},
        scan::scan,
    },
    strategies::read_feed,
};

/// How long before the first event of a case, in milliseconds, somebody may have done something about it: clocks of several machines
/// differ by less.
const BEFORE_THE_CASE_MS: i64 = 24 * 3_600_000;

/// The case of a complaint and the records around it.
pub(super) struct CaseRecords {
    /// As the store gives them.
    pub(super) events: Vec<CaseEvent>,
    /// Those that were taken as strategies, the oldest first.
    pub(super) strategies: Vec<LoggedRecord>,
    /// One a version that answered.
    pub(super) models: Vec<ModelSource>,
    /// Those about the complaint.
    pub(super) audit: Vec<LoggedRecord>,
}

impl CaseRecords {
    /// All that was appended by `as_of`, or until now, about `complaint_id`.
    ///
    /// # Errors
    /// Log or store do not answer.
    pub(super) fn read(
        view: &View,
        settings: &Settings,
        complaint_id: &str,
        as_of: Option<i64>,
    ) -> Result<Self> {
        let mut reader = view.reader(READER)?;
        let mut events = view.cases()?.case(complaint_id)?;
        if let Some(as_of) = as_of {
            events = appended_until(events, as_of, &settings.topics.prefix, &mut reader)?;
        }
        if events.is_empty() {
            return Ok(Self { events, strategies: Vec::new(), models: Vec::new(), audit: Vec::new() });
        }
        let until = as_of.unwrap_or(i64::MAX);
        let strategies = strategies(view, settings, until, &mut reader)?;
        let models = models(settings, &events, as_of, until, &mut reader)?;
        let since = events.iter().map(|event| event.at).min().unwrap_or(i64::MIN);
        let since = since.saturating_sub(BEFORE_THE_CASE_MS);
        let audit = audit(view, settings, complaint_id, (since, until), &mut reader)?;
        Ok(Self { events, strategies, models, audit })
    }
}

/// The records of models.strategy that every worker takes as strategies.
fn strategies(
    view: &View,
    settings: &Settings,
    until: i64,
    reader: &mut impl Reader,
) -> Result<Vec<LoggedRecord>> {
    let feed = read_feed(view, settings)?;
    let mut taken = Vec::new();
    whole(reader, &Topic::Strategy.name(&settings.topics.prefix), |record| {
        // One that came since the feed was read decides nothing of this case.
        let is_strategy = feed.accepted(record.offset).is_ok_and(|accepted| accepted.is_some());
        if is_strategy && record.appended_at <= until {
            taken.extend(LoggedRecord::of(&record));
        }
        Ok(())
    })?;
    Ok(taken)
}

/// What the registry holds about each version that answered, and its card.
fn models(
    settings: &Settings,
    events: &[CaseEvent],
    as_of: Option<i64>,
    until: i64,
    reader: &mut impl Reader,
) -> Result<Vec<ModelSource>> {
    let named = models_named(events, as_of).into_iter().map(|(model_id, version)| {
        let card = card(&model_id, &version, settings);
        ModelSource { model_id, version, records: Vec::new(), card }
    });
    let mut models: Vec<ModelSource> = named.collect();
    whole(reader, &Topic::Registry.name(&settings.topics.prefix), |record| {
        let Some(known) = model_version(&record).filter(|_| record.appended_at <= until) else {
            return Ok(());
        };
        let is_it =
            |model: &&mut ModelSource| model.model_id == known.model_id && model.version == known.version;
        if let Some(model) = models.iter_mut().find(is_it) {
            model.records.extend(LoggedRecord::of(&record));
        }
        Ok(())
    })?;
    Ok(models)
}

/// Who did and who looked at what of the complaint, from `since` until `until`.
fn audit(
    view: &View,
    settings: &Settings,
    complaint_id: &str,
    (since, until): (i64, i64),
    reader: &mut impl Reader,
) -> Result<Vec<LoggedRecord>> {
    let mut found = Vec::new();
    for (partition, end) in view.ends(&Topic::Audit.name(&settings.topics.prefix))? {
        let from = reader.offset_at(&partition, since)?;
        scan(reader, &partition, from, end, |record| {
            if record.appended_at <= until && is_about(&record, complaint_id) {
                found.extend(LoggedRecord::of(&record));
            }
            Ok(())
        })?;
    }
    // By when, whatever partition it lies in.
    found.sort_by_key(|record| (record.appended_at, record.partition, record.offset));
    Ok(found)
}

/// Whether an entry of the audit is about the complaint. Its key says what it is about: of many entries few are decoded.
fn is_about(record: &Record, complaint_id: &str) -> bool {
    if record.key.as_deref().is_some_and(|key| key != complaint_id.as_bytes()) {
        return false;
    }
    let entry = record.value.as_deref().and_then(|value| codec::decode::<AuditEntry>(value).ok());
    entry.is_some_and(|entry| entry.complaint_id.as_deref() == Some(complaint_id))
}

/// Shows `each` record of a topic of one partition.
fn whole(reader: &mut impl Reader, topic: &str, each: impl FnMut(Record) -> Result<()>) -> Result<()> {
    let partition = TopicPartition::new(topic, 0);
    let (first, end) = (reader.offset_at(&partition, i64::MIN)?, reader.end(&partition)?);
    scan(reader, &partition, first, end, each).map(drop)
}
