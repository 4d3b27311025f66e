//! How long complaints waited from their append to their first route.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use ombud_contract::{codec, records::Strategy};

use crate::{Deployment, Routed, Routes, appended, whole};

/// One complaint's wait.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Partition and offset of its raw record.
    pub raw: (i32, i64),
    /// When that was appended, in milliseconds since the Unix epoch.
    pub appended_at: i64,
    /// Until its first route was appended, in milliseconds.
    pub ms: i64,
    /// What that route lacks.
    pub missing_tasks: Vec<String>,
}

/// Those of all complaints of a deployment, or of some.
#[derive(Clone, Debug)]
pub struct Waits(Vec<Wait>);

impl Waits {
    /// Of every record that complaints.raw holds.
    ///
    /// # Errors
    /// One has no route, or can't be read.
    pub fn of(deployment: &Deployment, routes: &Routes) -> Result<Self> {
        let mut first: BTreeMap<(i32, i64), &Routed> = BTreeMap::new();
        for routed in routes.by_complaint.values().flatten() {
            first.entry((routed.record.raw_partition, routed.record.raw_offset)).or_insert(routed);
        }
        let wait = |(raw, appended_at): ((i32, i64), i64)| {
            let route = first.get(&raw).with_context(|| format!("a route of {raw:?}"))?;
            let (ms, missing_tasks) = (route.appended_at - appended_at, route.record.missing_tasks.clone());
            Ok(Wait { raw, appended_at, ms, missing_tasks })
        };
        appended(deployment)?.into_iter().map(wait).collect::<Result<_>>().map(Self)
    }

    /// Of those that were appended from `since` on, up to and with `until`.
    #[must_use]
    pub fn between(&self, since: i64, until: i64) -> Self {
        Self(self.0.iter().filter(|wait| (since..=until).contains(&wait.appended_at)).cloned().collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Those that waited for more than `deadline_ms`, or were routed without an answer.
    pub fn late(&self, deadline_ms: i64) -> Vec<&Wait> {
        self.0.iter().filter(|wait| wait.ms > deadline_ms || !wait.missing_tasks.is_empty()).collect()
    }

    /// The wait that a `share` of them is below, in milliseconds: 0.99 for the 99th percentile, 1.0 for the longest.
    ///
    /// # Errors
    /// There are none.
    pub fn percentile(&self, share: f64) -> Result<i64> {
        let mut sorted: Vec<i64> = self.0.iter().map(|wait| wait.ms).collect();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().context("a complaint that waited")
    }
}

/// The deadline of the first strategy, in milliseconds.
///
/// # Errors
/// There is none.
pub fn deadline_ms(deployment: &Deployment) -> Result<i64> {
    let records = whole(deployment, "models.strategy")?;
    let value = records.first().and_then(|record| record.value.as_deref()).context("a strategy")?;
    let strategy: Strategy = codec::decode(value)?;
    Ok(strategy.deadline_ms)
}
