//! The evidence in narratives, as a flag's score counts it: for each category of the task's evidence table how much
//! likelier it makes a yes, learned from the rows to learn from.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::records::Evidence;
use ombud_models::{EvidenceOdds, EvidenceTable, Head, Kind, MOST_ODDS};
use ombud_torch::blend::Weighing;

use super::examples::{Data, Example};
use super::tasks::Task;

/// What a category that hardly ever occurs is taken to say: a little, and never nothing for certain.
const EXPECTED: f64 = 0.25;

/// A category, and whether its phrases are explicit.
type Kept = (String, bool);

/// A flag's table, what each of its categories says, and what the validation rows say by it.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceScore {
    /// Categories and odds, as `ombud.json` has them.
    head: Head,
    /// By validation row, the evidence in it.
    said: Vec<Vec<Evidence>>,
    /// By validation row what that adds to the log-odds.
    adds: Vec<f64>,
}

impl EvidenceScore {
    /// Learns what evidence says about the label at `place`. `None` for a task that is no flag or has no table, and where
    /// no labelled row says anything.
    pub(crate) fn learn(task: &Task, place: usize, data: &Data) -> Option<Self> {
        let table = EvidenceTable::newest_for(&task.name).filter(|_| task.kind == Kind::Flag)?;
        let labelled = data.train.iter().filter_map(|row| Some((kept(table, row), row.labels[place]?)));
        let (rows, targets): (Vec<BTreeSet<Kept>>, Vec<usize>) = labelled.unzip();
        let kinds: Vec<Kept> = rows.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        if kinds.is_empty() {
            return None;
        }
        let terms = |row: &BTreeSet<Kept>| -> Vec<Vec<f64>> {
            kinds.iter().map(|kind| vec![0.0, f64::from(u8::from(row.contains(kind)))]).collect()
        };
        let terms: Vec<Vec<Vec<f64>>> = rows.iter().map(terms).collect();
        let found = Weighing::fit(&terms, &targets, &vec![EXPECTED; kinds.len()], true);
        let mut odds: BTreeMap<String, EvidenceOdds> = BTreeMap::new();
        for ((category, explicit), weight) in kinds.into_iter().zip(found.weights) {
            let odds = odds.entry(category).or_default();
            if explicit { odds.explicit = weight } else { odds.hint = weight }
        }
        let evidence = Some(table.name().to_owned());
        let head = Head { evidence, evidence_odds: odds, ..task.uncut(1.0) };
        Some(Self::with(head, data.validation.iter().map(|row| table.find(&row.narrative)).collect()))
    }

    fn with(head: Head, said: Vec<Vec<Evidence>>) -> Self {
        let adds = said.iter().map(|evidence| head.odds_of(evidence)).collect();
        Self { head, said, adds }
    }

    /// By validation row what is added to the log-odds.
    pub(crate) fn adds(&self) -> &[f64] {
        &self.adds
    }

    /// By category.
    pub(crate) fn odds(&self) -> &BTreeMap<String, EvidenceOdds> {
        &self.head.evidence_odds
    }

    /// The same, counting `strength` times: beside a score that has read the phrases, too, they say less. `None` where
    /// they say nothing, or argue against it: no evidence lowers a score.
    pub(crate) fn times(&self, strength: f64) -> Option<Self> {
        // To four places, so that a person can read them; the rows are counted by what serves. Where few rows say something
        // and all of them are a yes, there is no end to what it could be worth.
        let times = |odds: f64| ((odds * strength * 1e4).round() / 1e4).min(MOST_ODDS);
        let mut head = self.head.clone();
        for odds in head.evidence_odds.values_mut() {
            *odds = EvidenceOdds { explicit: times(odds.explicit), hint: times(odds.hint) };
        }
        (strength > 0.0).then(|| Self::with(head, self.said.clone()))
    }
}

fn kept(table: &EvidenceTable, row: &Example) -> BTreeSet<Kept> {
    table.find(&row.narrative).into_iter().map(|one| (one.category, one.explicit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(narrative: &str, yes: bool) -> Example {
        let labels = vec![Some(usize::from(yes))];
        Example { id_hash: String::new(), narrative: narrative.to_owned(), labels }
    }

    /// Veterans are three times of four a yes, who lost their jobs no more often than others: one time of four.
    fn data() -> Data {
        let said = [("I am a veteran.", 3), ("I lost my job.", 1), ("A fee was charged.", 1)];
        let rows = said.into_iter().flat_map(|(text, yes)| (0..40).map(move |i| row(text, i % 4 < yes)));
        let train = rows.collect();
        let validation = vec![row("A veteran.", true), row("Nothing is said.", false)];
        Data {
            tasks: vec!["vulnerable".to_owned()],
            files: Vec::new(),
            train,
            validation_file: None,
            validation,
        }
    }

    #[test]
    fn a_category_counts_as_much_as_it_says_of_the_label() {
        let found = EvidenceScore::learn(&Task::new("vulnerable", Kind::Flag), 0, &data()).unwrap();
        let odds = found.odds();
        // Three to one against one to three are nine, of which the prior takes a little.
        assert!((1.5..2.3).contains(&odds["armed_forces"].explicit), "{odds:?}");
        assert!(odds["job_loss"].hint < 0.3, "{odds:?}");
        assert_eq!(found.adds(), [odds["armed_forces"].explicit, 0.0]);
        let half = found.times(0.5).unwrap();
        assert!((half.adds()[0] - found.adds()[0] / 2.0).abs() < 1e-4);
        assert_eq!(half.adds()[0], half.odds()["armed_forces"].explicit);
        assert!(found.times(-0.1).is_none());
        assert_eq!(found.times(1e3).unwrap().odds()["armed_forces"].explicit, MOST_ODDS);
    }

    #[test]
    fn a_choice_and_rows_that_say_nothing_have_none() {
        assert!(EvidenceScore::learn(&Task::new("product", Kind::Choice), 0, &data()).is_none());
        let silent = Data { train: vec![row("A fee.", true), row("A card.", false)], ..data() };
        assert!(EvidenceScore::learn(&Task::new("vulnerable", Kind::Flag), 0, &silent).is_none());
    }
}
