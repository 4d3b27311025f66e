//! A running `up` whose strategy asks for a second person: a change is refused by one, published by two and rolled back by one,
//! and who did what is in the audit.

#![cfg(feature = "torch")]

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, ensure};
use ombud_contract::ids::basis_point;
use ombud_tests::{Log, Rollout, decision, quick_models};
use serde_json::{Value, json};

const NARRATIVE: &str = "My card was charged twice and the bank refuses to refund me.";
/// The bag beside itself: which arm decided is what is looked at.
const CANARY: &str = "canary product complaints-bag 30%";

/// What `ombud strategy` with `words` says on stderr; it must end with exit code 1.
fn refused(up: &Rollout, words: &str) -> Result<String> {
    let output = up.command()?.arg("strategy").args(words.split(' ')).output()?;
    ensure!(output.status.code() == Some(1), "{words}: {output:?}");
    Ok(String::from_utf8(output.stderr)?)
}

fn arm_of(route: &Value) -> Result<(&str, &str, i64)> {
    let product = decision(route, "product")?;
    let id = route["complaint_id"].as_str().context("an id")?;
    let version = product["strategy_version"].as_i64().context("a version")?;
    Ok((id, product["arm"].as_str().context("an arm")?, version))
}

#[test]
fn a_change_is_refused_by_one_published_by_two_and_rolled_back_by_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let file = quick_models(data)?.join("strategy.toml");
    let first = fs::read_to_string(&file)?;
    let strict = first.replace("approvals = 0", "approvals = 1");
    ensure!(strict != first, "{first}");
    fs::write(&file, strict)?;
    let up = Rollout::start(data)?;

    let alone = refused(&up, &format!("{CANARY} --by ann"))?;
    ensure!(alone.contains("ombud strategy request"), "{alone}");
    let request = up.strategy(&format!("request {CANARY} --by ann --reason try"))?;
    let id = request["request_id"].as_str().context("an id")?;
    ensure!(request["state"] == "open" && request["approvals_needed"] == 1, "{request}");
    let own = refused(&up, &format!("approve {id} --by ann"))?;
    ensure!(own.contains("another person must approve it"), "{own}");
    ensure!(up.strategy("show")?["version"] == 1);

    let published = up.strategy(&format!("approve {id} --by bob"))?;
    ensure!(published["state"] == "published" && published["strategy_version"] == 2, "{published}");
    up.begun(2)?;
    let two = up.strategy("show --version 2")?;
    ensure!(two["requested_by"] == "ann" && two["approved_by"] == json!(["bob"]), "{two}");
    for route in up.route("canary", &[NARRATIVE; 40])? {
        let (id, arm, version) = arm_of(&route)?;
        let expected = if basis_point(id, "product-1") < 3_000 { "canary" } else { "champion" };
        ensure!(version == 2 && arm == expected, "{route}");
    }

    ensure!(refused(&up, "canary product complaints-bag 60% --by bob")?.contains("ombud strategy request"));
    up.strategy("roll-back --by bob")?;
    up.begun(3)?;
    for route in up.route("back", &[NARRATIVE; 10])? {
        let (_, arm, version) = arm_of(&route)?;
        ensure!(version == 3 && arm == "champion", "{route}");
    }

    let audited: BTreeSet<(String, String)> = Log::of(data)
        .tail("console.audit")?
        .iter()
        .filter(|record| record["value"]["subject"] == id)
        .filter_map(|record| {
            let text = |field: &str| record["value"][field].as_str().map(str::to_owned);
            Some((text("action")?, text("actor")?))
        })
        .collect();
    let expected = [("change-approved", "bob"), ("change-published", "bob"), ("change-requested", "ann")];
    let expected = expected.map(|(action, actor)| (action.to_owned(), actor.to_owned()));
    ensure!(audited.into_iter().eq(expected.clone()), "{expected:?}");
    Ok(())
}
