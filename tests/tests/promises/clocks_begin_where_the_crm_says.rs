//! Where a CRM says that clocks begin comes out on the route: a regulator's sending and a customer's notice, from a file,
//! through the whole flow, by the rules of models/strategy.toml.

#![cfg(feature = "torch")]

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use ombud_tests::{Log, ombud};
use serde_json::Value;

/// Received on Thursday, the 5th of March 2026. The rules count in New York, where clocks go forward on the 8th.
const FILE: &str = "\
complaint_id,received_at,regulator_sent_at,notice_at,known_product,language,narrative
sent-on,2026-03-05T15:00:00Z,2026-03-02T15:00:00Z,,Debt collection,en,A collector keeps calling me at work about a debt that I paid.
noticed,2026-03-05T15:00:00Z,,2026-02-27T15:00:00Z,Mortgage,en,The bank has lost two of my payments for the house and charges a late fee.
plain,2026-03-05T15:00:00Z,,,Mortgage,en,The bank has lost two of my payments for the house and nobody answers.
";
const RECEIPT: &str = "2026-03-05T15:00:00Z";
const SENDING: &str = "2026-03-02T15:00:00Z";
const NOTICE: &str = "2026-02-27T15:00:00Z";

/// Each clock of a route by its name: when it began, and when it is due.
type Clocks = BTreeMap<String, (i64, i64)>;

fn time(text: &str) -> Result<i64> {
    Ok(text.parse::<Timestamp>()?.as_millisecond())
}

fn clocks(route: &Value) -> Result<Clocks> {
    let clocks = route["clocks"].as_array().context("clocks")?;
    let dues: Vec<Option<i64>> = clocks.iter().map(|clock| clock["due"].as_i64()).collect();
    ensure!(dues.is_sorted(), "the earliest comes first: {route}");
    let named = |clock: &Value| {
        let name = clock["name"].as_str().context("its name")?.to_owned();
        let moment = |field: &str| clock[field].as_i64().with_context(|| format!("{field} of {clock}"));
        Ok((name, (moment("starts")?, moment("due")?)))
    };
    clocks.iter().map(named).collect()
}

#[test]
fn a_sending_and_a_notice_in_a_file_begin_the_clocks_of_the_route() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("crm.csv");
    fs::write(&file, FILE)?;
    let output = ombud(data.path())?.arg("up").arg(&file).args(["--once", "--json"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut routes = BTreeMap::new();
    for mut record in Log::of(data.path()).tail("complaints.routed")? {
        let route = record["value"].take();
        routes.insert(route["complaint_id"].as_str().context("an id")?.to_owned(), route);
    }
    let route = |id: &str| routes.get(id).with_context(|| format!("a route of {id}"));
    let (sent_on, noticed, plain) = (route("sent-on")?, route("noticed")?, route("plain")?);
    assert_eq!(
        (&sent_on["regulator_sent_at"], &sent_on["notice_at"]),
        (&time(SENDING)?.into(), &Value::Null)
    );
    assert_eq!((&noticed["regulator_sent_at"], &noticed["notice_at"]), (&Value::Null, &time(NOTICE)?.into()));

    // 15 days of the sending, and of the receipt: the earlier one is what `resolve_by` says.
    let running = clocks(sent_on)?;
    assert_eq!(running["cfpb-answer"], (time(SENDING)?, time("2026-03-18T04:00:00Z")?));
    assert_eq!(running["cfpb-final-response"], (time(SENDING)?, time("2026-05-02T04:00:00Z")?));
    assert_eq!(running["house-answer"], (time(RECEIPT)?, time("2026-03-21T04:00:00Z")?));
    assert_eq!(sent_on["resolve_by"], time("2026-03-18T04:00:00Z")?);

    // 5 and 30 business days of the notice.
    let running = clocks(noticed)?;
    assert_eq!(running["reg-x-acknowledgement"], (time(NOTICE)?, time("2026-03-07T05:00:00Z")?));
    assert_eq!(running["reg-x-answer"], (time(NOTICE)?, time("2026-04-11T04:00:00Z")?));

    // Nobody sent it on and nothing was noticed before: the receipt alone.
    let running = clocks(plain)?;
    let receipt = time(RECEIPT)?;
    ensure!(running.values().all(|(starts, _)| *starts == receipt), "{running:?}");
    ensure!(!running.contains_key("cfpb-answer"), "{running:?}");
    assert_eq!(running["reg-x-answer"], (time(RECEIPT)?, time("2026-04-17T04:00:00Z")?));
    Ok(())
}
