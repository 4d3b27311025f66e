//! Pages are for everybody: on every page of the console and on every report axe finds nothing against WCAG 2.2 AA or good practice,
//! in the light and in the dark, at 1280 and at 320 px; Tab reaches every control, and its focus is seen; single keys can be
//! switched off; every flow works in a browser without script. A page of the table of rights at which nobody arrives is a fault.
//!
//! Short: each page in the light at 1280 px and in the dark at 320. TEST_FULL=1: all four, and the walk by Tab also at 400 % and
//! in forced colours.

#![cfg(feature = "torch")]
#![expect(clippy::print_stdout, reason = "figures and pictures of a run, for whoever asks for them")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::http::Method;
use bytes::Bytes;
use ombud_contract::catalogue::Topic;
use ombud_launch::guard::PAGES;
use ombud_local::{Local, Options};
use ombud_stream::{Outgoing, Sink as _};
use ombud_tests::{Bank, Row, browser_program, repository, rows, sample};
use serde_json::{Value, json};

/// Who works, as what: each is called by what they are there for.
const PEOPLE: [(&str, &str); 8] = [
    ("clerk", "clerk"),
    ("specialist", "specialist"),
    ("lead", "lead"),
    ("owner", "model-owner"),
    ("approver", "approver"),
    ("auditor", "auditor"),
    ("keeper", "operator"),
    // Has not chosen a password yet.
    ("newcomer", "clerk"),
];
/// Whose queue is worked on, and who gets what is not theirs.
const TEAMS: [&str; 2] = ["credit-bureau-disputes", "collections-conduct"];
/// Letters that say the same: a cluster of them is news.
const ALIKE: usize = 24;
/// Verdicts, so that figures have something to count.
const VERDICTS: usize = 220;
/// Of the topics of complaints on the embedded log.
const PARTITIONS: i32 = 4;
/// How long it may take until they are in the case store.
const ARCHIVE_TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

fn alike(at: usize) -> Row {
    let narrative = format!(
        "I opened a savings account in {} and was promised a bonus of ${} for a deposit within sixty days. I did everything that \
         the offer asked for, and now the bank says that my account does not qualify, because of a rule that nobody had mentioned. I \
         called customer service {} times, and each time somebody else gave me another reason. I ask you to honour the promotion \
         and to pay what was promised.",
        ["March", "April", "May"][at % 3],
        300 + at,
        2 + at % 4
    );
    let labels = ["Checking or savings account", "Opening, applying, closing"].map(str::to_owned);
    let [product, issue] = labels;
    Row { id: format!("bonus-{at}"), narrative, product, issue, is_vulnerable: false }
}

/// Records that nobody can read, for the operator to find.
fn park(data: &Path) -> Result<()> {
    let log = Local::open(data, Options::catalogue("", PARTITIONS))?;
    let (mut sink, deliveries) = log.sink::<()>(1);
    for text in [&b"\0\0\0\0\x07junk"[..], b"{}"] {
        let record = Outgoing {
            topic: Topic::Raw.name("").into(),
            partition: None,
            key: Some(Bytes::from_static(b"unreadable")),
            value: Some(Bytes::from_static(text)),
            headers: Vec::new(),
        };
        ensure!(sink.send(record, ()).is_ok(), "the log takes a record");
        deliveries.recv()?.result?;
    }
    Ok(())
}

/// What people made of the first complaints: the product of one in five was wrong.
fn verdicts(rows: &[Row], file: &Path) -> Result<()> {
    let mut csv = csv::Writer::from_path(file)?;
    csv.write_record(["complaint_id", "kind", "task", "label_after", "actor"])?;
    for (at, row) in rows.iter().take(VERDICTS).enumerate() {
        let [kind, task, label] = match at % 5 {
            0 => ["RELABELLED", "issue", "Other"],
            _ => ["CONFIRMED", "", ""],
        };
        csv.write_record([&row.id, kind, task, label, "agent-17"])?;
    }
    Ok(csv.flush()?)
}

/// The reports that take the same look; that of a training, which takes a while, in the long form alone.
fn reports(bank: &Bank, candidate: &Value, is_long: bool) -> Result<Vec<PathBuf>> {
    let at = |name: &str| bank.folder().join(name);
    let path = |file: &Path| file.to_string_lossy().into_owned();
    let [quality, evaluation, replay] = ["quality.html", "evaluation.html", "replay.html"].map(at);
    let until = Instant::now() + ARCHIVE_TIMEOUT;
    // Until the verdicts are in the case store, nothing is judged.
    while let Err(error) = bank.run(&["report", "quality", "--since", "30d", "--html", &path(&quality)]) {
        ensure!(Instant::now() < until, "{error}");
        thread::park_timeout(PAUSE);
    }
    let (data, dir) = (path(&sample()), path(&at("candidate")));
    bank.run(&["evaluate", "--model", &dir, "--data", &data, "--html", &path(&evaluation)])?;
    let label = candidate["label"].as_str().context("its label")?;
    let asked = ["strategy", "replay", "--candidate", label, "--since", "30d", "--no-record", "--html"];
    bank.run(&[&asked[..], &[&path(&replay)]].concat())?;
    let mut reports = vec![quality, evaluation, replay];
    if is_long {
        bank.run(&["learn", &data, "--out", &path(&at("learned"))])?;
        reports.push(at("learned.html"));
    }
    Ok(reports)
}

fn everybody(is_long: bool, pictures: Option<&Path>) -> Result<()> {
    // The first are the newest: what is alike is of these days.
    let rows: Vec<Row> = (0..ALIKE).map(alike).chain(rows()?).collect();
    let mut bank = Bank::open(&rows, park)?;
    let mut people = bank.people(&PEOPLE)?;
    let newcomer = people["newcomer"].take();
    let candidate = bank.candidate()?;
    let judged = bank.folder().join("verdicts.csv");
    verdicts(&rows, &judged)?;
    bank.run(&["feedback", "--file", &judged.to_string_lossy()])?;
    let routes: Vec<&str> =
        PAGES.iter().filter(|page| page.method == Method::GET).map(|page| page.path).collect();
    let plan = json!({
        "browser": browser_program()?,
        "address": bank.url(),
        "people": people,
        "unused_link": newcomer,
        "candidate": candidate,
        "routes": routes,
        "team": TEAMS[0],
        "other_team": TEAMS[1],
        "reports": reports(&bank, &candidate, is_long)?,
        "long": is_long,
    });
    let file = bank.folder().join("plan.json");
    fs::write(&file, plan.to_string())?;
    let mut run = Command::new("node");
    run.arg(repository().join("tests/browser/everybody.mjs")).arg(&file).args(pictures);
    let output = run.stderr(Stdio::inherit()).output().context("node, which looks at the pages")?;
    ensure!(output.status.success(), "pages are not for everybody: {}", output.status);
    bank.stop()?;
    let figures: Value = serde_json::from_slice(&output.stdout)?;
    println!("{figures}");
    ensure!(figures["violations"] == 0 && figures["routes"] == routes.len() - 3, "{figures}");
    Ok(())
}

#[test]
fn nothing_on_any_page_is_in_anybodys_way() -> Result<()> {
    everybody(false, None)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn nothing_on_any_page_is_in_anybodys_way_at_any_size_in_any_colours() -> Result<()> {
    let pictures = std::env::var_os("TEST_PICTURES").map(PathBuf::from);
    everybody(true, pictures.as_deref())
}
