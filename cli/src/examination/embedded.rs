//! The embedded log and case store in the data folder.

use jiff::Timestamp;
use ombud_launch::config::Settings;
use ombud_local::{AcceptedGap, Local, LocalError, LocalView};

use super::Finding;

/// Damages of a deep look that get a line each; the rest is counted.
const SHOWN: usize = 1_000;

pub(super) fn check(settings: &Settings, deep: bool, findings: &mut Vec<Finding>) {
    let folder = settings.data.display();
    match Local::loss(&settings.data) {
        Ok(None) => {}
        Ok(Some(loss)) => findings.push(Finding::bad(
            "log",
            format!("{folder}: {loss}"),
            "`ombud restore` a backup, or continue without what is lost with `ombud repair --accept-loss`",
        )),
        Err(error) => return findings.push(Finding::failed("log", error)),
    }
    let view = match Local::open_read_only(&settings.data) {
        Ok(view) => view,
        // What was there and is gone was reported.
        Err(LocalError::Absent { .. }) if !findings.is_empty() => return,
        Err(LocalError::Absent { .. }) => {
            let found = format!("no Kafka is named, and there is no log in {folder} yet");
            return findings.push(Finding::warn(
                "log",
                found,
                "run `ombud up`, or name brokers with --kafka",
            ));
        }
        Err(error) => return findings.push(Finding::failed("log", error)),
    };
    findings.push(log(&view, settings));
    findings.extend(view.gaps().map(gap));
    findings.push(match view.cases() {
        Ok(_) => Finding::ok("cases", format!("embedded in {folder}")),
        Err(error) => Finding::failed("cases", error),
    });
    if deep {
        examine(&view, findings);
    }
}

fn log(view: &LocalView, settings: &Settings) -> Finding {
    match view.topics() {
        Ok(topics) => {
            let records: i64 = topics.iter().map(|ends| ends.records()).sum();
            let folder = settings.data.display();
            Finding::ok("log", format!("embedded in {folder}: {} topics, {records} records", topics.len()))
        }
        Err(error) => Finding::failed("log", error),
    }
}

/// What a repair gave up is reported for ever; nothing is left to be done about it.
fn gap(accepted: &AcceptedGap) -> Finding {
    let AcceptedGap { gap, accepted_at } = accepted;
    let when = Timestamp::from_millisecond(*accepted_at)
        .map_or_else(|_| accepted_at.to_string(), |at| at.to_string());
    Finding::ok("gap", format!("{gap} were lost, and given up by `ombud repair` at {when}"))
}

fn examine(view: &LocalView, findings: &mut Vec<Finding>) {
    let (mut damages, mut more) = (Vec::new(), 0);
    let examined = view.examine(&mut |damage| match damages.len() < SHOWN {
        true => damages.push(damage),
        false => more += 1,
    });
    let fix = "`ombud restore` a backup; what a record stood for can be sent again by its CRM";
    let damaged = !damages.is_empty();
    findings.extend(damages.into_iter().map(|damage| Finding::bad("deep", damage, fix)));
    if more > 0 {
        findings.push(Finding::bad("deep", format!("{more} other damages"), fix));
    }
    match examined {
        Ok(records) if !damaged => {
            findings.push(Finding::ok(
                "deep",
                format!("all pages, positions and {records} records are as they were written"),
            ));
        }
        Ok(_) => {}
        Err(error) => findings.push(Finding::failed("deep", error)),
    }
}
