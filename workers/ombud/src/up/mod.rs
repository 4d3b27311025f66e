//! `ombud up`: everything in one process on the embedded default.
//!
//! FILE -> complaints.raw -> infer -> complaints.predictions -> join -> complaints.routed -> archive -> cases

mod crew;
mod file;
mod first_start;
mod follow;
mod intake_port;
mod publish;
mod summary;
mod workers;

use std::{io::Write, sync::Arc, thread, time::Duration};

use anyhow::{Context, Result};
use crew::Crew;
use file::SentFile;
use first_start::FirstStart;
use follow::Follow;
use ombud_contract::catalogue::Topic;
use ombud_launch::{
    config::{Loaded, Settings},
    health::{Readiness, Server},
    shutdown::{Shutdown, SignalWatch},
    telemetry::Metrics,
};
use ombud_local::{Local, LocalReader, Options};
use ombud_models::ModelStore;
use ombud_stream::{Clock, SystemClock, TopicPartition};
use summary::{Counts, Model, Summary};
use workers::Workers;

use publish::Publisher;

use crate::{Done, cli, models::registry, terminal::Terminal};

/// Records of one sender that may be on their way into the log.
const IN_FLIGHT: usize = 1_024;
/// How long to wait for news before the shutdown is looked at again.
const NEWS: Duration = Duration::from_millis(50);

/// Runs `up` and prints its summary.
pub(crate) fn up(args: &cli::Up, loaded: &Loaded, terminal: &Terminal, out: &mut impl Write) -> Result<Done> {
    let settings = &loaded.settings;
    tracing::debug!(%loaded, "settings");
    let shutdown = Shutdown::default();
    let _signals = SignalWatch::start(shutdown.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = Options::catalogue(&settings.topics.prefix, settings.embedded.partitions);
    let local = Local::open(&settings.data, options)?;
    let store = ModelStore::new(settings.data.join("models"));
    FirstStart {
        reader: local.reader()?,
        store: &store,
        models: &settings.models,
        prefix: &settings.topics.prefix,
        clock: clock.as_ref(),
    }
    .ensure(&mut Publisher::new(local.sink(IN_FLIGHT)))?;

    let up = Up { local: &local, settings, shutdown: shutdown.clone(), clock };
    thread::scope(|scope| {
        let mut crew = Crew::new(scope, shutdown);
        let worked = up.work(args, &mut crew, store, terminal, out);
        // Whatever happened, what is in flight is finished; a worker's failure explains ours.
        crew.stop().and(worked)
    })
}

struct Up<'a> {
    local: &'a Local,
    settings: &'a Settings,
    shutdown: Shutdown,
    clock: Arc<dyn Clock>,
}

impl<'a> Up<'a> {
    fn work<'scope>(
        &self,
        args: &cli::Up,
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
        let (local, clock) = (self.local, Arc::clone(&self.clock));
        if !args.once {
            self.serve(crew, readiness.clone())?;
        }
        Workers { local, settings, clock, readiness }.start(crew, store)?;
        let mut follow =
            Follow::new(self.local.reader()?, &settings.topics.prefix, settings.embedded.partitions);
        follow.catch_up(Duration::ZERO)?;
        let bar = terminal.bar("routed");
        let mut sent = SentFile::default();
        if let Some(path) = &args.file {
            let publisher = Publisher::new(self.local.sink(IN_FLIGHT));
            sent.send(path, publisher, &mut follow, &self.settings.topics.prefix, &bar, &self.shutdown)?;
        } else if args.once {
            sent.wanted = follow.all();
        }
        self.wait_for_routes(&sent, &mut follow, &bar)?;
        bar.finish_and_clear();
        if args.once {
            self.wait_for_archive()?;
        }
        if args.once || args.file.is_some() {
            let summary = self.summary(&sent, &follow)?;
            if args.json {
                writeln!(out, "{}", serde_json::to_string(&summary)?)?;
            } else {
                writeln!(out, "{}", summary.tables())?;
            }
            out.flush()?;
        }
        if !args.once {
            self.shutdown.wait(Duration::MAX);
        }
        sent.ended_well()
    }

    /// Starts the HTTP port beside the workers.
    fn serve<'scope>(&self, crew: &mut Crew<'scope, '_>, readiness: Readiness) -> Result<()>
    where
        'a: 'scope,
    {
        let metrics = Metrics::install()?;
        let (sink, deliveries) = self.local.sink(IN_FLIGHT);
        let raw = Topic::Raw.name(&self.settings.topics.prefix).into();
        let routes = intake_port::routes(sink, raw, Arc::clone(&self.clock));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let server = runtime.block_on(Server::bind(&self.settings.http))?;
        tracing::info!(address = %server.address(), "listening");
        crew.start("http", move |shutdown| {
            let served = runtime.block_on(server.serve(routes, readiness, metrics, shutdown));
            Ok(served?)
        })?;
        crew.start("http-answers", move |_| {
            intake_port::answer(&deliveries);
            Ok(())
        })
    }

    /// Waits until everything wanted is routed, or the operator wants no more.
    fn wait_for_routes(
        &self,
        sent: &SentFile,
        follow: &mut Follow<LocalReader>,
        bar: &indicatif::ProgressBar,
    ) -> Result<()> {
        bar.set_length(sent.wanted.len() as u64);
        loop {
            let routed = sent.routed(follow);
            bar.set_position(routed as u64);
            if routed == sent.wanted.len() || self.shutdown.requested() {
                return Ok(());
            }
            follow.catch_up(NEWS)?;
        }
    }

    /// Waits until the archive has committed everything that was routed when this was called.
    fn wait_for_archive(&self) -> Result<()> {
        let reader = self.local.reader()?;
        let archived = ombud_archive::TOPICS.map(|topic| topic.name(&self.settings.topics.prefix));
        for topic in self.local.topics()?.iter().filter(|ends| archived.contains(&ends.topic.to_string())) {
            for (partition, end) in (0..).zip(&topic.ends) {
                let at = TopicPartition::new(Arc::clone(&topic.topic), partition);
                let kept =
                    || reader.committed(ombud_archive::GROUP, &at).map(|kept| kept.map_or(0, |p| p.offset));
                while *end > kept()? && !self.shutdown.wait(NEWS) {}
            }
        }
        Ok(())
    }

    fn summary(&self, sent: &SentFile, follow: &Follow<LocalReader>) -> Result<Summary> {
        let prefix = &self.settings.topics.prefix;
        let dead = Topic::DeadLetters.name(prefix);
        let topics = self.local.topics()?;
        let dead_letters =
            topics.iter().find(|topic| *topic.topic == dead).map_or(0, |topic| topic.records());
        let registry = registry(&mut self.local.reader()?, prefix).context("read the registry")?;
        let counts = Counts { dead_letters, rejected: sent.rejected, duplicates: sent.duplicates };
        let models = registry.versions().map(Model::from).collect();
        Ok(Summary::of(sent.wanted.iter(), follow, counts, models))
    }
}
