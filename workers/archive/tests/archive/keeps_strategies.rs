//! Which strategies the store keeps.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use ombud_archive::GROUP;
use ombud_contract::{catalogue::Topic, codec::encode, records::Strategy};
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, ModelDecision, QueueEntry, Row};
use ombud_stream::Outage;

use crate::world::{append, archive, first_strategy, log};

/// Keeps the strategies that it is given, by version, as a store does: the last one of a version stays.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<BTreeMap<i64, String>>>);

impl CaseStore for Ledger {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        let strategies = rows.iter().filter_map(|row| match row {
            Row::Strategy(strategy) => Some((strategy.version, strategy.changed_by.clone())),
            _ => None,
        });
        self.0.lock().unwrap().extend(strategies);
        Ok(())
    }

    fn case(&mut self, _: &str) -> Result<Vec<CaseEvent>, Outage> {
        Ok(Vec::new())
    }

    fn queue(&mut self, _: &str, _: jiff::civil::Date) -> Result<Vec<QueueEntry>, Outage> {
        Ok(Vec::new())
    }

    fn feedback(&mut self, _: jiff::civil::Date, _: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        Ok(())
    }

    fn decisions(
        &mut self,
        _: &str,
        _: &str,
        _: jiff::civil::Date,
        _: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        Ok(())
    }
}

#[test]
fn the_store_keeps_the_strategies_that_workers_take_and_none_that_lost_a_race() {
    let (local, _dir) = log();
    let first = first_strategy();
    let (begun, later) = (0, 4_000_000_000_000);
    let records =
        [(1, "setup", begun), (2, "late", begun), (2, "ann", later), (2, "bob", later), (3, "bob", later)];
    for (version, by, effective_from) in records {
        let changed_by = by.to_owned();
        let next = Strategy { version, changed_by, effective_from, ..first.clone() };
        append(&local, Topic::Strategy, "strategy", encode(&next).unwrap());
    }
    let ledger = Ledger::default();
    archive(&local, GROUP, ledger.clone()).unwrap();
    let kept: Vec<(i64, String)> = ledger.0.lock().unwrap().clone().into_iter().collect();
    assert_eq!(kept, [(1, "setup".to_owned()), (2, "ann".to_owned()), (3, "bob".to_owned())]);
}
