//! What the verdicts on one case say is true: of each task, of the allocation, and of the case.
//!
//! The one reading of verdicts: the report counts by it, models learn by it, and trials measure by it. Verdicts are
//! taken in the order in which they were decided, whatever order they come in; a later one on a task takes the
//! place of an earlier one.
//!
//! | verdict | what it says |
//! |---|---|
//! | CONFIRMED | the allocation was right, and every label that was decided; VULNERABLE too, and of another flag nothing |
//! | CONFIRMED with a task | the decided label is right, a guess too; of the flag VULNERABLE yes, of NOT_INDICATED no, of POSSIBLE nothing |
//! | REALLOCATED | the allocation was wrong, and with it the product, or the task that is named; `label_after` is right where it is named |
//! | RELABELLED | `label_after` is right: another label, or a finer one below what was decided |
//! | VULNERABILITY | `label_after` is true |
//! | NOT_A_COMPLAINT | where it is the newest: the case is no complaint, and nothing else is known about it |
//! | RETRACTED | the verdict that it names was never given |
//!
//! What somebody has corrected stays corrected when somebody else confirms the same route without naming the task: what
//! they confirm is the corrected result. Whoever corrected it may take that back.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::{
    records::{Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability},
    taxonomy::{Taxonomy, label_or_name},
    verdict::{NO, PRODUCT, VULNERABLE, YES},
};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

/// Where less of the judged cases has a label, the label is neither learned nor is anything measured by it: those that
/// have one were not drawn at random.
pub const LEAST_LABELLED: f64 = 0.9;

/// Whether [`LEAST_LABELLED`] of them are labelled. Among none no label is missing.
pub fn is_enough(labelled: usize, of: usize) -> bool {
    labelled as f64 >= LEAST_LABELLED * of as f64
}

/// The result of the verdicts on a case.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseTruth<'a> {
    /// No verdict counts: there is none, or all were retracted.
    Unjudged,
    /// By the newest verdict it is no complaint.
    NotAComplaint,
    /// What is true, as far as a verdict says it.
    Judged(Judgement<'a>),
}

/// What verdicts say about one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement<'a> {
    /// Whether it went to the right team; `None` where no verdict says it.
    pub allocation: Option<Allocation<'a>>,
    /// By task, every task that a verdict is about, settled or not.
    pub tasks: BTreeMap<&'a str, TaskTruth<'a>>,
}

/// What verdicts say about an allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation<'a> {
    /// The verdict that says it.
    pub verdict: &'a Feedback,
    /// The route that it judged, where that is known.
    pub route: Option<&'a RoutedComplaint>,
    /// Whether the complaint was sent on.
    pub reallocated: bool,
}

/// What verdicts say about one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskTruth<'a> {
    /// The task.
    pub task: &'a str,
    /// The verdict that says it.
    pub verdict: &'a Feedback,
    /// The route that it judged, where that is known.
    pub route: Option<&'a RoutedComplaint>,
    /// What it says.
    pub finding: Finding<'a>,
}

/// What a verdict says about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    /// This label is true.
    Label(&'a str),
    /// What was decided is wrong, and no verdict says what is right.
    Wrong,
    /// It is open.
    Open(Open),
}

/// Why a task is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// A confirmation without a task settles vulnerability only where the flag was VULNERABLE.
    NotNamed,
    /// To confirm or to reject POSSIBLE says neither yes nor no.
    Unclear,
    /// Nothing was decided that could be right.
    NoAnswer,
}

/// What `verdicts` say about the case whose `routes` they judge, each in any order. Kinds that only a newer reader knows
/// count for nothing.
pub fn case_truth<'a>(verdicts: &'a [Feedback], routes: &'a [RoutedComplaint]) -> CaseTruth<'a> {
    let counting = not_retracted(verdicts);
    let Some(newest) = counting.last() else { return CaseTruth::Unjudged };
    if newest.kind == FeedbackKind::NotAComplaint {
        return CaseTruth::NotAComplaint;
    }
    let mut judgement = Judgement::default();
    for verdict in counting {
        judgement.add(verdict, routes.iter().find(|route| route.revision == verdict.revision));
    }
    CaseTruth::Judged(judgement)
}

/// Those that were not retracted, in the order in which they were decided.
fn not_retracted(verdicts: &[Feedback]) -> Vec<&Feedback> {
    let retractions = verdicts.iter().filter(|verdict| verdict.kind == FeedbackKind::Retracted);
    let retracted: BTreeSet<&str> = retractions.filter_map(|verdict| verdict.retracts.as_deref()).collect();
    let counts = |verdict: &&Feedback| {
        !matches!(verdict.kind, FeedbackKind::Other | FeedbackKind::Retracted)
            && !retracted.contains(verdict.feedback_id.as_str())
    };
    let mut counting: Vec<&Feedback> = verdicts.iter().filter(counts).collect();
    counting.sort_by_key(|verdict| (verdict.decided_at, &verdict.feedback_id));
    counting
}

impl<'a> CaseTruth<'a> {
    /// The labels that are known, by task: empty of what is no complaint, or was not judged.
    pub fn labels(&self) -> BTreeMap<&'a str, &'a str> {
        let Self::Judged(judgement) = self else { return BTreeMap::new() };
        judgement.tasks.iter().filter_map(|(task, truth)| Some((*task, truth.label()?))).collect()
    }
}

impl<'a> Judgement<'a> {
    /// Whether the customer is vulnerable; `None` where no verdict says it.
    pub fn vulnerable(&self) -> Option<bool> {
        self.tasks.get(VULNERABLE)?.label().map(|label| label == YES)
    }

    fn add(&mut self, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) {
        let reallocated = verdict.kind == FeedbackKind::Reallocated;
        let of_allocation = reallocated || confirms_all(verdict);
        if of_allocation && !self.allocation.is_some_and(|known| stays_corrected(known.verdict, verdict)) {
            self.allocation = Some(Allocation { verdict, route, reallocated });
        }
        for (task, finding) in findings(verdict, route) {
            let truth = TaskTruth { task, verdict, route, finding };
            if self.tasks.get(task).is_none_or(|earlier| truth.replaces(earlier)) {
                self.tasks.insert(task, truth);
            }
        }
    }
}

impl<'a> TaskTruth<'a> {
    /// The true label, where it is known.
    pub fn label(&self) -> Option<&'a str> {
        match self.finding {
            Finding::Label(label) => Some(label),
            Finding::Wrong | Finding::Open(_) => None,
        }
    }

    /// Whether what was decided is right; `None` where that is open, or nothing was decided.
    pub fn is_right(&self) -> Option<bool> {
        match self.finding {
            Finding::Open(_) => None,
            Finding::Wrong => Some(false),
            Finding::Label(label) if self.task == VULNERABLE => {
                flag(self.verdict, self.route).map(|flag| (flag != NO) == (label == YES))
            }
            Finding::Label(label) => {
                decided(self.task, self.verdict, self.route).map(|given| refines(self.task, given, label))
            }
        }
    }

    /// Whether somebody else's answer `said` is right; `None` where no verdict says it. That what was decided is wrong says
    /// nothing about another answer, and a finer label than the known one may be true.
    pub fn judges(&self, said: &str) -> Option<bool> {
        let right = self.label()?;
        let finer = said != right && refines(self.task, right, said);
        (!finer).then(|| refines(self.task, said, right))
    }

    /// Whether it takes the place of what an earlier verdict says.
    fn replaces(&self, earlier: &Self) -> bool {
        match self.finding {
            // A verdict that leaves a task open retracts nothing.
            Finding::Open(_) => matches!(earlier.finding, Finding::Open(_)),
            _ if stays_corrected(earlier.verdict, self.verdict) => false,
            // That it was wrong is known already, and what is right as well.
            Finding::Wrong => {
                let same_route = earlier.verdict.revision == self.verdict.revision;
                !(same_route && earlier.label().is_some() && earlier.is_right() != Some(true))
            }
            Finding::Label(_) => true,
        }
    }
}

/// What was decided for `task`, a guess too: by the route, or where that is not known by what the verdict says about it.
pub fn decided<'a>(task: &str, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Option<&'a str> {
    match route {
        Some(route) => route.decisions.iter().find(|decision| decision.task == task)?.label.as_deref(),
        None => verdict.label_before.as_deref().filter(|_| verdict.task.as_deref() == Some(task)),
    }
}

/// The flag that the customer had: `VULNERABLE`, `POSSIBLE` or `NOT_INDICATED`. By the route, or where that is not known by
/// what the verdict says about it.
pub fn flag<'a>(verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Option<&'a str> {
    let names_flag =
        verdict.kind == FeedbackKind::Vulnerability || verdict.task.as_deref() == Some(VULNERABLE);
    match route {
        Some(route) => Some(route.vulnerability.symbol()),
        None => verdict.label_before.as_deref().filter(|_| names_flag),
    }
}

/// Whether `right` is what was given, or stands below it in one of the task's trees: then what was given is true, too.
pub fn refines(task: &str, given: &str, right: &str) -> bool {
    given == right
        || Taxonomy::of_task(task).any(|tree| {
            let paths = tree.levels().filter_map(|level| tree.path(level, right));
            paths.into_iter().any(|path| path.contains(&given))
        })
}

/// What a verdict says about each task that it concerns.
fn findings<'a>(verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Vec<(&'a str, Finding<'a>)> {
    let named = verdict.task.as_deref();
    match (verdict.kind, named) {
        (FeedbackKind::Confirmed, None) => route.map(confirmed).unwrap_or_default(),
        (FeedbackKind::Confirmed, Some(VULNERABLE)) => {
            vec![(VULNERABLE, of_flag(flag(verdict, route), true))]
        }
        (FeedbackKind::Confirmed, Some(task)) => {
            let label = decided(task, verdict, route);
            vec![(task, label.map_or(Finding::Open(Open::NoAnswer), Finding::Label))]
        }
        (FeedbackKind::Vulnerability, _) => vec![(VULNERABLE, corrected(VULNERABLE, verdict, route))],
        (FeedbackKind::Reallocated, _) => {
            let task = named.unwrap_or(PRODUCT);
            vec![(task, corrected(task, verdict, route))]
        }
        (FeedbackKind::Relabelled, Some(task)) => vec![(task, corrected(task, verdict, route))],
        (FeedbackKind::Relabelled, None)
        | (FeedbackKind::NotAComplaint | FeedbackKind::Retracted | FeedbackKind::Other, _) => Vec::new(),
    }
}

/// What it means that all of a route is right.
fn confirmed(route: &RoutedComplaint) -> Vec<(&str, Finding<'_>)> {
    let others = route.decisions.iter().filter(|decision| decision.task != VULNERABLE);
    let mut findings: Vec<(&str, Finding<'_>)> = others
        .map(|decision| {
            let label = decision.label.as_deref().filter(|_| decision.outcome == Outcome::Labelled);
            (decision.task.as_str(), label.map_or(Finding::Open(Open::NoAnswer), Finding::Label))
        })
        .collect();
    let flagged = route.vulnerability == Vulnerability::Vulnerable;
    findings.push((VULNERABLE, if flagged { Finding::Label(YES) } else { Finding::Open(Open::NotNamed) }));
    findings
}

/// What it means that a task was decided wrongly; with the right label, where that is given.
fn corrected<'a>(task: &str, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Finding<'a> {
    let right = verdict.label_after.as_deref().map(|label| label_or_name(task, label));
    match right {
        Some(label) if task != VULNERABLE || label == YES || label == NO => Finding::Label(label),
        None if task != VULNERABLE => Finding::Wrong,
        Some(_) | None => of_flag(flag(verdict, route), false),
    }
}

/// The true label, by a flag that is right or wrong.
fn of_flag(flag: Option<&str>, right: bool) -> Finding<'static> {
    match (flag, right) {
        (Some(YES), true) | (Some(NO), false) => Finding::Label(YES),
        (Some(NO), true) | (Some(YES), false) => Finding::Label(NO),
        (Some(_), _) => Finding::Open(Open::Unclear),
        (None, _) => Finding::Open(Open::NoAnswer),
    }
}

fn confirms_all(verdict: &Feedback) -> bool {
    verdict.kind == FeedbackKind::Confirmed && verdict.task.is_none()
}

/// Whether `later` confirms a route of which another person corrected something before. The correction stays: else a team
/// that accepts what it was sent would make the first route look right.
fn stays_corrected(earlier: &Feedback, later: &Feedback) -> bool {
    let corrected = matches!(
        earlier.kind,
        FeedbackKind::Reallocated | FeedbackKind::Relabelled | FeedbackKind::Vulnerability
    );
    corrected && confirms_all(later) && earlier.revision == later.revision && earlier.actor != later.actor
}

/// How many of the judged cases have a label for a task. As JSON it has its share beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelledShare {
    /// Those that have one.
    pub labelled: usize,
    /// All that were judged, except what is no complaint.
    pub judged: usize,
}

impl LabelledShare {
    /// Counts a judged case.
    pub fn add(&mut self, labelled: bool) {
        self.labelled += usize::from(labelled);
        self.judged += 1;
    }

    /// The share; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.judged > 0).then(|| self.labelled as f64 / self.judged as f64)
    }

    /// Whether the label may be learned, and measured by: enough have it, and there are some.
    pub fn is_enough(self) -> bool {
        self.judged > 0 && is_enough(self.labelled, self.judged)
    }
}

impl Serialize for LabelledShare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut counted = serializer.serialize_struct("LabelledShare", 3)?;
        counted.serialize_field("labelled", &self.labelled)?;
        counted.serialize_field("judged", &self.judged)?;
        counted.serialize_field("share", &self.share())?;
        counted.end()
    }
}
