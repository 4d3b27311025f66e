//! Compares complaints again and again, so that the radar's pages only show what is known.

use std::{sync::Arc, time::Duration};

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
            let began = self.clock.now_ms();
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
            let wait = self.since(began).saturating_mul(REST).clamp(SHORTEST_WAIT, LONGEST_WAIT);
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
        let began = self.clock.now_ms();
        let radar = Radar::read(&mut **opened, began)?;
        let flagged = radar.clusters.iter().filter(|cluster| cluster.is_flagged()).count();
        debug!(compared = radar.compared, flagged, took = ?self.since(began), "complaints compared");
        self.board.show(AlikePicture::of(radar, &*self.worklist)?);
        gauge!("ombud_alike_flagged_clusters").set(flagged as f64);
        Ok(())
    }

    /// How long ago that was; nothing, where somebody has put the clock back.
    fn since(&self, began: i64) -> Duration {
        let took = self.clock.now_ms().saturating_sub(began);
        Duration::from_millis(u64::try_from(took).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use ombud_contract::records::RawComplaint;
    use ombud_measure::alike::{LARGE, sketch_row};
    use ombud_store::{SketchRow, day_of};
    use ombud_stream::ManualClock;

    use super::*;
    use crate::pages::given::{Counts, NOW};

    const MINUTE: i64 = 60_000;
    const WEEK: i64 = 7 * 24 * 60 * MINUTE;
    /// Copies of this week come so far from one another.
    const EVERY: i64 = MINUTE / 2;
    const LETTER: &str =
        "I write about the card that you sent to my mother, which she never asked for and never used once";

    /// Sketches of a letter that came as often in each week, and comes again now; to read a day of them takes its time.
    struct Letters {
        rows: Vec<SketchRow>,
        clock: Arc<ManualClock>,
        day_takes: i64,
    }

    impl Letters {
        fn new(clock: &Arc<ManualClock>, day_takes: i64) -> Self {
            let copy = |n: i64, at: i64| {
                sketch_row(&RawComplaint::new(format!("c-{n}-{at}"), LETTER, at), at).unwrap()
            };
            let hours = |hours: i64| hours * 60 * MINUTE;
            let before = (1..=4).flat_map(|ago| (48..66).map(move |n| (n, NOW - ago * WEEK - hours(n))));
            let now = (1..=2 * LARGE as i64).map(|n| (n, NOW + n * EVERY));
            let rows = before.chain(now).map(|(n, at)| copy(n, at)).collect();
            Self { rows, clock: Arc::clone(clock), day_takes }
        }
    }

    impl Sketches for Letters {
        fn sketches(&mut self, day: Date, each: &mut dyn FnMut(SketchRow)) -> Result<(), Outage> {
            let now = self.clock.now_ms();
            let there =
                self.rows.iter().filter(|row| row.received_at <= now && day_of(row.received_at) == day);
            there.cloned().for_each(each);
            self.clock.advance(self.day_takes);
            Ok(())
        }
    }

    #[test]
    fn a_cluster_is_flagged_within_ten_minutes_of_its_twentieth_complaint() {
        let twentieth = NOW + LARGE as i64 * EVERY;
        // A comparison reads five weeks, so it takes nothing, seconds, or more than a minute.
        for day_takes in [0, 150, 2_000] {
            let clock = Arc::new(ManualClock::at(NOW));
            let board = Arc::new(AlikeBoard::default());
            let of = Arc::clone(&clock);
            let watch = AlikeWatch {
                board: Arc::clone(&board),
                open: Box::new(move || Ok(Box::new(Letters::new(&of, day_takes)) as Box<dyn Sketches>)),
                worklist: Arc::new(Counts::default()),
                clock: &*clock,
            };
            watch.run(&|wait| {
                let picture = board.now().unwrap();
                let is_flagged = picture.radar.clusters.iter().any(|cluster| cluster.is_flagged());
                let now = clock.now_ms();
                assert!(!is_flagged || now >= twentieth, "{day_takes}: too early, at {now}");
                assert!(is_flagged || now < twentieth + 10 * MINUTE, "{day_takes}: not yet, at {now}");
                clock.advance(i64::try_from(wait.as_millis()).unwrap());
                is_flagged
            });
        }
    }
}
