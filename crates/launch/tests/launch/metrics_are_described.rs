//! Every metric that any source records is described, as what it is, and every metric that is described is recorded.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use ombud_launch::telemetry::{METRICS, Metric, PROCESS};

const KINDS: [&str; 3] = ["counter", "gauge", "histogram"];

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open = ["cli", "crates", "workers"].map(|folder| root.join(folder)).to_vec();
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
    METRICS.iter().any(|metric| metric.kind() == kind && metric.name() == name)
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

/// The rows of the tables of docs/monitoring.md that begin with a metric's name: that name, and the rest.
fn documented() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring.md");
    let text = fs::read_to_string(page).unwrap();
    let section = text.split("## Every metric").nth(1).unwrap().split("\n#").next().unwrap().to_owned();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
}

#[test]
fn the_table_in_the_docs_has_every_metric_with_its_kind_and_meaning_and_no_other() {
    let documented = documented();
    let row =
        |metric: &Metric| (metric.name().to_owned(), format!("{} | {} |", metric.kind(), metric.help()));
    for metric in METRICS {
        assert!(
            documented.contains(&row(metric)),
            "docs/monitoring.md lacks | `{}` | {}",
            metric.name(),
            row(metric).1
        );
    }
    for (name, _) in &documented {
        let is_known = METRICS.iter().any(|metric| metric.name() == name) || PROCESS.contains(&name.as_str());
        assert!(is_known, "docs/monitoring.md has {name}, which nobody records");
    }
    for name in PROCESS {
        assert!(documented.iter().any(|(known, _)| known == name), "docs/monitoring.md lacks {name}");
    }
}
