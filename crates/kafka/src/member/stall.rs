//! A record whose schema is unknown while the registry doesn't answer: it waits, and its partitions with it.

use std::time::{Duration, Instant};

use ombud_stream::{Outage, Record};
use tracing::{debug, info, warn};

use super::{KafkaMember, brokers::AWAY_AFTER};

/// How long a record whose schema can't be asked for waits before the registry is asked again.
pub(super) const REGISTRY_RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// A record whose schema is unknown while the registry doesn't answer. Nothing overtakes it.
pub(super) struct StalledRecord {
    pub(super) record: Record,
    since: Instant,
    ask_at: Instant,
    /// What was tried in vain, and why.
    action: String,
    why: String,
}

impl KafkaMember {
    /// Asks the registry again about the record that waits for it.
    pub(super) fn try_stalled(&mut self) -> Result<Option<Record>, Outage> {
        let Some(mut held) = self.stalled.take() else { return Ok(None) };
        if Instant::now() < held.ask_at {
            self.stalled = Some(held);
            return Ok(None);
        }
        match self.incoming.resolve(&mut held.record) {
            Ok(()) => {
                info!(waited = ?held.since.elapsed(), "the registry answers again");
                self.resume_after_stall();
                Ok(Some(held.record))
            }
            Err(outage) if outage.fatal => Err(outage),
            Err(outage) => {
                debug!(record = ?held.record, error = %outage, cause = %outage.cause, "waiting for the registry");
                held.ask_at = Instant::now() + REGISTRY_RETRY_INTERVAL;
                self.stalled = Some(held);
                Ok(None)
            }
        }
    }

    pub(super) fn stall(&mut self, record: Record, outage: &Outage) {
        warn!(?record, error = %outage, cause = %outage.cause, "waiting for the registry");
        let (now, action, why) = (Instant::now(), outage.action.clone(), outage.cause.to_string());
        self.stalled =
            Some(StalledRecord { record, since: now, ask_at: now + REGISTRY_RETRY_INTERVAL, action, why });
        self.pause_what_is_paused();
    }

    /// The outage that a registry is which has not answered for a while.
    pub(super) fn without_registry(&self) -> Option<Outage> {
        let held = self.stalled.as_ref().filter(|held| held.since.elapsed() >= AWAY_AFTER)?;
        Some(Outage::passing(held.action.clone(), held.why.clone()))
    }

    pub(super) fn resume_after_stall(&mut self) {
        self.stalled = None;
        let on = self.fetched(|slot| !slot.paused);
        self.set_paused(&on, false);
    }
}
