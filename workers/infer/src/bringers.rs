//! The threads that bring models, while the loader follows strategies: a hub that does not answer holds up the
//! versions that it has, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread::{self, Scope, ScopedJoinHandle},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use crossbeam_channel::{Receiver, Sender, bounded};
use ombud_contract::records::Arm;
use ombud_models::Stop;
use ombud_stream::Outage;

use crate::serving::Serving;

/// Versions that are brought at the same time. Two, so that the others get through while one hangs; each more holds one
/// more half-loaded model in memory.
const BRINGERS: usize = 2;
/// Versions that are ordered and not brought yet; more wait for the loader's next turn.
const ORDERS_MAX: usize = 32;
/// The longest wait between two tries.
const RETRY_BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Versions on their way, and those that were unavailable.
pub(crate) struct Bringers<'scope> {
    threads: Vec<ScopedJoinHandle<'scope, ()>>,
    orders: Sender<Arm>,
    brought: Receiver<BringResult>,
    ordered: BTreeSet<String>,
    retries: BTreeMap<String, Retry>,
}

/// What became of one order.
struct BringResult {
    version: String,
    is_ready: bool,
}

/// A version that was unavailable, and when it is tried again.
struct Retry {
    due_ms: i64,
    waits: ExponentialBackoff,
}

impl<'scope> Bringers<'scope> {
    /// Threads that bring to `serving`. Dropped, they end when what each of them has under way is there, or `stop` says so.
    pub(crate) fn start(
        scope: &'scope Scope<'scope, '_>,
        serving: &Arc<Serving>,
        stop: &Stop,
    ) -> Result<Self, Outage> {
        let (orders, taken) = bounded::<Arm>(ORDERS_MAX);
        let (report, brought) = bounded(ORDERS_MAX);
        let mut threads = Vec::with_capacity(BRINGERS);
        for number in 1..=BRINGERS {
            let (serving, stop) = (Arc::clone(serving), stop.clone());
            let (taken, report) = (taken.clone(), report.clone());
            let bring = move || {
                for arm in taken {
                    let is_ready = !stop.requested() && serving.bring(&arm, false, &stop);
                    // Waits for the loader's next turn at worst; where the loader is gone, nobody needs to know.
                    let _ = report.send(BringResult { version: arm.model_version, is_ready });
                }
            };
            let started = thread::Builder::new().name(format!("bring-{number}")).spawn_scoped(scope, bring);
            let failed = |error| Outage::passing("start a thread that brings models", error);
            threads.push(started.map_err(failed)?);
        }
        Ok(Self { threads, orders, brought, ordered: BTreeSet::new(), retries: BTreeMap::new() })
    }

    /// Orders those of `open` that are due, at `now_ms`; what is not `wanted` any more is forgotten.
    ///
    /// # Errors
    /// A thread panicked.
    pub(crate) fn order(
        &mut self,
        open: Vec<Arm>,
        wanted: &BTreeSet<String>,
        now_ms: i64,
    ) -> Result<(), Outage> {
        if self.threads.iter().any(ScopedJoinHandle::is_finished) {
            return Err(Outage::fatal("bring models", "a thread that brings them panicked"));
        }
        while let Ok(BringResult { version, is_ready }) = self.brought.try_recv() {
            self.ordered.remove(&version);
            if is_ready {
                self.retries.remove(&version);
            } else {
                self.retries.entry(version).or_insert_with(|| Retry::new(now_ms)).postpone(now_ms);
            }
        }
        self.retries.retain(|version, _| wanted.contains(version));
        for arm in open {
            let version = arm.model_version.clone();
            let is_due = self.retries.get(&version).is_none_or(|retry| retry.due_ms <= now_ms);
            if is_due && !self.ordered.contains(&version) && self.orders.try_send(arm).is_ok() {
                self.ordered.insert(version);
            }
        }
        Ok(())
    }
}

impl Retry {
    fn new(now_ms: i64) -> Self {
        let waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(RETRY_BACKOFF_MAX)
            .without_max_times()
            .build();
        Self { due_ms: now_ms, waits }
    }

    fn postpone(&mut self, now_ms: i64) {
        let wait = self.waits.next().unwrap_or(RETRY_BACKOFF_MAX);
        self.due_ms = now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    }
}
