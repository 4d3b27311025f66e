//! A topic of one partition that is followed: read from its beginning, and from where the last reading stopped.

use std::time::Duration;

use ombud_stream::{Outage, Reader, Record, TopicPartition};

/// How long one fetch waits for records that are known to be there: brokers send them on the way, and an empty fetch says
/// nothing.
const FETCH_TIMEOUT: Duration = Duration::from_millis(100);
/// Empty fetches in one reading. With more, a worker keeps its group waiting.
const MOST_EMPTY_FETCHES: u32 = 20;

/// Where the reading of a topic stands.
pub(crate) struct Tail {
    reader: Box<dyn Reader>,
    topic: TopicPartition,
    next: i64,
}

impl Tail {
    /// The only partition of `topic` (with its prefix), from its beginning.
    pub(crate) fn new(reader: Box<dyn Reader>, topic: &str) -> Self {
        Self { reader, topic: TopicPartition::new(topic, 0), next: 0 }
    }

    /// The offset that is read next: everything before it was given out.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// Gives every record between the last reading and the end that the topic has now to `apply`, in the log's order. Says
    /// whether it came to that end, for which it waits 2 s at most.
    ///
    /// # Errors
    /// The log doesn't answer: what was given out before counts as read.
    pub(crate) fn read_to_end(&mut self, mut apply: impl FnMut(&Record)) -> Result<bool, Outage> {
        let end = self.reader.end(&self.topic)?;
        let mut empty_fetches = 0;
        while self.next < end {
            let stretch = self.reader.fetch(&self.topic, self.next, FETCH_TIMEOUT)?;
            if stretch.next == self.next {
                empty_fetches += 1;
                if empty_fetches == MOST_EMPTY_FETCHES {
                    return Ok(false);
                }
            }
            self.next = stretch.next;
            stretch.records.iter().for_each(&mut apply);
        }
        Ok(true)
    }
}
