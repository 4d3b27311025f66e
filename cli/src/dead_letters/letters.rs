//! Which dead letters are selected, and which of them can be sent again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use ombud_contract::{
    catalogue::Topic,
    codec,
    records::{DeadLetter, DeadReason},
};
use ombud_stream::{Reader, TopicPartition};
use sha2::{Digest, Sha256};
use tracing::warn;

use crate::log::{
    backend::View,
    scan::{newest as newest_offset, scan},
};

/// What a letter has to match to be selected; what is empty matches all.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) reasons: Vec<DeadReason>,
    /// Parked at or after this time, in milliseconds.
    pub(crate) since: Option<i64>,
    /// Parked before this time, in milliseconds.
    pub(crate) until: Option<i64>,
}

impl Selection {
    fn matches(&self, letter: &DeadLetter) -> bool {
        (self.ids.is_empty() || self.ids.contains(&letter.dead_letter_id))
            && (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && self.since.is_none_or(|since| letter.failed_at >= since)
            && self.until.is_none_or(|until| letter.failed_at < until)
    }
}

/// A letter that is selected, without its bytes: there may be many, of megabytes each.
#[derive(Clone, Debug)]
pub(crate) struct SelectedLetter {
    pub(crate) id: String,
    pub(crate) reason: DeadReason,
    pub(crate) source: TopicPartition,
    pub(crate) source_offset: i64,
    pub(crate) failed_at: i64,
    /// Where the letter itself lies.
    pub(crate) at: (TopicPartition, i64),
    /// Why its record can't be sent as it was.
    pub(crate) refusal: Option<Refusal>,
}

impl SelectedLetter {
    fn of(letter: DeadLetter, at: (TopicPartition, i64), prefix: &str) -> Self {
        Self {
            refusal: refusal(&letter, prefix),
            id: letter.dead_letter_id,
            reason: letter.reason,
            source: TopicPartition::new(letter.source_topic, letter.source_partition),
            source_offset: letter.source_offset,
            failed_at: letter.failed_at,
            at,
        }
    }
}

/// The newest letters of a log.
pub(crate) struct NewestLetters {
    /// The newest first, each id once.
    pub(crate) letters: Vec<SelectedLetter>,
    /// There are others, which are older or can't be read.
    pub(crate) is_more: bool,
}

/// About `most` of the newest letters of the log behind `view`: as many of each partition as it has a share of.
pub(crate) fn newest(
    view: &View,
    reader: &mut impl Reader,
    prefix: &str,
    most: usize,
) -> Result<NewestLetters> {
    let ends = view.ends(&Topic::DeadLetters.name(prefix))?;
    let share = (most / ends.len().max(1)).max(1);
    let mut found: BTreeMap<String, SelectedLetter> = BTreeMap::new();
    let mut is_more = false;
    for (partition, end) in ends {
        let from = newest_offset(reader, &partition, end, share)?;
        is_more |= from > reader.offset_at(&partition, i64::MIN)?;
        scan(reader, &partition, from, end, |record| {
            match codec::decode::<DeadLetter>(record.value.as_deref().unwrap_or_default()) {
                Ok(letter) => {
                    let at = (partition.clone(), record.offset);
                    let id = letter.dead_letter_id.clone();
                    found.entry(id).or_insert_with(|| SelectedLetter::of(letter, at, prefix));
                }
                Err(_) => is_more = true,
            }
            Ok(())
        })?;
    }
    let mut letters: Vec<SelectedLetter> = found.into_values().collect();
    letters.sort_by(|a, b| {
        (b.failed_at, &b.source, b.source_offset).cmp(&(a.failed_at, &a.source, a.source_offset))
    });
    Ok(NewestLetters { letters, is_more })
}

/// Why a record is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    ForeignTopic,
    ValueDropped,
    NoValue,
    Corrupt,
    NoPartition,
}

impl Refusal {
    /// For people, with the fix where there is one.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Unknown => "there is no such dead letter",
            Self::ForeignTopic => "its topic is none of those that begin with topics.prefix",
            Self::ValueDropped => {
                "its value was too large to be kept: give what it should have been by --with"
            }
            Self::NoValue => "the record had no value: give what it should have been by --with",
            Self::Corrupt => "its value is not what was written: give what it should have been by --with",
            Self::NoPartition => "its partition does not exist any more",
        }
    }

    /// Another value helps.
    pub(crate) fn is_fixed_by_a_value(self) -> bool {
        matches!(self, Self::ValueDropped | Self::NoValue | Self::Corrupt)
    }
}

/// The letters of the log behind `view` that `selection` matches, in the order in which they were parked, each id once.
pub(crate) fn select(
    view: &View,
    reader: &mut impl Reader,
    prefix: &str,
    selection: &Selection,
) -> Result<Vec<SelectedLetter>> {
    let mut found: BTreeMap<String, SelectedLetter> = BTreeMap::new();
    let mut unreadable = 0_u64;
    for (partition, end) in view.ends(&Topic::DeadLetters.name(prefix))? {
        scan(reader, &partition, 0, end, |record| {
            let value = record.value.as_deref().unwrap_or_default();
            let Ok(letter) = codec::decode::<DeadLetter>(value) else {
                unreadable += 1;
                return Ok(());
            };
            if !selection.matches(&letter) {
                return Ok(());
            }
            let at = (partition.clone(), record.offset);
            // A replay parks again what it parked before: the same letter.
            let id = letter.dead_letter_id.clone();
            found.entry(id).or_insert_with(|| SelectedLetter::of(letter, at, prefix));
            Ok(())
        })?;
    }
    if unreadable > 0 {
        warn!(records = unreadable, "records that this build can't read as dead letters");
    }
    let mut letters: Vec<SelectedLetter> = found.into_values().collect();
    letters.sort_by(|a, b| {
        (a.failed_at, &a.source, a.source_offset).cmp(&(b.failed_at, &b.source, b.source_offset))
    });
    Ok(letters)
}

pub(crate) fn refusal(letter: &DeadLetter, prefix: &str) -> Option<Refusal> {
    if Topic::named(&letter.source_topic, prefix).is_none() {
        return Some(Refusal::ForeignTopic);
    }
    // Its own digest would only have it parked again.
    if letter.reason == DeadReason::Corrupt {
        return Some(Refusal::Corrupt);
    }
    let nothing = hex::encode(Sha256::digest([]));
    match letter.value {
        Some(_) => None,
        None if letter.value_sha256 == nothing => Some(Refusal::NoValue),
        None => Some(Refusal::ValueDropped),
    }
}

/// A reason of the command line, written as in the schema or with dashes.
pub(crate) fn reason(text: &str) -> Result<DeadReason, String> {
    let symbol = text.trim().to_uppercase().replace('-', "_");
    serde_json::from_value(symbol.into()).map_err(|_| {
        "no reason: there are undecodable, unknown-schema, invalid, too-large, corrupt and other".to_owned()
    })
}

/// As the command line has it.
pub(crate) fn word(reason: DeadReason) -> &'static str {
    match reason {
        DeadReason::Other => "other",
        DeadReason::Undecodable => "undecodable",
        DeadReason::UnknownSchema => "unknown-schema",
        DeadReason::Invalid => "invalid",
        DeadReason::TooLarge => "too-large",
        DeadReason::Corrupt => "corrupt",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_as_it_is_written() {
        for known in DeadReason::ALL {
            assert_eq!(reason(word(known)), Ok(known));
        }
        assert_eq!(reason("UNKNOWN_SCHEMA"), Ok(DeadReason::UnknownSchema));
        assert!(reason("bad").is_err_and(|why| why.contains("undecodable")));
    }
}
