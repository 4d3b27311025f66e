//! SIGTERM ends a worker within its drain time and a few seconds, whatever it does or waits for: starting, recovering, no
//! strategy, brokers away, a store that hangs, a model that does not come. The exit code is 0 where nothing was in
//! flight, and what was is read again.

#![cfg(feature = "torch")]
#![allow(clippy::print_stdout, reason = "helpers of a test")]

use std::{os::unix::process::ExitStatusExt, sync::Arc, thread, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use ombud_contract::{catalogue::Topic, codec, records::ModelVersion};
use ombud_kafka::{Admin, Brokers, Mode, Wish};
use ombud_models::{model_version_record, registry_key};
use ombud_stream::{Clock, Outgoing, Sink, SystemClock};
use ombud_tests::{Deployment, Gate, Role, Routes, Services, bag, kafka, sample_times, split};
use serde_json::Value;

const PARTITIONS: i32 = 2;
/// The drain time, and what leaving may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a worker may take to come into a state.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// SIGTERM, where it comes before anybody listens to it.
const SIGTERM: i32 = 15;

/// Ends `role`, which has nothing in flight.
fn ends_well(role: Role, state: &str) -> Result<()> {
    let (ended, took) = role.end(STOP_TIMEOUT).with_context(|| state.to_owned())?;
    println!("{state:<44} {took:?}");
    ensure!(ended.success(), "{state}: {ended}");
    Ok(())
}

fn append(deployment: &Deployment, topic: Topic, key: &str, value: Bytes) -> Result<()> {
    let topic: Arc<str> = topic.name(&deployment.prefix).into();
    let (mut sink, deliveries) = kafka(deployment)?.sink::<()>(1)?;
    let partition = topic.ends_with(Topic::Raw.base_name()).then_some(0);
    let key = Some(Bytes::copy_from_slice(key.as_bytes()));
    let outgoing = Outgoing::stamped(topic, partition, key, value, "test", &[]);
    ensure!(sink.send(outgoing, ()).is_ok(), "the sink takes a record");
    deliveries.recv()?.result?;
    Ok(())
}

#[test]
fn a_worker_that_has_just_begun_ends() -> Result<()> {
    let deployment = Deployment::fresh(PARTITIONS)?;
    let roles: [&[&str]; 4] = [&["join"], &["archive"], &["console"], &["infer", "--task", "all"]];
    for role in roles {
        let (ended, took) = deployment.launch(role)?.end(STOP_TIMEOUT)?;
        println!("starting: {:<35} {took:?}", role.join(" "));
        ensure!(ended.success() || ended.signal() == Some(SIGTERM), "{role:?}: {ended}");
    }
    Ok(())
}

#[test]
fn a_worker_without_a_strategy_ends() -> Result<()> {
    let mut deployment = Deployment::fresh(PARTITIONS)?;
    let bare = format!("{}bare.", deployment.prefix);
    let (bootstrap, timeout) = (deployment.variable("OMBUD_KAFKA_BOOTSTRAP")?, WAIT_TIMEOUT);
    let admin = Admin::connect(&Brokers { bootstrap, properties: [].into(), timeout })?;
    let wish = Wish { partitions: Some(PARTITIONS), replication: Some(1) };
    admin.ensure_topics(&bare, wish, Mode::Apply)?;
    deployment.set("OMBUD_TOPICS__PREFIX", &bare);
    let roles: [&[&str]; 2] = [&["join"], &["infer", "--task", "all"]];
    for role in roles {
        let mut role = deployment.launch(role)?;
        role.wait_until_it_waits_for("ombud setup")?;
        ends_well(role, "no strategy")?;
    }
    Ok(())
}

#[test]
fn a_worker_whose_servers_never_answer_ends() -> Result<()> {
    let mut deployment = Deployment::fresh(PARTITIONS)?;
    let servers: [(&str, &[&[&str]]); 2] = [
        ("OMBUD_KAFKA_BOOTSTRAP", &[&["join"], &["archive"], &["infer", "--task", "all"], &["console"]]),
        ("OMBUD_CQL_NODES", &[&["archive"], &["console"]]),
    ];
    for (variable, roles) in servers {
        let right = deployment.variable(variable)?;
        for role in roles {
            let gate = Gate::mute()?;
            deployment.set(variable, &gate.address());
            let state = format!("{variable} never answers: {}", role.join(" "));
            let role = deployment.launch(role)?;
            gate.wait_until_held(WAIT_TIMEOUT).with_context(|| state.clone())?;
            ends_well(role, &state)?;
        }
        deployment.set(variable, &right);
    }
    Ok(())
}

#[test]
fn a_joiner_that_recovers_ends() -> Result<()> {
    let mut deployment = Deployment::fresh(PARTITIONS)?;
    // Nobody can read it, so that it is routed at once and needs no models.
    append(&deployment, Topic::Raw, "c-1", Bytes::from_static(b"no complaint"))?;
    let join = deployment.start(&["join"])?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_until(WAIT_TIMEOUT, |routes| !routes.by_complaint.is_empty())?;
    join.stop()?;

    // The changelog is read, and what its first route says never becomes known.
    let registry = deployment.variable("OMBUD_REGISTRY_URL")?;
    let subject = format!("{}-value", deployment.topic(Topic::Routed.base_name()));
    let url = format!("{registry}/subjects/{subject}/versions/latest");
    let newest: Value = serde_json::from_str(&ureq::get(&url).call()?.body_mut().read_to_string()?)?;
    let asked = format!("/schemas/ids/{}", newest["id"].as_u64().context("the id of its schema")?);
    let (scheme, rest) = registry.split_once("://").context("a URL")?;
    let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
    let gate = Gate::before(server, move |request| {
        let text = String::from_utf8_lossy(request);
        let behind = text.split(&asked).nth(1);
        behind.is_some_and(|behind| !behind.starts_with(|next: char| next.is_ascii_digit()))
    })?;
    deployment.set("OMBUD_REGISTRY_URL", &format!("{scheme}://{}/{path}", gate.address()));
    let join = deployment.launch(&["join"])?;
    gate.wait_until_held(WAIT_TIMEOUT)?;
    ends_well(join, "recovering")
}

#[test]
fn a_worker_whose_model_does_not_come_ends() -> Result<()> {
    let mut deployment = Deployment::fresh(PARTITIONS)?;
    let offered = bag(&deployment.folder().join("offered"), 7)?;
    let known = model_version_record(&offered, "test", 1);
    let record =
        ModelVersion { hub_id: Some("bank/triage".to_owned()), hub_revision: Some("v1".to_owned()), ..known };
    let key = registry_key(&record.model_id, &record.version);
    append(&deployment, Topic::Registry, &key, codec::encode(&record)?)?;
    let canary = format!("complaints-bag@{}", &offered.version[..12]);
    let published =
        deployment.run(&["strategy", "canary", "product", &canary, "50%", "--by", "test", "--json"])?;
    let published: Value = serde_json::from_str(&published)?;
    let from = published["strategy"]["effective_from"].as_i64().context("when it begins")?;
    while SystemClock.now_ms() <= from {
        thread::park_timeout(Duration::from_millis(50));
    }
    let gate = Gate::mute()?;
    deployment.set("HF_ENDPOINT", &format!("http://{}", gate.address()));
    deployment.set("HF_HUB_CACHE", &deployment.folder().join("hub").to_string_lossy());
    let mut infer = deployment.launch(&["infer", "--task", "all"])?;
    gate.wait_until_held(WAIT_TIMEOUT)?;
    // Until it has read the registry it takes the version for absent, and then waits by other words.
    infer.wait_until_it_waits_for("models")?;
    ends_well(infer, "loading a model")
}

#[test]
fn workers_end_while_servers_hang_and_nothing_is_lost() -> Result<()> {
    let services = Services::own()?;
    let variables = services.variables()?;
    let mut variables: Vec<_> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // Who dies while the brokers hang leaves its partitions only with its session.
    variables.push(("OMBUD_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "6000"));
    let deployment = Deployment::with(PARTITIONS, &variables)?;
    let file = deployment.folder().join("complaints.csv");
    sample_times(1, &file)?;
    let parts = split(&file, 3)?;
    let send = |part: usize| deployment.run(&["send", &parts[part].0.to_string_lossy()]);
    let mut routes = Routes::follow(&deployment)?;
    let mut sent = 0;
    let mut infer = deployment.start(&["infer", "--task", "all"])?;
    let mut join = deployment.start(&["join"])?;
    let mut archive = deployment.start(&["archive"])?;

    // The store hangs while there is something to be kept.
    services.pause("cql")?;
    send(0)?;
    sent += parts[0].1;
    archive.wait_until_it_waits_for("case store")?;
    let (ended, took) = archive.end(STOP_TIMEOUT)?;
    println!("the store hangs: archive {ended} after {took:?}");
    ensure!(ended.code().is_some(), "{ended}");
    services.resume("cql")?;
    routes.wait_for_complete(sent, WAIT_TIMEOUT)?;
    archive = deployment.start(&["archive"])?;

    // The brokers hang under workers that have just worked.
    send(1)?;
    sent += parts[1].1;
    routes.wait_for_complete(sent, WAIT_TIMEOUT)?;
    services.pause("kafka")?;
    for (name, role) in [("infer", infer), ("join", join), ("archive", archive)] {
        let (ended, took) = role.end(STOP_TIMEOUT)?;
        println!("the brokers hang: {name} {ended} after {took:?}");
        ensure!(ended.code().is_some(), "{name}: {ended}");
    }
    services.resume("kafka")?;

    infer = deployment.start(&["infer", "--task", "all"])?;
    join = deployment.start(&["join"])?;
    archive = deployment.start(&["archive"])?;
    send(2)?;
    sent += parts[2].1;
    routes.wait_for_complete(sent, WAIT_TIMEOUT).with_context(|| deployment.logs().unwrap_or_default())?;
    let contradictions = routes.contradictions();
    ensure!(contradictions.is_empty(), "{contradictions:?}");
    for id in routes.by_complaint.keys().take(3) {
        let shown = || deployment.run(&["show", id, "--json"]);
        let until = std::time::Instant::now() + WAIT_TIMEOUT;
        while shown().is_err() {
            ensure!(std::time::Instant::now() < until, "{id} is not archived");
        }
    }
    [infer, join, archive].into_iter().try_for_each(|role| role.stop().map(drop))
}
