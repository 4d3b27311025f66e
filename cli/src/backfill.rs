//! Keeps a backfill from delaying live complaints: it is sent as fast as the inference groups finish it.
//!
//! A partition is read in its order, so whatever lies before a live complaint is read first. So little of a backfill lies there
//! at any time that the workers hold all of it, and among what they hold live complaints go first.

mod groups;
mod window;

use std::time::{Duration, Instant};

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_stream::RetriedCall;
use tracing::{info, warn};
use window::SendWindow;

pub(crate) use groups::{InferenceGroups, LogGroups};

use crate::log::backend::View;

/// How often brokers are asked for the offsets of the groups.
const ASK_BROKERS_EVERY: Duration = Duration::from_millis(250);
/// How often the embedded log is read, which is at hand: as often as its offsets are committed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the groups are listed.
const LIST_EVERY: Duration = Duration::from_secs(5);
/// How long nothing may be finished before that is logged.
const WARN_AFTER: Duration = Duration::from_secs(5);

/// The room for more of a backfill.
pub(crate) struct Backfill<S = LogGroups> {
    source: S,
    groups: Vec<(String, SendWindow)>,
    listed_at: Option<Instant>,
    looked_at: Option<Instant>,
    look_every: Duration,
    looks: RetriedCall,
    /// Since when it has been full, and whether that was logged.
    full_since: Option<Instant>,
    is_reported: bool,
}

impl Backfill {
    /// Watches the groups that read complaints.raw of `view`.
    ///
    /// # Errors
    /// The topic is not there, or can't be read.
    pub(crate) fn watch(view: &View, settings: &Settings) -> Result<Self> {
        let look_every = match view {
            View::Embedded(_) => LOOK_EVERY,
            View::Brokers(_) => ASK_BROKERS_EVERY,
        };
        Ok(Self::of(LogGroups::of(view, settings)?, look_every))
    }
}

impl<S: InferenceGroups> Backfill<S> {
    fn of(source: S, look_every: Duration) -> Self {
        Self {
            source,
            groups: Vec::new(),
            listed_at: None,
            looked_at: None,
            look_every,
            looks: RetriedCall::of("kafka"),
            full_since: None,
            is_reported: false,
        }
    }

    /// Whether one more may be sent now. Asks for the groups' offsets where that is due.
    ///
    /// # Errors
    /// The log refuses to answer.
    pub(crate) fn has_room(&mut self, now: Instant) -> Result<bool> {
        if self.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= self.look_every) {
            self.look(now)?;
        }
        let has_room = !self.groups.is_empty() && self.groups.iter().all(|(_, window)| window.has_room());
        if has_room {
            self.full_since = None;
            if std::mem::take(&mut self.is_reported) {
                info!("resumed");
            }
        } else {
            self.groups.iter_mut().for_each(|(_, window)| window.was_full());
            self.report_wait(now);
        }
        Ok(has_room)
    }

    /// One more was sent.
    pub(crate) fn sent(&mut self) {
        self.groups.iter_mut().for_each(|(_, window)| window.sent());
    }

    fn look(&mut self, now: Instant) -> Result<()> {
        self.looked_at = Some(now);
        if self.listed_at.is_none_or(|at| now.saturating_duration_since(at) >= LIST_EVERY) {
            let Some(names) = self.looks.through(self.source.names())? else { return Ok(()) };
            self.listed_at = Some(now);
            self.groups.retain(|(name, _)| names.contains(name));
            let known: Vec<String> = self.groups.iter().map(|(name, _)| name.clone()).collect();
            let new = names.into_iter().filter(|name| !known.contains(name));
            self.groups.extend(new.map(|name| (name, SendWindow::default())));
        }
        let names: Vec<&str> = self.groups.iter().map(|(name, _)| name.as_str()).collect();
        let Some(progress) = self.looks.through(self.source.progress(&names))? else { return Ok(()) };
        for ((_, window), progress) in self.groups.iter_mut().zip(progress) {
            window.look(now, progress);
        }
        Ok(())
    }

    fn report_wait(&mut self, now: Instant) {
        let since = *self.full_since.get_or_insert(now);
        if self.is_reported || now.saturating_duration_since(since) < WARN_AFTER {
            return;
        }
        self.is_reported = true;
        match self.groups.iter().find(|(_, window)| !window.has_room()) {
            Some((group, window)) => {
                let in_front = window.in_front();
                warn!(group, in_front, "waiting for what was sent to be answered; --at-once does not wait");
            }
            None => warn!("waiting for `ombud infer` to start; --at-once does not wait"),
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_stream::Outage;

    use super::{groups::GroupProgress, *};

    /// Groups that finish so many a second of what was sent.
    struct SteadyGroups {
        names: Vec<&'static str>,
        stand: GroupProgress,
    }

    impl InferenceGroups for SteadyGroups {
        fn names(&mut self) -> Result<Vec<String>, Outage> {
            Ok(self.names.iter().map(|name| (*name).to_owned()).collect())
        }

        fn progress(&mut self, names: &[&str]) -> Result<Vec<GroupProgress>, Outage> {
            Ok(names.iter().map(|_| self.stand).collect())
        }
    }

    #[test]
    fn nothing_is_sent_before_somebody_is_there_to_answer_it() {
        let mut backfill = Backfill::of(
            SteadyGroups { names: Vec::new(), stand: GroupProgress { finished: 0, behind: 0 } },
            ASK_BROKERS_EVERY,
        );
        let began = Instant::now();
        assert!(!backfill.has_room(began).unwrap());
        backfill.source.names.push("ombud.infer.all");
        assert!(backfill.has_room(began + LIST_EVERY).unwrap());
    }

    /// Sends to one group that finishes `rate` a second and commits every half second, for `seconds`; gives how many were
    /// finished and the most that lay in front of the group in the last second.
    fn run(rate: f64, seconds: f64, own: bool) -> (i64, i64) {
        let stand = GroupProgress { finished: 0, behind: 0 };
        let mut backfill =
            Backfill::of(SteadyGroups { names: vec!["ombud.infer.all"], stand }, ASK_BROKERS_EVERY);
        let began = Instant::now();
        let (mut sent, mut finished, mut most) = (0_i64, 0.0_f64, 0);
        let steps = (seconds * 1_000.0) as u64;
        for step in 0..steps {
            let now = began + Duration::from_millis(step);
            finished = (finished + rate / 1_000.0).min(sent as f64);
            if step % 500 == 0 {
                backfill.source.stand.finished = finished as i64;
            }
            backfill.source.stand.behind = sent - backfill.source.stand.finished;
            for _ in 0..if own { 10_000 } else { 1 } {
                if !backfill.has_room(now).unwrap() {
                    break;
                }
                backfill.sent();
                sent += 1;
            }
            if step + 1_000 > steps {
                most = most.max(sent - finished as i64);
            }
        }
        (finished as i64, most)
    }

    #[test]
    fn the_workers_are_kept_busy_and_little_lies_in_front_of_them() {
        for rate in [5.0, 32.0, 300.0, 5_000.0] {
            let (finished, in_front) = run(rate, 60.0, true);
            assert!(finished as f64 >= rate * 60.0 * 0.9, "{finished} at {rate}/s");
            assert!(in_front as f64 <= (rate * 2.5).max(33.0), "{in_front} at {rate}/s");
        }
    }

    #[test]
    fn a_sender_that_is_slower_than_the_workers_saves_nothing_up() {
        // A thousand a second at the most, of workers that could do five thousand.
        let mut backfill = Backfill::of(
            SteadyGroups { names: vec!["ombud.infer.all"], stand: GroupProgress { finished: 0, behind: 0 } },
            ASK_BROKERS_EVERY,
        );
        let began = Instant::now();
        for step in 0..20_000 {
            let now = began + Duration::from_millis(step);
            if step % 500 == 0 {
                backfill.source.stand.finished = step as i64;
            }
            backfill.source.stand.behind = step as i64 - backfill.source.stand.finished;
            if backfill.has_room(now).unwrap() {
                backfill.sent();
            }
        }
        let mut burst = 0;
        let now = began + Duration::from_millis(20_000);
        while burst < 100_000 && backfill.has_room(now).unwrap() {
            backfill.sent();
            burst += 1;
        }
        assert!(burst <= 6_000, "{burst} at once");
    }
}
