//! `ombud setup`: makes tables, topics, schemas and the first strategy. What exists is widened where that is harmless, and never
//! narrowed. Or it prints topics and users, for other tools to make.

mod export;
mod steps;
mod widen;

use std::io::Write;

use anyhow::Result;
use clap::Args;
use ombud_kafka::{Mode, Outcome, State};
use ombud_launch::config::Settings;
use serde::Serialize;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    output::terminal::table,
};
use export::{Authentication, Format, export};
use steps::{apply, dry_run};
use widen::widen;

const EXAMPLES: [Example; 2] = [
    ("Say what is missing on the brokers, and make nothing", "ombud setup --kafka one:9092 --dry-run"),
    ("Give every complaints topic 12 partitions while workers run", "ombud setup --widen 12"),
];

/// The arguments of `setup`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Setup {
    /// Partitions of complaints topics that are missing [default: as many as complaints.raw has, or the catalogue's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    pub(crate) partitions: Option<i32>,

    /// Copies of each partition [default: 3, or one a broker where there are fewer]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=9))]
    pub(crate) replication_factor: Option<i32>,

    /// Only give every complaints topic N partitions, while workers run; fewer than there are is refused
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    #[arg(conflicts_with_all = ["partitions", "replication_factor"])]
    pub(crate) widen: Option<i32>,

    /// Report what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Only print topics and users with their rights, for other tools to make; no server is asked
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["widen", "dry_run", "json"])]
    pub(crate) export: Option<Format>,

    /// The Kafka object of Strimzi that topics and users belong to
    #[arg(long, value_name = "NAME", requires = "export", required_if_eq("export", "strimzi"))]
    pub(crate) cluster: Option<String>,

    /// How exported users prove who they are [default: scram-sha-512]
    #[arg(long, value_enum, value_name = "HOW", requires = "export")]
    pub(crate) authentication: Option<Authentication>,
}

/// One thing that was set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    /// `topic`, `schemas`, `tables` and the like.
    pub(crate) what: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// What became of it.
    pub(crate) state: State,
    /// What differed, a line each.
    pub(crate) details: Vec<String>,
}

#[derive(Serialize)]
struct SetupReport<'a> {
    dry_run: bool,
    created: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
    items: &'a [Item],
}

impl Setup {
    pub(crate) fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Apply }
    }
}

/// Sets up what the settings name, unless it would fail somewhere.
pub(crate) fn setup(args: &Setup, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    if let Some(format) = args.export {
        export(format, args, settings, out)?;
        return Ok(Done::Well);
    }
    if let Some(to) = args.widen {
        return print(args, &widen(to, args.mode(), settings)?, out);
    }
    let planned = dry_run(args, settings)?;
    if args.dry_run {
        return print(args, &planned, out);
    }
    let mut made = Vec::new();
    let all_made = apply(args, settings, &mut made);
    let done = print(args, &made, out)?;
    all_made.map(|()| done)
}

/// Prints what became of everything.
fn print(args: &Setup, items: &[Item], out: &mut impl Write) -> Result<Done> {
    let count = |state| items.iter().filter(|item| item.state == state).count();
    let report = SetupReport {
        dry_run: args.dry_run,
        created: count(State::Created),
        changed: count(State::Changed),
        unchanged: count(State::Unchanged),
        refused: count(State::Refused),
        items,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        let mut table = table(["what", "name", "state", "why"]);
        for item in items {
            let why = item.details.join("\n");
            table.add_row([item.what, &item.name, word(item.state, args.mode()), &why]);
        }
        writeln!(out, "{table}\n{}", report.summary())?;
    }
    Ok(if report.refused > 0 { Done::Wanting } else { Done::Well })
}

impl SetupReport<'_> {
    fn summary(&self) -> String {
        let Self { dry_run, created, changed, refused, .. } = self;
        let done = match (created + changed, dry_run) {
            (0, _) => "nothing changed".to_owned(),
            (_, false) => format!("{created} created, {changed} changed"),
            (_, true) => format!("dry run, nothing changed: {created} to create, {changed} to change"),
        };
        if *refused == 0 { done } else { format!("{done}; {refused} refused and left as they were") }
    }
}

fn word(state: State, mode: Mode) -> &'static str {
    match (state, mode) {
        (State::Unchanged, _) => "unchanged",
        (State::Refused, _) => "refused",
        (State::Created, Mode::Apply) => "created",
        (State::Changed, Mode::Apply) => "changed",
        (State::Created, Mode::DryRun) => "to create",
        (State::Changed, Mode::DryRun) => "to change",
    }
}

fn item(what: &'static str, outcome: Outcome) -> Item {
    let details = outcome.details.into_iter().chain(outcome.fix).collect();
    Item { what, name: outcome.name, state: outcome.state, details }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(state: State) -> Item {
        Item { what: "topic", name: "complaints.raw".into(), state, details: vec!["why".into()] }
    }

    #[test]
    fn what_one_command_mends_is_said_with_it() {
        let (details, fix) = (vec!["it has 4 partitions".into()], Some("run it".into()));
        let refused = Outcome { name: "t".into(), state: State::Refused, details, fix };
        assert_eq!(item("topic", refused).details, ["it has 4 partitions", "run it"]);
    }

    fn printed(items: &[Item], dry_run: bool, json: bool) -> (Done, String) {
        let args = Setup {
            partitions: None,
            replication_factor: None,
            widen: None,
            dry_run,
            json,
            export: None,
            cluster: None,
            authentication: None,
        };
        let mut out = Vec::new();
        let done = print(&args, items, &mut out).unwrap();
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_second_run_says_that_nothing_changed() {
        let (done, text) = printed(&[one(State::Unchanged)], false, false);
        assert_eq!(done, Done::Well);
        assert!(text.ends_with("nothing changed\n"), "{text}");
    }

    #[test]
    fn a_refusal_is_found_wanting_and_says_why() {
        let (done, text) = printed(&[one(State::Refused), one(State::Created)], false, false);
        assert_eq!(done, Done::Wanting);
        assert!(text.contains("why"), "{text}");
        assert!(text.ends_with("1 created, 0 changed; 1 refused and left as they were\n"), "{text}");
    }

    #[test]
    fn a_dry_run_promises_nothing_done() {
        let (_, text) = printed(&[one(State::Created)], true, false);
        assert!(text.contains("to create") && !text.contains(" created"), "{text}");
    }

    #[test]
    fn json_is_one_object_on_one_line() {
        let (_, text) = printed(&[one(State::Changed)], false, true);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((text.lines().count(), &report["changed"]), (1, &serde_json::json!(1)));
        assert_eq!(report["items"][0]["state"], "changed");
    }
}
