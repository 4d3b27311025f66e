//! All of a topic, once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_stream::{Reader, Record, TopicPartition};

use crate::{Deployment, kafka};

/// How long one fetch waits for a record.
const FETCH_TIMEOUT: Duration = Duration::from_millis(100);
/// How long all of it may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Every record that lies in a topic now, partition by partition.
///
/// # Errors
/// Brokers or registry don't answer.
pub fn whole(deployment: &Deployment, base: &str) -> Result<Vec<Record>> {
    let kafka = kafka(deployment)?;
    let topic: Arc<str> = deployment.topic(base).into();
    let until = Instant::now() + READ_TIMEOUT;
    let mut found = Vec::new();
    for number in 0..kafka.partitions(&topic)? {
        let partition = TopicPartition::new(Arc::clone(&topic), number);
        let mut reader = kafka.reader("tests")?;
        let (mut next, end) = (0, reader.end(&partition)?);
        while next < end {
            ensure!(
                Instant::now() < until,
                "{partition} is read up to {next} of {end} only, after {READ_TIMEOUT:?}"
            );
            let stretch = reader.fetch(&partition, next, FETCH_TIMEOUT)?;
            next = stretch.next;
            found.extend(stretch);
        }
    }
    Ok(found)
}
