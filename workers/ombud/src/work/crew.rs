//! The workers of one process: each on a thread of its own, all stopped when one of them fails.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{Scope, ScopedJoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use backon::{BackoffBuilder, ExponentialBuilder};
use metrics::counter;
use ombud_launch::shutdown::Shutdown;
use ombud_stream::Outage;
use tracing::warn;

/// A worker that ran for this long had come back to work: the next outage is a new one.
const WAS_BACK: Duration = Duration::from_secs(60);

/// Workers that run until told to stop.
pub(crate) struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    workers: Vec<Worker<'scope>>,
    /// Asked for by the operator, or by a worker that failed.
    shutdown: Shutdown,
    /// Whether a worker that met a passing outage is started again.
    resumes: bool,
}

struct Worker<'scope> {
    stop: Shutdown,
    thread: ScopedJoinHandle<'scope, Result<()>>,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, shutdown: Shutdown, resumes: bool) -> Self {
        Self { scope, workers: Vec::new(), shutdown, resumes }
    }

    /// What stops all of them.
    #[cfg(feature = "torch")]
    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Starts a worker. It is given what tells it to stop; when it fails, everybody is told to. Where outages pass, it
    /// is begun anew after one, from where its group stands.
    pub(crate) fn start(
        &mut self,
        name: &str,
        mut work: impl FnMut(&Shutdown) -> Result<()> + Send + 'scope,
    ) -> Result<()> {
        let (stop, shutdown, resumes) = (Shutdown::default(), self.shutdown.clone(), self.resumes);
        let (told, of) = (stop.clone(), name.to_owned());
        let body = move || {
            // Nobody else would hear of a panic before everybody is told to stop.
            let result = catch_unwind(AssertUnwindSafe(|| persist(&of, &told, resumes, &mut work)))
                .unwrap_or_else(|_| Err(anyhow!("it panicked")));
            if result.is_err() {
                shutdown.request();
            }
            result.with_context(|| format!("keep worker {of} running"))
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, body)?;
        self.workers.push(Worker { stop, thread });
        Ok(())
    }

    /// Stops the workers in the order of starting, each after the one before has finished what it had in flight;
    /// gives the first failure.
    pub(crate) fn stop(self) -> Result<()> {
        let mut first = Ok(());
        for worker in self.workers {
            worker.stop.request();
            let ended = worker.thread.join();
            first = first.and(ended.unwrap_or_else(|_| unreachable!("the worker catches what panics in it")));
        }
        first
    }
}

/// Works until told to stop, through outages that pass.
fn persist(
    name: &str,
    stop: &Shutdown,
    resumes: bool,
    work: &mut impl FnMut(&Shutdown) -> Result<()>,
) -> Result<()> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .with_jitter()
        .without_max_times();
    let mut waits = backoff.build();
    loop {
        let began = Instant::now();
        let Err(error) = work(stop) else { return Ok(()) };
        if !resumes || !passes(&error) {
            return Err(error);
        }
        if stop.requested() {
            // What was in flight is read again by the next owner.
            warn!(worker = name, error = format!("{error:#}"), "stopped during an outage");
            return Ok(());
        }
        if began.elapsed() > WAS_BACK {
            waits = backoff.build();
        }
        let wait = waits.next().unwrap_or(WAS_BACK);
        warn!(worker = name, error = format!("{error:#}"), ?wait, "outage: begun anew after a wait");
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
            assert!(shutdown.wait(Duration::from_secs(60)), "nobody is told to stop");
            crew.stop()
        });
        assert_eq!(format!("{:#}", ended.unwrap_err()), "keep worker broken running: it panicked");
    }

    #[test]
    fn a_passing_outage_begins_the_work_anew() {
        assert!(persist("w", &Shutdown::default(), true, &mut outages(1, false)).is_ok());
    }

    #[test]
    fn a_fatal_outage_ends_it_and_so_does_any_where_none_passes() {
        assert!(persist("w", &Shutdown::default(), true, &mut outages(1, true)).is_err());
        assert!(persist("w", &Shutdown::default(), false, &mut outages(1, false)).is_err());
    }

    #[test]
    fn a_worker_that_is_told_to_stop_during_an_outage_stops_well() {
        let stop = Shutdown::default();
        stop.request();
        assert!(persist("w", &stop, true, &mut outages(usize::MAX, false)).is_ok());
    }
}
