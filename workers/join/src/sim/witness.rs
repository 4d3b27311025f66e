//! What the simulation remembers of the records that were appended, and what must hold between them.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use ombud_contract::records::{RoutedComplaint, Why};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `I1` to `I11`.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

pub(super) fn violated(invariant: &'static str, what: String) -> Result<(), Violation> {
    Err(Violation { invariant, what })
}

/// What has been seen so far.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// Greatest record of a complaint within an epoch.
    within_epoch: BTreeMap<(Arc<str>, i64), Arc<RoutedComplaint>>,
    by_route_id: BTreeMap<String, Arc<RoutedComplaint>>,
    /// Newest route of each round.
    by_round: BTreeMap<(Arc<str>, i64), Arc<RoutedComplaint>>,
    /// Something was appended by an owner after a later one had begun.
    pub(super) overlapped: bool,
    /// The record of each complaint that came late, by the ownership that was lost.
    pub(super) late: BTreeMap<(Arc<str>, u64), Arc<RoutedComplaint>>,
    /// Complaints of which a late record came when the owner had forgotten them: the log's last is not the greatest.
    pub(super) forgotten: BTreeSet<Arc<str>>,
    pub(super) greatest_claim: i64,
}

impl Witness {
    /// I3: within an epoch revisions rise; what comes again comes as the same record.
    pub(super) fn check_order(
        &mut self,
        id: &Arc<str>,
        record: &Arc<RoutedComplaint>,
    ) -> Result<(), Violation> {
        let newest = self.within_epoch.entry((Arc::clone(id), record.writer_epoch));
        match newest {
            Entry::Vacant(free) => {
                free.insert(Arc::clone(record));
            }
            Entry::Occupied(mut known) => {
                let before = known.get();
                let again = Arc::ptr_eq(before, record) || before == record;
                if record.revision <= before.revision && !again {
                    let what =
                        format!("{} r{} follows r{}", record.route_id, record.revision, before.revision);
                    return violated("I3", what);
                }
                known.insert(Arc::clone(record));
            }
        }
        Ok(())
    }

    /// I3: one route id means one thing.
    pub(super) fn check_meaning(
        &mut self,
        id: &Arc<str>,
        record: &Arc<RoutedComplaint>,
    ) -> Result<(), Violation> {
        if matches!(record.why, Why::Unreadable | Why::Withdrawn | Why::Reconciled) {
            // They keep the queue of what came before, which the id does not name.
            return Ok(());
        }
        match self.by_route_id.entry(record.route_id.clone()) {
            Entry::Vacant(free) => {
                free.insert(Arc::clone(record));
            }
            Entry::Occupied(known) => {
                let known = known.get();
                let same = known.team == record.team
                    && known.vulnerability == record.vulnerability
                    && known.priority == record.priority
                    && known.decisions == record.decisions
                    && known.missing_tasks == record.missing_tasks;
                if !same {
                    return violated("I3", format!("{} of {id} means two things", record.route_id));
                }
            }
        }
        Ok(())
    }

    /// I6: what a round has decided stays. I5: without overlapping owners, what was routed only grows.
    pub(super) fn check_round(
        &mut self,
        id: &Arc<str>,
        record: &Arc<RoutedComplaint>,
    ) -> Result<(), Violation> {
        let overlapped = self.overlapped;
        match self.by_round.entry((Arc::clone(id), record.raw_offset)) {
            Entry::Vacant(free) => {
                free.insert(Arc::clone(record));
            }
            Entry::Occupied(mut known) => {
                let before = known.get();
                for decision in &before.decisions {
                    let now = record.decisions.iter().find(|d| d.task == decision.task);
                    if now.is_some_and(|now| now != decision) {
                        return violated(
                            "I6",
                            format!("{} of {} was decided twice", decision.task, record.route_id),
                        );
                    }
                    if now.is_none() && !overlapped {
                        return violated("I5", format!("{} lost its {}", record.route_id, decision.task));
                    }
                }
                let grown = record.decisions.len() > before.decisions.len();
                if record.route_id != before.route_id && !grown && !overlapped {
                    return violated("I5", format!("{} replaces {}", record.route_id, before.route_id));
                }
                known.insert(Arc::clone(record));
            }
        }
        Ok(())
    }
}
