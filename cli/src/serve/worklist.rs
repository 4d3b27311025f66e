//! The console's worklist as its process keeps it: where it lies, and the threads that read it and measure its lag.

use std::sync::Arc;

use anyhow::Result;
use ombud_console::{Follower, WorklistProgress, read_clock, watch_lag};
use ombud_launch::{config::Settings, health::Readiness};
use ombud_local::LocalWorklist;
use ombud_store::Worklist;
use ombud_stream::{Clock, Waiting};

use super::Crew;
use crate::{
    log::backend::{Backend, READER},
    strategies::team_exists,
};

/// Its name in readiness.
const PART: &str = "console";

/// Opens the worklist and keeps it for as long as `crew` works; gives it with how far it is.
pub(super) fn keep_worklist(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: &Arc<dyn Clock>,
    readiness: &Readiness,
) -> Result<(Arc<dyn Worklist>, WorklistProgress)> {
    let folder = &settings.console.worklist_folder;
    let folder = if folder.as_os_str().is_empty() { &settings.data } else { folder };
    let view: Arc<dyn Worklist> = Arc::new(LocalWorklist::open(folder, Arc::new(read_clock))?);
    let progress = WorklistProgress::default();
    keep(crew, settings, backend, Arc::clone(clock), readiness, (Arc::clone(&view), progress.clone()))?;
    let (log, clock, of) = (backend.view(), Arc::clone(clock), progress.clone());
    crew.start_beside("worklist-lag", move |stop| {
        watch_lag(&of, &mut *log.reader(READER)?, &*clock, &|wait| stop.wait(wait));
        Ok(())
    })?;
    Ok((view, progress))
}

fn keep(
    crew: &mut Crew<'_, '_>,
    settings: &Settings,
    backend: &Backend,
    clock: Arc<dyn Clock>,
    readiness: &Readiness,
    (view, progress): (Arc<dyn Worklist>, WorklistProgress),
) -> Result<()> {
    let mut waiting = Waiting::at_once(readiness, PART);
    waiting.wait_for("its worklist to be opened");
    let (log, prefix) = (backend.view(), settings.topics.prefix.clone());
    let (widths, partitions) = (backend.widths()?, settings.embedded.partitions);
    let answered_days = settings.console.answered_days;
    crew.start_beside("worklist", move |stop| {
        let mut exists = team_exists(log.clone(), &prefix, Arc::clone(&clock));
        let follower = Follower {
            view: Arc::clone(&view),
            reader: log.reader(READER)?,
            count: &mut |topic| widths.as_ref().map_or(Ok(partitions), |widths| widths.of(topic)),
            team_exists: &mut exists,
            prefix: &prefix,
            clock: &*clock,
            progress: progress.clone(),
            answered_days,
        };
        let kept = follower.run(&|| stop.requested(), &mut waiting);
        // Until it is read to its end again: what people see may be old.
        kept.inspect_err(|outage| waiting.wait_for(&format!("its worklist: it failed to {outage}")))?;
        Ok(())
    })
}
