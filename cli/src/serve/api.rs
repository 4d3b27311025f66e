//! `/api/*` behind the guard: the console's routes on this process's log and cases, and what else a process offers.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::Router;
use ombud_console::{Console, answer};
use ombud_launch::{config::Settings, guard::Guard, health::Readiness, telemetry::Metrics};
use ombud_stream::{Clock, Outage};

use super::{Crew, port::listen};
use crate::log::publish::IN_FLIGHT;
use crate::{input::file_reading::Dates, log::backend::Backend, strategies::known_teams};

/// Serves the API, with what `operators` change behind the same guard, beside health, readiness and metrics. Their token is
/// accepted everywhere. Returns the address.
pub(crate) fn serve_api(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: Arc<dyn Clock>,
    (operators, token): (Router, Option<String>),
    readiness: Readiness,
    metrics: Metrics,
) -> Result<SocketAddr> {
    // Before anything is opened: a port that anybody could write through is refused at once.
    let guard = Guard::of(&settings.http, token.as_deref())?;
    let (sink, deliveries) = backend.sink(IN_FLIGHT)?;
    let view = backend.view();
    let console = Console {
        sink,
        cases: Box::new(move || view.cases().map_err(outage)),
        teams: known_teams(backend.view(), &settings.topics.prefix, Arc::clone(&clock)),
        clock,
        prefix: settings.topics.prefix.clone(),
        dates: Dates::default().order(settings),
    };
    let address =
        listen(crew, settings, guard.around(console.routes().merge(operators)), readiness, metrics)?;
    crew.start("http-answers", move |_| {
        answer(&deliveries);
        Ok(())
    })?;
    Ok(address)
}

/// Why the console has no cases: an outage keeps whether it may pass, and anything else never does.
fn outage(error: anyhow::Error) -> Outage {
    match error.downcast() {
        Ok(outage) => outage,
        Err(error) => Outage::fatal("open the case store", error),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_case_store_that_is_away_may_come_back_and_one_that_refuses_does_not() {
        let away = outage(Outage::passing("reach the case store", "nobody answers").into());
        assert_eq!((away.fatal, away.action.as_str()), (false, "reach the case store"));
        let refused = outage(anyhow!("log in to the CQL server"));
        assert!(refused.fatal);
        assert_eq!(refused.cause.to_string(), "log in to the CQL server");
    }
}
