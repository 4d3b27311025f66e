//! On real brokers, what nobody can read is parked with its reason, its place and its bytes; its key goes to a human, its
//! neighbours go on at once, and after the fix it is sent again.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context, Result};
use ombud_contract::records::Why;
use ombud_tests::{Deployment, Routes};
use serde_json::{Value, json};

const WAIT_TIMEOUT: Duration = Duration::from_secs(60);
/// Far below the deadline after which a complaint is routed without its decisions.
const MOST_WAIT_MS: i64 = 10_000;

#[test]
fn poison_is_parked_its_neighbours_go_on_and_it_is_redriven() -> Result<()> {
    let deployment = Deployment::fresh(2)?;
    let _infer = deployment.start(&["infer", "--task", "product,issue,vulnerable"])?;
    let _join = deployment.start(&["join"])?;
    let raw = deployment.topic("complaints.raw");
    let sent: Value =
        serde_json::from_str(&deployment.client("python", &["tests/clients/poison.py", &raw])?)?;
    let (poison, good) = (sent["poison"].as_object().unwrap(), sent["good"].as_object().unwrap());

    let mut routes = Routes::follow(&deployment)?;
    routes.wait_until(WAIT_TIMEOUT, |routes| routes.by_complaint.len() == poison.len() + good.len())?;
    let appended: BTreeMap<i64, i64> = deployment
        .tail("complaints.raw")?
        .iter()
        .filter_map(|record| Some((record["offset"].as_i64()?, record["timestamp"].as_i64()?)))
        .collect();
    for id in good.keys() {
        let route = routes.held(id).with_context(|| format!("{id} is routed"))?;
        assert_eq!(route.record.why, Why::Complete, "{id} is not held up by its neighbours");
        let waited = route.appended_at - appended[&route.record.raw_offset];
        assert!(waited < MOST_WAIT_MS, "{id} waited {waited} ms");
    }
    let letters = deployment.tail("complaints.dead-letters")?;
    let parked: Vec<&Value> = letters.iter().map(|record| &record["value"]).collect();
    assert_eq!(parked.len(), poison.len());
    for (id, told) in poison {
        let route = &routes.held(id).with_context(|| format!("{id} is routed"))?.record;
        assert!(route.needs_human && route.why == Why::Unreadable, "{id}: {route:?}");
        let letter = parked.iter().find(|letter| letter["source_offset"] == told["offset"]);
        let letter = letter.with_context(|| format!("{id} has a dead letter"))?;
        assert_eq!((&letter["reason"], &letter["value"]), (&told["reason"], &told["value"]), "{id}");
        assert_eq!((&letter["source_topic"], &letter["source_partition"]), (&json!(raw), &json!(0)), "{id}");
    }

    // The CRM has corrected one record: it is sent again with good content, once.
    let corrected = "unknown-schema-id";
    let letter = parked.iter().find(|letter| letter["reason"] == "UNKNOWN_SCHEMA").unwrap();
    let file = deployment.folder().join("corrected.json");
    let complaint = json!({
        "complaint_id": corrected,
        "narrative": "The bank charged a late fee although I had paid on time.",
        "received_at": 1_700_000_000_000_i64,
    });
    fs::write(&file, complaint.to_string())?;
    let id = letter["dead_letter_id"].as_str().unwrap();
    let redrive = ["redrive", "--id", id, "--with", file.to_str().unwrap(), "--yes", "--json"];
    deployment.run(&redrive)?;
    routes.wait_until(WAIT_TIMEOUT, |routes| {
        routes
            .held(corrected)
            .is_some_and(|held| held.record.missing_tasks.is_empty() && held.record.why != Why::Unreadable)
    })?;
    assert_eq!(routes.held(corrected).unwrap().at.partition, 0, "it went to the partition that it came from");
    let before = routes.by_complaint[corrected].len();
    deployment.run(&redrive)?;
    routes.catch_up()?;
    assert_eq!(routes.by_complaint[corrected].len(), before, "a second time sends nothing");
    assert!(routes.contradictions().is_empty());
    Ok(())
}
