//! `/api/*` behind the guard: the console's routes on this process's log and cases, and what else a process offers.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use ombud_console::{Console, answer};
use ombud_launch::{config::Settings, guard::Guard, health::Readiness};
use ombud_stream::{Clock, Outage};

use super::{Crew, IN_FLIGHT, port::listen};
use crate::world::World;

/// Serves the API, with `others` behind the same guard, beside health, readiness and metrics.
pub(crate) fn serve_api(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    world: &World,
    clock: Arc<dyn Clock>,
    others: Router,
    readiness: Readiness,
) -> Result<()> {
    // Before anything is opened: a port that anybody could write through is refused at once.
    let guard = Guard::of(&settings.http)?;
    let (sink, deliveries) = world.sink(IN_FLIGHT)?;
    let view = world.view();
    let console = Console {
        sink,
        cases: Box::new(move || {
            view.cases().map_err(|error| match error.downcast() {
                Ok(outage) => outage,
                Err(error) => Outage::fatal("open the case store", error),
            })
        }),
        clock,
        prefix: settings.topics.prefix.clone(),
    };
    listen(crew, settings, guard.around(console.routes().merge(others)), readiness)?;
    crew.start("http-answers", move |_| {
        answer(&deliveries);
        Ok(())
    })
}
