//! What a judge answers, and the verdicts that it comes to once it is compared with what was decided. Pure.

use ombud_contract::{
    records::RoutedComplaint,
    task::{ISSUE, PRODUCT, VULNERABLE},
    taxonomy::{Taxonomy, label_or_name},
};

use super::reading::{FIRST_READING, SECOND_READING};
use crate::{
    pages::{fields::Fields, vulnerable::flag_verdict},
    refused::RefusedVerdict,
    verdict::{Kind, Verdict},
};

/// The tasks that are answered by a label, in the order of the form.
pub(super) const LABELLED: [&str; 2] = [PRODUCT, ISSUE];

/// What a judge says about a narrative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is none.
    NoComplaint,
    /// It is one.
    Complaint {
        /// In the order of [`LABELLED`]; of a task without labels nothing.
        labels: Vec<(&'static str, &'static str)>,
        is_vulnerable: bool,
    },
}

/// The labels of a task that may be chosen, in the order of its tree.
pub(super) fn choices(task: &str) -> &'static [String] {
    Taxonomy::newest(task).map(Taxonomy::leaves).unwrap_or_default()
}

impl Answer {
    /// What the form says.
    ///
    /// # Errors
    /// The first field that is missing or names no label.
    pub(super) fn read(fields: &Fields) -> Result<Self, RefusedVerdict> {
        if fields.one("answer") == Some("no-complaint") {
            return Ok(Self::NoComplaint);
        }
        let mut labels = Vec::with_capacity(LABELLED.len());
        for task in LABELLED {
            let choices = choices(task);
            if choices.is_empty() {
                continue;
            }
            let said = fields.one(task).ok_or_else(|| missing(task))?;
            let chosen = choices.iter().find(|choice| choice.to_lowercase() == said.to_lowercase());
            let fix = "choose one of the labels of the list";
            let chosen = chosen.ok_or_else(|| RefusedVerdict::new(task, "label-unknown", fix))?;
            labels.push((task, chosen.as_str()));
        }
        let is_vulnerable = match fields.one(VULNERABLE) {
            Some("yes") => true,
            Some("no") => false,
            _ => return Err(missing(VULNERABLE)),
        };
        Ok(Self::Complaint { labels, is_vulnerable })
    }

    /// The verdicts on `route` that say it, all given at once. A task that the route does not have is left out.
    pub(super) fn verdicts(&self, route: &RoutedComplaint, is_second: bool) -> Vec<Verdict> {
        let of_kind =
            |kind| Verdict { revision: Some(route.revision), ..Verdict::new(&route.complaint_id, kind, "") };
        let mut verdicts = match self {
            Self::NoComplaint => vec![of_kind(Kind::NotAComplaint)],
            Self::Complaint { labels, is_vulnerable } => {
                let labels = labels.iter().filter_map(|(task, label)| {
                    let decision = route.decisions.iter().find(|decision| decision.task == *task);
                    let is_asked = decision.is_some() || route.missing_tasks.iter().any(|one| one == task);
                    let decided = decision.and_then(|decision| decision.label.as_deref());
                    is_asked.then(|| match decided.map(|decided| label_or_name(task, decided)) {
                        Some(decided) if decided == *label => {
                            Verdict { task: Some((*task).to_owned()), ..of_kind(Kind::Confirmed) }
                        }
                        _ => Verdict {
                            task: Some((*task).to_owned()),
                            label_after: Some((*label).to_owned()),
                            ..of_kind(Kind::Relabelled)
                        },
                    })
                });
                labels.chain([flag_verdict(route, *is_vulnerable)]).collect()
            }
        };
        for verdict in &mut verdicts {
            verdict.reason_code = if is_second { SECOND_READING } else { FIRST_READING }.to_owned();
        }
        verdicts
    }
}

fn missing(task: &'static str) -> RefusedVerdict {
    RefusedVerdict::new(task, "missing-field", "answer it: each of the questions needs an answer")
}
