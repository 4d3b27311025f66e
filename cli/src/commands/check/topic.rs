//! Records of complaints.raw, judged as the joiner judges them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io::Write,
};

use anyhow::Result;
use ombud_contract::{
    catalogue::Topic,
    key::id_in_key,
    records::RawComplaint,
    validate::{complaint_of, id_of},
};
use ombud_local::partition_of;
use ombud_stream::{Reader, Record, TopicPartition};

use super::{
    finding::{CheckReport, Finding},
    personal::personal,
    rules::field,
};
use crate::log::scan;

/// How far a sender's clock may be ahead before it is worth a note.
const CLOCKS_DIFFER_MS: i64 = 300_000;

/// Checks the `newest` records of each partition.
///
/// # Errors
/// The log can't be read.
pub(crate) fn check<W: Write>(
    ends: &[(TopicPartition, i64)],
    reader: &mut impl Reader,
    newest: usize,
    report: &mut CheckReport<'_, W>,
) -> Result<()> {
    let partitions = i32::try_from(ends.len())?;
    let mut places = Places::default();
    for (partition, end) in ends {
        let from = scan::newest(reader, partition, *end, newest)?;
        scan::scan(reader, partition, from, *end, |record| {
            report.checked(&findings(&record, partitions, &mut places))
        })?;
    }
    Ok(())
}

/// Whether a complaint was received after it was sent.
pub(crate) fn is_ahead(received_at: i64, now: i64) -> bool {
    received_at > now.saturating_add(CLOCKS_DIFFER_MS)
}

/// In place of a partition: it was reported that this complaint lies in two.
const REPORTED: i32 = -1;

/// In which partition each complaint was first seen, by a hash of its id: there may be millions.
#[derive(Default)]
struct Places {
    first: HashMap<u64, i32>,
    hash: RandomState,
}

impl Places {
    /// Whether `id` was seen in another partition before, reported once.
    fn lies_elsewhere(&mut self, id: &str, partition: i32) -> bool {
        let first = self.first.entry(self.hash.hash_one(id)).or_insert(partition);
        let elsewhere = *first != partition && *first != REPORTED;
        if elsewhere {
            *first = REPORTED;
        }
        elsewhere
    }
}

fn findings(record: &Record, partitions: i32, places: &mut Places) -> Vec<Finding> {
    let complaint = complaint_of(record.key.as_deref(), record.value.as_deref());
    let personal = complaint.as_ref().map(personal).unwrap_or_default();
    // What is not to be shown is not shown as the id of a finding either.
    let is_shown = !personal.iter().any(|(field, _)| *field == "complaint_id");
    let mut id = id_of(record.key.as_deref(), record.value.as_deref());
    let shown = id.clone().filter(|_| is_shown);
    let finding = |field: &str, rule, wrong| Finding {
        place: format!("{}@{}", record.source, record.offset),
        complaint_id: shown.clone(),
        field: field.to_owned(),
        rule,
        wrong,
    };
    let mut findings = Vec::new();
    match complaint {
        Err(why) => findings.push(finding(field(&why), why.code(), true)),
        Ok(complaint) => {
            let notes = notes(&complaint, record.appended_at);
            let notes = notes.into_iter().chain(personal);
            findings.extend(notes.map(|(field, rule)| finding(field, rule, false)));
            id = Some(complaint.complaint_id);
        }
    }
    if let Some(id) = id.filter(|id| places.lies_elsewhere(id, record.source.partition)) {
        let complaint_id = is_shown.then_some(id);
        findings.push(Finding { complaint_id, ..finding("key", "id-in-two-partitions", false) });
    }
    let key = record.key.as_deref().unwrap_or_default();
    if key.is_empty() {
        findings.push(finding("key", "key-missing", false));
    } else if id_in_key(key).is_none_or(|id| id.as_bytes() != key) {
        findings.push(finding("key", "key-framed", false));
    }
    if !key.is_empty() && partition_of(key, partitions) != record.source.partition {
        findings.push(finding("key", "partition-is-not-the-keys", false));
    }
    if !record.headers.iter().any(|(name, value)| name == "traceparent" && value.is_some()) {
        findings.push(finding("headers", "trace-missing", false));
    }
    findings
}

/// What is taken but odd, with its field.
fn notes(complaint: &RawComplaint, appended_at: i64) -> Vec<(&'static str, &'static str)> {
    let mut notes = Vec::new();
    if complaint.language == "und" {
        notes.push(("language", "language-unknown"));
    }
    let kept_ms = Topic::Raw.settings().retention_ms;
    if is_ahead(complaint.received_at, appended_at) {
        notes.push(("received_at", "received-at-in-the-future"));
    } else if !complaint.bulk && complaint.received_at < appended_at.saturating_sub(kept_ms) {
        notes.push(("received_at", "received-at-long-ago"));
    }
    notes
}
