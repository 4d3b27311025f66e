//! What can be wrong with a head of an `ombud.json`.

use ombud_contract::taxonomy::Taxonomy;

use super::{Head, Kind, MOST_ODDS, POSSIBLE, VULNERABLE};
use crate::evidence::EvidenceTable;

impl Head {
    /// The field that is wrong or a string that stands near it, what is wrong with it and what would be right.
    pub(crate) fn fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), what));
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return at(
                "temperature",
                format!("temperature is {}: it must be greater than 0; 1 changes nothing", self.temperature),
            );
        }
        if let Some((name, value)) = self.thresholds.iter().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
            return at(name, format!("thresholds.{name} is {value}: it must lie in 0 to 1"));
        }
        let Some(taxonomy) = Taxonomy::by_label_set(&self.label_set) else {
            return at(&self.label_set, format!("label_set: there is no taxonomy `{}`", self.label_set));
        };
        if let Some(label) = self.labels.iter().find(|label| !taxonomy.leaves().contains(label)) {
            return at(label, format!("labels: `{label}` is not in taxonomy {}", self.label_set));
        }
        if let Some(label) = taxonomy.leaves().iter().find(|leaf| !self.labels.contains(leaf)) {
            return at("labels", format!("labels: `{label}` of taxonomy {} is missing", self.label_set));
        }
        let twice = |i: usize| self.labels[..i].contains(&self.labels[i]);
        if let Some(i) = (0..self.labels.len()).find(|i| twice(*i)) {
            return at("labels", format!("labels: `{}` stands there twice", self.labels[i]));
        }
        if let Some(fault) = self.evidence_fault() {
            return Some(fault);
        }
        if !self.foreign.is_empty()
            && let Some(fault) = self.foreign_fault()
        {
            return Some(fault);
        }
        match self.kind {
            Kind::Choice => {
                let levels: Vec<&str> = taxonomy.levels().collect();
                let name = self.thresholds.keys().find(|name| !levels.contains(&name.as_str()))?;
                let levels = levels.join(", ");
                at(name, format!("thresholds.{name} is no level of {}: {levels}", self.label_set))
            }
            Kind::Flag if self.labels != taxonomy.leaves() => at(
                "labels",
                format!("labels: of a flag they stand as in {}, the negative first", self.label_set),
            ),
            Kind::Flag => self.flag_fault(),
        }
    }

    fn evidence_fault(&self) -> Option<(String, String)> {
        let Some(name) = &self.evidence else {
            let what = "evidence_odds: there is no `evidence` that they could be of: name its table";
            return (!self.evidence_odds.is_empty()).then(|| ("evidence_odds".to_owned(), what.to_owned()));
        };
        let what = match EvidenceTable::by_name(name) {
            None => format!("evidence: this Ombud has no table `{name}`"),
            Some(_) if self.kind != Kind::Flag => {
                "evidence: only a flag is fused with it: leave it out".to_owned()
            }
            Some(table) if table.task() != self.task => {
                format!("evidence: table `{name}` is for the task {}", table.task())
            }
            Some(table) => return self.odds_fault(table),
        };
        Some(("evidence".to_owned(), what))
    }

    fn odds_fault(&self, table: &EvidenceTable) -> Option<(String, String)> {
        let known = |name: &str| table.categories().iter().any(|category| category.name == name);
        if let Some(name) = self.evidence_odds.keys().find(|name| !known(name)) {
            let what = format!("evidence_odds.{name}: table {} has no such category", table.name());
            return Some((name.clone(), what));
        }
        let adds = |odds: f64| (0.0..=MOST_ODDS).contains(&odds);
        let (name, _) =
            self.evidence_odds.iter().find(|(_, odds)| !(adds(odds.explicit) && adds(odds.hint)))?;
        let what =
            format!("evidence_odds.{name}: each must lie in 0 to {MOST_ODDS}: nothing said lowers a score");
        Some((name.clone(), what))
    }

    fn flag_fault(&self) -> Option<(String, String)> {
        let at = |near: &str, what: String| Some((near.to_owned(), what));
        if self.labels.len() != 2 {
            return at(
                "labels",
                format!("labels: a flag has 2, the negative first, not {}", self.labels.len()),
            );
        }
        if let Some(name) = self.thresholds.keys().find(|name| *name != POSSIBLE && *name != VULNERABLE) {
            return at(name, format!("thresholds.{name}: a flag has `{POSSIBLE}` and `{VULNERABLE}`"));
        }
        match (self.thresholds.get(POSSIBLE), self.thresholds.get(VULNERABLE)) {
            (Some(possible), Some(vulnerable)) if possible <= vulnerable => None,
            (Some(_), Some(_)) => {
                at(POSSIBLE, format!("thresholds: `{POSSIBLE}` must not be above `{VULNERABLE}`"))
            }
            _ => at("thresholds", format!("thresholds: a flag needs `{POSSIBLE}` and `{VULNERABLE}`")),
        }
    }
}
