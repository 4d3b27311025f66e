//! A data folder that the first build wrote: a newer one goes on where that build had stopped.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{fs, io::copy};

use anyhow::{Result, ensure};
use flate2::read::GzDecoder;
use ombud_tests::{Log, ombud};
use serde_json::Value;

use crate::first_build;

#[test]
fn a_data_folder_of_the_first_build_goes_on() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut packed = GzDecoder::new(fs::File::open(first_build::fixture().join("ombud.db.gz"))?);
    copy(&mut packed, &mut fs::File::create(data.path().join("ombud.db"))?)?;

    first_build::keep_model(data.path())?;

    let log = Log::of(data.path());
    let before = log.tail("complaints.routed")?;
    ensure!(before.len() == first_build::ROUTED, "{} were routed", before.len());
    let revisions = |routes: &[Value], id: &str| -> Vec<i64> {
        let of_it = routes.iter().filter(|route| route["value"]["complaint_id"] == id);
        of_it.filter_map(|route| route["value"]["revision"].as_i64()).collect()
    };

    let unheard_of = ombud(data.path())?.args(["tail", "complaints.work"]).output()?;
    let said = String::from_utf8_lossy(&unheard_of.stderr);
    ensure!(said.contains("complaints.work: the log has none yet"), "nobody has opened it yet: {said}");

    let later = data.path().join("later.csv");
    fs::write(&later, first_build::later())?;
    let output = ombud(data.path())?
        .arg("up")
        .arg(&later)
        .args(["--received-at", "file", "--once", "--json"])
        .output()?;
    ensure!(output.status.success(), "up: {}", String::from_utf8_lossy(&output.stderr));

    let after = log.tail("complaints.routed")?;
    ensure!(before.iter().all(|route| after.contains(route)), "what was written stays");
    // The correction too; what is older is not routed again.
    ensure!(after.len() == before.len() + first_build::NEW + 1, "{} routes", after.len());
    let (old, now) = (revisions(&before, first_build::CORRECTED), revisions(&after, first_build::CORRECTED));
    ensure!(now.len() == 2 && now.last() > old.last() && now[0] == old[0], "{old:?} became {now:?}");
    let case = log.show(first_build::CONFIRMED)?;
    let kinds: Vec<&str> =
        case["events"].as_array().into_iter().flatten().filter_map(|event| event["kind"].as_str()).collect();
    ensure!(kinds.contains(&"feedback"), "{kinds:?}");
    ensure!(case["work"]["phase"] == "open", "{}", case["work"]);
    for topic in ["complaints.work", "console.audit"] {
        ensure!(log.tail(topic)?.is_empty(), "{topic} is there, and nobody has written to it");
    }
    Ok(())
}
