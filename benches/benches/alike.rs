//! What it costs the archive to sketch complaints, so that the radar can compare them: its CPU seconds with sketches and
//! without, in turn.
//!
//! `cargo bench -p ombud-benches --bench alike`; another number of complaints a turn is an argument: `-- 6000`. Without: the same
//! complaints, received so long ago that they are compared with nothing.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod appends;
mod pairs;

use std::{cell::RefCell, env, fs, sync::Arc};

use anyhow::{Result, ensure};
use appends::Appends;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use ombud_archive::{Archive, ArchiveLimits, GROUP, TOPICS};
use ombud_contract::{
    catalogue::Topic,
    codec::encode,
    records::{Prediction, RawComplaint, RoutedComplaint},
};
use ombud_intake::{FileDefaults, Rows};
use ombud_local::{Local, Options};
use ombud_models::StrategyFeed;
use ombud_store::{Sketches as _, day_of};
use ombud_stream::{Clock, Reader as _, Start, SystemClock, TopicPartition};
use ombud_tests::{repository, sample_times};
use pairs::Change;
use rustix::time::{ClockId, clock_gettime};

const COMPLAINTS: usize = 6_000;
/// Of the sample.
const ROWS: usize = 300;
const PAIRS: usize = 11;
const TASKS: [&str; 3] = ["product", "issue", "vulnerable"];
const DAY_MS: i64 = 86_400_000;
/// So long ago that nothing is compared with it.
const LONG_AGO: i64 = 60 * DAY_MS;
/// What the archive's CPU time may rise by, in percent.
const GOAL: f64 = 5.0;

fn main() -> Result<()> {
    let complaints = env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(COMPLAINTS);
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("complaints.csv");
    sample_times(complaints.div_ceil(ROWS), &file)?;
    let rows = Rows::open(&file, FileDefaults::of(&file)?)?;
    let raw: Vec<RawComplaint> = rows.flatten().flatten().map(|row| row.complaint).take(complaints).collect();
    let examples = Examples::read()?;
    let now = SystemClock.now_ms();
    // Nothing is cached yet: this one doesn't count.
    examples.cost(&raw, now)?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["turn", "without, CPU s", "with, CPU s", "rise, %"]);
    let mut turns = Vec::new();
    for turn in 0..PAIRS {
        // Each side is the first of every other turn: what fades or wears meets both.
        let (without, with) = match turn % 2 {
            0 => {
                let without = examples.cost(&raw, now - LONG_AGO)?;
                (without, examples.cost(&raw, now)?)
            }
            _ => {
                let with = examples.cost(&raw, now)?;
                (examples.cost(&raw, now - LONG_AGO)?, with)
            }
        };
        let cells = [without, with, 100.0 * (with / without - 1.0)];
        let cells = [format!("{:.3}", cells[0]), format!("{:.3}", cells[1]), format!("{:+.1}", cells[2])];
        table.add_row([&[(turn + 1).to_string()][..], &cells].concat());
        turns.push((without, with));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let change = Change::of(&turns);
    println!(
        "{table}\n{complaints} complaints a turn: {change}, median of {PAIRS} [95 % interval]; the goal is {GOAL} %"
    );
    Ok(())
}

/// What comes of every complaint.
struct Examples {
    prediction: Prediction,
    route: RoutedComplaint,
}

impl Examples {
    fn read() -> Result<Self> {
        let of = |topic: &str, name: &str| {
            fs::read_to_string(repository().join("schemas").join(topic).join("examples/valid").join(name))
        };
        Ok(Self {
            prediction: serde_json::from_str(&of("complaints.predictions", "evident.json")?)?,
            route: serde_json::from_str(&of("complaints.routed", "complete.json")?)?,
        })
    }

    /// The CPU seconds that it takes to archive them, received at that time, each with three answers and a route.
    fn cost(&self, raw: &[RawComplaint], received_at: i64) -> Result<f64> {
        let dir = tempfile::tempdir()?;
        let log = Local::open(dir.path(), Options::catalogue("", 1))?;
        let mut appends = Appends::new(&log);
        for (n, raw) in raw.iter().enumerate() {
            self.append(&mut appends, i64::try_from(n)?, &RawComplaint { received_at, ..raw.clone() })?;
        }
        appends.finish()?;
        let before = cpu();
        archive(&log)?;
        let took = cpu() - before;
        let mut sketches = 0;
        log.cases()?.sketches(day_of(received_at), &mut |_| sketches += 1)?;
        let is_compared = received_at + LONG_AGO > SystemClock.now_ms();
        ensure!(is_compared == (sketches > raw.len() / 2), "{sketches} of {} have a sketch", raw.len());
        Ok(took)
    }

    fn append(&self, appends: &mut Appends, offset: i64, raw: &RawComplaint) -> Result<()> {
        let id = &raw.complaint_id;
        appends.send(Topic::Raw, 0, id, encode(raw)?)?;
        for task in TASKS {
            let prediction = Prediction {
                prediction_id: format!("{id}-{task}"),
                complaint_id: id.clone(),
                task: task.to_owned(),
                raw_offset: offset,
                ..self.prediction.clone()
            };
            appends.send(Topic::Predictions, 0, id, encode(&prediction)?)?;
        }
        let route = RoutedComplaint {
            route_id: format!("route-{id}"),
            complaint_id: id.clone(),
            raw_offset: offset,
            received_at: raw.received_at,
            routed_at: raw.received_at + 500,
            ..self.route.clone()
        };
        appends.send(Topic::Routed, 0, id, encode(&route)?)
    }
}

/// Archives until everything in the log is committed.
fn archive(log: &Local) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let topics = TOPICS.map(|topic| topic.name(""));
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let (sink, deliveries) = log.sink(8);
    let archive = Archive {
        member: log.member(GROUP, &topics, Start::Earliest)?,
        sink,
        deliveries,
        dead_letters: Topic::DeadLetters.name("").into(),
        prefix: String::new(),
        strategy: StrategyFeed::new(Box::new(log.reader()?), &Topic::Strategy.name(""), Arc::clone(&clock)),
        cases: log.cases()?,
        clock,
        limits: ArchiveLimits::default(),
    };
    let reader = RefCell::new(log.reader()?);
    let is_done = || {
        let mut reader = reader.borrow_mut();
        TOPICS.iter().all(|topic| {
            let partition = TopicPartition::new(topic.name(""), 0);
            let end = reader.end(&partition).ok();
            let committed =
                reader.committed(GROUP, &partition).ok().flatten().map(|position| position.offset);
            end.is_some_and(|end| end == 0 || committed == Some(end))
        })
    };
    Ok(archive.run(&is_done, |_| Ok(0))?)
}

/// CPU seconds of this process so far, all its threads.
fn cpu() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}
