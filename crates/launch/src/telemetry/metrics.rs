//! Metrics: recorded by the `metrics` macros, rendered for scrapers.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

use super::names;
use crate::Error;

/// Upper bounds in seconds of every histogram, all of which end in `_seconds`: a millisecond to the 30 s deadline.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of this process; a cheap handle.
#[derive(Clone)]
pub struct Metrics {
    recorded: PrometheusHandle,
    /// CPU, memory and open files, asked of the system whenever somebody scrapes.
    process: Collector,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Records what the `metrics` macros say from now on, each metric described.
    ///
    /// # Errors
    /// Metrics are recorded already in this process.
    pub fn install() -> Result<Self, Error> {
        let recorder = builder()?.build_recorder();
        let metrics = Self::of(recorder.handle());
        metrics::set_global_recorder(recorder).map_err(|cause| refused(cause.to_string()))?;
        metrics.describe();
        // Which build says all this: joined to any other metric by `instance`.
        metrics::gauge!("ombud_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
        // There from the beginning: a counter that first appears with what it counts raises no alarm. Those with labels
        // are begun where the labels are known.
        metrics::counter!("ombud_http_refused_total").increment(0);
        metrics::counter!("ombud_spans_lost_total").increment(0);
        Ok(metrics)
    }

    fn of(recorded: PrometheusHandle) -> Self {
        Self { recorded, process: Collector::default() }
    }

    fn describe(&self) {
        names::describe_all();
        self.process.describe();
    }

    /// Everything recorded so far, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.process.collect();
        self.recorded.render()
    }

    /// Folds what was recorded into the histograms. Call it every few seconds: samples pile up between two calls.
    pub fn upkeep(&self) {
        self.recorded.run_upkeep();
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
    use super::*;

    #[test]
    fn metrics_render_for_prometheus_each_with_its_help() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics::of(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics.describe();
            metrics::counter!("ombud_join_total", "what" => "complete").increment(3);
            metrics::histogram!("ombud_route_seconds", "kind" => "live").record(0.004);
            metrics::histogram!("ombud_route_seconds", "kind" => "live").record(4.9);
            metrics::histogram!("ombud_route_seconds", "kind" => "live").record(5.1);
        });
        metrics.upkeep();
        let text = metrics::with_local_recorder(&recorder, || metrics.render());
        assert!(text.contains("# HELP ombud_join_total What the joiner did"), "{text}");
        assert!(text.contains("# TYPE ombud_route_seconds histogram"), "{text}");
        assert!(text.contains("ombud_join_total{what=\"complete\"} 3"), "{text}");
        assert!(text.contains("ombud_route_seconds_bucket{kind=\"live\",le=\"0.005\"} 1"), "{text}");
        // What is promised of live complaints is counted by this bucket: deploy/monitoring/rules.yaml.
        assert!(text.contains("ombud_route_seconds_bucket{kind=\"live\",le=\"5\"} 2"), "{text}");
        for name in names::PROCESS {
            assert!(text.contains(&format!("\n{name} ")), "{name}: {text}");
        }
    }
}
