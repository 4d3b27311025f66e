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

/// The times of a complaint that lie after it was sent, each with its note.
pub(crate) fn ahead(complaint: &RawComplaint, sent_at: i64) -> Vec<(&'static str, &'static str)> {
    let times = [
        ("received_at", Some(complaint.received_at), "received-at-in-the-future"),
        ("regulator_sent_at", complaint.regulator_sent_at, "regulator-sent-at-in-the-future"),
        ("notice_at", complaint.notice_at, "notice-at-in-the-future"),
    ];
    let is_ahead = |at: i64| at > sent_at.saturating_add(CLOCKS_DIFFER_MS);
    times
        .into_iter()
        .filter(|(_, at, _)| at.is_some_and(is_ahead))
        .map(|(field, _, note)| (field, note))
        .collect()
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
    if !complaint.bulk && complaint.received_at < appended_at.saturating_sub(kept_ms) {
        notes.push(("received_at", "received-at-long-ago"));
    }
    notes.extend(ahead(complaint, appended_at));
    notes
}
