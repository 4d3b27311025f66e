//! A product team's own system writes to complaints.work what it did about a complaint, as docs/product-teams.md says: it is
//! in the case, `ombud show` says how far the work is, what may not follow is marked, and what breaks a rule is parked.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use ombud_tests::{Deployment, Routes};
use serde_json::{Value, json};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
const COMPLAINT: &str = "crm-1001";
/// When the first thing was done.
const DONE: i64 = 1_772_500_000_000;

/// The case, once `is_there`.
pub(crate) fn case(deployment: &Deployment, id: &str, is_there: impl Fn(&Value) -> bool) -> Result<Value> {
    let until = Instant::now() + WAIT_TIMEOUT;
    loop {
        let case = deployment.run(&["show", id, "--json"]).unwrap_or_default();
        let case: Value = serde_json::from_str(&case).unwrap_or_default();
        if is_there(&case) {
            return Ok(case);
        }
        ensure!(Instant::now() < until, "{id} does not become so: {case}");
    }
}

/// Runs the example of a team's system: what `words` say was done on the route in `routed`, so many ms after [`DONE`].
pub(crate) fn work(deployment: &Deployment, routed: &Path, words: &[&str], after: i64) -> Result<()> {
    let (topic, at) = (deployment.topic("complaints.work"), (DONE + after).to_string());
    let mut arguments = vec!["examples/product-team/work.py", routed.to_str().unwrap()];
    arguments.extend(words);
    arguments.extend(["--topic", &topic, "--done-at", &at]);
    deployment.client("python", &arguments).map(drop)
}

fn is_route(event: &Value) -> bool {
    event["kind"] == "routed"
}

/// The events of work in a case, each with what it changed, in the order in which they were done.
fn effects(case: &Value) -> Vec<(String, String)> {
    let events = case["events"].as_array().map_or(&[][..], Vec::as_slice);
    let mut of_work: Vec<&Value> = events.iter().filter(|event| event["kind"] == "work").collect();
    of_work.sort_by_key(|event| event["value"]["done_at"].as_i64());
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_work.into_iter().map(|event| (word(&event["value"]["kind"]), word(&event["effect"]))).collect()
}

#[test]
fn what_a_teams_own_system_did_is_in_the_case() -> Result<()> {
    let deployment = Deployment::fresh(2)?;
    let roles = [
        deployment.start(&["infer", "--task", "product,issue,vulnerable"])?,
        deployment.start(&["join"])?,
        deployment.start(&["archive"])?,
    ];
    let file = deployment.folder().join("one.jsonl");
    let complaint = json!({
        "complaint_id": COMPLAINT, "narrative": "My card was charged twice and nobody refunds me.",
        "received_at": "2026-03-02T09:15:00Z",
    });
    fs::write(&file, format!("{complaint}\n"))?;
    deployment.run(&["send", "--json", file.to_str().unwrap()])?;
    Routes::follow(&deployment)?.wait_for_complete(1, WAIT_TIMEOUT)?;
    let routed = deployment.folder().join("routed.json");
    fs::write(&routed, deployment.tail("complaints.routed")?[0].to_string())?;
    case(&deployment, COMPLAINT, |case| {
        let has_route = || case["events"].as_array().is_some_and(|events| events.iter().any(is_route));
        case["work"]["phase"] == "open" && has_route()
    })?;

    let by = ["--actor", "agent-17"];
    let answer = ["--outcome", "PARTLY_UPHELD", "--cause", "fees-not-explained", "--redress", "2500", "GBP"];
    let did = |words: &[&str], after: i64| work(&deployment, &routed, &[words, &by[..]].concat(), after);
    did(&["CLAIMED"], 0)?;
    did(&["ACKNOWLEDGED"], 1)?;
    did(&[&["FINAL_RESPONSE"][..], &answer[..]].concat(), 3)?;
    // Once more, as after an answer that did not come; and one that was done before it, and comes later.
    did(&[&["FINAL_RESPONSE"][..], &answer[..]].concat(), 3)?;
    did(&["HOLDING_RESPONSE"], 2)?;
    did(&["ACKNOWLEDGED"], 4)?;
    // What breaks a rule does not count.
    did(&["NOTED"], 5)?;
    let answered = case(&deployment, COMPLAINT, |case| effects(case).len() >= 5)?;
    let expected = [
        ("CLAIMED", "counts"),
        ("ACKNOWLEDGED", "counts"),
        ("HOLDING_RESPONSE", "counts"),
        ("FINAL_RESPONSE", "counts"),
        ("ACKNOWLEDGED", "out-of-order"),
    ];
    let expected = expected.map(|(kind, effect)| (kind.to_owned(), effect.to_owned()));
    ensure!(effects(&answered) == expected, "{:?}", effects(&answered));
    let work = json!({ "phase": "answered", "claimed_by": null, "out_of_order": 1 });
    ensure!(answered["work"] == work, "{}", answered["work"]);
    let shown = deployment.run(&["show", COMPLAINT])?;
    for words in
        ["work        answered, 1 event out of order", "final response, partly upheld, fees-not-explained"]
    {
        ensure!(shown.contains(words), "{words}: {shown}");
    }
    let until = Instant::now() + WAIT_TIMEOUT;
    let letters = loop {
        let letters = deployment.tail("complaints.dead-letters")?;
        if !letters.is_empty() {
            break letters;
        }
        ensure!(Instant::now() < until, "nothing is parked");
    };
    let detail = letters[0]["value"]["detail"].as_str().unwrap_or_default();
    ensure!(letters.len() == 1 && detail.starts_with("reason_code: "), "{letters:?}");
    roles.into_iter().try_for_each(|role| role.stop().map(drop))
}
