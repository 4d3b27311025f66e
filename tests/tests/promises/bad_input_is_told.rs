//! Bad input gets a clear error, a reason, or a dead letter; its neighbours are routed, and nothing stops.

#![cfg(feature = "torch")]

use std::{fs, io::Write, path::Path, process::Output};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, ombud};
use serde_json::Value;

const GOOD: &str = "I was charged twice for one purchase and the bank does not answer my letters.";

fn up(file: &Path, data: &Path) -> Result<Output> {
    Ok(ombud(data)?.arg("up").arg(file).args(["--received-at", "file", "--once", "--json"]).output()?)
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
    let told = text(&output.stderr);
    ensure!(told.contains("7 rows are rejected") && told.contains("for other reasons"), "{told}");
    ensure!(told.contains("mixed.csv.rejected.csv"), "{told}");

    let routes = Log::of(data.path()).tail("complaints.routed")?;
    let foreign =
        routes.iter().find(|route| route["value"]["complaint_id"] == "foreign").context("foreign")?;
    ensure!(
        foreign["value"]["needs_human"] == true && foreign["value"]["team"] == "triage-desk",
        "{foreign}"
    );
    Ok(())
}

const DAYS: &str = "complaint_id,received_at,narrative\n";

#[test]
fn dates_of_a_file_are_read_in_one_order_that_it_tells_or_that_is_said() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("uk.csv");
    let run = |rows: &str, words: &[&str]| -> Result<Output> {
        fs::write(&file, format!("{DAYS}{rows}"))?;
        Ok(ombud(data.path())?.arg("check").arg(&file).args(words).output()?)
    };
    let alone = format!("uk-0,03/04/2026,{GOOD}\n");
    let refused = run(&alone, &[])?;
    let error = text(&refused.stderr);
    ensure!(refused.status.code() == Some(1), "{error}");
    ensure!(error.contains("line 2 has 03/04/2026") && error.contains("--dates"), "{error}");
    ensure!(run(&alone, &["--dates", "day-first"])?.status.success(), "it is said");
    let decided = format!("{alone}uk-1,13.04.26 9:30 PM,{GOOD}\nuk-2,2026-04-11,{GOOD}\n");
    ensure!(run(&decided, &[])?.status.success(), "one row decides");
    let mixed = run(&format!("{decided}us-1,04/13/2026,{GOOD}\n"), &[])?;
    let error = text(&mixed.stderr);
    ensure!(
        mixed.status.code() == Some(1) && error.contains("line 3") && error.contains("line 5"),
        "{error}"
    );

    let output =
        ombud(data.path())?.arg("up").arg(&file).args(["--dates", "day-first", "--once"]).output()?;
    let told = text(&output.stderr);
    ensure!(output.status.success() && told.contains("received-at-in-another-order"), "{told}");
    let raw = Log::of(data.path()).tail("complaints.raw")?;
    let first = raw.iter().find(|record| record["value"]["complaint_id"] == "uk-0").context("uk-0")?;
    ensure!(first["value"]["received_at"] == 1_775_174_400_000_i64, "the third of April: {first}");
    Ok(())
}

#[test]
fn a_file_without_dates_is_refused_until_it_is_said_when_its_complaints_were_received() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("undated.csv");
    fs::write(&file, format!("complaint_id,narrative\nc-1,{GOOD}\n"))?;
    let check = |words: &[&str]| -> Result<Output> {
        Ok(ombud(data.path())?.arg("check").arg(&file).args(words).output()?)
    };
    let refused = check(&[])?;
    let error = text(&refused.stderr);
    ensure!(refused.status.code() == Some(1) && error.contains("--received-at file"), "{error}");
    for time in ["file", "now", "2026-01-31"] {
        ensure!(check(&["--received-at", time])?.status.success(), "{time}");
    }
    fs::write(&file, format!("{DAYS}c-1,2026-01-31,{GOOD}\nc-2,,{GOOD}\n"))?;
    let checked = check(&["--received-at", "now"])?;
    let told = text(&checked.stderr);
    ensure!(checked.status.code() == Some(3) && told.contains("1  received-at-missing"), "{told}");
    Ok(())
}

#[test]
fn an_id_that_stands_for_several_complaints_is_sent_for_none_of_them() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("spreadsheet.csv");
    let rows = format!(
        "2.02611E+12,2026-01-31,{GOOD}\n2.02611E+12,2026-01-31,Another customer says that {GOOD}\n\
         c-3,2026-01-31,{GOOD}\n c-3 ,2026-01-31,{GOOD}\n"
    );
    fs::write(&file, format!("{DAYS}{rows}"))?;
    let output = up(&file, data.path())?;
    let (summary, told): (Value, _) =
        (serde_json::from_slice(output.stdout.trim_ascii())?, text(&output.stderr));
    ensure!(
        summary["complaints"] == 1 && summary["rejected"] == 2 && summary["duplicates"] == 1,
        "{summary}"
    );
    ensure!(told.contains("2  id-with-several-narratives"), "{told}");
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
    ensure!(
        status == 202 && body.contains("h-2") && body.contains("received_at was not said"),
        "{status} {body}"
    );
    // `tail --follow` waits for the route itself.
    let route = Log::of(data.path()).wait_for("complaints.routed")?;
    ensure!(route["value"]["complaint_id"] == "h-2" && route["value"]["why"] == "COMPLETE", "{route}");
    let (status, metrics) = serving.get("/metrics")?;
    ensure!(status == 200 && metrics.contains("ombud_predictions_total"), "{metrics}");
    serving.stop()
}
