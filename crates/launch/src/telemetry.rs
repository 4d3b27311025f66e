//! Logs as fields on stderr, and metrics that are rendered for whoever scrapes them.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

use crate::{
    Error,
    config::{LogFormat, Settings},
};

/// Upper bounds in seconds of every histogram whose name ends in `_seconds`: a millisecond to the 30 s deadline.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Writes log events to `writer`, as the settings say. Stdout is left to what the user asked for, so `writer`
/// is `std::io::stderr`, or a progress bar that gives way to each line.
///
/// # Errors
/// Logs are set up already in this process, or the filter is none.
pub fn log_to<W>(writer: W, settings: &Settings) -> Result<(), Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let refused = |cause| Error::Telemetry { what: "log", cause };
    let filter = EnvFilter::try_new(&settings.log).map_err(|cause| refused(cause.into()))?;
    let events = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match settings.log_format {
        LogFormat::Human => events.with_ansi(false).with_target(false).finish().try_init(),
        LogFormat::Json => events.json().flatten_event(true).finish().try_init(),
    }
    .map_err(|cause| refused(cause.into()))
}

/// The metrics of this process; a cheap handle.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Records what the `metrics` macros say from now on.
    ///
    /// # Errors
    /// Metrics are recorded already in this process.
    pub fn install() -> Result<Self, Error> {
        let recorder = builder()?.build_recorder();
        let metrics = Self(recorder.handle());
        metrics::set_global_recorder(recorder).map_err(|cause| refused(cause.to_string()))?;
        Ok(metrics)
    }

    /// Everything recorded so far, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was recorded into the histograms. Call it every few seconds: samples pile up between two calls.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

fn builder() -> Result<PrometheusBuilder, Error> {
    let seconds = Matcher::Suffix("_seconds".into());
    PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, SECONDS)
        .map_err(|cause| refused(cause.to_string()))
}

fn refused(cause: String) -> Error {
    Error::Telemetry { what: "metrics", cause: cause.into() }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn events_are_fields_in_one_json_object_a_line_and_filtered() {
        let lines = Lines::default();
        let writer = lines.clone();
        let settings = Settings { log: "warn".into(), log_format: LogFormat::Json, ..Settings::default() };
        log_to(move || writer.clone(), &settings).unwrap();

        tracing::info!(rows = 1, "batch classified");
        tracing::warn!(rows = 2, "batch late");

        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&event["rows"], &event["message"]), (&2.into(), &"batch late".into()));
        assert!(log_to(io::stderr, &settings).unwrap_err().to_string().contains("log"));
    }

    #[test]
    fn durations_become_histograms_that_render_for_prometheus() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("ombud_routed_total", "why" => "complete").increment(3);
            metrics::histogram!("ombud_route_seconds").record(0.004);
        });
        metrics.upkeep();
        let text = metrics.render();
        assert!(text.contains("ombud_routed_total{why=\"complete\"} 3"), "{text}");
        assert!(text.contains("ombud_route_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }
}
