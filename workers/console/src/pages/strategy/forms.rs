//! The forms that change the strategy. None changes anything yet: each leads to a page that shows what it would do.

use maud::{Markup, html};
use ombud_contract::{
    records::{Arm, ModelEvaluation, ModelState, ModelVersion, Role, TaskStrategy},
    shown::shown,
};

use super::{
    last_good::last_good,
    pieces::{args, beginning, model_link, short, the_task},
};
use crate::pages::{
    RolloutLog,
    frame::Frame,
    parts::{Field, field},
};

/// The arm that all others stand beside.
const CHAMPION: &str = "champion";

/// What a form of one kind starts from.
struct Trial {
    change: &'static str,
    title: &'static str,
    /// The share that it proposes, and the most that it takes.
    share: (&'static str, &'static str),
}

const CANARY: Trial = Trial { change: "canary", title: "strategy-canary", share: ("10", "99.99") };
const SHADOW: Trial = Trial { change: "shadow", title: "strategy-shadow", share: ("100", "100") };

/// Forms on what the log has now.
pub(super) struct ChangeForms<'a> {
    pub(super) frame: &'a Frame,
    pub(super) log: &'a RolloutLog,
    pub(super) now_ms: i64,
}

impl ChangeForms<'_> {
    /// Those of a task, the `at`-th; `name` is what it is called.
    pub(super) fn of_task(&self, at: usize, name: &str) -> Markup {
        let Self { frame, log, .. } = self;
        // What is changed is the newest version, which may be announced for later.
        let Some(task) = log.strategies.newest().and_then(|newest| newest.task(name)) else {
            return html! {};
        };
        html! {
            details {
                summary { (frame.say_with("strategy-change-task", &args([("task", shown(&the_task(frame, name)).into())]))) }
                div.stack {
                    (self.trial(&CANARY, at, task))
                    (self.trial(&SHADOW, at, task))
                    @for (arm_at, arm) in task.arms.iter().enumerate().filter(|(_, arm)| arm.name != CHAMPION) {
                        (self.promotion(&format!("{at}-{arm_at}"), task, arm))
                    }
                }
            }
        }
    }

    /// Gives a model a share, as `trial` says.
    fn trial(&self, trial: &Trial, at: usize, task: &TaskStrategy) -> Markup {
        let (frame, models) = (self.frame, self.candidates(task));
        let (model_id, share_id) =
            (format!("{}-{at}-model", trial.change), format!("{}-{at}-share", trial.change));
        let (model_label, share_label) = (frame.say("strategy-model"), frame.say("strategy-share-percent"));
        html! {
            form.stack method="get" action="/strategy/change" {
                fieldset {
                    legend { (frame.say(trial.title)) }
                    @if models.is_empty() {
                        p.muted { (frame.say("strategy-no-candidate")) }
                    } @else {
                        input type="hidden" name="change" value=(trial.change);
                        input type="hidden" name="task" value=(task.task);
                        (field(Field { id: &model_id, label: &model_label, ..Field::default() }, |described| html! {
                            select id=(model_id) name="model" aria-describedby=[described] required {
                                @for model in models {
                                    option value={ (model.model_id) "@" (model.version) } {
                                        (shown(&model.model_id)) "@" (shown(short(&model.version)))
                                    }
                                }
                            }
                        }))
                        (field(Field { id: &share_id, label: &share_label, ..Field::default() }, |described| html! {
                            input id=(share_id) name="percent" type="number" min="0.01" max=(trial.share.1) step="0.01"
                                value=(trial.share.0) aria-describedby=[described] required;
                        }))
                        div.actions { button type="submit" { (frame.say("strategy-look")) } }
                    }
                }
            }
        }
    }

    /// Registered versions that answer `task`, the newest first, without the one that decides it alone.
    fn candidates(&self, task: &TaskStrategy) -> Vec<&ModelVersion> {
        let mut deciding = task.arms.iter().filter(|arm| arm.role == Role::Deciding);
        let alone = deciding.next().filter(|_| deciding.next().is_none());
        let decides = |model: &ModelVersion| {
            alone.is_some_and(|arm| (&arm.model_id, &arm.model_version) == (&model.model_id, &model.version))
        };
        let mut models: Vec<&ModelVersion> = self
            .log
            .registry
            .versions()
            .filter(|model| model.state == ModelState::Registered && model.labels.contains_key(&task.task))
            .filter(|model| !decides(model))
            .collect();
        models.sort_by_key(|model| std::cmp::Reverse(model.created_at));
        models
    }

    /// Makes an arm's model the champion, on one of its evaluations.
    fn promotion(&self, at: &str, task: &TaskStrategy, arm: &Arm) -> Markup {
        let frame = self.frame;
        let model = self.log.registry.get(&arm.model_id, &arm.model_version);
        let evaluations: &[ModelEvaluation] = model.map_or(&[], |model| &model.evaluations);
        let id = format!("promote-{at}-evaluation");
        let (label, hint) = (frame.say("strategy-evaluation-of-it"), frame.say("strategy-evaluation-hint"));
        html! {
            form.stack method="get" action="/strategy/change" {
                fieldset {
                    legend { (frame.say_with("strategy-promote", &args([("arm", shown(&arm.name).into())]))) }
                    p { (model_link(&arm.model_id, &arm.model_version)) }
                    @if evaluations.is_empty() {
                        p.muted { (frame.say("strategy-no-evaluation")) }
                    } @else {
                        input type="hidden" name="change" value="promote";
                        input type="hidden" name="task" value=(task.task);
                        input type="hidden" name="arm" value=(arm.name);
                        (field(
                            Field { id: &id, label: &label, hint: Some(&hint), problem: None },
                            |described| html! {
                                select id=(id) name="evaluation" aria-describedby=[described] required {
                                    @for known in evaluations.iter().rev() {
                                        option value=(known.evaluation_id) {
                                            (shown(&known.evaluation_id)) ", "
                                            (frame.say_count("strategy-complaints", known.rows))
                                        }
                                    }
                                }
                            },
                        ))
                        div.actions { button type="submit" { (frame.say("strategy-look")) } }
                    }
                }
            }
        }
    }

    /// Back to the last version that served, whose models may serve, and for which nobody else is needed.
    pub(super) fn roll_back(&self) -> Markup {
        let frame = self.frame;
        html! {
            @if let Some(good) = last_good(self.log, frame.caller.signature(""), self.now_ms) {
                p {
                    (frame.say("strategy-last-good")) " "
                    a href={ "/strategy/versions/" (good.record.version) } {
                        (frame.say_count("strategy-version", good.record.version))
                    }
                    ", " (frame.say("strategy-since")) " " (beginning(frame, good.record.effective_from))
                    ": " (shown(&good.record.reason))
                }
                p.actions { (roll_back_link(frame, good.record.version)) }
            }
        }
    }
}

fn roll_back_path(version: i64) -> String {
    format!("/strategy/change?change=roll-back&to={version}")
}

/// The same in the row of the version.
pub(super) fn roll_back_here(frame: &Frame, version: i64) -> Markup {
    let whole = frame.say_count("strategy-roll-back-to", version);
    html! { a.button href=(roll_back_path(version)) aria-label=(whole) { (frame.say("strategy-roll-back")) } }
}

/// Leads to the page that goes back to a version.
pub(super) fn roll_back_link(frame: &Frame, version: i64) -> Markup {
    html! {
        a.button href=(roll_back_path(version)) { (frame.say_count("strategy-roll-back-to", version)) }
    }
}
