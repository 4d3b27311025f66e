//! All topics are copied to a second cluster, as a mirror does it, and workers go on there. Where the mirror keeps offsets and
//! times nothing is routed twice and the edit of an old complaint has a greater revision; also where complaints.raw was cut
//! shorter than the routes. A mirror that shifts offsets, or stamps records anew, is refused by `ombud setup` and `ombud
//! doctor`; without predictions and routes it is a beginning from which all is decided again.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test")]

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::catalogue::Topic;
use ombud_kafka::KafkaMember;
use ombud_stream::{
    Clock, Committer as _, Event, Position, Reader as _, Source as _, Start, SystemClock, TopicPartition,
};
use ombud_tests::{Deployment, Role, Routed, Routes, Services, bag, kafka, sample_times, whole};
use serde_json::{Value, json};

const PARTITIONS: i32 = 2;
/// Records that a mirror of complaints.raw lacks in each partition, at its beginning or at its end.
const LACKS: i64 = 3;
const RAW: &str = "complaints.raw";
const WAIT_TIMEOUT: Duration = Duration::from_secs(180);

const INFER: &[&str] = &["infer", "--task", "all"];
const JOIN: &[&str] = &["join"];
const ARCHIVE: &[&str] = &["archive"];

/// The cluster that is lost, and what a product team held by then.
struct Lost {
    deployment: Deployment,
    held: BTreeMap<String, Routed>,
}

impl Lost {
    /// Routes the sample there by the second strategy, and stops.
    fn after_work() -> Result<Self> {
        let deployment = Deployment::fresh(PARTITIONS)?;
        let next = deployment.folder().join("next");
        let canary = bag(&next, 900)?.version;
        deployment.run(&["models", "add", next.to_str().unwrap()])?;
        let named = format!("complaints-bag@{canary}");
        let words = ["strategy", "canary", "product", &named, "10%", "--by", "test", "--json"];
        let said: Value = serde_json::from_str(&deployment.run(&words)?)?;
        let begins = said["strategy"]["effective_from"].as_i64().context("when it begins")?;
        let mut roles = [deployment.launch(INFER)?, deployment.launch(JOIN)?, deployment.launch(ARCHIVE)?];
        roles.iter_mut().try_for_each(Role::wait_until_ready)?;
        let mut routes = Routes::follow(&deployment)?;
        routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= begins)?;
        let file = deployment.folder().join("complaints.csv");
        let complaints = usize::try_from(sample_times(1, &file)?)?;
        deployment.run(&["send", "--bulk", file.to_str().unwrap()])?;
        routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;
        roles.into_iter().try_for_each(|role| role.stop().map(drop))?;
        routes.catch_up()?;
        let held = routes.by_complaint.keys().filter_map(|id| Some((id.clone(), routes.held(id)?.clone())));
        let held: BTreeMap<String, Routed> = held.collect();
        assert!(
            held.values().all(|routed| routed.record.strategy_version == 2),
            "the second strategy decides"
        );
        Ok(Self { deployment, held })
    }

    /// A copy on the second cluster under a name of its own, which `ombud setup` has not seen yet.
    fn copied(&self, bootstrap: &str, options: &[&str]) -> Result<Deployment> {
        let mut copy = Deployment::empty()?;
        copy.set("OMBUD_KAFKA_BOOTSTRAP", bootstrap);
        copy.set("TEST_PLAIN_BOOTSTRAP", bootstrap);
        // The case store is not lost with the brokers.
        copy.set("OMBUD_CQL__KEYSPACE", &self.deployment.keyspace);
        // Its other model lies where hosts share models.
        let shelf = self.deployment.folder().join("models");
        copy.set("OMBUD_SHARED_MODELS", shelf.to_str().unwrap());
        let source = self.deployment.variable("OMBUD_KAFKA_BOOTSTRAP")?;
        let places = [source.as_str(), bootstrap, &self.deployment.prefix, &copy.prefix];
        let arguments = [&["tests/clients/mirror.py"], &places[..], options].concat();
        copy.client("python", &arguments)?;
        Ok(copy)
    }

    /// Copies where each group stands, with what the joiner keeps beside its position.
    fn copy_positions(&self, copy: &Deployment) -> Result<()> {
        let archived = Topic::ALL
            .into_iter()
            .filter(|topic| !matches!(topic, Topic::DeadLetters | Topic::Audit))
            .collect();
        let groups = [
            ("ombud.infer.all", vec![Topic::Raw]),
            ("ombud.join", vec![Topic::Raw]),
            ("ombud.archive", archived),
        ];
        for (group, topics) in groups {
            let (mut member, assigned) = member_of(&self.deployment, group, &topics)?;
            let mut positions = Vec::new();
            for partition in assigned {
                positions.extend(member.committed(&partition)?);
            }
            ensure!(!positions.is_empty(), "{group} stands nowhere");
            let (mut member, _) = member_of(copy, group, &topics)?;
            let renamed = positions.into_iter().map(|position| {
                let base = position.partition.topic.strip_prefix(&self.deployment.prefix).unwrap();
                let partition = TopicPartition::new(copy.topic(base).as_str(), position.partition.partition);
                Position { partition, ..position }
            });
            member.commit(&renamed.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// How many complaints were routed once and are not among `ids`.
    fn others(&self, ids: &[&str]) -> usize {
        self.held.keys().filter(|id| !ids.contains(&id.as_str())).count()
    }
}

/// The one member of a group, with all partitions of `topics`.
fn member_of(
    deployment: &Deployment,
    group: &str,
    topics: &[Topic],
) -> Result<(KafkaMember, Vec<TopicPartition>)> {
    let kafka = kafka(deployment)?;
    let names: Vec<String> = topics.iter().map(|topic| topic.name(&deployment.prefix)).collect();
    let mut count = 0;
    for name in &names {
        count += usize::try_from(kafka.partitions(name)?)?;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut member = kafka.member(group, &names, Start::Earliest, None)?;
    let (mut assigned, until) = (Vec::new(), Instant::now() + WAIT_TIMEOUT);
    while assigned.len() < count {
        ensure!(Instant::now() < until, "{group} has {assigned:?} of {count} partitions");
        if let Some(Event::Assigned { partitions, .. }) = member.poll(Duration::from_millis(100))? {
            assigned.extend(partitions);
        }
    }
    Ok((member, assigned))
}

/// Sends complaints anew, each with another text than before.
fn edit(deployment: &Deployment, ids: &[&str]) -> Result<()> {
    let line = |id: &&str| {
        let narrative = format!("As to {id}: the bank has lost two of my payments for the house.");
        json!({"complaint_id": id, "narrative": narrative, "received_at": "2026-03-02T09:15:00Z"}).to_string()
    };
    let file = deployment.folder().join("edits.jsonl");
    fs::write(&file, ids.iter().map(line).collect::<Vec<_>>().join("\n") + "\n")?;
    deployment.run(&["send", "--bulk", "--json", file.to_str().unwrap()]).map(drop)
}

/// Edits old complaints where workers run, and waits until each has a greater revision than the product team held.
fn edits_are_newer(lost: &Lost, copy: &Deployment, ids: &[&str]) -> Result<Routes> {
    let mut routes = Routes::follow(copy)?;
    edit(copy, ids)?;
    let waits = |routes: &Routes| -> Vec<String> {
        let newer = |id: &&&str| {
            routes.held(id).is_some_and(|now| now.record.revision > lost.held[**id].record.revision)
        };
        ids.iter().filter(|id| !newer(id)).map(|id| (*id).to_owned()).collect()
    };
    let all = routes.wait_until(WAIT_TIMEOUT, |routes| waits(routes).is_empty());
    all.with_context(|| format!("without a greater revision: {:?}", waits(&routes)))?;
    Ok(routes)
}

/// What doctor says about mirrors: the health, and both sentences.
fn doctor(deployment: &Deployment) -> Result<(String, String)> {
    let output = deployment.command()?.args(["doctor", "--json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let findings = report["findings"].as_array().context("findings")?;
    let finding = findings.iter().find(|finding| finding["what"] == "mirror").context("one of mirrors")?;
    let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    Ok((text("health"), format!("{}; {}", text("found"), text("mend"))))
}

/// `setup` and `doctor` refuse it in these words.
fn refused(copy: &Deployment, words: &str) -> Result<()> {
    let said = copy.set_up(PARTITIONS).err().context("setup goes on with such a mirror")?;
    let said = format!("{said:#}");
    ensure!(said.contains("nothing was made") && said.contains(words), "setup says: {said}");
    let (health, said) = doctor(copy)?;
    ensure!(health == "bad" && said.contains(words), "doctor says: {health}: {said}");
    println!("refused: {said}");
    Ok(())
}

fn started(deployment: &Deployment) -> Result<Vec<Role>> {
    let mut roles = vec![deployment.launch(INFER)?, deployment.launch(JOIN)?, deployment.launch(ARCHIVE)?];
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    Ok(roles)
}

fn stopped(roles: Vec<Role>) -> Result<()> {
    roles.into_iter().try_for_each(|role| role.stop().map(drop))
}

/// Offsets, times and positions are kept: as if nothing had happened.
fn a_whole_one_goes_on(lost: &Lost, bootstrap: &str) -> Result<()> {
    let copy = lost.copied(bootstrap, &[])?;
    lost.copy_positions(&copy)?;
    copy.set_up(PARTITIONS)?;
    let (health, said) = doctor(&copy)?;
    ensure!(health == "ok", "{said}");
    let roles = started(&copy)?;
    let ids: Vec<&str> = lost.held.keys().map(String::as_str).take(5).collect();
    let mut routes = edits_are_newer(lost, &copy, &ids)?;
    let until = Instant::now() + WAIT_TIMEOUT;
    let routed = || copy.kinds_of_events(ids[0]).iter().filter(|kind| *kind == "routed").count();
    while routed() < 2 {
        ensure!(Instant::now() < until, "the archive does not go on");
    }
    stopped(roles)?;
    routes.catch_up()?;
    let once = routes.by_complaint.values().filter(|all| all.len() == 1).count();
    assert_eq!(
        (once, routes.contradictions()),
        (lost.others(&ids), vec![]),
        "what was routed is not routed again"
    );
    Ok(())
}

/// complaints.raw lacks its newest records, and groups have no positions: everything is read again, and what comes next gets
/// the offsets of what is lost.
fn a_cut_one_goes_on(lost: &Lost, bootstrap: &str) -> Result<()> {
    let copy = lost.copied(bootstrap, &["--cut", &format!("{RAW}={LACKS}")])?;
    copy.set_up(PARTITIONS)?;
    let (health, said) = doctor(&copy)?;
    ensure!(health == "warn" && said.contains("lacks what"), "{health}: {said}");
    println!("a cut: {said}");
    // The complaints whose raw records are lost, the one with the greatest offset first: its edit takes a lesser one.
    let mut ends = BTreeMap::new();
    let (kafka, topic) = (kafka(&copy)?, copy.topic(RAW));
    for number in 0..PARTITIONS {
        ends.insert(number, kafka.reader("tests")?.end(&TopicPartition::new(topic.as_str(), number))?);
    }
    let is_lost = |routed: &&Routed| routed.record.raw_offset >= ends[&routed.record.raw_partition];
    let mut gone: Vec<&Routed> = lost.held.values().filter(is_lost).collect();
    gone.sort_by_key(|routed| std::cmp::Reverse(routed.record.raw_offset));
    assert_eq!(gone.len(), usize::try_from(i64::from(PARTITIONS) * LACKS)?);
    let ids: Vec<&str> = gone.iter().map(|routed| routed.record.complaint_id.as_str()).collect();

    let roles = started(&copy)?;
    let routes = edits_are_newer(lost, &copy, &ids)?;
    let lesser = ids.iter().filter(|id| {
        let now = &routes.held(id).unwrap().record;
        now.raw_offset < lost.held[**id].record.raw_offset
    });
    assert!(lesser.count() > 0, "no edit has a lesser offset than what it follows: nothing was shown");
    stopped(roles)?;
    let mut routes = Routes::follow(&copy)?;
    routes.catch_up()?;
    let settled = |routes: &Routes| routes.by_complaint.values().filter(|all| all.len() == 1).count();
    routes.wait_until(WAIT_TIMEOUT, |routes| settled(routes) == lost.others(&ids))?;
    assert_eq!(routes.contradictions(), Vec::<&str>::new());
    // The offsets that routes of before name are others' now, and the next upgrade goes on all the same.
    copy.set_up(PARTITIONS)?;
    let (health, said) = doctor(&copy)?;
    ensure!(health != "bad", "{said}");
    Ok(())
}

/// Predictions, routes and positions are left out of a mirror that shifts offsets: everything in complaints.raw is decided
/// again, and who holds the greatest revision holds what is newest.
fn a_shifted_one_begins_again(lost: &Lost, bootstrap: &str) -> Result<()> {
    let skip = format!("{RAW}={LACKS}");
    let leave_out = ["--leave-out", "complaints.predictions", "--leave-out", "complaints.routed"];
    let copy = lost.copied(bootstrap, &[&["--skip", &skip], &leave_out[..]].concat())?;
    copy.set_up(PARTITIONS)?;
    let (health, said) = doctor(&copy)?;
    ensure!(health == "ok", "{said}");
    // Answers first: complaints that are routed without them are partial, for their deadlines are long past.
    let mut roles = vec![copy.start(INFER)?];
    let group = kafka(&copy)?.reader("ombud.infer.all")?;
    let mut ends = kafka(&copy)?.reader("tests")?;
    let until = Instant::now() + WAIT_TIMEOUT;
    for number in 0..PARTITIONS {
        let at = TopicPartition::new(copy.topic(RAW).as_str(), number);
        while group.committed(&at)?.unwrap_or_default() < ends.end(&at)? {
            ensure!(Instant::now() < until, "infer does not come to the end of {at}");
        }
    }
    roles.extend([copy.start(JOIN)?, copy.start(ARCHIVE)?]);
    let kept = whole(&copy, RAW)?.len();
    assert_eq!(kept, lost.held.len() - usize::try_from(i64::from(PARTITIONS) * LACKS)?);
    let mut routes = Routes::follow(&copy)?;
    routes.wait_for_complete(kept, WAIT_TIMEOUT)?;
    for (id, all) in &routes.by_complaint {
        assert_eq!(all.len(), 1, "{id}");
        let (now, before) = (&all[0].record, &lost.held[id].record);
        assert!(now.revision >= before.revision && now.team == before.team, "{id}");
    }
    let ids: Vec<&str> = lost.held.keys().map(String::as_str).take(5).collect();
    edits_are_newer(lost, &copy, &ids)?;
    stopped(roles)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn a_second_cluster_takes_over_from_a_mirror_that_fits_and_refuses_one_that_does_not() -> Result<()> {
    let services = Services::unstarted()?;
    services.start("kafka")?;
    let variables = services.variables()?;
    let second = variables.iter().find(|(name, _)| name == "OMBUD_KAFKA_BOOTSTRAP");
    let (_, bootstrap) = second.context("the second cluster")?;
    let lost = Lost::after_work()?;

    refused(
        &lost.copied(bootstrap, &["--skip", &format!("{RAW}={LACKS}")])?,
        "a mirror has shifted offsets",
    )?;
    refused(&lost.copied(bootstrap, &["--stamp"])?, "a mirror has stamped its records anew")?;
    a_whole_one_goes_on(&lost, bootstrap)?;
    a_cut_one_goes_on(&lost, bootstrap)?;
    a_shifted_one_begins_again(&lost, bootstrap)
}
