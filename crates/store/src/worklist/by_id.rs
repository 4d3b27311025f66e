//! Values that carry their own ids, written as a list: an id is as long as a short event.

use std::collections::BTreeMap;

use ombud_contract::records::WorkEvent;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{corrections::VerdictSummary, route_summary::RouteSummary};

/// What carries its id.
pub(super) trait Identified {
    /// What tells it from others of its kind and complaint.
    type Id: Ord;

    /// Its id.
    fn id(&self) -> Self::Id;
}

impl Identified for RouteSummary {
    type Id = i32;

    fn id(&self) -> i32 {
        self.partition
    }
}

impl Identified for VerdictSummary {
    type Id = String;

    fn id(&self) -> String {
        self.feedback_id.clone()
    }
}

impl Identified for WorkEvent {
    type Id = String;

    fn id(&self) -> String {
        self.work_id.clone()
    }
}

pub(super) fn serialize<S: Serializer, T: Identified + Serialize>(
    values: &BTreeMap<T::Id, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.values())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Identified + Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<T::Id, T>, D::Error> {
    let values = Vec::<T>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|value| (value.id(), value)).collect())
}
