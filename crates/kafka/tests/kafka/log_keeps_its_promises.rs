//! Kafka keeps what every log has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use futures_executor::block_on;
use ombud_kafka::{Brokers, Connection, Kafka, KafkaMember, KafkaReader, KafkaSink, RegistryConnection};
use ombud_stream::{
    Delivery, Reader as _, Start, Stretch, TopicPartition, log_keeps_its_promises,
    testing::{World, server_address},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    producer::{BaseProducer, BaseRecord, Producer as _},
};

const TIMEOUT: Duration = Duration::from_secs(20);

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
    type Member = KafkaMember;
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

/// Everything up to the end, and where that is.
fn read(reader: &mut KafkaReader, partition: &TopicPartition) -> (Vec<Vec<u8>>, i64) {
    let (end, mut next, mut values) = (reader.end(partition).unwrap(), 0, Vec::new());
    let until = Instant::now() + TIMEOUT;
    while next < end {
        assert!(Instant::now() < until, "read up to {next} of {end}");
        let stretch = reader.fetch(partition, next, Duration::from_millis(100)).unwrap();
        values.extend(stretch.records.iter().map(|record| record.value.as_ref().unwrap().to_vec()));
        next = stretch.next;
    }
    (values, end)
}

#[test]
fn what_a_transaction_wrote_is_read_and_its_marker_passed() {
    let world = fresh();
    let partition = TopicPartition::new(Arc::clone(&world.topic), 0);
    Transaction::begin(&world, "a", 0).commit();
    Transaction::begin(&world, "b", 0).commit();
    let mut reader = world.reader();
    let both = vec![b"a".to_vec(), b"b".to_vec()];
    assert_eq!(read(&mut reader, &partition), (both, 4));
}

#[test]
fn what_retention_took_is_passed_wherever_the_log_begins_now() {
    let world = fresh();
    let partition = TopicPartition::new(Arc::clone(&world.topic), 0);
    Transaction::begin(&world, "a", 0).commit();
    Transaction::begin(&world, "b", 0).commit();
    expire_below(&world, 2);
    assert_eq!(read(&mut world.reader(), &partition), (vec![b"b".to_vec()], 4));
    expire_below(&world, 4);
    assert_eq!(read(&mut world.reader(), &partition), (Vec::new(), 4));
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
    assert_eq!(
        read(&mut reader, &partition),
        (vec![b"a".to_vec()], 3),
        "a, its marker, and what was aborted"
    );
    open.commit();
    let both = vec![b"a".to_vec(), b"open".to_vec()];
    assert_eq!(read(&mut reader, &partition), (both, 6));
}
