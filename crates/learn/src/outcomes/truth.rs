//! The labels of one case, by the one reading of verdicts: none for what is no complaint, or is still open.

use std::collections::BTreeMap;

use ombud_contract::records::{Feedback, RoutedComplaint};
use ombud_measure::truth::{CaseTruth, case_truth};

/// The labels of one case by task; `None` for what is no complaint, or was not judged. `verdicts` and `routes` in any order.
pub(super) fn truth(verdicts: &[Feedback], routes: &[RoutedComplaint]) -> Option<BTreeMap<String, String>> {
    let truth = case_truth(verdicts, routes);
    let labels = truth.labels().into_iter().map(|(task, label)| (task.to_owned(), label.to_owned()));
    matches!(truth, CaseTruth::Judged(_)).then(|| labels.collect())
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::{FeedbackKind, Outcome, Vulnerability};
    use ombud_contract::verdict::VULNERABLE;

    use super::*;

    fn route() -> RoutedComplaint {
        let example = include_str!("../../../../schemas/complaints.routed/examples/valid/complete.json");
        serde_json::from_str(example).unwrap()
    }

    fn verdict(kind: FeedbackKind, decided_at: i64) -> Feedback {
        let example = include_str!("../../../../schemas/complaints.feedback/examples/valid/reallocated.json");
        let example: Feedback = serde_json::from_str(example).unwrap();
        let (feedback_id, revision) = (format!("f-{decided_at}"), route().revision);
        Feedback { feedback_id, kind, revision, decided_at, task: None, label_after: None, ..example }
    }

    fn labelled(kind: FeedbackKind, decided_at: i64, task: &str, label: &str) -> Feedback {
        let (task, label_after) = (Some(task.to_owned()), Some(label.to_owned()));
        Feedback { task, label_after, ..verdict(kind, decided_at) }
    }

    fn of(verdicts: &[Feedback]) -> BTreeMap<String, String> {
        truth(verdicts, &[route()]).unwrap()
    }

    #[test]
    fn the_newest_verdict_on_a_task_says_what_it_is_in_any_order() {
        let first = labelled(FeedbackKind::Relabelled, 1, "product", "Mortgage");
        let second = labelled(FeedbackKind::Relabelled, 2, "product", "Student loan");
        let issue = labelled(FeedbackKind::Relabelled, 1, "issue", "Fraud or scam");
        let labels = of(&[second, issue, first]);
        assert_eq!((labels["product"].as_str(), labels["issue"].as_str()), ("Student loan", "Fraud or scam"));
    }

    #[test]
    fn a_confirmed_route_teaches_its_decisions_and_never_a_possibly() {
        let mut certain = route();
        certain.vulnerability = Vulnerability::Vulnerable;
        let labels = truth(&[verdict(FeedbackKind::Confirmed, 1)], &[certain.clone()]).unwrap();
        for decision in &certain.decisions {
            if decision.task != VULNERABLE && decision.outcome == Outcome::Labelled {
                assert_eq!(labels.get(&decision.task), decision.label.as_ref());
            }
        }
        assert_eq!(labels["vulnerable"], "VULNERABLE");
        certain.vulnerability = Vulnerability::NotIndicated;
        let named = labelled(FeedbackKind::Confirmed, 1, VULNERABLE, "NOT_INDICATED");
        assert_eq!(truth(&[named], &[certain.clone()]).unwrap()["vulnerable"], "NOT_INDICATED");
        let labels = truth(&[verdict(FeedbackKind::Confirmed, 1)], &[certain.clone()]).unwrap();
        assert!(!labels.contains_key("vulnerable"), "it is not named");
        certain.vulnerability = Vulnerability::Possible;
        let labels = truth(&[verdict(FeedbackKind::Confirmed, 1)], &[certain.clone()]).unwrap();
        assert!(!labels.contains_key("vulnerable") && labels.contains_key("product"));
        let product = Feedback { task: Some("product".into()), ..verdict(FeedbackKind::Confirmed, 1) };
        assert_eq!(truth(&[product], &[certain]).unwrap().into_keys().collect::<Vec<_>>(), ["product"]);
    }

    #[test]
    fn a_reallocation_teaches_what_it_names_and_a_corrected_flag_its_answer() {
        assert_eq!(of(&[verdict(FeedbackKind::Reallocated, 1)]), BTreeMap::new());
        let named =
            Feedback { label_after: Some("Mortgage".into()), ..verdict(FeedbackKind::Reallocated, 1) };
        assert_eq!(of(&[named])["product"], "Mortgage");
        let flag =
            Feedback { label_after: Some("VULNERABLE".into()), ..verdict(FeedbackKind::Vulnerability, 1) };
        assert_eq!(of(&[flag])["vulnerable"], "VULNERABLE");
    }

    #[test]
    fn what_is_no_complaint_teaches_nothing_unless_somebody_says_otherwise_later() {
        let mortgage = labelled(FeedbackKind::Relabelled, 3, "product", "Mortgage");
        let none = verdict(FeedbackKind::NotAComplaint, 2);
        assert_eq!(
            truth(&[labelled(FeedbackKind::Relabelled, 1, "product", "Mortgage"), none.clone()], &[]),
            None
        );
        assert_eq!(of(&[none, mortgage])["product"], "Mortgage");
    }
}
