//! One row's probabilities, and what they answer.

/// A labelled row: the true label's place, and a probability for each label.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedRow {
    /// Place of the true label.
    pub truth: usize,
    /// One for each label, summing to 1.
    pub probabilities: Vec<f64>,
}

/// The answer to a row, and where the true label ranks. Of equal probabilities the earlier label is answered, as in `ombud_models::answer`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankedAnswer {
    /// Place of the true label.
    pub truth: usize,
    /// Place of the label that is answered.
    pub answer: usize,
    /// Probability of the answer.
    pub confidence: f64,
    /// Labels that come before the true one.
    pub rank: usize,
}

impl RankedAnswer {
    pub(crate) fn of(row: &GradedRow) -> Self {
        let (mut answer, mut confidence) = (0, f64::NEG_INFINITY);
        for (label, &probability) in row.probabilities.iter().enumerate() {
            if probability > confidence {
                (answer, confidence) = (label, probability);
            }
        }
        let of_truth = row.probabilities.get(row.truth).copied().unwrap_or(f64::NEG_INFINITY);
        let before = |&(label, &p): &(usize, &f64)| p > of_truth || (p == of_truth && label < row.truth);
        let rank = row.probabilities.iter().enumerate().filter(before).count();
        Self { truth: row.truth, answer, confidence, rank }
    }

    /// Whether the answer is the true label.
    pub fn right(&self) -> bool {
        self.rank == 0
    }
}
