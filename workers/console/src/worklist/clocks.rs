//! The clocks of an item, as the rules say how they stand.

use std::sync::Once;

use ombud_contract::{records::Clock, work::Work};
use ombud_models::clock::standing;
use ombud_store::ItemClock;
use tracing::warn;

/// How `clock` stands after `work`. One whose rule only a newer build can read is shown as the route has it, and as not met.
pub fn read_clock(clock: &Clock, work: &Work) -> ItemClock {
    static UNREADABLE: Once = Once::new();
    let (due, met_at, beyond_calendar) = match standing(clock, work.done()) {
        Ok(found) => (found.due, found.met_at, found.beyond_calendar),
        Err(unknown) => {
            UNREADABLE.call_once(|| warn!(%unknown, "a clock is shown as its route has it"));
            (clock.due, None, clock.beyond_calendar)
        }
    };
    ItemClock {
        name: clock.name.clone(),
        due,
        met_at,
        rule: clock.rule.clone(),
        calendar: clock.calendar.clone(),
        beyond_calendar,
    }
}
