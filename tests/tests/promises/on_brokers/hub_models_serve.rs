//! A model of a hub is added by its name while workers run elsewhere: they fetch it, it decides, and when the hub is gone a
//! worker that starts again still has it.

#![cfg(feature = "torch")]

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use ombud_contract::{
    codec,
    records::{Outcome, Prediction},
};
use ombud_stream::{Clock, SystemClock};
use ombud_tests::{Deployment, Mirror, Role, Routes, bag, repository, sample_times, split, whole};
use serde_json::Value;

const PARTITIONS: i32 = 3;
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// Everything that is started from now on is on another host: other data, another cache.
fn move_to(deployment: &mut Deployment, host: &str) {
    for (name, folder) in [("OMBUD_DATA", "data"), ("HF_HUB_CACHE", "hub")] {
        let folder = deployment.folder().join(host).join(folder);
        deployment.set(name, &folder.to_string_lossy());
    }
}

/// Which versions have answered for product.
fn answered(deployment: &Deployment) -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for record in whole(deployment, "complaints.predictions")? {
        let prediction: Prediction = codec::decode(record.value.as_deref().context("a value")?)?;
        ensure!(prediction.outcome != Outcome::Failed, "{prediction:?}");
        if prediction.task == "product" {
            versions.push(prediction.model_version);
        }
    }
    Ok(versions)
}

/// Sends `file`, and gives the versions that answered it for product once all of it is routed.
fn decide(
    deployment: &Deployment,
    routes: &mut Routes,
    (file, complaints): &(impl AsRef<Path>, usize),
) -> Result<Vec<String>> {
    let before = answered(deployment)?;
    let routed = routes.complete();
    deployment.run(&["send", &file.as_ref().to_string_lossy()])?;
    routes.wait_for_complete(routed + complaints, WAIT_TIMEOUT)?;
    let mut after = answered(deployment)?;
    for version in before {
        let place = after.iter().position(|known| *known == version).context("an answer stays")?;
        after.swap_remove(place);
    }
    ensure!(after.len() == *complaints, "{} answers to {complaints} complaints", after.len());
    Ok(after)
}

#[test]
fn what_is_added_by_its_name_serves_without_a_restart_and_without_the_hub_after_one() -> Result<()> {
    let mut deployment = Deployment::fresh(PARTITIONS)?;
    let offered = bag(&deployment.folder().join("offered"), 7)?;
    let mirror = Mirror::of("bank/triage", &offered.dir)?;
    deployment.set("HF_ENDPOINT", &mirror.endpoint());
    let file = deployment.folder().join("complaints.csv");
    sample_times(1, &file)?;
    let parts = split(&file, 4)?;

    move_to(&mut deployment, "workers");
    let mut infer = deployment.start(&["infer", "--task", "all"])?;
    let join = deployment.start(&["join"])?;
    let mut routes = Routes::follow(&deployment)?;
    let before = decide(&deployment, &mut routes, &parts[0])?;
    ensure!(!before.contains(&offered.version));

    move_to(&mut deployment, "desk");
    let added = deployment.run(&["models", "add", "bank/triage@v1"])?;
    ensure!(added.contains(&offered.version) && added.contains("registered"), "{added}");
    let known: Value = serde_json::from_str(
        deployment
            .run(&["models", "list", "--json"])?
            .lines()
            .find(|line| line.contains(&offered.version))
            .context("it is registered")?,
    )?;
    ensure!(known["hub_id"] == "bank/triage" && known["state"] == "REGISTERED", "{known}");
    let by_desk = mirror.fetched("model.safetensors");
    let canary = format!("complaints-bag@{}", &offered.version[..12]);
    deployment.run(&["strategy", "canary", "product", &canary, "50%", "--by", "test"])?;
    let promoted =
        deployment.run(&["strategy", "promote", "product", "--force", "--by", "test", "--json"])?;
    let promoted: Value = serde_json::from_str(&promoted)?;
    let from = promoted["strategy"]["effective_from"].as_i64().context("when it begins")?;
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() > from)?;
    let after = decide(&deployment, &mut routes, &parts[1])?;
    ensure!(after.iter().all(|version| *version == offered.version), "{after:?}");
    infer.still_runs()?;
    ensure!(mirror.fetched("model.safetensors") > by_desk, "the worker has fetched it for itself");

    drop(mirror);
    move_to(&mut deployment, "workers");
    let shelf = deployment.folder().join("workers/data/models/complaints-bag").join(&offered.version);
    // From the shelf at first; then that is lost, and the hub's cache has it.
    for (lost, part) in [(false, &parts[2]), (true, &parts[3])] {
        infer.stop()?;
        ensure!(shelf.is_dir(), "{}", shelf.display());
        if lost {
            fs::remove_dir_all(&shelf)?;
        }
        infer = deployment.start(&["infer", "--task", "all"])?;
        let again = decide(&deployment, &mut routes, part)?;
        ensure!(again.iter().all(|version| *version == offered.version), "lost: {lost}: {again:?}");
    }
    [infer, join].into_iter().try_for_each(|role: Role| role.stop().map(drop))
}

#[test]
fn a_model_of_the_hub_that_is_none_of_ours_is_to_be_imported_first() -> Result<()> {
    let mut deployment = Deployment::fresh(1)?;
    let theirs = deployment.folder().join("theirs");
    fs::create_dir(&theirs)?;
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(repository().join("crates/torch/tests/goldens/bert").join(name), theirs.join(name))?;
    }
    let mirror = Mirror::of("bank/triage", &theirs)?;
    deployment.set("HF_ENDPOINT", &mirror.endpoint());
    move_to(&mut deployment, "desk");
    let refused = deployment.run(&["models", "add", "bank/triage"]).err().context("it is refused")?;
    let said = format!("{refused:#}");
    ensure!(said.contains("`ombud models import bank/triage`"), "{said}");
    ensure!(mirror.fetched("model.safetensors") == 0, "nothing is fetched for that");
    Ok(())
}
