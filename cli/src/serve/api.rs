//! `/api/*` behind the guard: the console's routes on this process's log and cases, and what else a process offers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Result;
use axum::Router;
use ombud_console::{
    Console, DossierDesk, Entrance, ExplainDesk, OpenTrail, Trail, answer,
    desk::ClaimLimits,
    pages::{self, LiveQuality, PageSources},
};
use ombud_contract::catalogue::Topic;
use ombud_launch::{config::Settings, guard::Guard, health::Readiness, telemetry::Metrics};
use ombud_stream::Clock;

use super::{
    Crew,
    alike::watch_alike,
    entrance::{console_page, first_link, open_entrance},
    operations::ServedOperations,
    outage::outage,
    port::listen,
    quality::ServedQuality,
    worklist::keep_worklist,
};
use crate::{
    dossier::DossierMaker,
    explaining::{Explains, ServedExplanations},
    input::file_reading::Dates,
    log::{
        backend::{Backend, READER, View},
        publish::IN_FLIGHT,
    },
    strategies::{
        known_teams,
        requests::{self, Book, StrategyDesk},
    },
};

/// How long one request of the audit's reader may take.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(2);

/// What operators change over HTTP, and who explains what was decided.
pub(crate) struct Operators {
    /// Beside the console's own routes.
    pub(crate) routes: Router,
    /// Their token, which is accepted everywhere.
    pub(crate) token: Option<String>,
    /// Requests that wait for a second person.
    pub(crate) book: Book,
    /// Who explains decisions; `None` where nobody does.
    pub(crate) explains: Option<Explains>,
}

/// What is served.
pub(crate) struct ServedApi {
    /// Where.
    pub(crate) address: SocketAddr,
    /// Where people open the console, where somebody signs in here.
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "only `up` prints it, and it runs models"))]
    pub(crate) console: Option<String>,
    /// The page on which the first user chooses a password, where nobody has one yet.
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "only `up` prints it, and it runs models"))]
    pub(crate) first_link: Option<String>,
}

/// Serves the API, with what `operators` change behind the same guard, beside health, readiness and metrics. Their token is
/// accepted everywhere.
pub(crate) fn serve_api(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: Arc<dyn Clock>,
    operators: Operators,
    readiness: Readiness,
    metrics: Metrics,
) -> Result<ServedApi> {
    let entrance = open_entrance(crew, settings, backend, Arc::clone(&clock))?;
    let people = entrance.as_ref().map(Entrance::people);
    // Before anything is listened on: a port that anybody could write through is refused at once.
    let mut guard = Guard::with_people(&settings.http, operators.token.as_deref(), people)?;
    if let Some(entrance) = &entrance {
        guard = guard.looking_by(entrance.look());
    }
    let (sink, deliveries) = backend.sink(IN_FLIGHT)?;
    let view = backend.view();
    let (worklist, worklist_progress) = keep_worklist(crew, settings, backend, &clock, &readiness)?;
    let alike = watch_alike(crew, backend, &worklist, &clock)?;
    let desk = backend.view();
    let stop = crew.shutdown().clone();
    let explain = operators.explains.map(|by| -> Arc<dyn ExplainDesk> {
        Arc::new(ServedExplanations::new(backend.view(), settings, by, stop))
    });
    let dossiers = DossierMaker::of(backend.view(), settings, explain.clone(), Arc::clone(&clock))?;
    let dossiers = dossiers.map(|maker| -> Arc<dyn DossierDesk> { Arc::new(maker) });
    let operations = ServedOperations::start(crew, settings, backend, Arc::clone(&clock), readiness.clone())?;
    let console = Console {
        sink,
        cases: Box::new(move || view.cases().map_err(|error| outage("open the case store", error))),
        worklist,
        worklist_progress,
        leases: Box::new(move || desk.leases().map_err(|error| outage("open the store of leases", error))),
        limits: ClaimLimits {
            lease: Duration::from_millis(settings.console.lease_ms),
            ..ClaimLimits::default()
        },
        trail: trail(backend.view(), &settings.topics.prefix),
        teams: known_teams(backend.view(), &settings.topics.prefix, Arc::clone(&clock)),
        clock: Arc::clone(&clock),
        prefix: settings.topics.prefix.clone(),
        dates: Dates::default().order(settings),
        explain,
        dossiers,
    };
    let sources = PageSources {
        quality: keep_quality(crew, settings, backend, &clock)?,
        changes: Arc::new(StrategyDesk::new(Arc::clone(&operators.book), settings)),
        operations: Arc::new(operations),
        alike,
        shutdown: crew.shutdown().clone(),
        event_streams: usize::try_from(settings.console.event_streams)?,
    };
    let served = console.with_pages(requests::document(), sources);
    let mut routes = served.api.merge(operators.routes).merge(requests::routes(operators.book));
    let mut pages = Router::new();
    if let Some(entrance) = &entrance {
        routes = routes.merge(entrance.routes());
        pages = guard.around_pages(entrance.pages().merge(pages::assets()));
        // Also for what is no page: its refusal is one, with the headers of all.
        pages = pages.merge(guard.around_desk(served.pages.fallback(pages::nowhere), pages::refuse));
    }
    let address = listen(crew, settings, guard.around(routes).merge(pages), readiness, metrics)?;
    crew.start("http-answers", move |_| {
        answer(&deliveries);
        Ok(())
    })?;
    let first_link = first_link(entrance.as_ref(), settings, address)?;
    let console = entrance.as_ref().map(|_| console_page(settings, address));
    Ok(ServedApi { address, console, first_link })
}

/// What the page of quality shows, and the thread that counts it when somebody looks.
fn keep_quality(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<LiveQuality>> {
    let live = Arc::new(LiveQuality::default());
    let source = ServedQuality { view: backend.view(), settings: settings.clone() };
    let (counted, clock) = (Arc::clone(&live), Arc::clone(clock));
    crew.start_beside("quality", move |stop| {
        counted.run(&source, &*clock, stop);
        Ok(())
    })?;
    Ok(live)
}

/// Reads console.audit from when it is asked.
fn trail(view: View, prefix: &str) -> OpenTrail {
    let topic = Topic::Audit.name(prefix);
    Box::new(move || {
        let open = || -> Result<Trail> {
            Ok(Trail { reader: view.reader_within(READER, AUDIT_TIMEOUT)?, ends: view.ends(&topic)? })
        };
        open().map_err(|error| outage("read console.audit", error))
    })
}
