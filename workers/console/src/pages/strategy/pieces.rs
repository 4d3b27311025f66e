//! What the pages about models and strategies are made of: versions, shares as bars, differences, figures, signatures.

use std::collections::BTreeMap;

use fluent_bundle::{FluentArgs, FluentValue};
use maud::{Markup, html};
use ombud_contract::{
    records::{ModelEvaluation, Role, Strategy, TaskStrategy},
    shown::shown,
};
use ombud_models::{Difference, Registry};

use crate::pages::{address::encoded, frame::Frame, item_words::symbol, parts::moment, quality::ArmOutcomes};

/// As many digits of a version as commands print.
const SHORT: usize = 12;
/// Digits of a SHA-256.
const WHOLE: usize = 64;
const MINUTE_MS: i64 = 60_000;

/// Values for a text of the catalogue.
pub(in crate::pages) fn args<'a, const N: usize>(
    values: [(&'static str, FluentValue<'a>); N],
) -> FluentArgs<'a> {
    values.into_iter().collect()
}

/// A version as it is shown: its first digits.
pub(in crate::pages) fn short(version: &str) -> &str {
    version.get(..SHORT).unwrap_or(version)
}

/// Where a version's page is. Names come from records, so whatever is in them stays one part of the path.
pub(in crate::pages) fn version_path(model_id: &str, version: &str) -> String {
    format!("/models/{}/{}", encoded(model_id), encoded(version))
}

/// A version, as a link to its page.
pub(in crate::pages) fn model_link(model_id: &str, version: &str) -> Markup {
    html! { a href=(version_path(model_id, version)) { (shown(model_id)) "@" (shown(short(version))) } }
}

/// A share as people write it.
pub(in crate::pages) fn percent(basis_points: i32) -> String {
    format!("{} %", f64::from(basis_points) / 100.0)
}

/// A share as a bar, and in words beside it.
pub(in crate::pages) fn share(basis_points: i32) -> Markup {
    html! { meter min="0" max="10000" value=(basis_points) aria-hidden="true" {} " " span.number { (percent(basis_points)) } }
}

/// When a strategy begins; the first one begins before everything.
pub(in crate::pages) fn beginning(frame: &Frame, ms: i64) -> Markup {
    if ms <= 0 {
        html! { (frame.say("strategy-from-the-start")) }
    } else {
        moment(ms)
    }
}

/// How long ago `since` is.
pub(in crate::pages) fn age(frame: &Frame, since: i64, now_ms: i64) -> String {
    let minutes = now_ms.saturating_sub(since).max(0) / MINUTE_MS;
    match minutes {
        0..60 => frame.say_count("strategy-age-minutes", minutes),
        60..2_880 => frame.say_count("strategy-age-hours", minutes / 60),
        _ => frame.say_count("strategy-age-days", minutes / 1_440),
    }
}

/// What an arm does, in a word.
pub(in crate::pages) fn role_word(frame: &Frame, role: Role) -> String {
    frame.say(match role {
        Role::Deciding => "strategy-role-deciding",
        Role::Shadow => "strategy-role-shadow",
        Role::Unknown => "strategy-role-unknown",
    })
}

/// A task within a sentence.
pub(in crate::pages) fn the_task(frame: &Frame, task: &str) -> String {
    symbol(frame, "strategy-the", task)
}

/// Who answers a task, with what share and, where `outcomes` are given, how often they were right.
pub(in crate::pages) fn arms(frame: &Frame, task: &TaskStrategy, outcomes: Option<&ArmOutcomes>) -> Markup {
    html! {
        table.dense {
            caption { (frame.say_with("strategy-arms", &args([("task", shown(&the_task(frame, &task.task)).into())]))) }
            thead { tr {
                th scope="col" { (frame.say("strategy-arm")) }
                th scope="col" { (frame.say("strategy-model")) }
                th scope="col" { (frame.say("strategy-does")) }
                th scope="col" { (frame.say("strategy-share")) }
                @if outcomes.is_some() { th scope="col" { (frame.say("strategy-outcome")) } }
            } }
            tbody {
                @for arm in &task.arms {
                    tr {
                        th scope="row" { (shown(&arm.name)) }
                        td { (model_link(&arm.model_id, &arm.model_version)) }
                        td { (role_word(frame, arm.role)) }
                        td { (share(arm.basis_points)) }
                        @if let Some(outcomes) = outcomes { td { (outcomes.right(&task.task, arm)) } }
                    }
                }
            }
        }
    }
}

/// What one strategy says otherwise than another.
pub(in crate::pages) fn differences(frame: &Frame, caption: &str, differences: &[Difference]) -> Markup {
    html! {
        @if differences.is_empty() {
            p.muted { (frame.say("strategy-no-difference")) }
        } @else {
            table.dense {
                caption { (caption) }
                thead { tr {
                    th scope="col" { (frame.say("strategy-place")) }
                    th scope="col" { (frame.say("strategy-before")) }
                    th scope="col" { (frame.say("strategy-after")) }
                } }
                tbody {
                    @for Difference { place, before, after } in differences {
                        tr {
                            th scope="row" { (place_words(frame, place)) }
                            td { (value(before.as_deref())) }
                            td { (value(after.as_deref())) }
                        }
                    }
                }
            }
        }
    }
}

fn place_words(frame: &Frame, place: &[String]) -> String {
    let word = |part: &String| match part.as_str() {
        "share" => frame.say("strategy-share"),
        "model" => frame.say("strategy-model"),
        "role" => frame.say("strategy-does"),
        "required" => frame.say("strategy-required"),
        "salt" => frame.say("strategy-salt"),
        "review below" => frame.say("strategy-review-below"),
        "deadline" => frame.say("strategy-deadline"),
        "amend window" => frame.say("strategy-amend-window"),
        "audit sample" => frame.say("strategy-audit-sample"),
        "approvals" => frame.say("strategy-approvals"),
        "routing" => frame.say("strategy-routing"),
        other => shown(other).into_owned(),
    };
    place.iter().map(word).collect::<Vec<_>>().join(" › ")
}

fn value(said: Option<&str>) -> Markup {
    match said {
        None => html! { "–" },
        Some(said) => match said.split_once('@') {
            Some((model_id, version)) if version.len() == WHOLE => model_link(model_id, version),
            _ => html! { (shown(said)) },
        },
    }
}

/// Named figures of an evaluation or a training, such as `product.accuracy`.
pub(in crate::pages) fn figures(frame: &Frame, caption: &str, figures: &BTreeMap<String, f64>) -> Markup {
    html! {
        table.dense {
            caption { (caption) }
            thead { tr {
                th scope="col" { (frame.say("strategy-figure")) }
                th scope="col" { (frame.say("strategy-figure-value")) }
            } }
            tbody {
                @for (name, value) in figures {
                    tr {
                        th scope="row" { (figure_words(frame, name)) }
                        td.number { (figure_value(name, *value)) }
                    }
                }
            }
        }
    }
}

/// What a figure is called: what the catalogue has no word for stays as it is.
pub(in crate::pages) fn figure_words(frame: &Frame, name: &str) -> String {
    let word = |part: &str| match part {
        "accuracy" => frame.say("strategy-figure-accuracy"),
        "macro_f1" => frame.say("strategy-figure-macro-f1"),
        "top3" => frame.say("strategy-figure-top3"),
        "ece" => frame.say("strategy-figure-ece"),
        "pr_auc" => frame.say("strategy-figure-pr-auc"),
        "precision_at_recall_60" => frame.say("strategy-figure-precision-60"),
        "flag_rate_at_recall_60" => frame.say("strategy-figure-flag-rate-60"),
        "base_rate" => frame.say("strategy-figure-base-rate"),
        "rows" => frame.say("strategy-figure-rows"),
        "share" => frame.say("strategy-figure-share"),
        "right" => frame.say("strategy-figure-right"),
        "this" => frame.say("strategy-figure-this"),
        "other" | "against" => frame.say("strategy-figure-other"),
        "difference" => frame.say("strategy-figure-difference"),
        "served" => frame.say("strategy-figure-served"),
        "validation" => frame.say("strategy-figure-validation"),
        other => shown(other).into_owned(),
    };
    name.split('.').map(word).collect::<Vec<_>>().join(", ")
}

/// A figure as people write it: what is a share of complaints in percent, anything else as a number.
pub(in crate::pages) fn figure_value(name: &str, value: f64) -> String {
    const SHARES: [&str; 7] = [
        "accuracy",
        "top3",
        "precision_at_recall_60",
        "flag_rate_at_recall_60",
        "base_rate",
        "share",
        "right",
    ];
    let mut parts = name.rsplit('.');
    let mut last = parts.next().unwrap_or_default();
    let is_difference = last == "difference";
    if matches!(last, "this" | "other" | "against" | "difference") {
        last = parts.next().unwrap_or_default();
    }
    match (last, is_difference) {
        ("rows", _) => format!("{value:.0}"),
        (name, true) if SHARES.contains(&name) => format!("{:+.1}", 100.0 * value),
        (name, false) if SHARES.contains(&name) => format!("{:.1} %", 100.0 * value),
        (_, true) => format!("{value:+.3}"),
        (_, false) => format!("{value:.3}"),
    }
}

/// An evaluation with its figures. The registry keeps figures without intervals: a card has both.
pub(in crate::pages) fn evaluation(frame: &Frame, evaluation: &ModelEvaluation) -> Markup {
    let ModelEvaluation { evaluation_id, kind, rows, against_version, evaluated_by, evaluated_at, .. } =
        evaluation;
    let kind = match kind.as_str() {
        "audit-sample" => frame.say("strategy-evaluation-audit-sample"),
        "data" => frame.say("strategy-evaluation-data"),
        "replay" => frame.say("strategy-evaluation-replay"),
        other => shown(other).into_owned(),
    };
    let caption = frame.say_with("strategy-evaluation", &args([("id", shown(evaluation_id).into())]));
    html! {
        p id={ "evaluation-" (evaluation_id) } {
            (kind) ", " (frame.say_count("strategy-complaints", *rows)) ", "
            (moment(*evaluated_at)) ", " (shown(evaluated_by))
            @if let Some(version) = against_version {
                ". " (frame.say_with("strategy-evaluation-against", &args([("version", shown(short(version)).into())])))
            }
        }
        @if evaluation.figures.is_empty() {
            p.muted { (frame.say("strategy-no-figures")) }
        } @else {
            (figures(frame, &caption, &evaluation.figures))
        }
    }
}

/// The evaluation of that id of a model that `strategy` names.
pub(in crate::pages) fn evaluation_of<'a>(
    id: &str,
    strategy: &'a Strategy,
    registry: &'a Registry,
) -> Option<&'a ModelEvaluation> {
    let mut arms = strategy.tasks.iter().flat_map(|task| &task.arms);
    arms.find_map(|arm| registry.get(&arm.model_id, &arm.model_version)?.evaluation(id))
}

/// Who made a version, when, why, and who else was needed.
pub(in crate::pages) fn signature(frame: &Frame, strategy: &Strategy) -> Markup {
    html! {
        dl {
            dt { (frame.say("strategy-why")) }
            dd { (shown(&strategy.reason)) }
            dt { (frame.say("strategy-by")) }
            dd { (shown(&strategy.changed_by)) ", " (beginning(frame, strategy.changed_at)) }
            @if let Some(requester) = &strategy.requested_by {
                dt { (frame.say("strategy-requested-by")) }
                dd { (shown(requester)) }
            }
            dt { (frame.say("strategy-approved-by")) }
            dd { (names(frame, &strategy.approved_by)) }
            @if let Some(id) = &strategy.evaluation_id {
                dt { (frame.say("strategy-rests-on")) }
                dd { code { (shown(id)) } }
            }
        }
    }
}

/// Names of persons, or that there are none.
pub(in crate::pages) fn names(frame: &Frame, names: &[String]) -> String {
    if names.is_empty() {
        return frame.say("strategy-nobody");
    }
    names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_record_stays_one_part_of_a_path() {
        assert_eq!(version_path("a/../b?c#d", "é\""), "/models/a%2F..%2Fb%3Fc%23d/%C3%A9%22");
    }

    #[test]
    fn a_share_is_written_in_percent_and_a_difference_with_its_sign() {
        for (name, value, written) in [
            ("product.accuracy", 0.8324, "83.2 %"),
            ("product.accuracy.difference", -0.015, "-1.5"),
            ("product.accuracy.against", 0.5, "50.0 %"),
            ("issue.intent.macro_f1", 0.57841, "0.578"),
            ("validation.rows", 1199.0, "1199"),
        ] {
            assert_eq!(figure_value(name, value), written, "{name}");
        }
    }
}
