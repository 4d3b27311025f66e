//! `ombud report clocks`: which clocks were met, missed or are open, by team and rule.

use std::{collections::BTreeSet, io::Write};

use anyhow::Result;
use clap::Args;
use ombud_launch::config::Settings;
use ombud_measure::clocks::{ClockCounts, ClocksInForce, gather, tables};
use ombud_stream::Clock;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    input::when::{When, span, when},
    log::backend::View,
    output::{terminal::Terminal, time::written_time},
    strategies::{read_feed, unpublished},
};

const EXAMPLES: [Example; 2] = [
    ("Of the complaints of the last 90 days", "ombud report clocks --since 90d"),
    (
        "Of a half-year, for another program",
        "ombud report clocks --since 2026-01-01 --until 2026-07-01 --json",
    ),
];

/// The arguments of `report clocks`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Clocks {
    /// Complaints received from this time on: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 90d
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) since: When,

    /// Complaints received before this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) until: Option<When>,

    /// Everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the report; [`Done::Wanting`] where no complaint was received.
pub(crate) fn clocks(
    args: &Clocks,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let now = clock.now_ms();
    let (since, until) = span("report on this time", args.since, args.until, now)?;
    let view = View::open(settings)?;
    let mut cases = view.cases()?;
    let feed = read_feed(&view, settings)?;
    let strategies = feed.strategies();
    let in_force = feed.at(now).map_err(|_| unpublished())?;
    // Whoever was a team once may have complaints still.
    let teams: BTreeSet<&str> =
        strategies.iter().flat_map(|one| one.routing.teams.keys().map(String::as_str)).collect();
    let mut counts = ClockCounts::new(now, Some(ClocksInForce(in_force)));
    let bar = terminal.bar("queues");
    let read = |read, all| {
        bar.set_length(all as u64);
        bar.set_position(read as u64);
    };
    gather(&mut *cases, teams.into_iter(), (since, until), read, |case| counts.add(case))?;
    bar.finish_and_clear();
    let looked_at = counts.cases();
    let report = counts.report([written_time(since)?, written_time(until)?, written_time(now)?]);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        writeln!(out, "complaints received from {} until {}: {looked_at}", report.since, report.until)?;
        for (heading, table) in tables(&report) {
            writeln!(out, "\n{heading}\n{}", table.terminal())?;
        }
        if report.without_clocks > 0 {
            let count = report.without_clocks;
            writeln!(
                out,
                "\n{count} of them have no clocks: no rule applies, or their strategy has days alone."
            )?;
        }
        if report.unknown_rules > 0 {
            let count = report.unknown_rules;
            writeln!(out, "\n{count} clocks are not counted: a newer build wrote their rules.")?;
        }
    }
    Ok(if looked_at == 0 { Done::Wanting } else { Done::Well })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ombud_contract::{
        catalogue::Topic,
        codec,
        records::{Decision, RoutedComplaint, Strategy, WorkEvent, WorkKind},
    };
    use ombud_local::{Local, Options};
    use ombud_models::{ActiveStrategy, Facts, FirstStrategy, route};
    use ombud_store::{CaseStore, file_routed, file_work};
    use ombud_stream::{ManualClock, Record, TopicPartition};

    use super::*;
    use crate::log::publish::{Publisher, outgoing};

    const DAY: i64 = 86_400_000;
    /// 2026-06-01, noon.
    const RECEIVED: i64 = 1_780_315_200_000;

    fn original(topic: &str, value: bytes::Bytes) -> Record {
        Record {
            source: TopicPartition::new(topic, 0),
            offset: 0,
            appended_at: RECEIVED,
            key: None,
            value: Some(value),
            headers: Vec::new(),
            original: None,
        }
    }

    fn strategies(folder: &Path) -> [Strategy; 2] {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "setup", 0).unwrap().record;
        let routing = first.routing.replace("\"10 business days\"", "\"12 business days\"");
        assert_ne!(routing, first.routing, "{}", folder.display());
        [first.clone(), Strategy { version: 2, effective_from: RECEIVED + DAY, routing, ..first }]
    }

    /// A case of an electronic transfer, routed by `strategy`, with what was done after so many days.
    fn filed(local: &Local, strategy: &Strategy, id: &str, received_at: i64, done: &[(WorkKind, i64)]) {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let mut record: RoutedComplaint = serde_json::from_str(example).unwrap();
        let product = "Checking or savings account".to_owned();
        for decision in record.decisions.iter_mut().filter(|decision| decision.task == "product") {
            let (label, path) = (Some(product.clone()), vec![product.clone()]);
            *decision = Decision { label, path, ..decision.clone() };
        }
        (record.complaint_id, record.received_at) = (id.into(), received_at);
        record.strategy_version = strategy.version;
        let attributes = Default::default();
        let facts = Facts {
            complaint_id: id,
            language: &record.language,
            known_product: None,
            received_at,
            regulator_sent_at: None,
            notice_at: None,
            legal_entity: None,
            attributes: &attributes,
            decisions: &record.decisions,
            missing_tasks: &[],
            unreadable: false,
            withdrawn: false,
        };
        let routed = route(&facts, &ActiveStrategy::new(strategy.clone()).unwrap());
        (record.team, record.clocks) = (routed.team, routed.clocks);
        let value = codec::encode(&record).unwrap();
        let mut rows = file_routed(&record, &original("complaints.routed", value), &[]);
        for (kind, days) in done {
            let example = include_str!(
                "../../../../schemas/complaints.work/examples/valid/only-what-must-be-there.json"
            );
            let event: WorkEvent = serde_json::from_str(example).unwrap();
            let event = WorkEvent {
                work_id: format!("{id}-{days}"),
                complaint_id: id.into(),
                kind: *kind,
                revision: record.revision,
                done_at: received_at + days * DAY,
                ..event
            };
            let value = codec::encode(&event).unwrap();
            rows.extend(file_work(&event, &original("complaints.work", value)));
        }
        local.cases().unwrap().write(&rows).unwrap();
    }

    #[test]
    fn clocks_are_met_missed_or_open_and_those_that_another_strategy_would_set_otherwise_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        // A strategy must be appended before it begins.
        let appended = std::sync::Arc::new(ManualClock::at(RECEIVED - DAY));
        let local =
            Local::open(dir.path(), Options { clock: appended, ..Options::catalogue("", 1) }).unwrap();
        let [first, second] = strategies(dir.path());
        let mut publisher = Publisher::new(local.sink(1));
        let topic: std::sync::Arc<str> = Topic::Strategy.name("").into();
        for strategy in [&first, &second] {
            publisher.send(outgoing(&topic, "strategy", strategy).unwrap()).unwrap();
        }
        publisher.flush().unwrap();
        // Ten business days from Monday, 1 June are over with the 15th.
        let done = WorkKind::FinalResponse;
        filed(&local, &first, "in-time", RECEIVED, &[(done, 13)]);
        filed(&local, &first, "too-late", RECEIVED, &[(done, 16)]);
        filed(&local, &first, "held", RECEIVED, &[(WorkKind::HoldingResponse, 3)]);
        filed(&local, &first, "forgotten", RECEIVED, &[]);
        filed(&local, &second, "since", RECEIVED + 8 * DAY, &[]);
        filed(&local, &second, "later", RECEIVED + 40 * DAY, &[]);
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        let say = |json, until| {
            let args = Clocks { since: When::At(RECEIVED - DAY), until: Some(When::At(until)), json };
            let mut out = Vec::new();
            let clock = ManualClock::at(RECEIVED + 20 * DAY);
            let done = clocks(&args, &settings, &clock, &Terminal::default(), &mut out).unwrap();
            (done, String::from_utf8(out).unwrap())
        };
        let (done, said) = say(true, RECEIVED + 20 * DAY);
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(
            (done, &report["cases"], &report["without_clocks"]),
            (Done::Well, &5.into(), &0.into()),
            "{said}"
        );
        let line = |rule: &str| {
            let lines = report["clocks"].as_array().unwrap();
            let line = lines.iter().find(|line| line["rule"] == rule).unwrap();
            assert_eq!(line["team"], "everyday-banking");
            ["met", "missed", "open"].map(|count| line[count].as_u64().unwrap())
        };
        assert_eq!(line("reg-e-determination"), [1, 2, 2], "{said}");
        assert_eq!(
            line("house-answer"),
            [2, 2, 1],
            "a holding response meets it, the 16th is too late: {said}"
        );
        assert_eq!(line("reg-e-longest"), [2, 0, 3]);
        let moved: Vec<&str> = report["moved"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["complaint_id"].as_str().unwrap())
            .collect();
        assert_eq!(moved, ["forgotten", "held"], "what was answered is over");
        assert_eq!(report["moved"][0]["rule"], "reg-e-determination");
        let two_days = report["moved"][0]["would_be_due"].as_i64().unwrap()
            - report["moved"][0]["due"].as_i64().unwrap();
        assert_eq!(two_days, 2 * DAY);
        let (_, text) = say(false, RECEIVED + 20 * DAY);
        assert!(text.contains("Clocks by team and rule") && text.contains("would set otherwise"), "{text}");
        assert_eq!(say(true, RECEIVED - 1).0, Done::Wanting);
    }
}
