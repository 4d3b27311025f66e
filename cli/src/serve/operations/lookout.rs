//! A thread that looks at something where somebody asks, and keeps what it saw.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ombud_console::pages::Known;
use ombud_launch::shutdown::Shutdown;

/// How often a thread that nobody asks checks whether it is to stop.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// How often what is measured over time is measured while somebody watches.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
/// Somebody who has asked watches for so long.
const WATCHES: Duration = Duration::from_secs(300);

/// Looks.
pub(super) trait Look<T> {
    /// What there is now. May block.
    fn look(&mut self) -> T;

    /// Measures what needs several measurements; between looks, while somebody watches.
    fn sample(&mut self) {}

    /// Nobody has watched for a while: what was measured is no beginning any more.
    fn rest(&mut self) {}
}

impl<T, F: FnMut() -> T> Look<T> for F {
    fn look(&mut self) -> T {
        self()
    }
}

/// What was seen last.
pub(super) struct Lookout<T> {
    seen: Mutex<Seen<T>>,
    changed: Condvar,
}

struct Seen<T> {
    known: Option<(Instant, T)>,
    is_asked: bool,
    is_looking: bool,
    asked_at: Option<Instant>,
}

impl<T> Default for Lookout<T> {
    fn default() -> Self {
        let seen = Seen { known: None, is_asked: false, is_looking: false, asked_at: None };
        Self { seen: Mutex::new(seen), changed: Condvar::new() }
    }
}

impl<T: Clone> Lookout<T> {
    /// What was seen last.
    pub(super) fn known(&self) -> Option<Known<T>> {
        let seen = self.lock();
        seen.known.as_ref().map(|(at, what)| Known { what: what.clone(), age: at.elapsed() })
    }

    /// Whether somebody has asked for a look that is not over.
    pub(super) fn is_under_way(&self) -> bool {
        let seen = self.lock();
        seen.is_asked || seen.is_looking
    }

    /// Has it looked at again where what is known is older than `fresh`, and waits for that, at most for `wait`.
    pub(super) fn ask(&self, fresh: Duration, wait: Duration) {
        let mut seen = self.lock();
        seen.asked_at = Some(Instant::now());
        if seen.known.as_ref().is_some_and(|(at, _)| at.elapsed() < fresh) {
            return;
        }
        // Whoever asks while it looks gets what comes of that.
        seen.is_asked |= !seen.is_looking;
        self.changed.notify_all();
        let waits = |seen: &mut Seen<T>| seen.is_asked || seen.is_looking;
        let waited = self.changed.wait_timeout_while(seen, wait, waits);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Looks whenever somebody asks, until `stop`.
    pub(super) fn keep(&self, stop: &Shutdown, look: &mut impl Look<T>) {
        let mut sampled_at = None;
        while !stop.requested() {
            let seen = self.lock();
            let (mut seen, _) = self
                .changed
                .wait_timeout_while(seen, STOP_CHECK_INTERVAL, |seen| !seen.is_asked)
                .unwrap_or_else(PoisonError::into_inner);
            if seen.is_asked {
                (seen.is_asked, seen.is_looking) = (false, true);
                drop(seen);
                let what = look.look();
                let mut seen = self.lock();
                (seen.known, seen.is_looking) = (Some((Instant::now(), what)), false);
                self.changed.notify_all();
                sampled_at = Some(Instant::now());
                continue;
            }
            let is_watched = seen.asked_at.is_some_and(|at| at.elapsed() < WATCHES);
            drop(seen);
            match sampled_at {
                Some(_) if !is_watched => {
                    look.rest();
                    sampled_at = None;
                }
                Some(at) if at.elapsed() >= SAMPLE_INTERVAL => {
                    look.sample();
                    sampled_at = Some(Instant::now());
                }
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen<T>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn it_is_looked_at_where_somebody_asks_and_not_again_while_that_is_fresh() {
        let (lookout, stop, looks) = (Lookout::default(), Shutdown::default(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| lookout.keep(&stop, &mut || looks.fetch_add(1, Ordering::SeqCst) + 1));
            assert!(lookout.known().is_none() && !lookout.is_under_way());
            lookout.ask(LONG, LONG);
            lookout.ask(LONG, LONG);
            assert_eq!(lookout.known().map(|known| known.what), Some(1));
            lookout.ask(Duration::ZERO, LONG);
            assert_eq!(lookout.known().map(|known| known.what), Some(2));
            stop.request();
        });
    }

    #[test]
    fn who_asks_for_what_takes_long_gets_what_was_known_before() {
        let (lookout, stop) = (Lookout::default(), Shutdown::default());
        let (go, goes) = crossbeam_channel::bounded::<u32>(1);
        std::thread::scope(|scope| {
            scope.spawn(|| lookout.keep(&stop, &mut || goes.recv().unwrap_or(3)));
            go.send(1).unwrap();
            lookout.ask(LONG, LONG);
            lookout.ask(Duration::ZERO, Duration::from_millis(10));
            assert!(lookout.is_under_way());
            assert_eq!(lookout.known().map(|known| known.what), Some(1));
            go.send(2).unwrap();
            // It may be over before somebody asks again: a further look waits for nothing.
            drop(go);
            lookout.ask(Duration::ZERO, LONG);
            stop.request();
        });
        assert!(!lookout.is_under_way());
    }
}
