//! What humans say that a complaint is: of each task the newest verdict that names its label.
//!
//! | verdict | what it teaches |
//! |---|---|
//! | CONFIRMED | the decisions' labels, or that of the named task, a guess too; POSSIBLE is no label, so it is never confirmed |
//! | REALLOCATED | the label that it names, if it names one |
//! | RELABELLED, VULNERABILITY | the label that it names |
//! | NOT_A_COMPLAINT | where it is the newest: nothing at all |

use std::collections::BTreeMap;

use ombud_contract::{
    records::{Feedback, FeedbackKind, Outcome, RoutedComplaint, Vulnerability},
    verdict::VULNERABLE,
};
use ombud_models::PRODUCT;

/// The labels of one case by task; `None` for what is no complaint. `verdicts` and `routes` in any order.
pub(super) fn truth(verdicts: &[Feedback], routes: &[RoutedComplaint]) -> Option<BTreeMap<String, String>> {
    let mut verdicts: Vec<&Feedback> =
        verdicts.iter().filter(|verdict| verdict.kind != FeedbackKind::Other).collect();
    verdicts.sort_by_key(|verdict| (verdict.decided_at, &verdict.feedback_id));
    if verdicts.last().is_some_and(|newest| newest.kind == FeedbackKind::NotAComplaint) {
        return None;
    }
    let mut labels = BTreeMap::new();
    for verdict in verdicts {
        let route = routes.iter().find(|route| route.revision == verdict.revision);
        // Later ones take the place of earlier ones.
        labels.extend(said(verdict, route));
    }
    Some(labels)
}

fn said(verdict: &Feedback, route: Option<&RoutedComplaint>) -> Vec<(String, String)> {
    let named = |task: &str| {
        let task = verdict.task.as_deref().unwrap_or(task);
        verdict.label_after.clone().map(|label| (task.to_owned(), label)).into_iter().collect()
    };
    match verdict.kind {
        FeedbackKind::Reallocated | FeedbackKind::Relabelled => named(PRODUCT),
        FeedbackKind::Vulnerability => named(VULNERABLE),
        FeedbackKind::Confirmed => {
            route.map(|route| decided(route, verdict.task.as_deref())).unwrap_or_default()
        }
        FeedbackKind::NotAComplaint | FeedbackKind::Other => Vec::new(),
    }
}

/// What a route says for certain; of a task that is named also the best guess of a model that abstained.
fn decided(route: &RoutedComplaint, named: Option<&str>) -> Vec<(String, String)> {
    let flag = match route.vulnerability {
        Vulnerability::Vulnerable => Some("VULNERABLE"),
        Vulnerability::NotIndicated => Some("NOT_INDICATED"),
        Vulnerability::Possible => None,
    };
    let given = |outcome| outcome == Outcome::Labelled || (named.is_some() && outcome == Outcome::Abstained);
    let others = route.decisions.iter().filter(|decision| decision.task != VULNERABLE);
    others
        .filter(|decision| given(decision.outcome))
        .filter_map(|decision| Some((decision.task.clone(), decision.label.clone()?)))
        .chain(flag.map(|label| (VULNERABLE.to_owned(), label.to_owned())))
        .filter(|(task, _)| named.is_none_or(|named| named == task))
        .collect()
}

#[cfg(test)]
mod tests {
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
        certain.vulnerability = Vulnerability::NotIndicated;
        let labels = truth(&[verdict(FeedbackKind::Confirmed, 1)], &[certain.clone()]).unwrap();
        for decision in &certain.decisions {
            if decision.task != VULNERABLE && decision.outcome == Outcome::Labelled {
                assert_eq!(labels.get(&decision.task), decision.label.as_ref());
            }
        }
        assert_eq!(labels["vulnerable"], "NOT_INDICATED");
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
