//! What `strategy replay` says a candidate would change is what it does change once it decides; and the model that
//! decides already would change nothing.

#![cfg(feature = "torch")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use flate2::read::MultiGzDecoder;
use ombud_tests::{Rollout, decision, quick_models, sample};
use serde_json::{Value, json};

const COMPLAINTS: usize = 60;
/// How long cases may take to be kept.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// The bag under another name, which confuses two pairs of products and is slow to call anybody vulnerable.
fn challenger(data: &Path) -> Result<String> {
    let (bag, challenger) = (quick_models(data)?.join("complaints-bag"), data.join("challenger"));
    fs::create_dir(&challenger)?;
    for entry in fs::read_dir(&bag)? {
        let entry = entry?;
        fs::copy(entry.path(), challenger.join(entry.file_name()))?;
    }
    let mut manifest: Value = serde_json::from_slice(&fs::read(bag.join("ombud.json"))?)?;
    manifest["model_id"] = json!("challenger");
    for head in manifest["heads"].as_array_mut().context("heads")? {
        if head["task"] == "product" {
            let labels = head["labels"].as_array_mut().context("labels")?;
            for (one, other) in [("Credit reporting", "Debt collection"), ("Mortgage", "Student loan")] {
                let place = |label| labels.iter().position(|known| known == label).context("a label");
                let (one, other) = (place(one)?, place(other)?);
                labels.swap(one, other);
            }
        }
        if head["task"] == "vulnerable" {
            head["thresholds"] = json!({"possible": 0.9, "vulnerable": 0.99});
        }
    }
    fs::write(challenger.join("ombud.json"), manifest.to_string())?;
    Ok(challenger.display().to_string())
}

fn narratives() -> Result<Vec<String>> {
    let mut rows = csv::Reader::from_reader(MultiGzDecoder::new(File::open(sample())?));
    let place = rows.headers()?.iter().position(|name| name.trim() == "narrative").context("narratives")?;
    let rows = rows.records().take(COMPLAINTS);
    rows.map(|row| Ok(row?.get(place).context("a narrative")?.to_owned())).collect()
}

/// `strategy replay` with `candidate`, once all of the complaints are kept.
fn replayed(up: &Rollout, candidate: &str, complaints: usize) -> Result<Value> {
    let until = Instant::now() + WAIT_TIMEOUT;
    let words = ["strategy", "replay", "--candidate", candidate, "--since", "2h", "--json"];
    loop {
        let output = up.command()?.args(words).output()?;
        if output.status.success() {
            let said: Value = serde_json::from_slice(&output.stdout)?;
            if said["document"]["rows"] == complaints {
                return Ok(said);
            }
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(Instant::now() < until, "{said}{}", String::from_utf8_lossy(&output.stdout));
        thread::park_timeout(Duration::from_millis(200));
    }
}

/// What a route reads of an answer.
fn answer(route: &Value, task: &str) -> Result<String> {
    let said = decision(route, task)?;
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    Ok(match text("outcome").as_str() {
        "LABELLED" if text("level") == task => text("label"),
        "LABELLED" => format!("{} ({})", text("label"), text("level")),
        "ABSTAINED" => "unsure".to_owned(),
        _ => "no answer".to_owned(),
    })
}

/// The names of clocks, or of rules, sorted.
fn rules(clocks: &Value) -> String {
    let named = clocks.as_array().map_or(&[][..], Vec::as_slice).iter();
    let mut names: Vec<&str> = named.filter_map(|one| one["name"].as_str().or(one.as_str())).collect();
    names.sort_unstable();
    names.join(", ")
}

/// By what is compared: before, after; only what differs.
type Changes = BTreeMap<String, (String, String)>;

fn differences(before: &Value, after: &Value) -> Result<Changes> {
    let text = |route: &Value, name: &str| route[name].as_str().unwrap_or_default().to_owned();
    let mut all = BTreeMap::new();
    for name in ["team", "vulnerability"] {
        all.insert(name.to_owned(), (text(before, name), text(after, name)));
    }
    all.insert("clocks".to_owned(), (rules(&before["clocks"]), rules(&after["clocks"])));
    for task in ["product", "issue"] {
        all.insert(task.to_owned(), (answer(before, task)?, answer(after, task)?));
    }
    all.retain(|_, (before, after)| before != after);
    Ok(all)
}

/// What the document says about one complaint.
fn told(document: &Value, complaint_id: &str) -> Result<Changes> {
    let changed = document["changed"].as_array().context("changed")?;
    let Some(one) = changed.iter().find(|one| one["complaint_id"] == complaint_id) else {
        return Ok(Changes::new());
    };
    let names = one["changed"].as_array().context("names")?.iter().filter_map(Value::as_str);
    let both = |name: &str| -> Result<(String, String)> {
        let side = |side: &str| match name {
            "team" | "vulnerability" => Ok(one[name][side].as_str().context("a text")?.to_owned()),
            "clocks" => Ok(rules(&one[name][side])),
            task => answer(
                &json!({"decisions": [{
                    "task": task,
                    "outcome": one["answers"][task][side]["outcome"],
                    "label": one["answers"][task][side]["label"],
                    "level": one["answers"][task][side]["level"],
                }]}),
                task,
            ),
        };
        Ok((side("champion")?, side("candidate")?))
    };
    names.map(|name| Ok((name.to_owned(), both(name)?))).collect()
}

#[test]
fn a_candidate_changes_what_its_replay_says_and_who_decides_changes_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let up = Rollout::start(data)?;
    let narratives = narratives()?;
    let narratives: Vec<&str> = narratives.iter().map(String::as_str).collect();
    let before = up.route("before", &narratives)?;
    up.run(&["models", "add", &challenger(data)?])?;

    let same = replayed(&up, "complaints-bag", COMPLAINTS)?;
    ensure!(same["document"]["figures"]["changed"] == 0.0, "{same}");
    let said = replayed(&up, "challenger", COMPLAINTS)?;
    let document = &said["document"];
    ensure!(replayed(&up, "challenger", COMPLAINTS)?["document"]["changed"] == document["changed"]);
    let page = data.join("changes.html");
    let html = page.display().to_string();
    let shown = up.run(&[
        "strategy",
        "replay",
        "--candidate",
        "challenger",
        "--since",
        "2h",
        "--limit",
        "1",
        "--html",
        &html,
    ])?;
    ensure!(shown.contains("more: --limit") && shown.contains("evaluation "), "{shown}");
    let (shown, page) = (&shown, &fs::read_to_string(page)?);
    ensure!(page.contains("<details>") && page.contains("before-"), "no complaint on the page");
    for text in [shown, page] {
        ensure!(narratives.iter().all(|narrative| !text.contains(&narrative[..20])), "a narrative is shown");
    }

    for task in ["product", "issue", "vulnerable"] {
        up.strategy(&format!("canary {task} challenger 50% --by ann"))?;
        up.strategy(&format!(
            "promote {task} --evaluation {} --by ann",
            said["evaluation"].as_str().context("an id")?
        ))?;
    }
    up.begun(7)?;
    let after = up.route("after", &narratives)?;
    let mut changed = 0;
    for (at, (before, after)) in before.iter().zip(&after).enumerate() {
        let (does, said) = (differences(before, after)?, told(document, &format!("before-{at}"))?);
        ensure!(does == said, "before-{at}: it changes {does:?}, and replay said {said:?}");
        changed += usize::from(!does.is_empty());
    }
    ensure!(changed > 5, "the challenger is no other model: {changed} changed");
    let counted = document["figures"]["changed"].as_f64().context("a figure")?;
    ensure!((counted - changed as f64).abs() < 0.5, "{changed} changed, and replay counted {counted}");
    Ok(())
}
