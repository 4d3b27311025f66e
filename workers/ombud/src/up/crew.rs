//! The workers of one process: each on a thread of its own, all stopped when one of them fails.

use std::thread::{Scope, ScopedJoinHandle};

use anyhow::{Context, Result, anyhow};
use ombud_launch::shutdown::Shutdown;

/// Workers that run until told to stop.
pub(crate) struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    workers: Vec<Worker<'scope>>,
    /// Asked for by the operator, or by a worker that failed.
    shutdown: Shutdown,
}

struct Worker<'scope> {
    name: &'static str,
    stop: Shutdown,
    thread: ScopedJoinHandle<'scope, Result<()>>,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, shutdown: Shutdown) -> Self {
        Self { scope, workers: Vec::new(), shutdown }
    }

    /// Starts a worker. It is given what tells it to stop; when it fails, everybody is told to.
    pub(crate) fn start(
        &mut self,
        name: &'static str,
        work: impl FnOnce(Shutdown) -> Result<()> + Send + 'scope,
    ) -> Result<()> {
        let (stop, shutdown) = (Shutdown::default(), self.shutdown.clone());
        let told = stop.clone();
        let body = move || {
            let result = work(told).with_context(|| format!("keep worker {name} running"));
            if result.is_err() {
                shutdown.request();
            }
            result
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, body)?;
        self.workers.push(Worker { name, stop, thread });
        Ok(())
    }

    /// Stops the workers in the order of starting, each after the one before has finished what it had in flight;
    /// gives the first failure.
    pub(crate) fn stop(self) -> Result<()> {
        let mut first = Ok(());
        for worker in self.workers {
            worker.stop.request();
            let ended = worker
                .thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("keep worker {} running: it panicked", worker.name)));
            first = first.and(ended);
        }
        first
    }
}
