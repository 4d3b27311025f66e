//! What the worklist costs: fills an embedded log with routes and with what was done about some of them, reads it into a
//! view as a console does, and asks for pages. Prints seconds, CPU seconds and memory of the reading, and how long pages take.
//!
//! `cargo bench -p ombud-benches --bench worklist -- 100000`. Each step is a process of its own, so that its greatest memory is
//! its own.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod appends;
mod filled;

use std::{env, fs, path::Path, process::Command, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use filled::{DAY, FROM, PARTITIONS, PRODUCTS, fill};
use ombud_console::{Follower, WorklistProgress, read_clock};
use ombud_contract::records::Vulnerability;
use ombud_local::{Local, LocalWorklist};
use ombud_store::{ItemFilter, ItemOrder, PageStart, Worklist};
use ombud_stream::{Readiness, SystemClock, Waiting};

/// Items of a page.
const PAGE: usize = 50;
/// How often each page is asked for.
const TURNS: usize = 100;
const ORDERS: [ItemOrder; 4] = [ItemOrder::Next, ItemOrder::Due, ItemOrder::Received, ItemOrder::Changed];
const STEPS: [&str; 3] = ["fill", "read", "page"];

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let complaints = words.iter().find_map(|word| word.parse().ok()).unwrap_or(100_000);
    if let [step, dir, ..] = &words[..]
        && STEPS.contains(&step.as_str())
    {
        return run(step, Path::new(dir), complaints);
    }
    let dir = tempfile::tempdir()?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["step", "seconds", "CPU seconds", "greatest memory, MB", "figures"]);
    for step in STEPS {
        let begun = Instant::now();
        let output = Command::new(env::current_exe()?)
            .arg(step)
            .arg(dir.path())
            .arg(complaints.to_string())
            .output()?;
        let seconds = format!("{:.1}", begun.elapsed().as_secs_f64());
        ensure!(output.status.success(), "{step}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let (figures, process) = text.trim().rsplit_once('\n').unwrap_or(("", text.trim()));
        let (cpu, memory) = process.split_once(' ').context("read what the process used")?;
        table.add_row([step, &seconds, cpu, memory, figures]);
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}\n{complaints} complaints");
    Ok(())
}

/// Does the step, and prints what it found and then CPU seconds and the greatest memory of this process.
fn run(step: &str, dir: &Path, complaints: usize) -> Result<()> {
    match step {
        "fill" => fill(dir, complaints)?,
        "read" => read(dir, complaints)?,
        _ => page(dir)?,
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("find VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("read /proc/self/stat")?;
    let ticks: Vec<f64> = fields.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    println!("{:.1} {:.0}", ticks.iter().sum::<f64>() / 100.0, kilobytes / 1024.0);
    Ok(())
}

/// As a console does when it has no view.
fn read(dir: &Path, complaints: usize) -> Result<()> {
    let log = Local::open_read_only(dir)?;
    let view = Arc::new(LocalWorklist::open(dir, Arc::new(read_clock))?);
    let progress = WorklistProgress::default();
    let follower = Follower {
        view: Arc::clone(&view) as Arc<dyn Worklist>,
        reader: Box::new(log.reader()?),
        count: &mut |_| Ok(PARTITIONS),
        team_exists: &mut |_| Ok(true),
        prefix: "",
        clock: &SystemClock,
        progress: progress.clone(),
        answered_days: 30,
    };
    let done = progress.clone();
    let begun = Instant::now();
    follower.run(&|| done.lag(0).is_complete, &mut Waiting::at_once(&Readiness::default(), "console"))?;
    let seconds = begun.elapsed().as_secs_f64();
    let items: u64 = view.counts()?.iter().map(|(_, _, items)| items).sum();
    ensure!(items == complaints as u64, "{items} of {complaints} are there");
    let size = fs::metadata(view.path())?.len() >> 20;
    println!("{seconds:.1} s, {:.0} complaints/s, {size} MB", complaints as f64 / seconds);
    Ok(())
}

fn page(dir: &Path) -> Result<()> {
    let view = LocalWorklist::open(dir, Arc::new(read_clock))?;
    let mut figures = Vec::new();
    for team in [Some("team-07".to_owned()), None] {
        let who = if team.is_some() { "a team" } else { "all teams" };
        let all = ItemFilter { team, ..ItemFilter::default() };
        let (mut first, mut last, mut filtered) = (Vec::new(), Vec::new(), Vec::new());
        for order in ORDERS {
            let end = last_start(&view, &all, order)?;
            for _ in 0..TURNS {
                first.push(milliseconds(&view, &all, order, None)?);
                last.push(milliseconds(&view, &all, order, end.as_ref())?);
            }
            for filter in filters(&all) {
                for _ in 0..TURNS / 10 {
                    filtered.push(milliseconds(&view, &filter, order, None)?);
                }
            }
        }
        for (what, mut taken) in
            [("first page", first), ("page at the end", last), ("filter and sort", filtered)]
        {
            figures.push(format!("{what} of {who}: p95 {:.1} ms", p95(&mut taken)));
        }
    }
    let begun = Instant::now();
    view.counts()?;
    figures.push(format!("counts: {:.1} ms", begun.elapsed().as_secs_f64() * 1_000.0));
    println!("{}", figures.join("\n"));
    Ok(())
}

/// Common filters, and some that let next to nothing through.
fn filters(all: &ItemFilter) -> Vec<ItemFilter> {
    vec![
        ItemFilter { product: Some(PRODUCTS[1].into()), ..all.clone() },
        ItemFilter { vulnerability: Some(Vulnerability::Vulnerable), ..all.clone() },
        ItemFilter { due_before: Some(FROM + 20 * DAY), ..all.clone() },
        ItemFilter { due_before: Some(FROM), ..all.clone() },
        ItemFilter { needs_human: true, audit_sample: true, ..all.clone() },
        ItemFilter { customer_ref: Some("customer-0000017".into()), ..all.clone() },
        ItemFilter { states: vec![ombud_contract::work::Phase::Waiting], ..all.clone() },
    ]
}

/// Where the last page begins.
fn last_start(view: &LocalWorklist, filter: &ItemFilter, order: ItemOrder) -> Result<Option<PageStart>> {
    let (mut after, mut start) = (None, None);
    loop {
        let page = view.page(filter, order, after.as_ref(), 2_000)?;
        let Some(next) = page.next else { return Ok(start) };
        start = Some(next.clone());
        after = Some(next);
    }
}

fn milliseconds(
    view: &LocalWorklist,
    filter: &ItemFilter,
    order: ItemOrder,
    after: Option<&PageStart>,
) -> Result<f64> {
    let begun = Instant::now();
    view.page(filter, order, after, PAGE)?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

fn p95(taken: &mut [f64]) -> f64 {
    taken.sort_by(f64::total_cmp);
    taken[taken.len() * 95 / 100]
}
