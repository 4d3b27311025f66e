//! What a strategy must be before it is published, beyond what every worker checks when it reads it.

use std::collections::BTreeSet;

use ombud_contract::records::{Arm, ModelState, Role, Strategy, TaskStrategy};
use ombud_contract::taxonomy::Taxonomy;

use super::{ActiveStrategy, ApprovalFault, LEAD, Strategies, StrategyError};
use crate::registry::Registry;
use crate::route::VULNERABLE;
use crate::routing::{ISSUE, LabelSets, PRODUCT};

impl Strategies {
    /// Whether `next` may be published now, after these. Only the log can say whether another operator is first.
    ///
    /// # Errors
    /// [`StrategyRefusal`] says why not, and what to do.
    pub fn gate(&self, next: &Strategy, registry: &Registry, now_ms: i64) -> Result<(), StrategyRefusal> {
        let next = self.admit(next, registry, now_ms)?;
        Ok(self.check_approvals(&next)?)
    }

    /// Whether `next` could be published now if it were approved; gives how many must approve it beside the one who asks.
    ///
    /// # Errors
    /// [`StrategyRefusal`] says why not, and what to do.
    pub fn gate_request(
        &self,
        next: &Strategy,
        registry: &Registry,
        now_ms: i64,
    ) -> Result<i32, StrategyRefusal> {
        Ok(self.approvals_needed(&self.admit(next, registry, now_ms)?))
    }

    /// `next`, checked in everything but its approvals.
    fn admit(
        &self,
        next: &Strategy,
        registry: &Registry,
        now_ms: i64,
    ) -> Result<ActiveStrategy, StrategyRefusal> {
        let version = next.version;
        if let Some(taken) = self.version(version) {
            return Err(StrategyRefusal::Lost { version, by: taken.record.changed_by.clone() });
        }
        let earliest = now_ms.saturating_add(i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX));
        if version > 1 && next.effective_from < earliest {
            return Err(StrategyRefusal::TooSoon { version, from: next.effective_from, earliest });
        }
        if let Some(id) = &next.evaluation_id
            && !rests_on(next, id, registry)
        {
            return Err(StrategyRefusal::Evaluation { version, id: id.clone() });
        }
        let admitted = self.follow(next.clone())?;
        for task in &next.tasks {
            for arm in &task.arms {
                if let Some(what) = fault_in(task, arm, &admitted.routing.label_sets, registry) {
                    return Err(StrategyRefusal::Arm {
                        task: task.task.clone(),
                        arm: arm.name.clone(),
                        what,
                    });
                }
            }
        }
        Ok(admitted)
    }

    /// The strategy with this version.
    pub fn version(&self, version: i64) -> Option<&std::sync::Arc<ActiveStrategy>> {
        self.iter().find(|strategy| strategy.record.version == version)
    }
}

/// Whether the evaluation is one of a model that the strategy names.
fn rests_on(next: &Strategy, id: &str, registry: &Registry) -> bool {
    let mut arms = next.tasks.iter().flat_map(|task| &task.arms);
    arms.any(|arm| {
        let known = registry.get(&arm.model_id, &arm.model_version);
        known.is_some_and(|known| known.evaluation(id).is_some())
    })
}

fn fault_in(task: &TaskStrategy, arm: &Arm, routed: &LabelSets, registry: &Registry) -> Option<String> {
    let (model, short) = (&arm.model_id, arm.model_version.get(..12).unwrap_or(&arm.model_version));
    let Some(known) = registry.get(model, &arm.model_version) else {
        return Some(format!("model {model}@{short} is not registered: add it with `ombud models add`"));
    };
    match known.state {
        ModelState::Registered => {}
        ModelState::Rejected => {
            return Some(format!(
                "model {model}@{short} was rejected: see `ombud models list`, name another"
            ));
        }
        ModelState::Retired => return Some(format!("model {model}@{short} is retired: name another")),
    }
    let Some(labels) = known.labels.get(&task.task) else {
        return Some(format!(
            "model {model}@{short} doesn't answer it: it answers {}",
            known.tasks.join(", ")
        ));
    };
    // What it says changes no route.
    if arm.role == Role::Shadow {
        return None;
    }
    // A label of another taxonomy than the table's would find no team.
    let set = match task.task.as_str() {
        PRODUCT => Some(routed.product.as_str()),
        ISSUE => Some(routed.issue.as_str()),
        VULNERABLE => Taxonomy::newest(VULNERABLE).map(Taxonomy::label_set),
        _ => None,
    }?;
    let leaves: BTreeSet<&String> = Taxonomy::by_label_set(set)?.leaves().iter().collect();
    // One that knows fewer routes well: so does a champion, beside a challenger that has learned a new label.
    let odd = labels.iter().find(|label| !leaves.contains(label))?;
    Some(format!(
        "model {model}@{short} answers `{odd}`, which is no label of {set}, and routes read that: name its label set in the \
         routing table, with a team for each label"
    ))
}

/// A strategy that must not be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyRefusal {
    /// Another operator published first.
    #[error(
        "publish strategy {version}: it was published by {by} in the meantime: look at `ombud strategy diff {} {version}` \
         and try again",
        version - 1
    )]
    Lost {
        /// The version that both wanted.
        version: i64,
        /// Who has it.
        by: String,
    },
    /// A worker may have decided a complaint of that time already.
    #[error(
        "publish strategy {version}: it would begin at {from}, and the earliest that every worker can know of is {earliest} \
         (ms since 1970; 5 s from now): choose a later --from, or none"
    )]
    TooSoon {
        /// The version.
        version: i64,
        /// When it would begin.
        from: i64,
        /// When it could.
        earliest: i64,
    },
    /// It rests on an unknown evaluation.
    #[error(
        "publish strategy {version}: evaluation {id} is of no model that it names: `ombud models list --json` has the \
         evaluations of each"
    )]
    Evaluation {
        /// The version.
        version: i64,
        /// As it says.
        id: String,
    },
    /// An arm's model can't answer.
    #[error("publish the strategy: task `{task}`, arm `{arm}`: {what}")]
    Arm {
        /// The task.
        task: String,
        /// The arm.
        arm: String,
        /// What is wrong, and how to fix it.
        what: String,
    },
    /// It lacks approvals.
    #[error(transparent)]
    Approvals(#[from] ApprovalFault),
    /// What every worker would refuse.
    #[error(transparent)]
    Wrong(#[from] StrategyError),
}
