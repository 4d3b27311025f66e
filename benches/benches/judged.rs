//! What a year of verdicts costs: fills a case store with judged cases, and prints how long `report quality` and the
//! gathering of a training set take over them, and how much memory.
//!
//! `cargo bench -p ombud-benches --bench judged -- 1000000` for the embedded store; with `cql` behind the number, and what
//! `scripts/services env` prints, for a CQL server, in whose keyspace `ombud_judged` the
//! cases stay. Each step is a process of its own, so that its greatest memory is its own.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use indicatif::ProgressBar;
use ombud_contract::{
    codec,
    records::{Decision, Feedback, FeedbackKind, Prediction, RawComplaint, RoutedComplaint},
};
use ombud_learn::outcomes::{SetDraft, SetRequest, gather};
use ombud_local::{Local, Options};
use ombud_measure::quality::{self, AuditDraw, QualityCounts, QualityReport, drift, tables};
use ombud_models::Artefact;
use ombud_store::{
    CaseStore, CqlCases, CqlConnection, Row, file_feedback, file_prediction, file_raw, file_routed, migrate,
};
use ombud_stream::{Record, TopicPartition};
use ombud_tests::default_models;

const DAY: i64 = 86_400_000;
/// 2026-01-01T00:00Z.
const FROM: i64 = 1_767_225_600_000;
const UNTIL: i64 = FROM + 365 * DAY;
/// Cases of one write.
const AT_ONCE: usize = 250;
/// One of so many is drawn for the audit.
const AUDITED: usize = 100;
/// One of so many was decided wrongly.
const WRONG: usize = 5;
/// Judged cases that a training set takes.
const ROWS: usize = 50_000;
const PRODUCTS: [&str; 3] = ["Mortgage", "Debt collection", "Checking or savings account"];
const STEPS: [&str; 3] = ["fill", "report", "set"];

/// Where the cases are.
struct Place {
    cql: bool,
    dir: PathBuf,
}

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let cql = words.iter().any(|word| word == "cql");
    let cases = words.iter().find_map(|word| word.parse().ok()).unwrap_or(20_000);
    if let [step, dir, ..] = &words[..]
        && STEPS.contains(&step.as_str())
    {
        return Place { cql, dir: dir.into() }.run(step, cases);
    }
    let dir = tempfile::tempdir()?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["step", "seconds", "cases/s", "greatest memory, MB"]);
    for step in STEPS {
        let mut command = Command::new(env::current_exe()?);
        command.arg(step).arg(dir.path()).arg(cases.to_string()).args(cql.then_some("cql"));
        let begun = Instant::now();
        let output = command.output()?;
        let seconds = begun.elapsed().as_secs_f64();
        ensure!(output.status.success(), "{step}: {}", String::from_utf8_lossy(&output.stderr));
        let memory: f64 = String::from_utf8(output.stdout)?.trim().parse().context("read the memory")?;
        let rate = format!("{:.0}", cases as f64 / seconds);
        table.add_row([step.to_owned(), format!("{seconds:.1}"), rate, format!("{memory:.0}")]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let store = if cql { "a CQL server" } else { "the embedded store" };
    println!("{table}\n{cases} judged cases in {store}");
    Ok(())
}

impl Place {
    /// Does the step, and prints the greatest memory of this process in MB.
    fn run(&self, step: &str, cases: usize) -> Result<()> {
        match step {
            "fill" => self.fill(cases)?,
            "report" => self.report(cases)?,
            _ => self.set(cases)?,
        }
        let status = fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("find VmHWM")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        println!("{}", kilobytes / 1024.0);
        Ok(())
    }

    fn connection() -> Result<CqlConnection> {
        let nodes = env::var("OMBUD_CQL_NODES").context("find the CQL server: set OMBUD_CQL_NODES")?;
        Ok(CqlConnection {
            nodes: nodes.split(',').map(str::to_owned).collect(),
            keyspace: "ombud_judged".to_owned(),
            datacenter: None,
            credentials: None,
            ca: None,
            timeout: Duration::from_secs(10),
            concurrency: 64,
            narrative_ttl: None,
        })
    }

    fn fill(&self, cases: usize) -> Result<()> {
        let examples = Examples::read()?;
        let (log, mut store): (Option<Local>, Box<dyn CaseStore>) = match self.cql {
            true => {
                let connection = Self::connection()?;
                migrate(&connection, 1)?;
                (None, Box::new(CqlCases::connect(&connection)?))
            }
            false => {
                let log = Local::open(&self.dir, Options::default())?;
                let store = log.cases()?;
                (Some(log), Box::new(store))
            }
        };
        for first in (0..cases).step_by(AT_ONCE) {
            let mut rows = Vec::new();
            for n in first..cases.min(first + AT_ONCE) {
                examples.case(n, cases, &mut rows)?;
            }
            store.write(&rows)?;
        }
        drop((store, log));
        Ok(())
    }

    fn open(&self) -> Result<Box<dyn CaseStore>> {
        Ok(match self.cql {
            true => Box::new(CqlCases::connect(&Self::connection()?)?),
            false => Box::new(Local::open_read_only(&self.dir)?.cases()?),
        })
    }

    /// As `ombud report quality` does.
    fn report(&self, cases: usize) -> Result<()> {
        let (mut store, mut quality) = (self.open()?, QualityCounts::default());
        let judged = quality::gather(&mut *store, FROM, UNTIL, |_, _| {}, |case| quality.add(&case))?;
        ensure!(judged == cases, "{judged} of {cases} cases are judged");
        let version = Examples::read()?.prediction;
        let versions = [(version.model_id.as_str(), version.model_version.as_str())];
        let seen = drift::gather(&mut *store, versions, (FROM, UNTIL), |_, _| {})?;
        let report = QualityReport::of(
            &quality,
            &AuditDraw::default(),
            drift::figures(&seen),
            ("January".into(), "December".into()),
        );
        ensure!(!tables(&report).is_empty() && report.audit_sample.cases > 0);
        Ok(())
    }

    /// As `ombud learn --from-feedback` does before it learns.
    fn set(&self, cases: usize) -> Result<()> {
        let champion = Artefact::open(&default_models().join("complaints-bag"))?;
        let asked = SetRequest::of((FROM, UNTIL), &champion, &[], (50, ROWS), 1)?;
        let mut draft = SetDraft::begin(&self.dir.join("set"), asked, &champion)?;
        let mut store = self.open()?;
        let take = |case| Ok::<_, anyhow::Error>(draft.take(&case)?);
        gather(&mut *store, FROM, UNTIL, |_, _| {}, take)?;
        let set = draft.finish(&[], &[], &ProgressBar::hidden())?;
        let figures = set.figures();
        if figures.cases != cases || figures.train == 0 || figures.trial == 0 {
            bail!("{figures:?}");
        }
        ensure!(lines(&set.train())? > figures.train, "the file holds what it is said to");
        Ok(set.remove()?)
    }
}

fn lines(file: &Path) -> Result<usize> {
    Ok(fs::read(file)?.iter().filter(|byte| **byte == b'\n').count())
}

/// What every case is made like.
struct Examples {
    prediction: Prediction,
    route: RoutedComplaint,
    verdict: Feedback,
}

impl Examples {
    fn read() -> Result<Self> {
        let of = |topic: &str, name: &str| -> Result<String> {
            let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
            Ok(fs::read_to_string(schemas.join(topic).join("examples/valid").join(name))?)
        };
        Ok(Self {
            prediction: serde_json::from_str(&of("complaints.predictions", "labelled.json")?)?,
            route: serde_json::from_str(&of("complaints.routed", "complete.json")?)?,
            verdict: serde_json::from_str(&of("complaints.feedback", "relabelled.json")?)?,
        })
    }

    /// The rows of the case `n` of `cases`: a submission, two answers, a route and a verdict; three in the audit sample.
    fn case(&self, n: usize, cases: usize, rows: &mut Vec<Row>) -> Result<()> {
        let complaint_id = format!("crm-2026-{n:08}");
        let place = i64::try_from(n)?;
        let received_at = FROM + (UNTIL - FROM - 2 * DAY) / i64::try_from(cases)? * place;
        let (said, right) =
            (PRODUCTS[n % 3], PRODUCTS[if n.is_multiple_of(WRONG) { (n + 1) % 3 } else { n % 3 }]);
        let raw = RawComplaint::new(complaint_id.clone(), narrative(n, right), received_at);
        rows.extend(file_raw(&raw, &original("complaints.raw", place, codec::encode(&raw)?)));
        let (mut decisions, at) = (Vec::new(), received_at + 500);
        for task in ["product", "issue"] {
            let label = Some(if task == "product" { said.to_owned() } else { "Fraud or scam".to_owned() });
            let prediction = Prediction {
                prediction_id: format!("p-{task}-{n}"),
                complaint_id: complaint_id.clone(),
                task: task.to_owned(),
                label: label.clone(),
                raw_offset: place,
                predicted_at: at,
                ..self.prediction.clone()
            };
            let body = codec::encode(&prediction)?;
            rows.extend(file_prediction(&prediction, &original("complaints.predictions", place, body)));
            decisions.push(Decision {
                task: task.to_owned(),
                prediction_id: prediction.prediction_id,
                label,
                ..self.route.decisions[0].clone()
            });
        }
        let audited = n.is_multiple_of(AUDITED);
        let route = RoutedComplaint {
            route_id: format!("r-{n}"),
            complaint_id: complaint_id.clone(),
            raw_offset: place,
            received_at,
            routed_at: at,
            decisions,
            human_reasons: if audited { vec!["audit-sample".to_owned()] } else { Vec::new() },
            ..self.route.clone()
        };
        ensure!(route.is_audited() == audited, "the route says that it was drawn");
        let body = codec::encode(&route)?;
        rows.extend(file_routed(&route, &original("complaints.routed", place, body), &[]));
        let vulnerable = if n.is_multiple_of(7) { "VULNERABLE" } else { "NOT_INDICATED" };
        let verdicts = [
            (FeedbackKind::Relabelled, "product", right),
            (FeedbackKind::Relabelled, "issue", "Fraud or scam"),
            (FeedbackKind::Vulnerability, "vulnerable", vulnerable),
        ];
        for ((kind, task, label), later) in verdicts.into_iter().zip(0..).take(if audited { 3 } else { 1 }) {
            let verdict = Feedback {
                feedback_id: format!("f-{task}-{n}"),
                complaint_id: complaint_id.clone(),
                kind,
                task: Some(task.to_owned()),
                label_after: Some(label.to_owned()),
                audit_sample: audited,
                decided_at: received_at + DAY + later,
                revision: route.revision,
                ..self.verdict.clone()
            };
            let body = codec::encode(&verdict)?;
            rows.extend(file_feedback(&verdict, &original("complaints.feedback", place, body)));
        }
        Ok(())
    }
}

/// Of about as many letters as customers write.
fn narrative(n: usize, product: &str) -> String {
    let sentences = (0..12).map(|at| {
        let word = (n * 31 + at * 7) % 9_973;
        format!("On the {at}th call about my {product} they told me that reference {word} was closed in the branch.")
    });
    sentences.collect::<Vec<_>>().join(" ") + &format!(" My number is {n}.")
}

fn original(topic: &str, offset: i64, value: bytes::Bytes) -> Record {
    Record {
        source: TopicPartition::new(topic, 0),
        offset,
        appended_at: FROM,
        key: None,
        value: Some(value),
        headers: Vec::new(),
        original: None,
    }
}
