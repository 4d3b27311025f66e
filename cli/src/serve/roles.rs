//! `ombud infer`, `join`, `archive` and `console`: one role as a long-lived process, among others of its group.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use anyhow::Result;
use axum::Router;
use ombud_launch::{
    config::{Loaded, Settings},
    health::Readiness,
    shutdown::{Shutdown, SignalWatch},
    telemetry::Metrics,
};
use ombud_stream::{Clock, Start, SystemClock, Waiting};
use tracing::info;

use super::{
    Crew, Workers,
    api::{Operators, serve_api},
    console,
    port::{listen, report_waits},
};
use crate::{
    Done,
    explaining::Explains,
    log::backend::{Backend, needs_of},
    strategies::requests::RequestBook,
};

/// What a process runs.
pub(crate) enum Role {
    /// Decides: one group for each of these.
    #[cfg(feature = "torch")]
    Infer(Vec<ombud_infer::Tasks>),
    /// Joins.
    Join,
    /// Archives.
    Archive,
    /// Takes complaints and verdicts over HTTP; member of no group.
    Console,
}

impl Role {
    /// What schemas/access.toml calls it.
    fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "torch")]
            Self::Infer(_) => "infer",
            Self::Join => "join",
            Self::Archive => "archive",
            Self::Console => "console",
        }
    }

    fn start_workers<'scope, 'a: 'scope>(
        &self,
        workers: &Arc<Workers<'a>>,
        crew: &mut Crew<'scope, '_>,
    ) -> Result<()> {
        match self {
            #[cfg(feature = "torch")]
            Self::Infer(groups) => {
                let store = ombud_models::ModelStore::new(workers.settings.data.join("models"));
                crate::strategies::first_start::shelve(&workers.settings.models, &store)?;
                workers.infer(crew, groups, store)
            }
            Self::Join => workers.join(crew),
            Self::Archive => workers.archive(crew),
            Self::Console => Ok(()),
        }
    }
}

/// Runs `role` until it is stopped.
pub(crate) fn run(role: &Role, loaded: &Loaded, start: Start) -> Result<Done> {
    let settings: &Settings = &loaded.settings;
    tracing::debug!(%loaded, "settings");
    info!(version = env!("CARGO_PKG_VERSION"), changed = loaded.changed(), "started");
    let shutdown = Shutdown::default();
    let _signals = SignalWatch::start(shutdown.clone())?;
    // Before any worker: what it counts from then on is there from 0.
    let metrics = Metrics::install()?;
    let Some(backend) =
        Backend::brokers_unless(settings, &needs_of(&[role.name()]), &|| shutdown.requested())?
    else {
        return Ok(Done::Well);
    };
    let drain = Duration::from_millis(u64::try_from(settings.join.drain_ms).unwrap_or_default());
    thread::scope(|scope| {
        let mut crew = Crew::new(scope, shutdown.clone(), backend.is_shared()).drain(drain);
        let readiness = Readiness::default();
        let mut stopping = Waiting::at_once(&readiness, "process");
        let (clock, readied) = (Arc::new(SystemClock), readiness.clone());
        let workers = Arc::new(Workers { backend: &backend, settings, clock, readiness: readied, start });
        let started = role.start_workers(&workers, &mut crew).and_then(|()| {
            // After the workers, so that it answers while they finish.
            crew.next_turn();
            report_waits(&mut crew, readiness.clone())?;
            match role {
                Role::Console => {
                    console::watch_dependencies(&mut crew, settings, &backend, &readiness)?;
                    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
                    let requests = RequestBook::open(&backend, settings, Arc::clone(&clock))?;
                    let book = Arc::new(Mutex::new(requests));
                    let explains = Explains::named(settings);
                    let operators = Operators { routes: Router::new(), token: None, book, explains };
                    serve_api(&mut crew, settings, &backend, clock, operators, readiness, metrics)
                        .map(|served| served.address)
                }
                _ => listen(&mut crew, settings, Router::new(), readiness, metrics),
            }
            .map(drop)
        });
        if started.is_ok() {
            shutdown.wait(Duration::MAX);
            info!("stopping");
            stopping.wait_for("what is in flight to be finished: it stops");
        }
        crew.stop(started)
    })?;
    Ok(Done::Well)
}
