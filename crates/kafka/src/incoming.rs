//! From librdkafka's messages to records, in the catalogue's schema ids.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use ombud_contract::codec;
use ombud_stream::{Header, Outage, Record, TopicPartition};
use rdkafka::{
    Message, TopicPartitionList,
    message::{BorrowedMessage, Headers},
};

use crate::schemas::Schemas;

/// Makes records; keeps one name of each topic.
pub(crate) struct Incoming {
    schemas: Schemas,
    topics: HashMap<String, Arc<str>>,
}

impl Incoming {
    pub(crate) fn new(schemas: Schemas) -> Self {
        Self { schemas, topics: HashMap::new() }
    }

    fn topic(&mut self, name: &str) -> Arc<str> {
        if let Some(topic) = self.topics.get(name) {
            return Arc::clone(topic);
        }
        let topic: Arc<str> = name.into();
        self.topics.insert(name.to_owned(), Arc::clone(&topic));
        topic
    }

    /// The partitions of a list.
    pub(crate) fn partitions(&mut self, list: &TopicPartitionList) -> Vec<TopicPartition> {
        let elements = list.elements();
        elements.iter().map(|it| TopicPartition::new(self.topic(it.topic()), it.partition())).collect()
    }

    /// The message as it lies in the log; [`Self::resolve`] it before it is handed on.
    pub(crate) fn record(&mut self, message: &BorrowedMessage<'_>) -> Record {
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            let header = |it: rdkafka::message::Header<'_, &[u8]>| -> Header {
                (it.key.to_owned(), it.value.map(Bytes::copy_from_slice))
            };
            headers.iter().map(header).collect()
        });
        let record = Record {
            source: TopicPartition::new(self.topic(message.topic()), message.partition()),
            offset: message.offset(),
            // Every topic that Ombud sets up has a timestamp on every record.
            appended_at: message.timestamp().to_millis().unwrap_or(0),
            key: message.key().map(Bytes::copy_from_slice),
            value: message.payload().map(Bytes::copy_from_slice),
            headers,
            original: None,
        };
        // Before schema ids are translated: the digest is of the bytes that were written.
        record.verified(codec::CORRUPT)
    }

    /// Puts the catalogue's schema id in place of the registry's.
    ///
    /// # Errors
    /// The registry doesn't answer; the record is as it was.
    pub(crate) fn resolve(&self, record: &mut Record) -> Result<(), Outage> {
        let Some(value) = &record.value else { return Ok(()) };
        if let Some(ours) = self.schemas.incoming(&record.source.topic, value)? {
            record.original = record.value.replace(ours);
        }
        Ok(())
    }
}
