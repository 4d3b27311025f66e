//! Taking a shard on: its changelog is read to its end and folded, which blocks for as long as that takes.

use std::time::Duration;

use ombud_stream::{Outage, Reader};

use crate::{
    error::JoinError,
    limits::JoinLimits,
    position::{Meta, Position},
    rules::Rules,
    shard::Recovery,
    shards::{AssignedShard, Assignment, changelog_record},
    topics::Topics,
};

/// One wait for a changelog that has more records.
const FETCH_TIMEOUT: Duration = Duration::from_millis(100);
/// Waits in vain, one after the other, that are an outage: the worker is restarted.
const FETCH_ATTEMPTS: u32 = 100;

/// Where a shard is resumed.
pub(crate) enum Begin {
    /// At a joiner's commit.
    Committed(Position),
    /// At an offset of complaints.raw, with nothing known of the other logs.
    Raw(i64),
}

/// A shard that is to be taken on.
pub(crate) struct Takeover<'a> {
    pub(crate) assignment: Assignment,
    pub(crate) topics: &'a Topics,
    pub(crate) limits: &'a JoinLimits,
    pub(crate) begin: Begin,
    pub(crate) rules: &'a dyn Rules,
    pub(crate) now: i64,
}

impl Takeover<'_> {
    /// The shard, ready to claim its epoch; `None` where it shall `stop` before.
    pub(crate) fn run(
        self,
        reader: &mut impl Reader,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<AssignedShard>, JoinError> {
        let Self { assignment, topics, limits, begin, rules, now } = self;
        let (predictions, routed) =
            (assignment.beside(&topics.predictions), assignment.beside(&topics.routed));
        let found = match begin {
            Begin::Committed(found) => found,
            Begin::Raw(raw) => {
                // The first offsets that are still there.
                let (predictions, routed) =
                    (reader.offset_at(&predictions, i64::MIN)?, reader.offset_at(&routed, i64::MIN)?);
                Position { raw, meta: Meta { predictions, routed, ..Meta::default() } }
            }
        };
        let end = reader.end(&routed)?;
        let window = reader.offset_at(&routed, Recovery::fold_since(&found, now, rules))?;
        let mut next = Recovery::fold_from(&found, window);
        let mut recovery = Recovery::new(limits.clone(), assignment.raw.partition, found, next, rules);
        let mut waits = 0;
        while next < end {
            if stop() {
                return Ok(None);
            }
            let stretch = reader.fetch(&routed, next, FETCH_TIMEOUT)?;
            for record in stretch.records.iter().take_while(|record| record.offset < end) {
                recovery.fold(record.offset, record.appended_at, changelog_record(record)?);
            }
            waits = if stretch.next == next { waits + 1 } else { 0 };
            if waits == FETCH_ATTEMPTS {
                let action = format!("read {routed} past {next} of {end}");
                return Err(Outage::passing(action, "nothing came for 10 s").into());
            }
            next = stretch.next;
        }
        recovery.reached(next.min(end));
        let machine = recovery.finish(now, reader.end(&assignment.raw)?, rules);
        Ok(Some(AssignedShard::new(assignment, topics, machine, now)))
    }
}
