//! What 50 open event streams cost: how long a route takes to the screen, how long a console takes to end, and by how much infer
//! is slower that works beside them.
//!
//! `cargo bench -p ombud-benches --bench streams`, with `scripts/browser`. `ombud up` serves a worklist of 100,000 open cases and
//! answers with the repository's models. Five of the streams are tabs of a browser, the others plain HTTP; where infer is timed,
//! all are plain, because people's browsers run on other machines. Another number of cases is an argument: `-- 20000`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod appends;
mod figures;
mod filled;
mod pairs;
mod people;
mod sides;
mod since;
mod sse;
mod tabs;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use figures::percentile;
use filled::fill;
use ombud_tests::{default_models, sample_times, split};
use pairs::Change;
use people::{Console, named_number};
use sides::{Side, complaints, renamed, send, wait_for_archive};
use since::Since;
use sse::{Heard, Stream};
use tabs::Tabs;

const CASES: usize = 100_000;
const STREAMS: usize = 50;
const TABS: usize = 5;
/// The sample is cut into so many parts; by the first it is measured how long a route takes to the screen.
const SAMPLE_PARTS: usize = 2;
/// So many of its complaints are sent a second.
const WATCHED_RATE: f64 = 2.0;
/// The last of them may be on the screen so much later.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Complaints that are answered as fast as they can be, for the capacity.
const CAPACITY: usize = 900;
/// How much of it is offered.
const LOAD: f64 = 0.7;
const PAIRS: usize = 5;
/// How long each side of a pair is loaded.
const SIDE: Duration = Duration::from_secs(45);
/// Of the sample.
const ROWS: usize = 300;

fn main() -> Result<()> {
    let cases = named_number(CASES);
    let dir = tempfile::tempdir()?;
    let (data, files) = (dir.path().join("data"), dir.path().join("files"));
    std::fs::create_dir_all(&files)?;
    fill(&data, cases)?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        &format!("beside {STREAMS} streams"),
        "figure",
        "goal",
    ]);
    let bench = Bench { data: &data, files: &files };

    let mut console = bench.start()?;
    let (mut plain, mut tabs) = bench.to_the_screen(&console, dir.path())?;
    for (who, samples) in [("plain", &mut plain), ("tabs", &mut tabs)] {
        let (p50, p95) = (percentile(samples, 0.5) / 1e3, percentile(samples, 0.95) / 1e3);
        let what = format!("route to screen, {who}: p50, p95 of {}", samples.len());
        table.add_row([&what, &format!("{p50:.2} s, {p95:.2} s"), "p95 2 s"]);
    }
    let cookie = console.sign_in("clerk", &["clerk"])?;
    let streams = bench.open(&console, &cookie, STREAMS)?;
    let began = Instant::now();
    console.serving.stop()?;
    let took = began.elapsed().as_secs_f64();
    streams.into_iter().try_for_each(|stream| stream.ended().map(drop))?;
    table.add_row(["from SIGTERM to the end", &format!("{took:.2} s"), "5 s"]);

    let sides = bench.pairs(&cookie)?;
    let change = |of: fn(&Side) -> f64| {
        Change::of(&sides.iter().map(|(one, two)| (of(one), of(two))).collect::<Vec<_>>())
    };
    table.add_row([
        "infer's rate, complaints/s of computing",
        &change(|side| side.computed).to_string(),
        "-5 %",
    ]);
    table.add_row(["complaints routed a second", &change(|side| side.routed).to_string(), "-5 %"]);
    table.add_row(["append to route, p95", &change(|side| side.p95).to_string(), ""]);
    table.column_mut(1).context("a column")?.set_cell_alignment(CellAlignment::Right);
    let sum = |of: fn(&Side) -> f64| sides.iter().map(|(without, _)| of(without)).sum::<f64>() / PAIRS as f64;
    println!(
        "{table}\n{cases} open cases; changes are medians of {PAIRS} pairs [95 % interval]; without streams {:.1} complaints/s of \
         computing, {:.1} routed a second, append to route p95 {:.0} ms",
        sum(|side| side.computed),
        sum(|side| side.routed),
        sum(|side| side.p95)
    );
    Ok(())
}

struct Bench<'a> {
    data: &'a Path,
    files: &'a Path,
}

impl<'a> Bench<'a> {
    /// A console that has read and archived everything.
    fn start(&self) -> Result<Console<'a>> {
        let models = default_models();
        let console =
            Console::start(self.data, &[("OMBUD_MODELS", models.to_str().context("a path of text")?)])?;
        wait_for_archive(self.data)?;
        Ok(console)
    }

    fn open(&self, console: &Console<'_>, cookie: &str, count: usize) -> Result<Vec<Stream>> {
        (0..count).map(|_| Stream::open(console.serving.address(), cookie)).collect()
    }

    /// Milliseconds from a route's append until each plain stream, and each tab's screen, says so.
    fn to_the_screen(&self, console: &Console<'_>, profile: &Path) -> Result<(Vec<f64>, Vec<f64>)> {
        let cookie = console.sign_in("clerk", &["clerk"])?;
        let streams = self.open(console, &cookie, STREAMS - TABS)?;
        let tabs = Tabs::open(console, &cookie, TABS, profile)?;
        let before = Since::now(self.data)?;
        let (all, file) = (self.files.join("watched-all.csv"), self.files.join("watched.csv"));
        sample_times(1, &all)?;
        renamed(&all, &file, "watched")?;
        let (watched, _) = split(&file, SAMPLE_PARTS)?.into_iter().next().context("a part")?;
        send(self.data, console, &watched, Some(WATCHED_RATE))?;
        let log = before.wait_for_routes(self.data, complaints(&watched)?)?;
        thread::park_timeout(LAST_WAIT);
        let mut plain = Vec::new();
        for stream in streams {
            let heard = stream.leave()?;
            let first = heard.first().context("a first event")?;
            let open = |heard: &Heard, team: &str| heard.open.get(team).copied().unwrap_or_default();
            for (team, number, at) in log.numbered() {
                let said = heard.iter().find(|heard| open(heard, team) >= open(first, team) + number);
                plain.push((said.context("a stream that says it")?.at - at) as f64);
            }
        }
        let mut painted = Vec::new();
        for badges in tabs.close()? {
            for (team, number, at) in log.numbered() {
                let badge = badges.iter().find(|badge| badge.team == team && badge.count >= number);
                painted.push((badge.context("a tab that shows it")?.at - at) as f64);
            }
        }
        Ok((plain, painted))
    }

    /// Turns at 70 % of what can be answered: without streams, and with them.
    fn pairs(&self, cookie: &str) -> Result<Vec<(Side, Side)>> {
        let console = self.start()?;
        let file = self.files.join("capacity.csv");
        sample_times(CAPACITY.div_ceil(ROWS), &file)?;
        // The first loads and warms what it needs.
        Side::of(self.data, &console, &file, None)?;
        let capacity = self.files.join("capacity-again.csv");
        renamed(&file, &capacity, "again")?;
        let rate = Side::of(self.data, &console, &capacity, None)?.routed * LOAD;
        let count = (rate * SIDE.as_secs_f64()) as usize;
        let all = self.files.join("sides.csv");
        sample_times((2 * PAIRS * count).div_ceil(ROWS), &all)?;
        renamed(&all, &self.files.join("sides-all.csv"), "side")?;
        let mut parts =
            split(&self.files.join("sides-all.csv"), 2 * PAIRS)?.into_iter().map(|(part, _)| part);
        let mut pairs = Vec::new();
        for turn in 0..PAIRS {
            let mut sides = Vec::new();
            for second in [false, true] {
                // Each side is the first of every other turn.
                let has_streams = second == turn.is_multiple_of(2);
                let streams = if has_streams { self.open(&console, cookie, STREAMS)? } else { Vec::new() };
                let side = Side::of(self.data, &console, &parts.next().context("a part")?, Some(rate))?;
                streams.into_iter().try_for_each(|stream| stream.leave().map(drop))?;
                sides.push((has_streams, side));
            }
            sides.sort_by_key(|(has_streams, _)| *has_streams);
            let mut sides = sides.into_iter().map(|(_, side)| side);
            pairs.push((sides.next().context("one")?, sides.next().context("the other")?));
        }
        println!("{rate:.1} complaints a second are offered, {count} on each side");
        Ok(pairs)
    }
}
