//! models.strategy, read on a thread beside the loop: a topic that answers late holds no shard back.

use std::{sync::Arc, thread, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use ombud_models::StrategyFeed;
use ombud_stream::{Clock, Outage, RetriedCall};

use crate::rules::StrategyRules;

/// How often the clock is looked at between two readings.
const CLOCK_INTERVAL: Duration = Duration::from_millis(25);

/// What one reading found.
#[derive(Clone, Debug)]
pub(crate) struct StrategySnapshot {
    /// `None` while no strategy is published.
    pub(crate) rules: Option<StrategyRules>,
    /// The topic was read to its end lately enough up to this time.
    pub(crate) fresh_until: Option<i64>,
}

/// The end of the loop that joins. Dropped, it stops the thread, which first ends the reading that it is at.
pub(crate) struct StrategyWatch {
    snapshots: Receiver<Result<StrategySnapshot, Outage>>,
    _stop: Sender<()>,
}

impl StrategyWatch {
    /// The newest snapshot, if there is one since the last call. Never waits.
    ///
    /// # Errors
    /// The topic can't be read, and trying again can't help.
    pub(crate) fn newest(&self) -> Result<Option<StrategySnapshot>, Outage> {
        match self.snapshots.try_recv() {
            Ok(snapshot) => snapshot.map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Outage::fatal("read models.strategy", "its thread ended")),
        }
    }
}

/// Reads `feed` to its end every `refresh_ms` on a thread of `scope`, through outages that pass.
pub(crate) fn watch_strategy<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    feed: StrategyFeed,
    clock: Arc<dyn Clock>,
    refresh_ms: i64,
) -> Result<StrategyWatch, Outage> {
    // One: what nobody has looked at gives way to what is newer.
    let (found, snapshots) = bounded(1);
    let (stop, stopped) = bounded(0);
    let watch = WatchThread { feed, clock, refresh_ms, found, unread: snapshots.clone(), stopped };
    thread::Builder::new()
        .name("join-strategy".to_owned())
        .spawn_scoped(scope, move || watch.run())
        .map_err(|cause| Outage::passing("start the thread that reads models.strategy", cause))?;
    Ok(StrategyWatch { snapshots, _stop: stop })
}

struct WatchThread {
    feed: StrategyFeed,
    clock: Arc<dyn Clock>,
    refresh_ms: i64,
    found: Sender<Result<StrategySnapshot, Outage>>,
    unread: Receiver<Result<StrategySnapshot, Outage>>,
    /// Disconnected when the loop has ended.
    stopped: Receiver<()>,
}

impl WatchThread {
    fn run(mut self) {
        let (mut outages, mut rules, mut known) = (RetriedCall::of("kafka"), None, 0);
        loop {
            let began_at = self.clock.now_ms();
            let read = outages.through(self.feed.refresh());
            // Counted, for a reading that failed in its middle has read some all the same.
            let strategies = self.feed.strategies();
            let count = strategies.iter().count();
            if count != known {
                (known, rules) = (count, StrategyRules::new(strategies.clone()));
            }
            let fresh_until = self.feed.fresh_until();
            let ends = read.is_err();
            self.publish(read.map(|_| StrategySnapshot { rules: rules.clone(), fresh_until }));
            if ends || self.is_stopped_before(began_at.saturating_add(self.refresh_ms)) {
                return;
            }
        }
    }

    fn publish(&self, snapshot: Result<StrategySnapshot, Outage>) {
        let _ = self.unread.try_recv();
        // There is room, for nobody else sends.
        let _ = self.found.try_send(snapshot);
    }

    /// Waits until `due`; whether the loop has ended before.
    fn is_stopped_before(&self, due: i64) -> bool {
        loop {
            if self.stopped.recv_timeout(CLOCK_INTERVAL) != Err(RecvTimeoutError::Timeout) {
                return true;
            }
            if self.clock.now_ms() >= due {
                return false;
            }
        }
    }
}
