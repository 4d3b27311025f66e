//! Counting agrees with going through everything by hand.

use proptest::prelude::*;

use super::*;

fn kinds() -> impl Strategy<Value = Feedback> {
    let label = prop::sample::select(vec!["Mortgage", "Student loan", "Vehicle loan or lease"]);
    let flag = prop::sample::select(vec!["VULNERABLE", "NOT_INDICATED"]);
    (0..8_usize, label, flag, 0..5_i64, 0..3_i64, 0..1_000_u32).prop_map(
        |(kind, label, flag, at, revision, id)| {
            let verdict =
                |kind| Feedback { revision, feedback_id: format!("{id:04}"), ..verdict(kind, at * WEEK) };
            match kind {
                0 => verdict(FeedbackKind::Confirmed),
                1 => Feedback { task: Some("product".into()), ..verdict(FeedbackKind::Confirmed) },
                2 => verdict(FeedbackKind::Reallocated),
                3 => Feedback {
                    task: Some("product".into()),
                    label_after: Some(label.into()),
                    ..verdict(FeedbackKind::Relabelled)
                },
                4 => Feedback { label_after: Some(flag.into()), ..verdict(FeedbackKind::Vulnerability) },
                5 => Feedback { task: Some("vulnerable".into()), ..verdict(FeedbackKind::Confirmed) },
                6 => Feedback { task: Some("vulnerable".into()), ..verdict(FeedbackKind::Reallocated) },
                _ => verdict(FeedbackKind::NotAComplaint),
            }
        },
    )
}

/// Right and judged answers about the product, and re-allocated and judged allocations, going through every verdict again
/// for every question.
fn by_hand(cases: &[JudgedCase]) -> (Tally, Tally) {
    let (mut product, mut allocation) = (Tally::default(), Tally::default());
    for case in cases {
        let newest = |speaks: &dyn Fn(&Feedback) -> bool| {
            let mut newest: Option<&Feedback> = None;
            for verdict in case.verdicts.iter().filter(|verdict| speaks(verdict)) {
                let later = |known: &Feedback| {
                    (verdict.decided_at, &verdict.feedback_id) >= (known.decided_at, &known.feedback_id)
                };
                if newest.is_none_or(later) {
                    newest = Some(verdict);
                }
            }
            newest.cloned()
        };
        if newest(&|_| true).is_none_or(|verdict| verdict.kind == FeedbackKind::NotAComplaint) {
            continue;
        }
        let known = |verdict: &Feedback| verdict.revision == 1;
        let about_product = |verdict: &Feedback| match verdict.kind {
            // Without its route nobody knows what was confirmed.
            FeedbackKind::Confirmed => known(verdict) && verdict.task.as_deref() != Some("vulnerable"),
            FeedbackKind::Reallocated => verdict.task.is_none(),
            FeedbackKind::Relabelled => true,
            _ => false,
        };
        if let Some(verdict) = newest(&about_product).filter(|verdict| known(verdict)) {
            product.of += 1;
            let right = match verdict.kind {
                FeedbackKind::Confirmed => true,
                // What is "re-labelled" to what was decided says that it was right.
                FeedbackKind::Relabelled => verdict.label_after.as_deref() == Some("Mortgage"),
                _ => false,
            };
            product.hits += usize::from(right);
        }
        let about_allocation = |verdict: &Feedback| match verdict.kind {
            FeedbackKind::Confirmed => verdict.task.is_none(),
            kind => kind == FeedbackKind::Reallocated,
        };
        if let Some(verdict) = newest(&about_allocation) {
            allocation.of += 1;
            allocation.hits += usize::from(verdict.kind == FeedbackKind::Reallocated);
        }
    }
    (product, allocation)
}

proptest! {
    /// What is learned of a case, and what trials hold against models, is what the report counts as right.
    #[test]
    fn what_is_counted_of_a_case_is_what_is_learned_of_it(
        verdicts in prop::collection::vec(kinds(), 0..6),
        vulnerability in prop::sample::select(vec![
            Vulnerability::Vulnerable, Vulnerability::Possible, Vulnerability::NotIndicated,
        ]),
    ) {
        let case = JudgedCase {
            verdicts,
            routes: vec![RoutedComplaint { vulnerability, ..route() }],
            ..JudgedCase::default()
        };
        let counted = count(std::slice::from_ref(&case)).rest;
        let truth = case_truth(&case.verdicts, &case.routes);
        let labels = truth.labels();
        let tallies = counted.by(|cell| cell.task.clone());
        for (task, given) in [("product", "Mortgage"), ("issue", "Fraud or scam")] {
            let of_route = match &truth {
                CaseTruth::Judged(judgement) => judgement.tasks.get(task).is_some_and(|truth| truth.route.is_some()),
                _ => false,
            };
            if let (Some(label), true) = (labels.get(task), of_route) {
                prop_assert_eq!(tallies[task], tally(usize::from(refines(task, given, label)), 1));
            }
        }
        let flag = labels.get("vulnerable").map(|label| *label == "VULNERABLE");
        prop_assert_eq!(counted.labelled.labelled, usize::from(flag.is_some()));
        let flagged = vulnerability != Vulnerability::NotIndicated;
        let known = matches!(&truth, CaseTruth::Judged(judgement)
            if judgement.tasks.get("vulnerable").is_some_and(|truth| truth.route.is_some()));
        if let (Some(so), true) = (flag, known) {
            prop_assert_eq!(counted.flags.precision, tally(usize::from(flagged && so), usize::from(flagged)));
            prop_assert_eq!(counted.flags.recall, tally(usize::from(flagged && so), usize::from(so)));
        } else {
            prop_assert_eq!((counted.flags.precision, counted.flags.recall), (tally(0, 0), tally(0, 0)));
        }
    }

    #[test]
    fn counting_agrees_with_going_through_all_of_it(
        cases in prop::collection::vec(prop::collection::vec(kinds(), 0..6), 0..12),
    ) {
        let cases: Vec<JudgedCase> =
            cases.into_iter().map(|verdicts| JudgedCase { verdicts, routes: vec![route()], ..JudgedCase::default() }).collect();
        let quality = count(&cases);
        let (product, allocation) = by_hand(&cases);
        let counted = quality.rest.by(|cell| cell.task.clone()).get("product").copied().unwrap_or_default();
        prop_assert_eq!(counted, product);
        let counted = quality.rest.reallocated_by(|_, _| ()).get(&()).copied().unwrap_or_default();
        prop_assert_eq!(counted, allocation);
        // Every way of summing gives the same sum.
        let sum = |tallies: Vec<Tally>| tallies.iter().fold(Tally::default(), |mut sum, tally| { sum += *tally; sum });
        let cells = sum(quality.rest.cells.values().copied().collect());
        prop_assert_eq!(sum(quality.rest.by(|cell| cell.week.clone()).into_values().collect()), cells);
        let mut turned = cases.clone();
        turned.reverse();
        turned.iter_mut().for_each(|case| case.verdicts.reverse());
        // The same id twice at one time is one verdict in the store.
        let unique = |case: &JudgedCase| {
            let ids: std::collections::BTreeSet<_> =
                case.verdicts.iter().map(|verdict| (verdict.decided_at, &verdict.feedback_id)).collect();
            ids.len() == case.verdicts.len()
        };
        prop_assume!(cases.iter().all(unique));
        prop_assert_eq!(count(&turned), quality, "the order of arrival says nothing");
    }
}
