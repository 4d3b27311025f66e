//! `ombud up`: everything in one process, on the embedded default or on brokers.
//!
//! FILE -> complaints.raw -> infer -> complaints.predictions -> join -> complaints.routed -> archive -> cases

use std::{
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use ombud_contract::catalogue::Topic;
use ombud_infer::Tasks;
use ombud_launch::{
    config::{Loaded, Settings},
    health::Readiness,
    shutdown::{Shutdown, SignalWatch},
    telemetry::Metrics,
};
use ombud_models::ModelStore;
use ombud_stream::{Clock, Reader, Start, SystemClock};
use tracing::{info, warn};

use super::{
    args::Up,
    choice,
    file::{FileSend, SentFile},
    follow::{NEWS_TIMEOUT, TopicFollower},
    next::NextSteps,
    progress::ProgressDisplay,
    summary::{Counts, Model, Summary},
};
use crate::{
    Done,
    backfill::Backfill,
    exit::report_stopped,
    explaining::{Explains, OwnChild},
    input::{complaint_file::ComplaintFile, file_reading::print_rejections},
    log::{
        audit::append_audit_to,
        backend::{Backend, READER, View, needs_of},
        publish::{IN_FLIGHT, Publisher},
        scan::scan,
    },
    output::{screen::Screen, terminal::Terminal},
    registry::{self, read_registry},
    running_up::operator,
    serve::{Crew, Operators, Workers, report_waits, serve_api},
    strategies::{
        self,
        first_start::{FirstStart, shelve},
        requests::RequestBook,
    },
};

/// The roles that it runs.
const ROLES: [&str; 4] = ["infer", "join", "archive", "console"];
/// How often the joiner's group is asked whether it has finished.
const JOINER_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs `up` and prints its summary.
pub(crate) fn up(
    args: &Up,
    kafka_flag: bool,
    loaded: &Loaded,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let settings = &loaded.settings;
    tracing::debug!(%loaded, "settings");
    info!(version = env!("CARGO_PKG_VERSION"), changed = loaded.changed(), "started");
    // Before anything is made: a file that can't be read as it is, is refused at once.
    let now = SystemClock.now_ms();
    let read = |path: &PathBuf| ComplaintFile::open(path, args.reading.defaults(path, settings, now)?);
    let reading = args.file.as_ref().map(read).transpose()?;
    let shutdown = Shutdown::default();
    let _signals = SignalWatch::start(shutdown.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let backend = match choice::brokers(kafka_flag, args.embedded, loaded)? {
        true => match Backend::brokers_unless(settings, &needs_of(&ROLES), &|| shutdown.requested())? {
            Some(backend) => backend,
            None if args.once => {
                return Ok(report_stopped(
                    "the brokers did not answer yet; the same command starts from the beginning",
                ));
            }
            None => return Ok(Done::Well),
        },
        false => Backend::embedded(settings)?,
    };
    let view = backend.view();
    let store = ModelStore::new(settings.data.join("models"));
    let first = FirstStart {
        reader: view.reader(READER)?,
        store: &store,
        models: &settings.models,
        prefix: &settings.topics.prefix,
        clock: clock.as_ref(),
    };
    let began = { first }.ensure(&mut Publisher::new(backend.sink(IN_FLIGHT)?))?;
    if !began && backend.is_shared() {
        // Another machine did the first start: its models are still to be put on this machine's shelf.
        shelve(&settings.models, &store)?;
    }
    // A folder that was named by a flag has to be named again.
    let data = loaded.origin("data").filter(|origin| *origin == "--data").and(settings.data.to_str());
    let up = Running { backend: &backend, view, settings, data, shutdown: shutdown.clone(), clock };
    thread::scope(|scope| {
        let drain = Duration::from_millis(u64::try_from(settings.join.drain_ms).unwrap_or_default());
        // Brokers come back, and so does room on a disk.
        let mut crew = Crew::new(scope, shutdown, true).drain(drain);
        let worked = up.work((args, reading), &mut crew, store, terminal, out);
        // Whatever happened, what is in flight is finished; a worker's failure comes before ours.
        crew.stop(worked)
    })
}

struct Running<'a> {
    backend: &'a Backend,
    view: View,
    settings: &'a Settings,
    /// The data folder, where a flag named it.
    data: Option<&'a str>,
    shutdown: Shutdown,
    clock: Arc<dyn Clock>,
}

impl<'a> Running<'a> {
    fn work<'scope>(
        &self,
        (args, reading): (&Up, Option<ComplaintFile>),
        crew: &mut Crew<'scope, '_>,
        store: ModelStore,
        terminal: &Terminal,
        out: &mut impl Write,
    ) -> Result<Done>
    where
        'a: 'scope,
    {
        let settings = self.settings;
        let readiness = Readiness::default();
        self.backend.report_to(&readiness);
        let mut serves = None;
        if !args.once {
            let (clock, metrics) = (Arc::clone(&self.clock), Metrics::install()?);
            let explains = match Explains::named(settings) {
                Some(named) => named,
                None => Explains::Child(self.own_child(crew)?),
            };
            let operators = self.operators(operator::make_token(&settings.data)?, explains)?;
            let served =
                serve_api(crew, settings, self.backend, clock, operators, readiness.clone(), metrics)?;
            serves = Some(served);
        }
        let (backend, clock, readied) = (self.backend, Arc::clone(&self.clock), readiness.clone());
        let workers =
            Arc::new(Workers { backend, settings, clock, readiness: readied, start: Start::Earliest });
        // In the order in which they are stopped: what infer has decided is joined, and what join has routed is archived.
        crew.next_turn();
        workers.infer(crew, &[Tasks::All], store)?;
        crew.next_turn();
        workers.join(crew)?;
        crew.next_turn();
        workers.archive(crew)?;
        crew.next_turn();
        report_waits(crew, readiness)?;
        // `/readyz` says when they are ready.
        info!("workers started");
        // On brokers one may be wider than the other, while partitions are added.
        let widths = [Topic::Raw, Topic::Routed].map(|topic| self.backend.partitions(settings, topic));
        let [raw, routed] = widths;
        let (reader, stop) = (self.view.reader(READER)?, self.shutdown.clone());
        let mut follow = TopicFollower::new(reader, &settings.topics.prefix, [raw?, routed?], stop);
        // Without a file, and to go on serving, nobody asks what the log holds.
        if args.once || reading.is_some() {
            follow.journeys_mut().want_all(reading.is_none());
            follow.catch_up(Duration::ZERO)?;
            follow.journeys_mut().want_all(false);
        }
        let mut sent = SentFile::default();
        let is_routed = {
            let mut progress = ProgressDisplay::start(terminal);
            if let Some(reading) = reading {
                let way = FileSend {
                    publisher: Publisher::new(self.backend.patient_sink(IN_FLIGHT)?),
                    follow: &mut follow,
                    raw: Topic::Raw.name(&settings.topics.prefix).into(),
                    progress: &mut progress,
                    backfill: Backfill::watch(&self.view, settings)?,
                    shutdown: &self.shutdown,
                };
                sent.send(reading, way)?;
            } else if args.once {
                sent = SentFile::of_log();
            }
            self.wait_for_routes(&mut follow, &mut progress)?
        };
        let is_done = is_routed && (!args.once || self.wait_for_archive()?);
        if args.once || args.file.is_some() {
            let summary = self.summary(&sent, &follow)?;
            if args.json {
                writeln!(out, "{}", serde_json::to_string(&summary)?)?;
            } else {
                writeln!(out, "{}", summary.tables(Screen::of_process()))?;
            }
            print_rejections(&sent.rejections)?;
        }
        if !args.json {
            let case = follow.journeys().a_routed();
            let (console, first_link) = match &serves {
                Some(served) => (served.console.as_deref(), served.first_link.as_deref()),
                None => (None, None),
            };
            let serves = serves.as_ref().map(|served| served.address);
            let next = NextSteps { serves, console, first_link, case, data: self.data };
            write!(out, "{}", next.lines(Screen::of_process()))?;
        }
        out.flush()?;
        if args.once && !(sent.is_read && is_done) {
            let journeys = follow.journeys();
            let routed = journeys.count_routed();
            let known =
                if sent.is_read { journeys.count_wanted().to_string() } else { "the file's".to_owned() };
            return Ok(report_stopped(&format!(
                "{routed} of {known} complaints are routed; the same command resumes there"
            )));
        }
        if !args.once {
            self.shutdown.wait(Duration::MAX);
        }
        sent.ended_well()
    }

    /// What explains for this process: nothing runs before somebody asks.
    fn own_child(&self, crew: &mut Crew<'_, '_>) -> Result<Arc<OwnChild>> {
        let child = OwnChild::new(self.settings, self.shutdown.clone());
        let watched = Arc::clone(&child);
        crew.start("explain", move |stop| {
            watched.watch(stop);
            Ok(())
        })?;
        Ok(child)
    }

    /// What operators change over HTTP.
    fn operators(&self, token: String, explains: Explains) -> Result<Operators> {
        let models = registry::RegistryApi {
            view: self.view.clone(),
            shelf: ModelStore::new(self.settings.data.join("models")),
            prefix: self.settings.topics.prefix.clone(),
            clock: Arc::clone(&self.clock),
            writer: Mutex::new(registry::RegistryWriter {
                publisher: Publisher::new(self.backend.sink(IN_FLIGHT)?),
                audit: append_audit_to(self.backend, &self.settings.topics.prefix)?,
            }),
        };
        let strategy =
            strategies::StrategyPublisher::open(self.backend, self.settings, Arc::clone(&self.clock))?;
        let requests = RequestBook::open(self.backend, self.settings, Arc::clone(&self.clock))?;
        let routes = strategies::routes(strategy).merge(registry::routes(models));
        let book = Arc::new(Mutex::new(requests));
        Ok(Operators { routes, token: Some(token), book, explains: Some(explains) })
    }

    /// Waits until everything wanted is routed, or it is stopped; returns whether all is settled. A complaint that the joiner has
    /// finished with and that has no route was damaged on the way, and is a dead letter.
    fn wait_for_routes(
        &self,
        follow: &mut TopicFollower<Box<dyn Reader>>,
        progress: &mut ProgressDisplay,
    ) -> Result<bool> {
        let wanted = follow.journeys().count_wanted();
        let (mut asked_at, mut is_joined) = (Instant::now(), false);
        loop {
            let routed = follow.journeys().count_routed();
            progress.show(follow.journeys());
            if routed == wanted || self.shutdown.requested() {
                return Ok(routed == wanted);
            }
            let came = follow.catch_up(NEWS_TIMEOUT)?;
            if is_joined && !came {
                let unrouted = wanted - follow.journeys().count_routed();
                if unrouted > 0 {
                    warn!(unrouted, "parked on their way: see `ombud tail complaints.dead-letters`");
                }
                return Ok(true);
            }
            if asked_at.elapsed() >= JOINER_POLL_INTERVAL {
                (asked_at, is_joined) = (Instant::now(), self.is_done(ombud_join::GROUP, Topic::Raw)?);
            }
        }
    }

    /// Whether `group` has finished with all that `topic` holds now.
    fn is_done(&self, group: &str, topic: Topic) -> Result<bool> {
        let standing = self.view.group_offsets(group)?;
        let mut reader = self.view.reader(READER)?;
        for (partition, end) in self.view.ends(&topic.name(&self.settings.topics.prefix))? {
            let first = reader.offset_at(&partition, i64::MIN)?;
            if !is_finished((first, end), standing.committed(&partition)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until the archive has committed everything that was routed when this was called; whether it has.
    fn wait_for_archive(&self) -> Result<bool> {
        let standing = self.view.group_offsets(ombud_archive::GROUP)?;
        let mut reader = self.view.reader(READER)?;
        for topic in ombud_archive::TOPICS.map(|topic| topic.name(&self.settings.topics.prefix)) {
            for (partition, end) in self.view.ends(&topic)? {
                // Where everything was dropped by age there is nothing to commit.
                let first = reader.offset_at(&partition, i64::MIN)?;
                while !is_finished((first, end), standing.committed(&partition)?) {
                    if self.shutdown.wait(NEWS_TIMEOUT) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    fn summary(&self, sent: &SentFile, follow: &TopicFollower<Box<dyn Reader>>) -> Result<Summary> {
        let prefix = &self.settings.topics.prefix;
        let mut reader = self.view.reader(READER)?;
        let mut dead_letters = 0;
        for (partition, end) in self.view.ends(&Topic::DeadLetters.name(prefix))? {
            dead_letters += scan(&mut reader, &partition, 0, end, |_| Ok(()))?;
        }
        let registry = read_registry(&mut reader, prefix).context("read the registry")?;
        let rejected = usize::try_from(sent.rejections.count())?;
        let counts = Counts { dead_letters, rejected, duplicates: sent.duplicates };
        let models = registry.versions().map(Model::from).collect();
        Ok(Summary::of(follow.journeys(), counts, models))
    }
}

/// Whether a group with the offset `committed` has finished everything of a partition from `first` to `end`. In a partition that
/// holds nothing it never gets an offset.
fn is_finished((first, end): (i64, i64), committed: Option<i64>) -> bool {
    committed.unwrap_or(first) >= end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_archived_once_the_position_is_at_the_end_and_an_empty_partition_needs_none() {
        for (bounds, committed, archived) in [
            ((0, 0), None, true),
            ((0, 1), None, false),
            // Dropped by age, all of it or a part.
            ((5, 5), None, true),
            ((4, 5), None, false),
            ((0, 5), Some(4), false),
            ((0, 5), Some(5), true),
            // What came after the end was asked for is archived, too.
            ((0, 5), Some(6), true),
        ] {
            assert_eq!(is_finished(bounds, committed), archived, "{bounds:?} {committed:?}");
        }
    }
}
