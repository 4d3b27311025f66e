//! The natural mix: what figures would be if complaints were spread over products as they come in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ombud_contract::taxonomy::Taxonomy;
use serde::{Deserialize, Serialize};

use super::answers::TaskFigures;
use super::error::EvaluateError;
use super::measurement::Measurement;
use crate::interval::Resampling;

/// What a complaint's product is named in.
const LABEL_SET: &str = "product@1";

/// Percent of complaints by product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// By the label of the product; together 100.
    percent: BTreeMap<String, f64>,
}

/// What one row counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    /// A row each, 1 on average over those with a product; 0 without one.
    pub(crate) weights: Vec<f64>,
    /// How many rows that count alike would say as much: (sum of weights)^2 / sum of squares (Kish).
    pub(crate) effective_rows: f64,
    /// Products of the mix that no row has.
    pub(crate) missing: Vec<String>,
}

/// Figures over rows that count as much as the mix says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NaturalMix {
    /// The mix.
    pub percent: BTreeMap<String, f64>,
    /// By task, over its rows whose product is known.
    pub tasks: BTreeMap<String, TaskFigures>,
    /// By task: how many rows that count alike would say as much.
    pub effective_rows: BTreeMap<String, f64>,
    /// By task: products of the mix that no row has, so that these figures leave them out.
    pub missing: BTreeMap<String, Vec<String>>,
}

impl Mix {
    /// The CFPB's own: `natural-mix.toml`.
    pub fn natural() -> Self {
        Self::parse(include_str!("natural-mix.toml"))
            .unwrap_or_else(|what| unreachable!("the mix is compiled in and a test reads it, yet: {what}"))
    }

    /// Reads a TOML file with a table `[percent]` of products.
    ///
    /// # Errors
    /// It can't be read, names what is no product or leaves one out, or the percents are not 100 together.
    pub fn read(path: &Path) -> Result<Self, EvaluateError> {
        let refused = |what: String| EvaluateError::Mix { path: PathBuf::from(path), what };
        let text = std::fs::read_to_string(path).map_err(|cause| refused(cause.to_string()))?;
        Self::parse(&text).map_err(refused)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mix: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let products = Taxonomy::by_label_set(LABEL_SET).map_or(&[][..], Taxonomy::leaves);
        if let Some(name) = mix.percent.keys().find(|name| !products.contains(name)) {
            return Err(format!("`{name}` is no product: take the labels of {LABEL_SET}"));
        }
        if let Some(name) = products.iter().find(|name| !mix.percent.contains_key(*name)) {
            return Err(format!("`{name}` is missing: give it its percent, 0 where it never occurs"));
        }
        if let Some((name, percent)) =
            mix.percent.iter().find(|(_, percent)| !(0.0..=100.0).contains(*percent))
        {
            return Err(format!("`{name}` has {percent}: a percent lies in 0 to 100"));
        }
        let sum: f64 = mix.percent.values().sum();
        if (sum - 100.0).abs() > 0.01 {
            return Err(format!("the percents are {sum} together: make them 100"));
        }
        Ok(mix)
    }

    /// `None` where no row has a product of the mix.
    pub(crate) fn weights<'a>(&self, products: impl Iterator<Item = Option<&'a str>>) -> Option<Weights> {
        let products: Vec<Option<&str>> = products.collect();
        let mut rows: BTreeMap<&str, f64> = BTreeMap::new();
        products.iter().flatten().for_each(|product| *rows.entry(product).or_default() += 1.0);
        let percent = |product: &str| self.percent.get(product).copied().unwrap_or(0.0);
        let known: f64 = rows.values().sum();
        let covered: f64 = rows.keys().map(|product| percent(product)).sum();
        if covered <= 0.0 {
            return None;
        }
        let weight = |product: &Option<&str>| {
            product.map_or(0.0, |product| percent(product) / covered * known / rows[product])
        };
        let weights: Vec<f64> = products.iter().map(weight).collect();
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let missing = self
            .percent
            .iter()
            .filter(|(name, percent)| **percent > 0.0 && !rows.contains_key(name.as_str()));
        Some(Weights {
            effective_rows: weights.iter().sum::<f64>().powi(2) / squares,
            missing: missing.map(|(name, _)| name.clone()).collect(),
            weights,
        })
    }
}

impl NaturalMix {
    pub(crate) fn of(measured: &Measurement, mix: &Mix, resampling: Resampling) -> Self {
        let mut found = Self {
            percent: mix.percent.clone(),
            tasks: BTreeMap::new(),
            effective_rows: BTreeMap::new(),
            missing: BTreeMap::new(),
        };
        for task in &measured.tasks {
            let Some(weights) = mix.weights(measured.products(task)) else { continue };
            let name = &task.scores.head.task;
            // A row without a product is none here: it would be counted among the rows.
            let known: Vec<usize> =
                (0..weights.weights.len()).filter(|row| weights.weights[*row] > 0.0).collect();
            let of_known: Vec<f64> = known.iter().map(|row| weights.weights[*row]).collect();
            found
                .tasks
                .insert(name.clone(), task.answers.select(&known).figures(Some(&of_known), resampling));
            found.effective_rows.insert(name.clone(), weights.effective_rows);
            found.missing.insert(name.clone(), weights.missing);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evaluate::choice::ChoiceFigures;
    use crate::evaluate::graded::{GradedRow, RankedAnswer};

    const FEW: Resampling = Resampling { seed: 1, draws: 20 };

    fn mix(percent: &[(&str, f64)]) -> Mix {
        Mix { percent: percent.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect() }
    }

    #[test]
    fn the_natural_mix_is_three_fifths_credit_reporting() {
        let mix = Mix::natural();
        assert_eq!(mix.percent["Credit reporting"], 62.0);
        assert_eq!(mix.percent.len(), 9);
    }

    #[test]
    fn a_mix_that_is_none_is_refused_with_the_mend() {
        let refused = |text: &str| Mix::parse(text).unwrap_err();
        let natural = include_str!("natural-mix.toml");
        assert!(refused(&natural.replace("Mortgage", "Mortgages")).contains("`Mortgages` is no product"));
        assert!(refused(&natural.replace("\"Mortgage\" = 4\n", "")).contains("`Mortgage` is missing"));
        assert!(refused(&natural.replace("= 62", "= 60")).contains("98 together"));
        assert!(refused(&natural.replace("= 62", "= -62")).contains("0 to 100"));
        assert!(refused("[shares]").contains("unknown field"));
    }

    #[test]
    fn a_products_rows_share_its_percent() {
        let rows = [Some("a"), Some("a"), Some("a"), Some("b"), None];
        let weights = mix(&[("a", 25.0), ("b", 50.0), ("c", 25.0)]).weights(rows.into_iter()).unwrap();
        // Of 4 rows a third falls to a, two thirds to b: c is not there to be counted.
        let third = 4.0 / 3.0;
        let expected = [third / 3.0, third / 3.0, third / 3.0, 2.0 * third, 0.0];
        for (weight, expected) in weights.weights.iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-12, "{:?}", weights.weights);
        }
        assert_eq!(weights.missing, ["c"]);
        assert!(
            (weights.effective_rows - 16.0 / (3.0 * (third / 3.0).powi(2) + (2.0 * third).powi(2))).abs()
                < 1e-9
        );
        assert_eq!(mix(&[("c", 100.0)]).weights(rows.into_iter()), None);
    }

    proptest! {
        #[test]
        fn the_samples_own_mix_changes_nothing(rows in prop::collection::vec((0..3_usize, 0..3_usize, 0.0..1.0), 1..60)) {
            let names = ["a", "b", "c"];
            let share = |product: usize| rows.iter().filter(|row| row.0 == product).count() as f64;
            let own: Vec<(&str, f64)> =
                (0..3).map(|product| (names[product], 100.0 * share(product) / rows.len() as f64)).collect();
            let weights = mix(&own).weights(rows.iter().map(|row| Some(names[row.0]))).unwrap();
            prop_assert!((weights.effective_rows - rows.len() as f64).abs() < 1e-6);
            let answers: Vec<RankedAnswer> = rows.iter().map(|&(truth, likely, share)| {
                let mut probabilities = vec![(1.0 - share) / 3.0; 3];
                probabilities[likely] += share;
                RankedAnswer::of(&GradedRow { truth, probabilities })
            }).collect();
            let weighted = ChoiceFigures::of(3, &answers, Some(&weights.weights), FEW);
            let plain = ChoiceFigures::of(3, &answers, None, FEW);
            let pairs = [
                (weighted.accuracy, plain.accuracy),
                (weighted.macro_f1, plain.macro_f1),
                (weighted.top3, plain.top3),
                (weighted.ece, plain.ece),
            ];
            for (weighted, plain) in pairs {
                prop_assert!((weighted.unwrap() - plain.unwrap()).abs() < 1e-9);
            }
        }
    }
}
