//! How far two people agree: how often, and how much more often than by chance. Pure.

use std::collections::BTreeMap;

/// The pairs from which on a kappa is shown: of fewer its interval is wider than what it could say.
pub(super) const ENOUGH: usize = 30;

/// How far two people agree on one task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    /// Texts that two people have read.
    pub(super) pairs: usize,
    /// Those of which both said the same.
    pub(super) agreed: usize,
    /// Cohen's kappa; `None` without pairs, and where chance alone would always agree.
    pub(super) kappa: Option<f64>,
}

impl Agreement {
    /// Of what a first and a second reader said, pair by pair.
    ///
    /// Cohen, "A coefficient of agreement for nominal scales" (1960): (observed - chance) / (1 - chance), where chance is the sum
    /// over labels of the product of both readers' shares.
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let agreed = pairs.iter().filter(|(first, second)| first == second).count();
        let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (first, second) in pairs {
            counts.entry(first).or_default().0 += 1.0;
            counts.entry(second).or_default().1 += 1.0;
        }
        let n = pairs.len() as f64;
        let kappa = (!pairs.is_empty()).then(|| {
            let chance = counts.values().map(|(first, second)| first * second).sum::<f64>() / (n * n);
            let observed = agreed as f64 / n;
            // Whole numbers until the division: where both always said one label, it is exactly 1.
            (chance < 1.0).then(|| (observed - chance) / (1.0 - chance))
        });
        Self { pairs: pairs.len(), agreed, kappa: kappa.flatten() }
    }

    /// The kappa, where there are enough pairs to say it.
    pub(super) fn shown_kappa(&self) -> Option<f64> {
        self.kappa.filter(|_| self.pairs >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times<'a>(count: usize, first: &'a str, second: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![(first, second); count]
    }

    #[test]
    fn kappa_is_as_worked_out_by_hand() {
        // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 35/50 = .7, chance .5 * .6 + .5 * .4 = .5, kappa .4.
        let pairs =
            [times(20, "yes", "yes"), times(5, "yes", "no"), times(10, "no", "yes"), times(15, "no", "no")]
                .concat();
        let found = Agreement::of(&pairs);
        assert_eq!((found.pairs, found.agreed), (50, 35));
        assert!((found.kappa.unwrap() - 0.4).abs() < 1e-12, "{found:?}");

        // Three labels. a-a 4, b-b 3, c-c 1, a-b 1, c-a 1: observed 8/10; the first reader says a 5, b 3, c 2, the second
        // a 5, b 4, c 1: chance (25 + 12 + 2) / 100 = .39; kappa .41 / .61.
        let pairs = [
            times(4, "a", "a"),
            times(3, "b", "b"),
            times(1, "c", "c"),
            times(1, "a", "b"),
            times(1, "c", "a"),
        ]
        .concat();
        assert!((Agreement::of(&pairs).kappa.unwrap() - 0.41 / 0.61).abs() < 1e-12);
    }

    #[test]
    fn who_always_agrees_has_one_who_always_differs_less_than_nothing_and_one_label_says_nothing() {
        let all = [times(3, "a", "a"), times(3, "b", "b")].concat();
        assert_eq!(Agreement::of(&all).kappa, Some(1.0));
        let none = [times(3, "a", "b"), times(3, "b", "a")].concat();
        assert_eq!(Agreement::of(&none).kappa, Some(-1.0));
        assert_eq!(Agreement::of(&times(40, "a", "a")).kappa, None);
        assert_eq!(Agreement::of(&[]), Agreement::default());
    }

    #[test]
    fn of_few_pairs_no_kappa_is_shown() {
        let few = [times(14, "a", "a"), times(15, "b", "b")].concat();
        assert_eq!((Agreement::of(&few).shown_kappa(), Agreement::of(&few).agreed), (None, 29));
        let enough = [times(15, "a", "a"), times(15, "b", "b")].concat();
        assert_eq!(Agreement::of(&enough).shown_kappa(), Some(1.0));
    }
}
