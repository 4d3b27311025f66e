//! Counting, one case after another: what was decided, compared with what its verdicts say is true.
//!
//! What they say is [`case_truth`]'s to decide. An abstained or failed decision is no answer, so neither right nor wrong: it is
//! counted as unanswered. What grows is the number of cells, and eight bytes for each judged case of the audit sample.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use ombud_contract::{
    records::{Feedback, Outcome, Prediction, RoutedComplaint},
    verdict::{NO, VULNERABLE, YES},
};
use serde::Serialize;

use super::{
    arms::{self, Arm, Arms},
    audit::id_hash,
    coarse,
    listed::{By, FigureCases, FigureKey, FigureKind},
    tally::{Flags, Tally},
};
use crate::calendar::week_at;
use crate::truth::{CaseTruth, Finding, Judgement, LabelledShare, Open, TaskTruth, case_truth, flag};

/// Cases without an answer about vulnerability that are named.
const NAMED: usize = 20;

/// A case with the verdicts that count, all its routes and the answers of shadow arms, each in any order.
#[derive(Clone, Debug, Default)]
pub struct JudgedCase {
    /// What humans decided.
    pub verdicts: Vec<Feedback>,
    /// What they judged.
    pub routes: Vec<RoutedComplaint>,
    /// What changed none of them.
    pub shadows: Vec<Prediction>,
}

/// What a decision is counted under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The task.
    pub task: String,
    /// `MODEL@VERSION`.
    pub model: String,
    /// The team that had the complaint.
    pub team: String,
    /// The ISO week of the verdict, such as 2026-W05.
    pub week: String,
}

/// Judged cases in which no verdict says whether the customer is vulnerable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnsettledCases {
    /// How many.
    pub cases: usize,
    /// The first of them, by id.
    pub first: BTreeSet<String>,
}

impl UnsettledCases {
    fn add(&mut self, complaint_id: &str) {
        self.cases += 1;
        self.first.insert(complaint_id.to_owned());
        if self.first.len() > NAMED {
            self.first.pop_last();
        }
    }
}

/// What was counted of some cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases with a verdict that was not retracted.
    pub cases: usize,
    /// Cases that are no complaint at all.
    pub not_a_complaint: usize,
    /// Decisions that were judged: right of all.
    pub cells: BTreeMap<Cell, Tally>,
    /// The same at the coarsest level, by task: right of all.
    pub coarse: BTreeMap<String, Tally>,
    /// Judged tasks without an answer, by task.
    pub unanswered: BTreeMap<String, usize>,
    /// Re-allocated of all whose allocation was judged, by team and week.
    pub reallocated: BTreeMap<(String, String), Tally>,
    /// How many cases say whether the customer is vulnerable.
    pub labelled: LabelledShare,
    /// Those that don't.
    pub unsettled: UnsettledCases,
    /// The flag of vulnerability.
    pub flags: Flags,
    /// The same by arm, deciding or shadow.
    pub arms: Arms,
    /// Which cases each figure counts.
    pub listed: FigureCases,
}

/// What was counted, those that were drawn at random apart: they alone say without bias how good the models are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityCounts {
    /// Drawn at random.
    pub audit_sample: Counts,
    /// All others: judged because somebody happened to see them.
    pub rest: Counts,
    /// The judged ones of the audit sample, each by a hash of its id.
    pub(super) judged: HashSet<u64>,
}

impl QualityCounts {
    /// Counts one more case.
    pub fn add(&mut self, case: &JudgedCase) {
        let audited = match case.routes.is_empty() {
            false => case.routes.iter().any(RoutedComplaint::is_audited),
            // The archive no longer has the routes, or never had them.
            true => case.verdicts.iter().any(|verdict| verdict.audit_sample),
        };
        let truth = case_truth(&case.verdicts, &case.routes);
        let Some(id) = case.verdicts.first().map(|verdict| verdict.complaint_id.as_str()) else { return };
        if audited && truth != CaseTruth::Unjudged {
            self.judged.insert(id_hash(id));
        }
        let counts = if audited { &mut self.audit_sample } else { &mut self.rest };
        counts.add(id, &truth, &case.shadows);
    }

    /// How many cases have a verdict that was not retracted.
    pub fn cases(&self) -> usize {
        self.audit_sample.cases + self.rest.cases
    }
}

impl Counts {
    /// Sums over what `key` gives for a cell.
    pub fn by<K: Ord>(&self, key: impl Fn(&Cell) -> K) -> BTreeMap<K, Tally> {
        let mut sums = BTreeMap::new();
        for (cell, tally) in &self.cells {
            *sums.entry(key(cell)).or_default() += *tally;
        }
        sums
    }

    /// Re-allocations, summed over what `key` gives for a team and a week.
    pub fn reallocated_by<K: Ord>(&self, key: impl Fn(&str, &str) -> K) -> BTreeMap<K, Tally> {
        let mut sums = BTreeMap::new();
        for ((team, week), tally) in &self.reallocated {
            *sums.entry(key(team, week)).or_default() += *tally;
        }
        sums
    }

    fn add(&mut self, complaint_id: &str, truth: &CaseTruth<'_>, shadows: &[Prediction]) {
        match truth {
            CaseTruth::Unjudged => {}
            CaseTruth::NotAComplaint => {
                self.cases += 1;
                self.not_a_complaint += 1;
            }
            CaseTruth::Judged(judgement) => {
                self.cases += 1;
                self.add_judgement(complaint_id, judgement, shadows);
            }
        }
    }

    fn add_judgement(&mut self, complaint_id: &str, judgement: &Judgement<'_>, shadows: &[Prediction]) {
        let id: Arc<str> = complaint_id.into();
        let settled = judgement.vulnerable().is_some();
        self.labelled.add(settled);
        if !settled {
            self.unsettled.add(complaint_id);
        }
        if let Some(allocation) = &judgement.allocation {
            let (verdict, route) = (allocation.verdict, allocation.route);
            let place = (team(verdict, route), week_at(verdict.decided_at));
            let parts = [(By::Team, place.0.as_str()), (By::Week, place.1.as_str())];
            let case = (&id, allocation.reallocated);
            self.listed.add_parts((FigureKind::Reallocated, ""), &parts, &place.0, case);
            self.reallocated.entry(place).or_default().add(allocation.reallocated);
            for decision in route.into_iter().flat_map(|route| &route.decisions) {
                let arm = self.arms.entry(Arm::decided(decision)).or_default();
                arm.reallocated.add(allocation.reallocated);
            }
        }
        for truth in judgement.tasks.values() {
            if truth.task == VULNERABLE
                && matches!(truth.finding, Finding::Open(Open::NotNamed | Open::Unclear))
            {
                continue;
            }
            self.add_task(&id, truth);
            let watched = |shadow: &&Prediction| {
                let same_text = |route: &RoutedComplaint| route.raw_offset == shadow.raw_offset;
                shadow.task == truth.task && truth.route.is_some_and(same_text)
            };
            for shadow in shadows.iter().filter(watched) {
                self.add_shadow(&id, shadow, truth);
            }
        }
    }

    fn add_task(&mut self, id: &Arc<str>, truth: &TaskTruth<'_>) {
        let (task, verdict, route) = (truth.task, truth.verdict, truth.route);
        let decision = route.and_then(|route| route.decisions.iter().find(|decision| decision.task == task));
        let mut arm = decision.map(|decision| self.arms.entry(Arm::decided(decision)).or_default());
        let had = team(verdict, route);
        if let Some((flagged, so)) = flagged(truth) {
            self.flags.add(flagged, so);
            if flagged {
                self.listed.add_parts((FigureKind::Precision, task), &[], &had, (id, so));
            }
            if so {
                self.listed.add_parts((FigureKind::Recall, task), &[], &had, (id, flagged));
            }
            if let Some(arm) = &mut arm {
                arm.flags.add(flagged, so);
            }
        }
        let Some(given) = given(task, verdict, route) else { return };
        if let Some(arm) = &mut arm {
            arm.cases += 1;
        }
        if !given.answered {
            *self.unanswered.entry(task.to_owned()).or_default() += 1;
            return;
        }
        let Some(right) = truth.is_right() else { return };
        let mut parts = Vec::new();
        let of_arm = decision.map(|decision| Arm::decided(decision).key());
        if let (Some(arm), Some(key)) = (arm, &of_arm) {
            arm.right.add(right);
            parts.push((By::Arm, key.as_str()));
        }
        if let Some(right) = coarse::is_right(truth) {
            self.coarse.entry(task.to_owned()).or_default().add(right);
            self.listed.add_parts((FigureKind::Coarse, task), &[], &had, (id, right));
        }
        let cell =
            Cell { task: task.to_owned(), model: given.model, team: had, week: week_at(verdict.decided_at) };
        parts.extend([(By::Model, &*cell.model), (By::Team, &*cell.team), (By::Week, &*cell.week)]);
        self.listed.add_parts((FigureKind::Accuracy, task), &parts, &cell.team, (id, right));
        self.cells.entry(cell).or_default().add(right);
    }

    fn add_shadow(&mut self, id: &Arc<str>, shadow: &Prediction, truth: &TaskTruth<'_>) {
        let (flagged, would) = (flagged(truth), arms::flags(shadow));
        if truth.task == VULNERABLE && flagged.is_none() {
            return;
        }
        let arm = self.arms.entry(Arm::watched(shadow)).or_default();
        arm.cases += 1;
        let right = match flagged {
            Some((_, so)) => {
                arm.flags.add(would, so);
                Some(would == so)
            }
            None => shadow.label.as_deref().and_then(|said| truth.judges(said)),
        };
        let Some(right) = right.filter(|_| shadow.outcome == Outcome::Labelled) else { return };
        arm.right.add(right);
        let key = FigureKey::new(FigureKind::Accuracy, &shadow.task, By::Arm, &Arm::watched(shadow).key());
        self.listed.add(key, &team(truth.verdict, truth.route), id, right);
        let answered = given(&shadow.task, truth.verdict, truth.route).is_some_and(|given| given.answered);
        if let Some(right) = truth.is_right().filter(|_| answered) {
            arm.decider_right.add(right);
        }
    }
}

/// Whether the customer was flagged, and whether they are vulnerable; where both are known.
fn flagged(truth: &TaskTruth<'_>) -> Option<(bool, bool)> {
    let label = truth.label().filter(|_| truth.task == VULNERABLE)?;
    Some((flag(truth.verdict, truth.route)? != NO, label == YES))
}

/// What the model answered.
struct RecordedAnswer {
    model: String,
    answered: bool,
}

/// By the route, or where that is not known by what the verdict itself says.
fn given(task: &str, verdict: &Feedback, route: Option<&RoutedComplaint>) -> Option<RecordedAnswer> {
    let model = |id: &str, version: &str| format!("{id}@{version}");
    match route {
        Some(route) => {
            let decision = route.decisions.iter().find(|decision| decision.task == task)?;
            Some(RecordedAnswer {
                model: model(&decision.model_id, &decision.model_version),
                answered: decision.outcome == Outcome::Labelled,
            })
        }
        None if verdict.task.as_deref() == Some(task) => Some(RecordedAnswer {
            model: model(verdict.model_id.as_deref()?, verdict.model_version.as_deref()?),
            answered: verdict.label_before.is_some(),
        }),
        None => None,
    }
}

fn team(verdict: &Feedback, route: Option<&RoutedComplaint>) -> String {
    route.map(|route| route.team.clone()).or_else(|| verdict.from_team.clone()).unwrap_or_default()
}
