//! Every metric that Ombud records: its kind, its unit and what it says. Labels are few and bounded: never an id.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Only rises; ends in `_total`.
    Counter(&'static str, Unit, &'static str),
    /// What is so now.
    Gauge(&'static str, Unit, &'static str),
    /// How durations are spread; ends in `_seconds`.
    Histogram(&'static str, &'static str),
}

use Metric::{Counter, Gauge, Histogram};
use Unit::{Count, Seconds};

/// All of them, by the worker that records them.
pub const METRICS: &[Metric] = &[
    // Every worker, by `worker`.
    Gauge(
        "ombud_drain_seconds",
        Seconds,
        "Time until what lies unread is read, at the rate of late; a day where nothing moved for a minute.",
    ),
    Gauge("ombud_lag_records", Count, "Records that lie unread in the partitions owned."),
    Gauge(
        "ombud_oldest_uncommitted_seconds",
        Seconds,
        "Age of the oldest record that was taken on and is not committed; 0 where there is none.",
    ),
    Gauge("ombud_partitions_owned", Count, "Partitions that this process owns."),
    Gauge("ombud_stalled_partitions", Count, "Partitions with unread records and no progress for a minute."),
    Gauge(
        "ombud_waiting_partitions",
        Count,
        "Partitions assigned that wait until other topics have as many: `ombud setup --widen`.",
    ),
    Gauge("ombud_in_flight", Count, "Records that were taken on and are not finished."),
    Counter("ombud_dead_letters_total", Count, "Records that were parked, by reason."),
    Counter("ombud_redelivered_total", Count, "Records that were read again after an assignment."),
    Counter("ombud_outages_total", Count, "Calls to a service that failed and were made again, by service."),
    Counter("ombud_worker_restarts_total", Count, "Times that a worker was restarted after an outage."),
    // infer
    Counter("ombud_predictions_total", Count, "Predictions, by task and outcome; their rate is the model's."),
    Counter(
        "ombud_labels_total",
        Count,
        "Answers that decide, by task and label: their shares are the drift.",
    ),
    Counter("ombud_tokens_total", Count, "Tokens of the narratives that were judged, by task."),
    Counter("ombud_truncated_tokens_total", Count, "Those of them that the model did not read, by task."),
    Counter("ombud_unseen_tokens_total", Count, "Those of them that the model has never learned, by task."),
    Counter(
        "ombud_unread_total",
        Count,
        "Complaints that the model which decides cannot read, by reason: people do.",
    ),
    Counter(
        "ombud_evidence_total",
        Count,
        "Complaints that say outright for a yes, by category of evidence.",
    ),
    Histogram("ombud_infer_queue_seconds", "Wait of a complaint from its reading until its batch begins."),
    Histogram("ombud_infer_prepare_seconds", "Cutting one narrative into tokens."),
    Histogram("ombud_infer_batch_seconds", "Computing one batch on one replica."),
    Counter("ombud_models_rejected_total", Count, "Model versions that must not serve, by reason."),
    Counter(
        "ombud_model_hindrances_total",
        Count,
        "Tries to load a model version that this host made fail, by reason: it is tried again.",
    ),
    Gauge(
        "ombud_models_hindered",
        Count,
        "Model versions that strategies name and this host can't serve now.",
    ),
    Gauge("ombud_models_loaded", Count, "Model versions that are loaded in this process."),
    Histogram(
        "ombud_model_load_seconds",
        "Fetching, verifying, loading and probing one model that serves since.",
    ),
    // join
    Counter("ombud_join_total", Count, "What the joiner did, by what."),
    Gauge("ombud_join_open", Count, "Complaints that wait for decisions."),
    Gauge("ombud_join_closed", Count, "Routed complaints that are remembered to tell duplicates."),
    Gauge("ombud_join_early", Count, "Predictions that came before their complaint."),
    Gauge("ombud_join_overdue", Count, "Complaints past their deadline that are not decided yet."),
    Counter(
        "ombud_routes_total",
        Count,
        "Routes that are acknowledged, by why, kind of complaint and which answers are missing.",
    ),
    Histogram(
        "ombud_route_seconds",
        "From a complaint's append until its first route is acknowledged, by kind of complaint.",
    ),
    Gauge(
        "ombud_calendar_short_seconds",
        Seconds,
        "What a calendar lacks of the longest limit that begins now and 60 days more; below 0 it reaches further.",
    ),
    // archive and the case store
    Counter("ombud_archived_total", Count, "Records read by the archive, by topic and outcome."),
    Counter(
        "ombud_split_routes_total",
        Count,
        "Routes of complaints that lie in more than one partition; they are one case.",
    ),
    Histogram("ombud_archive_write_seconds", "Keeping the rows of one batch, retries included."),
    // the HTTP port and the console
    Counter("ombud_http_requests_total", Count, "Requests that were answered, by method, path and status."),
    Histogram("ombud_http_request_seconds", "From a request's head until its answer's, by path."),
    Counter("ombud_http_refused_total", Count, "Requests to /api that the guard refused."),
    Counter("ombud_sign_ins_total", Count, "Sign-ins of people, by way and outcome."),
    Counter("ombud_feedback_total", Count, "Verdicts that were sent to the API, by outcome."),
    Counter("ombud_audit_total", Count, "Records of console.audit that are durable, by action."),
    Counter(
        "ombud_audit_failed_total",
        Count,
        "Requests that were not answered because their record of console.audit could not be written.",
    ),
    // what explains decisions
    Counter(
        "ombud_explanations_total",
        Count,
        "Questions about decisions, by result: explained, or why not.",
    ),
    Histogram("ombud_explain_seconds", "Computing the explanations of one question."),
    // what is complained of alike
    Gauge(
        "ombud_alike_flagged_clusters",
        Count,
        "Clusters of complaints that say the same and are new, growing or large: the console's radar shows them.",
    ),
    // the console's worklist
    Gauge("ombud_worklist_lag_records", Count, "Records that the console's worklist has not read yet."),
    Gauge(
        "ombud_worklist_lag_seconds",
        Seconds,
        "For how long the console's worklist has not known of something.",
    ),
    Counter(
        "ombud_worklist_skipped_total",
        Count,
        "Records that the worklist cannot read and passes over, by topic and reason.",
    ),
    Counter(
        "ombud_worklist_rebuilds_total",
        Count,
        "Times that the worklist was made again: it was damaged, or of another log.",
    ),
    // the process itself
    Gauge("ombud_build_info", Count, "1, with the version of the build as a label."),
    Counter("ombud_spans_lost_total", Count, "Spans that the receiver of traces did not take."),
];

/// What Prometheus' own clients report of a process; the `metrics-process` crate records it.
pub const PROCESS: &[&str] = &[
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_virtual_memory_bytes",
    "process_virtual_memory_max_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
];

impl Metric {
    /// Its name, as it is recorded and rendered.
    pub fn name(&self) -> &'static str {
        match self {
            Counter(name, ..) | Gauge(name, ..) | Histogram(name, _) => name,
        }
    }

    /// `counter`, `gauge` or `histogram`, as Prometheus calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Counter(..) => "counter",
            Gauge(..) => "gauge",
            Histogram(..) => "histogram",
        }
    }

    /// What it says.
    pub fn help(&self) -> &'static str {
        match self {
            Counter(.., help) | Gauge(.., help) | Histogram(_, help) => help,
        }
    }

    fn describe(&self) {
        match *self {
            Counter(name, unit, help) => describe_counter!(name, unit, help),
            Gauge(name, unit, help) => describe_gauge!(name, unit, help),
            Histogram(name, help) => describe_histogram!(name, Seconds, help),
        }
    }
}

/// Describes each metric to the recorder.
pub(crate) fn describe_all() {
    METRICS.iter().for_each(Metric::describe);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `promtool check metrics` asks of names and help.
    #[test]
    fn names_tell_the_kind_and_the_unit_and_help_is_a_sentence() {
        // Base units are written out, and nothing that the type says already is said again.
        const ABBREVIATED: [&str; 8] = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb"];
        const TYPES: [&str; 4] = ["counter", "gauge", "histogram", "summary"];
        for metric in METRICS {
            let (name, help) = (metric.name(), metric.help());
            let is_named_well = match metric {
                Counter(..) => name.ends_with("_total"),
                Histogram(..) | Gauge(_, Unit::Seconds, _) => name.ends_with("_seconds"),
                Gauge(..) => !["_total", "_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end)),
            };
            assert!(is_named_well && name.starts_with("ombud_"), "{metric:?}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{metric:?}");
            let is_plain = |word: &str| !ABBREVIATED.contains(&word) && !TYPES.contains(&word);
            assert!(name.split('_').all(is_plain), "{metric:?}");
            assert!(help.ends_with('.') && !help.contains('|'), "{metric:?}");
        }
        let names: std::collections::BTreeSet<_> = METRICS.iter().map(Metric::name).collect();
        assert_eq!(names.len(), METRICS.len());
    }
}
