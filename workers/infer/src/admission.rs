//! What travels with a record from its reading on: the strategy that decides it, and when it was read.

use std::{sync::Arc, time::Instant};

use ombud_models::{ActiveStrategy, StrategyFeed};
use ombud_stream::{Clock, Outage, Record, RetriedCall};

use crate::serving::Bringer;

/// A moment, by both clocks of a process.
#[derive(Clone, Copy)]
pub(crate) struct ReadAt {
    /// For durations.
    pub(crate) instant: Instant,
    /// Milliseconds since the Unix epoch.
    pub(crate) ms: i64,
}

/// What travels with a record.
pub(crate) struct Admission {
    pub(crate) strategy: Arc<ActiveStrategy>,
    /// Who brings models that the strategy names and nobody has tried: those of the strategy in force the loader.
    pub(crate) bringer: Bringer,
    pub(crate) read_at: ReadAt,
}

/// Finds the strategy of each record that was read.
pub(crate) struct Admissions {
    strategies: StrategyFeed,
    outages: RetriedCall,
    clock: Arc<dyn Clock>,
}

impl Admissions {
    pub(crate) fn new(strategies: StrategyFeed, clock: Arc<dyn Clock>) -> Self {
        Self { strategies, outages: RetriedCall::of("kafka"), clock }
    }

    /// What travels with `record`; `None` while nobody has published a strategy, or models.strategy can't be read up to the
    /// time of the record.
    pub(crate) fn admit(&mut self, record: &Record) -> Result<Option<Admission>, Outage> {
        let strategy = self.strategy_of(record)?;
        let read_at = ReadAt { instant: Instant::now(), ms: self.clock.now_ms() };
        let in_force = self.strategies.strategies().at(read_at.ms).map_or(0, |now| now.record.version);
        Ok(strategy.map(|strategy| {
            let is_older = strategy.record.version < in_force;
            let bringer = if is_older { Bringer::Asker } else { Bringer::Loader };
            Admission { strategy, bringer, read_at }
        }))
    }

    /// The strategy that holds for a complaint. Reads models.strategy again where the last reading is too old, or nobody
    /// has published any.
    fn strategy_of(&mut self, record: &Record) -> Result<Option<Arc<ActiveStrategy>>, Outage> {
        if let Ok(strategy) = self.strategies.at(record.appended_at) {
            return Ok(Some(Arc::clone(strategy)));
        }
        self.outages.through(self.strategies.refresh())?;
        Ok(self.strategies.at(record.appended_at).ok().cloned())
    }
}
