//! What a form asks for, as a change of the strategy: read, tried against what the log has, and shown before anybody does it.

use fluent_bundle::FluentValue;
use maud::{Markup, html};
use ombud_contract::{
    records::{Strategy, TaskStrategy},
    shown::shown,
};
use ombud_launch::guard::{Caller, Right};
use ombud_models::{ALL, Difference, ModelName, Signature, StrategyChange, differences};
use serde::Deserialize;

use super::pieces::{args, percent, short};
use crate::pages::{RolloutLog, frame::Frame};

/// The longest reason, in characters: a line or two in the history.
pub(super) const MOST_REASON: usize = 500;

/// The fields of every form that changes the strategy; each change has some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct ChangeForm {
    /// `canary`, `shadow`, `promote`, `roll-back` or `review-below`.
    pub(super) change: String,
    pub(super) task: String,
    /// A model and its version, `complaints@3f2a`.
    pub(super) model: String,
    /// A share, such as `12.5`.
    pub(super) percent: String,
    pub(super) arm: String,
    pub(super) evaluation: String,
    /// A version of the strategy.
    pub(super) to: String,
    /// A confidence, 0 to 1.
    pub(super) review_below: String,
    /// Why.
    pub(super) reason: String,
    /// The version that was looked at.
    pub(super) base: String,
}

impl ChangeForm {
    /// The fields that say what is asked for, to be sent again.
    pub(super) fn hidden(&self) -> Markup {
        let fields = [
            ("change", &self.change),
            ("task", &self.task),
            ("model", &self.model),
            ("percent", &self.percent),
            ("arm", &self.arm),
            ("evaluation", &self.evaluation),
            ("to", &self.to),
            ("review_below", &self.review_below),
        ];
        html! {
            @for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }

    /// The change that is asked for; what is wrong with a field, in words.
    fn change(&self, frame: &Frame, newest: &Strategy) -> Result<StrategyChange, String> {
        let task = self.task.clone();
        let model = || self.model.parse::<ModelName>().map_err(|_| frame.say("strategy-wrong-model"));
        let share = || basis_points(&self.percent).ok_or_else(|| frame.say("strategy-wrong-share"));
        match self.change.as_str() {
            "canary" => Ok(StrategyChange::Canary { task, model: model()?, basis_points: share()? }),
            "shadow" => Ok(StrategyChange::Shadow { task, model: model()?, basis_points: share()? }),
            "promote" => {
                let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
                if self.evaluation.is_empty() {
                    return Err(frame.say("strategy-wrong-evaluation"));
                }
                let (arm, evaluation) = (given(&self.arm), given(&self.evaluation));
                Ok(StrategyChange::Promote { task, arm, evaluation, forced: false })
            }
            "roll-back" => {
                let to = self.to.parse().map_err(|_| frame.say("strategy-wrong-version"))?;
                Ok(StrategyChange::RollBack { to: Some(to) })
            }
            "review-below" => self.review_below_change(frame, newest),
            _ => Err(frame.say("strategy-wrong-change")),
        }
    }

    /// The newest strategy with another bound of a task.
    fn review_below_change(&self, frame: &Frame, newest: &Strategy) -> Result<StrategyChange, String> {
        let bound = self.review_below.parse::<f32>().ok().filter(|bound| (0.0..=1.0).contains(bound));
        let bound = bound.ok_or_else(|| frame.say("strategy-wrong-bound"))?;
        // What the newest rests on says nothing about the next.
        let mut next = Strategy { evaluation_id: None, ..newest.clone() };
        let task = next.tasks.iter_mut().find(|task| task.task == self.task);
        task.ok_or_else(|| frame.say("strategy-wrong-task"))?.review_below = bound;
        Ok(StrategyChange::Replace(Box::new(next)))
    }
}

/// Shares are written in percent, with up to two digits behind the point.
fn basis_points(text: &str) -> Option<i32> {
    let text = text.trim().replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let basis_points: i32 = format!("{whole}{part:0<2}").parse().ok()?;
    (basis_points <= ALL).then_some(basis_points)
}

/// What a change would make of the newest strategy.
pub(super) struct DraftedChange {
    pub(super) change: StrategyChange,
    pub(super) next: Strategy,
    pub(super) differences: Vec<Difference>,
    /// The version that it changes.
    pub(super) base: i64,
    /// How many others must approve it.
    pub(super) needed: i32,
}

impl DraftedChange {
    /// What `form` asks for, tried by the function that publishes; what stands in the way, in words.
    pub(super) fn of(
        form: &ChangeForm,
        frame: &Frame,
        log: &RolloutLog,
        now_ms: i64,
    ) -> Result<Self, String> {
        let RolloutLog { strategies, registry } = log;
        let newest = strategies.newest().ok_or_else(|| frame.say("strategy-none"))?;
        let change = form.change(frame, &newest.record)?;
        let by = frame.caller.signature("").to_owned();
        let signature = Signature { by, reason: None, now_ms, from: None };
        let next = change.next(strategies, registry, &signature).map_err(|error| error.to_string())?;
        let needed =
            strategies.gate_request(&next, registry, now_ms).map_err(|refusal| refusal.to_string())?;
        let (differences, base) = (differences(&newest.record, &next), newest.record.version);
        Ok(Self { change, next, differences, base, needed })
    }

    /// Whether `caller` can publish it without anybody else.
    pub(super) fn is_at_once(&self, caller: &Caller) -> bool {
        self.needed <= 0 && caller.may(Right::PublishStrategy)
    }

    /// The task that it is about, as it would be.
    pub(super) fn task(&self) -> Option<&TaskStrategy> {
        let name = match &self.change {
            StrategyChange::Canary { task, .. }
            | StrategyChange::Shadow { task, .. }
            | StrategyChange::Promote { task, .. } => task,
            StrategyChange::RollBack { .. } | StrategyChange::Replace(_) => return None,
        };
        self.next.tasks.iter().find(|task| task.task == *name)
    }
}

/// A change in words.
pub(super) fn words(frame: &Frame, change: &StrategyChange) -> String {
    let text = |text: &str| -> FluentValue<'static> { shown(text).into_owned().into() };
    match change {
        StrategyChange::Canary { task, model, basis_points }
        | StrategyChange::Shadow { task, model, basis_points } => {
            let id = match change {
                StrategyChange::Canary { .. } => "strategy-change-canary",
                _ => "strategy-change-shadow",
            };
            let model = cut(&model.to_string());
            let values =
                [("task", text(task)), ("model", text(&model)), ("share", percent(*basis_points).into())];
            frame.say_with(id, &args(values))
        }
        StrategyChange::Promote { task, arm, .. } => {
            let arm = text(arm.as_deref().unwrap_or("canary"));
            frame.say_with("strategy-change-promote", &args([("task", text(task)), ("arm", arm)]))
        }
        StrategyChange::RollBack { to: Some(to) } => {
            frame.say_with("strategy-change-roll-back", &args([("version", to.to_string().into())]))
        }
        StrategyChange::RollBack { to: None } => frame.say("strategy-change-back"),
        StrategyChange::Replace(_) => frame.say("strategy-change-replace"),
    }
}

/// `MODEL@VERSION` with the first digits alone.
fn cut(model: &str) -> String {
    match model.split_once('@') {
        Some((model_id, version)) => format!("{model_id}@{}", short(version)),
        None => model.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_as_people_write_it_and_nothing_else_is_one() {
        for (text, read) in [("10", 1_000), (" 12.5 ", 1_250), ("0,25", 25), ("100", 10_000), ("0", 0)] {
            assert_eq!(basis_points(text), Some(read), "{text}");
        }
        for text in ["", "-1", "1e1", "100.01", "101", "1.234", ".5", "ten", "10 %", "1.2.3"] {
            assert_eq!(basis_points(text), None, "{text}");
        }
    }
}
