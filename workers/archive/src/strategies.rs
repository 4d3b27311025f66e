//! Which records of models.strategy are strategies: the store keeps what workers decide by, under its version, and nothing
//! that lost a race for that version or came too late.

use ombud_models::StrategyFeed;
use ombud_stream::{Outage, Record};

/// How often the feed is read for a record that is known to be there; each time waits for 2 s at most.
const READINGS: usize = 5;

/// Whether every worker takes `record` for the strategy of its version.
pub(crate) fn is_taken(feed: &mut StrategyFeed, record: &Record) -> Result<bool, Outage> {
    for _ in 0..READINGS {
        if let Ok(taken) = feed.accepted(record.offset) {
            return Ok(taken.is_some());
        }
        feed.refresh()?;
    }
    let action = format!("read {} up to {}", record.source, record.offset);
    Err(Outage::passing(action, "what was delivered to the group can't be read beside it"))
}
