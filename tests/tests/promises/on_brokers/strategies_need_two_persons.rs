//! On real brokers, under a strategy that asks for a second person: what somebody appends by hand without one is skipped by
//! every worker, as what comes too late is; what two persons wanted is not.

#![cfg(feature = "torch")]

use std::{fs, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use ombud_contract::{codec, records::Strategy};
use ombud_stream::{Clock, Outgoing, Sink as _, SystemClock};
use ombud_tests::{Deployment, Role, Routes, kafka, quick_models, sample_times, split, whole};
use serde_json::Value;

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// Longer than the 5 s before its time at which a version must be there.
const AHEAD_MS: i64 = 8_000;
/// How long one append may take.
const APPEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Complaints of each part.
const PART: usize = 150;

/// Appends a version as anybody does who may write to the topic; gives when it would begin.
fn append_by_hand(deployment: &Deployment, change: impl FnOnce(&mut Strategy)) -> Result<i64> {
    let records = whole(deployment, "models.strategy")?;
    let newest = records.last().and_then(|record| record.value.as_deref()).context("a strategy")?;
    let mut next: Strategy = codec::decode(newest)?;
    (next.version, next.changed_by) = (next.version + 1, "mallory".to_owned());
    next.effective_from = SystemClock.now_ms() + AHEAD_MS;
    change(&mut next);
    let topic: Arc<str> = deployment.topic("models.strategy").into();
    let (mut sink, deliveries) = kafka(deployment)?.sink::<()>(1)?;
    let key = Some(Bytes::from_static(b"strategy"));
    let record = Outgoing::stamped(topic, None, key, codec::encode(&next)?, "by-hand", &[]);
    sink.send(record, ()).map_err(|refused| anyhow::anyhow!("{:?}", refused.outage))?;
    deliveries.recv_timeout(APPEND_TIMEOUT)?.result?;
    Ok(next.effective_from)
}

/// Sends a part of the sample; each of its complaints must be decided by `version`, by the arm `champion` alone.
fn decided_by(deployment: &Deployment, routes: &mut Routes, file: &str, version: i64) -> Result<()> {
    let before = routes.by_complaint.len();
    deployment.run(&["send", "--bulk", file])?;
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.by_complaint.len() == before + PART)?;
    let mut decided = 0;
    for routed in routes.by_complaint.values().flatten() {
        for one in routed.record.decisions.iter().filter(|one| one.strategy_version == version) {
            ensure!(one.arm == "champion", "{one:?}");
            decided += 1;
        }
    }
    ensure!(decided == 3 * PART, "{decided} decisions are of strategy {version}");
    Ok(())
}

#[test]
fn a_version_without_approvals_is_skipped_by_every_worker_and_one_with_them_is_not() -> Result<()> {
    let deployment = Deployment::empty()?;
    let first = quick_models(deployment.folder())?.join("strategy.toml");
    let text = fs::read_to_string(&first)?;
    fs::write(&first, text.replace("approvals = 0", "approvals = 1"))?;
    deployment.set_up(2)?;
    let mut roles = vec![
        deployment.launch(&["infer", "--task", "product,issue,vulnerable"])?,
        deployment.launch(&["join"])?,
        deployment.launch(&["archive"])?,
    ];
    roles.iter_mut().try_for_each(Role::wait_until_ready)?;
    let mut routes = Routes::follow(&deployment)?;
    let file = deployment.folder().join("all.csv");
    sample_times(1, &file)?;
    let parts = split(&file, 2)?;
    let part = |at: usize| -> Result<&str> { parts[at].0.to_str().context("a path") };

    // Nobody approved the first; the second one's approver is who asked; the third comes with the approval of nobody.
    let forged = |requested_by: Option<&str>, approved_by: &[&str]| {
        append_by_hand(&deployment, |next| {
            next.version = 2;
            next.audit_basis_points = 10_000;
            next.requested_by = requested_by.map(str::to_owned);
            next.approved_by = approved_by.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    forged(None, &[])?;
    forged(Some("mallory"), &["mallory"])?;
    let begins = forged(None, &["bob"])?;
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= begins)?;
    decided_by(&deployment, &mut routes, part(0)?, 1)?;
    let logs = deployment.logs()?;
    for why in ["it has 0", "who asked for it or made it", "nobody asked for it"] {
        let skipped = |line: &&str| line.contains("strategy skipped") && line.contains(why);
        let workers = logs.lines().filter(skipped).count();
        ensure!(workers >= roles.len(), "{workers} workers say: {why}");
    }

    let strategy = |words: &str| -> Result<Value> {
        let words: Vec<&str> = ["strategy"].into_iter().chain(words.split(' ')).chain(["--json"]).collect();
        Ok(serde_json::from_str(&deployment.run(&words)?)?)
    };
    let audited = deployment.folder().join("next.toml");
    let named = text.replace("audit_basis_points = 100", "audit_basis_points = 10000");
    let shelf = "model = \"quick-models/complaints-bag\"";
    fs::write(
        &audited,
        named.replace("model = \"complaints-bag\"", shelf).replace("approvals = 0", "approvals = 1"),
    )?;
    let request = strategy(&format!("request set {} --by ann", audited.display()))?;
    let id = request["request_id"].as_str().context("an id")?;
    ensure!(strategy(&format!("approve {id} --by ann")).is_err(), "who asked approves");
    let published = strategy(&format!("approve {id} --by bob"))?;
    ensure!(published["strategy_version"] == 2, "{published}");
    let begins = published["effective_from"].as_i64().context("a time")?;
    routes.wait_until(WAIT_TIMEOUT, |_| SystemClock.now_ms() >= begins)?;
    decided_by(&deployment, &mut routes, part(1)?, 2)?;
    for role in roles {
        role.stop()?;
    }
    Ok(())
}
