//! Topics, tables and positions that the first build wrote: a newer `setup` takes them on, and the workers go on where that
//! build's had stopped. The fixture's README says what is in it.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Result;
use ombud_tests::{Deployment, Routes, repository};

use super::teams_say_what_was_done::{case, work};
use crate::first_build;

/// How long the workers may take over what is left and what is new.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

#[test]
fn topics_and_tables_of_the_first_build_go_on() -> Result<()> {
    let deployment = Deployment::empty()?;
    let fixture = first_build::fixture();
    deployment.client(
        "python",
        &[
            "tests/clients/kept.py",
            "restore",
            &deployment.prefix,
            &deployment.keyspace,
            fixture.join("deployment.jsonl.gz").to_str().unwrap(),
            repository().join("crates/store/migrations/0001-tables.cql").to_str().unwrap(),
        ],
    )?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.by_complaint.len() == first_build::ROUTED)?;
    let before = routes.by_complaint.clone();

    // Of the model that it served this host has its own copy.
    first_build::keep_model(deployment.folder())?;
    deployment.set_up(first_build::PARTITIONS)?;
    let roles = [
        deployment.start(&["infer", "--task", "all"])?,
        deployment.start(&["join"])?,
        deployment.start(&["archive"])?,
    ];
    // A correction of a complaint that the first build had routed, and complaints of now.
    let file = deployment.folder().join("later.csv");
    fs::write(&file, first_build::later())?;
    deployment.run(&["send", "--received-at", "file", "--json", file.to_str().unwrap()])?;
    let all = first_build::ROUTED + first_build::UNROUTED + first_build::NEW;
    let corrected = |routes: &Routes| {
        let held = routes.held(first_build::CORRECTED);
        held.is_some_and(|held| {
            held.record.revision > before[first_build::CORRECTED].last().unwrap().record.revision
        })
    };
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.complete() == all && corrected(routes))?;

    // What was done is not done again.
    for (id, routed) in &before {
        let now = &routes.by_complaint[id];
        let more = usize::from(id == first_build::CORRECTED);
        assert_eq!(now.len(), routed.len() + more, "{id}");
    }
    let kinds = |id: &str| deployment.kinds_of_events(id);
    let routed = |id: &str| kinds(id).iter().filter(|kind| *kind == "routed").count();
    let until = Instant::now() + WAIT_TIMEOUT;
    while routed(first_build::CORRECTED) < 2 {
        assert!(Instant::now() < until, "{:?}", kinds(first_build::CORRECTED));
    }
    assert!(kinds(first_build::CONFIRMED).contains(&"feedback".to_owned()));
    // Work on what was routed before there was any.
    let route = &before[first_build::CONFIRMED].last().unwrap().record;
    let file = deployment.folder().join("routed.json");
    fs::write(&file, serde_json::to_string(route)?)?;
    work(&deployment, &file, &["FORWARDED", "--forwarded-to", "insurer-12", "--actor", "agent-17"], 0)?;
    case(&deployment, first_build::CONFIRMED, |case| case["work"]["phase"] == "answered")?;
    for role in roles {
        role.stop()?;
    }
    Ok(())
}
