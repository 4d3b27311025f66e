//! The first strategy is what its file says, or an error that names the line.

use std::fs;

use ombud_contract::records::Role;
use ombud_models::{Artefact, FirstStrategy};

use crate::given;

/// MegaBank's file, changed by text: the error behind the path, and the line that it names.
fn refusal(from: &str, to: &str) -> String {
    let models = given::models_folder();
    let text = fs::read_to_string(given::strategy_file()).unwrap();
    assert!(text.contains(from), "{from}");
    let changed = text.replacen(from, to, 1);
    let file = models.path().join("strategy.toml");
    fs::write(&file, &changed).unwrap();
    let error = FirstStrategy::read(&file, models.path(), "test", 0).unwrap_err().to_string();
    let error = error.replace(&format!("accept {} line ", file.display()), "");
    let (line, what) = error.split_once(": ").unwrap();
    let line = changed.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    format!("{what} <{line}>")
}

#[test]
fn megabanks_file_becomes_version_1_and_covers_all_that_came_before_it() {
    let models = given::models_folder();
    let first = FirstStrategy::read(&given::strategy_file(), models.path(), "ombud up", 77).unwrap();
    let record = first.record;
    assert_eq!((record.version, record.effective_from, record.changed_at), (1, 0, 77));
    assert_eq!((record.deadline_ms, record.amend_window_ms), (30_000, 24 * 60 * 60 * 1000));
    assert_eq!((record.audit_basis_points, record.changed_by.as_str()), (100, "ombud up"));
    let tasks: Vec<&str> = record.tasks.iter().map(|task| task.task.as_str()).collect();
    assert_eq!(tasks, ["issue", "product", "vulnerable"]);
    let artefact = Artefact::open(&models.path().join("complaints")).unwrap();
    for task in &record.tasks {
        let arm = &task.arms[0];
        assert_eq!((arm.role, arm.basis_points), (Role::Deciding, 10_000));
        assert_eq!((&arm.model_id, &arm.model_version), (&artefact.manifest.model_id, &artefact.version));
    }
    assert_eq!(first.artefacts.len(), 1, "three tasks share one model");
}

#[test]
fn a_wrong_file_is_refused_at_the_line_with_the_mend() {
    let cases = [
        (
            "deadline = \"30 s\"",
            "deadline = \"30 parsecs\"",
            "`30 parsecs` is no length of time: write it like `30 s` or `24 h` <deadline = \"30 parsecs\"",
        ),
        (
            "deadline = \"30 s\"",
            "deadline = \"0 s\"",
            "accept the strategy: deadline: it must be longer than nothing",
        ),
        ("approvals = 0", "approvals = 10", "accept the strategy: approvals: it must lie in 0 to 9"),
        ("audit_basis_points = 100", "audit_points = 100", "unknown field `audit_points`"),
        (
            "audit_basis_points = 100",
            "audit_basis_points = 10001",
            "accept the strategy: audit_basis_points: it must lie in",
        ),
        (
            "arms = [{ name = \"champion\", model = \"complaints\" }]",
            "arms = [{ name = \"champion\", model = \"complaints\", basis_points = 9000 }]",
            "accept the strategy: task `product`: basis_points of its deciding arms sum to 9000: they must sum to 10000 <[tasks.product]>",
        ),
        (
            "model = \"complaints\"",
            "model = \"complaint\"",
            "model `complaint` <arms = [{ name = \"champion\", model = \"complaint\" }]>",
        ),
        (
            "[tasks.vulnerable]",
            "[tasks.urgency]",
            "model `complaints` doesn't answer the task `urgency`: it answers product, issue, vulnerable <arms",
        ),
        (
            "team = \"student-lending\"",
            "team = \"students\"",
            "team `students` is not in [teams]: add it there <\"Student loan\"",
        ),
        ("deadline = \"30 s\"", "deadline 30", "key with no value, expected `=`"),
    ];
    for (from, to, expected) in cases {
        let error = refusal(from, to);
        assert!(error.starts_with(expected), "{from} -> {to}:\n{error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let models = given::models_folder();
    let file = models.path().join("absent.toml");
    let error = FirstStrategy::read(&file, models.path(), "test", 0).unwrap_err().to_string();
    assert_eq!(error, format!("read strategy file {}", file.display()));
}
