//! What one head's answer says about another's labels: a complaint that is about a mortgage is not about a
//! prepaid card's fees.

/// Adds `strength * ln(sum over c of p(c) * P(c | label))` to each logit of head `to`, `p` being what head `from`
/// believes. The heads learn apart, so that rows with one label teach that head; this brings them together.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// Place of the head that hints, before `to`.
    pub from: usize,
    /// Place of the head that listens.
    pub to: usize,
    /// How much the hint counts beside the head's own logits.
    pub strength: f32,
    /// `P(c | label)`: for each label of `to` a row over the labels of `from`.
    pub given: Vec<f32>,
}

/// A head that gives or takes a hint.
#[derive(Clone, Copy, Debug)]
pub struct HintHead {
    /// Its place among the heads.
    pub place: usize,
    /// How many labels it has.
    pub labels: usize,
}

impl Hint {
    /// Counts pairs of labels (of `from`, of `to`), `smoothing` added to every pair; its strength is zero yet.
    pub fn count(
        from: HintHead,
        to: HintHead,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        smoothing: f32,
    ) -> Self {
        let mut given = vec![smoothing; from.labels * to.labels];
        for (hinted, label) in pairs {
            given[label * from.labels + hinted] += 1.0;
        }
        for row in given.chunks_exact_mut(from.labels) {
            let all: f32 = row.iter().sum();
            row.iter_mut().for_each(|share| *share /= all);
        }
        Self { from: from.place, to: to.place, strength: 0.0, given }
    }

    /// The hint for each label of `to`, without the strength, from the logits of `from`.
    pub fn terms(&self, logits: &[f32]) -> Vec<f32> {
        let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let believed: Vec<f32> = logits.iter().map(|logit| (logit - greatest).exp()).collect();
        let all: f32 = believed.iter().sum();
        let term = |given: &[f32]| {
            let likely: f32 = given.iter().zip(&believed).map(|(given, p)| given * p).sum();
            // Never minus infinity, however sure the hint is.
            (likely / all).max(1e-9).ln()
        };
        self.given.chunks_exact(logits.len()).map(term).collect()
    }

    /// What the hint adds to each logit of `to`, in double precision; `logits` are those of `from`.
    pub(crate) fn added(&self, logits: &[f32]) -> Vec<f64> {
        let strength = f64::from(self.strength);
        self.terms(logits).into_iter().map(|term| strength * f64::from(term)).collect()
    }

    /// Gives the hint: `heads` are one narrative's logits by head.
    pub fn give(&self, heads: &mut [Vec<f32>]) {
        let terms = self.terms(&heads[self.from]);
        heads[self.to].iter_mut().zip(terms).for_each(|(logit, term)| *logit += self.strength * term);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(place: usize, labels: usize) -> HintHead {
        HintHead { place, labels }
    }

    #[test]
    fn a_label_that_goes_with_the_believed_one_gains() {
        let pairs = [(0, 0), (0, 0), (0, 0), (1, 1), (1, 1)];
        let mut hint = Hint::count(head(0, 2), head(1, 2), pairs, 0.5);
        assert_eq!(hint.given, [0.875, 0.125, 0.5 / 3.0, 2.5 / 3.0]);
        hint.strength = 2.0;
        let mut heads = vec![vec![20.0, 0.0], vec![1.0, 1.0]];
        hint.give(&mut heads);
        assert_eq!(heads[0], [20.0, 0.0]);
        assert!((heads[1][0] - (1.0 + 2.0 * 0.875_f32.ln())).abs() < 1e-5);
        assert!((heads[1][1] - (1.0 + 2.0 * (0.5_f32 / 3.0).ln())).abs() < 1e-5);
    }

    #[test]
    fn a_pair_that_never_occurs_is_unlikely_not_impossible() {
        let hint = Hint::count(head(0, 2), head(1, 1), [(0, 0)], 0.0);
        assert!(hint.terms(&[-50.0, 50.0])[0].is_finite());
    }
}
