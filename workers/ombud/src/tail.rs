//! Records of a topic for people and programs, in order of their append time.

use std::{io::Write, time::Duration};

use anyhow::{Result, bail};
use ombud_contract::{catalogue::Topic, codec};
use ombud_launch::config::Settings;
use ombud_stream::{Reader, Record, TopicPartition};
use serde::Serialize;
use serde_json::Value;

use crate::{
    cli,
    scan::{newest, onward},
    world::{READER, View},
};

/// One record, as `tail --json` prints it.
#[derive(Serialize)]
struct Line {
    topic: String,
    partition: i32,
    offset: i64,
    timestamp: i64,
    key: Option<String>,
    headers: serde_json::Map<String, Value>,
    value: Value,
}

/// Prints what `args` ask for out of the log in `data`.
pub(crate) fn tail(args: &cli::Tail, settings: &Settings, out: &mut impl Write) -> Result<()> {
    let prefix = &settings.topics.prefix;
    let Some(topic) = Topic::named(&args.topic, prefix) else {
        let known = Topic::ALL.map(|topic| topic.name(prefix)).join(", ");
        bail!("find topic {}: there are {known}", args.topic);
    };
    let log = View::open(settings)?;
    let ends = log.ends(&args.topic)?;
    let mut reader = log.reader(READER)?;

    let number = match args.from {
        cli::From::Start => args.number.unwrap_or(usize::MAX),
        cli::From::End => args.number.unwrap_or(10),
    };
    let mut next = Vec::new();
    let mut records = Vec::new();
    for (partition, end) in &ends {
        // No side needs more of one partition than it needs in all.
        let from = match args.from {
            cli::From::Start => 0,
            cli::From::End => newest(&mut reader, partition, *end, number)?,
        };
        records.extend(read(&mut reader, partition, (from, *end), number)?);
        next.push(*end);
    }
    records.sort_by_key(|record: &Record| (record.appended_at, record.source.partition, record.offset));
    match args.from {
        cli::From::Start => records.truncate(number),
        cli::From::End => drop(records.drain(..records.len().saturating_sub(number))),
    }
    for record in &records {
        print(topic, record, args.json, out)?;
    }
    if !args.follow {
        return Ok(());
    }
    // Until the reader goes away, or Ctrl-C.
    loop {
        out.flush()?;
        for ((partition, _), next) in ends.iter().zip(&mut next) {
            let stretch = reader.fetch(partition, *next, Duration::from_millis(100))?;
            *next = stretch.next;
            for record in stretch {
                print(topic, &record, args.json, out)?;
            }
        }
    }
}

/// At most the first `most` records between two offsets.
fn read(
    reader: &mut impl Reader,
    partition: &TopicPartition,
    (mut from, to): (i64, i64),
    most: usize,
) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    while from < to && records.len() < most {
        let stretch = onward(reader, partition, from)?;
        from = stretch.next;
        records.extend(stretch.records.into_iter().filter(|record| record.offset < to));
    }
    records.truncate(most);
    Ok(records)
}

fn print(topic: Topic, record: &Record, json: bool, out: &mut impl Write) -> Result<()> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match record.value.as_deref().map(|value| codec::to_json(topic, value)) {
        None => Value::Null,
        Some(Ok(value)) => value,
        // What nobody can read is still shown to be there.
        Some(Err(error)) => serde_json::json!({ "undecodable": error.to_string() }),
    };
    let line = Line {
        topic: record.source.topic.to_string(),
        partition: record.source.partition,
        offset: record.offset,
        timestamp: record.appended_at,
        key: record.key.as_deref().map(text),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_deref().map(text).into()))
            .collect(),
        value,
    };
    if json {
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    } else {
        let at = jiff::Timestamp::from_millisecond(line.timestamp)?;
        let key = line.key.as_deref().unwrap_or("-");
        writeln!(out, "{at} {}@{} {key}", record.source, line.offset)?;
        writeln!(out, "{}", serde_json::to_string_pretty(&line.value)?)?;
    }
    Ok(())
}
