//! How many of how many, with the share and its interval.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::interval::{Interval, wilson};

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that are.
    pub hits: usize,
    /// All.
    pub of: usize,
}

/// Tallies by a name: a model, a team or a week.
pub type Tallies = BTreeMap<String, Tally>;

impl Tally {
    pub(super) fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    /// The share; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Its 95 % interval (Wilson's).
    pub fn interval(self) -> Option<Interval> {
        wilson(self.hits, self.of)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.of += other.of;
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tally = serializer.serialize_struct("Tally", 4)?;
        tally.serialize_field("hits", &self.hits)?;
        tally.serialize_field("of", &self.of)?;
        tally.serialize_field("share", &self.share())?;
        tally.serialize_field("interval", &self.interval())?;
        tally.end()
    }
}

/// What the flag of vulnerability was worth, by what humans say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flags {
    /// Of those who were flagged, how many are vulnerable.
    pub precision: Tally,
    /// Of those who are vulnerable, how many were flagged.
    pub recall: Tally,
}

impl Flags {
    pub(super) fn add(&mut self, flagged: bool, vulnerable: bool) {
        if flagged {
            self.precision.add(vulnerable);
        }
        if vulnerable {
            self.recall.add(flagged);
        }
    }
}
