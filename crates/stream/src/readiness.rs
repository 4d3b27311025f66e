//! What a process waits for: shown to whoever asks whether it is ready, and logged once it has lasted for some seconds, and
//! every minute after that. A thread that waits may be blocked all the while: it only notes what for, and another thread logs it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::{info, warn};

/// How long a wait lasts before it is logged: a rebalance, or the first look at a topic, takes less.
const LOG_AFTER: Duration = Duration::from_secs(5);
/// How often a wait that lasts is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// What the parts of one process wait for; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<Waits>>);

#[derive(Debug, Default)]
struct Waits {
    /// The number of the next one; what began first is shown first.
    next: u64,
    by_number: BTreeMap<u64, Wait>,
    /// Remarks on parts that are ready all the same.
    remarks: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Wait {
    part: String,
    what: String,
    since: Instant,
    at_once: bool,
    quiet: bool,
    logged_at: Option<Instant>,
}

impl Wait {
    fn has_lasted(&self, now: Instant) -> bool {
        now >= self.since + LOG_AFTER
    }
}

impl Readiness {
    /// Each part that is not ready, with what it waits for; empty when the process may be sent work.
    pub fn waiting(&self) -> BTreeMap<String, String> {
        self.waiting_at(Instant::now())
    }

    fn waiting_at(&self, now: Instant) -> BTreeMap<String, String> {
        let mut waiting: BTreeMap<String, String> = BTreeMap::new();
        let waits = self.lock();
        for wait in waits.by_number.values().filter(|wait| wait.at_once || wait.has_lasted(now)) {
            let said = waiting.entry(wait.part.clone()).or_default();
            if !said.is_empty() {
                said.push_str("; ");
            }
            said.push_str(&wait.what);
        }
        waiting
    }

    /// Shows the remark `what` on `part` beside readiness, which it does not change: something that no other process would do
    /// better.
    pub fn remark(&self, part: &str, what: &str) {
        self.lock().remarks.insert(part.to_owned(), what.to_owned());
    }

    /// Removes the remark on `part`.
    pub fn forget_remark(&self, part: &str) {
        self.lock().remarks.remove(part);
    }

    /// The remarks on parts, which do not change readiness.
    pub fn remarks(&self) -> BTreeMap<String, String> {
        self.lock().remarks.clone()
    }

    /// Logs what has lasted for some seconds and was not logged in the last minute. To be called every second or so.
    pub fn log_waits(&self) {
        self.log_waits_at(Instant::now());
    }

    /// Gives how many were logged.
    fn log_waits_at(&self, now: Instant) -> usize {
        let mut logged = 0;
        for wait in self.lock().by_number.values_mut().filter(|wait| !wait.quiet && wait.has_lasted(now)) {
            if wait.logged_at.is_none_or(|at| now >= at + LOG_INTERVAL) {
                wait.logged_at = Some(now);
                logged += 1;
                let lasts = now.duration_since(wait.since);
                warn!(part = wait.part, waits_for = wait.what, ?lasts, "waiting");
            }
        }
        logged
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thing that a part of a process may have to wait for; cheap to say in every turn of a loop. Over when it is dropped.
#[derive(Debug)]
pub struct Waiting {
    readiness: Readiness,
    part: String,
    at_once: bool,
    quiet: bool,
    /// The number of the current wait, and what it waits for.
    said: Option<(u64, String)>,
}

impl Waiting {
    /// Of `part`, which is not ready from the first moment of such a wait: it lacks what it needs.
    pub fn at_once(readiness: &Readiness, part: &str) -> Self {
        Self::new(readiness, part, true)
    }

    /// Of `part`, which stays ready while such a wait is short, as it usually is.
    pub fn lasting(readiness: &Readiness, part: &str) -> Self {
        Self::new(readiness, part, false)
    }

    fn new(readiness: &Readiness, part: &str, at_once: bool) -> Self {
        Self { readiness: readiness.clone(), part: part.to_owned(), at_once, quiet: false, said: None }
    }

    /// Only shown: other code, which knows more, logs it.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Waits for `what` from now on, such as "models to be loaded"; never personal data. While it goes on, only the words
    /// may change.
    pub fn wait_for(&mut self, what: &str) {
        if self.said.as_ref().is_some_and(|(_, said)| said == what) {
            return;
        }
        let (part, what) = (self.part.clone(), what.to_owned());
        let mut waits = self.readiness.lock();
        let number = match &self.said {
            Some((number, _)) => *number,
            None => {
                waits.next += 1;
                waits.next
            }
        };
        self.said = Some((number, what.clone()));
        match waits.by_number.get_mut(&number) {
            Some(wait) => wait.what = what,
            None => {
                let (since, at_once, quiet) = (Instant::now(), self.at_once, self.quiet);
                waits.by_number.insert(number, Wait { part, what, since, at_once, quiet, logged_at: None });
            }
        }
    }

    /// It is there, or not waited for any more.
    pub fn over(&mut self) {
        let Some((number, _)) = self.said.take() else { return };
        let over = self.readiness.lock().by_number.remove(&number);
        if let Some(wait) = over.filter(|wait| wait.logged_at.is_some()) {
            info!(part = wait.part, waited_for = wait.what, lasted = ?wait.since.elapsed(), "no longer waiting");
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.over();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(readiness: &Readiness, later: Duration) -> Vec<(String, String)> {
        readiness.waiting_at(Instant::now() + later).into_iter().collect()
    }

    fn said(part: &str, what: &str) -> (String, String) {
        (part.to_owned(), what.to_owned())
    }

    #[test]
    fn a_part_that_lacks_what_it_needs_is_not_ready_at_once_and_one_that_waits_briefly_stays_so() {
        let readiness = Readiness::default();
        let mut models = Waiting::at_once(&readiness, "infer");
        let mut commit = Waiting::lasting(&readiness, "join");
        models.wait_for("models to be loaded");
        commit.wait_for("the log to take a commit");
        assert_eq!(shown(&readiness, Duration::ZERO), [said("infer", "models to be loaded")]);
        assert_eq!(
            shown(&readiness, LOG_AFTER),
            [said("infer", "models to be loaded"), said("join", "the log to take a commit")]
        );
        models.over();
        drop(commit);
        assert_eq!(shown(&readiness, LOG_AFTER), []);
    }

    #[test]
    fn what_one_part_waits_for_is_shown_together() {
        let readiness = Readiness::default();
        let mut all = ["partitions", "the strategy"].map(|what| {
            let mut waiting = Waiting::at_once(&readiness, "join");
            waiting.wait_for(what);
            waiting
        });
        assert_eq!(shown(&readiness, Duration::ZERO), [said("join", "partitions; the strategy")]);
        all[0].over();
        assert_eq!(shown(&readiness, Duration::ZERO), [said("join", "the strategy")]);
    }

    #[test]
    fn a_wait_is_logged_after_some_seconds_and_then_every_minute() {
        let readiness = Readiness::default();
        let mut waiting = Waiting::lasting(&readiness, "join");
        waiting.wait_for("the strategy");
        let began = Instant::now();
        assert_eq!(readiness.log_waits_at(began), 0, "not at once");
        assert_eq!(readiness.log_waits_at(began + LOG_AFTER), 1);
        assert_eq!(
            readiness.log_waits_at(began + LOG_AFTER + Duration::from_secs(1)),
            0,
            "not with every look"
        );
        waiting.wait_for("the strategy, said in other words");
        assert_eq!(readiness.log_waits_at(began + LOG_AFTER + LOG_INTERVAL), 1);
        waiting.over();
        let mut outage = Waiting::at_once(&readiness, "join").quiet();
        outage.wait_for("reach the brokers");
        assert_eq!(
            readiness.log_waits_at(began + LOG_AFTER + 2 * LOG_INTERVAL),
            0,
            "whoever tries again logs it"
        );
        assert_eq!(readiness.waiting().len(), 1);
    }

    #[test]
    fn another_wait_starts_from_the_beginning() {
        let readiness = Readiness::default();
        let mut waiting = Waiting::lasting(&readiness, "join");
        waiting.wait_for("the strategy");
        waiting.over();
        waiting.wait_for("the strategy");
        assert_eq!(shown(&readiness, Duration::ZERO), []);
        assert_eq!(readiness.log_waits_at(Instant::now() + LOG_AFTER), 1);
    }
}
