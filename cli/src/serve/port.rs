//! The HTTP port of a process: health, readiness, metrics, and what its role adds; and the report of what is waited for.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use axum::Router;
use ombud_launch::{
    config::Settings,
    health::{Readiness, Server},
    telemetry::Metrics,
};

use super::Crew;

/// How often it is checked whether somebody waits.
const WAIT_REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Listens beside the workers; returns the address.
pub(crate) fn listen(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    routes: Router,
    readiness: Readiness,
    metrics: Metrics,
) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(Server::bind(&settings.http))?;
    let address = server.address();
    tracing::info!(%address, "listening");
    if let Some(address) = server.metrics_address() {
        tracing::info!(%address, "metrics are served");
    }
    let mut serving = Some((server, routes));
    crew.start("http", move |shutdown| {
        let Some((server, routes)) = serving.take() else { return Ok(()) };
        let (readiness, metrics, shutdown) = (readiness.clone(), metrics.clone(), shutdown.clone());
        runtime.block_on(server.serve(routes, readiness, metrics, shutdown));
        Ok(())
    })?;
    Ok(address)
}

/// Logs what any part has been waiting for, on a thread of its own: the part that waits may be stuck in a call.
pub(crate) fn report_waits(crew: &mut Crew<'_, '_>, readiness: Readiness) -> Result<()> {
    crew.start_beside("waits", move |stop| {
        while !stop.wait(WAIT_REPORT_INTERVAL) {
            readiness.log_waits();
        }
        Ok(())
    })
}
