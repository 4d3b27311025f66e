//! What the five roles export is as promtool likes it, and has every metric and label that alarms and dashboards ask for.

#![cfg(feature = "torch")]

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_tests::{Deployment, Routes, Serving, repository, sample_times};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn the_five_roles_export_what_alarms_and_dashboards_ask_for() -> Result<()> {
    let deployment = Deployment::fresh(4)?;
    let infer = ["infer", "--task", "product", "--task", "issue", "--task", "vulnerable"];
    let mut roles = Vec::new();
    for role in [&infer[..], &["join"], &["archive"], &["console"]] {
        roles.push((role[0], deployment.start(role)?));
    }
    // Live, for what is promised of live complaints has its own labels.
    let file = deployment.folder().join("sample.csv");
    let complaints = usize::try_from(sample_times(1, &file)?)?;
    deployment.run(&["send", &file.display().to_string()])?;
    Routes::follow(&deployment)?.wait_for_complete(complaints, WAIT_TIMEOUT)?;

    let folder = deployment.folder().join("exported");
    fs::create_dir(&folder)?;
    let until = Instant::now() + WAIT_TIMEOUT;
    for (role, running) in &roles {
        let mut exported = running.get("/metrics")?.1;
        // How far a group is behind is looked at every ten seconds; the console has no group.
        while *role != "console" && !exported.contains("\nombud_drain_seconds{") {
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
