//! `ombud doctor`: what is reachable, what differs from what it should be, and the fix; one line each.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Settings;
use serde::Serialize;

use crate::{
    Done,
    examination::{Finding, Health, examine},
    input::examples::{Example, examples_text},
};

const EXAMPLES: [Example; 2] = [
    ("Look at everything that the settings name", "ombud doctor"),
    ("Read every byte of the data folder as well", "ombud doctor --deep"),
];

/// The arguments of `doctor`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Doctor {
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Also read every byte of the data folder, and compare it with its digests: log, positions, all models on the shelf
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Serialize)]
struct DoctorReport<'a> {
    healthy: bool,
    findings: &'a [Finding],
}

/// Checks everything that the settings name, and prints how it is.
pub(crate) fn doctor(args: &Doctor, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    print(args, &examine(settings, args.deep), out)
}

fn print(args: &Doctor, findings: &[Finding], out: &mut impl Write) -> Result<Done> {
    let healthy = findings.iter().all(|finding| finding.health < Health::Bad);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&DoctorReport { healthy, findings })?)?;
    } else {
        let mut counts: BTreeMap<Health, usize> = BTreeMap::new();
        for finding in findings {
            *counts.entry(finding.health).or_default() += 1;
            let Finding { what, health, found, fix } = finding;
            let health = match health {
                Health::Ok => "ok  ",
                Health::Warn => "warn",
                Health::Bad => "bad ",
            };
            let fix = fix.as_ref().map_or_else(String::new, |fix| format!("; fix: {fix}"));
            writeln!(out, "{health}  {what:<9} {found}{fix}")?;
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
    fn what_is_bad_is_found_wanting_and_comes_with_its_fix() {
        let findings = [Finding::ok("kafka", "1 broker"), Finding::bad("topics", "one is missing", "do it")];
        let (done, text) = printed(&findings, false);
        assert_eq!(done, Done::Wanting);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ok    kafka     1 broker");
        assert_eq!(lines[1], "bad   topics    one is missing; fix: do it");
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
