//! Whether complaints.routed refers to the complaints.raw and the models.strategy beside it.
//!
//! A mirror that gives records other offsets or other times leaves topics that each look whole. But a route names its raw
//! record by the offset, so that an edit with a lesser one would be taken for what was overtaken; and a strategy that seems to
//! have come too late is none, so that an older one would decide.

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::Timestamp;
use ombud_contract::{catalogue::Topic, codec, records::RoutedComplaint, validate::case_id_of};
use ombud_launch::config::Settings;
use ombud_stream::{Reader, Record, TopicPartition};

use crate::{
    log::{
        backend::{READER, View},
        scan,
    },
    strategies::read_feed,
};

/// Routes of each partition that are looked at: the newest. More see through a mirror that has lost more.
const NEWEST: usize = 200;
/// Of these, so many are held against complaints.raw in each partition, evenly spread: each is a read of its own.
const COMPARED: usize = 4;
/// The page that explains it.
const GUIDE: &str = "docs/kubernetes.md, Disaster recovery";

/// How the newest routes agree with the topics beside them.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// Routes whose complaint lies where they say.
    pub(crate) agree: usize,
    /// Routes where another complaint lies, each in words.
    strays: Vec<String>,
    /// Routes whose raw record has not come, each in words.
    ahead: Vec<String>,
    /// When the first of all those was routed.
    since: Option<i64>,
    /// Strategies that decided, and that models.strategy does not hold as valid ones.
    unknown: BTreeSet<i64>,
}

/// What is wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) found: String,
    pub(crate) fix: String,
}

/// Holds the newest routes against complaints.raw and models.strategy.
///
/// # Errors
/// A topic can't be read.
pub(crate) fn inspect(view: &View, settings: &Settings) -> Result<Origins> {
    let prefix = &settings.topics.prefix;
    // In this order: what was routed by now was in the others before.
    let routed = view.ends(&Topic::Routed.name(prefix))?;
    let raw = view.ends(&Topic::Raw.name(prefix))?;
    let (mut reader, mut origins, mut named) = (view.reader(READER)?, Origins::default(), BTreeSet::new());
    for (partition, end) in &routed {
        let Some(beside) = raw.iter().find(|(raw, _)| raw.partition == partition.partition) else { continue };
        let routes = newest(&mut reader, partition, *end)?;
        named.extend(routes.iter().map(|(_, route)| route.strategy_version));
        origins.compare(&mut reader, beside, partition, &routes)?;
    }
    if !named.is_empty() {
        let feed = read_feed(view, settings)?;
        let valid: BTreeSet<i64> = feed.strategies().iter().map(|strategy| strategy.record.version).collect();
        origins.unknown = named.difference(&valid).copied().collect();
    }
    Ok(origins)
}

impl Origins {
    /// Why nobody may go on with these topics; `None` where they belong together.
    ///
    /// A mirror that was cut has routes without a raw record, whose offsets others get later. So some may be astray; where
    /// most are, or none agrees, the log is another.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let is_another = self.strays.len() > self.agree || (self.agree == 0 && !self.ahead.is_empty());
        let astray = self.strays.first().or(self.ahead.first()).filter(|_| is_another);
        if let Some(first) = astray {
            let (wrong, looked) = (self.strays.len() + self.ahead.len(), self.agree);
            return Some(Fault {
                found: format!(
                    "complaints.routed does not speak of this complaints.raw: {first} ({wrong} such routes, {looked} that \
                     agree); a mirror has shifted offsets"
                ),
                fix: format!(
                    "copy with a mirror that keeps offsets, or leave complaints.predictions, complaints.routed and the \
                     positions of groups out of the copy, so that all of complaints.raw is decided again ({GUIDE})"
                ),
            });
        }
        if self.unknown.is_empty() {
            return None;
        }
        let versions: Vec<String> = self.unknown.iter().map(ToString::to_string).collect();
        Some(Fault {
            found: format!(
                "strategy {} has routed complaints, and models.strategy holds none that is valid under that number; a mirror \
                 has stamped its records anew, so that it seems to have come too late",
                versions.join(", ")
            ),
            fix: format!(
                "copy into topics whose message.timestamp.type is CreateTime, which `ombud setup` changes afterwards ({GUIDE})"
            ),
        })
    }

    /// What complaints.raw lacks, where it was cut shorter than the routes; the joiner continues from there.
    pub(crate) fn loss(&self) -> Option<Fault> {
        let (first, since) = (self.ahead.first().or(self.strays.first())?, self.since?);
        let since =
            Timestamp::from_millisecond(since).map_or_else(|_| since.to_string(), |at| at.to_string());
        let count = self.ahead.len() + self.strays.len();
        Some(Fault {
            found: format!("complaints.raw lacks what {count} of the newest routes are about: {first}"),
            fix: format!(
                "have every CRM send again what it sent since shortly before {since}: what is the same keeps its route"
            ),
        })
    }

    /// Holds `routes` of one partition, oldest first, against the partition of complaints.raw with its end.
    fn compare(
        &mut self,
        reader: &mut impl Reader,
        (raw, end): &(TopicPartition, i64),
        routed: &TopicPartition,
        routes: &[(i64, RoutedComplaint)],
    ) -> Result<()> {
        // What retention has taken can't be looked at.
        let first = reader.offset_at(raw, i64::MIN)?;
        let newest_first = routes.iter().rev().filter(|(_, route)| route.raw_partition == raw.partition);
        let (ahead, there): (Vec<_>, Vec<_>) = newest_first.partition(|(_, route)| route.raw_offset >= *end);
        let says = |offset: i64, route: &RoutedComplaint| {
            format!("{routed}@{offset} is about {} at {raw}@{}", route.complaint_id, route.raw_offset)
        };
        for (offset, route) in ahead {
            self.ahead.push(format!("{}, and that ends at {end}", says(*offset, route)));
            self.note(route.routed_at);
        }
        let there: Vec<_> = there.into_iter().filter(|(_, route)| route.raw_offset >= first).collect();
        for (offset, route) in there.iter().step_by(there.len().div_ceil(COMPARED).max(1)) {
            match complaint_at(reader, raw, route.raw_offset)? {
                Some(lies) if lies == route.complaint_id => self.agree += 1,
                Some(lies) => {
                    self.strays.push(format!("{}, where {lies} lies", says(*offset, route)));
                    self.note(route.routed_at);
                }
                // Nobody is given what lies there.
                None => {}
            }
        }
        Ok(())
    }

    fn note(&mut self, routed_at: i64) {
        self.since = Some(self.since.map_or(routed_at, |since| since.min(routed_at)));
    }
}

/// The newest routes of a partition with their offsets, oldest first. What nobody can decode is skipped: others report it.
fn newest(
    reader: &mut impl Reader,
    partition: &TopicPartition,
    end: i64,
) -> Result<Vec<(i64, RoutedComplaint)>> {
    let from = scan::newest(reader, partition, end, NEWEST)?;
    let mut routes = Vec::new();
    scan::scan(reader, partition, from, end, |record| {
        if let Some(Ok(route)) = record.value.as_deref().map(codec::decode::<RoutedComplaint>) {
            routes.push((record.offset, route));
        }
        Ok(())
    })?;
    Ok(routes)
}

/// The complaint that the joiner would find in a raw record; `None` where there is no record.
fn complaint_at(reader: &mut impl Reader, raw: &TopicPartition, offset: i64) -> Result<Option<String>> {
    let mut found = None;
    scan::scan(reader, raw, offset, offset + 1, |record| {
        found = Some(complaint(&record));
        Ok(())
    })?;
    Ok(found)
}

fn complaint(record: &Record) -> String {
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    case_id_of(key, value, record.source.partition, record.offset)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use bytes::Bytes;
    use ombud_contract::records::RawComplaint;
    use ombud_stream::{Outage, Stretch};

    use super::*;

    const ROUTE: &str = include_str!("../../schemas/complaints.routed/examples/valid/complete.json");
    /// The number of complaints.
    const COUNT: i64 = 10;

    /// Some partitions, and nothing else.
    struct Logs(BTreeMap<TopicPartition, Vec<Record>>);

    impl Reader for Logs {
        fn fetch(&mut self, at: &TopicPartition, from: i64, _: Duration) -> Result<Stretch, Outage> {
            let records =
                self.0[at].iter().filter(|record| record.offset >= from).cloned().collect::<Vec<_>>();
            let next = records.last().map_or(from, |last| last.offset + 1);
            Ok(Stretch { records, next })
        }

        fn end(&mut self, at: &TopicPartition) -> Result<i64, Outage> {
            Ok(self.0[at].last().map_or(0, |last| last.offset + 1))
        }

        fn offset_at(&mut self, at: &TopicPartition, _: i64) -> Result<i64, Outage> {
            Ok(self.0[at].first().map_or(0, |first| first.offset))
        }
    }

    fn record(source: &TopicPartition, offset: i64, id: &str, value: Bytes) -> Record {
        let key = Some(Bytes::copy_from_slice(id.as_bytes()));
        let (source, value, headers) = (source.clone(), Some(value), Vec::new());
        Record { source, offset, appended_at: 0, key, value, headers, original: None }
    }

    /// Ten complaints, of which those from `kept` on are still in complaints.raw, without the last `lost` ones. Each was
    /// routed where it lay `shift` further on.
    fn origins(kept: i64, lost: i64, shift: i64) -> Origins {
        let [raw, routed] =
            ["complaints.raw", "complaints.routed"].map(|topic| TopicPartition::new(topic, 3));
        let complaint = |n: i64| {
            let complaint = RawComplaint::new(format!("c-{n}"), "They charged me twice.", 1_700_000_000_000);
            record(&raw, n, &complaint.complaint_id, codec::encode(&complaint).unwrap())
        };
        let route = |n: i64| {
            let mut route: RoutedComplaint = serde_json::from_str(ROUTE).unwrap();
            route.complaint_id = format!("c-{n}");
            (route.raw_partition, route.raw_offset) = (3, n + shift);
            route.routed_at = 1_790_000_000_000 + n * 1_000;
            record(&routed, n, &route.complaint_id, codec::encode(&route).unwrap())
        };
        let mut logs = Logs(BTreeMap::from([
            (raw.clone(), (kept..COUNT - lost).map(complaint).collect()),
            (routed.clone(), (0..COUNT).map(route).collect()),
        ]));
        let mut origins = Origins::default();
        let routes = newest(&mut logs, &routed, COUNT).unwrap();
        assert_eq!(routes.len(), 10);
        origins.compare(&mut logs, &(raw.clone(), COUNT - lost), &routed, &routes).unwrap();
        origins
    }

    #[test]
    fn topics_of_one_log_belong_together_whatever_retention_took() {
        for (kept, agree) in [(0, COMPARED), (8, 2)] {
            let origins = origins(kept, 0, 0);
            assert_eq!((origins.fault(), origins.loss(), origins.agree), (None, None, agree));
        }
    }

    #[test]
    fn shifted_offsets_are_named_with_what_lies_there_and_the_way_out() {
        for shift in [-2, 2, 100] {
            let fault = origins(2, 0, shift).fault().unwrap();
            assert!(fault.found.contains("a mirror has shifted offsets"), "{fault:?}");
            assert!(fault.fix.contains("leave complaints.predictions, complaints.routed"), "{fault:?}");
        }
        let found = origins(0, 0, -2).fault().unwrap().found;
        let first = "complaints.routed[3]@9 is about c-9 at complaints.raw[3]@7, where c-7 lies";
        assert!(found.contains(first), "{found}");
        let found = origins(0, 0, 100).fault().unwrap().found;
        assert!(found.contains("c-9 at complaints.raw[3]@109, and that ends at 10"), "{found}");
    }

    #[test]
    fn a_mirror_that_was_cut_is_no_fault_and_says_since_when_complaints_are_missing() {
        let origins = origins(0, 2, 0);
        assert_eq!((origins.fault(), origins.agree), (None, COMPARED));
        let loss = origins.loss().unwrap();
        assert!(
            loss.found.starts_with("complaints.raw lacks what 2 of the newest routes are about"),
            "{loss:?}"
        );
        let since = Timestamp::from_millisecond(1_790_000_008_000).unwrap().to_string();
        assert!(loss.fix.contains(&since), "{loss:?}");
    }

    #[test]
    fn some_whose_offsets_others_got_since_are_a_loss_and_most_are_a_fault() {
        let strays = |count: usize| vec!["one".to_owned(); count];
        let origins =
            |agree, count| Origins { agree, strays: strays(count), since: Some(0), ..Origins::default() };
        assert!(origins(3, 3).fault().is_none());
        assert!(origins(3, 3).loss().is_some_and(|loss| loss.found.contains("3 of the newest routes")));
        assert!(origins(3, 4).fault().is_some());
    }

    #[test]
    fn a_strategy_that_decided_and_is_none_here_is_named() {
        let origins = Origins { agree: 3, unknown: [2, 3].into(), ..Origins::default() };
        let fault = origins.fault().unwrap();
        assert!(fault.found.starts_with("strategy 2, 3 has routed complaints"), "{fault:?}");
        assert!(fault.fix.contains("message.timestamp.type is CreateTime"), "{fault:?}");
    }
}
