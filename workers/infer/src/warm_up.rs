//! What a worker loads before it becomes a member of its group.

use std::collections::{BTreeMap, BTreeSet};

use ombud_contract::records::Role;
use ombud_models::{ActiveStrategy, Strategies, StrategyFeed};
use ombud_stream::Clock;

use crate::{
    infer::InferError,
    question::{Tasks, all_questions},
    serving::{Bringer, Serving, Unanswered},
};

/// Loads what the strategy in force names. Called before a worker becomes a member of its group, so that one that can't
/// answer says so before it is given anything, and no partition stands still while models load. Where none of a task's
/// models that decide can serve, the last strategy whose model can answers, as it does in a worker that has been running
/// all along. A shadow that can't serve keeps nobody from beginning.
///
/// # Errors
/// The strategy can't be read, or no strategy so far named a model that can serve a task.
pub fn warm_up(
    tasks: &Tasks,
    strategy: &mut StrategyFeed,
    serving: &Serving,
    clock: &dyn Clock,
) -> Result<(), InferError> {
    strategy.refresh()?;
    let strategies = strategy.strategies();
    let Some(now) = strategies.at(clock.now_ms()).or_else(|| strategies.iter().next()) else { return Ok(()) };
    for (task, why) in unserved(tasks, now, serving)? {
        if !has_stand_in(&task, now, strategies, serving) {
            return Err(why.into());
        }
    }
    Ok(())
}

/// Loads what `now` names; the tasks of which no model that decides can serve, and why.
fn unserved(
    tasks: &Tasks,
    now: &ActiveStrategy,
    serving: &Serving,
) -> Result<BTreeMap<String, Unanswered>, InferError> {
    let (mut served, mut unserved) = (BTreeSet::new(), BTreeMap::new());
    for question in all_questions(tasks, now) {
        serving.settle(&question.arm)?;
        match serving.for_arm(&question.task, &question.arm, Bringer::Loader) {
            Ok(_) if question.arm.role == Role::Deciding => {
                served.insert(question.task);
            }
            Err(why) if question.arm.role == Role::Deciding => {
                unserved.entry(question.task).or_insert(why);
            }
            // A shadow: the loader tries it again and says why, and nothing is decided by it.
            Ok(_) | Err(_) => {}
        }
    }
    unserved.retain(|task, _| !served.contains(task));
    Ok(unserved)
}

/// Loads the models of `task` that earlier strategies named, the latest first, until one can serve; whether one can.
fn has_stand_in(task: &str, now: &ActiveStrategy, strategies: &Strategies, serving: &Serving) -> bool {
    let begun = strategies.iter().filter(|strategy| strategy.record.version < now.record.version);
    let earlier: Vec<_> = begun.flat_map(|strategy| strategy.task(task)).collect();
    let mut arms = earlier.iter().rev().flat_map(|task| &task.arms);
    arms.any(|arm| {
        let is_settled = arm.role == Role::Deciding && serving.settle(arm).is_ok();
        is_settled && serving.for_arm(task, arm, Bringer::Loader).is_ok()
    })
}
