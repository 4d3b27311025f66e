//! console.audit from its end: a log is read forwards, so stretches of it are, each before the one that was read last.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ombud_contract::{codec, records::AuditEntry};
use ombud_stream::{Outage, Reader, Record, TopicPartition};

use crate::{audit_page::AuditLine, state::Trail};

/// Records of a stretch.
const STRETCH: i64 = 512;
/// How long one fetch may wait for what is there.
const FETCH_WAIT: Duration = Duration::from_millis(200);

/// Where a page goes on: of each partition, the offset before which it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(BTreeMap<i32, i64>);

impl Place {
    /// As an address has it.
    pub(super) fn text(&self) -> String {
        let one = |(partition, offset): (&i32, &i64)| format!("{partition}.{offset}");
        self.0.iter().map(one).collect::<Vec<_>>().join("_")
    }

    /// What [`Self::text`] wrote.
    pub(super) fn read(text: &str) -> Result<Self, ()> {
        let one = |text: &str| {
            let (partition, offset) = text.split_once('.')?;
            let (partition, offset): (i32, i64) = (partition.parse().ok()?, offset.parse().ok()?);
            (partition >= 0 && offset >= 0).then_some((partition, offset))
        };
        text.split('_').map(one).collect::<Option<_>>().map(Self).ok_or(())
    }
}

/// Some of the audit, the newest first.
pub(super) struct Newest {
    pub(super) entries: Vec<AuditLine>,
    /// Where the next page goes on. A page may be empty and lead on: it has looked through as much as one may.
    pub(super) next: Option<Place>,
}

/// What was found in one partition.
struct Found {
    /// With their offsets, the newest first.
    entries: Vec<(i64, AuditLine)>,
    /// Everything from here on has been read.
    read_from: i64,
}

/// The newest entries, about `complaint` where one is asked for, before `before`; until there are `most`, or `until` has come.
pub(super) fn read(
    mut trail: Trail,
    before: Option<Place>,
    complaint: Option<&str>,
    most: usize,
    until: Instant,
) -> Result<Newest, Outage> {
    let mut found: BTreeMap<i32, Found> = BTreeMap::new();
    for (partition, end) in &trail.ends {
        let number = partition.partition;
        // A partition that an address does not name is one that has come since: its entries are newer than the page.
        let from = before.as_ref().map_or(*end, |place| place.0.get(&number).copied().unwrap_or(0).min(*end));
        found.insert(number, look(&mut *trail.reader, partition, from, complaint, most, until)?);
    }
    let mut newest: Vec<(i32, i64)> = Vec::new();
    for (number, of_partition) in &found {
        newest.extend(of_partition.entries.iter().map(|(offset, _)| (*number, *offset)));
    }
    let at = |(number, offset): &(i32, i64)| {
        let entries = &found[number].entries;
        entries.iter().find(|(one, _)| one == offset).map_or(0, |(_, line)| line.at)
    };
    newest.sort_by_cached_key(|place| (Reverse(at(place)), place.0, Reverse(place.1)));
    newest.truncate(most);
    let mut next = BTreeMap::new();
    let mut lines: BTreeMap<(i32, i64), AuditLine> = BTreeMap::new();
    for (number, of_partition) in found {
        let mut goes_on = of_partition.read_from;
        for (offset, line) in of_partition.entries {
            match newest.contains(&(number, offset)) {
                true => drop(lines.insert((number, offset), line)),
                // It is left for the next page, with all that is older.
                false => goes_on = goes_on.max(offset + 1),
            }
        }
        next.insert(number, goes_on);
    }
    let is_over = next.values().all(|offset| *offset == 0);
    Ok(Newest {
        entries: newest.iter().filter_map(|place| lines.remove(place)).collect(),
        next: (!is_over).then_some(Place(next)),
    })
}

/// Looks through `partition` from `before` backwards.
fn look(
    reader: &mut dyn Reader,
    partition: &TopicPartition,
    before: i64,
    complaint: Option<&str>,
    most: usize,
    until: Instant,
) -> Result<Found, Outage> {
    let mut found = Found { entries: Vec::new(), read_from: before };
    let mut length = STRETCH;
    while found.read_from > 0 && found.entries.len() < most && Instant::now() < until {
        let (begin, end) = (found.read_from.saturating_sub(length).max(0), found.read_from);
        let Some(records) = stretch(reader, partition, begin, end, until)? else { break };
        // Where retention has taken everything, one is soon at the beginning.
        length = if records.is_empty() { length.saturating_mul(2) } else { STRETCH };
        let is_asked =
            |entry: &AuditEntry| complaint.is_none_or(|id| entry.complaint_id.as_deref() == Some(id));
        let entries = records.into_iter().rev().filter_map(|record| {
            let entry = codec::decode::<AuditEntry>(record.value.as_deref()?).ok()?;
            is_asked(&entry).then(|| (record.offset, AuditLine::from(entry)))
        });
        found.entries.extend(entries);
        found.read_from = begin;
    }
    Ok(found)
}

/// Every record from `begin` up to `end`. `None`: they did not all come in time, and some is no answer.
fn stretch(
    reader: &mut dyn Reader,
    partition: &TopicPartition,
    begin: i64,
    end: i64,
    until: Instant,
) -> Result<Option<Vec<Record>>, Outage> {
    let (mut records, mut next) = (Vec::new(), begin);
    while next < end {
        let fetched = reader.fetch(partition, next, FETCH_WAIT)?;
        if fetched.next == next && Instant::now() >= until {
            return Ok(None);
        }
        next = fetched.next;
        records.extend(fetched.records.into_iter().filter(|record| record.offset < end));
    }
    Ok(Some(records))
}

#[cfg(test)]
mod tests {
    use ombud_stream::Stretch;

    use super::*;

    struct Logs(BTreeMap<i32, Vec<Record>>);

    impl Reader for Logs {
        fn fetch(&mut self, partition: &TopicPartition, from: i64, _: Duration) -> Result<Stretch, Outage> {
            let records = &self.0[&partition.partition];
            let from = usize::try_from(from).unwrap();
            let records: Vec<Record> = records.iter().skip(from).take(100).cloned().collect();
            let next = from as i64 + records.len() as i64;
            Ok(Stretch { records, next })
        }

        fn end(&mut self, partition: &TopicPartition) -> Result<i64, Outage> {
            Ok(self.0[&partition.partition].len() as i64)
        }

        fn offset_at(&mut self, _: &TopicPartition, _: i64) -> Result<i64, Outage> {
            Ok(0)
        }
    }

    /// Entry number n happens at n, in partition n % 3, about complaint n % 7.
    fn trail(entries: i64) -> Trail {
        let mut logs: BTreeMap<i32, Vec<Record>> = (0..3).map(|partition| (partition, Vec::new())).collect();
        for at in 0..entries {
            let complaint = format!("c-{}", at % 7);
            let entry = AuditEntry {
                audit_id: format!("a-{at}"),
                at,
                actor: "ada".into(),
                roles: vec!["auditor".into()],
                source: "session".into(),
                action: "narrative-opened".into(),
                subject: complaint.clone(),
                complaint_id: Some(complaint),
                record_id: None,
                reason_code: String::new(),
            };
            let partition = i32::try_from(at % 3).unwrap();
            let log = logs.get_mut(&partition).unwrap();
            log.push(Record {
                source: TopicPartition::new("console.audit", partition),
                offset: log.len() as i64,
                appended_at: at,
                key: None,
                value: Some(codec::encode(&entry).unwrap()),
                headers: Vec::new(),
                original: None,
            });
        }
        let end = |(partition, log): (&i32, &Vec<Record>)| {
            (TopicPartition::new("console.audit", *partition), log.len() as i64)
        };
        Trail { ends: logs.iter().map(end).collect(), reader: Box::new(Logs(logs)) }
    }

    fn paged(entries: i64, complaint: Option<&str>) -> Vec<i64> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let until = Instant::now() + Duration::from_secs(60);
            let page = read(trail(entries), before, complaint, 100, until).unwrap();
            assert!(page.entries.len() <= 100);
            all.extend(page.entries.iter().map(|entry| entry.at));
            match page.next {
                None => return all,
                Some(place) => before = Some(Place::read(&place.text()).unwrap()),
            }
        }
    }

    #[test]
    fn every_entry_comes_once_and_the_newest_first_from_all_partitions() {
        assert_eq!(paged(5_000, None), (0..5_000).rev().collect::<Vec<_>>());
        let about: Vec<i64> = (0..5_000).rev().filter(|at| at % 7 == 3).collect();
        assert_eq!(paged(5_000, Some("c-3")), about);
        assert_eq!(paged(0, None), Vec::<i64>::new());
    }

    #[test]
    fn a_place_that_was_made_up_is_none() {
        for wrong in ["", "0", "0.x", "-1.5", "0.-5", "0.1_", "0/1"] {
            assert!(Place::read(wrong).is_err(), "{wrong}");
        }
    }
}
