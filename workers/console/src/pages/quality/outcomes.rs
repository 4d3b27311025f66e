//! What people's verdicts say about each arm, beside its share on the page of the strategy.

use std::sync::Arc;

use maud::{Markup, html};
use ombud_contract::records::Arm;
use ombud_measure::quality::{ArmFigures, By, CountedQuality, FigureKey, FigureKind, Part};

use super::{live::Days, view::View};
use crate::pages::{PageState, frame::Frame};

/// The arms as the audit sample of the last month judges them.
pub(in crate::pages) struct ArmOutcomes {
    view: View,
    counted: Option<Arc<CountedQuality>>,
}

impl ArmOutcomes {
    /// What was counted last; newer figures are counted where these are old.
    pub(in crate::pages) fn look(state: &PageState, frame: &Frame) -> Self {
        let days = Days::default();
        let counted = state.sources.quality.look(days, state.api.clock.now_ms()).latest;
        Self { view: View { language: frame.language, days }, counted }
    }

    /// How often `arm` was right on `task`, of how many that were judged; of a shadow, beside whoever decided the same ones.
    pub(in crate::pages) fn right(&self, task: &str, arm: &Arm) -> Markup {
        let view = &self.view;
        let Some(counted) = &self.counted else {
            return html! { span.muted { (view.say("quality-counting")) } };
        };
        let model = format!("{}@{}", arm.model_id, arm.model_version);
        let is_it = |known: &&ArmFigures| {
            let of = &known.arm;
            (of.task.as_str(), of.arm.as_str(), &of.model) == (task, arm.name.as_str(), &model)
        };
        let found = counted.report.audit_sample.arms.iter().find(is_it);
        let Some(found) = found.filter(|found| found.right.of > 0) else {
            return html! { span.muted { (view.say("quality-arm-unjudged")) } };
        };
        let key = FigureKey::new(FigureKind::Accuracy, task, By::Arm, &found.arm.key());
        html! {
            (view.share(Part::AuditSample, &key, Some(found.right)))
            " " span.muted { (view.say_of("quality-arm-judged", &[("judged", found.right.of.to_string())])) }
            @if let Some(share) = found.decider_right.share() {
                " " span.muted { (view.say_of("quality-arm-decider", &[("share", view.percent(share))])) }
            }
        }
    }
}
