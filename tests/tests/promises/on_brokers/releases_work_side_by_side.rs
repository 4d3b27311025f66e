//! While a release is rolled out its workers and those of the release before read and write the same topics. Records of every
//! older schema are read by today's workers, in every topic.
//!
//! TEST_FULL=1 builds the release before (scripts/previous) and has both work side by side under load, role by role: those
//! that write updated first, and those that read.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::{catalogue::Topic, codec, ids, records::RawComplaint};
use ombud_models::registry_key;
use ombud_tests::{
    Deployment, Load, Previous, Role, Routes, Waits, deadline_ms, deployment_state, repository, sample_times,
    whole,
};
use serde_json::{Value, json};

const PARTITIONS: i32 = 6;
/// Complaints in the sample.
const SAMPLE: usize = 300;
/// Complaints a second.
const RATE: u32 = 20;
/// More load than any order of updates takes.
const LOAD_TIME: Duration = Duration::from_secs(600);
/// How long both releases work in one group, and how long the newer one then works alone.
const OVERLAP: Duration = Duration::from_secs(10);
/// `terminationGracePeriodSeconds` of the chart.
const GRACE: Duration = Duration::from_secs(30);
/// After this long nothing comes any more of what a sender that was killed had handed to the system.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How long anything may take that is waited for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(240);

const INFER: &[&str] = &["infer", "--task", "all"];
const JOIN: &[&str] = &["join"];
const ARCHIVE: &[&str] = &["archive"];

/// The labels of each task's answer.
const ANSWERS: [(&str, &str); 3] = [
    ("product", "Checking or savings account"),
    ("issue", "Account: managing"),
    ("vulnerable", "VULNERABLE"),
];

/// In 2096: a strategy that decides nothing yet.
const NEVER_BEGUN: i64 = 4_000_000_000_000;

/// A record of an older release: topic, version of its schema, key, and what it says.
type Older = (Topic, usize, String, Value);

/// A record of the catalogue's examples.
fn example(topic: Topic, name: &str) -> Result<Value> {
    let folder = repository().join("schemas").join(topic.base_name()).join("examples/valid");
    Ok(serde_json::from_str(&fs::read_to_string(folder.join(name))?)?)
}

/// `record` with other `fields`.
fn with(mut record: Value, fields: &[(&str, Value)]) -> Value {
    for (name, value) in fields {
        record[*name] = value.clone();
    }
    record
}

/// The versions of a topic's schemas that are not written any more.
fn older_versions(topic: Topic) -> std::ops::Range<usize> {
    1..topic.schemas().len()
}

/// The complaint that is sent in an older schema of complaints.raw.
fn sent_in(version: usize) -> String {
    format!("sent-{version}")
}

/// Sends complaints, each with its text; nothing of it has a deadline that a wait could miss.
fn send(deployment: &Deployment, name: &str, complaints: &[(String, &str)]) -> Result<()> {
    let line = |(id, narrative): &(String, &str)| {
        json!({"complaint_id": id, "narrative": narrative, "received_at": "2026-03-02T09:15:00Z"}).to_string()
    };
    let lines: Vec<String> = complaints.iter().map(line).collect();
    let file = deployment.folder().join(name);
    fs::write(&file, lines.join("\n") + "\n")?;
    deployment.run(&["send", "--bulk", "--at-once", "--json", file.to_str().context("its name")?]).map(drop)
}

/// What every part but today's joiner appends about complaints that were sent: answers in each older schema of predictions, routes in
/// each of routed, and at least one record in each older schema of the others.
fn written(deployment: &Deployment) -> Result<Vec<Older>> {
    let mut all = Vec::new();
    let mut sent = BTreeMap::new();
    for record in whole(deployment, "complaints.raw")? {
        let complaint: RawComplaint = codec::decode(record.value.as_deref().context("a value")?)?;
        sent.insert(complaint.complaint_id.clone(), (record.offset, ids::input_sha256(&complaint)));
    }
    let about = |id: &str| -> Result<Vec<(&'static str, Value)>> {
        let (offset, input) = sent.get(id).with_context(|| id.to_owned())?;
        Ok(vec![
            ("complaint_id", json!(id)),
            ("input_sha256", json!(input)),
            ("raw_partition", json!(0)),
            ("raw_offset", json!(offset)),
        ])
    };
    for version in older_versions(Topic::Predictions) {
        let id = format!("answered-{version}");
        for (task, label) in ANSWERS {
            let own = [
                ("prediction_id", json!(format!("{id}-{task}"))),
                ("task", json!(task)),
                ("label", json!(label)),
                ("level", json!(if task == "issue" { "group" } else { task })),
                ("path", json!([label])),
            ];
            let fields = [about(&id)?, own.to_vec()].concat();
            let record = with(example(Topic::Predictions, "labelled.json")?, &fields);
            all.push((Topic::Predictions, version, id.clone(), record));
        }
    }
    for version in older_versions(Topic::Routed) {
        let id = format!("routed-{version}");
        let mut fields = about(&id)?;
        // As it was numbered then.
        let revision = (sent[&id].0 << 10) | 1;
        fields.extend([("revision", json!(revision)), ("route_id", json!(format!("{id}-route")))]);
        let record = with(example(Topic::Routed, "complete.json")?, &fields);
        all.push((Topic::Routed, version, id.clone(), record));
        for version in older_versions(Topic::Feedback) {
            let fields = [
                ("feedback_id", json!(format!("{id}-verdict-{version}"))),
                ("complaint_id", json!(id)),
                ("route_id", json!(format!("{id}-route"))),
                ("revision", json!(revision)),
            ];
            let record = with(example(Topic::Feedback, "only-what-must-be-there.json")?, &fields);
            all.push((Topic::Feedback, version, id.clone(), record));
        }
    }
    for version in older_versions(Topic::Raw) {
        let id = sent_in(version);
        // It waits for answers until somebody infers.
        let fields = [("complaint_id", json!(id)), ("bulk", json!(true))];
        let record = with(example(Topic::Raw, "everything.json")?, &fields);
        all.push((Topic::Raw, version, id, record));
    }
    let strategies = deployment.tail(Topic::Strategy.base_name())?;
    let newest = &strategies.last().context("a strategy")?["value"];
    let number = newest["version"].as_i64().context("its number")?;
    for (turn, version) in (1..).zip(older_versions(Topic::Strategy)) {
        let fields = [("version", json!(number + turn)), ("effective_from", json!(NEVER_BEGUN))];
        let record = with(newest.clone(), &fields);
        all.push((Topic::Strategy, version, "strategy".to_owned(), record));
    }
    for version in older_versions(Topic::DeadLetters) {
        let record = example(Topic::DeadLetters, "undecodable.json")?;
        all.push((Topic::DeadLetters, version, format!("parked-{version}"), record));
    }
    for version in older_versions(Topic::Registry) {
        let digest = format!("{version:064x}");
        let fields = [("model_id", json!("older")), ("version", json!(digest))];
        let record = with(example(Topic::Registry, "registered.json")?, &fields);
        all.push((Topic::Registry, version, registry_key("older", &digest), record));
    }
    Ok(all)
}

/// Appends them by a client that knows the schemas of then.
fn append(deployment: &Deployment, all: &[Older]) -> Result<()> {
    let line = |(topic, version, key, record): &Older| {
        json!({"topic": topic.base_name(), "version": version, "key": key, "record": record}).to_string()
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    let file: PathBuf = deployment.folder().join("older.jsonl");
    fs::write(&file, lines.join("\n"))?;
    let file = file.to_str().context("its name")?;
    deployment.client("python", &["tests/clients/older.py", &deployment.prefix, file]).map(drop)
}

/// Waits until `ombud show` has so many events of each of these kinds.
fn wait_for_events(deployment: &Deployment, id: &str, wanted: &[(&str, usize)]) -> Result<()> {
    let until = Instant::now() + WAIT_TIMEOUT;
    loop {
        let events = deployment.kinds_of_events(id);
        let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
        if wanted.iter().all(|(kind, number)| count(kind) >= *number) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "{id} has not {wanted:?}: {events:?}");
    }
}

#[test]
fn records_of_every_older_schema_are_read_in_every_topic() -> Result<()> {
    const TEXT: &str = "My card was charged twice for one purchase and the bank refuses to refund it.";
    const EDIT: &str = "It is about the mortgage: the bank has lost two of my payments for the house.";
    let deployment = Deployment::fresh(1)?;
    let ids =
        |name: &str, topic| older_versions(topic).map(|n| format!("{name}-{n}")).collect::<Vec<String>>();
    let (answered, routed) = (ids("answered", Topic::Predictions), ids("routed", Topic::Routed));
    let first: Vec<(String, &str)> = answered.iter().chain(&routed).map(|id| (id.clone(), TEXT)).collect();
    send(&deployment, "first.jsonl", &first)?;
    let all = written(&deployment)?;
    let covered: BTreeSet<(Topic, usize)> =
        all.iter().map(|(topic, version, ..)| (*topic, *version)).collect();
    let wanted: BTreeSet<(Topic, usize)> = Topic::ALL
        .into_iter()
        .flat_map(|topic| older_versions(topic).map(move |version| (topic, version)))
        .collect();
    assert_eq!(covered, wanted, "a record in each schema that is not written any more");
    append(&deployment, &all)?;
    for topic in Topic::ALL {
        let records = deployment.tail(topic.base_name())?;
        let unread = records.iter().find(|record| !record["value"]["undecodable"].is_null());
        assert!(unread.is_none(), "{unread:?}");
        let ours = all.iter().filter(|(of, ..)| *of == topic).count();
        assert!(records.len() >= ours, "{} of {ours} in {}", records.len(), topic.base_name());
    }

    // Nobody infers yet: what is routed rests on the older answers.
    let (mut join, mut archive) = (deployment.launch(JOIN)?, deployment.launch(ARCHIVE)?);
    [&mut join, &mut archive].into_iter().try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(first.len(), WAIT_TIMEOUT)?;
    for id in &answered {
        let decisions = &routes.held(id).context("a route")?.record.decisions;
        assert_eq!(decisions.len(), ANSWERS.len(), "{id}");
        assert!(
            decisions.iter().all(|one| one.prediction_id == format!("{id}-{}", one.task)),
            "{decisions:?}"
        );
    }
    let before: Vec<i64> = routed.iter().map(|id| routes.by_complaint[id][0].record.revision).collect();

    let infer = deployment.start(INFER)?;
    let edits: Vec<(String, &str)> = routed.iter().map(|id| (id.clone(), EDIT)).collect();
    send(&deployment, "edits.jsonl", &edits)?;
    let grown = |routes: &Routes| {
        let held = routed.iter().map(|id| routes.held(id).map(|held| held.record.revision));
        held.zip(&before).all(|(now, before)| now.is_some_and(|now| now > *before))
    };
    routes.wait_until(WAIT_TIMEOUT, grown)?;
    for id in &routed {
        // What older releases routed is not routed again, but for the edit.
        assert_eq!(routes.by_complaint[id].len(), 2, "{id}");
    }
    for id in older_versions(Topic::Raw).map(sent_in) {
        let is_decided =
            |routes: &Routes| routes.held(&id).is_some_and(|held| held.record.missing_tasks.is_empty());
        routes.wait_until(WAIT_TIMEOUT, is_decided)?;
        let route = &routes.held(&id).context("a route")?.record;
        assert_eq!((route.regulator_sent_at, route.notice_at), (None, None), "version 1 does not know them");
    }
    let strategies = deployment.run(&["strategy", "history", "--json"])?;
    for number in older_versions(Topic::Strategy).map(|turn| turn + 1) {
        assert!(strategies.contains(&format!("\"version\":{number}")), "{strategies}");
    }
    let listed = deployment.run(&["models", "list", "--json"])?;
    for version in older_versions(Topic::Registry) {
        assert!(listed.contains(&format!("{version:064x}")), "{listed}");
    }
    for id in &answered {
        wait_for_events(&deployment, id, &[("prediction", ANSWERS.len()), ("routed", 1)])?;
    }
    for id in &routed {
        wait_for_events(&deployment, id, &[("feedback", 1), ("routed", 2)])?;
    }
    [infer, join, archive].into_iter().try_for_each(|role| role.stop().map(drop))
}

/// `ombud setup` of the release before.
fn set_up_by(deployment: &Deployment, release: &Previous) -> Result<()> {
    let count = PARTITIONS.to_string();
    let mut setup = deployment.command_of(release)?;
    setup.args(["setup", "--partitions", &count, "--replication-factor", "1", "--json"]);
    let output = setup.output()?;
    ensure!(output.status.success(), "setup of before: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Ends a role as the chart does.
fn end(role: Role) -> Result<()> {
    let (status, took) = role.end(GRACE)?;
    ensure!(status.success(), "one ended with {status} after {took:?}");
    Ok(())
}

/// The counter that tells whether a role has done anything.
fn work_of(role: &[&str]) -> &'static str {
    if role == JOIN {
        "ombud_join_total"
    } else if role == ARCHIVE {
        "ombud_archived_total"
    } else {
        "ombud_predictions_total"
    }
}

/// Updates one role after the other, in this order: a newer process joins the group, both work, the older one goes.
fn updated(order: [&[&str]; 3]) -> Result<()> {
    let previous = Previous::built()?;
    let deployment = Deployment::empty()?;
    set_up_by(&deployment, &previous)?;
    let mut old = Vec::new();
    for role in order {
        old.push(deployment.launch_of(&previous, role)?);
    }
    old.iter_mut().try_for_each(Role::wait_until_ready)?;
    let file = deployment.folder().join("complaints.csv");
    let complaints = usize::try_from(LOAD_TIME.as_secs() * u64::from(RATE))?;
    sample_times(complaints.div_ceil(SAMPLE), &file)?;
    let mut routes = Routes::follow(&deployment)?;
    let mut load = Load::start(&deployment, &file, RATE, &[])?;
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.complete() >= 3 * SAMPLE / 10)?;
    let (old_id, old_revision) = {
        let (id, all) = routes.by_complaint.first_key_value().context("a complaint")?;
        (id.clone(), all.last().context("its route")?.record.revision)
    };

    // As a hook before the upgrade: schemas and tables of this release, under the workers of the one before.
    deployment.set_up(PARTITIONS)?;
    let mut new = Vec::new();
    for (role, mut before) in order.into_iter().zip(old) {
        let newer = deployment.start(role)?;
        routes.pass(OVERLAP)?;
        before.still_runs()?;
        ensure!(newer.metric(work_of(role))? > 0.0, "{role:?} has done nothing beside the one of before");
        end(before)?;
        routes.pass(OVERLAP)?;
        new.push(newer);
    }
    // There is no way back once this release has committed what the one before can't read: that one says so and ends, and
    // takes nothing along.
    let mut back = deployment.launch_of(&previous, JOIN)?;
    match back.wait_until_it_ends(WAIT_TIMEOUT / 8) {
        Ok(ended) => {
            let said = back.last_words();
            ensure!(ended.code() == Some(1) && said.contains("layout"), "{ended}: {said}");
            println!("a joiner of the release before refuses the positions of this one");
        }
        Err(_) => end(back)?,
    }
    routes.pass(OVERLAP)?;
    ensure!(load.is_under_way()?, "the load ended before the last role was updated");
    // What is not sent by now is not needed.
    drop(load);
    routes.pass(UNDER_WAY)?;
    new.iter_mut().try_for_each(Role::still_runs)?;

    let complaints = whole(&deployment, "complaints.raw")?.len();
    if let Err(error) = routes.wait_for_complete(complaints, WAIT_TIMEOUT) {
        return Err(error.context(deployment_state(&deployment, &routes)?));
    }
    assert_eq!((routes.by_complaint.len(), routes.contradictions()), (complaints, vec![]));
    let waits = Waits::of(&deployment, &routes)?;
    let (p99, longest) = (waits.percentile(0.99)?, waits.percentile(1.0)?);
    println!("{complaints} complaints, 0 lost: p99 {p99} ms, the longest wait {longest} ms");
    let late = waits.late(deadline_ms(&deployment)?);
    assert!(late.is_empty(), "routed past the deadline or in part: {late:?}");

    let edit = "It is about the mortgage: the bank has lost two of my payments for the house.";
    send(&deployment, "edit.jsonl", &[(old_id.clone(), edit)])?;
    let grown =
        |routes: &Routes| routes.held(&old_id).is_some_and(|held| held.record.revision > old_revision);
    routes.wait_until(WAIT_TIMEOUT, grown)?;
    let until = Instant::now() + WAIT_TIMEOUT;
    loop {
        let said = deployment.client("python", &["tests/clients/cases.py", &deployment.keyspace])?;
        let kept: Value = serde_json::from_str(&said)?;
        if ["1", "2", "3"].iter().all(|kind| kept[kind] == complaints) {
            break;
        }
        ensure!(Instant::now() < until, "{complaints} complaints are routed, and kept are {kept}");
    }
    new.into_iter().try_for_each(end)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn the_release_before_reads_what_this_one_writes() -> Result<()> {
    updated([INFER, JOIN, ARCHIVE])
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn this_release_reads_what_the_one_before_writes() -> Result<()> {
    updated([ARCHIVE, JOIN, INFER])
}
