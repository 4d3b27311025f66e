//! Whether the topics belong together, or came from a mirror that shifted offsets or times.

use ombud_contract::catalogue::Topic;
use ombud_launch::config::Settings;

use super::Finding;
use crate::{log::backend::View, mirror};

const WHAT: &str = "mirror";

pub(super) fn check(settings: &Settings, findings: &mut Vec<Finding>) {
    // What can't be opened or is missing was reported before.
    let Ok(view) = View::open(settings) else { return };
    let is_there = |topic: Topic| view.ends(&topic.name(&settings.topics.prefix)).is_ok();
    if ![Topic::Raw, Topic::Routed].into_iter().all(is_there) {
        return;
    }
    let origins = match mirror::inspect(&view, settings) {
        Ok(origins) => origins,
        Err(error) => return findings.push(Finding::failed(WHAT, error)),
    };
    findings.push(match (origins.fault(), origins.loss()) {
        (Some(fault), _) => Finding::bad(WHAT, fault.found, fault.fix),
        (None, Some(loss)) => Finding::warn(WHAT, loss.found, loss.fix),
        (None, None) => {
            Finding::ok(WHAT, format!("{} of the newest routes lie with their raw records", origins.agree))
        }
    });
}
