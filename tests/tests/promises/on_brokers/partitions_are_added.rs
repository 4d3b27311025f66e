//! Somebody gives complaints.raw more partitions while everybody works: the old ones go on, the new ones wait and say so,
//! and `ombud setup --widen` has them go on. A complaint whose next submission lies in another partition than the one
//! before is held as its newest submission says.

#![cfg(feature = "torch")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use csv::Reader;
use flate2::read::MultiGzDecoder;
use ombud_contract::{codec, records::RawComplaint};
use ombud_tests::{Deployment, Load, Role, Routes, sample, sample_times, split, whole};
use serde_json::Value;

const BEFORE: i32 = 4;
const AFTER: i32 = 6;
const COMMAND: &str = "ombud setup --widen 6";
const INFER: [&str; 3] = ["infer", "--task", "product,issue,vulnerable"];
/// How long everything may take; workers meet new partitions within ten seconds.
const WAIT_TIMEOUT: Duration = Duration::from_secs(180);
/// Complaints that are sent again.
const AGAIN: usize = 100;
/// Every fifth of them is withdrawn then.
const WITHDRAWN: usize = 5;
/// Complaints a second that come meanwhile.
const RATE: u32 = 20;

/// Widens complaints.raw alone.
fn widen_raw(deployment: &Deployment) -> Result<()> {
    let (raw, count) = (deployment.topic("complaints.raw"), AFTER.to_string());
    deployment.client("python", &["tests/clients/add_partitions.py", &raw, &count]).map(drop)
}

/// Widens the others; gives what the command says.
fn widen_others(deployment: &Deployment) -> Result<Value> {
    let count = AFTER.to_string();
    Ok(serde_json::from_str(&deployment.run(&["setup", "--widen", &count, "--json"])?)?)
}

/// Sends a file; nothing of it has a deadline that a wait could miss.
fn send(deployment: &Deployment, file: &Path) -> Result<()> {
    let file = file.to_str().context("its name")?;
    deployment.run(&["send", "--bulk", "--at-once", "--json", file]).map(drop)
}

/// Waits until so many partitions of `role` wait.
fn wait_for_waiting(role: &Role, count: f64) -> Result<()> {
    let until = Instant::now() + WAIT_TIMEOUT;
    while role.metric("ombud_waiting_partitions")? != count {
        ensure!(Instant::now() < until, "not {count} partitions wait:\n{}", role.last_words());
        thread::park_timeout(Duration::from_millis(100));
    }
    Ok(())
}

/// The commands that doctor names.
fn fixes(deployment: &Deployment) -> Result<Vec<String>> {
    let output = deployment.command()?.args(["doctor", "--json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let findings = report["findings"].as_array().context("findings")?;
    Ok(findings.iter().filter_map(|finding| Some(finding["mend"].as_str()?.to_owned())).collect())
}

/// The complaints that lie in partitions which complaints.raw has always had.
fn in_old_partitions(deployment: &Deployment) -> Result<BTreeSet<String>> {
    let raw = whole(deployment, "complaints.raw")?.into_iter();
    raw.filter(|record| record.source.partition < BEFORE)
        .map(|record| Ok(String::from_utf8(record.key.context("a key")?.to_vec())?))
        .collect()
}

#[test]
fn old_partitions_go_on_and_new_ones_wait_until_all_topics_are_widened() -> Result<()> {
    let deployment = Deployment::fresh(BEFORE)?;
    let (mut infer, mut join) = (deployment.start(&INFER)?, deployment.start(&["join"])?);
    let file = deployment.folder().join("complaints.csv");
    let complaints = usize::try_from(sample_times(2, &file)?)?;
    let halves = split(&file, 2)?;
    send(&deployment, &halves[0].0)?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(halves[0].1, WAIT_TIMEOUT)?;

    widen_raw(&deployment)?;
    send(&deployment, &halves[1].0)?;
    let old = in_old_partitions(&deployment)?;
    ensure!(old.len() < complaints, "some lie in the new partitions");
    for role in [&infer, &join] {
        wait_for_waiting(role, f64::from(AFTER - BEFORE))?;
        let (status, said) = role.get("/readyz")?;
        assert_eq!(status, 200, "{said}");
        assert!(said.contains(COMMAND), "{said}");
    }
    assert!(deployment.logs()?.contains(COMMAND), "it is in the log, too");
    routes.wait_for_complete(old.len(), WAIT_TIMEOUT)?;
    assert_eq!(routes.by_complaint.keys().cloned().collect::<BTreeSet<_>>(), old, "the others wait");
    let named = format!("run `{COMMAND}`");
    assert!(fixes(&deployment)?.contains(&named), "doctor knows the way");

    // Whoever comes now works as well on what is as wide everywhere.
    join.stop()?;
    join = deployment.start(&["join"])?;
    wait_for_waiting(&join, f64::from(AFTER - BEFORE))?;

    let said = widen_others(&deployment)?;
    assert_eq!((&said["changed"], &said["refused"]), (&6.into(), &0.into()), "{said}");
    assert_eq!(widen_others(&deployment)?["changed"], 0, "a second time changes nothing");
    // It has more partitions now.
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;
    assert_eq!((routes.by_complaint.len(), routes.contradictions()), (complaints, vec![]));
    for routed in routes.completely() {
        assert_eq!(routed.at.partition, routed.record.raw_partition, "{}", routed.record.complaint_id);
    }
    for role in [&mut infer, &mut join] {
        role.still_runs()?;
        wait_for_waiting(role, 0.0)?;
        assert!(!role.get("/readyz")?.1.contains(COMMAND));
        assert_eq!(role.metric("ombud_worker_restarts_total")?, 0.0, "{}", role.last_words());
    }
    assert!(!fixes(&deployment)?.contains(&named), "nothing is left to widen");
    Ok(())
}

/// The same complaints once more as their `number`th submission, each with another narrative than before.
fn submissions(deployment: &Deployment, number: usize) -> Result<PathBuf> {
    let mut rows = Reader::from_reader(MultiGzDecoder::new(File::open(sample())?));
    let text = rows.headers()?.iter().position(|name| name.trim() == "narrative").context("narratives")?;
    let path = deployment.folder().join(format!("submission-{number}.jsonl"));
    let mut file = File::create(&path)?;
    for (at, row) in rows.records().skip(number).take(AGAIN).enumerate() {
        let line = serde_json::json!({
            "complaint_id": format!("again-{at}"),
            "narrative": &row?[text],
            "received_at": "2026-03-02T09:15:00Z",
            "submission": number,
            "withdrawn": number > 1 && at % WITHDRAWN == 0,
        });
        writeln!(file, "{line}")?;
    }
    Ok(path)
}

/// Partition and offset of a raw record, and whether it withdraws its complaint.
type Place = (i32, i64, bool);

/// Where the newest submission of each complaint lies.
fn newest(deployment: &Deployment) -> Result<BTreeMap<String, Place>> {
    let mut newest: BTreeMap<String, (i32, Place)> = BTreeMap::new();
    for record in whole(deployment, "complaints.raw")? {
        let complaint: RawComplaint = codec::decode(record.value.as_deref().context("a value")?)?;
        let place = (record.source.partition, record.offset, complaint.withdrawn);
        let known = newest.entry(complaint.complaint_id).or_insert((complaint.submission, place));
        if known.0 <= complaint.submission {
            *known = (complaint.submission, place);
        }
    }
    Ok(newest.into_iter().map(|(id, (_, place))| (id, place)).collect())
}

#[test]
fn the_newest_submission_wins_also_where_it_lies_in_another_partition_than_the_one_before() -> Result<()> {
    let deployment = Deployment::fresh(BEFORE)?;
    let _roles = [deployment.start(&INFER)?, deployment.start(&["join"])?];
    let file = deployment.folder().join("complaints.csv");
    let others = usize::try_from(sample_times(3, &file)?)?;
    // Some are long there, so that the next submission has the lesser offset in a partition that is new.
    let load = Load::start(&deployment, &file, RATE, &[])?;
    send(&deployment, &submissions(&deployment, 1)?)?;
    let before = newest(&deployment)?;
    Routes::follow(&deployment)?.wait_until(WAIT_TIMEOUT, |routes| {
        (0..AGAIN).all(|at| routes.held(&format!("again-{at}")).is_some())
    })?;

    widen_raw(&deployment)?;
    send(&deployment, &submissions(&deployment, 2)?)?;
    widen_others(&deployment)?;
    load.finish()?;
    let wanted = newest(&deployment)?;
    let is_again = |id: &str| id.starts_with("again-");
    let moved =
        wanted.iter().filter(|(id, place)| is_again(id) && before.get(*id).is_some_and(|it| it.0 != place.0));
    ensure!(moved.count() > 0, "some lie in another partition than before");
    let others_than = |routes: &Routes| -> Vec<String> {
        let is_held = |id: &str, (partition, offset, _): Place| {
            routes.held(id).is_some_and(|held| {
                (held.record.raw_partition, held.record.raw_offset) == (partition, offset)
            })
        };
        wanted.iter().filter(|(id, place)| !is_held(id, **place)).map(|(id, _)| id.clone()).collect()
    };
    let mut routes = Routes::follow(&deployment)?;
    let held = routes.wait_until(WAIT_TIMEOUT, |routes| others_than(routes).is_empty());
    held.with_context(|| format!("not held as the newest submission says: {:?}", others_than(&routes)))?;

    // Who says so is a client that is not ours.
    let routed = deployment.topic("complaints.routed");
    let held: Value =
        serde_json::from_str(&deployment.client("python", &["tests/clients/held.py", &routed])?)?;
    assert_eq!(held.as_object().map(serde_json::Map::len), Some(others + AGAIN));
    for (id, (partition, offset, withdrawn)) in &wanted {
        let one = &held[id];
        assert_eq!(
            (&one["raw_partition"], &one["raw_offset"]),
            (&(*partition).into(), &(*offset).into()),
            "{id}"
        );
        assert_eq!(one["why"] == "WITHDRAWN", *withdrawn, "{id}: {one}");
    }
    Ok(())
}
