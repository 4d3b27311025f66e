//! The teams that a model finds likeliest: calibrated probabilities of products, summed by the team that each would go to.
//!
//! A prediction carries its logits and the calibrated probability of its own answer, and no temperature: that is found again as
//! the one at which the logits give that probability. Where none does, nothing is shown but the answer itself.

use ombud_contract::{
    records::{Decision, Prediction},
    taxonomy::Taxonomy,
};
use ombud_models::{RoutingTable, probabilities, team_of_product};

/// The most teams that are shown: as many as have a key.
pub(super) const SHOWN: usize = 3;
/// Temperatures that are tried, as logarithms: 0.02 to 50.
const LOG_TEMPERATURES: (f64, f64) = (-3.912, 3.912);
/// Halvings: below a millionth of the range.
const HALVINGS: usize = 48;
/// A probability that differs by more is not the one of these logits.
const TOLERANCE: f64 = 0.002;

/// A team, and how likely it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LikelyTeam {
    pub(super) team: String,
    /// The likeliest of the products that would go to it.
    pub(super) product: String,
    /// Calibrated, 0 to 1.
    pub(super) share: f64,
}

/// The likeliest teams by `product`, the model's answer on the product, the likeliest first. Empty where it has none.
pub(super) fn likely_teams(
    product: &Prediction,
    decisions: &[Decision],
    table: &RoutingTable,
) -> Vec<LikelyTeam> {
    let mut products = calibrated(product).unwrap_or_default();
    products.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut teams: Vec<LikelyTeam> = Vec::new();
    for (product, share) in products {
        let Some(team) = team_of_product(table, product, decisions) else { continue };
        match teams.iter_mut().find(|known| known.team == team) {
            Some(known) => known.share += share,
            None => teams.push(LikelyTeam { team: team.to_owned(), product: product.to_owned(), share }),
        }
    }
    teams.sort_by(|one, other| other.share.total_cmp(&one.share));
    teams.truncate(SHOWN);
    teams
}

/// The calibrated probability of each label at the level of the answer.
fn calibrated(prediction: &Prediction) -> Option<Vec<(&'static str, f64)>> {
    let tree = Taxonomy::by_label_set(&prediction.label_set)?;
    let (label, said) = (prediction.label.as_deref()?, f64::from(prediction.confidence));
    let ours = tree.leaves().len();
    let logits = &prediction.logits;
    if logits.len() < ours || logits.iter().any(|logit| !logit.is_finite()) {
        return None;
    }
    let at = |log_temperature: f64| {
        let mut leaves = probabilities(logits, log_temperature.exp());
        // Behind the leaves stands what is none of them, where the model knows that.
        leaves.truncate(ours);
        tree.sum_to_level(&prediction.level, &leaves)
    };
    let of_label = |log_temperature: f64| {
        let shares = at(log_temperature)?;
        shares.into_iter().find(|(one, _)| *one == label).map(|(_, share)| share)
    };
    // The hotter, the less certain.
    let (mut cold, mut hot) = LOG_TEMPERATURES;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(cold, hot);
        if of_label(middle)? > said { cold = middle } else { hot = middle }
    }
    let found = f64::midpoint(cold, hot);
    if (of_label(found)? - said).abs() > TOLERANCE {
        return None;
    }
    at(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "product@1";

    fn prediction(logits: Vec<f32>, temperature: f64) -> Prediction {
        let tree = Taxonomy::by_label_set(TREE).unwrap();
        let shares = probabilities(&logits, temperature);
        let best = (0..tree.leaves().len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap();
        let evident =
            include_str!("../../../../../schemas/complaints.predictions/examples/valid/evident.json");
        Prediction {
            task: "product".into(),
            label: Some(tree.leaves()[best].clone()),
            level: tree.levels().next().unwrap().to_owned(),
            confidence: shares[best] as f32,
            label_set: TREE.into(),
            logits,
            ..serde_json::from_str(evident).unwrap()
        }
    }

    fn logits() -> Vec<f32> {
        let leaves = Taxonomy::by_label_set(TREE).unwrap().leaves().len();
        (0..leaves).map(|at| (at as f32 * 0.7).sin() * 3.0).collect()
    }

    #[test]
    fn the_probabilities_are_those_of_the_temperature_that_gave_the_answer() {
        for temperature in [0.5, 1.083, 3.0] {
            let shares = calibrated(&prediction(logits(), temperature)).unwrap();
            let expected = probabilities(&logits(), temperature);
            for ((label, share), expected) in shares.iter().zip(expected) {
                assert!((share - expected).abs() < 0.001, "{label}: {share} is not {expected}");
            }
        }
    }

    #[test]
    fn what_is_none_of_our_labels_keeps_its_share() {
        let mut with_none = logits();
        with_none.push(2.0);
        let shares = calibrated(&prediction(with_none, 1.0)).unwrap();
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        assert!(sum < 0.95, "{sum}");
    }

    #[test]
    fn where_logits_do_not_give_the_answer_nothing_is_claimed() {
        let right = prediction(logits(), 1.0);
        let none = [
            Prediction { logits: Vec::new(), ..right.clone() },
            Prediction { label: None, ..right.clone() },
            Prediction { label_set: "product@999".into(), ..right.clone() },
            Prediction { confidence: 0.001, ..right.clone() },
            Prediction { logits: vec![f32::NAN; right.logits.len()], ..right },
        ];
        assert!(none.iter().all(|prediction| calibrated(prediction).is_none()));
    }

    #[test]
    fn products_of_one_team_count_together_and_three_teams_are_shown() {
        let first = include_str!("../../../../../models/strategy.toml");
        let file: toml_routing::File = toml_routing::read(first);
        let table = RoutingTable::parse(&file.routing).unwrap();
        let teams = likely_teams(&prediction(logits(), 1.0), &[], &table);
        assert_eq!(teams.len(), SHOWN);
        assert!(teams.windows(2).all(|pair| pair[0].share >= pair[1].share));
        assert!(teams.iter().all(|team| table.products[&team.product].team == team.team));
    }

    /// The `[routing]` section of a strategy file, as a strategy's record has it.
    mod toml_routing {
        pub(super) struct File {
            pub(super) routing: String,
        }

        pub(super) fn read(text: &str) -> File {
            let (_, routing) = text.split_once("[routing]\n").unwrap();
            File { routing: routing.replace("[routing.", "[").replace("[[routing.", "[[") }
        }
    }
}
