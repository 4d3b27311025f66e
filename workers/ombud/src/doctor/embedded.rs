//! The embedded log and case store in the data folder.

use ombud_launch::config::Settings;
use ombud_local::{Local, LocalError, LocalView};

use super::Finding;

pub(super) fn look(settings: &Settings, findings: &mut Vec<Finding>) {
    let folder = settings.data.display();
    let view = match Local::open_read_only(&settings.data) {
        Ok(view) => view,
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
    findings.push(match view.cases() {
        Ok(_) => Finding::ok("cases", format!("embedded in {folder}")),
        Err(error) => Finding::failed("cases", error),
    });
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
