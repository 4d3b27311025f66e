//! The figures of a quality report: what was counted, summed the ways that people ask for.

use std::collections::BTreeMap;

use ombud_contract::verdict::{PRODUCT, VULNERABLE};
use serde::Serialize;

use super::{
    arms::{Arm, ArmCounts},
    audit::{AuditCoverage, AuditDraw},
    coarse::CoarseAccuracy,
    count::{Cell, Counts, QualityCounts, UnsettledCases},
    drift::Drift,
    headline::{Headline, HeadlineFigure, ISSUE},
    reviews::Reviews,
    tally::{Flags, Tallies, Tally},
};
use crate::{
    target::{RIGHT_ISSUE, RIGHT_PRODUCT, TargetState, VULNERABLE_FLAGGED},
    truth::{LEAST_LABELLED, LabelledShare},
};

/// Everything; one JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct QualityReport {
    /// From when on verdicts count, RFC 3339.
    pub since: String,
    /// Until when.
    pub until: String,
    /// What stands first: against what the business asked for.
    pub headlines: Vec<Headline>,
    /// How much of the sample that was drawn at random is judged.
    pub audit: AuditCoverage,
    /// What the figures are too few for, in sentences.
    pub warnings: Vec<String>,
    /// Cases that were drawn at random: without bias.
    pub audit_sample: SampleFigures,
    /// All other cases.
    pub rest: SampleFigures,
    /// What was left to people, whether or not anybody judged it.
    pub reviews: Reviews,
    /// What was answered and read, week by week, whether or not anybody judged it.
    pub drift: Drift,
}

/// What was counted of the audit sample, or of the rest.
#[derive(Clone, Debug, Serialize)]
pub struct SampleFigures {
    /// Cases with a verdict.
    pub cases: usize,
    /// Those that are no complaint.
    pub not_a_complaint: usize,
    /// Re-allocated of all whose allocation was judged.
    pub reallocated: Tally,
    /// The same, by the team that had them.
    pub reallocated_by_team: Tallies,
    /// The same, by the week of the verdict.
    pub reallocated_by_week: Tallies,
    /// Accuracy, by task; of vulnerability only where enough is labelled.
    pub tasks: BTreeMap<String, TaskAccuracy>,
    /// How many of the judged cases say whether the customer is vulnerable.
    pub vulnerable_labelled: LabelledShare,
    /// Those that don't.
    pub vulnerable_missing: UnsettledCases,
    /// The flag of vulnerability; null where too few cases are labelled to say what it is worth.
    pub vulnerable: Option<Flags>,
    /// Who decides beside who is tried, by task.
    pub arms: Vec<ArmFigures>,
}

/// What became of one arm's answers.
#[derive(Clone, Debug, Serialize)]
pub struct ArmFigures {
    /// Which.
    #[serde(flatten)]
    pub arm: Arm,
    /// Cases whose answer was judged, given or not.
    pub cases: usize,
    /// Of its sure answers, those that were right.
    pub right: Tally,
    /// Of a shadow: how often who decided was right where the shadow was judged.
    pub decider_right: Tally,
    /// Of the allocations that its answer had a part in, those that were changed; none of a shadow.
    pub reallocated: Tally,
    /// Of the flag of vulnerability: what it was worth; null of other tasks, and where too few cases are labelled.
    pub flags: Option<Flags>,
}

/// How often one task's answers were right.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TaskAccuracy {
    /// In all.
    pub all: Tally,
    /// Judged decisions that were no answer: abstained or failed.
    pub unanswered: usize,
    /// At the task's coarsest level; null where it has one alone.
    pub coarsest: Option<CoarseAccuracy>,
    /// By `MODEL@VERSION`.
    pub by_model: Tallies,
    /// By the team that had the complaint.
    pub by_team: Tallies,
    /// By the ISO week of the verdict.
    pub by_week: Tallies,
}

impl QualityReport {
    /// The figures of `quality`, counted of verdicts in `since..until`, beside what was `drawn` and the drift of that time.
    pub fn of(
        quality: &QualityCounts,
        drawn: &AuditDraw,
        drift: Drift,
        (since, until): (String, String),
    ) -> Self {
        let (audit_sample, rest) =
            (SampleFigures::of(&quality.audit_sample), SampleFigures::of(&quality.rest));
        let audit = AuditCoverage::of(drawn, &quality.judged);
        let (warnings, headlines, reviews) = (Vec::new(), Vec::new(), Reviews::default());
        let mut report =
            Self { since, until, headlines, audit, warnings, audit_sample, rest, reviews, drift };
        report.warnings = report.wanting();
        report.headlines = report.count_headlines();
        report
    }

    /// With what was left to people in that time.
    #[must_use]
    pub fn with_reviews(mut self, reviews: Reviews) -> Self {
        self.reviews = reviews;
        self.headlines = self.count_headlines();
        self
    }

    /// What there is too little of.
    fn wanting(&self) -> Vec<String> {
        let mut wanting = Vec::new();
        let least = LEAST_LABELLED * 100.0;
        let AuditCoverage { drawn, judged, missing } = self.audit;
        if self.audit.is_wanting() {
            wanting.push(format!(
                "Only {judged} of the {drawn} complaints that were drawn for the audit sample are judged, {missing} are \
                 missing: below {least:.0} % its figures may lean. Judge the rest as well."
            ));
        }
        for (name, part) in self.parts() {
            let LabelledShare { labelled, judged } = part.vulnerable_labelled;
            let Some(share) = part.vulnerable_labelled.share() else { continue };
            if part.vulnerable.is_none() {
                wanting.push(format!(
                    "{name}: of {labelled} of {judged} judged cases ({:.0} %) somebody says whether the customer is \
                     vulnerable. Below {least:.0} % precision and recall of the flag are not claimed. Send VULNERABILITY \
                     with what is so, or CONFIRMED with the task vulnerable.",
                    share * 100.0
                ));
            }
        }
        wanting
    }

    /// Both parts, with what they are called.
    pub fn parts(&self) -> [(&'static str, &SampleFigures); 2] {
        [("Audit sample", &self.audit_sample), ("Rest", &self.rest)]
    }

    /// What stands first, in the order in which it is read.
    fn count_headlines(&self) -> Vec<Headline> {
        let audit = &self.audit_sample;
        let product = audit.tasks.get(PRODUCT).map(|task| task.all).unwrap_or_default();
        let issue = audit.tasks.get(ISSUE).and_then(|task| task.coarsest.as_ref()).map(|coarse| coarse.right);
        // Nothing judged is too little, and not what nobody names.
        let judged = audit.vulnerable_labelled.judged > 0;
        let recall = match audit.vulnerable {
            Some(flags) => Some(flags.recall),
            None if judged => None,
            None => Some(Tally::default()),
        };
        let reviewed = self.reviews.all;
        let standing = if reviewed.of == 0 { TargetState::TooFew } else { TargetState::NotAsked };
        vec![
            Headline::asked(HeadlineFigure::Product, Some(product), RIGHT_PRODUCT),
            Headline::asked(HeadlineFigure::Issue, Some(issue.unwrap_or_default()), RIGHT_ISSUE),
            Headline::asked(HeadlineFigure::VulnerableRecall, recall, VULNERABLE_FLAGGED),
            Headline { figure: HeadlineFigure::Review, counted: reviewed, asked: None, standing },
        ]
    }
}

impl SampleFigures {
    fn of(counts: &Counts) -> Self {
        let sums = |key: fn(&str, &str) -> String| counts.reallocated_by(key);
        let mut reallocated = Tally::default();
        counts.reallocated.values().for_each(|tally| reallocated += *tally);
        let claimed = counts.labelled.is_enough();
        let mut tasks: BTreeMap<String, TaskAccuracy> = BTreeMap::new();
        for (task, all) in counts.by(|cell| cell.task.clone()) {
            tasks.entry(task).or_default().all = all;
        }
        for (task, unanswered) in &counts.unanswered {
            tasks.entry(task.clone()).or_default().unanswered = *unanswered;
        }
        for (task, part) in &mut tasks {
            let by = |name: fn(&Cell) -> &String| {
                let of_task = counts.by(|cell| (cell.task.clone(), name(cell).clone())).into_iter();
                of_task.filter(|((of, _), _)| of == task).map(|((_, name), tally)| (name, tally)).collect()
            };
            let coarse = counts.coarse.get(task).copied().unwrap_or_default();
            part.coarsest = CoarseAccuracy::of(task, coarse);
            part.by_model = by(|cell| &cell.model);
            part.by_team = by(|cell| &cell.team);
            part.by_week = by(|cell| &cell.week);
        }
        if !claimed {
            tasks.remove(VULNERABLE);
        }
        Self {
            cases: counts.cases,
            not_a_complaint: counts.not_a_complaint,
            reallocated,
            reallocated_by_team: sums(|team, _| team.to_owned()),
            reallocated_by_week: sums(|_, week| week.to_owned()),
            tasks,
            vulnerable_labelled: counts.labelled,
            vulnerable_missing: counts.unsettled.clone(),
            vulnerable: claimed.then_some(counts.flags),
            arms: counts.arms.iter().map(|(arm, outcomes)| ArmFigures::of(arm, *outcomes, claimed)).collect(),
        }
    }
}

impl ArmFigures {
    /// `claimed`: enough is labelled to say what answers about vulnerability were worth.
    fn of(arm: &Arm, outcomes: ArmCounts, claimed: bool) -> Self {
        let ArmCounts { cases, right, decider_right, reallocated, flags } = outcomes;
        let (of_flag, none) = (arm.task == VULNERABLE, Tally::default());
        let (right, decider_right) = if of_flag && !claimed { (none, none) } else { (right, decider_right) };
        let flags = (of_flag && claimed).then_some(flags);
        Self { arm: arm.clone(), cases, right, decider_right, reallocated, flags }
    }
}
