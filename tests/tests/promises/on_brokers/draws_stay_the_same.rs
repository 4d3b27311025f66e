//! On real brokers, while a canary has a tenth of the products and a shadow of another mind watches everything: whoever is
//! killed, comes to help or reads all of it again, each complaint draws the same arm, and what the shadow says is kept and
//! moves nobody.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::{
    codec,
    ids::basis_point,
    records::{Outcome, Prediction, Role as Arm, RoutedComplaint},
};
use ombud_models::Artefact;
use ombud_stream::{Clock, Reader as _, SystemClock, TopicPartition};
use ombud_tests::{Deployment, Load, Role, Routes, bag, kafka, quick_models, sample_times, split, whole};
use serde_json::Value;

const PARTITIONS: i32 = 6;
/// Twice the sample's 300.
const COMPLAINTS: usize = 600;
/// Complaints a second, while a worker is killed and others come.
const RATE: u32 = 20;
/// After this time a killed member's partitions go to others; librdkafka's own is 45 s.
const SESSION: (&str, &str) = ("OMBUD_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "6000");
/// Of 10,000.
const CANARY_POINTS: i32 = 1_000;
/// Of models/strategy.toml.
const SALT: &str = "product-1";
/// What the shadow watches.
const WATCHED: [&str; 2] = ["product", "vulnerable"];
/// Every so-manieth case is shown.
const SHOWN: usize = 150;
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

/// The versions of the bag that play.
struct Cast {
    champion: String,
    canary: String,
    shadow: String,
}

impl Cast {
    /// Registers all of them with `deployment`. The canary answers as the champion does; the shadow calls nearly
    /// everybody possibly vulnerable.
    fn join(deployment: &Deployment) -> Result<Self> {
        let champion = Artefact::open(&quick_models(deployment.folder())?.join("complaints-bag"))?;
        let add = |name: &str, number| -> Result<String> {
            let folder = deployment.folder().join(name);
            let artefact = bag(&folder, number)?;
            deployment.run(&["models", "add", folder.to_str().unwrap()])?;
            Ok(artefact.version)
        };
        Ok(Self { champion: champion.version, canary: add("canary", 900)?, shadow: add("shadow", 99_000)? })
    }

    /// What must decide the product of a complaint: arm and version.
    fn decides(&self, complaint_id: &str) -> (&str, &str) {
        if basis_point(complaint_id, SALT) < CANARY_POINTS {
            ("canary", &self.canary)
        } else {
            ("champion", &self.champion)
        }
    }
}

/// `ombud strategy` with `words`; gives the version that it published, and when that begins.
fn strategy(deployment: &Deployment, words: &[&str]) -> Result<(i64, i64)> {
    let words = [&["strategy"], words, &["--by", "test", "--json"]].concat();
    let said: Value = serde_json::from_str(&deployment.run(&words)?)?;
    let number = |field: &str| said["strategy"][field].as_i64().with_context(|| format!("{field} in {said}"));
    Ok((number("version")?, number("effective_from")?))
}

fn named(version: &str) -> String {
    format!("complaints-bag@{version}")
}

/// Waits until `group` has committed all of a topic.
fn finished(deployment: &Deployment, group: &str, base: &str) -> Result<()> {
    let mut reader = kafka(deployment)?.reader(group)?;
    let topic = deployment.topic(base);
    let until = Instant::now() + WAIT_TIMEOUT;
    for number in 0..PARTITIONS {
        let at = TopicPartition::new(topic.as_str(), number);
        while reader.committed(&at)?.unwrap_or_default() < reader.end(&at)? {
            ensure!(Instant::now() < until, "{group} does not come to the end of {at}");
        }
    }
    Ok(())
}

/// Every prediction by its id: as often as it was appended, the first first.
fn answers(deployment: &Deployment) -> Result<BTreeMap<String, Vec<Prediction>>> {
    let mut answers: BTreeMap<String, Vec<Prediction>> = BTreeMap::new();
    for record in whole(deployment, "complaints.predictions")? {
        let one: Prediction = codec::decode(record.value.as_deref().context("a value")?)?;
        answers.entry(one.prediction_id.clone()).or_default().push(one);
    }
    Ok(answers)
}

/// Every time that it was asked, each complaint's product was decided by the arm that its id draws, under `strategy`; gives
/// the deciding products' ids, and how many are the canary's.
fn drawn(
    answers: &BTreeMap<String, Vec<Prediction>>,
    cast: &Cast,
    strategy: i64,
) -> Result<(BTreeSet<String>, usize)> {
    let (mut ids, mut complaints, mut canaries) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (id, times) in answers {
        for one in times {
            let complaint = &one.complaint_id;
            ensure!(
                one.outcome != Outcome::Failed && one.strategy_version == strategy,
                "{complaint}: {one:?}"
            );
            if one.role != Arm::Deciding || one.task != "product" {
                continue;
            }
            let found = (one.arm.as_str(), one.model_version.as_str());
            ensure!(found == cast.decides(complaint), "{complaint} was decided by {found:?}");
            if ids.insert(id.clone()) {
                ensure!(complaints.insert(complaint.clone()), "two products of {complaint} decide");
                canaries += usize::from(one.arm == "canary");
            }
        }
    }
    ensure!(ids.len() == COMPLAINTS, "{} products decide", ids.len());
    Ok((ids, canaries))
}

/// What a product team gets to know of a complaint.
type TeamView = (String, i32, String);

/// Of each complaint, which must have been routed once, whole, and by champion and canary alone.
fn team_views(routes: &Routes) -> Result<BTreeMap<String, TeamView>> {
    let view = |record: &RoutedComplaint| {
        (record.team.clone(), record.priority, format!("{:?}", record.vulnerability))
    };
    let mut team_views = BTreeMap::new();
    for (id, records) in &routes.by_complaint {
        let [routed] = records.as_slice() else { anyhow::bail!("{id} is routed {} times", records.len()) };
        let record = &routed.record;
        ensure!(record.missing_tasks.is_empty() && record.decisions.len() == 3, "{id}: {record:?}");
        let arms: BTreeSet<&str> = record.decisions.iter().map(|one| one.arm.as_str()).collect();
        ensure!(arms.is_subset(&["champion", "canary"].into()), "{id} was decided by {arms:?}");
        team_views.insert(id.clone(), view(record));
    }
    ensure!(team_views.len() == COMPLAINTS, "{} complaints are routed", team_views.len());
    Ok(team_views)
}

/// The same complaints where the canary is the same and nobody watches.
fn unwatched(file: &Path) -> Result<(BTreeSet<String>, BTreeMap<String, TeamView>)> {
    let deployment = Deployment::fresh(PARTITIONS)?;
    let cast = Cast::join(&deployment)?;
    let (version, begins) = strategy(&deployment, &["canary", "product", &named(&cast.canary), "10%"])?;
    let mut roles = vec![deployment.launch(&["infer", "--task", "all"])?, deployment.launch(&["join"])?];
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= begins)?;
    deployment.run(&["send", "--bulk", file.to_str().unwrap()])?;
    routes.wait_for_complete(COMPLAINTS, WAIT_TIMEOUT)?;
    roles.into_iter().try_for_each(|role| role.stop().map(drop))?;
    routes.catch_up()?;
    let (ids, _) = drawn(&answers(&deployment)?, &cast, version)?;
    Ok((ids, team_views(&routes)?))
}

/// The case as `ombud show` prints it has the shadow's answer to each task that it watches, and says that it is a shadow's.
fn kept(deployment: &Deployment, id: &str, cast: &Cast) -> Result<()> {
    let case: Value = serde_json::from_str(&deployment.run(&["show", id, "--json"])?)?;
    let events = case["events"].as_array().context("events")?;
    let predictions =
        events.iter().filter(|event| event["kind"] == "prediction").map(|event| &event["value"]);
    let shadows: Vec<&Value> = predictions.filter(|one| one["role"] == Arm::Shadow.symbol()).collect();
    let tasks: BTreeSet<&str> = shadows.iter().filter_map(|one| one["task"].as_str()).collect();
    ensure!(tasks == WATCHED.into() && shadows.len() == WATCHED.len(), "{id}: the shadow answers {tasks:?}");
    let its_own = |one: &&Value| one["arm"] == "shadow" && one["model_version"] == *cast.shadow;
    ensure!(shadows.iter().all(its_own), "{id}: {shadows:?}");
    Ok(())
}

/// Here a worker is killed, others come, and a group reads all of it again, while the shadow watches.
fn watched(deployment: &Deployment, file: &Path) -> Result<(BTreeSet<String>, BTreeMap<String, TeamView>)> {
    let cast = Cast::join(deployment)?;
    strategy(deployment, &["canary", "product", &named(&cast.canary), "10%"])?;
    strategy(deployment, &["shadow", "product", &named(&cast.shadow), "100%"])?;
    let (version, begins) = strategy(deployment, &["shadow", "vulnerable", &named(&cast.shadow), "100%"])?;
    let infer = || deployment.launch(&["infer", "--task", "all"]);
    let mut roles = vec![infer()?, deployment.launch(&["join"])?, deployment.launch(&["archive"])?];
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(deployment)?;
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= begins)?;

    // No deadline: a worker that is away for a while makes no route incomplete.
    let parts = split(file, 2)?;
    let mut load = Load::start(deployment, &parts[0].0, RATE, &["--bulk"])?;
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.complete() >= COMPLAINTS / 12)?;
    ensure!(load.is_under_way()?, "the load ended before a worker was killed");
    roles.remove(0).kill()?;
    roles.push(infer()?);
    roles.last_mut().unwrap().wait_until_ready()?;
    roles.push(infer()?);
    roles.last_mut().unwrap().wait_until_ready()?;
    load.finish()?;
    // However long they took to come, there is something to do for both.
    Load::start(deployment, &parts[1].0, RATE, &["--bulk"])?.finish()?;
    routes.wait_for_complete(COMPLAINTS, WAIT_TIMEOUT)?;
    roles.iter_mut().try_for_each(Role::still_runs)?;
    for worker in &roles[roles.len() - 2..] {
        ensure!(worker.metric("ombud_predictions_total")? > 0.0, "one of two workers had nothing to do");
    }
    // A route waits for no shadow.
    finished(deployment, "ombud.infer.all", "complaints.raw")?;
    let first = answers(deployment)?;
    let (decided, canaries) = drawn(&first, &cast, version)?;
    let (all, share) = (COMPLAINTS as f64, f64::from(CANARY_POINTS) / 10_000.0);
    let error = (share * (1.0 - share) / all).sqrt();
    let found = canaries as f64 / all;
    println!(
        "the canary decided {canaries} of {COMPLAINTS}: {:.2} standard errors off",
        (found - share) / error
    );
    ensure!((found - share).abs() < 4.0 * error, "the canary decided {canaries} of {COMPLAINTS}");

    // Another group, which has committed nothing: it reads all of it again.
    roles.push(deployment.launch(&["infer", "--task", &WATCHED.join(",")])?);
    roles.last_mut().unwrap().wait_until_ready()?;
    finished(deployment, &format!("ombud.infer.{}", WATCHED.join("+")), "complaints.raw")?;
    let replayed = answers(deployment)?;
    let new = replayed.iter().find(|(id, _)| !first.contains_key(*id));
    ensure!(new.is_none(), "a replay has answered what nobody had: {new:?}");
    for (id, times) in &first {
        let again = &replayed[id][times.len()..];
        let expected = usize::from(WATCHED.contains(&times[0].task.as_str()));
        ensure!(
            again.len() == expected,
            "{} of {}: again {} times",
            times[0].task,
            times[0].complaint_id,
            again.len()
        );
    }
    assert_eq!(drawn(&replayed, &cast, version)?.0, decided);

    let shadows: Vec<&Prediction> =
        first.values().map(|times| &times[0]).filter(|one| one.role == Arm::Shadow).collect();
    assert_eq!(shadows.len(), WATCHED.len() * COMPLAINTS);
    finished(deployment, "ombud.archive", "complaints.predictions")?;
    finished(deployment, "ombud.archive", "complaints.routed")?;
    roles.into_iter().try_for_each(|role| role.stop().map(drop))?;
    routes.catch_up()?;
    let watched = team_views(&routes)?;
    watched.keys().step_by(SHOWN).try_for_each(|id| kept(deployment, id, &cast))?;

    // Had the shadow been asked, these would be routed otherwise.
    let differs = |one: &&&Prediction| {
        let decided = routes.held(&one.complaint_id).into_iter().flat_map(|routed| &routed.record.decisions);
        decided.filter(|decision| decision.task == one.task).any(|decision| decision.label != one.label)
    };
    let others = shadows.iter().filter(differs).count();
    println!("the shadow is of another mind about {others} of {} answers", shadows.len());
    ensure!(others > COMPLAINTS / 4, "the shadow agrees with the champion: nothing is shown by equal routes");
    Ok((decided, watched))
}

#[test]
fn a_complaint_draws_the_same_arm_whatever_becomes_of_the_workers() -> Result<()> {
    let deployment = Deployment::with(PARTITIONS, &[SESSION])?;
    let file = deployment.folder().join("complaints.csv");
    assert_eq!(sample_times(COMPLAINTS / 300, &file)?, COMPLAINTS as u64);
    let (here, elsewhere) = thread::scope(|scope| {
        let elsewhere = scope.spawn(|| unwatched(&file));
        (watched(&deployment, &file), elsewhere.join().unwrap())
    });
    let ((decided, watched), (others, unwatched)) = (here?, elsewhere?);
    assert_eq!(others, decided, "where nobody watches others decide");
    assert_eq!(unwatched, watched, "the shadow has changed a route");
    Ok(())
}
