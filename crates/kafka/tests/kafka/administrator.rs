//! What an administrator does to a topic behind Ombud's back.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    thread,
    time::{Duration, Instant},
};

use futures_executor::block_on;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Gives one topic `to` partitions, and returns when the broker shows them.
pub(crate) fn add_partitions(bootstrap: &str, topic: &str, to: usize) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
    for added in block_on(admin.create_partitions([&NewPartitions::new(topic, to)], &options)).unwrap() {
        added.unwrap();
    }
    let until = Instant::now() + TIMEOUT;
    let count = || {
        let metadata = admin.inner().fetch_metadata(None, TIMEOUT).unwrap();
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        found.map_or(0, |found| found.partitions().len())
    };
    while count() < to {
        assert!(Instant::now() < until, "{topic} has {} of {to} partitions", count());
        thread::park_timeout(Duration::from_millis(50));
    }
}
