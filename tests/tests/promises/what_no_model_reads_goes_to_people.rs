//! Nobody vulnerable is cleared by a model that can't read what they wrote, whatever their language is said to be.

#![cfg(feature = "torch")]
#![expect(clippy::print_stdout, reason = "figures of a run, for whoever asks for them")]

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Log, data_set, ombud, repository};
use serde_json::{Value, json};

const TEXTS: &str = "crates/models/tests/reads";
/// Of the held-out complaints so many in a thousand may go to people because a model can't read them.
const PRICE: f64 = 3.0;

/// Routes `complaints` with the bag; by id, the routed record.
fn routed(complaints: &[Value]) -> Result<BTreeMap<String, Value>> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("complaints.jsonl");
    let lines: Vec<String> = complaints.iter().map(Value::to_string).collect();
    fs::write(&file, lines.join("\n"))?;
    let mut up = ombud(data.path())?;
    up.arg("up").arg(&file).args(["--received-at", "now", "--once", "--json"]);
    let output = up.output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));
    let routes = Log::of(data.path()).tail("complaints.routed")?.into_iter();
    let by_id = routes.map(|mut route| {
        let route = route["value"].take();
        Ok((route["complaint_id"].as_str().context("an id")?.to_owned(), route))
    });
    let by_id: BTreeMap<_, _> = by_id.collect::<Result<_>>()?;
    ensure!(by_id.len() == complaints.len(), "{} of {} complaints are routed", by_id.len(), complaints.len());
    Ok(by_id)
}

fn text(name: &str) -> Result<String> {
    let file = repository().join(TEXTS).join(name);
    fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
}

#[test]
fn ninety_texts_of_vulnerable_customers_in_thirty_languages_are_all_read_by_people() -> Result<()> {
    let texts = text("vulnerable.tsv")?;
    let mut complaints = Vec::new();
    for line in texts.lines().filter(|line| !line.starts_with('#')) {
        let (language, texts) = line.split_once('\t').context("a language and its texts")?;
        for (n, narrative) in texts.split('\t').enumerate() {
            for said in ["", "und", "en", language] {
                let mut complaint =
                    json!({"complaint_id": format!("{language}-{n}-{said}"), "narrative": narrative});
                if !said.is_empty() {
                    complaint["language"] = json!(said);
                }
                complaints.push(complaint);
            }
        }
    }
    ensure!(complaints.len() == 360, "{} complaints", complaints.len());
    for (id, route) in routed(&complaints)? {
        ensure!(route["vulnerability"] != "NOT_INDICATED" && route["needs_human"] == true, "{id}: {route}");
        let reasons = route["human_reasons"].as_array().context("reasons")?;
        ensure!(reasons.contains(&json!("unread-vulnerable")), "{id}: {route}");
        let decisions = route["decisions"].as_array().context("decisions")?;
        let unread = |decision: &Value| decision["outcome"] == "ABSTAINED" && decision["unread"].is_string();
        ensure!(decisions.len() == 3 && decisions.iter().all(unread), "{id}: {route}");
    }
    Ok(())
}

#[test]
fn plain_english_of_a_few_words_is_answered() -> Result<()> {
    let complaints: Vec<Value> = text("plain.txt")?
        .lines()
        .enumerate()
        .map(|(n, narrative)| json!({"complaint_id": format!("plain-{n}"), "narrative": narrative}))
        .collect();
    let routes = routed(&complaints)?;
    let read = |route: &&Value| {
        let decisions = route["decisions"].as_array().into_iter().flatten();
        decisions.into_iter().all(|decision| decision["unread"].is_null())
    };
    let read = routes.values().filter(read).count();
    ensure!(complaints.len() == 40 && read >= 38, "{read} of {} were read", complaints.len());
    Ok(())
}

#[test]
fn mail_and_words_without_a_complaint_are_read_by_people() -> Result<()> {
    let narratives = [
        "Thanks.\n\nOn Tue, 3 Nov 2026 at 09:14, Example Bank Mortgage Team <m@bank.test> wrote:\n> Dear customer, about your mortgage escrow account and your home insurance: please call the mortgage team.",
        "XXXX XXXX XXXX",
        "pls call me back\n--\nSent from my phone\nCONFIDENTIAL: this e-mail and any attachment are for the addressee only.",
    ];
    let complaints: Vec<Value> = narratives
        .iter()
        .enumerate()
        .map(|(n, narrative)| json!({"complaint_id": format!("m-{n}"), "narrative": narrative}))
        .collect();
    for (id, route) in routed(&complaints)? {
        ensure!(route["vulnerability"] == "POSSIBLE" && route["needs_human"] == true, "{id}: {route}");
        ensure!(route["team"] == "triage-desk", "{id}: {route}");
    }
    Ok(())
}

/// Of the complaints of `file` how many in a thousand the default bag cannot read.
fn unread_of(file: &Path) -> Result<f64> {
    let data = tempfile::tempdir()?;
    let mut evaluate = ombud(data.path())?;
    evaluate.args(["evaluate", "--json", "--data"]).arg(file);
    let output = evaluate.output()?;
    ensure!(output.status.success(), "evaluate: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(output.stdout.trim_ascii())?;
    println!("{} of {} complaints are not read: {}", report["unread"], report["rows"], report["unread_for"]);
    let count = |name: &str| report[name].as_f64().with_context(|| format!("{name} of {report}"));
    Ok(1_000.0 * count("unread")? / count("rows")?)
}

#[test]
fn of_the_data_sets_test_split_at_most_three_in_a_thousand_go_to_people_for_this() -> Result<()> {
    let unread = unread_of(&data_set("test")?)?;
    ensure!(unread <= PRICE, "{unread:.1} in a thousand");
    Ok(())
}
