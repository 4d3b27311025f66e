//! What the registry and the artefact say about a version: state, origin, heads with thresholds, label sets and evidence, files.

use maud::{Markup, html};
use ombud_contract::{records::ModelVersion, shown::shown};
use ombud_models::{Head, Kind, Manifest};

use super::state;
use crate::pages::{
    RolloutLog,
    frame::Frame,
    parts::moment,
    strategy::pieces::{model_link, short},
};

/// What the page of a version is called.
pub(super) fn title(model: &ModelVersion) -> String {
    format!("{}@{}", shown(&model.model_id), shown(short(&model.version)))
}

/// State and origin.
pub(super) fn facts(frame: &Frame, log: &RolloutLog, model: &ModelVersion) -> Markup {
    let parent = model.parent_version.as_deref();
    // A parent is named by its version alone; it may be another model's.
    let known = parent.and_then(|parent| log.registry.versions().find(|known| known.version == parent));
    html! {
        dl {
            dt { (frame.say("models-state")) }
            dd {
                (state(frame, model.state))
                @if !model.state_reason.is_empty() { " " (shown(&model.state_reason)) }
                @if model.changed_at > 0 { ", " (moment(model.changed_at)) " " (frame.say("models-by")) " " (shown(&model.changed_by)) }
            }
            dt { (frame.say("models-digest")) }
            dd { code { (shown(&model.version)) } }
            dt { (frame.say("models-registered-when")) }
            dd { (moment(model.created_at)) " " (frame.say("models-by")) " " (shown(&model.created_by)) }
            dt { (frame.say("models-family")) }
            dd { (shown(&model.family)) }
            @if let Some(parent) = parent {
                dt { (frame.say("models-parent")) }
                dd {
                    @match known {
                        Some(known) => (model_link(&known.model_id, &known.version)),
                        None => code { (shown(parent)) },
                    }
                }
            }
            @if let Some(hub_id) = &model.hub_id {
                dt { (frame.say("models-hub")) }
                dd { (shown(hub_id)) @if let Some(revision) = &model.hub_revision { "@" (shown(revision)) } }
            }
            @if let Some(digest) = &model.training_manifest_sha256 {
                dt { (frame.say("models-training-digest")) }
                dd { code { (shown(digest)) } }
            }
        }
    }
}

/// What it answers: by task the label set, the thresholds, and the table of what a narrative says outright.
pub(super) fn heads(frame: &Frame, model: &ModelVersion, manifest: Option<&Manifest>) -> Markup {
    html! {
        section {
            h2 { (frame.say("models-answers")) }
            table.dense {
                caption { (frame.say("models-answers-caption")) }
                thead { tr {
                    th scope="col" { (frame.say("models-task")) }
                    th scope="col" { (frame.say("models-label-set")) }
                    th scope="col" { (frame.say("models-labels")) }
                    th scope="col" { (frame.say("models-thresholds")) }
                    th scope="col" { (frame.say("models-evidence")) }
                } }
                tbody {
                    @for task in &model.tasks {
                        @let head = manifest.and_then(|manifest| manifest.head(task)).map(|(_, head)| head);
                        tr {
                            th scope="row" { (shown(task)) }
                            td { @if let Some(set) = model.label_sets.get(task) { (shown(set)) } @else { "–" } }
                            td.number { (model.labels.get(task).map_or(0, Vec::len)) }
                            td { (thresholds(frame, head)) }
                            td { @if let Some(table) = head.and_then(|head| head.evidence.as_ref()) { (shown(table)) } @else { "–" } }
                        }
                    }
                }
            }
            @match manifest {
                Some(manifest) => p { (frame.say("models-reads")) " " (shown(&manifest.reads().to_string())) },
                None => p.muted { (frame.say("models-not-here")) },
            }
        }
    }
}

fn thresholds(frame: &Frame, head: Option<&Head>) -> Markup {
    let Some(head) = head else { return html! { "–" } };
    html! {
        @if head.thresholds.is_empty() {
            (frame.say("models-no-threshold"))
        } @else {
            ul { @for (name, least) in &head.thresholds { li { (shown(name)) ": " (score(*least, head.kind)) } } }
        }
    }
}

/// A confidence in percent, and a flag's score as the number that it is.
fn score(least: f64, kind: Kind) -> String {
    match kind {
        Kind::Choice => format!("{:.1} %", 100.0 * least),
        Kind::Flag => format!("{least:.3}"),
    }
}

/// What it is made of.
pub(super) fn files(frame: &Frame, model: &ModelVersion) -> Markup {
    html! {
        section {
            h2 { (frame.say("models-files")) }
            details {
                summary { (frame.say_count("models-file-count", i64::try_from(model.files.len()).unwrap_or(i64::MAX))) }
                table.dense {
                    caption { (frame.say("models-files")) }
                    thead { tr {
                        th scope="col" { (frame.say("models-file")) }
                        th scope="col" { (frame.say("models-bytes")) }
                        th scope="col" { "SHA-256" }
                    } }
                    tbody {
                        @for file in &model.files {
                            tr {
                                th scope="row" { (shown(&file.name)) }
                                td.number { (file.bytes) }
                                td { code { (shown(&file.sha256)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
