//! Where records and cases live: in the embedded file, or on brokers and a CQL server.

#![cfg_attr(
    not(feature = "torch"),
    allow(dead_code, reason = "`up` alone writes the embedded file, and it runs models")
)]

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use crossbeam_channel::Receiver;
use ombud_contract::{
    access::{BrokerRole, Operation},
    catalogue::Topic,
};
use ombud_infer::Tasks;
use ombud_kafka::{Kafka, KafkaReader, Widths};
use ombud_launch::{config::Settings, health::Readiness};
use ombud_local::{Local, LocalReader, LocalView, Options};
use ombud_models::ModelStore;
use ombud_store::{CaseStore, CqlCases, Sketches};
use ombud_stream::{Delivery, GroupMember, Outage, Reader, Sink, Start, TopicPartition};
use tracing::warn;

use crate::log::{
    connect,
    shared_desk::{SharedDesk, unopened},
};

/// The group on whose behalf commands read that belong to no worker's group.
pub(crate) const READER: &str = "ombud.read";

/// The topics that the roles `names` of schemas/access.toml work with, each with the operation that an error names where the
/// brokers refuse it.
pub(crate) fn needs_of(names: &[&str]) -> Vec<(Topic, Operation)> {
    let roles = names.iter().filter_map(|name| BrokerRole::named(name));
    let topics = roles.flat_map(|role| role.topics());
    topics.filter_map(|(topic, operations)| Some((topic, *operations.first()?))).collect()
}

/// A sink, and the deliveries of its records.
pub(crate) type SinkAndDeliveries<T> = (Box<dyn Sink<T>>, Receiver<Delivery<T>>);

/// The read side of a backend.
#[derive(Clone)]
pub(crate) enum View {
    /// One folder.
    Embedded(LocalView),
    /// What many processes share.
    Brokers(Cluster),
}

/// Brokers, registry and CQL server.
#[derive(Clone)]
pub(crate) struct Cluster {
    kafka: Kafka,
    /// For those who need the case store or the desk: a joiner runs without them.
    pub(super) settings: Arc<Settings>,
    pub(super) desk: SharedDesk,
}

impl Cluster {
    fn connect(settings: &Settings) -> Result<Self> {
        let kafka = Kafka::connect(&connect::kafka(settings)?, &settings.topics.prefix)?;
        Ok(Self { kafka, settings: Arc::new(settings.clone()), desk: SharedDesk::default() })
    }

    /// The same; `None` where `stopped` meanwhile.
    fn connect_unless(settings: &Settings, stopped: &dyn Fn() -> bool) -> Result<Option<Self>> {
        let connection = connect::kafka(settings)?;
        let connected = Kafka::connect_unless(&connection, &settings.topics.prefix, stopped)?;
        Ok(connected.map(|kafka| Self {
            kafka,
            settings: Arc::new(settings.clone()),
            desk: SharedDesk::default(),
        }))
    }
}

impl View {
    /// What `settings` name: brokers, or else the embedded file.
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        if settings.kafka_bootstrap.is_empty() {
            return Ok(Self::Embedded(Local::open_read_only(&settings.data)?));
        }
        Ok(Self::Brokers(Cluster::connect(settings)?))
    }

    /// Reads on behalf of `group`.
    pub(crate) fn reader(&self, group: &str) -> Result<Box<dyn Reader>> {
        Ok(match self {
            Self::Embedded(local) => Box::new(local.reader()?),
            Self::Brokers(cluster) => Box::new(cluster.kafka.reader(group)?),
        })
    }

    /// The same, where no request takes longer than about `most`.
    pub(crate) fn reader_within(&self, group: &str, most: Duration) -> Result<Box<dyn Reader>> {
        match self {
            Self::Embedded(_) => self.reader(group),
            Self::Brokers(cluster) => Ok(Box::new(cluster.kafka.within(most).reader(group)?)),
        }
    }

    /// The case store.
    pub(crate) fn cases(&self) -> Result<Box<dyn CaseStore>> {
        Ok(match self {
            Self::Embedded(local) => Box::new(local.cases()?),
            Self::Brokers(cluster) => {
                Box::new(CqlCases::connect(&connect::cql(&cluster.settings)?).map_err(unopened)?)
            }
        })
    }

    /// What complaints are compared by.
    pub(crate) fn alike(&self) -> Result<Box<dyn Sketches>> {
        Ok(match self {
            Self::Embedded(local) => Box::new(local.cases()?),
            Self::Brokers(cluster) => {
                Box::new(CqlCases::connect(&connect::cql(&cluster.settings)?).map_err(unopened)?)
            }
        })
    }

    /// Each partition of `topic` with the offset of its next record.
    pub(crate) fn ends(&self, topic: &str) -> Result<Vec<(TopicPartition, i64)>> {
        let name: Arc<str> = topic.into();
        let partitions = match self {
            Self::Embedded(local) => {
                let found = local.topics()?.into_iter().find(|ends| *ends.topic == *name);
                let found = found.with_context(|| format!("find topic {topic}: the log has none yet"))?;
                i32::try_from(found.ends.len())?
            }
            Self::Brokers(cluster) => cluster.kafka.partitions(topic)?,
        };
        let mut reader = self.reader(READER)?;
        let partitions = (0..partitions).map(|number| TopicPartition::new(Arc::clone(&name), number));
        partitions
            .map(|partition| reader.end(&partition).map(|end| (partition, end)).map_err(Into::into))
            .collect()
    }

    /// Reads the committed offsets of `group`.
    pub(crate) fn group_offsets(&self, group: &str) -> Result<GroupOffsets> {
        Ok(match self {
            Self::Embedded(local) => GroupOffsets::Embedded(local.reader()?, group.to_owned()),
            Self::Brokers(cluster) => GroupOffsets::Brokers(cluster.kafka.reader(group)?),
        })
    }
}

/// The committed offsets of a group.
pub(crate) enum GroupOffsets {
    Embedded(LocalReader, String),
    Brokers(KafkaReader),
}

impl GroupOffsets {
    /// Everything below is finished; `None` where the group has no offset.
    pub(crate) fn committed(&self, partition: &TopicPartition) -> Result<Option<i64>, Outage> {
        match self {
            Self::Embedded(reader, group) => {
                reader.committed(group, partition).map(|position| position.map(|position| position.offset))
            }
            Self::Brokers(reader) => reader.committed(partition),
        }
    }

    /// The groups that infer now. On the embedded log there is one, whether `up` is there or not.
    pub(crate) fn inferring(&self) -> Result<Vec<String>, Outage> {
        let all = Tasks::All.group();
        match self {
            Self::Embedded(..) => Ok(vec![all]),
            Self::Brokers(reader) => reader.groups_with_members(all.trim_end_matches("all")),
        }
    }

    /// The committed offsets in several partitions of one topic, each with the offset that holds for a group without any.
    pub(crate) fn positions(&self, partitions: &[(TopicPartition, i64)]) -> Result<Vec<i64>, Outage> {
        match self {
            Self::Embedded(reader, group) => partitions
                .iter()
                .map(|(partition, first)| {
                    let position = reader.committed(group, partition)?;
                    Ok(position.map_or(*first, |position| position.offset))
                })
                .collect(),
            Self::Brokers(reader) => reader.positions(partitions),
        }
    }
}

/// Where a process reads and writes its records.
pub(crate) enum Backend {
    /// One folder, which this process alone writes.
    Embedded(Local),
    /// What many processes share.
    Brokers(Cluster),
}

impl Backend {
    /// The embedded file.
    pub(crate) fn embedded(settings: &Settings) -> Result<Self> {
        let options = Options::catalogue(&settings.topics.prefix, settings.embedded.partitions);
        let shelf = ModelStore::new(settings.data.join("models"));
        if Local::is_new(&settings.data)? && !shelf.versions()?.is_empty() {
            let folder = settings.data.display();
            warn!(%folder, "a new log is made beside models that are there already: if there was a log here, stop, and restore it");
        }
        Ok(Self::Embedded(Local::open(&settings.data, options)?))
    }

    /// The brokers that `settings` name; they must have the topics that are needed, each for an operation.
    pub(crate) fn brokers(settings: &Settings, needs: &[(Topic, Operation)]) -> Result<Self> {
        let backend = Self::brokers_unless(settings, needs, &|| false)?;
        backend.context("find Kafka")
    }

    /// The same; `None` where `stopped` before they answer.
    pub(crate) fn brokers_unless(
        settings: &Settings,
        needs: &[(Topic, Operation)],
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        if settings.kafka_bootstrap.is_empty() {
            anyhow::bail!("find Kafka: say --kafka HOST:PORT, or set OMBUD_KAFKA_BOOTSTRAP");
        }
        let Some(cluster) = Cluster::connect_unless(settings, stopped)? else { return Ok(None) };
        cluster.kafka.find_topics(&settings.topics.prefix, needs)?;
        Ok(Some(Self::Brokers(cluster)))
    }

    /// Whether other processes work on it too.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Brokers(_))
    }

    /// Its read side.
    pub(crate) fn view(&self) -> View {
        match self {
            Self::Embedded(local) => View::Embedded(local.view()),
            Self::Brokers(cluster) => View::Brokers(cluster.clone()),
        }
    }

    /// The number of partitions of a complaints topic.
    pub(crate) fn partitions(&self, settings: &Settings, topic: Topic) -> Result<i32> {
        Ok(match self {
            Self::Embedded(_) => settings.embedded.partitions,
            Self::Brokers(cluster) => cluster.kafka.partitions(&topic.name(&settings.topics.prefix))?,
        })
    }

    /// Reads numbers of partitions as they change; `None` where they never do.
    pub(crate) fn widths(&self) -> Result<Option<Widths>> {
        Ok(match self {
            Self::Embedded(_) => None,
            Self::Brokers(cluster) => Some(cluster.kafka.widths()?),
        })
    }

    /// Appends; `capacity` records may be under way.
    pub(crate) fn sink<T: Send + 'static>(&self, capacity: usize) -> Result<SinkAndDeliveries<T>> {
        Ok(match self {
            Self::Embedded(local) => {
                let (sink, deliveries) = local.sink(capacity);
                (Box::new(sink), deliveries)
            }
            Self::Brokers(cluster) => {
                let (sink, deliveries) = cluster.kafka.sink(capacity)?;
                (Box::new(sink), deliveries)
            }
        })
    }

    /// Appends for a worker, which waits while the disk is full, as it does while no broker answers.
    pub(crate) fn patient_sink<T: Send + 'static>(&self, capacity: usize) -> Result<SinkAndDeliveries<T>> {
        match self {
            Self::Embedded(local) => {
                let (sink, deliveries) = local.sink(capacity);
                Ok((Box::new(sink.patient()), deliveries))
            }
            Self::Brokers(_) => self.sink(capacity),
        }
    }

    /// Reports to `readiness` what keeps it from being written to: a disk that is full. Waits for brokers are reported by who waits.
    pub(crate) fn report_to(&self, readiness: &Readiness) {
        match self {
            Self::Embedded(local) => local.report_full_disk(readiness),
            Self::Brokers(_) => {}
        }
    }

    /// Joins `group` over `topics`. On brokers, its partitions go to others after `session` without a heartbeat; `None`
    /// leaves that to kafka.properties.
    pub(crate) fn member(
        &self,
        group: &str,
        topics: &[&str],
        start: Start,
        session: Option<Duration>,
    ) -> Result<Box<dyn GroupMember>> {
        Ok(match self {
            Self::Embedded(local) => Box::new(local.member(group, topics, start)?),
            Self::Brokers(cluster) => Box::new(cluster.kafka.member(group, topics, start, session)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use ombud_stream::Position;

    use super::*;
    use crate::log::publish::{Publisher, outgoing};

    fn settings(dir: &tempfile::TempDir) -> Settings {
        let mut settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        settings.embedded.partitions = 3;
        settings.topics.prefix = "test-".into();
        settings
    }

    #[test]
    fn the_embedded_world_has_as_many_partitions_as_is_set_and_tells_where_each_ends() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(&dir);
        let backend = Backend::embedded(&settings).unwrap();
        let raw: Arc<str> = Topic::Raw.name("test-").into();
        let complaint = ombud_contract::records::RawComplaint::new("c-1", "They charged me.", 1);
        let mut record = outgoing(&raw, "c-1", &complaint).unwrap();
        record.partition = Some(1);
        let mut publisher = Publisher::new(backend.sink(1).unwrap());
        publisher.send(record).unwrap();
        publisher.flush().unwrap();

        assert_eq!(backend.partitions(&settings, Topic::Routed).unwrap(), 3);
        let ends = backend.view().ends(&raw).unwrap();
        let expected = [(0, 0), (1, 1), (2, 0)];
        assert_eq!(ends, expected.map(|(number, end)| (TopicPartition::new(Arc::clone(&raw), number), end)));
        // As one who reads beside it sees it.
        assert_eq!(View::open(&settings).unwrap().ends(&raw).unwrap(), ends);
        let unknown = backend.view().ends("complaints.raw").unwrap_err().to_string();
        assert!(unknown.contains("complaints.raw"), "its name lacks the prefix: {unknown}");
    }

    #[test]
    fn a_group_stands_where_it_has_committed_and_has_no_position_before() {
        let dir = tempfile::tempdir().unwrap();
        let backend = Backend::embedded(&settings(&dir)).unwrap();
        let partition = TopicPartition::new(Topic::Raw.name("test-"), 0);
        let offsets = backend.view().group_offsets("ombud.test").unwrap();
        assert_eq!(offsets.committed(&partition).unwrap(), None);
        let mut member = backend.member("ombud.test", &[&partition.topic], Start::Earliest, None).unwrap();
        // Its partitions become its own by this.
        member.poll(Duration::ZERO).unwrap();
        let position = Position { partition: partition.clone(), offset: 0, metadata: String::new() };
        member.commit(&[position]).unwrap();
        assert_eq!(offsets.committed(&partition).unwrap(), Some(0));
        assert_eq!(backend.view().group_offsets("ombud.other").unwrap().committed(&partition).unwrap(), None);
    }

    #[test]
    fn a_worker_needs_the_topics_of_its_role() {
        for name in ["infer", "join", "archive", "console"] {
            let needs = needs_of(&[name]);
            assert_eq!(needs.len(), BrokerRole::named(name).unwrap().topics().count(), "{name}");
        }
        assert!(needs_of(&["archive"]).contains(&(Topic::DeadLetters, Operation::Write)));
    }

    #[test]
    fn who_needs_brokers_and_names_none_learns_how() {
        let error = Backend::brokers(&Settings::default(), &[]).err().unwrap().to_string();
        assert!(error.contains("--kafka") && error.contains("OMBUD_KAFKA_BOOTSTRAP"), "{error}");
    }
}
