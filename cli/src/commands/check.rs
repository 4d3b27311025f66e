//! `ombud check`: what is wrong with a CRM's records, where, and what to do about it; never what a customer wrote.

mod file;
mod finding;
mod json_schema;
mod personal;
mod rules;
mod topic;

use std::{io::Write, path::Path};

use anyhow::{Result, bail};
use clap::Args;
use finding::CheckReport;
use ombud_contract::catalogue::Topic;
use ombud_intake::STDIN;
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    input::file_reading::{FileReading, print_rejections},
    log::backend::{READER, View},
    output::screen::Screen,
};

const EXAMPLES: [Example; 2] = [
    ("A file, before it is sent", "ombud check complaints.csv"),
    ("The newest records of a CRM", "ombud check complaints.raw"),
];

/// The arguments of `check`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Check {
    /// A file (CSV, also with semicolons, tabs or bars, or JSON, in our field names or the CFPB's, plain, .gz or .zst;
    /// - for stdin), or the topic complaints.raw
    #[arg(value_name = "FILE|TOPIC", required_unless_present = "json_schema")]
    pub(crate) target: Option<String>,

    /// Check the newest N records of each partition
    #[arg(short = 'n', value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) number: i64,

    #[command(flatten)]
    pub(crate) reading: FileReading,

    /// Check all records of the topic
    #[arg(long, conflicts_with = "number")]
    pub(crate) all: bool,

    /// Every finding as a JSON object, and the summary as the last one
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the JSON Schema of a complaint, and check nothing
    #[arg(long, conflicts_with_all = ["target", "number", "all", "json"])]
    pub(crate) json_schema: bool,
}

/// Checks what `args` name; [`Done::Wanting`] where anything would become a rejected row or a dead letter.
pub(crate) fn check(
    args: &Check,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    if args.json_schema {
        writeln!(out, "{}", serde_json::to_string_pretty(&json_schema::json_schema()?)?)?;
        return Ok(Done::Well);
    }
    let target = args.target.as_deref().unwrap_or_default();
    let everything = format!("ombud check {target} --json");
    let mut report = CheckReport::new(args.json, everything, Screen::of_process(), &mut *out);
    let is_file = is_file(target);
    if is_file {
        let path = Path::new(target);
        let now = clock.now_ms();
        file::check(path, args.reading.defaults(path, settings, now)?, now, &mut report)?;
    } else {
        let raw = Topic::Raw.name(&settings.topics.prefix);
        if target != raw {
            bail!("check {target}: there is no such file, and the topic that can be checked is {raw}");
        }
        let view = View::open(settings)?;
        let newest = if args.all { usize::MAX } else { usize::try_from(args.number)? };
        topic::check(&view.ends(&raw)?, &mut view.reader(READER)?, newest, &mut report)?;
    }
    let (done, rejections) = report.conclude()?;
    if is_file {
        print_rejections(&rejections)?;
    }
    Ok(done)
}

/// Whether a target is a file rather than a topic: stdin (`-`), or anything that is there. A folder is refused as one.
fn is_file(target: &str) -> bool {
    target == STDIN || Path::new(target).exists()
}

#[cfg(test)]
mod tests;
