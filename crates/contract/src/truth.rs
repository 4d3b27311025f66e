//! What the verdicts on one case say is so: of each task, of the allocation, and of the case.
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
//! | VULNERABILITY | `label_after` is so |
//! | NOT_A_COMPLAINT | where it is the newest: the case is no complaint, and nothing else is said of it |
//! | RETRACTED | the verdict that it names was never given |
//!
//! What somebody has corrected stays corrected when somebody else confirms the same route without naming the task: what
//! they confirm is what became of it. Who said it may take it back.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    records::{Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability},
    taxonomy::{Taxonomy, label_or_name},
    verdict::VULNERABLE,
};

/// The task that a re-allocation speaks of where it names none.
pub const PRODUCT: &str = "product";
/// The label of a customer who is vulnerable.
pub const YES: &str = Vulnerability::Vulnerable.symbol();
/// The label of a customer who is not.
pub const NO: &str = Vulnerability::NotIndicated.symbol();

/// Where less of the judged cases has a label, the label is neither learned nor is anything measured by it: those that
/// have one were not drawn at random.
pub const LEAST_LABELLED: f64 = 0.9;

/// Whether [`LEAST_LABELLED`] of them are labelled. Among none no label is missing.
pub fn is_enough(labelled: usize, of: usize) -> bool {
    labelled as f64 >= LEAST_LABELLED * of as f64
}

/// What the verdicts on a case come to.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseTruth<'a> {
    /// No verdict stands: there is none, or all were taken back.
    Unjudged,
    /// By the newest verdict it is no complaint.
    NotAComplaint,
    /// What is so, as far as somebody says it.
    Judged(Judgement<'a>),
}

/// What is said of one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement<'a> {
    /// Whether it went to the right team; `None` where nobody says it.
    pub allocation: Option<Allocation<'a>>,
    /// By task, all that was spoken of, settled or not.
    pub tasks: BTreeMap<&'a str, TaskTruth<'a>>,
}

/// What is said of an allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation<'a> {
    /// The verdict that says it.
    pub verdict: &'a Feedback,
    /// The route that it judged, where that is known.
    pub route: Option<&'a RoutedComplaint>,
    /// Whether the complaint was sent on.
    pub reallocated: bool,
}

/// What is said of one task.
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

/// What a verdict says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    /// This is so.
    Label(&'a str),
    /// What was decided is wrong, and nobody says what is right.
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

/// What `verdicts` say of the case whose `routes` they judge, each in any order. Kinds that only a newer reader knows say
/// nothing.
pub fn case_truth<'a>(verdicts: &'a [Feedback], routes: &'a [RoutedComplaint]) -> CaseTruth<'a> {
    let standing = standing(verdicts);
    let Some(newest) = standing.last() else { return CaseTruth::Unjudged };
    if newest.kind == FeedbackKind::NotAComplaint {
        return CaseTruth::NotAComplaint;
    }
    let mut judgement = Judgement::default();
    for verdict in standing {
        judgement.hear(verdict, routes.iter().find(|route| route.revision == verdict.revision));
    }
    CaseTruth::Judged(judgement)
}

/// Those that were not taken back, in the order in which they were decided.
fn standing(verdicts: &[Feedback]) -> Vec<&Feedback> {
    let retractions = verdicts.iter().filter(|verdict| verdict.kind == FeedbackKind::Retracted);
    let retracted: BTreeSet<&str> = retractions.filter_map(|verdict| verdict.retracts.as_deref()).collect();
    let speaks = |verdict: &&Feedback| {
        !matches!(verdict.kind, FeedbackKind::Other | FeedbackKind::Retracted)
            && !retracted.contains(verdict.feedback_id.as_str())
    };
    let mut standing: Vec<&Feedback> = verdicts.iter().filter(speaks).collect();
    standing.sort_by_key(|verdict| (verdict.decided_at, &verdict.feedback_id));
    standing
}

impl<'a> CaseTruth<'a> {
    /// The labels that are known, by task: empty of what is no complaint, or was not judged.
    pub fn labels(&self) -> BTreeMap<&'a str, &'a str> {
        let Self::Judged(judgement) = self else { return BTreeMap::new() };
        judgement.tasks.iter().filter_map(|(task, truth)| Some((*task, truth.label()?))).collect()
    }
}

impl<'a> Judgement<'a> {
    /// Whether the customer is vulnerable; `None` where nobody says it.
    pub fn vulnerable(&self) -> Option<bool> {
        self.tasks.get(VULNERABLE)?.label().map(|label| label == YES)
    }

    fn hear(&mut self, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) {
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
    /// What is so, where it is known.
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

    /// Whether somebody else's answer `said` is right; `None` where nobody says it. That what was decided is wrong says
    /// nothing of another answer, and what is finer than what is known may be so.
    pub fn judges(&self, said: &str) -> Option<bool> {
        let right = self.label()?;
        let finer = said != right && refines(self.task, right, said);
        (!finer).then(|| refines(self.task, said, right))
    }

    /// Whether it takes the place of what an earlier verdict says.
    fn replaces(&self, earlier: &Self) -> bool {
        match self.finding {
            // Who leaves a task open takes nothing back.
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

/// What was decided of `task`, a guess too: by the route, or where that is not known by what the verdict says of it.
pub fn decided<'a>(task: &str, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Option<&'a str> {
    match route {
        Some(route) => route.decisions.iter().find(|decision| decision.task == task)?.label.as_deref(),
        None => verdict.label_before.as_deref().filter(|_| verdict.task.as_deref() == Some(task)),
    }
}

/// The flag that the customer had: `VULNERABLE`, `POSSIBLE` or `NOT_INDICATED`. By the route, or where that is not known by
/// what the verdict says of it.
pub fn flag<'a>(verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Option<&'a str> {
    let speaks = verdict.kind == FeedbackKind::Vulnerability || verdict.task.as_deref() == Some(VULNERABLE);
    match route {
        Some(route) => Some(route.vulnerability.symbol()),
        None => verdict.label_before.as_deref().filter(|_| speaks),
    }
}

/// Whether `right` is what was given, or stands below it in one of the task's trees: then what was given is so.
pub fn refines(task: &str, given: &str, right: &str) -> bool {
    given == right
        || Taxonomy::of_task(task).any(|tree| {
            let paths = tree.levels().filter_map(|level| tree.path(level, right));
            paths.into_iter().any(|path| path.contains(&given))
        })
}

/// What a verdict says of each task that it speaks of.
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

/// What it says of a route that all of it is right.
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

/// What it says that a task was decided wrongly, and perhaps what is right.
fn corrected<'a>(task: &str, verdict: &'a Feedback, route: Option<&'a RoutedComplaint>) -> Finding<'a> {
    let right = verdict.label_after.as_deref().map(|label| label_or_name(task, label));
    match right {
        Some(label) if task != VULNERABLE || label == YES || label == NO => Finding::Label(label),
        None if task != VULNERABLE => Finding::Wrong,
        Some(_) | None => of_flag(flag(verdict, route), false),
    }
}

/// What is so, by a flag that is right or wrong.
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

/// Whether `later` confirms a route of which somebody else corrected something before: that stays corrected, or a team
/// that is content with what it was sent would make the first route look right.
fn stays_corrected(earlier: &Feedback, later: &Feedback) -> bool {
    let corrected = matches!(
        earlier.kind,
        FeedbackKind::Reallocated | FeedbackKind::Relabelled | FeedbackKind::Vulnerability
    );
    corrected && confirms_all(later) && earlier.revision == later.revision && earlier.actor != later.actor
}

/// How many of the judged cases have a label for a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelledShare {
    /// Those that have one.
    pub labelled: usize,
    /// All that were judged, but for what is no complaint.
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
