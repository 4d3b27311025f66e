//! Complaints that lie in more than one partition: no fault, and worth knowing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_stream::{Reader, TopicPartition};

use super::Finding;
use crate::log::{
    backend::{READER, View},
    scan,
};

/// Routes of each partition that are looked at: the newest, for there it shows first.
const NEWEST: usize = 200;
/// Complaints that are named.
const NAMED: usize = 5;

type Places = BTreeMap<String, BTreeSet<i32>>;

pub(super) fn check(settings: &Settings, findings: &mut Vec<Finding>) {
    // A log that can't be opened was reported before.
    let Ok(view) = View::open(settings) else { return };
    let Ok(ends) = view.ends(&Topic::Routed.name(&settings.topics.prefix)) else { return };
    let places = view.reader(READER).and_then(|mut reader| places(&mut reader, &ends));
    findings.push(match places {
        Ok(places) => found(&places),
        Err(error) => Finding::failed("ids", error),
    });
}

/// Where the complaints of the newest routes lie.
fn places(reader: &mut impl Reader, ends: &[(TopicPartition, i64)]) -> Result<Places> {
    let mut places = Places::new();
    for (partition, end) in ends {
        let from = scan::newest(reader, partition, *end, NEWEST)?;
        scan::scan(reader, partition, from, *end, |record| {
            if let Some(id) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) {
                places.entry(id.to_owned()).or_default().insert(partition.partition);
            }
            Ok(())
        })?;
    }
    Ok(places)
}

fn found(places: &Places) -> Finding {
    let split: Vec<_> = places.iter().filter(|(_, partitions)| partitions.len() > 1).collect();
    if split.is_empty() {
        return Finding::ok(
            "ids",
            format!("each of {} complaints routed last lies in one partition", places.len()),
        );
    }
    let named: Vec<String> =
        split.iter().take(NAMED).map(|(id, partitions)| format!("{id} {partitions:?}")).collect();
    Finding::warn(
        "ids",
        format!(
            "{} of {} complaints routed last lie in more than one partition: {}",
            split.len(),
            places.len(),
            named.join(", ")
        ),
        "nothing is lost, the greatest revision holds; after partitions were added it passes, else let every producer \
         choose the partition by murmur2 of the key (docs/crm.md)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examination::Health;

    #[test]
    fn a_complaint_in_two_partitions_is_named_with_both() {
        let mut places = Places::from([("c-1".to_owned(), [3].into()), ("c-2".to_owned(), [0].into())]);
        assert_eq!(found(&places).health, Health::Ok);
        places.insert("c-3".to_owned(), [7, 2].into());
        let finding = found(&places);
        assert_eq!(finding.health, Health::Warn);
        assert!(finding.found.starts_with("1 of 3 complaints"), "{}", finding.found);
        assert!(finding.found.ends_with("c-3 {2, 7}"), "{}", finding.found);
    }
}
