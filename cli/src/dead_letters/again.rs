//! What was sent again already, and what a record looks like that is.
//!
//! A record that is sent again names its dead letter in a header and goes to the letter's own partition, so that the
//! log itself remembers: for as long as it keeps the record, the letter is not sent twice.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result};
use bytes::Bytes;
use ombud_contract::{
    codec,
    dead_letter::{LETTER_HEADER, REDRIVES_HEADER},
    records::{DeadLetter, RawComplaint},
};
use ombud_stream::{Header, Outgoing, Reader, TopicPartition};

use super::letters::SelectedLetter;
use crate::log::scan::scan;

/// How far a worker's clock may be ahead of the log's: what follows from a letter is looked for from so long before it.
const CLOCKS_DIFFER_MS: i64 = 3_600_000;

/// Where the record of each letter lies again, by the letter's id.
pub(crate) fn already(
    reader: &mut impl Reader,
    letters: &[SelectedLetter],
) -> Result<BTreeMap<String, (TopicPartition, i64)>> {
    let mut begins: BTreeMap<&TopicPartition, (i64, i64)> = BTreeMap::new();
    for letter in letters.iter().filter(|letter| letter.refusal.is_none_or(|why| why.is_fixed_by_a_value())) {
        let (offset, time) = begins.entry(&letter.source).or_insert((i64::MAX, i64::MAX));
        *offset = letter.source_offset.saturating_add(1).min(*offset);
        *time = letter.failed_at.saturating_sub(CLOCKS_DIFFER_MS).min(*time);
    }
    let mut found = BTreeMap::new();
    for (partition, (behind_source, parked_at)) in begins {
        let end = reader.end(partition)?;
        let from = reader.offset_at(partition, parked_at)?.max(behind_source);
        scan(reader, partition, from, end, |record| {
            if let Some(id) = letter_of(&record.headers) {
                found.entry(id).or_insert((partition.clone(), record.offset));
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn letter_of(headers: &[Header]) -> Option<String> {
    let (_, id) = headers.iter().rev().find(|(name, _)| name == LETTER_HEADER)?;
    String::from_utf8(id.as_ref()?.to_vec()).ok()
}

/// The letter as its topic holds it.
pub(crate) fn fetch(reader: &mut impl Reader, selected: &SelectedLetter) -> Result<DeadLetter> {
    let (partition, offset) = &selected.at;
    let mut letter = None;
    scan(reader, partition, *offset, offset + 1, |record| {
        letter = Some(codec::decode::<DeadLetter>(record.value.as_deref().unwrap_or_default())?);
        Ok(())
    })?;
    letter.with_context(|| format!("read {partition}@{offset}: it was dropped by age"))
}

/// The letter's record as it was; or with `replacement` in place of its value.
pub(crate) fn record(letter: DeadLetter, replacement: Option<&RawComplaint>) -> Result<Outgoing> {
    const REPLACED: [&str; 2] = [LETTER_HEADER, REDRIVES_HEADER];
    let topic: Arc<str> = letter.source_topic.into();
    let key = letter.key.map(Bytes::from);
    let before = letter.headers.into_iter().map(|header| (header.name, header.value.map(Bytes::from)));
    let before: Vec<Header> = before.filter(|(name, _)| !REPLACED.contains(&name.as_str())).collect();
    let partition = Some(letter.source_partition);
    let mut record = match replacement {
        Some(complaint) => {
            Outgoing::stamped(topic, partition, key, codec::encode(complaint)?, "ombud", &before)
        }
        // The bytes as they lay there, with the id of whichever registry: nobody translates them.
        None => Outgoing { topic, partition, key, value: letter.value.map(Bytes::from), headers: before },
    };
    let redrives = letter.redrives.saturating_add(1).to_string();
    record.headers.push((REDRIVES_HEADER.to_owned(), Some(redrives.into())));
    record.headers.push((LETTER_HEADER.to_owned(), Some(letter.dead_letter_id.into())));
    Ok(record)
}
