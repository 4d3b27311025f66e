//! On real brokers, in processes of their own: every complaint of a file is routed once, by versions that are named, and
//! kept. Who says so are clients that are not ours.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use ombud_tests::{Deployment, Routes, sample_times};
use serde_json::Value;

/// How long all of the file may take.
const WAIT_TIMEOUT: Duration = Duration::from_secs(300);
/// How often the repository's sample is in the file: 1,500 complaints.
const SAMPLES: usize = 5;

#[test]
fn every_complaint_of_a_file_is_routed_once_and_kept() -> Result<()> {
    let deployment = Deployment::fresh(6)?;
    // A second time changes nothing.
    let again: Value = serde_json::from_str(&deployment.run(&[
        "setup",
        "--partitions",
        "6",
        "--replication-factor",
        "1",
        "--json",
    ])?)?;
    assert_eq!((&again["created"], &again["changed"], &again["refused"]), (&0.into(), &0.into(), &0.into()));

    let roles = [
        deployment.launch(&["infer", "--task", "product"])?,
        deployment.launch(&["infer", "--task", "issue"])?,
        deployment.launch(&["infer", "--task", "vulnerable"])?,
        deployment.launch(&["join"])?,
        deployment.launch(&["archive"])?,
    ];
    let mut running = Vec::new();
    for mut role in roles {
        role.wait_until_ready()?;
        running.push(role);
    }
    let file = deployment.folder().join("complaints.csv");
    let complaints = usize::try_from(sample_times(SAMPLES, &file)?)?;
    let sent: Value =
        serde_json::from_str(&deployment.run(&["send", "--bulk", "--json", file.to_str().unwrap()])?)?;
    assert_eq!(sent["sent"], complaints, "{sent}");
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;

    let seen: Value = serde_json::from_str(
        &deployment.client("python", &["tests/clients/routed.py", &deployment.topic("complaints.routed")])?,
    )?;
    let ids: BTreeSet<&str> =
        seen["complaints"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(
        (ids.len(), &seen["records"]),
        (complaints, &complaints.into()),
        "one routed record a complaint"
    );
    assert_eq!(ids, routes.by_complaint.keys().map(String::as_str).collect(), "both clients read the same");
    assert_eq!((&seen["unversioned"], &seen["incomplete"]), (&Value::Array(vec![]), &Value::Array(vec![])));

    // Stopped in the order of the flow, each has finished what it had in hand; archive first catches up.
    let archive = running.pop().unwrap();
    for role in running {
        role.stop()?;
    }
    let kept = || -> Result<Value> {
        Ok(serde_json::from_str(
            &deployment.client("python", &["tests/clients/cases.py", &deployment.keyspace])?,
        )?)
    };
    let until = std::time::Instant::now() + WAIT_TIMEOUT;
    while kept()?["3"] != complaints && std::time::Instant::now() < until {}
    archive.stop()?;
    let kept = kept()?;
    // Raw, predictions and routes of each.
    assert_eq!(
        (&kept["1"], &kept["2"], &kept["3"]),
        (&complaints.into(), &complaints.into(), &complaints.into())
    );
    Ok(())
}
