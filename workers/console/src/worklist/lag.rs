//! Measures how far the worklist is behind. Beside what reads it: on brokers, asking where partitions end takes as long as
//! reading.

use std::time::Duration;

use metrics::gauge;
use ombud_stream::{Clock, Outage, Reader};
use tracing::debug;

use super::WorklistProgress;

/// How often it is measured.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);

/// Keeps the gauges of the worklist until `stop`, which waits for as long as it is given and says whether to stop.
pub fn watch_lag(
    progress: &WorklistProgress,
    reader: &mut dyn Reader,
    clock: &dyn Clock,
    stop: &dyn Fn(Duration) -> bool,
) {
    loop {
        if let Err(outage) = sample(progress, reader, clock) {
            // What reads the worklist reports the outage; the gauges keep what they have.
            debug!(%outage, "lag of the worklist not known");
        }
        if stop(SAMPLE_INTERVAL) {
            return;
        }
    }
}

fn sample(progress: &WorklistProgress, reader: &mut dyn Reader, clock: &dyn Clock) -> Result<(), Outage> {
    for partition in progress.partitions() {
        // Before the question: what is appended meanwhile is not known of.
        let asked_at = clock.now_ms();
        progress.ended(&partition, reader.end(&partition)?, asked_at);
    }
    let lag = progress.lag(clock.now_ms());
    gauge!("ombud_worklist_lag_records").set(lag.records as f64);
    if let Some(seconds) = lag.seconds {
        gauge!("ombud_worklist_lag_seconds").set(seconds);
    }
    Ok(())
}
