//! Bad input gets a clear error, a reason, or a dead letter; its neighbours are routed, and nothing stops.

#![cfg(feature = "torch")]

use std::{fs, io::Write, path::Path, process::Output};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud};
use serde_json::Value;

const GOOD: &str = "I was charged twice for one purchase and the bank does not answer my letters.";

fn up(file: &Path, data: &Path) -> Result<Output> {
    Ok(ombud(data)?.arg("up").arg(file).args(["--once", "--json"]).output()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_file_without_the_needed_columns_is_refused_with_what_was_found_and_what_is_needed() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("wrong.csv");
    fs::write(&file, "colour,size\nred,3\n")?;
    let output = up(&file, data.path())?;
    let error = text(&output.stderr);
    ensure!(output.status.code() == Some(1), "{error}");
    ensure!(
        error.contains("colour") && error.contains("narrative") && error.contains("wrong.csv"),
        "{error}"
    );
    Ok(())
}

#[test]
fn rows_that_are_no_complaint_are_set_aside_with_their_reason_and_their_neighbours_are_routed() -> Result<()>
{
    let data = tempfile::tempdir()?;
    let file = data.path().join("mixed.csv");
    let mut csv = fs::File::create(&file)?;
    writeln!(csv, "complaint_id,narrative,language")?;
    let good = |csv: &mut fs::File, n: usize| writeln!(csv, "good-{n},{GOOD} Number {n}.,en");
    let bad: [(&str, Vec<u8>); 7] = [
        ("csv-field-count", b"too,many,fields,here".to_vec()),
        ("not-utf8", b"b1,\xff\xfe broken,en".to_vec()),
        ("narrative-blank", b"b2,   ,en".to_vec()),
        ("narrative-", "b3,\u{1f621}\u{1f621},en".as_bytes().to_vec()),
        ("narrative-too-large", format!("b4,{},en", "word ".repeat(1 << 20)).into_bytes()),
        ("narrative-", b"b5,a nul \0 byte,en".to_vec()),
        ("language-", b"b6,A text like any other.,not a language!".to_vec()),
    ];
    for (n, (_, row)) in bad.iter().enumerate() {
        good(&mut csv, n)?;
        csv.write_all(row)?;
        csv.write_all(b"\n")?;
    }
    good(&mut csv, bad.len())?;
    // Well-formed, and none that the models read: a person gets it.
    writeln!(csv, "foreign,Mi banco cobra dos veces y nadie contesta las cartas.,es")?;
    drop(csv);

    let output = up(&file, data.path())?;
    ensure!(output.status.success(), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    ensure!(summary["rejected"] == bad.len() && summary["routed"] == bad.len() + 2, "{summary}");
    ensure!(summary["complaints"] == summary["routed"], "{summary}");

    let rejected = fs::read(data.path().join("mixed.csv.rejected.csv"))?;
    let rejected = text(&rejected);
    let reasons: Vec<&str> = rejected.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    for ((expected, _), reason) in bad.iter().zip(&reasons) {
        ensure!(reason.starts_with(expected), "{expected} was expected in {reasons:?}");
    }

    let routes = Log::of(data.path()).tail("complaints.routed")?;
    let foreign =
        routes.iter().find(|route| route["value"]["complaint_id"] == "foreign").context("foreign")?;
    ensure!(
        foreign["value"]["needs_human"] == true && foreign["value"]["team"] == "triage-desk",
        "{foreign}"
    );
    Ok(())
}

#[test]
fn a_data_folder_that_is_in_use_is_refused_to_the_second_process() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut serving = ombud_tests::Serving::start(data.path())?;
    let output = ombud(data.path())?.args(["up", "--once"]).output()?;
    let error = text(&output.stderr);
    ensure!(output.status.code() == Some(1), "{error}");
    ensure!(error.contains(&serving.pid().to_string()), "the error names the process that has it: {error}");
    serving.stop()
}

#[test]
fn a_complaint_is_taken_over_http_when_it_is_one_and_routed() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut serving = ombud_tests::Serving::start(data.path())?;
    let (status, body) = serving.post("/api/complaints", r#"{"complaint_id":"h-1","narrative":"  "}"#)?;
    ensure!(status == 422 && body.contains("narrative-blank"), "{status} {body}");
    let (status, body) =
        serving.post("/api/complaints", &format!(r#"{{"complaint_id":"h-2","narrative":"{GOOD}"}}"#))?;
    ensure!(status == 202 && body.contains("h-2"), "{status} {body}");
    // `tail --follow` waits for the route itself.
    let route = Log::of(data.path()).wait_for("complaints.routed")?;
    ensure!(route["value"]["complaint_id"] == "h-2" && route["value"]["why"] == "COMPLETE", "{route}");
    let (status, metrics) = serving.get("/metrics")?;
    ensure!(status == 200 && metrics.contains("ombud_predictions_total"), "{metrics}");
    serving.stop()
}
