//! What a strategy must be before it is published, beyond what every worker checks when it reads it.

use std::collections::BTreeSet;

use ombud_contract::records::{Arm, ModelState, Strategy, TaskStrategy};
use ombud_contract::taxonomy::Taxonomy;

use super::{ActiveStrategy, Strategies, StrategyError};
use crate::feed::LEAD;
use crate::registry::Registry;
use crate::route::VULNERABLE;
use crate::routing::{ISSUE, LabelSets, PRODUCT};

impl Strategies {
    /// Whether `next` may be published now, after these. Whether nobody else is faster, only the log can say.
    ///
    /// # Errors
    /// [`Unfit`] says why not, and what to do.
    pub fn gate(&self, next: &Strategy, registry: &Registry, now_ms: i64) -> Result<(), Unfit> {
        let version = next.version;
        if let Some(taken) = self.version(version) {
            return Err(Unfit::Lost { version, by: taken.record.changed_by.clone() });
        }
        let earliest = now_ms.saturating_add(i64::try_from(LEAD.as_millis()).unwrap_or(i64::MAX));
        if version > 1 && next.effective_from < earliest {
            return Err(Unfit::TooSoon { version, from: next.effective_from, earliest });
        }
        let checked = self.clone().push(next.clone())?.routing.label_sets.clone();
        for task in &next.tasks {
            for arm in &task.arms {
                if let Some(what) = fault_in(task, arm, &checked, registry) {
                    return Err(Unfit::Arm { task: task.task.clone(), arm: arm.name.clone(), what });
                }
            }
        }
        Ok(())
    }

    /// The strategy with this version.
    pub fn version(&self, version: i64) -> Option<&std::sync::Arc<ActiveStrategy>> {
        self.iter().find(|strategy| strategy.record.version == version)
    }
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
    // A label of another taxonomy than the table's would find no team.
    let set = match task.task.as_str() {
        PRODUCT => Some(routed.product.as_str()),
        ISSUE => Some(routed.issue.as_str()),
        VULNERABLE => Taxonomy::newest(VULNERABLE).map(Taxonomy::label_set),
        _ => None,
    }?;
    let leaves: BTreeSet<&String> = Taxonomy::by_label_set(set)?.leaves().iter().collect();
    let answered: BTreeSet<&String> = labels.iter().collect();
    (leaves != answered).then(|| {
        let odd = leaves.symmetric_difference(&answered).next().map_or("", |label| label.as_str());
        format!("model {model}@{short} answers in other labels than {set}, which routes read: `{odd}` is in one of both")
    })
}

/// A strategy that must not be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another operator was faster.
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
    /// An arm's model can't answer.
    #[error("publish the strategy: task `{task}`, arm `{arm}`: {what}")]
    Arm {
        /// The task.
        task: String,
        /// The arm.
        arm: String,
        /// What is wrong, and how to mend it.
        what: String,
    },
    /// What every worker would refuse.
    #[error(transparent)]
    Wrong(#[from] StrategyError),
}
