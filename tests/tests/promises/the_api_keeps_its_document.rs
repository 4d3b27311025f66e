//! schemathesis, which is not ours, asks a running `up` all that its OpenAPI document allows, and much that it does not: no
//! answer is a server's error, and none has a status, a type, a header or a body that the document does not say.
//!
//! It learns of answers what to ask next: the complaint of the document's examples is there, and somebody works on it.

#![cfg(feature = "torch")]

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Serving, ombud, repository};

/// That of the document's examples.
const COMPLAINT: &str = r#"{"complaint_id": "crm-1001", "customer_ref": "cust-1",
    "narrative": "My card was charged twice and the bank refuses to refund me."}"#;
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";
/// Requests of each path and method, beside those that it makes of bounds and examples.
const REQUESTS: &str = "60";
const ROUTE_TIMEOUT: Duration = Duration::from_secs(120);

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn no_answer_of_the_api_is_a_servers_error_or_other_than_its_document_says() -> Result<()> {
    let data = tempfile::tempdir()?;
    let up = Serving::start(data.path())?;
    let (status, body) = up.post("/api/complaints", COMPLAINT)?;
    ensure!(status == 202, "{status} {body}");
    let began = Instant::now();
    loop {
        let mut claim = ombud(data.path())?;
        claim
            .env("OMBUD_HTTP__ADDRESS", up.address())
            .args(["work", "crm-1001", "claim", "--by", "agent-17"]);
        let claimed = claim.output()?;
        if claimed.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&claimed.stderr);
        ensure!(said.contains("none that you may see has this id"), "{said}");
        ensure!(began.elapsed() < ROUTE_TIMEOUT, "it is not in the worklist: {said}");
    }

    let prepared =
        Command::new(repository().join("scripts/schemathesis")).stderr(Stdio::inherit()).output()?;
    ensure!(prepared.status.success(), "scripts/schemathesis: {}", prepared.status);
    let program = String::from_utf8(prepared.stdout)?.trim().to_owned() + "/schemathesis";
    let token = fs::read_to_string(data.path().join("operator.token"))?;
    let asked = Command::new(program)
        .args(["--no-color", "run", &format!("http://{}/api/openapi.json", up.address())])
        .args(["--checks", CHECKS, "--max-examples", REQUESTS, "--seed", "21", "--workers", "2"])
        .args(["--header", &format!("Authorization: Bearer {token}"), "--continue-on-failure"])
        .current_dir(data.path())
        .output()
        .context("run schemathesis")?;
    let said = String::from_utf8_lossy(&asked.stdout);
    ensure!(asked.status.success(), "{said}\n{}", String::from_utf8_lossy(&asked.stderr));
    // A run that asks nothing fails nothing.
    let paths = [
        "/api/work",
        "/api/queues/{team}",
        "/api/cases/{complaint_id}/narrative",
        "/api/complaints/{complaint_id}/explain",
        "/api/complaints/{complaint_id}/dossier",
        "/api/audit",
    ];
    let document: serde_json::Value = serde_json::from_str(&up.get("/api/openapi.json")?.1)?;
    for path in paths {
        ensure!(document["paths"][path].is_object(), "the document has no {path}");
    }
    ensure!(said.contains("generated"), "it says what it has asked: {said}");
    Ok(())
}
