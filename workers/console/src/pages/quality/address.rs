//! Where a figure leads: to its cases, by an address that says which figure.

use ombud_measure::quality::{By, FigureKey, FigureKind, Part};
use serde::Deserialize;

use super::live::Days;
use crate::pages::address::encoded;

/// What the address of the cases says; the rest of it is the frame's.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CasesQuery {
    #[serde(default)]
    days: Option<String>,
    part: Part,
    #[serde(rename = "figure")]
    kind: FigureKind,
    #[serde(default)]
    task: String,
    #[serde(default)]
    by: By,
    #[serde(default)]
    name: String,
}

impl CasesQuery {
    pub(super) fn days(&self) -> Days {
        Days::of(self.days.as_deref())
    }

    pub(super) fn figure(&self) -> (Part, FigureKey) {
        (self.part, FigureKey::new(self.kind, &self.task, self.by, &self.name))
    }
}

/// Where the cases of a figure are.
pub(super) fn cases_of(days: Days, part: Part, key: &FigureKey) -> String {
    let mut address =
        format!("/quality/cases?days={}&part={}&figure={}", days.count(), word(&part), word(&key.kind));
    if key.by != By::All {
        address.push_str("&by=");
        address.push_str(&word(&key.by));
    }
    for (name, value) in [("task", &key.task), ("name", &key.name)] {
        if !value.is_empty() {
            address.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    address
}

/// A name as serde writes it.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("a plain enum is a word"),
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Query;

    use super::*;

    #[test]
    fn an_address_names_the_figure_that_it_came_from_whatever_is_in_its_name() {
        for (kind, task, by, name) in [
            (FigureKind::Accuracy, "product", By::All, ""),
            (FigureKind::Accuracy, "issue", By::Arm, "SHADOW/canary & co/complaints@0a1b"),
            (FigureKind::Reallocated, "", By::Team, "späte <Hilfe>?#%+"),
            (FigureKind::Unsure, "issue", By::Week, "m@v/2026-W05"),
        ] {
            let key = FigureKey::new(kind, task, by, name);
            let address = cases_of(Days::Quarter, Part::AuditSample, &key);
            assert!(address.is_ascii() && !address.contains(' '), "{address}");
            let Query(query) = Query::<CasesQuery>::try_from_uri(&address.parse().unwrap()).unwrap();
            assert_eq!(
                (query.days(), query.figure()),
                (Days::Quarter, (Part::AuditSample, key)),
                "{address}"
            );
        }
    }
}
