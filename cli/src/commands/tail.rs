//! Records of a topic for people and programs, in order of their append time.

use std::{io::Write, time::Duration};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;
use ombud_stream::{Reader, Record, TopicPartition};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    log::{
        backend::{READER, View},
        scan::{newest, onward},
    },
};

const EXAMPLES: [Example; 2] = [
    ("The last ten routes", "ombud tail complaints.routed"),
    ("All complaints as JSON, and what comes", "ombud tail complaints.raw --json --from start --follow"),
];

/// The arguments of `tail`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Tail {
    /// The topic, such as complaints.routed
    pub(crate) topic: String,

    /// One JSON object a record
    #[arg(long)]
    pub(crate) json: bool,

    /// At most this many records [default: 10 from the end, all from the start]
    #[arg(short = 'n', value_name = "N")]
    pub(crate) number: Option<usize>,

    /// The side to count from
    #[arg(long, value_enum, default_value_t = From::End)]
    pub(crate) from: From,

    /// Keep printing new records
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// The side of a topic from which records are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// The first records
    Start,
    /// The last records
    End,
}

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
pub(crate) fn tail(args: &Tail, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let prefix = &settings.topics.prefix;
    let Some(topic) = Topic::named(&args.topic, prefix) else {
        let known = Topic::ALL.map(|topic| topic.name(prefix)).join(", ");
        bail!("find topic {}: there are {known}", args.topic);
    };
    let log = View::open(settings)?;
    let ends = log.ends(&args.topic)?;
    let mut reader = log.reader(READER)?;

    let side = Side { from: args.from, number: number(args) };
    let (mut next, mut records) = (Vec::new(), Vec::new());
    for (partition, end) in &ends {
        records.extend(side.read(&mut reader, partition, *end)?);
        next.push(*end);
    }
    side.choose(&mut records);
    for record in &records {
        print(topic, record, args.json, out)?;
    }
    if !args.follow {
        return Ok(Done::Well);
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

/// How many records are printed: the last ten, or all from the start, where no number is given.
fn number(args: &Tail) -> usize {
    args.number.unwrap_or(match args.from {
        From::Start => usize::MAX,
        From::End => 10,
    })
}

/// The first or the last records of a topic.
#[derive(Clone, Copy, Debug)]
struct Side {
    from: From,
    number: usize,
}

impl Side {
    /// What may be meant of a partition that ends at `end`: no side needs more of one partition than it needs in all.
    fn read(self, reader: &mut impl Reader, partition: &TopicPartition, end: i64) -> Result<Vec<Record>> {
        let mut from = match self.from {
            From::Start => 0,
            From::End => newest(reader, partition, end, self.number)?,
        };
        let mut records = Vec::new();
        while from < end && records.len() < self.number {
            let stretch = onward(reader, partition, from)?;
            from = stretch.next;
            records.extend(stretch.records.into_iter().filter(|record| record.offset < end));
        }
        records.truncate(self.number);
        Ok(records)
    }

    /// Keeps the meant ones of `records`, which hold what may be meant of each partition, in the order of their append time.
    fn choose(self, records: &mut Vec<Record>) {
        records.sort_by_key(|record| (record.appended_at, record.source.partition, record.offset));
        match self.from {
            From::Start => records.truncate(self.number),
            From::End => drop(records.drain(..records.len().saturating_sub(self.number))),
        }
    }
}

fn print(topic: Topic, record: &Record, json: bool, out: &mut impl Write) -> Result<()> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match record.value.as_deref().map(|value| ombud_contract::to_json(topic, value)) {
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

#[cfg(test)]
#[cfg(feature = "servers")]
mod on_brokers;
#[cfg(test)]
mod tests;
