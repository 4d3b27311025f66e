//! A model gets a tenth of the complaints of a running `up`, then all, then none; every case says why who answered.

#![cfg(feature = "torch")]

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use ombud_contract::ids::basis_point;
use ombud_tests::{Rollout, decision, quick_models, repository};
use serde_json::Value;

const NARRATIVE: &str = "My card was charged twice and the bank refuses to refund me.";

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
    let up = Rollout::start(data)?;
    let said = |route: &Value| -> Result<(i64, String, String)> {
        let product = decision(route, "product")?;
        let text = |field: &str| product[field].as_str().map(str::to_owned).context("text");
        Ok((product["strategy_version"].as_i64().context("a version")?, text("arm")?, text("model_id")?))
    };

    up.strategy("canary product challenger 30% --by ann --reason try")?;
    up.begun(2)?;
    let mut in_canary = 0;
    for route in up.route("canary", &[NARRATIVE; 100])? {
        let (version, arm, model) = said(&route)?;
        let id = route["complaint_id"].as_str().context("an id")?;
        let drawn = basis_point(id, "product-1") < 3_000;
        let expected = if drawn { ("canary", "challenger") } else { ("champion", "complaints-bag") };
        ensure!(version == 2 && (arm.as_str(), model.as_str()) == expected, "{id}: {version} {arm} {model}");
        in_canary += i32::from(drawn);
    }
    // Four standard errors of 30 of 100.
    ensure!((in_canary - 30).abs() < 19, "{in_canary}");

    let challenger = data.join("quick-models/challenger");
    let sample = repository().join("examples/complaints-sample.csv.gz");
    let evaluate = |path: &Path| -> Result<Value> {
        let (model, data) = (challenger.to_string_lossy(), path.to_string_lossy());
        let words = ["evaluate", "--model", &model, "--data", &data, "--record", "--json"];
        Ok(serde_json::from_str(&up.run(&words)?)?)
    };
    let evaluation = evaluate(&sample)?["evaluation_id"].as_str().context("an id")?.to_owned();
    ensure!(evaluate(&sample)?["evaluation_id"] == evaluation.as_str(), "the same finding has the same id");
    ensure!(up.strategy("promote product --evaluation 0123456789abcdef --by ann").is_err());
    up.strategy(&format!("promote product --evaluation {evaluation} --by ann"))?;
    up.begun(3)?;
    for route in up.route("promoted", &[NARRATIVE; 20])? {
        ensure!(said(&route)? == (3, "champion".to_owned(), "challenger".to_owned()), "{route}");
    }
    up.strategy("roll-back --to 1 --by bob")?;
    up.begun(4)?;
    for route in up.route("back", &[NARRATIVE; 20])? {
        ensure!(said(&route)? == (4, "champion".to_owned(), "complaints-bag".to_owned()), "{route}");
    }

    let case = up.case("promoted-0")?;
    let events = case["events"].as_array().context("events")?;
    let answered = events.iter().find(|event| event["value"]["task"] == "product").context("a product")?;
    let why = &answered["why"];
    ensure!(
        why["strategy_version"] == 3
            && why["evaluation_id"] == evaluation.as_str()
            && why["stood_in"] == false,
        "{why}"
    );
    ensure!(why["draw"]["from"] == 0 && why["draw"]["to"] == 10_000, "{why}");
    Ok(())
}
