//! What a library logs again and again, once in a period: while a server is away, a driver writes hundreds of lines a minute
//! that say the same.
//!
//! The first event of a place in a library's source is logged at once. The ones that follow are counted, and told every minute
//! in one line; the last line says that it is over. Our own events pass: who waits says so once a minute.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// How often what was counted is told.
const PERIOD: Duration = Duration::from_secs(60);
/// Our own crates, whose events are never counted.
const OURS: &str = "ombud";
/// Of a library's message, so much is told again.
const LONGEST: usize = 300;

/// Lets the first of many through.
#[derive(Debug)]
pub(super) struct Repeats {
    counted: Arc<Counted>,
    /// Its end ends the thread that tells.
    _alive: Sender<()>,
}

#[derive(Debug, Default)]
struct Counted(Mutex<HashMap<Place, Again>>);

/// A place in a library's source; of the crate `log`, whose events share theirs, the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    callsite: Identifier,
    module: Option<String>,
}

/// What came again from one place.
#[derive(Debug, PartialEq, Eq)]
struct Again {
    told: Told,
    /// Something of it was counted already.
    was_told: bool,
}

/// What is to be told of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    level: Level,
    module: String,
    /// Since it was told the last time.
    times: u64,
    /// What it said the last time.
    last: String,
}

impl Repeats {
    /// Tells what it has counted every minute, for as long as it lives.
    ///
    /// # Errors
    /// The system refused the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let counted = Arc::new(Counted::default());
        let (alive, ended) = bounded(0);
        let telling = Arc::clone(&counted);
        thread::Builder::new().name("log-repeats".into()).spawn(move || telling.tell(&ended))?;
        Ok(Self { counted, _alive: alive })
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.counted.passes(event)
    }
}

impl Counted {
    /// Whether the event is logged as it is: ours, and the first of its place.
    fn passes(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        if metadata.target().starts_with(OURS) {
            return true;
        }
        let mut said = Said::default();
        event.record(&mut said);
        self.is_first(metadata, said)
    }

    fn is_first(&self, metadata: &'static Metadata<'static>, said: Said) -> bool {
        let module = said.module.clone().unwrap_or_else(|| metadata.target().to_owned());
        let place = Place { callsite: metadata.callsite(), module: said.module };
        let mut places = self.lock();
        let Some(again) = places.get_mut(&place) else {
            let told = Told { level: *metadata.level(), module, times: 0, last: String::new() };
            places.insert(place, Again { told, was_told: false });
            return true;
        };
        again.told.times += 1;
        again.told.last = said.message;
        false
    }

    /// What came again since the last call; a place that was silent for a whole period begins anew.
    fn take(&self) -> Vec<Told> {
        let mut told = Vec::new();
        self.lock().retain(|_, again| {
            let came_again = again.told.times > 0;
            if came_again || again.was_told {
                told.push(again.told.clone());
            }
            again.was_told = came_again;
            again.told.times = 0;
            came_again
        });
        told
    }

    fn tell(&self, ended: &Receiver<()>) {
        while ended.recv_timeout(PERIOD).is_err_and(|error| error.is_timeout()) {
            for Told { level, module, times, last } in self.take() {
                match (level, times) {
                    (_, 0) => tracing::info!(library = module, "no longer said"),
                    (Level::ERROR | Level::WARN, _) => {
                        tracing::warn!(library = module, times, last, "said again in the last minute");
                    }
                    _ => tracing::info!(library = module, times, last, "said again in the last minute"),
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Again>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an event says, and where it comes from when it came through the crate `log`.
#[derive(Debug, Default)]
struct Said {
    message: String,
    module: Option<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.chars().take(LONGEST).collect(),
            "log.target" => self.module = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Notes the messages that reach it.
    #[derive(Clone, Debug, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Log {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut said = Said::default();
            event.record(&mut said);
            self.0.lock().unwrap().push(said.message);
        }
    }

    fn of_a_driver(attempt: u32) {
        tracing::warn!(target: "scylla::cluster", "connection {attempt} failed");
    }

    #[test]
    fn a_library_says_the_same_once_and_then_once_a_period_with_how_often_until_it_is_over() {
        let repeats = Repeats::start().unwrap();
        let counted = Arc::clone(&repeats.counted);
        let log = Log::default();
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(log.clone()).with(repeats),
            || {
                (0..300).for_each(of_a_driver);
                tracing::warn!(target: "scylla::other", "something else");
                (0..3).for_each(|_| tracing::warn!(target: "ombud_store::cql", "ours"));
            },
        );
        assert_eq!(*log.0.lock().unwrap(), ["connection 0 failed", "something else", "ours", "ours", "ours"]);
        let told = counted.take();
        let [again] = told.as_slice() else { unreachable!("one place said something again: {told:?}") };
        assert_eq!((again.module.as_str(), again.times), ("scylla::cluster", 299));
        assert_eq!(again.last, "connection 299 failed");
        let over = counted.take();
        assert_eq!(over.iter().map(|told| told.times).collect::<Vec<_>>(), [0], "it is over");
        assert_eq!(counted.take(), []);
        assert!(counted.lock().is_empty(), "nothing is kept of what is over");
    }
}
