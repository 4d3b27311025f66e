//! What a default model's card says about each level is what its manifest says, and what serving gives.

#![cfg(feature = "torch")]

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use ombud_tests::{data_set, default_models, ombud};
use serde_json::Value;

const LEVELS: [&str; 3] = ["issue", "group", "intent"];

/// `served.issue.NAME` of the model's manifest.
fn served(model: &Path, name: &str) -> Result<f64> {
    let manifest: Value = serde_json::from_slice(&fs::read(model.join("ombud.json"))?)?;
    let figure = format!("served.issue.{name}");
    manifest["metrics"][&figure].as_f64().with_context(|| format!("{} has no {figure}", model.display()))
}

/// By level, what `ombud evaluate` counts: the share of complaints that is answered there, the share right, its interval.
fn evaluated(model: &Path, split: &str) -> Result<Vec<(f64, f64, [f64; 2])>> {
    let data = tempfile::tempdir()?;
    let mut evaluate = ombud(data.path())?;
    evaluate.arg("evaluate").arg("--data").arg(data_set(split)?).arg("--json");
    let output = evaluate.arg("--model").arg(model).arg("--baseline").arg(model).output()?;
    ensure!(output.status.success(), "evaluate: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let levels = report["answered"]["issue"]["levels"].as_array().context("levels")?;
    let level = |level: &Value| {
        let number = |value: &Value| value.as_f64().context("a number");
        let bounds = [number(&level["interval"][0])?, number(&level["interval"][1])?];
        Ok((number(&level["share"])?, number(&level["right"])?, bounds))
    };
    ensure!(levels.iter().map(|level| &level["level"]).eq(LEVELS), "{levels:?}");
    levels.iter().map(level).collect()
}

#[test]
fn the_cards_table_is_of_the_manifests_figures() -> Result<()> {
    for model in ["complaints", "complaints-bag"].map(|model| default_models().join(model)) {
        let card = fs::read_to_string(model.join("README.md"))?;
        for level in LEVELS {
            let row = card.lines().find(|line| line.starts_with(&format!("| issue: {level} | 0.")));
            let row = row.with_context(|| format!("{level} in the card of {}", model.display()))?;
            let (share, right) =
                (served(&model, &format!("{level}.share"))?, served(&model, &format!("{level}.right"))?);
            ensure!(
                row.contains(&format!(" {share:.3} |")) && row.contains(&format!("| {right:.3} [")),
                "{row}"
            );
        }
    }
    Ok(())
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn on_the_data_sets_each_level_keeps_what_was_promised_and_answers_what_the_card_says() -> Result<()> {
    let model = default_models().join("complaints");
    let training: Value = serde_json::from_slice(&fs::read(model.join("training.json"))?)?;
    for split in ["validation", "test"] {
        for (level, (share, right, [low, high])) in LEVELS.iter().zip(evaluated(&model, split)?) {
            let promised =
                training["recipe"]["targets"]["least_right"][level].as_f64().context("a promise")?;
            ensure!(right >= promised, "{split}, {level}: {promised} was promised, {right} is right");
            let said = served(&model, &format!("{level}.share"))?;
            ensure!(
                (said - share).abs() <= 0.03,
                "{split}, {level}: {said} are said to be answered, {share} are"
            );
            // What serves was fitted to the validation rows; the card's figures are of scores that were not.
            let said = served(&model, &format!("{level}.right"))?;
            let found = (low..=high).contains(&said) || split == "test";
            ensure!(found, "{split}, {level}: {said} is said, {right} in {low}..{high} is found");
        }
    }
    Ok(())
}
