//! Whether a console can work: it checks the log and the case store itself, because requests are sent only to one that is ready.

use std::time::Duration;

use anyhow::Result;
use ombud_contract::catalogue::Topic;
use ombud_launch::{config::Settings, health::Readiness};
use ombud_store::CaseStore as _;
use ombud_stream::{Reader as _, TopicPartition, Waiting};

use super::Crew;
use crate::log::backend::{Backend, READER};

/// Its name in readiness and logs.
const PART: &str = "console";
/// How often both are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// No complaint's id, and cheap to look for.
const NOBODY: &str = "readyz";

/// Checks the log and the case store on behalf of the console.
pub(super) fn watch_dependencies<'scope, 'a: 'scope>(
    crew: &mut Crew<'scope, '_>,
    settings: &'a Settings,
    backend: &'a Backend,
    readiness: &Readiness,
) -> Result<()> {
    let (mut log, mut store) = (Waiting::at_once(readiness, PART), Waiting::at_once(readiness, PART));
    log.wait_for("the log");
    store.wait_for("the case store");
    let raw = TopicPartition::new(Topic::Raw.name(&settings.topics.prefix), 0);
    crew.start_beside(PART, move |stop| {
        let mut reader = backend.view().reader(READER)?;
        let mut cases = None;
        loop {
            match reader.end(&raw) {
                Ok(_) => log.over(),
                Err(outage) => log.wait_for(&format!("the log: it failed to {outage}")),
            }
            let asked = match &mut cases {
                None => backend.view().cases().map(|opened| cases = Some(opened)),
                Some(cases) => cases.case(NOBODY).map(drop).map_err(Into::into),
            };
            match asked {
                Ok(()) => store.over(),
                Err(error) => store.wait_for(&format!("the case store: it failed to {error}")),
            }
            if stop.wait(CHECK_INTERVAL) {
                return Ok(());
            }
        }
    })
}
