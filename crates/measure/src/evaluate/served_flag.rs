//! Who is flagged where a model serves: by its score, or by what the narrative says outright.

use std::collections::BTreeMap;

use ombud_contract::records::Vulnerability;
use ombud_models::vulnerability_of;
use serde::Serialize;

use super::choice::share;
use super::flag::FlagScore;

/// What serving with one of an artefact's thresholds gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServedFlag {
    /// The score from which on it is reached.
    pub score: f64,
    /// Share of the flagged that is a yes.
    pub precision: Option<f64>,
    /// Share of the yeses that is flagged.
    pub recall: Option<f64>,
    /// Share of all that is flagged.
    pub flag_rate: Option<f64>,
    /// Share of the flagged that evidence alone flags.
    pub by_evidence: Option<f64>,
}

impl ServedFlag {
    /// At each of `thresholds`, by name; `shown` is what each row's narrative says outright.
    pub(crate) fn at(
        thresholds: &BTreeMap<String, f64>,
        rows: &[FlagScore],
        shown: &[Vulnerability],
    ) -> BTreeMap<String, Self> {
        // A flag's thresholds are named after the answers that start at them.
        let named = |(name, score): (&String, &f64)| {
            (name.clone(), Self::of(*score, vulnerability_of(&name.to_uppercase()), rows, shown))
        };
        thresholds.iter().map(named).collect()
    }

    fn of(score: f64, answer: Vulnerability, rows: &[FlagScore], shown: &[Vulnerability]) -> Self {
        let flagged = || {
            let all = rows.iter().zip(shown);
            all.filter(|(row, shown)| row.score >= score || **shown >= answer).map(|(row, _)| row)
        };
        let hits = flagged().filter(|row| row.yes).count();
        Self {
            score,
            precision: share(hits, flagged().count()),
            recall: share(hits, rows.iter().filter(|row| row.yes).count()),
            flag_rate: share(flagged().count(), rows.len()),
            by_evidence: share(flagged().filter(|row| row.score < score).count(), flagged().count()),
        }
    }
}

/// `rows` with the score 1 where evidence flags the complaint, even as a hint, whatever the model scored.
pub(crate) fn raised(rows: &[FlagScore], shown: &[Vulnerability]) -> Vec<FlagScore> {
    let raised = |(row, shown): (&FlagScore, &Vulnerability)| match shown {
        Vulnerability::NotIndicated => *row,
        Vulnerability::Possible | Vulnerability::Vulnerable => FlagScore { score: 1.0, ..*row },
    };
    rows.iter().zip(shown).map(raised).collect()
}

#[cfg(test)]
mod tests {
    use ombud_contract::records::Evidence;
    use ombud_contract::taxonomy::Taxonomy;
    use ombud_models::{Head, answer, probabilities, vulnerability_shown};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_outright_is_flagged_at_every_threshold_that_it_reaches() {
        let rows = [(true, 0.9), (true, 0.1), (false, 0.1), (false, 0.1)];
        let rows = rows.map(|(yes, score)| FlagScore { yes, score });
        let shown = [
            Vulnerability::NotIndicated,
            Vulnerability::Vulnerable,
            Vulnerability::Possible,
            Vulnerability::NotIndicated,
        ];
        let thresholds = BTreeMap::from([("possible".to_owned(), 0.4), ("vulnerable".to_owned(), 0.8)]);
        let served = ServedFlag::at(&thresholds, &rows, &shown);
        let figures = |name: &str| {
            let at = &served[name];
            (at.precision, at.recall, at.flag_rate, at.by_evidence)
        };
        assert_eq!(figures("vulnerable"), (Some(1.0), Some(1.0), Some(0.5), Some(0.5)));
        assert_eq!(figures("possible"), (Some(2.0 / 3.0), Some(1.0), Some(0.75), Some(2.0 / 3.0)));
        let scores = raised(&rows, &shown).into_iter().map(|row| row.score);
        assert_eq!(scores.collect::<Vec<_>>(), [0.9, 1.0, 1.0, 0.1]);
    }

    proptest! {
        #[test]
        fn who_is_counted_as_flagged_is_who_is_answered_so(
            logits in prop::array::uniform2(-4.0_f32..4.0),
            explicit in prop::option::of(any::<bool>()),
            possible in 0.0..0.5,
            vulnerable in 0.5..1.0,
        ) {
            let head: Head = serde_json::from_value(serde_json::json!({
                "task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1", "temperature": 1.0,
                "labels": ["NOT_INDICATED", "VULNERABLE"],
                "thresholds": {"possible": possible, "vulnerable": vulnerable},
            }))
            .unwrap();
            let one = |explicit| Evidence { category: "health".into(), explicit, start: 0, end: 1 };
            let evidence: Vec<Evidence> = explicit.into_iter().map(one).collect();
            let taxonomy = Taxonomy::by_label_set("vulnerable@1").unwrap();
            let said = answer(&head, taxonomy, &logits, 0.0, &evidence).label.unwrap();
            let row = FlagScore { yes: true, score: probabilities(&logits, 1.0)[1] };
            for (name, at) in ServedFlag::at(&head.thresholds, &[row], &[vulnerability_shown(&evidence)]) {
                let flagged = vulnerability_of(&said) >= vulnerability_of(&name.to_uppercase());
                prop_assert_eq!(at.flag_rate, Some(f64::from(u8::from(flagged))));
            }
        }
    }
}
