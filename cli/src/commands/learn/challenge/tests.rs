//! Who is challenged, which unfinished run is resumed, and what is reported of the set.

use std::collections::BTreeMap;

use clap::Parser;
use ombud_contract::records::{Arm, ModelState, TaskStrategy};
use ombud_learn::outcomes::{CalibrationCounts, Pools};

use super::*;
use crate::command_line::{Cli, Command};

const DAY: i64 = 86_400_000;
/// 2026-01-31T00:00Z.
const LAST_OF_JANUARY: i64 = 1_769_817_600_000;

fn said(words: &[&str]) -> Learn {
    let all = [&["ombud", "learn", "--from-feedback", "--out", "next"], words].concat();
    let Command::Learn(args) = Cli::try_parse_from(all).unwrap().command else { unreachable!("it is learn") };
    *args
}

fn artefact() -> Artefact {
    let manifest = include_str!("../../../../../models/complaints-bag/ombud.json");
    let manifest = serde_json::from_str(manifest).unwrap();
    Artefact { dir: "models/complaints-bag".into(), version: "0b57".into(), manifest, files: vec![] }
}

/// A strategy of tasks with these arms: name, role, model.
fn strategy(tasks: &[&[(&str, Role, &str)]]) -> Strategy {
    let example = include_str!("../../../../../schemas/models.strategy/examples/valid/first.json");
    let mut strategy: Strategy = serde_json::from_str(example).unwrap();
    let pattern = strategy.tasks.remove(0);
    let arm = |(name, role, model): &(&str, Role, &str)| Arm {
        name: (*name).into(),
        role: *role,
        model_id: (*model).into(),
        model_version: format!("version of {model}"),
        ..pattern.arms[0].clone()
    };
    let task = |arms: &&[(&str, Role, &str)]| TaskStrategy {
        arms: arms.iter().map(arm).collect(),
        ..pattern.clone()
    };
    strategy.tasks = tasks.iter().map(task).collect();
    strategy
}

#[test]
fn the_champion_of_every_task_is_challenged_whoever_watches_or_is_tried_beside_it() {
    let strategy = strategy(&[
        &[("champion", Role::Deciding, "old"), ("canary", Role::Deciding, "new")],
        &[("champion", Role::Deciding, "old"), ("champion", Role::Shadow, "watching")],
    ]);
    assert_eq!(in_force(&strategy).unwrap(), ("old".to_owned(), "version of old".to_owned()));
}

#[test]
fn of_several_champions_the_operator_says_which_one_and_of_none_too() {
    let several =
        strategy(&[&[("champion", Role::Deciding, "one")], &[("champion", Role::Deciding, "other")]]);
    let error = in_force(&several).unwrap_err().to_string();
    assert!(error.contains("one, other") && error.contains("--champion"), "{error}");
    assert!(in_force(&strategy(&[&[("canary", Role::Deciding, "new")]])).is_err());
}

#[test]
fn how_long_ago_verdicts_may_lie_is_counted_from_the_time_of_the_question() {
    let asked = |words: &[&str]| asked(&said(words), &artefact(), LAST_OF_JANUARY).unwrap();
    let month = asked(&["--since", "30d", "--admit", "7"]);
    assert_eq!((month.since, month.as_of), (LAST_OF_JANUARY - 30 * DAY, LAST_OF_JANUARY));
    assert_eq!((month.champion.as_str(), month.least, month.rows), ("0b57", 7, 50_000));
    assert_eq!(asked(&["--since", "2026-01-01"]).since, LAST_OF_JANUARY - 30 * DAY);
    assert_eq!(asked(&[]).since, LAST_OF_JANUARY - 365 * DAY);
}

#[test]
fn an_unfinished_run_of_the_same_question_goes_on_and_one_of_another_question_does_not() {
    let kept = asked(&said(&[]), &artefact(), LAST_OF_JANUARY).unwrap();
    let resumed = |words: &[&str], said_at: Option<i64>| {
        resumes(&kept, said_at, |as_of| asked(&said(words), &artefact(), as_of)).unwrap()
    };
    assert!(resumed(&[], None), "without a time it goes on with its own, however late it is");
    assert!(resumed(&[], Some(LAST_OF_JANUARY)));
    assert!(!resumed(&[], Some(LAST_OF_JANUARY + 1)), "a time that is said is meant");
    assert!(!resumed(&["--admit", "51"], None) && !resumed(&["--rows", "9"], None));
    assert!(!resumed(&["--since", "364d"], None));
    let other = |as_of| asked(&said(&[]), &Artefact { version: "0b58".into(), ..artefact() }, as_of);
    assert!(!resumes(&kept, None, other).unwrap(), "it challenged another champion");
}

#[test]
fn the_set_lies_beside_the_model_that_is_learned_from_it() {
    assert_eq!(beside(Path::new("models/next")), Path::new("models/next.feedback"));
    assert_eq!(beside(Path::new("models/next-1.2")), Path::new("models/next-1.2.feedback"));
}

#[test]
fn a_label_tree_is_known_from_every_version_that_names_it_with_its_labels() {
    let example =
        include_str!("../../../../../schemas/models.registry/examples/valid/only-what-must-be-there.json");
    let version = |version: &str, task: &str, named: &[(&str, &str)]| ModelVersion {
        version: version.into(),
        labels: BTreeMap::from([(task.to_owned(), vec!["a".to_owned(), "b".to_owned()])]),
        label_sets: named.iter().map(|(task, tree)| ((*task).to_owned(), (*tree).to_owned())).collect(),
        ..serde_json::from_str(example).unwrap()
    };
    let mut registry = Registry::default();
    registry.apply(version("01", "product", &[("product", "product@2")]));
    registry.apply(ModelVersion {
        state: ModelState::Retired,
        ..version("02", "issue", &[("issue", "issue@3"), ("product", "product@9")])
    });
    registry.apply(version("03", "issue", &[]));
    let tree =
        |label_set: &str| KnownTree { label_set: label_set.into(), leaves: vec!["a".into(), "b".into()] };
    assert_eq!(
        trees(&registry),
        [tree("product@2"), tree("issue@3")],
        "a retired version's number stays taken"
    );
}

#[test]
fn the_end_tells_what_is_in_the_set_and_what_is_not_learned_or_judged() {
    let labels = |label: &str, rows| {
        BTreeMap::from([("issue".to_owned(), BTreeMap::from([(label.to_owned(), rows)]))])
    };
    let share = |labelled, of| Share { labelled, of };
    let labelled = Pools { rest: share(34, 100), calibration: share(0, 0), trial: share(95, 100) };
    let calibrated = [("issue", 120, 30), ("product", 400, 0), ("vulnerable", 0, 0)]
        .map(|(task, audited, others)| (task.to_owned(), CalibrationCounts { audited, others }));
    let figures = SetFigures {
        cases: 100,
        train: 70,
        validation: 8,
        trial: 12,
        left_out: 10,
        older: 5,
        labelled: BTreeMap::from([("vulnerable".to_owned(), labelled)]),
        calibrated: BTreeMap::from(calibrated),
        not_learned: vec!["vulnerable".to_owned()],
        admitted: labels("crypto-scam", 60),
        waiting: labels("late-parcel", 3),
    };
    let mut out = Vec::new();
    say(&figures, 90, &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let begins = [
        "100 judged cases: 70 complaints to learn from, 8 to calibrate on, 12 to try both models on; 10 left out,",
        "5 more were judged earlier and are left out: --rows 90",
        "vulnerable, labelled: 34.0 % of 100 in cases that people came upon, none judged in the audit sample's half that \
         calibrates, 95.0 % of 100 in its half for trials",
        "vulnerable is not learned by cases that people came upon: less than 90 % of them are labelled",
        "issue, calibrated on 120 cases that were drawn at random, fewer than 300, and on 30 that were not",
        "product, calibrated on 400 cases that were drawn at random",
        "vulnerable is not learned, because it has too few labels",
        "issue, learned as new: crypto-scam (60)",
        "issue, too rare to be learned: late-parcel (3)",
    ];
    assert_eq!(lines.len(), begins.len(), "{lines:?}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
}
