//! A model gets a tenth of the complaints of a running `up`, then all, then none; every case says why who answered.

#![cfg(feature = "torch")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::ids::basis_point;
use ombud_tests::{Log, ombud, quick_models, sample};
use serde_json::Value;

/// How long a strategy may take to begin, or a file to be routed.
const PATIENCE: Duration = Duration::from_secs(120);

/// `ombud up`, killed when dropped.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn at(data: &Path, port: u16) -> Result<Command> {
    let mut command = ombud(data)?;
    command.env("OMBUD_HTTP__ADDRESS", format!("127.0.0.1:{port}"));
    Ok(command)
}

fn strategy(data: &Path, port: u16, words: &str) -> Result<Value> {
    let output = at(data, port)?.arg("strategy").args(words.split(' ')).arg("--json").output()?;
    ensure!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Waits until `version` decides what comes from now on.
fn begun(data: &Path, port: u16, version: i64) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while strategy(data, port, "show")?["version"] != version {
        ensure!(Instant::now() < until, "strategy {version} does not begin");
        thread::park_timeout(Duration::from_millis(100));
    }
    Ok(())
}

/// Posts `count` complaints whose ids begin with `name`, and gives their routes.
fn route(data: &Path, port: u16, name: &str, count: usize) -> Result<Vec<Value>> {
    let url = format!("http://127.0.0.1:{port}/api/complaints");
    for i in 0..count {
        let complaint = serde_json::json!({
            "complaint_id": format!("{name}-{i}"),
            "narrative": "My card was charged twice and the bank refuses to refund me.",
        });
        ureq::post(&url).send_json(&complaint)?;
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let mut routes: Vec<Value> = Log::of(data)
            .tail("complaints.routed")?
            .into_iter()
            .map(|record| record["value"].clone())
            .collect();
        routes.retain(|route| route["complaint_id"].as_str().is_some_and(|id| id.starts_with(name)));
        if routes.len() == count {
            return Ok(routes);
        }
        ensure!(Instant::now() < until, "{} of {count} are routed", routes.len());
        thread::park_timeout(Duration::from_millis(100));
    }
}

fn product(route: &Value) -> Result<&Value> {
    let decisions = route["decisions"].as_array().context("decisions")?;
    decisions.iter().find(|decision| decision["task"] == "product").context("a product")
}

/// Puts `challenger`, the bag under another name, beside the bag: in shadow from the first strategy on, so that a first
/// start registers it.
fn with_challenger(data: &Path) -> Result<()> {
    let models = quick_models(data)?;
    let (bag, challenger) = (models.join("complaints-bag"), models.join("challenger"));
    fs::create_dir(&challenger)?;
    for entry in fs::read_dir(&bag)? {
        let entry = entry?;
        fs::copy(entry.path(), challenger.join(entry.file_name()))?;
    }
    let manifest = fs::read_to_string(challenger.join("ombud.json"))?;
    let renamed = manifest.replace("\"model_id\": \"complaints-bag\"", "\"model_id\": \"challenger\"");
    ensure!(renamed != manifest, "{manifest}");
    fs::write(challenger.join("ombud.json"), renamed)?;
    let first = fs::read_to_string(models.join("strategy.toml"))?;
    let watched = first.replacen(
        "arms = [{ name = \"champion\", model = \"complaints-bag\" }]",
        "arms = [{ name = \"champion\", model = \"complaints-bag\" }, { name = \"shadow\", model = \"challenger\", role = \"shadow\" }]",
        1,
    );
    ensure!(watched != first, "{first}");
    Ok(fs::write(models.join("strategy.toml"), watched)?)
}

#[test]
fn a_canary_decides_its_share_then_all_then_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    with_challenger(data)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let _up =
        Up(at(data, port)?.arg("up").arg(sample()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let until = Instant::now() + PATIENCE;
    while ureq::get(format!("http://127.0.0.1:{port}/readyz")).call().is_err() {
        ensure!(Instant::now() < until, "up is not ready");
        thread::park_timeout(Duration::from_millis(100));
    }
    let said = |route: &Value| -> Result<(i64, String, String)> {
        let product = product(route)?;
        let text = |field: &str| product[field].as_str().map(str::to_owned).context("text");
        Ok((product["strategy_version"].as_i64().context("a version")?, text("arm")?, text("model_id")?))
    };

    strategy(data, port, "canary product challenger 30% --by ann --reason try")?;
    begun(data, port, 2)?;
    let mut in_canary = 0;
    for route in route(data, port, "canary", 100)? {
        let (version, arm, model) = said(&route)?;
        let id = route["complaint_id"].as_str().context("an id")?;
        let drawn = basis_point(id, "product-1") < 3_000;
        let expected = if drawn { ("canary", "challenger") } else { ("champion", "complaints-bag") };
        ensure!(version == 2 && (arm.as_str(), model.as_str()) == expected, "{id}: {version} {arm} {model}");
        in_canary += i32::from(drawn);
    }
    // Four standard errors of 30 of 100.
    ensure!((in_canary - 30).abs() < 19, "{in_canary}");

    strategy(data, port, "promote product --evaluation e-1 --by ann")?;
    begun(data, port, 3)?;
    for route in route(data, port, "promoted", 20)? {
        ensure!(said(&route)? == (3, "champion".to_owned(), "challenger".to_owned()), "{route}");
    }
    strategy(data, port, "roll-back --to 1 --by bob")?;
    begun(data, port, 4)?;
    for route in route(data, port, "back", 20)? {
        ensure!(said(&route)? == (4, "champion".to_owned(), "complaints-bag".to_owned()), "{route}");
    }

    let until = Instant::now() + PATIENCE;
    let case = loop {
        match Log::of(data).show("promoted-0") {
            Ok(case) => break case,
            Err(error) => ensure!(Instant::now() < until, "{error}"),
        }
        thread::park_timeout(Duration::from_millis(100));
    };
    let events = case["events"].as_array().context("events")?;
    let answered = events.iter().find(|event| event["value"]["task"] == "product").context("a product")?;
    let why = &answered["why"];
    ensure!(
        why["strategy_version"] == 3 && why["evaluation_id"] == "e-1" && why["stood_in"] == false,
        "{why}"
    );
    ensure!(why["draw"]["from"] == 0 && why["draw"]["to"] == 10_000, "{why}");
    Ok(())
}
