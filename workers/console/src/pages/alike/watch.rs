//! Compares complaints again and again, so that the radar's pages only show what is known.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics::gauge;
use ombud_measure::alike::Radar;
use ombud_store::{Sketches, Worklist};
use ombud_stream::{Clock, Outage};
use tracing::{debug, warn};

use super::board::{AlikeBoard, AlikePicture};
use crate::state::Open;

/// Opens the store of sketches.
pub type OpenSketches = Open<dyn Sketches>;

/// The least and the longest wait between two comparisons. A cluster is flagged within ten minutes of the complaint that makes
/// it large: the longest wait, one comparison, and what the archive is behind.
const SHORTEST_WAIT: Duration = Duration::from_secs(15);
const LONGEST_WAIT: Duration = Duration::from_secs(240);
/// How many times as long as a comparison takes it is waited for the next one: less than 2 % of a core are used.
const REST: u32 = 50;

/// Keeps an [`AlikeBoard`].
pub struct AlikeWatch<'a> {
    /// What pages read.
    pub board: Arc<AlikeBoard>,
    /// Opens the store of sketches: when it is needed first, and again after it has failed.
    pub open: OpenSketches,
    /// Knows whose work a complaint is.
    pub worklist: Arc<dyn Worklist>,
    /// Says when now is.
    pub clock: &'a dyn Clock,
}

impl AlikeWatch<'_> {
    /// Compares until `stop`, which waits for as long as it is given and says whether to stop. A store that does not answer is
    /// asked again; the pages say as of when they are.
    pub fn run(self, stop: &dyn Fn(Duration) -> bool) {
        gauge!("ombud_alike_flagged_clusters").set(0.0);
        let (mut store, mut fails) = (None, false);
        loop {
            let began = Instant::now();
            match self.compare(&mut store) {
                Ok(()) => fails = false,
                Err(outage) => {
                    // Said once: it may last for hours.
                    if !fails {
                        warn!(%outage, "what is complained of alike is not known");
                    }
                    (store, fails) = (None, true);
                }
            }
            let wait = began.elapsed().saturating_mul(REST).clamp(SHORTEST_WAIT, LONGEST_WAIT);
            if stop(wait) {
                return;
            }
        }
    }

    fn compare(&self, store: &mut Option<Box<dyn Sketches>>) -> Result<(), Outage> {
        let opened = match store {
            Some(opened) => opened,
            none => none.insert((self.open)()?),
        };
        let began = Instant::now();
        let radar = Radar::read(&mut **opened, self.clock.now_ms())?;
        let flagged = radar.clusters.iter().filter(|cluster| cluster.is_flagged()).count();
        debug!(compared = radar.compared, flagged, took = ?began.elapsed(), "complaints compared");
        self.board.show(AlikePicture::of(radar, &*self.worklist)?);
        gauge!("ombud_alike_flagged_clusters").set(flagged as f64);
        Ok(())
    }
}
