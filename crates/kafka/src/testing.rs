//! For tests: what other programs leave in a topic that no reader is given.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use rdkafka::{
    ClientConfig,
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
}
