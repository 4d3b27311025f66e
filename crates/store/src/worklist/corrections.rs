//! What people's verdicts change about an item: where it lies, and what is shown.
//!
//! | verdict on the newest submission | what it changes |
//! |---|---|
//! | REALLOCATED | the team, until a newer submission is routed; the label of its task, where it names one |
//! | RELABELLED | the label of its task |
//! | VULNERABILITY | the vulnerability |
//! | NOT_A_COMPLAINT | where it is the newest: nothing is left to do |
//! | CONFIRMED | nothing |
//! | RETRACTED | the verdict that it names was never given |
//!
//! Each of them, but for RETRACTED, is a person's look at the allocation. They count in the order in which they were decided. A
//! confirmation moves nobody's work: what somebody corrected stays until a later correction, or until it is taken back.

use std::collections::BTreeSet;

use ombud_contract::{
    records::{Feedback, FeedbackKind, Vulnerability},
    task::{ISSUE, PRODUCT, VULNERABLE},
    verdict::{NO, YES},
};
use serde::{Deserialize, Serialize};

/// What the worklist keeps of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VerdictSummary {
    pub(super) feedback_id: String,
    pub(super) revision: i64,
    pub(super) decided_at: i64,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retracts: Option<String>,
}

impl VerdictSummary {
    /// What is kept of `feedback`.
    pub fn of(feedback: &Feedback) -> Self {
        Self {
            feedback_id: feedback.feedback_id.clone(),
            revision: feedback.revision,
            decided_at: feedback.decided_at,
            kind: feedback.kind.symbol().to_owned(),
            task: feedback.task.clone(),
            label_after: feedback.label_after.clone(),
            to_team: feedback.to_team.clone(),
            retracts: feedback.retracts.clone(),
        }
    }

    fn is(&self, kind: FeedbackKind) -> bool {
        self.kind == kind.symbol()
    }
}

/// What the verdicts on the newest submission come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Corrections<'a> {
    /// The team that a person gave it to.
    pub(super) team: Option<&'a str>,
    pub(super) product: Option<&'a str>,
    pub(super) issue: Option<&'a str>,
    pub(super) vulnerability: Option<Vulnerability>,
    /// A person has confirmed the flag by name.
    pub(super) flag_is_confirmed: bool,
    /// A person has looked at the allocation.
    pub(super) is_judged: bool,
    pub(super) is_no_complaint: bool,
}

impl<'a> Corrections<'a> {
    /// By `verdicts`, in any order, on a submission whose least revision is `submission_from`.
    pub(super) fn of(
        verdicts: impl Iterator<Item = &'a VerdictSummary> + Clone,
        submission_from: i64,
    ) -> Self {
        let mut corrections = Self::default();
        for verdict in counting(verdicts, submission_from) {
            corrections.add(verdict);
        }
        corrections
    }

    fn add(&mut self, verdict: &'a VerdictSummary) {
        self.is_judged = true;
        self.is_no_complaint = verdict.is(FeedbackKind::NotAComplaint);
        let label = verdict.label_after.as_deref();
        if verdict.is(FeedbackKind::Reallocated) {
            self.team = verdict.to_team.as_deref().filter(|team| !team.is_empty()).or(self.team);
            self.relabel(verdict.task.as_deref().unwrap_or(PRODUCT), label);
        } else if verdict.is(FeedbackKind::Relabelled) {
            self.relabel(verdict.task.as_deref().unwrap_or_default(), label);
        } else if verdict.is(FeedbackKind::Vulnerability) {
            self.relabel(VULNERABLE, label);
        } else if verdict.is(FeedbackKind::Confirmed) {
            self.flag_is_confirmed |= verdict.task.as_deref() == Some(VULNERABLE);
        }
    }

    fn relabel(&mut self, task: &str, label: Option<&'a str>) {
        let Some(label) = label else { return };
        match task {
            PRODUCT => self.product = Some(label),
            ISSUE => self.issue = Some(label),
            VULNERABLE if label.eq_ignore_ascii_case(YES) => {
                self.vulnerability = Some(Vulnerability::Vulnerable)
            }
            VULNERABLE if label.eq_ignore_ascii_case(NO) => {
                self.vulnerability = Some(Vulnerability::NotIndicated)
            }
            _ => {}
        }
    }
}

/// Those that were not retracted and that are about this submission, in the order in which they were decided.
fn counting<'a>(
    verdicts: impl Iterator<Item = &'a VerdictSummary> + Clone,
    submission_from: i64,
) -> Vec<&'a VerdictSummary> {
    let retractions = verdicts.clone().filter(|verdict| verdict.is(FeedbackKind::Retracted));
    let retracted: BTreeSet<&str> = retractions.filter_map(|verdict| verdict.retracts.as_deref()).collect();
    let counts = |verdict: &&VerdictSummary| {
        !verdict.is(FeedbackKind::Retracted)
            && !verdict.is(FeedbackKind::Other)
            && verdict.revision >= submission_from
            && !retracted.contains(verdict.feedback_id.as_str())
    };
    let mut counting: Vec<&VerdictSummary> = verdicts.filter(counts).collect();
    counting.sort_by_key(|verdict| (verdict.decided_at, &verdict.feedback_id));
    counting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(id: &str, kind: FeedbackKind, decided_at: i64) -> VerdictSummary {
        VerdictSummary {
            feedback_id: id.into(),
            revision: 1_024,
            decided_at,
            kind: kind.symbol().into(),
            task: None,
            label_after: None,
            to_team: None,
            retracts: None,
        }
    }

    fn moved(id: &str, to_team: &str, decided_at: i64) -> VerdictSummary {
        VerdictSummary { to_team: Some(to_team.into()), ..verdict(id, FeedbackKind::Reallocated, decided_at) }
    }

    fn relabelled(kind: FeedbackKind, task: &str, label: &str) -> VerdictSummary {
        let (task, label_after) = (Some(task.to_owned()), Some(label.to_owned()));
        VerdictSummary { task, label_after, ..verdict("l", kind, 5) }
    }

    #[test]
    fn the_last_reallocation_says_the_team_and_a_confirmation_moves_nothing() {
        let verdicts =
            [moved("2", "loans", 2), moved("1", "mortgages", 1), verdict("3", FeedbackKind::Confirmed, 3)];
        assert_eq!(Corrections::of(verdicts.iter(), 1_024).team, Some("loans"));
        assert!(Corrections::of(verdicts[2..].iter(), 1_024).is_judged);
    }

    #[test]
    fn what_was_retracted_was_never_given_and_leaves_the_item_unjudged() {
        let taken_back =
            VerdictSummary { retracts: Some("1".into()), ..verdict("2", FeedbackKind::Retracted, 2) };
        let verdicts = [taken_back, moved("1", "loans", 1)];
        assert_eq!(Corrections::of(verdicts.iter(), 0), Corrections::default());
    }

    #[test]
    fn a_verdict_on_an_older_submission_changes_nothing() {
        assert_eq!(Corrections::of([moved("1", "loans", 1)].iter(), 2_048), Corrections::default());
    }

    #[test]
    fn labels_are_corrected_by_their_task() {
        let verdicts = [
            relabelled(FeedbackKind::Relabelled, PRODUCT, "Mortgage"),
            relabelled(FeedbackKind::Relabelled, ISSUE, "Fraud or scam"),
            relabelled(FeedbackKind::Vulnerability, VULNERABLE, YES),
            relabelled(FeedbackKind::Relabelled, "a-banks-own", "x"),
        ];
        let corrections = Corrections::of(verdicts.iter(), 0);
        assert_eq!((corrections.product, corrections.issue), (Some("Mortgage"), Some("Fraud or scam")));
        assert_eq!(corrections.vulnerability, Some(Vulnerability::Vulnerable));
    }

    #[test]
    fn a_flag_is_confirmed_by_name_alone() {
        let all = verdict("1", FeedbackKind::Confirmed, 1);
        let named = VerdictSummary { task: Some(VULNERABLE.into()), ..all.clone() };
        assert!(!Corrections::of([all].iter(), 0).flag_is_confirmed);
        assert!(Corrections::of([named].iter(), 0).flag_is_confirmed);
    }

    #[test]
    fn it_is_no_complaint_until_somebody_says_something_else() {
        let mut verdicts = vec![verdict("1", FeedbackKind::NotAComplaint, 1)];
        assert!(Corrections::of(verdicts.iter(), 0).is_no_complaint);
        verdicts.push(verdict("2", FeedbackKind::Confirmed, 2));
        assert!(!Corrections::of(verdicts.iter(), 0).is_no_complaint);
    }

    #[test]
    fn a_kind_of_later_says_nothing() {
        let later = verdict("1", FeedbackKind::Other, 1);
        assert_eq!(Corrections::of([later].iter(), 0), Corrections::default());
    }
}
