//! `ombud doctor`: what is reachable, what differs from what it should be, and the mend; one line each.

mod brokers;
mod cases;
mod clocks;
mod embedded;
mod mirror;
mod models;
mod split;

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Settings;
use serde::Serialize;

use crate::Done;

/// What is said to `doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Also read every byte of the data folder, and hold it against its digests: log, positions, all models on the shelf
    #[arg(long)]
    pub(crate) deep: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    Warn,
    Bad,
}

/// One line.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    health: Health,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, health: Health::Ok, found: found.into(), mend: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, health: Health::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    fn bad(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, health: Health::Bad, found: found.into(), mend: Some(mend.into()) }
    }

    /// What could not even be looked at; the error says what would be right.
    fn failed(what: &'static str, error: impl Into<anyhow::Error>) -> Self {
        let found = format!("failed to {:#}", error.into());
        Self { what, health: Health::Bad, found, mend: None }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    healthy: bool,
    findings: &'a [Finding],
}

/// Looks at everything that the settings name, and says how it is.
pub(crate) fn doctor(args: &Doctor, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let mut findings = Vec::new();
    if settings.kafka_bootstrap.is_empty() {
        embedded::look(settings, args.deep, &mut findings);
    } else {
        brokers::look(settings, &mut findings);
        cases::look(settings, &mut findings);
    }
    split::look(settings, &mut findings);
    mirror::look(settings, &mut findings);
    models::look(settings, args.deep, &mut findings);
    print(args, &findings, out)
}

fn print(args: &Doctor, findings: &[Finding], out: &mut impl Write) -> Result<Done> {
    let healthy = findings.iter().all(|finding| finding.health < Health::Bad);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&Report { healthy, findings })?)?;
    } else {
        let mut counts: BTreeMap<Health, usize> = BTreeMap::new();
        for finding in findings {
            *counts.entry(finding.health).or_default() += 1;
            let Finding { what, health, found, mend } = finding;
            let health = match health {
                Health::Ok => "ok  ",
                Health::Warn => "warn",
                Health::Bad => "bad ",
            };
            let mend = mend.as_ref().map_or_else(String::new, |mend| format!("; mend: {mend}"));
            writeln!(out, "{health}  {what:<9} {found}{mend}")?;
        }
        let count = |health| counts.get(&health).copied().unwrap_or(0);
        writeln!(out, "{} bad, {} to look at", count(Health::Bad), count(Health::Warn))?;
    }
    Ok(if healthy { Done::Well } else { Done::Wanting })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(findings: &[Finding], json: bool) -> (Done, String) {
        let mut out = Vec::new();
        let done = print(&Doctor { json, deep: false }, findings, &mut out).unwrap();
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_bad_is_found_wanting_and_comes_with_its_mend() {
        let findings = [Finding::ok("kafka", "1 broker"), Finding::bad("topics", "one is missing", "do it")];
        let (done, text) = printed(&findings, false);
        assert_eq!(done, Done::Wanting);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ok    kafka     1 broker");
        assert_eq!(lines[1], "bad   topics    one is missing; mend: do it");
        assert_eq!(lines[2], "1 bad, 0 to look at");
    }

    #[test]
    fn what_is_to_look_at_is_no_fault() {
        let (done, text) = printed(&[Finding::warn("groups", "nobody works", "start it")], true);
        assert_eq!(done, Done::Well);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&report["healthy"], &report["findings"][0]["health"]), (&true.into(), &"warn".into()));
    }
}
