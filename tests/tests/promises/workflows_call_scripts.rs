//! Workflows hold nothing of their own: they call scripts, with actions that are named by commit and no permission too many.
//!
//! `actionlint` in `scripts/check` holds their syntax; this holds what it has no rule for.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeSet, fs, path::Path};

use ombud_tests::repository;

/// The one step that is no script: it fails the job that gathers all others.
const FAILS: &str = "exit 1";
/// The workflow of every change, and its job that gathers all others.
const GATHERS: (&str, &str) = ("ci.yml", "required");

/// What is wrong with a workflow, a line each.
fn faults(name: &str, text: &str, is_script: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.lines().any(|line| line == "permissions: {}") {
        faults.push("it has more permissions than none for all of it: `permissions: {}`".to_owned());
    }
    for line in text.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix("- ").unwrap_or(line);
        if let Some(command) = line.strip_prefix("run:").map(str::trim) {
            let script = command.split(' ').next().unwrap_or_default();
            if command != FAILS && !is_script(script) {
                faults.push(format!("it runs what is no script: {command}"));
            }
        }
        if let Some(action) = line.strip_prefix("uses:").map(str::trim)
            && !is_local(action)
            && !is_pinned(action)
        {
            faults.push(format!("an action is not named by commit, with its version beside it: {action}"));
        }
    }
    let jobs = jobs(text);
    for (job, lines) in &jobs {
        let has = |key: &str| lines.iter().any(|line| line.starts_with(key));
        if !has("    permissions:") {
            faults.push(format!("job {job} does not say its permissions"));
        }
        if !has("    uses:") && !has("    timeout-minutes:") {
            faults.push(format!("job {job} has no bound in time"));
        }
    }
    if name == GATHERS.0 {
        let gathered = jobs.iter().find(|(job, _)| *job == GATHERS.1).map(|(_, lines)| needs(lines));
        let others: BTreeSet<&str> =
            jobs.iter().map(|(job, _)| *job).filter(|job| *job != GATHERS.1).collect();
        if gathered.as_ref() != Some(&others) {
            faults.push(format!("job {} gathers {gathered:?}, and there are {others:?}", GATHERS.1));
        }
    }
    faults
}

fn is_local(action: &str) -> bool {
    action.starts_with("./.github/workflows/")
}

/// `OWNER/NAME@COMMIT # vVERSION`.
fn is_pinned(action: &str) -> bool {
    let Some((place, version)) = action.split_once(" # v") else { return false };
    let Some((_, commit)) = place.split_once('@') else { return false };
    commit.len() == 40
        && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        && version.starts_with(|first: char| first.is_ascii_digit())
}

/// Each job with its lines.
fn jobs(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut jobs: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().skip_while(|line| *line != "jobs:").skip(1) {
        let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#']));
        if let Some(job) = name.and_then(|rest| rest.strip_suffix(':')) {
            jobs.push((job, Vec::new()));
        } else if let Some((_, lines)) = jobs.last_mut() {
            lines.push(line);
        }
    }
    jobs
}

/// The jobs that a job waits for.
fn needs<'a>(lines: &[&'a str]) -> BTreeSet<&'a str> {
    let listed = lines.iter().find_map(|line| line.strip_prefix("    needs: [")?.strip_suffix(']'));
    listed.unwrap_or_default().split(',').map(str::trim).filter(|job| !job.is_empty()).collect()
}

fn is_script(name: &str) -> bool {
    name.starts_with("scripts/") && repository().join(name).is_file()
}

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(".github/workflows").join(name)).unwrap()
}

#[test]
fn every_workflow_calls_scripts_and_names_actions_by_commit() {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository().join(".github/workflows")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(Path::new(&name).extension().is_some_and(|it| it == "yml"), "{name}");
        assert_eq!(faults(&name, &read(&name), is_script), [""; 0], "{name}");
        found.push(name);
    }
    found.sort_unstable();
    assert_eq!(found, ["chart.yml", "check.yml", "ci.yml", "image.yml", "release.yml", "test.yml"]);
}

#[test]
fn each_rule_that_is_broken_is_named() {
    let broken = |name: &str, from: &str, to: &str| {
        let text = read(name);
        assert!(text.contains(from), "{name} has no {from}");
        faults(name, &text.replacen(from, to, 1), is_script).join("\n")
    };
    for (name, from, to, said) in [
        ("check.yml", "run: scripts/check", "run: cargo clippy", "it runs what is no script: cargo clippy"),
        (
            "check.yml",
            "run: scripts/check",
            "run: scripts/cheque",
            "it runs what is no script: scripts/cheque",
        ),
        ("check.yml", "run: scripts/check", "run: |", "it runs what is no script: |"),
        ("check.yml", "\npermissions: {}", "\npermissions: read-all", "it has more permissions than none"),
        ("check.yml", "    permissions:", "    environment:", "job check does not say its permissions"),
        ("test.yml", "    timeout-minutes:", "    continue-on-error:", "job test has no bound in time"),
        ("ci.yml", "needs: [check, ", "needs: [", "job required gathers"),
        (
            "release.yml",
            "sigstore/cosign-installer@",
            "sigstore/cosign-installer@v4 # v4 ",
            "is not named by commit",
        ),
        ("release.yml", " # v4.1.2", "", "with its version beside it: sigstore/cosign-installer@"),
    ] {
        let all = broken(name, from, to);
        assert!(all.contains(said), "{name}, {from} -> {to}: {all:?}");
    }
}
