//! What of a cluster is news: that it is new, that it grows, that it is large.

/// So many complaints of one week that are alike are looked at by a person.
pub const LARGE: usize = 20;
/// Clusters below are not shown: a customer who writes thrice is no campaign.
pub const SHOWN: usize = 5;
/// Below so many nothing grows: a handful is chance.
const LEAST_GROWN: usize = 8;
/// How many standard deviations of chance (as arrivals are, Poisson's) a week lies above the usual one that grows.
const DEVIATIONS: f64 = 4.0;

/// How a cluster has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// Nothing like it came in the weeks before.
    New,
    /// More came than chance explains.
    Growing,
    /// About as many came as usual.
    Steady,
}

impl Growth {
    /// Of a cluster that has so many complaints of `this_week`, and had so many in each of the weeks `before`.
    pub fn of(this_week: usize, before: &[u64]) -> Self {
        let all: u64 = before.iter().sum();
        let usual = all as f64 / before.len().max(1) as f64;
        let bound = usual + DEVIATIONS * (usual + 1.0).sqrt();
        match all {
            0 => Self::New,
            _ if this_week >= LEAST_GROWN && this_week as f64 > bound => Self::Growing,
            _ => Self::Steady,
        }
    }

    /// Whether a person should look at a cluster that has grown so and has so many complaints of `this_week`.
    pub fn is_flagged(self, this_week: usize) -> bool {
        this_week >= LARGE || (self != Self::Steady && this_week >= LEAST_GROWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_as_often_as_ever_is_steady_and_what_comes_out_of_nothing_is_new() {
        for (this_week, before, growth, is_flagged) in [
            (5, [0, 0, 0, 0], Growth::New, false),
            (8, [0, 0, 0, 0], Growth::New, true),
            (20, [0, 0, 0, 0], Growth::New, true),
            (7, [0, 0, 0, 1], Growth::Steady, false),
            (8, [0, 0, 0, 1], Growth::Growing, true),
            (12, [9, 11, 10, 10], Growth::Steady, false),
            (19, [9, 11, 10, 10], Growth::Steady, false),
            (24, [9, 11, 10, 10], Growth::Growing, true),
            (110, [100, 95, 104, 101], Growth::Steady, true),
            (150, [100, 95, 104, 101], Growth::Growing, true),
        ] {
            assert_eq!(Growth::of(this_week, &before), growth, "{this_week} after {before:?}");
            assert_eq!(growth.is_flagged(this_week), is_flagged, "{this_week} after {before:?}");
        }
    }
}
