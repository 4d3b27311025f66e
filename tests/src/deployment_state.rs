//! How far a deployment has come, for the message of a promise that was not kept.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use anyhow::Result;
use ombud_contract::{codec, records::Prediction};
use ombud_stream::{Reader as _, TopicPartition};

use crate::{Deployment, Routes, kafka, whole};

/// Whose committed positions are shown.
const GROUPS: [&str; 5] =
    ["ombud.infer.product", "ombud.infer.issue", "ombud.infer.vulnerable", "ombud.join", "ombud.archive"];
/// Offsets of complaints that are named, of each partition.
const MOST_NAMED: usize = 5;

/// A line a partition: the ends of its topics, how far `routes` and each group have come, which answers there are, and
/// the first complaints that have no complete route.
///
/// # Errors
/// Brokers or registry don't answer.
pub fn deployment_state(deployment: &Deployment, routes: &Routes) -> Result<String> {
    let kafka = kafka(deployment)?;
    let [raw, predictions, routed] = ["complaints.raw", "complaints.predictions", "complaints.routed"]
        .map(|base| -> Arc<str> { deployment.topic(base).into() });
    let mut ends = kafka.reader("tests")?;
    let groups = GROUPS.map(|group| kafka.reader(group));
    let answers: Vec<Prediction> = whole(deployment, "complaints.predictions")?
        .iter()
        .filter_map(|record| codec::decode(record.value.as_deref()?).ok())
        .collect();
    let complete: BTreeSet<(i32, i64)> =
        routes.completely().map(|routed| (routed.record.raw_partition, routed.record.raw_offset)).collect();
    let mut text =
        format!("partition, ends of raw, predictions, routed | routes read | {}\n", GROUPS.join(", "));
    for number in 0..kafka.partitions(&raw)? {
        let at = |topic: &Arc<str>| TopicPartition::new(Arc::clone(topic), number);
        let end = ends.end(&at(&raw))?;
        write!(text, "{number:>3} {end:>6} {:>6} ", ends.end(&at(&predictions))?)?;
        write!(text, "{:>6} | {:>6} |", ends.end(&at(&routed))?, routes.position(&at(&routed)))?;
        for (group, name) in groups.iter().zip(GROUPS) {
            let of = at(if name == "ombud.archive" { &routed } else { &raw });
            let committed = group.as_ref().ok().and_then(|group| group.committed(&of).ok()).flatten();
            write!(text, " {:>6}", committed.map_or_else(|| "none".to_owned(), |offset| offset.to_string()))?;
        }
        let missing: Vec<i64> = (0..end).filter(|offset| !complete.contains(&(number, *offset))).collect();
        if !missing.is_empty() {
            write!(text, " | {} without a complete route:", missing.len())?;
        }
        for offset in missing.iter().take(MOST_NAMED) {
            let of_it = |it: &&Prediction| (it.raw_partition, it.raw_offset) == (number, *offset);
            let tasks: Vec<&str> = answers.iter().filter(of_it).map(|it| it.task.as_str()).collect();
            write!(text, " {offset} ({})", tasks.join("+"))?;
        }
        text.push('\n');
    }
    Ok(text)
}
