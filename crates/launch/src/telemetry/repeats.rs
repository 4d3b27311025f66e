//! Logs what a library repeats once in a period: while a server is away, a driver writes hundreds of equal lines a minute.
//!
//! The first event of a place in a library's source is logged at once. The ones that follow are counted, and reported every
//! minute in one line; the last line says that it is over. Our own events pass: what waits is logged once a minute anyway.

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

/// How often what was counted is reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// Our own crates, whose events are never counted.
const OURS: &str = "ombud";
/// Characters of a library's message that are reported.
const MESSAGE_CHARS_MAX: usize = 300;

/// Lets the first of many through.
#[derive(Debug)]
pub(super) struct Repeats {
    counted: Arc<Counted>,
    /// Its end ends the thread that reports.
    _alive: Sender<()>,
}

#[derive(Debug, Default)]
struct Counted(Mutex<HashMap<Place, Repeated>>);

/// A place in a library's source; of the crate `log`, whose events share theirs, the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    callsite: Identifier,
    module: Option<String>,
}

/// What came again from one place.
#[derive(Debug, PartialEq, Eq)]
struct Repeated {
    repetition: Repetition,
    /// It was reported in the last period.
    was_reported: bool,
}

/// What is reported of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repetition {
    level: Level,
    module: String,
    /// Since the last report.
    times: u64,
    /// Its last message.
    last: String,
}

impl Repeats {
    /// Reports what it has counted every minute, for as long as it lives.
    ///
    /// # Errors
    /// The system refused the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let counted = Arc::new(Counted::default());
        let (alive, ended) = bounded(0);
        let reporting = Arc::clone(&counted);
        thread::Builder::new().name("log-repeats".into()).spawn(move || reporting.report(&ended))?;
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
        let mut text = EventText::default();
        event.record(&mut text);
        self.is_first(metadata, text)
    }

    fn is_first(&self, metadata: &'static Metadata<'static>, text: EventText) -> bool {
        let module = text.module.clone().unwrap_or_else(|| metadata.target().to_owned());
        let place = Place { callsite: metadata.callsite(), module: text.module };
        let mut places = self.lock();
        let Some(repeated) = places.get_mut(&place) else {
            let repetition = Repetition { level: *metadata.level(), module, times: 0, last: String::new() };
            places.insert(place, Repeated { repetition, was_reported: false });
            return true;
        };
        repeated.repetition.times += 1;
        repeated.repetition.last = text.message;
        false
    }

    /// What came again since the last call; after a whole silent period the next event of a place is its first again.
    fn take(&self) -> Vec<Repetition> {
        let mut repetitions = Vec::new();
        self.lock().retain(|_, repeated| {
            let came_again = repeated.repetition.times > 0;
            if came_again || repeated.was_reported {
                repetitions.push(repeated.repetition.clone());
            }
            repeated.was_reported = came_again;
            repeated.repetition.times = 0;
            came_again
        });
        repetitions
    }

    fn report(&self, ended: &Receiver<()>) {
        while ended.recv_timeout(REPORT_INTERVAL).is_err_and(|error| error.is_timeout()) {
            for Repetition { level, module, times, last } in self.take() {
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

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Repeated>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event's message, and where it comes from when it came through the crate `log`.
#[derive(Debug, Default)]
struct EventText {
    message: String,
    module: Option<String>,
}

impl Visit for EventText {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.chars().take(MESSAGE_CHARS_MAX).collect(),
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
            let mut text = EventText::default();
            event.record(&mut text);
            self.0.lock().unwrap().push(text.message);
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
        let reported = counted.take();
        let [again] = reported.as_slice() else { unreachable!("one place repeated itself: {reported:?}") };
        assert_eq!((again.module.as_str(), again.times), ("scylla::cluster", 299));
        assert_eq!(again.last, "connection 299 failed");
        let over = counted.take();
        assert_eq!(over.iter().map(|repetition| repetition.times).collect::<Vec<_>>(), [0], "it is over");
        assert_eq!(counted.take(), []);
        assert!(counted.lock().is_empty(), "nothing is kept of what is over");
    }
}
