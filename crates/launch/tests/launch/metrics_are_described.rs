//! Every metric that any source records is described, as what it is, and every metric that is described is recorded.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use ombud_launch::telemetry::{METRICS, Metric};

const KINDS: [&str; 3] = ["counter", "gauge", "histogram"];

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open = vec![root.join("crates"), root.join("workers")];
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources
}

/// Kind and name of each metric that `text` records; the name is what follows, where it is no literal.
fn recorded(text: &str) -> Vec<(&'static str, String)> {
    let mut recorded = Vec::new();
    for kind in KINDS {
        for (at, call) in text.match_indices(&format!("{kind}!(")) {
            // `describe_counter!` and its like describe and don't record.
            if !text[..at].ends_with('_') {
                let rest = text[at + call.len()..].trim_start().trim_start_matches('"');
                recorded.push((kind, rest.split(['"', ',', ')']).next().unwrap().to_owned()));
            }
        }
    }
    recorded
}

fn is_described(kind: &str, name: &str) -> bool {
    METRICS.iter().any(|metric| {
        let known = match metric {
            Metric::Counter(..) => "counter",
            Metric::Gauge(..) => "gauge",
            Metric::Histogram(..) => "histogram",
        };
        known == kind && metric.name() == name
    })
}

#[test]
fn every_metric_that_is_recorded_is_described_and_the_other_way_round() {
    let mut seen = BTreeSet::new();
    for source in sources() {
        for (kind, name) in recorded(&fs::read_to_string(&source).unwrap()) {
            assert!(
                is_described(kind, &name),
                "{} records the {kind} {name:?}: describe it in telemetry/names.rs, and name it by a literal",
                source.display()
            );
            seen.insert(name);
        }
    }
    for metric in METRICS {
        assert!(
            seen.contains(metric.name()),
            "nobody records {}: record it, or describe it no more",
            metric.name()
        );
    }
}
