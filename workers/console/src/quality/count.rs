//! Counting: of each case and task the newest verdict, against the route that it judged.
//!
//! | verdict | what it says |
//! |---|---|
//! | CONFIRMED | the route's decisions were right, or that of the named task; without a task, the allocation too, but for what somebody else had corrected of the same route: what they confirm is what became of it |
//! | REALLOCATED | the allocation was wrong, and with it the product, or the task that is named |
//! | RELABELLED | the task's label was wrong; a finer label below the one that was given says that it was right |
//! | VULNERABILITY | what is so; flagged is POSSIBLE or VULNERABLE |
//! | NOT_A_COMPLAINT | where it is a case's newest: the case is counted apart, and nothing else of it |
//!
//! An abstained or failed decision is no answer, so neither right nor wrong: it is counted as unanswered.

use std::{collections::BTreeMap, ops::AddAssign};

use jiff::civil::Date;
use ombud_contract::{
    records::{Feedback, FeedbackKind, Outcome, Prediction, RoutedComplaint, TimestampMs, Vulnerability},
    taxonomy::Taxonomy,
    verdict::VULNERABLE,
};
use ombud_report::{Interval, wilson};
use ombud_store::day_of;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::arms::{self, Arm, Arms};

/// The task that a re-allocation speaks of where it names none.
const PRODUCT: &str = "product";

/// A case with the verdicts that count, all its routes and what was answered in the shadow, each in any order.
#[derive(Clone, Debug, Default)]
pub struct Judged {
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

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that are.
    pub hits: usize,
    /// All.
    pub of: usize,
}

impl Tally {
    fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    /// The share; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Its 95 % interval (Wilson's).
    pub fn interval(self) -> Option<Interval> {
        wilson(self.hits, self.of)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.of += other.of;
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tally = serializer.serialize_struct("Tally", 4)?;
        tally.serialize_field("hits", &self.hits)?;
        tally.serialize_field("of", &self.of)?;
        tally.serialize_field("share", &self.share())?;
        tally.serialize_field("interval", &self.interval())?;
        tally.end()
    }
}

/// What the flag of vulnerability was worth, by what humans say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flags {
    /// Of those who were flagged, how many are vulnerable.
    pub precision: Tally,
    /// Of those who are vulnerable, how many were flagged.
    pub recall: Tally,
}

impl Flags {
    fn add(&mut self, flagged: bool, vulnerable: bool) {
        if flagged {
            self.precision.add(vulnerable);
        }
        if vulnerable {
            self.recall.add(flagged);
        }
    }
}

/// What was counted of some cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases with a verdict.
    pub cases: usize,
    /// Cases that are no complaint at all.
    pub not_a_complaint: usize,
    /// Decisions that were judged: right of all.
    pub cells: BTreeMap<Cell, Tally>,
    /// Judged tasks without an answer, by task.
    pub unanswered: BTreeMap<String, usize>,
    /// Re-allocated of all whose allocation was judged, by team and week.
    pub reallocated: BTreeMap<(String, String), Tally>,
    /// The flag of vulnerability.
    pub flags: Flags,
    /// The same by who answered, deciding or in the shadow.
    pub arms: Arms,
}

/// What was counted, those that were drawn at random apart: they alone say without bias how good the models are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Drawn at random.
    pub audit_sample: Counts,
    /// All others: judged because somebody came upon them.
    pub rest: Counts,
}

/// Counts `judged`, one entry a case.
pub fn count(judged: &[Judged]) -> Quality {
    let mut quality = Quality::default();
    for case in judged {
        let audited = match case.routes.is_empty() {
            false => case.routes.iter().any(RoutedComplaint::is_audited),
            // The archive lost sight of the routes, or never had them.
            true => case.verdicts.iter().any(|verdict| verdict.audit_sample),
        };
        let counts = if audited { &mut quality.audit_sample } else { &mut quality.rest };
        counts.add(case);
    }
    quality
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

    fn add(&mut self, case: &Judged) {
        let mut verdicts: Vec<&Feedback> =
            case.verdicts.iter().filter(|verdict| verdict.kind != FeedbackKind::Other).collect();
        verdicts.sort_by_key(|verdict| (verdict.decided_at, &verdict.feedback_id));
        let Some(newest) = verdicts.last() else { return };
        self.cases += 1;
        if newest.kind == FeedbackKind::NotAComplaint {
            self.not_a_complaint += 1;
            return;
        }
        let mut allocation: Option<&Feedback> = None;
        let mut of_tasks: BTreeMap<&str, &Feedback> = BTreeMap::new();
        for verdict in verdicts {
            let route = route_of(case, verdict);
            // Later ones take the place of earlier ones.
            for task in tasks(verdict, route) {
                if !of_tasks.get(task).is_some_and(|earlier| stays_corrected(earlier, verdict)) {
                    of_tasks.insert(task, verdict);
                }
            }
            let of_allocation = matches!(
                (verdict.kind, &verdict.task),
                (FeedbackKind::Reallocated, _) | (FeedbackKind::Confirmed, None)
            );
            if of_allocation && !allocation.is_some_and(|earlier| stays_corrected(earlier, verdict)) {
                allocation = Some(verdict);
            }
        }
        if let Some(verdict) = allocation {
            let route = route_of(case, verdict);
            let place = (team(verdict, route), week(verdict.decided_at));
            let reallocated = verdict.kind == FeedbackKind::Reallocated;
            self.reallocated.entry(place).or_default().add(reallocated);
            for decision in route.into_iter().flat_map(|route| &route.decisions) {
                self.arms.entry(Arm::decided(decision)).or_default().reallocated.add(reallocated);
            }
        }
        for (task, verdict) in of_tasks {
            let route = route_of(case, verdict);
            self.add_task(task, verdict, route);
            let watched = |shadow: &&Prediction| {
                shadow.task == task && route.is_some_and(|route| route.raw_offset == shadow.raw_offset)
            };
            for shadow in case.shadows.iter().filter(watched) {
                self.add_shadow(shadow, verdict, route);
            }
        }
    }

    fn add_task(&mut self, task: &str, verdict: &Feedback, route: Option<&RoutedComplaint>) {
        let decision = route.and_then(|route| route.decisions.iter().find(|decision| decision.task == task));
        let mut arm = decision.map(|decision| self.arms.entry(Arm::decided(decision)).or_default());
        if task == VULNERABLE
            && let Some(flagged) = flagged(verdict, route)
        {
            let so = truth(verdict, flagged);
            self.flags.add(flagged, so);
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
        let right = is_right(task, &given, verdict, route);
        if let Some(arm) = arm {
            arm.right.add(right);
        }
        let cell = Cell {
            task: task.to_owned(),
            model: given.model,
            team: team(verdict, route),
            week: week(verdict.decided_at),
        };
        self.cells.entry(cell).or_default().add(right);
    }

    fn add_shadow(&mut self, shadow: &Prediction, verdict: &Feedback, route: Option<&RoutedComplaint>) {
        let given = given(&shadow.task, verdict, route);
        let right = if shadow.task == VULNERABLE {
            let Some(flagged) = flagged(verdict, route) else { return };
            let (so, would) = (truth(verdict, flagged), arms::flags(shadow));
            let arm = self.arms.entry(Arm::watched(shadow)).or_default();
            arm.flags.add(would, so);
            Some(would == so)
        } else {
            let label = given.as_ref().filter(|given| given.answered).and_then(|given| given.label);
            arms::judged(shadow, verdict, label)
        };
        let arm = self.arms.entry(Arm::watched(shadow)).or_default();
        arm.cases += 1;
        let Some(right) = right.filter(|_| shadow.outcome == Outcome::Labelled) else { return };
        arm.right.add(right);
        if let Some(given) = given.filter(|given| given.answered) {
            arm.decider_right.add(is_right(&shadow.task, &given, verdict, route));
        }
    }
}

/// Whether `later` confirms a route of which somebody else corrected something before: that stays corrected, or a team
/// that is content with what it was sent would make the first route look right. Who said it may take it back.
fn stays_corrected(earlier: &Feedback, later: &Feedback) -> bool {
    let corrected = matches!(
        earlier.kind,
        FeedbackKind::Reallocated | FeedbackKind::Relabelled | FeedbackKind::Vulnerability
    );
    let confirms_all = later.kind == FeedbackKind::Confirmed && later.task.is_none();
    corrected && confirms_all && earlier.revision == later.revision && earlier.actor != later.actor
}

/// Whether what was given is right, by the verdict.
fn is_right(task: &str, given: &Given<'_>, verdict: &Feedback, route: Option<&RoutedComplaint>) -> bool {
    match verdict.kind {
        FeedbackKind::Confirmed => true,
        FeedbackKind::Relabelled => refines(task, given.label, verdict.label_after.as_deref()),
        FeedbackKind::Vulnerability => {
            flagged(verdict, route).is_some_and(|flagged| truth(verdict, flagged) == flagged)
        }
        FeedbackKind::Reallocated | FeedbackKind::NotAComplaint | FeedbackKind::Other => false,
    }
}

/// The route that was judged.
fn route_of<'a>(case: &'a Judged, verdict: &Feedback) -> Option<&'a RoutedComplaint> {
    case.routes.iter().find(|route| route.revision == verdict.revision)
}

/// The tasks that the verdict speaks of.
fn tasks<'a>(verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Vec<&'a str> {
    match (verdict.kind, verdict.task.as_deref()) {
        (FeedbackKind::Vulnerability, _) => vec![VULNERABLE],
        (_, Some(task)) => vec![task],
        (FeedbackKind::Reallocated, None) => vec![PRODUCT],
        (FeedbackKind::Confirmed, None) => {
            let mut tasks: Vec<&str> = Vec::new();
            if let Some(route) = route {
                tasks.extend(route.decisions.iter().map(|decision| decision.task.as_str()));
                tasks.push(VULNERABLE);
            }
            tasks
        }
        _ => Vec::new(),
    }
}

/// What the model had said.
struct Given<'a> {
    model: String,
    label: Option<&'a str>,
    answered: bool,
}

/// By the route, or where that is not known by what the verdict itself says.
fn given<'a>(task: &str, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Option<Given<'a>> {
    let model = |id: &str, version: &str| format!("{id}@{version}");
    match route {
        Some(route) => {
            let decision = route.decisions.iter().find(|decision| decision.task == task)?;
            Some(Given {
                model: model(&decision.model_id, &decision.model_version),
                label: decision.label.as_deref(),
                answered: decision.outcome == Outcome::Labelled,
            })
        }
        None if verdict.task.as_deref() == Some(task) => Some(Given {
            model: model(verdict.model_id.as_deref()?, verdict.model_version.as_deref()?),
            label: verdict.label_before.as_deref(),
            answered: verdict.label_before.is_some(),
        }),
        None => None,
    }
}

fn team(verdict: &Feedback, route: Option<&RoutedComplaint>) -> String {
    route.map(|route| route.team.clone()).or_else(|| verdict.from_team.clone()).unwrap_or_default()
}

/// Whether the customer was flagged; unknown where neither route nor verdict says.
fn flagged(verdict: &Feedback, route: Option<&RoutedComplaint>) -> Option<bool> {
    match route {
        Some(route) => Some(route.vulnerability != Vulnerability::NotIndicated),
        None => verdict.label_before.as_deref().map(|label| label != "NOT_INDICATED"),
    }
}

/// Whether the customer is vulnerable, by the verdict.
fn truth(verdict: &Feedback, flagged: bool) -> bool {
    match verdict.kind {
        FeedbackKind::Vulnerability => verdict.label_after.as_deref() == Some("VULNERABLE"),
        FeedbackKind::Confirmed => flagged,
        _ => !flagged,
    }
}

/// Whether `right` is what was given, or stands below it in one of the task's trees: then what was given is so.
pub(super) fn refines(task: &str, given: Option<&str>, right: Option<&str>) -> bool {
    let (Some(given), Some(right)) = (given, right) else { return false };
    given == right
        || Taxonomy::of_task(task).any(|tree| {
            let paths = tree.levels().filter_map(|level| tree.path(level, right));
            paths.into_iter().any(|path| path.contains(&given))
        })
}

/// The ISO week of a time, such as 2026-W05.
fn week(at: TimestampMs) -> String {
    week_of(day_of(at))
}

/// The ISO week of a day, such as 2026-W05.
pub(super) fn week_of(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}
