//! For tests: what other programs leave in a topic that no reader is given.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    producer::{BaseProducer, BaseRecord, Producer},
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its records are there to be read, and behind them lies its marker.
    Committed,
    /// Neither its records nor its marker are anybody's to read.
    Aborted,
}

/// Appends values, each under its key, to one partition in a transaction of its own.
pub fn append_in_transaction(
    bootstrap: &str,
    topic: &str,
    partition: i32,
    records: &[(&[u8], &[u8])],
    ending: Ending,
) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("transactional.id", format!("{topic}-{partition}"))
        .create()
        .expect("a producer");
    producer.init_transactions(TIMEOUT).expect("transactions");
    producer.begin_transaction().expect("begins");
    for (key, value) in records {
        let record = BaseRecord::to(topic).partition(partition).key(*key).payload(*value);
        producer.send(record).map_err(|(refused, _)| refused).expect("taken");
    }
    producer.flush(TIMEOUT).expect("appended");
    match ending {
        Ending::Committed => producer.commit_transaction(TIMEOUT).expect("commits"),
        Ending::Aborted => producer.abort_transaction(TIMEOUT).expect("aborts"),
    }
    wait_for_markers(bootstrap, topic, partition);
}

/// Waits until no transaction is open in a partition: who ends one is answered before its markers are written.
pub fn wait_for_markers(bootstrap: &str, topic: &str, partition: i32) {
    let asking = |isolation: &str| -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("isolation.level", isolation);
        config.create().expect("a consumer")
    };
    let end = |consumer: &BaseConsumer| {
        consumer.fetch_watermarks(topic, partition, TIMEOUT).expect("the broker answers").1
    };
    let (committed, all) = (asking("read_committed"), asking("read_uncommitted"));
    let until = Instant::now() + TIMEOUT;
    while end(&committed) < end(&all) {
        assert!(Instant::now() < until, "a transaction is open in {topic}[{partition}]");
    }
}
