//! The thread that compares complaints for the radar.

use std::sync::Arc;

use anyhow::Result;
use ombud_console::pages::{AlikeBoard, AlikeWatch};
use ombud_store::Worklist;
use ombud_stream::Clock;

use super::{Crew, outage::outage};
use crate::log::backend::Backend;

/// Compares complaints for as long as `crew` works; gives the board that says what was found.
pub(super) fn watch_alike(
    crew: &mut Crew<'_, '_>,
    backend: &Backend,
    worklist: &Arc<dyn Worklist>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<AlikeBoard>> {
    let board = Arc::new(AlikeBoard::default());
    let (view, shown, worklist, clock) =
        (backend.view(), Arc::clone(&board), Arc::clone(worklist), Arc::clone(clock));
    crew.start_beside("alike", move |stop| {
        let view = view.clone();
        let watch = AlikeWatch {
            board: Arc::clone(&shown),
            open: Box::new(move || view.alike().map_err(|error| outage("open the store of sketches", error))),
            worklist: Arc::clone(&worklist),
            clock: &*clock,
        };
        watch.run(&|wait| stop.wait(wait));
        Ok(())
    })?;
    Ok(board)
}
