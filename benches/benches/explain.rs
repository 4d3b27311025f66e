//! How long an explanation and a dossier take, on an idle machine and beside a saturated infer, and by how much infer is slower
//! meanwhile.
//!
//! `cargo bench -p ombud-benches --bench explain`, half an hour on two cores. `ombud up` serves a worklist of 20,000 open cases and
//! answers with the repository's models; a lead asks over HTTP, one question after the other. Without: the same complaints, and
//! nobody asks. Another number of cases is an argument: `-- 1000`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod appends;
mod figures;
mod filled;
mod pairs;
mod people;
mod sides;
#[allow(dead_code, reason = "by team is the matter of event streams")]
mod since;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use figures::percentile;
use filled::fill;
use ombud_tests::{default_models, ombud, sample_times, split};
use pairs::Change;
use people::{Console, agent, named_number};
use serde_json::{Value, json};
use sides::{Side, renamed, wait_for_archive};
use since::Since;

const CASES: usize = 20_000;
/// Of the sample.
const ROWS: usize = 300;
/// So many are explained on an idle machine, and half as many dossiers made.
const ASKED: usize = 20;
const PAIRS: usize = 5;
/// Complaints of each side: a minute and a half of computing.
const SIDE: usize = 3_000;
/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(300);

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (data, files) = (dir.path().join("data"), dir.path().join("files"));
    std::fs::create_dir_all(&files)?;
    let cases = named_number(CASES);
    fill(&data, cases)?;
    let models = default_models();
    let console = Console::start(&data, &[("OMBUD_MODELS", models.to_str().context("a path of text")?)])?;
    let bench = Bench { data: &data, files: &files, cookie: console.sign_in("lead", &["lead"])?, console };
    let ids = bench.cases()?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["", "figure", "goal"]);

    let mut one = bench.times(&ids, &json!({ "task": "product" }))?;
    let mut all = bench.times(&ids, &json!({}))?;
    for (what, times, goal) in
        [("one contrast", &mut one, "p50 2 s, p95 4 s"), ("all tasks", &mut all, "6 s")]
    {
        let (p50, p95) = (percentile(times, 0.5), percentile(times, 0.95));
        let longest = percentile(times, 1.0);
        table.add_row([
            &format!("idle, {what}: p50, p95, longest of {}", times.len()),
            &format!("{p50:.2} s, {p95:.2} s, {longest:.2} s"),
            goal,
        ]);
    }
    let (mut made, mut verified) = bench.dossiers(&ids[..ASKED / 2])?;
    for (what, times, goal) in [("made", &mut made, "5 s"), ("verified", &mut verified, "0.1 s")] {
        let (p50, longest) = (percentile(times, 0.5), percentile(times, 1.0));
        let what = format!("a dossier {what}, command and all: p50, longest of {}", times.len());
        table.add_row([&what, &format!("{p50:.3} s, {longest:.3} s"), goal]);
    }

    let mut beside = Vec::new();
    let sides = bench.pairs(&ids, &mut beside)?;
    let change = |of: fn(&Side) -> f64| {
        Change::of(&sides.iter().map(|(one, two)| (of(one), of(two))).collect::<Vec<_>>())
    };
    table.add_row(["complaints routed a second", &change(|side| side.routed).to_string(), "-5 %"]);
    table.add_row(["infer's rate, complaints/s of computing", &change(|side| side.computed).to_string(), ""]);
    table.add_row(["append to route, p95", &change(|side| side.p95).to_string(), ""]);
    let (p50, longest) = (percentile(&mut beside, 0.5), percentile(&mut beside, 1.0));
    let what = format!("all tasks beside it: p50, longest of {}", beside.len());
    table.add_row([&what, &format!("{p50:.1} s, {longest:.1} s"), "120 s"]);
    table.column_mut(1).context("a column")?.set_cell_alignment(CellAlignment::Right);
    let routed = sides.iter().map(|(without, _)| without.routed).sum::<f64>() / PAIRS as f64;
    println!(
        "{table}\n{cases} open cases; changes are medians of {PAIRS} pairs [95 % interval]; without explanations {routed:.1} \
         complaints are routed a second"
    );
    Ok(())
}

struct Bench<'a> {
    data: &'a Path,
    files: &'a Path,
    console: Console<'a>,
    /// Of a lead.
    cookie: String,
}

impl Bench<'_> {
    /// Routed and archived complaints whose decision may be explained: none that was drawn to be judged blind.
    fn cases(&self) -> Result<Vec<String>> {
        wait_for_archive(self.data)?;
        let before = Since::now(self.data)?;
        let file = self.files.join("cases.csv");
        sample_times(1, &file)?;
        sides::send(self.data, &self.console, &file, None)?;
        let log = before.wait_for_routes(self.data, sides::complaints(&file)?)?;
        wait_for_archive(self.data)?;
        let mut ids = Vec::new();
        for id in log.appended.keys() {
            if ids.len() == ASKED {
                break;
            }
            // The first one also starts whoever explains, and loads the model.
            if self.ask(id, &json!({ "task": "product" }))? {
                ids.push(id.clone());
            }
        }
        ensure!(ids.len() == ASKED, "{} complaints can be explained", ids.len());
        Ok(ids)
    }

    /// Whether it is explained; else it may not be.
    fn ask(&self, id: &str, question: &Value) -> Result<bool> {
        let url = format!("{}/api/complaints/{id}/explain", self.console.url());
        let mut answer = agent(Some(TIMEOUT)).post(url).header("cookie", &self.cookie).send_json(question)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string()?;
        ensure!(matches!(status, 200 | 409), "explain: {status} {body}");
        Ok(status == 200)
    }

    /// Seconds of each.
    fn times(&self, ids: &[String], question: &Value) -> Result<Vec<f64>> {
        let time = |id: &String| {
            let began = Instant::now();
            ensure!(self.ask(id, question)?, "{id} is explained once, and then not");
            Ok(began.elapsed().as_secs_f64())
        };
        ids.iter().map(time).collect()
    }

    /// Seconds that each takes to be made, and to be verified.
    fn dossiers(&self, ids: &[String]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (mut made, mut verified) = (Vec::new(), Vec::new());
        for id in ids {
            made.push(self.dossier(&[id, "--out", &self.dossier_file(id)])?.0);
        }
        // They are made with the first dossier.
        let keys = self.files.join("keys.toml");
        std::fs::write(&keys, self.dossier(&["keys"])?.1)?;
        let keys = keys.to_str().context("a path of text")?;
        for id in ids {
            verified.push(self.dossier(&["verify", &self.dossier_file(id), "--keys", keys])?.0);
        }
        Ok((made, verified))
    }

    fn dossier_file(&self, id: &str) -> String {
        self.files.join(format!("{id}.dossier.json")).to_string_lossy().into_owned()
    }

    /// Seconds that `ombud dossier` takes, and what it prints.
    fn dossier(&self, arguments: &[&str]) -> Result<(f64, Vec<u8>)> {
        let began = Instant::now();
        let output = ombud(self.data)?
            .env("OMBUD_HTTP__ADDRESS", self.console.serving.address())
            .arg("dossier")
            .args(arguments)
            .output()?;
        ensure!(output.status.success(), "dossier: {}", String::from_utf8_lossy(&output.stderr));
        Ok((began.elapsed().as_secs_f64(), output.stdout))
    }

    /// Turns at all that can be answered: without questions, and with one after the other. `times` gets the seconds of each.
    fn pairs(&self, ids: &[String], times: &mut Vec<f64>) -> Result<Vec<(Side, Side)>> {
        let (all, renamed_all) = (self.files.join("sides.csv"), self.files.join("sides-all.csv"));
        sample_times((2 * PAIRS * SIDE).div_ceil(ROWS), &all)?;
        renamed(&all, &renamed_all, "side")?;
        let mut parts = split(&renamed_all, 2 * PAIRS)?.into_iter().map(|(part, _)| part);
        let mut pairs = Vec::new();
        for turn in 0..PAIRS {
            let mut sides = Vec::new();
            for second in [false, true] {
                let part = parts.next().context("a part")?;
                // Each side is the first of every other turn.
                let is_asked = second == turn.is_multiple_of(2);
                let side = match is_asked {
                    true => self.beside_questions(ids, &part, times)?,
                    false => Side::of(self.data, &self.console, &part, None)?,
                };
                sides.push((is_asked, side));
            }
            sides.sort_by_key(|(is_asked, _)| *is_asked);
            let mut sides = sides.into_iter().map(|(_, side)| side);
            pairs.push((sides.next().context("one")?, sides.next().context("the other")?));
        }
        Ok(pairs)
    }

    /// One side, while questions are asked. The last of them may end after it.
    fn beside_questions(&self, ids: &[String], file: &Path, times: &mut Vec<f64>) -> Result<Side> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let asking = scope.spawn(|| -> Result<Vec<f64>> {
                let mut times = Vec::new();
                for id in ids.iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    times.extend(self.times(std::slice::from_ref(id), &json!({}))?);
                }
                Ok(times)
            });
            let side = Side::of(self.data, &self.console, file, None);
            is_over.store(true, Ordering::Relaxed);
            let asked = asking.join().map_err(|_| anyhow::anyhow!("who asks has died"))?;
            times.extend(asked?);
            side
        })
    }
}
