//! Which weights of a run are the best: those whose answers to the validation rows cost least once calibrated.

use ombud_measure::evaluate::{Resampling, ScoredRow, TaskScores, figures, tasks};
use ombud_models::{Logits, probabilities};
use ombud_torch::encoder::Judgement;

use super::recipe::HeadRecipe;

/// Temperatures that are tried: each is so much above the one before.
const TEMPERATURE_STEP: f64 = 1.06;
const TEMPERATURES: i32 = 20;

/// Judges answers to the validation rows.
pub(super) struct Judge<'a> {
    pub(super) heads: &'a [&'a HeadRecipe],
    /// For each head the label of each validation row.
    pub(super) truths: Vec<Vec<Option<usize>>>,
}

impl Judge<'_> {
    /// The score is the mean cross entropy of each head and of its coarse level, each at the temperature that serves
    /// it best, weighed as in the loss: unlike an accuracy it moves little by chance, and unlike the plain loss it
    /// does not mind how sure a model is as long as temperature corrects it.
    pub(super) fn judge(&self, rows: &[Logits]) -> Judgement {
        let mut score = 0.0;
        let mut named = std::collections::BTreeMap::new();
        for (place, (head, truths)) in self.heads.iter().zip(&self.truths).enumerate() {
            let labelled: Vec<(&[f32], usize)> = rows
                .iter()
                .zip(truths)
                .filter_map(|(row, truth)| Some((row[place].as_slice(), (*truth)?)))
                .collect();
            let Some((temperature, cost)) = best_temperature(&labelled, None) else { continue };
            score += head.weight * cost;
            if let Some(coarse) = &head.coarse {
                let groups = head.groups(&coarse.level);
                let cost = best_temperature(&labelled, groups.as_deref()).map_or(0.0, |(_, cost)| cost);
                score += coarse.weight * cost;
            }
            named.insert(format!("{}.cross_entropy", head.task.name), cost);
            named.extend(self.figures(head, &labelled, temperature));
        }
        Judgement { score, figures: named }
    }

    fn figures(
        &self,
        head: &HeadRecipe,
        labelled: &[(&[f32], usize)],
        temperature: f64,
    ) -> std::collections::BTreeMap<String, f64> {
        let Some(taxonomy) = head.task.taxonomy() else { return Default::default() };
        let rows = labelled
            .iter()
            .map(|(logits, truth)| ScoredRow {
                recent: false,
                truth: *truth,
                probabilities: probabilities(logits, temperature),
            })
            .collect();
        let scores = [TaskScores { head: head.task.uncut(temperature), taxonomy, rows }];
        let reports = tasks(&scores, false, Resampling { seed: 1, draws: 0 });
        reports.iter().flat_map(|(task, report)| figures(task, report)).collect()
    }
}

/// The temperature with the least mean cross entropy, and that; of the labels, or of the groups they belong to.
fn best_temperature(rows: &[(&[f32], usize)], groups: Option<&[usize]>) -> Option<(f64, f64)> {
    if rows.is_empty() {
        return None;
    }
    let belongs = |label: usize, truth: usize| groups.map_or(label == truth, |g| g[label] == g[truth]);
    let cost = |temperature: f64| {
        let row = |(logits, truth): &(&[f32], usize)| {
            let likely: f64 = probabilities(logits, temperature)
                .iter()
                .enumerate()
                .filter_map(|(label, likely)| belongs(label, *truth).then_some(*likely))
                .sum();
            -likely.max(1e-12).ln()
        };
        rows.iter().map(row).sum::<f64>() / rows.len() as f64
    };
    (-TEMPERATURES..=TEMPERATURES)
        .map(|power| TEMPERATURE_STEP.powi(power))
        .map(|temperature| (temperature, cost(temperature)))
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_only_too_sure_costs_no_more() {
        let calm: Vec<Vec<f32>> =
            (0..40).map(|row| vec![if row % 4 == 0 { 0.0 } else { 1.0 }, 0.5]).collect();
        let sure: Vec<Vec<f32>> =
            calm.iter().map(|row| row.iter().map(|logit| logit * 2.5).collect()).collect();
        let cost = |rows: &[Vec<f32>]| {
            let rows: Vec<(&[f32], usize)> = rows.iter().map(|row| (row.as_slice(), 0)).collect();
            best_temperature(&rows, None).unwrap().1
        };
        let (calm, sure) = (cost(&calm), cost(&sure));
        assert!((calm - sure).abs() < 0.02, "{calm} {sure}");
    }

    #[test]
    fn labels_of_one_group_are_right_together() {
        let logits = [0.0_f32, 5.0, -5.0];
        let fine = best_temperature(&[(&logits, 0)], None).unwrap().1;
        let coarse = best_temperature(&[(&logits, 0)], Some(&[0, 0, 1])).unwrap().1;
        assert!(fine > 1.0 && coarse < 0.1, "{fine} {coarse}");
        assert!(best_temperature(&[], None).is_none());
    }
}
