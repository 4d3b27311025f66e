//! Which cases a figure counts: some of them, by the team that had them, so that whoever reads a figure can look at what it
//! is made of.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// Cases that are kept of one figure and team, of those that it counts as much as of all others.
const KEPT: usize = 200;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// Right answers, of those that were judged.
    Accuracy,
    /// The same at the coarsest level.
    Coarse,
    /// Vulnerable customers, of those who were flagged.
    Precision,
    /// Flagged customers, of those who are vulnerable.
    Recall,
    /// Complaints that were sent on, of those whose allocation was judged.
    Reallocated,
    /// Complaints whose allocation a person must look at, of all received.
    Reviewed,
    /// Answers that a model was too unsure to give.
    Unsure,
    /// Answers that a model failed to give.
    Failed,
}

impl FigureKind {
    /// Whether those that it counts tell more than the others: a person looks for what went wrong.
    pub const fn tells_by_hits(self) -> bool {
        matches!(self, Self::Reallocated | Self::Reviewed | Self::Unsure | Self::Failed)
    }
}

/// By what a figure is a part of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The whole.
    #[default]
    All,
    /// One model version: `MODEL@VERSION`.
    Model,
    /// One team.
    Team,
    /// One ISO week; of drift `MODEL@VERSION/WEEK`.
    Week,
    /// One arm: `ROLE/ARM/MODEL@VERSION`.
    Arm,
}

/// A figure of one part of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureKey {
    /// What is counted.
    pub kind: FigureKind,
    /// Of which task; empty where it is of the whole complaint.
    pub task: String,
    /// As a part of what.
    pub by: By,
    /// Which part; empty of the whole.
    pub name: String,
}

impl FigureKey {
    /// A figure by its parts.
    pub fn new(kind: FigureKind, task: &str, by: By, name: &str) -> Self {
        Self { kind, task: task.to_owned(), by, name: name.to_owned() }
    }
}

/// A case that a figure counts, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureCase {
    /// The complaint.
    pub complaint_id: Arc<str>,
    /// The team that had it when it was judged; empty where that is not known.
    pub team: String,
    /// Whether the figure counts it: right, sent on, left to people.
    pub hit: bool,
}

/// The cases of each figure: of each team the first `KEPT` that are given of either kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureCases(BTreeMap<FigureKey, BTreeMap<String, TeamCases>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TeamCases {
    hits: Vec<Arc<str>>,
    others: Vec<Arc<str>>,
}

impl FigureCases {
    /// Keeps a case of a figure.
    pub fn add(&mut self, key: FigureKey, team: &str, complaint_id: &Arc<str>, hit: bool) {
        let teams = self.0.entry(key).or_default();
        let kept = match teams.get_mut(team) {
            Some(kept) => kept,
            None => teams.entry(team.to_owned()).or_default(),
        };
        let kept = if hit { &mut kept.hits } else { &mut kept.others };
        if kept.len() < KEPT {
            kept.push(Arc::clone(complaint_id));
        }
    }

    /// Keeps one case of a figure's whole, and of its parts.
    pub(super) fn add_parts(
        &mut self,
        (kind, task): (FigureKind, &str),
        parts: &[(By, &str)],
        team: &str,
        (complaint_id, hit): (&Arc<str>, bool),
    ) {
        for (by, name) in std::iter::once(&(By::All, "")).chain(parts) {
            self.add(FigureKey::new(kind, task, *by, name), team, complaint_id, hit);
        }
    }

    /// The cases of a figure, those that tell most first.
    pub fn of(&self, key: &FigureKey) -> Vec<FigureCase> {
        let teams = self.0.get(key);
        let kept = |hit: bool| {
            teams.into_iter().flatten().flat_map(move |(team, kept)| {
                let ids = if hit { &kept.hits } else { &kept.others };
                ids.iter().map(move |id| FigureCase { complaint_id: Arc::clone(id), team: team.clone(), hit })
            })
        };
        let first = key.kind.tells_by_hits();
        kept(first).chain(kept(!first)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_team_so_many_are_kept_and_what_went_wrong_comes_first() {
        let mut cases = FigureCases::default();
        for n in 0..KEPT + 50 {
            let id: Arc<str> = format!("c-{n}").into();
            let parts = [(By::Team, "cards")];
            cases.add_parts((FigureKind::Accuracy, "product"), &parts, "cards", (&id, n % 2 == 0));
            cases.add(FigureKey::new(FigureKind::Reviewed, "", By::All, ""), "loans", &id, true);
        }
        let by_team = cases.of(&FigureKey::new(FigureKind::Accuracy, "product", By::Team, "cards"));
        assert_eq!(by_team.len(), KEPT + 50);
        assert!(!by_team[0].hit && by_team[124..126].iter().map(|case| case.hit).eq([false, true]));
        assert_eq!(by_team, cases.of(&FigureKey::new(FigureKind::Accuracy, "product", By::All, "")));
        assert_eq!(cases.of(&FigureKey::new(FigureKind::Reviewed, "", By::All, "")).len(), KEPT);
        assert!(cases.of(&FigureKey::new(FigureKind::Failed, "", By::All, "")).is_empty());
    }
}
