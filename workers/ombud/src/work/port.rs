//! The HTTP port of a process: health, readiness, metrics, and whatever its role adds.

use anyhow::Result;
use axum::Router;
use ombud_launch::{
    config::Settings,
    health::{Readiness, Server},
    telemetry::Metrics,
};

use super::Crew;

/// Listens beside the workers.
pub(crate) fn listen(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    routes: Router,
    readiness: Readiness,
) -> Result<()> {
    let metrics = Metrics::install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(Server::bind(&settings.http))?;
    tracing::info!(address = %server.address(), "listening");
    let mut serving = Some((server, routes));
    crew.start("http", move |shutdown| {
        let Some((server, routes)) = serving.take() else { return Ok(()) };
        let (readiness, metrics, shutdown) = (readiness.clone(), metrics.clone(), shutdown.clone());
        Ok(runtime.block_on(server.serve(routes, readiness, metrics, shutdown))?)
    })
}
