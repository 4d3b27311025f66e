//! `ombud setup` says all that would fail before it makes anything; once that is fixed, it makes everything, once.

#![cfg(feature = "torch")]

use anyhow::{Result, ensure};
use ombud_tests::Deployment;
use serde_json::Value;

/// As many as are asked for by three copies, and are not there.
const TOO_MANY: &str = "3";

/// What `setup` with these options says that it would do.
fn setup(deployment: &Deployment, options: &[&str]) -> Result<Value> {
    let options = [&["setup", "--partitions", "3", "--replication-factor", "1", "--json"], options].concat();
    Ok(serde_json::from_str(&deployment.run(&options)?)?)
}

#[test]
fn nothing_is_made_while_anything_would_fail() -> Result<()> {
    let mut deployment = Deployment::empty()?;
    let cql = deployment.variable("OMBUD_CQL_NODES")?;
    deployment.set("OMBUD_CQL_NODES", "127.0.0.1:1");
    let output = deployment.command()?.args(["setup", "--replication-factor", TOO_MANY]).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "{said}");
    for part in ["nothing was made", "(1) ", "127.0.0.1:1", "(2) keep 3 copies", "--replication-factor 1"] {
        ensure!(said.contains(part), "{part}: {said}");
    }

    deployment.set("OMBUD_CQL_NODES", &cql);
    let planned = setup(&deployment, &["--dry-run"])?;
    ensure!(planned["changed"] == 0 && planned["unchanged"] == 0, "nothing is there: {planned}");
    let made = setup(&deployment, &[])?;
    ensure!(made["created"] == planned["created"] && made["refused"] == 0, "{planned} and then {made}");
    let again = setup(&deployment, &["--dry-run"])?;
    ensure!(again["created"] == 0 && again["changed"] == 0, "{again}");
    Ok(())
}
