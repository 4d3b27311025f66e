//! Follows complaints.routed as a product team does, and prints one JSON line for each change of a complaint.
//!
//! `cargo run -p ombud-kafka --example product_team -- BOOTSTRAP REGISTRY TOPIC [--until-end]`
//!
//! Needs nothing of Ombud's own crates. What it holds is in memory: the topic is compacted, so that reading it from its
//! start gives every complaint's state, and no offset has to be kept. One rule makes it right whatever comes twice or late:
//! a record is applied only if its revision is greater than the one that is held.

use std::{
    collections::HashMap,
    error::Error,
    io::{Write, stdout},
    time::Duration,
};

use apache_avro::types::Value;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use schema_registry_converter::blocking::{avro::AvroDecoder, schema_registry::SrSettings};
use serde::Deserialize;

/// The fields that this team needs; others, and those that come later, are passed over.
#[derive(Debug, Deserialize)]
struct Routed {
    revision: i64,
    team: String,
    priority: i32,
    vulnerability: String,
    needs_human: bool,
    why: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, registry, topic, rest @ ..] = &arguments[..] else {
        return Err("usage: product_team BOOTSTRAP REGISTRY TOPIC [--until-end]".into());
    };
    let until_end = rest.iter().any(|argument| argument == "--until-end");
    let patience = Duration::from_secs(10);
    let settings = SrSettings::new_builder(registry.clone()).set_timeout(patience).build()?;
    let decoder = AvroDecoder::new(settings);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "product-team")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .create()?;

    let metadata = consumer.fetch_metadata(Some(topic), patience)?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    let (mut all, mut left) = (TopicPartitionList::new(), 0);
    for partition in 0..i32::try_from(partitions)? {
        all.add_partition_offset(topic, partition, Offset::Beginning)?;
        let (first, end) = consumer.fetch_watermarks(topic, partition, patience)?;
        left += end - first;
    }
    consumer.assign(&all)?;

    let mut held: HashMap<String, Routed> = HashMap::new();
    while !(until_end && left == 0) {
        let Some(message) = consumer.poll(Duration::from_secs(1)) else { continue };
        let message = message?;
        // A compacted topic has gaps, so that this only bounds what is left of a topic that was just written.
        left -= 1;
        let id = std::str::from_utf8(message.key().unwrap_or_default())?.to_owned();
        let Some(value) = message.payload() else {
            // Erased: forget all of it, the revision too.
            held.remove(&id);
            continue;
        };
        let Value::Record(fields) = decoder.decode(Some(value))?.value else {
            return Err(format!("{topic} holds something else than records").into());
        };
        let routed: Routed = apache_avro::from_value(&Value::Record(fields))?;
        if held.get(&id).is_some_and(|known| known.revision >= routed.revision) {
            continue;
        }
        let change = match held.get(&id) {
            _ if routed.why == "WITHDRAWN" => "withdrawn",
            None => "arrived",
            Some(known) if known.team != routed.team => "moved",
            Some(_) => "updated",
        };
        let line = serde_json::json!({
            "change": change,
            "complaint_id": id,
            "team": routed.team,
            "priority": routed.priority,
            "vulnerability": routed.vulnerability,
            "needs_human": routed.needs_human,
            "why": routed.why,
            "revision": routed.revision,
        });
        writeln!(stdout(), "{line}")?;
        held.insert(id, routed);
    }
    Ok(())
}
