//! Kafka keeps what every log has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use futures_executor::block_on;
use ombud_kafka::{
    Brokers, Connection, Kafka, KafkaMember, KafkaReader, KafkaSink, RegistryConnection,
    testing::wait_for_markers,
};
use ombud_stream::{
    Committer as _, Delivery, Event, Outgoing, Reader as _, Sink as _, Source as _, Start, Stretch,
    TopicPartition, log_keeps_its_promises,
    testing::{World, server_address},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    producer::{BaseProducer, BaseRecord, Producer as _},
};

use crate::administrator::add_partitions;

const TIMEOUT: Duration = Duration::from_secs(20);
/// How long a member may take until it meets partitions that were added: it looks every ten seconds.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

struct Fresh {
    bootstrap: String,
    kafka: Kafka,
    topic: Arc<str>,
}

fn fresh() -> Fresh {
    let (bootstrap, registry) =
        (server_address("OMBUD_KAFKA_BOOTSTRAP"), server_address("OMBUD_REGISTRY_URL"));
    let topic = format!("promises-{:016x}", rand::random::<u64>());
    create(&bootstrap, &topic);
    let connection = Connection {
        brokers: Brokers { bootstrap: bootstrap.clone(), properties: [].into(), timeout: TIMEOUT },
        registry: RegistryConnection { urls: vec![registry], credentials: None, ca: None, timeout: TIMEOUT },
    };
    Fresh { bootstrap, kafka: Kafka::connect(&connection, "").unwrap(), topic: topic.into() }
}

fn create(bootstrap: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    let new =
        NewTopic::new(topic, 2, TopicReplication::Fixed(1)).set("message.timestamp.type", "LogAppendTime");
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for created in runtime.block_on(admin.create_topics([&new], &options)).unwrap() {
        created.unwrap();
    }
}

impl World for Fresh {
    type Sink = KafkaSink<u64>;
    type GroupMember = KafkaMember;
    type Reader = KafkaReader;

    fn topic(&self) -> Arc<str> {
        Arc::clone(&self.topic)
    }

    fn sink(&self, capacity: usize) -> (KafkaSink<u64>, Receiver<Delivery<u64>>) {
        self.kafka.sink(capacity).unwrap()
    }

    fn member(&self, group: &str) -> KafkaMember {
        let group = format!("{}-{group}", self.topic);
        self.kafka.member(&group, &[&self.topic], Start::Earliest, None).unwrap()
    }

    fn reader(&self) -> KafkaReader {
        self.kafka.reader(&format!("{}-reader", self.topic)).unwrap()
    }

    fn append_unreadable(&self, partition: i32) {
        Transaction::begin(self, "aborted", partition).abort();
        wait_for_markers(&self.bootstrap, &self.topic, partition);
    }
}

log_keeps_its_promises!(fresh);

/// A transaction that holds one record, its own name.
struct Transaction(BaseProducer);

impl Transaction {
    fn begin(world: &Fresh, name: &str, partition: i32) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &world.bootstrap);
        let producer: BaseProducer =
            config.set("transactional.id", format!("{}-{name}-{partition}", world.topic)).create().unwrap();
        producer.init_transactions(TIMEOUT).unwrap();
        producer.begin_transaction().unwrap();
        producer.send(BaseRecord::to(&world.topic).partition(partition).key("key").payload(name)).unwrap();
        producer.flush(TIMEOUT).unwrap();
        Self(producer)
    }

    fn commit(self) {
        self.0.commit_transaction(TIMEOUT).unwrap();
    }

    fn abort(self) {
        self.0.abort_transaction(TIMEOUT).unwrap();
    }
}

/// Drops every record below `offset`, as retention does.
fn expire_below(world: &Fresh, offset: i64) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &world.bootstrap).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&world.topic, 0, Offset::Offset(offset)).unwrap();
    block_on(admin.delete_records(&list, &AdminOptions::new())).unwrap();
}

/// Everything up to `end`, once that is where the partition ends: the log marks a transaction after it has said that it is over.
fn read(reader: &mut KafkaReader, partition: &TopicPartition, end: i64) -> Vec<Vec<u8>> {
    let (mut next, mut values) = (0, Vec::new());
    let until = Instant::now() + TIMEOUT;
    while reader.end(partition).unwrap() != end {
        assert!(Instant::now() < until, "it does not end at {end}");
    }
    while next < end {
        assert!(Instant::now() < until, "read up to {next} of {end}");
        let stretch = reader.fetch(partition, next, Duration::from_millis(100)).unwrap();
        values.extend(stretch.records.iter().map(|record| record.value.as_ref().unwrap().to_vec()));
        next = stretch.next;
    }
    values
}

#[test]
fn what_a_transaction_wrote_is_read_and_its_marker_passed() {
    let world = fresh();
    let partition = TopicPartition::new(Arc::clone(&world.topic), 0);
    Transaction::begin(&world, "a", 0).commit();
    Transaction::begin(&world, "b", 0).commit();
    let mut reader = world.reader();
    let both = vec![b"a".to_vec(), b"b".to_vec()];
    assert_eq!(read(&mut reader, &partition, 4), both);
}

#[test]
fn what_retention_took_is_passed_wherever_the_log_begins_now() {
    let world = fresh();
    let partition = TopicPartition::new(Arc::clone(&world.topic), 0);
    Transaction::begin(&world, "a", 0).commit();
    Transaction::begin(&world, "b", 0).commit();
    expire_below(&world, 2);
    assert_eq!(read(&mut world.reader(), &partition, 4), [b"b".to_vec()]);
    expire_below(&world, 4);
    assert!(read(&mut world.reader(), &partition, 4).is_empty());
    let stretch = world.reader().fetch(&partition, 1, Duration::ZERO).unwrap();
    assert_eq!(stretch, Stretch { records: Vec::new(), next: 4 });
}

/// The end is where the first open transaction begins. What was aborted before it has no marker to be read yet.
#[test]
fn an_open_transaction_is_the_end_and_what_was_aborted_before_it_is_passed() {
    let world = fresh();
    let partition = TopicPartition::new(Arc::clone(&world.topic), 0);
    Transaction::begin(&world, "a", 0).commit();
    let aborted = Transaction::begin(&world, "aborted", 0);
    let open = Transaction::begin(&world, "open", 0);
    aborted.abort();
    let mut reader = world.reader();
    // a, its marker, and what was aborted.
    assert_eq!(read(&mut reader, &partition, 3), [b"a".to_vec()]);
    open.commit();
    let both = vec![b"a".to_vec(), b"open".to_vec()];
    assert_eq!(read(&mut reader, &partition, 6), both);
}

/// Appends "x" to a partition, and waits until it is durable.
fn append(sink: &mut KafkaSink<u64>, deliveries: &Receiver<Delivery<u64>>, at: &TopicPartition) {
    let value = Some("x".into());
    let mut record = Outgoing {
        topic: Arc::clone(&at.topic),
        partition: Some(at.partition),
        key: None,
        value,
        headers: Vec::new(),
    };
    let until = Instant::now() + TIMEOUT;
    while let Err(refused) = sink.send(record, 0) {
        assert!(refused.outage.is_none() && Instant::now() < until, "{:?}", refused.outage);
        record = refused.record;
    }
    deliveries.recv_timeout(TIMEOUT).unwrap().result.unwrap();
}

/// The next event of `member` that `wanted` takes.
fn wait_for<T>(member: &mut KafkaMember, wanted: impl Fn(Event) -> Option<T>) -> T {
    let until = Instant::now() + EVENT_TIMEOUT;
    loop {
        if let Some(found) = member.poll(Duration::from_millis(100)).unwrap().and_then(&wanted) {
            return found;
        }
        assert!(Instant::now() < until, "nothing came within {EVENT_TIMEOUT:?}");
    }
}

fn assigned(event: Event) -> Option<Vec<TopicPartition>> {
    match event {
        Event::Assigned { partitions, .. } => Some(partitions),
        _ => None,
    }
}

/// Sink, reader and member have met the topic while it was narrower.
#[test]
fn whoever_knows_a_topic_goes_on_in_a_partition_that_is_added_and_skips_nothing_of_it() {
    let world = fresh();
    let at = |number| TopicPartition::new(Arc::clone(&world.topic), number);
    let (mut sink, deliveries) = world.sink(1);
    append(&mut sink, &deliveries, &at(0));
    let mut reader = world.reader();
    assert_eq!(reader.end(&at(0)).unwrap(), 1);
    let group = format!("{}-late", world.topic);
    let mut member = world.kafka.member(&group, &[&world.topic], Start::Latest, None).unwrap();
    let first = wait_for(&mut member, assigned);
    assert_eq!(first, [at(0), at(1)]);
    for (partition, end) in first.iter().zip([1, 0]) {
        let position = member.committed(partition).unwrap().unwrap();
        assert_eq!(position.offset, end, "the group begins at the end of {partition}");
        member.start(partition, position.offset).unwrap();
    }

    add_partitions(&world.bootstrap, &world.topic, 3);
    append(&mut sink, &deliveries, &at(2));
    assert_eq!(reader.end(&at(2)).unwrap(), 1);
    assert_eq!(reader.offset_at(&at(2), i64::MIN).unwrap(), 0);
    assert_eq!(reader.fetch(&at(2), 0, TIMEOUT).unwrap().records.len(), 1);
    assert_eq!(wait_for(&mut member, assigned), [at(2)]);
    assert_eq!(member.committed(&at(2)).unwrap(), None, "not at its end, where the group began elsewhere");
    // It is begun long after it was assigned.
    member.poll(Duration::from_millis(100)).unwrap();
    member.start(&at(2), 0).unwrap();
    let offset = wait_for(&mut member, |event| match event {
        Event::Record(record) if record.source.partition == 2 => Some(record.offset),
        _ => None,
    });
    assert_eq!(offset, 0);
}
