//! Why one version answered a complaint and no other: the strategy of that time, and the complaint's draw.

use ombud_contract::records::Prediction;
use ombud_models::{Draw, Strategies};
use serde::Serialize;

/// Which strategy gave the complaint to a prediction's model, and by which draw.
#[derive(Debug, Serialize)]
pub(crate) struct ArmReason<'a> {
    strategy_version: i64,
    effective_from: i64,
    changed_by: &'a str,
    reason: &'a str,
    evaluation_id: Option<&'a str>,
    arm: &'a str,
    draw: Draw,
    /// The arm's own model could not be loaded: the last one that could answered.
    stood_in: bool,
}

impl<'a> ArmReason<'a> {
    /// `None` where the log no longer has the prediction's strategy.
    pub(crate) fn of(prediction: &'a Prediction, strategies: &'a Strategies) -> Option<Self> {
        let strategy = strategies.version(prediction.strategy_version)?;
        let draw = strategy.draw(&prediction.task, &prediction.arm, &prediction.complaint_id)?;
        let task = strategy.task(&prediction.task)?;
        let arm = task.arms.iter().find(|arm| arm.name == prediction.arm)?;
        Some(Self {
            strategy_version: strategy.record.version,
            effective_from: strategy.record.effective_from,
            changed_by: &strategy.record.changed_by,
            reason: &strategy.record.reason,
            evaluation_id: strategy.record.evaluation_id.as_deref(),
            arm: &prediction.arm,
            draw,
            stood_in: arm.model_version != prediction.model_version,
        })
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        let Draw { salt, point, from, to } = &self.draw;
        let stood_in = if self.stood_in { "; the arm's own model could not be loaded" } else { "" };
        format!(
            "it drew {point} of salt {salt}, and {} takes {from} to {}, says strategy {} of {} ({}){stood_in}",
            self.arm,
            to - 1,
            self.strategy_version,
            self.changed_by,
            self.reason,
        )
    }
}
