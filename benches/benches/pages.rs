//! What pages cost over 100,000 open cases, as a real browser sees them: how long a team's page takes, how much a first visit
//! loads and when it paints, and how long the desk takes from a key to the next complaint.
//!
//! `cargo bench -p ombud-benches --bench pages`, with `scripts/browser`. `ombud up` fills a data folder with the sample as often
//! as it takes, received within the last seven weeks; with `-- --data FOLDER` that folder is filled once and kept. Another number
//! of cases is an argument: `-- 20000`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod figures;
mod people;

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use csv::{Reader, Writer};
use figures::percentile;
use ombud_store::day_of;
use ombud_stream::{Clock as _, SystemClock};
use ombud_tests::{browser, ombud, repository, sample_times};
use people::{Console, named_number};
use serde_json::{Value, json};

const COMPLAINTS: usize = 100_000;
/// Of the sample.
const ROWS: usize = 300;
/// How often each page is asked for, and how often a key is pressed at the desk.
const TURNS: usize = 100;
/// First visits to each kind of page.
const VISITS: usize = 20;
/// Over so many days they came in.
const DAYS: usize = 49;
const DAY_MS: i64 = 86_400_000;
/// Says that a folder is filled, and with how many.
const FILLED: &str = "filled-by-the-bench";

/// What is promised, in milliseconds and bytes.
const PAGE_GOAL: f64 = 150.0;
const PAINT_GOAL: f64 = 300.0;
const KEY_GOAL: f64 = 300.0;
const BYTES_GOAL: f64 = 60_000.0;

/// First visits to one kind of page.
#[derive(Default)]
struct Visits {
    paint: Vec<f64>,
    /// The most of any visit: HTML, style, script, SVG.
    bytes: [f64; 4],
}

/// What the browser said.
#[derive(Default)]
struct Seen {
    team: String,
    loads: Vec<(String, Vec<f64>)>,
    keys: Vec<f64>,
    visits: BTreeMap<String, Visits>,
}

fn main() -> Result<()> {
    let complaints = named_number(COMPLAINTS);
    let dir = tempfile::tempdir()?;
    let data = named_folder().unwrap_or_else(|| dir.path().join("data"));
    fill(&data, complaints)?;
    let console = Console::start(&data, &[])?;
    let everything = ["lead", "specialist", "model-owner", "approver", "auditor", "operator"];
    let asked = json!({
        "program": browser(dir.path())?.get_program().to_str(), "address": console.url(), "turns": TURNS, "visits": VISITS,
        "lead": console.sign_in("lead", &everything)?, "clerk": console.sign_in("clerk", &["clerk"])?,
    });
    print(&watch(&asked)?, complaints);
    Ok(())
}

/// The folder that `--data` names.
fn named_folder() -> Option<PathBuf> {
    env::args().skip_while(|word| word != "--data").nth(1).map(PathBuf::from)
}

/// Has `ombud up` route the complaints, unless an earlier run did.
fn fill(data: &Path, complaints: usize) -> Result<()> {
    let mark = data.join(FILLED);
    if fs::read_to_string(&mark).is_ok_and(|filled| filled == complaints.to_string()) {
        return Ok(());
    }
    fs::create_dir_all(data)?;
    ensure!(fs::read_dir(data)?.next().is_none(), "{} holds something else", data.display());
    let file = data.join("complaints.csv");
    complaints_of_weeks(complaints, &file)?;
    let began = Instant::now();
    let output = ombud(data)?.arg("up").arg(&file).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    println!("{complaints} complaints routed and archived in {:.0} s", began.elapsed().as_secs_f64());
    Ok(fs::write(mark, complaints.to_string())?)
}

/// The sample as often as it takes, received over the last weeks.
fn complaints_of_weeks(complaints: usize, file: &Path) -> Result<()> {
    let all = file.with_extension("all.csv");
    sample_times(complaints.div_ceil(ROWS), &all)?;
    let mut rows = Reader::from_path(&all)?;
    let header = rows.headers()?.clone();
    let received = header.iter().position(|name| name == "date_received").context("a day")?;
    let mut writer = Writer::from_path(file)?;
    writer.write_record(&header)?;
    let now = SystemClock.now_ms();
    for (number, row) in rows.records().take(complaints).enumerate() {
        // In no order of anything, as complaints of many systems come.
        let day = day_of(now - (number * 7_919 % DAYS) as i64 * DAY_MS).to_string();
        let row = row?;
        writer.write_record(
            row.iter().enumerate().map(|(at, field)| if at == received { &day } else { field }),
        )?;
    }
    writer.flush()?;
    Ok(fs::remove_file(all)?)
}

/// Runs the browser's part, and takes down what it says.
fn watch(asked: &Value) -> Result<Seen> {
    let script = repository().join("benches/benches/browser/pages.mjs");
    let mut node = Command::new("node").arg(script).arg(asked.to_string()).stdout(Stdio::piped()).spawn()?;
    let mut seen = Seen::default();
    for line in BufReader::new(node.stdout.take().context("what it prints")?).lines() {
        let said: Value = serde_json::from_str(&line?)?;
        let what = said["what"].as_str().unwrap_or_default().to_owned();
        let samples = || said["samples"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        match said["figure"].as_str() {
            Some("team") => {
                let (team, open) = (said["team"].as_str().unwrap_or_default(), &said["open"]);
                seen.team = format!("{team}, {open} of {} open cases", said["all"]);
            }
            Some("load") => seen.loads.push((what, samples())),
            Some("key") => seen.keys = samples(),
            _ => {
                let visits = seen.visits.entry(what).or_default();
                visits.paint.extend(said["paint"].as_f64());
                for (most, kind) in visits.bytes.iter_mut().zip(["html", "css", "script", "svg"]) {
                    *most = most.max(said[kind].as_f64().unwrap_or_default());
                }
            }
        }
    }
    ensure!(node.wait()?.success(), "the browser's part failed");
    Ok(seen)
}

fn print(seen: &Seen, complaints: usize) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["milliseconds", "times", "p50", "p95", "goal of p95"]);
    let mut row = |what: &str, samples: &[f64], goal: f64| {
        let mut samples = samples.to_vec();
        let (p50, p95) = (percentile(&mut samples, 0.5), percentile(&mut samples, 0.95));
        table.add_row([
            what.to_owned(),
            samples.len().to_string(),
            format!("{p50:.0}"),
            format!("{p95:.0}"),
            format!("{goal:.0}"),
        ]);
    };
    for (what, samples) in &seen.loads {
        row(what, samples, PAGE_GOAL);
    }
    let paints: Vec<f64> = seen.visits.values().flat_map(|visits| visits.paint.clone()).collect();
    row("first visit, until it paints", &paints, PAINT_GOAL);
    row("desk, from a key to the next complaint", &seen.keys, KEY_GOAL);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}\n{complaints} cases; the team is {}", seen.team);

    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["first visit, kB", "HTML", "style", "script", "SVG", "together", "paint p95, ms"]);
    for (kind, visits) in &seen.visits {
        let kilobytes = |bytes: f64| format!("{:.1}", bytes / 1_000.0);
        let mut cells = vec![kind.clone()];
        cells.extend(visits.bytes.map(kilobytes));
        cells.push(kilobytes(visits.bytes.iter().sum()));
        cells.push(format!("{:.0}", percentile(&mut visits.paint.clone(), 0.95)));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let most = seen.visits.values().map(|visits| visits.bytes.iter().sum::<f64>()).fold(0.0, f64::max);
    println!("{table}\nthe most is {:.1} kB, the goal {:.0} kB", most / 1_000.0, BYTES_GOAL / 1_000.0);
}
