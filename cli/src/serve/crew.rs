//! The workers of one process: each on a thread of its own, all stopped when one of them fails.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{Scope, ScopedJoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use backon::{BackoffBuilder, ExponentialBuilder};
use metrics::counter;
use ombud_launch::shutdown::{Shutdown, end_now};
use ombud_stream::Outage;
use tracing::{error, info, warn};

/// A worker that ran for this long had recovered: the next outage is a new one.
const STABLE_AFTER: Duration = Duration::from_secs(60);
/// What a worker may take beyond its drain time: for its last commit, and for leaving its group.
const LEAVE_GROUP_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a worker with nothing in flight may take to stop.
const IDLE_STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// How often it is checked whether a worker has stopped.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Workers that run until they are stopped.
pub(crate) struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    workers: Vec<Worker<'scope>>,
    /// Asked for by the operator, or by a worker that failed.
    shutdown: Shutdown,
    /// Whether a worker is restarted after an outage that passes.
    resumes: bool,
    /// The turn in which workers stop that are started now.
    turn: usize,
    /// How long a worker may take to finish what is in flight once it has to stop.
    drain: Duration,
}

struct Worker<'scope> {
    name: String,
    turn: usize,
    stop: Shutdown,
    /// Whether it has something in flight that is worth waiting for.
    holds: Box<dyn Fn() -> bool + 'scope>,
    thread: ScopedJoinHandle<'scope, Result<()>>,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, shutdown: Shutdown, resumes: bool) -> Self {
        let drain = ombud_stream::DriveLimits::default().drain;
        Self { scope, workers: Vec::new(), shutdown, resumes, turn: 0, drain }
    }

    /// Bounds the drain by `drain` where that is longer than the default of 10 s.
    pub(crate) fn drain(self, drain: Duration) -> Self {
        Self { drain: self.drain.max(drain), ..self }
    }

    /// Workers that are started from here on are stopped when all before have ended.
    pub(crate) fn next_turn(&mut self) {
        self.turn += 1;
    }

    /// What stops all of them.
    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Starts a worker. `work` is given what asks it to stop; when it fails, all workers are stopped. Where outages pass, it
    /// is restarted after one, from the offsets of its group.
    pub(crate) fn start(
        &mut self,
        name: &str,
        work: impl FnMut(&Shutdown) -> Result<()> + Send + 'scope,
    ) -> Result<()> {
        self.start_holding(name, || true, work)
    }

    /// Starts one that never has anything in flight, so that nobody waits for it to stop.
    pub(crate) fn start_beside(
        &mut self,
        name: &str,
        work: impl FnMut(&Shutdown) -> Result<()> + Send + 'scope,
    ) -> Result<()> {
        self.start_holding(name, || false, work)
    }

    /// Starts a worker that has something in flight while it `holds`.
    pub(crate) fn start_holding(
        &mut self,
        name: &str,
        holds: impl Fn() -> bool + 'scope,
        mut work: impl FnMut(&Shutdown) -> Result<()> + Send + 'scope,
    ) -> Result<()> {
        let (stop, shutdown, resumes) = (Shutdown::default(), self.shutdown.clone(), self.resumes);
        let (stopping, of) = (stop.clone(), name.to_owned());
        let body = move || {
            // Otherwise nobody would hear of a panic before all are stopped.
            let result = catch_unwind(AssertUnwindSafe(|| {
                run_through_outages(&of, (&stopping, &shutdown), resumes, &mut work)
            }))
            .unwrap_or_else(|_| Err(anyhow!("it panicked")));
            if result.is_err() {
                shutdown.request();
            }
            result.with_context(|| format!("keep worker {of} running"))
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, body)?;
        let (name, turn, holds) = (name.to_owned(), self.turn, Box::new(holds));
        self.workers.push(Worker { name, turn, stop, holds, thread });
        Ok(())
    }

    /// Stops the workers turn by turn, each turn after the one before has finished what it had in flight; gives the first
    /// failure, or else what `worked` was. One that is stuck does not keep the process: it ends as it is, with exit code 1
    /// where something failed or was in flight, which is read again.
    pub(crate) fn stop<T>(self, worked: Result<T>) -> Result<T> {
        let Self { workers, turn: last, drain, .. } = self;
        let mut turns: Vec<Vec<Worker<'scope>>> = (0..=last).map(|_| Vec::new()).collect();
        for worker in workers {
            turns[worker.turn].push(worker);
        }
        let (mut first, mut stuck): (Result<()>, _) = (Ok(()), Vec::new());
        for turn in turns {
            turn.iter().for_each(|worker| worker.stop.request());
            let asked_at = Instant::now();
            for worker in turn {
                if worker.ends(asked_at, drain + LEAVE_GROUP_TIMEOUT) {
                    first = first.and(worker.ended());
                } else {
                    stuck.push(worker);
                }
            }
        }
        // Most have stopped by now.
        let (heard, stuck): (Vec<_>, Vec<_>) =
            stuck.into_iter().partition(|worker| worker.thread.is_finished());
        first = heard.into_iter().fold(first, |first, worker| first.and(worker.ended()));
        let worked = first.and(worked);
        if !stuck.is_empty() {
            let workers = stuck.iter().map(|worker| worker.name.as_str()).collect::<Vec<_>>().join(", ");
            match &worked {
                Ok(_) => {
                    info!(workers, "stopped without what these workers were waiting for");
                    end_now(true);
                }
                Err(error) => {
                    error!(workers, error = format!("{error:#}"), "ended while these were stuck");
                    end_now(false);
                }
            }
        }
        worked
    }
}

impl Worker<'_> {
    /// Waits until it has ended: for `within` where it has something in flight, after which the process ends, and else only
    /// briefly. Whether it has ended.
    fn ends(&self, asked_at: Instant, within: Duration) -> bool {
        while !self.thread.is_finished() {
            let waited = asked_at.elapsed();
            if waited >= within {
                let worker = self.name.as_str();
                error!(
                    worker,
                    "it did not stop in time: the process ends, and what was in flight is read again"
                );
                end_now(false);
            }
            if waited >= IDLE_STOP_TIMEOUT && !(self.holds)() {
                return false;
            }
            std::thread::park_timeout(STOP_POLL_INTERVAL);
        }
        true
    }

    /// How it ended.
    fn ended(self) -> Result<()> {
        self.thread.join().unwrap_or_else(|_| unreachable!("the worker catches what panics in it"))
    }
}

/// Works until it has to stop, by its turn or with the `process`, through outages that pass.
fn run_through_outages(
    name: &str,
    (stop, process): (&Shutdown, &Shutdown),
    resumes: bool,
    work: &mut impl FnMut(&Shutdown) -> Result<()>,
) -> Result<()> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .with_jitter()
        .without_max_times();
    let mut waits = backoff.build();
    counter!("ombud_worker_restarts_total", "worker" => name.to_owned()).increment(0);
    loop {
        let began = Instant::now();
        let Err(error) = work(stop) else { return Ok(()) };
        let is_stopping = stop.requested() || (!resumes && process.requested());
        if !passes(&error) || !(resumes || is_stopping) {
            return Err(error);
        }
        if is_stopping {
            // What was in flight is read again by the next owner.
            warn!(worker = name, error = format!("{error:#}"), "stopped during an outage");
            return Ok(());
        }
        if began.elapsed() > STABLE_AFTER {
            waits = backoff.build();
        }
        let wait = waits.next().unwrap_or(STABLE_AFTER);
        warn!(worker = name, error = format!("{error:#}"), ?wait, "outage: restarted after a wait");
        counter!("ombud_worker_restarts_total", "worker" => name.to_owned()).increment(1);
        if stop.wait(wait) {
            return Ok(());
        }
    }
}

fn passes(error: &anyhow::Error) -> bool {
    let outage = error.chain().find_map(|cause| cause.downcast_ref::<Outage>());
    outage.is_some_and(|outage| !outage.fatal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outages(count: usize, fatal: bool) -> impl FnMut(&Shutdown) -> Result<()> {
        let mut left = count;
        move |_| {
            if left == 0 {
                return Ok(());
            }
            left -= 1;
            let outage =
                if fatal { Outage::fatal("append", "gone") } else { Outage::passing("append", "away") };
            Err(anyhow::Error::new(outage).context("keep inferring"))
        }
    }

    #[test]
    fn a_worker_that_panics_ends_everybody_and_the_process_fails() {
        let shutdown = Shutdown::default();
        let ended = std::thread::scope(|scope| {
            let mut crew = Crew::new(scope, shutdown.clone(), true);
            crew.start("other", |stop| {
                stop.wait(Duration::MAX);
                Ok(())
            })?;
            crew.start("broken", |_| panic!("a defect"))?;
            assert!(shutdown.wait(Duration::from_secs(60)), "nobody is stopped");
            crew.stop(Ok(()))
        });
        assert_eq!(format!("{:#}", ended.unwrap_err()), "keep worker broken running: it panicked");
    }

    #[test]
    fn who_is_started_in_a_later_turn_works_until_everybody_before_has_ended() {
        let (ended, order) = crossbeam_channel::bounded(3);
        std::thread::scope(|scope| {
            let mut crew = Crew::new(scope, Shutdown::default(), false);
            let start = |crew: &mut Crew<'_, '_>, name: &'static str| {
                let ended = ended.clone();
                crew.start(name, move |stop| {
                    stop.wait(Duration::MAX);
                    Ok(ended.send(name)?)
                })
            };
            start(&mut crew, "infer")?;
            start(&mut crew, "lag")?;
            crew.next_turn();
            start(&mut crew, "http")?;
            crew.stop(Ok(()))
        })
        .unwrap();
        let mut order: Vec<&str> = order.try_iter().collect();
        assert_eq!(order.pop(), Some("http"));
        order.sort_unstable();
        assert_eq!(order, ["infer", "lag"]);
    }

    #[test]
    fn a_passing_outage_restarts_the_work() {
        assert!(
            run_through_outages(
                "w",
                (&Shutdown::default(), &Shutdown::default()),
                true,
                &mut outages(1, false)
            )
            .is_ok()
        );
    }

    #[test]
    fn a_fatal_outage_ends_it_and_so_does_any_where_none_passes() {
        assert!(
            run_through_outages(
                "w",
                (&Shutdown::default(), &Shutdown::default()),
                true,
                &mut outages(1, true)
            )
            .is_err()
        );
        assert!(
            run_through_outages(
                "w",
                (&Shutdown::default(), &Shutdown::default()),
                false,
                &mut outages(1, false)
            )
            .is_err()
        );
    }

    #[test]
    fn a_worker_that_has_to_stop_during_an_outage_stops_well() {
        let stop = Shutdown::default();
        stop.request();
        assert!(
            run_through_outages("w", (&stop, &Shutdown::default()), true, &mut outages(usize::MAX, false))
                .is_ok()
        );
    }
}
