//! `ombud report quality`: how good the decisions were, by the verdicts of people.

use std::{fs, io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use ombud_launch::config::Settings;
use ombud_measure::quality::{page, tables};
use ombud_stream::Clock;

use crate::{
    Done,
    input::examples::{Example, examples_text},
    input::when::{When, span, when},
    log::backend::View,
    output::terminal::Terminal,
    serve::quality::count_quality,
    strategies::read_feed,
};

const EXAMPLES: [Example; 2] = [
    ("Of the last 30 days", "ombud report quality --since 30d"),
    ("As a page with charts", "ombud report quality --since 30d --html quality.html"),
];

/// The arguments of `report quality`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Quality {
    /// Verdicts from this time on: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 30d
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) since: When,

    /// Verdicts before this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) until: Option<When>,

    /// Everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Write everything, with its plots, to one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Prints the report; [`Done::Wanting`] where nothing was judged.
pub(crate) fn quality(
    args: &Quality,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let now = clock.now_ms();
    let (since, until) = span("report on this time", args.since, args.until, now)?;
    let view = View::open(settings)?;
    let mut cases = view.cases()?;
    let bar = terminal.bar("cases");
    let read = |read, all| {
        bar.set_length(all as u64);
        bar.set_position(read as u64);
    };
    let feed = read_feed(&view, settings)?;
    let report = count_quality(&mut *cases, feed.strategies(), (since, until), read)?.report;
    bar.finish_and_clear();
    if let Some(path) = &args.html {
        fs::write(path, page(&report)).with_context(|| format!("write {}", path.display()))?;
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        writeln!(out, "verdicts from {} until {}", report.since, report.until)?;
        for (heading, table) in tables(&report) {
            writeln!(out, "\n{heading}\n{}", table.terminal())?;
        }
        for warning in &report.warnings {
            writeln!(out, "\n{warning}")?;
        }
    }
    Ok(if report.audit_sample.cases + report.rest.cases == 0 { Done::Wanting } else { Done::Well })
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use ombud_contract::{
        catalogue::Topic,
        codec,
        records::{Feedback, Prediction, Role},
    };
    use ombud_local::{Local, Options};
    use ombud_models::FirstStrategy;
    use ombud_store::{CaseStore, file_feedback, file_prediction, file_routed};
    use ombud_stream::{ManualClock, Record, TopicPartition};

    use super::*;
    use crate::log::publish::{Publisher, outgoing};

    fn original(topic: &str, value: bytes::Bytes) -> Record {
        Record {
            source: TopicPartition::new(topic, 0),
            offset: 0,
            appended_at: 5,
            key: None,
            value: Some(value),
            headers: Vec::new(),
            original: None,
        }
    }

    fn filed(local: &Local, feedback: &Feedback) {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        let mut route: ombud_contract::records::RoutedComplaint = serde_json::from_str(example).unwrap();
        route.complaint_id.clone_from(&feedback.complaint_id);
        route.revision = feedback.revision;
        route.human_reasons = feedback.audit_sample.then(|| "audit-sample".to_owned()).into_iter().collect();
        let mut rows =
            file_routed(&route, &original("complaints.routed", codec::encode(&route).unwrap()), &[]);
        rows.extend(file_feedback(
            feedback,
            &original("complaints.feedback", codec::encode(feedback).unwrap()),
        ));
        local.cases().unwrap().write(&rows).unwrap();
    }

    #[test]
    fn a_report_counts_the_verdicts_of_its_time_and_writes_a_page() {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let example = include_str!("../../../../schemas/complaints.feedback/examples/valid/reallocated.json");
        let reallocated: Feedback = serde_json::from_str(example).unwrap();
        let at = reallocated.decided_at;
        const DAY: i64 = 86_400_000;
        for (id, decided_at) in [("c-1", at), ("c-2", at + DAY), ("c-3", at + 40 * DAY)] {
            filed(&local, &Feedback { complaint_id: id.into(), decided_at, ..reallocated.clone() });
        }
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        let html = dir.path().join("quality.html");
        let args = |json| Quality {
            since: When::At(at),
            until: Some(When::At(at + 40 * DAY)),
            json,
            html: Some(html.clone()),
        };
        let say = |args: &Quality| {
            let mut out = Vec::new();
            let clock = ManualClock::at(at + 50 * DAY);
            let done = quality(args, &settings, &clock, &Terminal::default(), &mut out).unwrap();
            (done, String::from_utf8(out).unwrap())
        };
        let (done, said) = say(&args(true));
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!((done, &report["rest"]["cases"]), (Done::Well, &2.into()), "{said}");
        assert_eq!(report["rest"]["reallocated"]["hits"], 2);
        assert_eq!(report["rest"]["tasks"]["product"]["all"]["hits"], 0);
        assert!(fs::read_to_string(&html).unwrap().contains("<svg"));
        assert!(say(&args(false)).1.contains("accuracy by model version"));
        let nothing =
            Quality { since: When::At(at - DAY), until: Some(When::At(at)), json: true, html: None };
        assert_eq!(say(&nothing).0, Done::Wanting);
    }

    #[test]
    fn what_was_drawn_and_not_judged_is_known_from_the_decisions_and_the_strategys_share() {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let mut strategy =
            FirstStrategy::read(&models.join("strategy.toml"), &models, "setup", 0).unwrap().record;
        strategy.audit_basis_points = 10_000;
        let topic: Arc<str> = Topic::Strategy.name("").into();
        let mut publisher = Publisher::new(local.sink(1));
        publisher.send(outgoing(&topic, "strategy", &strategy).unwrap()).unwrap();
        publisher.flush().unwrap();

        let example = include_str!(
            "../../../../schemas/complaints.feedback/examples/valid/only-what-must-be-there.json"
        );
        let confirmed: Feedback = serde_json::from_str(example).unwrap();
        let at = confirmed.decided_at;
        filed(&local, &Feedback { complaint_id: "c-1".into(), audit_sample: true, ..confirmed });
        let example = include_str!("../../../../schemas/complaints.predictions/examples/valid/labelled.json");
        let example: Prediction = serde_json::from_str(example).unwrap();
        let arm = &strategy.tasks[0].arms[0];
        for id in ["c-1", "c-2"] {
            let prediction = Prediction {
                complaint_id: id.into(),
                model_id: arm.model_id.clone(),
                model_version: arm.model_version.clone(),
                strategy_version: strategy.version,
                role: Role::Deciding,
                predicted_at: at,
                ..example.clone()
            };
            let value = codec::encode(&prediction).unwrap();
            let rows = file_prediction(&prediction, &original("complaints.predictions", value));
            local.cases().unwrap().write(&rows).unwrap();
        }
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        let say = |json| {
            let args = Quality { since: When::At(at - 1), until: Some(When::At(at + 1)), json, html: None };
            let mut out = Vec::new();
            quality(&args, &settings, &ManualClock::at(at + 2), &Terminal::default(), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let report: serde_json::Value = serde_json::from_str(&say(true)).unwrap();
        assert_eq!(report["audit"], serde_json::json!({"drawn": 2, "judged": 1, "missing": 1}));
        assert_eq!(report["audit_sample"]["vulnerable_missing"]["first"], serde_json::json!(["c-1"]));
        assert!(report["audit_sample"]["vulnerable"].is_null());
        let said = say(false);
        assert!(said.contains("Only 1 of the 2 complaints") && said.contains("not claimed"), "{said}");
    }
}
