//! Failed sign-ins: after some of one name each further attempt has to wait, for longer each time. Memory is bounded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ombud_stream::Clock;

use super::sessions::digest_of;

/// Failures of one name that are free.
const FREE: u32 = 5;
/// The first wait; it doubles with each failure.
const FIRST_WAIT_MS: i64 = 1_000;
/// The longest wait: nobody is shut out for good by who guesses at their name.
const LONGEST_WAIT_MS: i64 = 300_000;
/// After so long without a failure a name is forgotten.
const FORGET_MS: i64 = 900_000;
/// Names that are remembered at once; above it the one that failed longest ago is forgotten.
const MOST_NAMES: usize = 4_096;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last_at: i64,
}

/// Counts failures by name. A name is known by its digest: it may be a password that was typed into the wrong field.
pub(crate) struct Throttle {
    clock: Arc<dyn Clock>,
    failures: Mutex<BTreeMap<String, Failures>>,
}

impl Throttle {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, failures: Mutex::default() }
    }

    /// Counts an attempt of `name` as failed until [`Self::clear`] says otherwise, so that many at once are no way around it;
    /// or how long it has to wait.
    pub(crate) fn begin(&self, name: &str) -> Result<(), Duration> {
        let (now, key) = (self.clock.now_ms(), digest_of("name", name));
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failures.get(&key).copied().filter(|known| now.saturating_sub(known.last_at) < FORGET_MS);
        let known = known.unwrap_or(Failures { count: 0, last_at: now });
        let wait = known.last_at.saturating_add(wait_ms(known.count)).saturating_sub(now);
        if wait > 0 {
            return Err(Duration::from_millis(wait.unsigned_abs()));
        }
        if failures.len() >= MOST_NAMES && !failures.contains_key(&key) {
            let oldest = failures.iter().min_by_key(|(_, known)| known.last_at).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                failures.remove(&oldest);
            }
        }
        failures.insert(key, Failures { count: known.count.saturating_add(1), last_at: now });
        Ok(())
    }

    /// The attempt of `name` was right.
    pub(crate) fn clear(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest_of("name", name));
    }
}

/// How long the next attempt waits after `count` failures.
fn wait_ms(count: u32) -> i64 {
    match count.checked_sub(FREE) {
        None => 0,
        Some(over) => FIRST_WAIT_MS.saturating_mul(1 << over.min(16)).min(LONGEST_WAIT_MS),
    }
}

#[cfg(test)]
mod tests {
    use ombud_stream::ManualClock;

    use super::*;

    #[test]
    fn after_five_failures_a_name_waits_longer_each_time_and_others_do_not() {
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let throttle = Throttle::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..5 {
            throttle.begin("ann").unwrap();
        }
        assert_eq!(throttle.begin("ann"), Err(Duration::from_secs(1)));
        throttle.begin("bob").unwrap();
        clock.advance(1_000);
        throttle.begin("ann").unwrap();
        assert_eq!(throttle.begin("ann"), Err(Duration::from_secs(2)));
        for _ in 0..20 {
            clock.advance(300_000);
            throttle.begin("ann").unwrap();
        }
        assert_eq!(throttle.begin("ann"), Err(Duration::from_secs(300)), "never for longer");
        throttle.clear("ann");
        throttle.begin("ann").unwrap();
    }

    #[test]
    fn a_name_begins_anew_after_a_while_and_memory_is_bounded() {
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let throttle = Throttle::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..5 {
            throttle.begin("ann").unwrap();
        }
        clock.advance(1);
        for other in 0..MOST_NAMES {
            throttle.begin(&format!("guess-{other}")).unwrap();
        }
        assert_eq!(throttle.failures.lock().unwrap().len(), MOST_NAMES);
        throttle.begin("ann").unwrap();
        for _ in 0..5 {
            throttle.begin("bob").ok();
        }
        assert!(throttle.begin("bob").is_err());
        clock.advance(900_000);
        throttle.begin("bob").unwrap();
    }
}
