//! How good the decisions were: counted once for the command that prints it and for the page that shows it.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Result;
use jiff::civil::Date;
use ombud_console::pages::QualitySource;
use ombud_launch::config::Settings;
use ombud_measure::quality::{
    AuditDraw, By, CountedQuality, FigureCases, FigureKey, FigureKind, QualityCounts, QualityReport, drift,
    gather, gather_reviews,
};
use ombud_models::Strategies;
use ombud_store::{CaseEvent, CaseStore, FeedbackDay, ModelDecision, QueueEntry, Row};
use ombud_stream::Outage;

use super::outage::outage;
use crate::{
    log::backend::View,
    output::time::written_time,
    strategies::{deciders, read_feed},
};

/// Counts the verdicts and the decisions of `since..until` (milliseconds), and what was left to people of the complaints
/// received then. `progress` is called with how many judged cases are read, and how many there are.
pub(crate) fn count_quality(
    cases: &mut dyn CaseStore,
    strategies: &Strategies,
    (since, until): (i64, i64),
    progress: impl FnMut(usize, usize),
) -> Result<CountedQuality> {
    let mut quality = QualityCounts::default();
    gather(cases, since, until, progress, |case| quality.add(&case))?;
    let (mut drawn, mut all) = (AuditDraw::default(), FigureCases::default());
    let seen = drift::gather(cases, deciders(strategies), (since, until), |decision, week| {
        if let Some(strategy) = strategies.version(decision.strategy_version) {
            drawn.see(&decision.complaint_id, strategy.record.audit_basis_points);
        }
        keep_unanswered(&mut all, decision, week);
    })?;
    // Whoever was a team once may have complaints still.
    let teams: BTreeSet<&str> =
        strategies.iter().flat_map(|one| one.routing.teams.keys().map(String::as_str)).collect();
    let reviews = gather_reviews(cases, teams, (since, until), |entry, week| {
        let id: Arc<str> = entry.complaint_id.as_str().into();
        for (by, name) in [(By::All, ""), (By::Team, entry.team.as_str()), (By::Week, week)] {
            all.add(FigureKey::new(FigureKind::Reviewed, "", by, name), &entry.team, &id, entry.needs_human);
        }
    })?;
    let span = (written_time(since)?, written_time(until)?);
    let report = QualityReport::of(&quality, &drawn, drift::figures(&seen), span).with_reviews(reviews);
    let QualityCounts { audit_sample, rest, .. } = quality;
    Ok(CountedQuality { report, audit_sample: audit_sample.listed, rest: rest.listed, all })
}

/// A decision that was too unsure or failed is worth a look; the decisions by model do not say whose complaint it is.
fn keep_unanswered(all: &mut FigureCases, decision: &ModelDecision, week: &str) {
    let kind = match decision.outcome.as_str() {
        "LABELLED" => return,
        "ABSTAINED" => FigureKind::Unsure,
        _ => FigureKind::Failed,
    };
    let name = format!("{}@{}/{week}", decision.model_id, decision.model_version);
    let id: Arc<str> = decision.complaint_id.as_str().into();
    all.add(FigureKey::new(kind, &decision.task, By::Week, &name), "", &id, true);
}

/// Counts from this process's log and cases.
pub(super) struct ServedQuality {
    pub(super) view: View,
    pub(super) settings: Settings,
}

impl QualitySource for ServedQuality {
    fn count(&self, span: (i64, i64), stopped: &(dyn Fn() -> bool + Sync)) -> Result<CountedQuality, Outage> {
        let counted = || -> Result<CountedQuality> {
            let mut cases = UntilStopped { cases: self.view.cases()?, stopped };
            let feed = read_feed(&self.view, &self.settings)?;
            count_quality(&mut cases, feed.strategies(), span, |_, _| {})
        };
        counted().map_err(|error| outage("count how good the decisions were", error))
    }
}

/// Cases until somebody asks to stop: what reads months of them must not hold that up.
struct UntilStopped<'a> {
    cases: Box<dyn CaseStore>,
    stopped: &'a (dyn Fn() -> bool + Sync),
}

impl UntilStopped<'_> {
    fn go_on(&mut self) -> Result<&mut dyn CaseStore, Outage> {
        match (self.stopped)() {
            true => Err(Outage::passing("read the cases", "the process stops")),
            false => Ok(&mut *self.cases),
        }
    }
}

impl CaseStore for UntilStopped<'_> {
    fn write(&mut self, rows: &[Row]) -> Result<(), Outage> {
        self.go_on()?.write(rows)
    }

    fn case(&mut self, complaint_id: &str) -> Result<Vec<CaseEvent>, Outage> {
        self.go_on()?.case(complaint_id)
    }

    fn cases(
        &mut self,
        complaint_ids: &[String],
        each: &mut dyn FnMut(&str, Vec<CaseEvent>),
    ) -> Result<(), Outage> {
        self.go_on()?.cases(complaint_ids, each)
    }

    fn queue(&mut self, team: &str, day: Date) -> Result<Vec<QueueEntry>, Outage> {
        self.go_on()?.queue(team, day)
    }

    fn feedback(&mut self, day: Date, each: &mut dyn FnMut(FeedbackDay)) -> Result<(), Outage> {
        self.go_on()?.feedback(day, each)
    }

    fn decisions(
        &mut self,
        model_id: &str,
        model_version: &str,
        day: Date,
        each: &mut dyn FnMut(ModelDecision),
    ) -> Result<(), Outage> {
        self.go_on()?.decisions(model_id, model_version, day, each)
    }
}

#[cfg(test)]
mod tests {
    use ombud_local::{Local, Options};

    use super::*;

    #[test]
    fn counting_ends_as_soon_as_the_process_stops() {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Options::catalogue("", 1)).unwrap();
        let count = |stopped: &(dyn Fn() -> bool + Sync)| {
            let mut cases = UntilStopped { cases: Box::new(local.cases().unwrap()), stopped };
            count_quality(&mut cases, &Strategies::default(), (0, 86_400_000), |_, _| {})
        };
        assert!(count(&|| true).unwrap_err().to_string().contains("read the cases"));
        assert_eq!(count(&|| false).unwrap().report.reviews.all.of, 0);
    }
}
