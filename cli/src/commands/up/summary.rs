//! What became of a file: figures for programs, tables for people.

use std::collections::BTreeMap;

use comfy_table::CellAlignment;
use ombud_contract::records::{ModelVersion, Vulnerability};
use serde::Serialize;

use super::journey::{Journeys, WantedRoute};
use crate::output::screen::Screen;

/// One object, the last line of `ombud up --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Distinct complaints of the file.
    pub(crate) complaints: usize,
    /// Complaints that have a route.
    pub(crate) routed: usize,
    /// Routed with every required task answered.
    pub(crate) complete: usize,
    /// Routed with a task missing.
    pub(crate) partial: usize,
    /// Records in complaints.dead-letters.
    pub(crate) dead_letters: u64,
    /// Rows of the file that are no complaint.
    pub(crate) rejected: usize,
    /// Rows that repeat what another row says.
    pub(crate) duplicates: usize,
    /// Milliseconds from append to first route: the median.
    pub(crate) p50_ms: Option<i64>,
    /// The 99th percentile.
    pub(crate) p99_ms: Option<i64>,
    /// Complaints a second, from the first append to the last first route.
    pub(crate) per_second: Option<f64>,
    /// By team.
    pub(crate) teams: BTreeMap<String, Team>,
    /// The registry.
    pub(crate) models: Vec<Model>,
}

/// What one team got.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Team {
    /// All its complaints.
    pub(crate) complaints: usize,
    /// Of which vulnerable or possibly so.
    pub(crate) possibly_vulnerable: usize,
    /// Of which a human must look at.
    pub(crate) for_review: usize,
}

/// The state of a model version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Model {
    /// Its name.
    pub(crate) model_id: String,
    /// Its version.
    pub(crate) version: String,
    /// What it answers.
    pub(crate) tasks: Vec<String>,
    /// `registered`, `retired` or `rejected`.
    pub(crate) state: String,
}

impl From<&ModelVersion> for Model {
    fn from(record: &ModelVersion) -> Self {
        Self {
            model_id: record.model_id.clone(),
            version: record.version.clone(),
            tasks: record.tasks.clone(),
            state: format!("{:?}", record.state).to_lowercase(),
        }
    }
}

/// Counts that don't come from the routes.
pub(crate) struct Counts {
    pub(crate) dead_letters: u64,
    pub(crate) rejected: usize,
    pub(crate) duplicates: usize,
}

impl Summary {
    /// Of the complaints that are wanted.
    pub(crate) fn of(journeys: &Journeys, counts: Counts, models: Vec<Model>) -> Self {
        let mut teams: BTreeMap<String, Team> = BTreeMap::new();
        let mut latencies = Vec::new();
        let mut complete = 0;
        let mut span: Option<(i64, i64)> = None;
        for route in journeys.wanted_routes() {
            count(teams.entry(route.team.to_owned()).or_default(), &route);
            complete += usize::from(route.complete);
            latencies.push(route.first_routed_at - route.submitted_at);
            let (first, last) = span.unwrap_or((route.submitted_at, route.first_routed_at));
            span = Some((first.min(route.submitted_at), last.max(route.first_routed_at)));
        }
        latencies.sort_unstable();
        let routed = latencies.len();
        Self {
            complaints: journeys.count_wanted(),
            routed,
            complete,
            partial: routed - complete,
            dead_letters: counts.dead_letters,
            rejected: counts.rejected,
            duplicates: counts.duplicates,
            p50_ms: percentile(&latencies, 50),
            p99_ms: percentile(&latencies, 99),
            per_second: span.map(|(first, last)| rate(routed, last - first)),
            teams,
            models,
        }
    }

    /// For people.
    pub(crate) fn tables(&self, screen: Screen) -> String {
        let mut teams = screen.table(["team", "complaints", "possibly vulnerable", "for review"]);
        for (name, team) in &self.teams {
            teams.add_row([
                name.clone(),
                team.complaints.to_string(),
                team.possibly_vulnerable.to_string(),
                team.for_review.to_string(),
            ]);
        }
        for column in teams.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut models = screen.table(["model", "version", "tasks", "state"]);
        for model in &self.models {
            models.add_row([
                model.model_id.clone(),
                model.version.chars().take(12).collect(),
                model.tasks.join(", "),
                model.state.clone(),
            ]);
        }
        let ms = |ms: Option<i64>| ms.map_or("-".to_owned(), |ms| format!("{ms} ms"));
        format!(
            "{teams}\n{models}\n{} complaints, {} routed: {} complete, {} partial\n{} dead letters, {} rejected rows, {} \
             duplicates\nfrom append to route: median {}, 99th percentile {}; {} a second",
            self.complaints,
            self.routed,
            self.complete,
            self.partial,
            self.dead_letters,
            self.rejected,
            self.duplicates,
            ms(self.p50_ms),
            ms(self.p99_ms),
            self.per_second.map_or("-".to_owned(), |rate| format!("{rate:.1}")),
        )
    }
}

fn count(team: &mut Team, route: &WantedRoute<'_>) {
    team.complaints += 1;
    team.possibly_vulnerable += usize::from(route.vulnerability != Vulnerability::NotIndicated);
    team.for_review += usize::from(route.needs_human);
}

/// Nearest rank.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

fn rate(complaints: usize, ms: i64) -> f64 {
    // A handful routed within one tick of the clock took at most that tick.
    complaints as f64 * 1000.0 / ms.max(1) as f64
}

#[cfg(test)]
mod tests;
