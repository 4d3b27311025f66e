//! The strategy as every worker reads it: from models.strategy, to its end, never older than the bound.
//!
//! A strategy is appended at least five seconds before it begins, by the log's clock, and no worker decides a record without
//! having read the topic to its end within the last five: so all workers agree on the strategy of every complaint, and
//! a replay repeats. No publisher's clock matters: the log stamps models.strategy as it stamps complaints.raw.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ombud_contract::codec;
use ombud_contract::records::Strategy;
use ombud_stream::{Clock, Outage, Reader, Record, Waiting};

use crate::strategy::{ActiveStrategy, LEAD, Strategies};
use crate::tail::Tail;

/// What is waited for where there is no strategy at all.
const UNPUBLISHED: &str = "the first strategy, which `ombud setup` publishes: complaints wait for it";

/// Follows models.strategy.
pub struct StrategyFeed {
    tail: Tail,
    clock: Arc<dyn Clock>,
    max_age: Duration,
    read_to_end_at: Option<i64>,
    history: StrategyHistory,
    waiting: Option<Waiting>,
}

/// What the records that were read became.
#[derive(Default)]
struct StrategyHistory {
    strategies: Strategies,
    /// Where each of them lies, in the same order.
    offsets: Vec<i64>,
    /// The append time of every record that was read, by its offset; strategies are few.
    appended: BTreeMap<i64, i64>,
    skipped: u64,
}

impl StrategyFeed {
    /// A feed of `topic` (with its prefix), from its beginning; it knows nothing before [`StrategyFeed::refresh`].
    pub fn new(reader: Box<dyn Reader>, topic: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            tail: Tail::new(reader, topic),
            clock,
            max_age: LEAD,
            read_to_end_at: None,
            history: StrategyHistory::default(),
            waiting: None,
        }
    }

    /// Reports by `waiting` while no reading is recent enough to know the strategy. For a worker that refreshes it every
    /// second or so, because nothing else ends such a wait.
    #[must_use]
    pub fn telling(self, waiting: Waiting) -> Self {
        Self { waiting: Some(waiting), ..self }
    }

    /// Bounds the age of the last reading instead of by [`LEAD`]: shorter costs more reads; longer, and workers
    /// may disagree on the complaints just after a change.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Reads to the end of the topic without waiting for more than is there; gives the number of strategies that came.
    /// What is there and doesn't come within 2 s leaves the reading at its age. Call it well within the bound, and
    /// before deciding when [`StrategyFeed::at`] says [`StrategyUnknown::Stale`].
    ///
    /// # Errors
    /// The log doesn't answer: what was read stays valid until it is too old.
    pub fn refresh(&mut self) -> Result<usize, Outage> {
        let read = self.read_on();
        let is_known = self.at(i64::MAX).is_ok();
        let Some(waiting) = &mut self.waiting else { return read.map(|(came, _)| came) };
        match &read {
            // Also after an outage, for as long as what was read before holds.
            _ if is_known => waiting.over(),
            Err(outage) => waiting.wait_for(&outage.action),
            Ok((_, false)) => waiting.wait_for("models.strategy to be read to its end"),
            Ok((_, true)) => waiting.wait_for(UNPUBLISHED),
        }
        read.map(|(came, _)| came)
    }

    /// How many strategies came, and whether the end was reached.
    fn read_on(&mut self) -> Result<(usize, bool), Outage> {
        // Taken before the end is asked for: what is appended in between counts as unread.
        let asked_at = self.clock.now_ms();
        let (mut came, history) = (0, &mut self.history);
        let is_at_end = self.tail.read_to_end(|record| came += usize::from(history.apply(record)))?;
        if is_at_end {
            // Else the last full reading keeps its age.
            self.read_to_end_at = Some(asked_at);
        }
        Ok((came, is_at_end))
    }

    /// The strategy of a complaint whose raw record was appended at `appended_at`: the newest that had begun. A complaint
    /// that was appended before the first one began has that one, because it would wait forever otherwise.
    ///
    /// # Errors
    /// [`StrategyUnknown`]: refresh and ask again; decide nothing meanwhile.
    pub fn at(&self, appended_at: i64) -> Result<&Arc<ActiveStrategy>, StrategyUnknown> {
        let age = self.read_to_end_at.map(|read| self.clock.now_ms().saturating_sub(read));
        let bound = i64::try_from(self.max_age.as_millis()).unwrap_or(i64::MAX);
        match age {
            Some(age) if age <= bound => {
                let begun =
                    self.history.strategies.at(appended_at).or_else(|| self.history.strategies.iter().next());
                begun.ok_or(StrategyUnknown::Unpublished)
            }
            _ => Err(StrategyUnknown::Stale),
        }
    }

    /// The strategy in force at the time that `at` gives, read again up to `readings` times where the last reading is too
    /// old; `None` where none is published.
    ///
    /// # Errors
    /// The log doesn't answer, or its end does not come.
    pub fn in_force(
        &mut self,
        at: impl Fn() -> i64,
        readings: usize,
    ) -> Result<Option<Arc<ActiveStrategy>>, Outage> {
        for _ in 0..readings {
            match self.at(at()) {
                Ok(strategy) => return Ok(Some(Arc::clone(strategy))),
                Err(StrategyUnknown::Unpublished) => return Ok(None),
                Err(StrategyUnknown::Stale) => drop(self.refresh()?),
            }
        }
        Err(Outage::passing("read the strategies to their end", "what is there does not come"))
    }

    /// Until when the last reading to the end counts: [`StrategyFeed::at`] says [`StrategyUnknown::Stale`] after it. `None` before
    /// the first.
    pub fn fresh_until(&self) -> Option<i64> {
        let bound = i64::try_from(self.max_age.as_millis()).unwrap_or(i64::MAX);
        self.read_to_end_at.map(|read| read.saturating_add(bound))
    }

    /// Every strategy that was read, oldest first.
    pub fn strategies(&self) -> &Strategies {
        &self.history.strategies
    }

    /// What became of the record at `offset`: the strategy that it is; `None` where it was skipped.
    ///
    /// # Errors
    /// It wasn't read yet: refresh and ask again.
    pub fn accepted(&self, offset: i64) -> Result<Option<&Arc<ActiveStrategy>>, StrategyUnknown> {
        if offset >= self.tail.next() {
            return Err(StrategyUnknown::Stale);
        }
        let place = self.history.offsets.binary_search(&offset).ok();
        Ok(place.and_then(|place| self.history.strategies.iter().nth(place)))
    }

    /// When the record at `offset` was appended, by the log's clock, in milliseconds since the Unix epoch; `None` where it
    /// was not read yet, or is never given out.
    pub fn appended_at(&self, offset: i64) -> Option<i64> {
        self.history.appended.get(&offset).copied()
    }

    /// How many records of the topic were no valid strategy.
    pub fn skipped(&self) -> u64 {
        self.history.skipped
    }
}

impl StrategyHistory {
    /// Whether the record is a valid strategy, the next in turn.
    fn apply(&mut self, record: &Record) -> bool {
        self.appended.insert(record.offset, record.appended_at);
        let applied = self.accept(record);
        match &applied {
            Ok(version) => {
                tracing::info!(offset = record.offset, version, "strategy read");
            }
            Err(why) => {
                self.skipped += 1;
                tracing::error!(offset = record.offset, error = why.as_str(), "strategy skipped");
            }
        }
        applied.is_ok()
    }

    fn accept(&mut self, record: &Record) -> Result<i64, String> {
        let value = record.value.as_deref().ok_or("a tombstone")?;
        let strategy: Strategy = codec::decode(value).map_err(|error| error.to_string())?;
        // The first one has no predecessor to agree on, so it may begin in the past.
        let lead = i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX);
        if strategy.version > 1 && strategy.effective_from < record.appended_at.saturating_add(lead) {
            let why = "effective_from is less than 5 s after it was appended, by the log's clock";
            return Err(why.to_owned());
        }
        let version = self.strategies.push(strategy).map_err(|error| error.to_string())?.record.version;
        self.offsets.push(record.offset);
        Ok(version)
    }
}

/// Why the strategy of a complaint isn't known at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyUnknown {
    /// The topic was not read to its end recently enough.
    #[error("find the strategy of a complaint: models.strategy was not read to its end lately")]
    Stale,
    /// None is published.
    #[error("find the strategy of a complaint: none is published")]
    Unpublished,
}
