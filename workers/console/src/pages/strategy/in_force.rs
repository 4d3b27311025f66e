//! `GET /strategy`: the version in force: per task who decides with what share, who watches, by which bounds and clocks.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use ombud_contract::{
    records::{Strategy, TaskStrategy},
    shown::shown,
    task::VULNERABLE,
};
use ombud_launch::guard::Right;
use ombud_models::ActiveStrategy;

use super::{
    ask_desk, clocks,
    forms::ChangeForms,
    parts_of_strategy,
    pieces::{self, args, beginning, percent, version_path},
    unavailable,
};
use crate::pages::{
    PageState, RolloutLog, frame::Frame, item_words::symbol, parts::empty, quality::ArmOutcomes,
};

/// The strategy in force, and the forms that change it for whoever may.
pub(super) async fn in_force(State(state): State<Arc<PageState>>, frame: Frame) -> Response {
    let log = match ask_desk(&state, |desk| desk.log()).await {
        Ok(log) => log,
        Err(refusal) => return unavailable(&frame, "strategy-title", &refusal),
    };
    let now_ms = state.api.clock.now_ms();
    let body = html! {
        div.stack {
            (parts_of_strategy(&frame))
            @match log.strategies.at(now_ms) {
                None => (empty(&frame.say("strategy-none"), &frame.say("strategy-none-why"))),
                Some(strategy) => (whole(&frame, &log, strategy, now_ms, &ArmOutcomes::look(&state, &frame))),
            }
        }
    };
    frame.page(&frame.say("strategy-title"), &body)
}

fn whole(
    frame: &Frame,
    log: &RolloutLog,
    strategy: &ActiveStrategy,
    now_ms: i64,
    outcomes: &ArmOutcomes,
) -> Markup {
    let record = &strategy.record;
    let newest = log.strategies.newest().filter(|newest| newest.record.version != record.version);
    let forms = frame.caller.may(Right::AskForChange).then_some(ChangeForms { frame, log, now_ms });
    html! {
        p {
            strong.lead-open {
                a href={ "/strategy/versions/" (record.version) } {
                    (frame.say_count("strategy-version", record.version))
                }
            }
            " " (frame.say("strategy-since")) " " (beginning(frame, record.effective_from))
        }
        @if let Some(newest) = newest {
            p.status {
                a href={ "/strategy/versions/" (newest.record.version) } {
                    (frame.say_count("strategy-announced", newest.record.version))
                }
                " " (beginning(frame, newest.record.effective_from))
            }
        }
        (pieces::signature(frame, record))
        (approvals(frame, newest.map_or(record, |newest| &newest.record)))
        @if let Some(forms) = &forms { (forms.roll_back()) }
        @for (at, task) in record.tasks.iter().enumerate() {
            section.card aria-labelledby={ "task-" (at) } {
                h2 id={ "task-" (at) } { (shown(&symbol(frame, "strategy-task", &task.task))) }
                (decides(frame, task, outcomes))
                @if let Some(forms) = &forms { (forms.of_task(at, &task.task)) }
            }
        }
        p {
            a href="/quality" { (frame.say("strategy-to-quality")) }
        }
        (bounds(frame, record))
        (clocks::rules(frame, &strategy.routing))
    }
}

/// How many others the next change needs.
fn approvals(frame: &Frame, newest: &Strategy) -> Markup {
    html! { p { (frame.say_count("strategy-next-needs", i64::from(newest.approvals))) } }
}

/// Who answers a task, and from which confidence on.
fn decides(frame: &Frame, task: &TaskStrategy, outcomes: &ArmOutcomes) -> Markup {
    let bound = percent_of(task.review_below);
    let id = if task.task == VULNERABLE { "strategy-flag-bound" } else { "strategy-bound" };
    html! {
        (pieces::arms(frame, task, Some(outcomes)))
        p {
            @if task.review_below > 0.0 {
                (frame.say_with(id, &args([("bound", bound.into())])))
            } @else {
                (frame.say("strategy-no-bound"))
            }
            @if !task.required { " " (frame.say("strategy-not-required")) }
        }
        @if task.task == VULNERABLE {
            p {
                @for arm in &task.arms {
                    a href={ (version_path(&arm.model_id, &arm.model_version)) "#dial" } {
                        (frame.say_with("strategy-to-dial", &args([("arm", shown(&arm.name).into())])))
                    }
                    " "
                }
            }
        }
    }
}

/// A confidence in percent. Of 0.35 the single-precision number has no more digits.
fn percent_of(confidence: f32) -> String {
    let percent = format!("{:.1}", confidence * 100.0);
    format!("{} %", percent.strip_suffix(".0").unwrap_or(&percent))
}

/// A time in its largest whole unit.
fn span(frame: &Frame, ms: i64) -> String {
    match ms / 60_000 {
        minutes if minutes % 60 == 0 => frame.say_count("strategy-hours", minutes / 60),
        minutes => frame.say_count("strategy-minutes", minutes),
    }
}

/// What holds for all tasks.
fn bounds(frame: &Frame, record: &Strategy) -> Markup {
    html! {
        section {
            h2 { (frame.say("strategy-bounds")) }
            dl {
                dt { (frame.say("strategy-audit-sample")) }
                dd { (percent(record.audit_basis_points)) " " (frame.say("strategy-audit-sample-why")) }
                dt { (frame.say("strategy-deadline")) }
                dd { (frame.say_count("strategy-seconds", record.deadline_ms / 1_000)) }
                dt { (frame.say("strategy-amend-window")) }
                dd { (span(frame, record.amend_window_ms)) }
            }
        }
    }
}
