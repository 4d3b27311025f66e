//! On real brokers, under load, two versions of a model take turns and five kinds of broken ones are offered: no complaint
//! is lost or decided twice, each partition changes its version once a swap, nothing broken serves, and memory stays.
//!
//! TEST_FULL=1 swaps a hundred times.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    collections::BTreeMap,
    env, fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::{
    codec,
    records::{ModelState, Outcome, Prediction, Role as Arm},
};
use ombud_models::Artefact;
use ombud_stream::{Clock, SystemClock};
use ombud_tests::{Broken, Deployment, Load, Offers, Role, Routes, bag, quick_models, sample_times, whole};
use serde_json::Value;

const PARTITIONS: i32 = 6;
/// Complaints a second.
const RATE: u32 = 80;
/// From one swap to the next, in milliseconds.
const STEP_MS: i64 = 2_000;
/// So long before it begins a strategy is on its way: 5 s at least, and what the command takes.
const AHEAD_MS: i64 = 9_000;
/// How long there is load before the first swap, in milliseconds.
const CALM_MS: i64 = 15_000;
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// The swaps, and what memory may grow by over all of them. A model that stayed would be 3 % a swap; what warms up once is
/// more than a twentieth of it.
fn swaps() -> (usize, f64) {
    if env::var_os("TEST_FULL").is_some() { (100, 0.05) } else { (6, 0.10) }
}

/// Who decides all tasks, and who watches a ten-thousandth of the products.
struct Cast<'a> {
    champion: &'a Artefact,
    watched: &'a Artefact,
}

fn named(artefact: &Artefact) -> String {
    format!("{}@{}", artefact.manifest.model_id, artefact.version)
}

/// Publishes the strategy in which `cast` plays; `from`: when it begins.
fn publish(deployment: &Deployment, cast: &Cast<'_>, from: Option<i64>) -> Result<i64> {
    let first = fs::read_to_string(quick_models(deployment.folder())?.join("strategy.toml"))?;
    let champion = format!("{{ name = \"champion\", model = \"{}\"", named(cast.champion));
    let watched = named(cast.watched);
    let shadow =
        format!(", {{ name = \"shadow\", model = \"{watched}\", role = \"shadow\", basis_points = 1 }}]");
    let begun = first.replace("{ name = \"champion\", model = \"complaints-bag\"", &champion);
    let text = begun.replacen("]\n\n[tasks.issue]", &format!("{shadow}\n\n[tasks.issue]"), 1);
    ensure!(begun != first && text != begun, "the first strategy is not as this promise expects it: {first}");
    let file = deployment.folder().join("next.toml");
    fs::write(&file, text)?;
    let file = file.display().to_string();
    let mut words = vec!["strategy", "set", &file, "--by", "test", "--json"];
    let from = from.map(jiff::Timestamp::from_millisecond).transpose()?.map(|from| from.to_string());
    if let Some(from) = &from {
        words.extend(["--from", from]);
    }
    let published: Value = serde_json::from_str(&deployment.run(&words)?)?;
    published["strategy"]["version"].as_i64().context("a version")
}

/// Waits until `infer` has `count` models in memory.
fn loaded(infer: &Role, count: f64) -> Result<()> {
    let until = Instant::now() + WAIT_TIMEOUT;
    while infer.metric("ombud_models_loaded")? != count {
        ensure!(Instant::now() < until, "infer does not come to {count} models:\n{}", infer.last_words());
    }
    Ok(())
}

/// Of the whole process, in MB: what it holds of memory at this moment, libtorch's own pages among it.
fn resident(infer: &Role) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", infer.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1e3)
}

/// `infer`'s counter of rejections, by reason that there was.
fn rejections(infer: &Role) -> Result<BTreeMap<String, f64>> {
    let (_, text) = infer.get("/metrics")?;
    let of_it = text.lines().filter_map(|line| line.strip_prefix("ombud_models_rejected_total{reason=\""));
    of_it
        .map(|line| {
            let (reason, count) = line.split_once("\"} ").with_context(|| line.to_owned())?;
            Ok((reason.to_owned(), count.parse::<f64>()?))
        })
        .filter(|counted| !matches!(counted, Ok((_, 0.0))))
        .collect()
}

/// The median and the 99th percentile.
fn percentiles(mut waits: Vec<i64>) -> (i64, i64) {
    waits.sort_unstable();
    let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied().unwrap_or_default();
    (at(0.5), at(0.99))
}

fn predictions(deployment: &Deployment) -> Result<Vec<Prediction>> {
    let records = whole(deployment, "complaints.predictions")?;
    records.iter().map(|record| Ok(codec::decode(record.value.as_deref().context("a value")?)?)).collect()
}

/// The registry says what is wrong with each, the metric counts it and the log reports it; nothing else came of it. Gives what
/// the registry says.
fn refused(
    deployment: &Deployment,
    infer: &Role,
    broken: &[(Broken, Artefact)],
    all: &[Prediction],
) -> Result<Vec<String>> {
    let listed = deployment.run(&["models", "list", "--json"])?;
    let registry: Vec<Value> = listed.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let logs = deployment.logs()?;
    let (mut counted, mut reasons) = (BTreeMap::<String, f64>::new(), Vec::new());
    for (how, artefact) in broken {
        let (code, word) = how.reason();
        let record = registry.iter().find(|known| known["version"] == *artefact.version);
        let record = record.with_context(|| format!("{how:?} is registered"))?;
        let reason = record["state_reason"].as_str().unwrap_or_default();
        ensure!(record["state"] == serde_json::to_value(ModelState::Rejected)?, "{how:?}: {record}");
        ensure!(reason.starts_with(&format!("{code}: ")) && reason.contains(word), "{how:?}: {reason}");
        let told = |line: &str| {
            line.contains("model rejected") && line.contains(&artefact.version) && line.contains(code)
        };
        ensure!(logs.lines().any(told), "the log says nothing of {how:?}");
        // A shadow that can't be loaded has failed under its own name.
        let mut its = all.iter().filter(|one| one.model_version == artefact.version);
        ensure!(its.all(|one| one.outcome == Outcome::Failed), "{how:?} has answered");
        *counted.entry(code.to_owned()).or_default() += 1.0;
        reasons.push(format!("{how:?}: {reason}"));
    }
    let metric = rejections(infer)?;
    ensure!(metric == counted, "the metric counts {metric:?}, {counted:?} were offered");
    Ok(reasons)
}

#[test]
fn two_versions_take_turns_under_load_and_nothing_broken_serves() -> Result<()> {
    let mut deployment = Deployment::with(PARTITIONS, &[("OMBUD_INFER__SPARE_MODELS", "0")])?;
    Offers::share(&mut deployment);
    let offers = Offers::to(&deployment);
    let one = Artefact::open(&quick_models(deployment.folder())?.join("complaints-bag"))?;
    let folder = deployment.folder().join("other");
    let other = bag(&folder, 900)?;
    deployment.run(&["models", "add", folder.to_str().unwrap()])?;
    let broken =
        Broken::ALL.into_iter().map(|how| Ok((how, offers.broken(how)?))).collect::<Result<Vec<_>>>()?;
    // More than are named at a time, so that each is loaded, dropped and loaded again.
    let watched = (1..=10).map(|number| offers.bag(number + 1)).collect::<Result<Vec<_>>>()?;

    let infer = deployment.launch(&["infer", "--task", "all"])?;
    let mut roles = vec![infer, deployment.launch(&["join"])?, deployment.launch(&["archive"])?];
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(&deployment)?;
    let before = publish(&deployment, &Cast { champion: &one, watched: &other }, None)?;
    loaded(&roles[0], 2.0)?;

    let (swaps, may_grow) = swaps();
    let file = deployment.folder().join("complaints.csv");
    // Twice as many as the swaps take: the load ends when they are over.
    let takes_ms = usize::try_from(CALM_MS + AHEAD_MS + STEP_MS)? + swaps * usize::try_from(STEP_MS)?;
    sample_times(2 * takes_ms * usize::try_from(RATE)? / 300_000, &file)?;
    let mut load = Load::start(&deployment, &file, RATE, &[])?;
    routes.wait_until(WAIT_TIMEOUT, |routes| !routes.by_complaint.is_empty())?;
    let began = SystemClock.now_ms();
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= began + CALM_MS - AHEAD_MS)?;

    let (mut decides, mut begin, mut last) = (BTreeMap::from([(before - 1, &one), (before, &one)]), 0, 0);
    let mut memory = Vec::new();
    for swap in 0..swaps {
        routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= last + STEP_MS - AHEAD_MS)?;
        // Later where the machine is busy with others: a strategy is never published too late.
        last = (last + STEP_MS).max(SystemClock.now_ms() + AHEAD_MS);
        begin = if swap == 0 { last } else { begin };
        let watched =
            broken.get(swap).map_or_else(|| &watched[swap % watched.len()], |(_, artefact)| artefact);
        let champion = if swap % 2 == 0 { &other } else { &one };
        decides.insert(publish(&deployment, &Cast { champion, watched }, Some(last))?, champion);
        memory.push(resident(&roles[0])?);
    }
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= last + STEP_MS)?;
    ensure!(load.is_under_way()?, "the load ended before the last swap was over");
    // What the log has is what counts from here on.
    drop(load);
    let sent = whole(&deployment, "complaints.raw")?;
    let complaints = sent.len();
    routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;
    roles.iter_mut().try_for_each(Role::still_runs)?;
    loaded(&roles[0], 2.0)?;
    // What the last ones held is given back a moment after they were dropped.
    let until = Instant::now() + Duration::from_secs(10);
    let (warm, most) = (memory[0], memory.iter().copied().fold(0.0, f64::max));
    let mut at_last = resident(&roles[0])?;
    while at_last > warm * (1.0 + may_grow) && Instant::now() < until {
        at_last = resident(&roles[0])?;
    }

    // Each complaint once and whole: in the topic, and in the store.
    let records: usize = routes.by_complaint.values().map(Vec::len).sum();
    assert_eq!((routes.by_complaint.len(), records, routes.complete()), (complaints, complaints, complaints));
    let all = predictions(&deployment)?;
    let deciding: Vec<&Prediction> = all.iter().filter(|one| one.role == Arm::Deciding).collect();
    assert!(deciding.iter().all(|one| one.outcome != Outcome::Failed), "a prediction has failed");
    assert_eq!(deciding.len(), 3 * complaints, "product, issue and vulnerable of each, once");

    let mut by_partition: BTreeMap<(i32, &str), BTreeMap<i64, &Prediction>> = BTreeMap::new();
    for one in deciding {
        assert_eq!(
            one.model_version, decides[&one.strategy_version].version,
            "strategy {}",
            one.strategy_version
        );
        by_partition.entry((one.raw_partition, &one.task)).or_default().insert(one.raw_offset, one);
    }
    assert_eq!(by_partition.len(), 3 * usize::try_from(PARTITIONS)?);
    for (place, predictions) in by_partition {
        let versions: Vec<&str> = predictions.values().map(|one| one.model_version.as_str()).collect();
        let changes = versions.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(changes, swaps, "{place:?} changes its version once a swap");
        let strategies: Vec<i64> = predictions.values().map(|one| one.strategy_version).collect();
        assert!(strategies.is_sorted(), "{place:?} went back to an older strategy");
    }
    refused(&deployment, &roles[0], &broken, &all)?.iter().for_each(|reason| println!("{reason}"));

    let appended: BTreeMap<_, _> =
        sent.into_iter().map(|raw| ((raw.source.partition, raw.offset), raw.appended_at)).collect();
    let (mut calm, mut swapping) = (Vec::new(), Vec::new());
    for routed in routes.by_complaint.values().flatten() {
        let raw = appended[&(routed.record.raw_partition, routed.record.raw_offset)];
        if raw < begin { &mut calm } else { &mut swapping }.push(routed.appended_at - raw);
    }
    let (calm_count, (calm_p50, calm_p99)) = (calm.len(), percentiles(calm));
    let (swap_count, (swap_p50, swap_p99)) = (swapping.len(), percentiles(swapping));
    println!(
        "from append to route without swaps: p50 {calm_p50} ms, p99 {calm_p99} ms ({calm_count} complaints)"
    );
    println!(
        "with {swaps} swaps, {STEP_MS} ms apart: p50 {swap_p50} ms, p99 {swap_p99} ms ({swap_count} complaints)"
    );
    let growth = at_last / warm - 1.0;
    println!(
        "VmRSS of infer, two models loaded both times: {warm:.0} MB before the first swap, {at_last:.0} MB after the last \
         ({:+.1} %); {most:.0} MB at most on the way, while others were loaded beside them",
        growth * 100.0
    );
    assert!(growth < may_grow, "memory grew from {warm:.0} to {at_last:.0} MB");

    let kept = || -> Result<Value> {
        let said = deployment.client("python", &["tests/clients/cases.py", &deployment.keyspace])?;
        Ok(serde_json::from_str(&said)?)
    };
    let until = Instant::now() + WAIT_TIMEOUT;
    while kept()?["3"] != complaints {
        ensure!(Instant::now() < until, "the archive does not come to its end: {}", kept()?);
    }
    let kept = kept()?;
    assert_eq!((&kept["1"], &kept["2"]), (&complaints.into(), &complaints.into()));
    roles.into_iter().try_for_each(|role| role.stop().map(drop))
}
