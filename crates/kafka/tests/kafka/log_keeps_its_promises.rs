//! Kafka keeps what every log has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{sync::Arc, time::Duration};

use crossbeam_channel::Receiver;
use ombud_kafka::{Brokers, Connection, Kafka, KafkaMember, KafkaReader, KafkaSink, RegistryConnection};
use ombud_stream::{
    Delivery, Start, log_keeps_its_promises,
    testing::{World, server_address},
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};

const TIMEOUT: Duration = Duration::from_secs(20);

struct Fresh {
    kafka: Kafka,
    topic: Arc<str>,
}

fn fresh() -> Fresh {
    let (bootstrap, registry) =
        (server_address("OMBUD_KAFKA_BOOTSTRAP"), server_address("OMBUD_REGISTRY_URL"));
    let topic = format!("promises-{:016x}", rand::random::<u64>());
    create(&bootstrap, &topic);
    let connection = Connection {
        brokers: Brokers { bootstrap, properties: [].into(), timeout: TIMEOUT },
        registry: RegistryConnection { urls: vec![registry], credentials: None, ca: None, timeout: TIMEOUT },
    };
    Fresh { kafka: Kafka::connect(&connection, "").unwrap(), topic: topic.into() }
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
        self.kafka.member(&group, &[&self.topic], Start::Earliest).unwrap()
    }

    fn reader(&self) -> KafkaReader {
        self.kafka.reader(&format!("{}-reader", self.topic)).unwrap()
    }
}

log_keeps_its_promises!(fresh);
