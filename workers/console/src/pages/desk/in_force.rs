//! The strategy that is in force, as far as the desk asks it: teams, who gets which product, which desk triage is.

use std::sync::Arc;

use ombud_contract::records::Prediction;
use ombud_models::{ActiveStrategy, Registry, RoutingTable};

use crate::pages::PageState;

/// No strategy has this version: the teams of the one in force are asked for.
const NO_VERSION: i64 = -1;
/// The family that only counts what is in a text.
const BAG: &str = "bag";

/// The strategy in force and the models that are known. Where they can't be read, the desk does without: people decide all the same.
pub(super) struct InForce(Option<(Arc<ActiveStrategy>, Registry)>);

impl InForce {
    /// Blocks.
    pub(super) fn read(pages: &PageState) -> Self {
        let Ok(log) = pages.sources.changes.log() else { return Self(None) };
        let strategy = log.strategies.at(pages.api.clock.now_ms()).cloned();
        Self(strategy.map(|strategy| (strategy, log.registry)))
    }

    pub(super) fn table(&self) -> Option<&RoutingTable> {
        self.0.as_ref().map(|(strategy, _)| &strategy.routing)
    }

    /// The desk of whatever is unsure.
    pub(super) fn triage_desk(&self) -> Option<&str> {
        self.table().map(|table| &*table.triage_desk)
    }

    pub(super) fn vulnerable_desk(&self) -> Option<&str> {
        self.table().map(|table| &*table.vulnerable_desk)
    }

    /// What `team` is called.
    pub(super) fn name_of<'a>(&'a self, team: &'a str) -> &'a str {
        self.table().and_then(|table| table.teams.get(team)).map_or(team, |name| name)
    }

    /// Whether the model that made `answer` reads a text in its order. Of an unknown one nothing is claimed.
    pub(super) fn reads_words(&self, answer: &Prediction) -> bool {
        let known =
            self.0.as_ref().and_then(|(_, models)| models.get(&answer.model_id, &answer.model_version));
        known.is_some_and(|version| version.family != BAG)
    }

    /// Every team, and what it is called. Blocks.
    pub(super) fn teams(&self, pages: &PageState) -> Vec<(String, String)> {
        if let Some(table) = self.table() {
            return table.teams.iter().map(|(team, name)| (team.clone(), name.clone())).collect();
        }
        let known = (pages.api.teams)(NO_VERSION).ok().flatten().unwrap_or_default();
        known.into_iter().map(|team| (team.clone(), team)).collect()
    }
}
