//! What the six roles export is as promtool likes it, and has every metric and label that alarms and dashboards ask for.

#![cfg(feature = "torch")]

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use ombud_stream::{Clock, SystemClock};
use ombud_tests::{Deployment, Role, Routes, Serving, repository, sample_times};
use serde_json::json;
use sha2::Sha256;

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// What questions to the process that explains are signed by.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Asks about no complaint, so that the time that takes is counted; gives the status.
fn nothing_is_explained(explain: &Role) -> Result<u16> {
    let body = json!({ "issued_at_ms": SystemClock.now_ms(), "jobs": [] }).to_string();
    let signature = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?.chain_update(&body).finalize();
    let signature = hex::encode(signature.into_bytes());
    let url = format!("http://{}/explain", explain.address().context("it listens")?);
    Ok(ureq::post(url).header("x-ombud-signature", signature).send(body)?.status().as_u16())
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn the_six_roles_export_what_alarms_and_dashboards_ask_for() -> Result<()> {
    let deployment = Deployment::with(4, &[("OMBUD_EXPLAIN__SECRET", SECRET)])?;
    let infer = ["infer", "--task", "product", "--task", "issue", "--task", "vulnerable"];
    let mut roles = Vec::new();
    for role in [&infer[..], &["join"], &["archive"], &["console"], &["explain", "--serve"]] {
        roles.push((role[0], deployment.start(role)?));
    }
    // Live, for what is promised of live complaints has its own labels.
    let file = deployment.folder().join("sample.csv");
    let complaints = usize::try_from(sample_times(1, &file)?)?;
    deployment.run(&["send", &file.display().to_string()])?;
    Routes::follow(&deployment)?.wait_for_complete(complaints, WAIT_TIMEOUT)?;

    let explain = roles.iter().find_map(|(name, role)| (*name == "explain").then_some(role)).context("it")?;
    ensure!(nothing_is_explained(explain)? == 200);

    let folder = deployment.folder().join("exported");
    fs::create_dir(&folder)?;
    let until = Instant::now() + WAIT_TIMEOUT;
    for (role, running) in &roles {
        let mut exported = running.get("/metrics")?.1;
        // How far a group is behind is looked at every ten seconds; the console and what explains have no group.
        while !["console", "explain"].contains(role) && !exported.contains("\nombud_drain_seconds{") {
            ensure!(Instant::now() < until, "{role} does not say how long it needs: {exported}");
            thread::park_timeout(Duration::from_millis(500));
            exported = running.get("/metrics")?.1;
        }
        fs::write(folder.join(role).with_extension("prom"), exported)?;
    }
    let data = tempfile::tempdir()?;
    let mut up = Serving::start(data.path())?;
    fs::write(folder.join("up.prom"), up.get("/metrics")?.1)?;
    up.stop()?;

    let checked =
        Command::new(repository().join("scripts/monitoring")).arg("exported").arg(&folder).output()?;
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stdout));
    Ok(())
}
