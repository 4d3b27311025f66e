//! Where the strategies name a version of a model: which arms of which tasks, from when until when.

use ombud_contract::records::{ModelVersion, Role};
use serde::Serialize;

use super::Strategies;

/// An arm of a task that named a version, over one or more strategies in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The task.
    pub task: String,
    /// The arm.
    pub arm: String,
    /// Its share of the task's complaints: 10,000 is all.
    pub basis_points: i32,
    /// Whether it watches and decides nothing.
    #[serde(skip)]
    pub is_shadow: bool,
    /// The first strategy that placed it so.
    pub since_strategy: i64,
    /// When that came into force.
    pub since: i64,
    /// When a strategy came into force that places it otherwise; `None` while none is published.
    pub until: Option<i64>,
}

/// Where the strategies name one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Placements {
    /// In force.
    pub now: Vec<Placement>,
    /// In force once.
    pub before: Vec<Placement>,
    /// Published, and not yet in force.
    pub announced: Vec<Placement>,
}

impl Placement {
    /// Its share in percent.
    pub fn percent(&self) -> f64 {
        f64::from(self.basis_points) / 100.0
    }
}

impl Placements {
    /// The places of now, in short.
    pub fn serves(&self) -> Vec<String> {
        self.now.iter().map(|place| format!("{} {} {} %", place.task, place.arm, place.percent())).collect()
    }
}

/// Where `strategies` name `version`, as of `now_ms`.
pub fn placements(strategies: &Strategies, version: &ModelVersion, now_ms: i64) -> Placements {
    let (mut open, mut all): (Vec<Placement>, Vec<Placement>) = (Vec::new(), Vec::new());
    for strategy in strategies.iter().map(|strategy| &strategy.record) {
        let arms = strategy.tasks.iter().flat_map(|task| task.arms.iter().map(move |arm| (task, arm)));
        let named: Vec<Placement> = arms
            .filter(|(_, arm)| arm.model_id == version.model_id && arm.model_version == version.version)
            .map(|(task, arm)| Placement {
                task: task.task.clone(),
                arm: arm.name.clone(),
                basis_points: arm.basis_points,
                is_shadow: arm.role != Role::Deciding,
                since_strategy: strategy.version,
                since: strategy.effective_from,
                until: None,
            })
            .collect();
        for mut over in open.extract_if(.., |place| !named.iter().any(|named| is_same(place, named))) {
            over.until = Some(strategy.effective_from);
            all.push(over);
        }
        for place in named {
            if !open.iter().any(|known| is_same(known, &place)) {
                open.push(place);
            }
        }
    }
    all.extend(open);
    let (started, announced): (Vec<Placement>, Vec<Placement>) =
        all.into_iter().partition(|place| place.since <= now_ms);
    let (before, now) =
        started.into_iter().partition(|place| place.until.is_some_and(|until| until <= now_ms));
    Placements { now, before, announced }
}

fn is_same(one: &Placement, other: &Placement) -> bool {
    let of = |place: &Placement| (place.basis_points, place.is_shadow);
    (&one.task, &one.arm, of(one)) == (&other.task, &other.arm, of(other))
}
