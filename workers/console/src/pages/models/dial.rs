//! The recall dial: how many vulnerable customers are found at which score, and how many complaints people look at for it.
//!
//! the card's table (as `ombud evaluate` measured it) -> choices -> a slider and the same as a table -> the change that asks for it
//!
//! The scores from which a model itself says POSSIBLE and VULNERABLE are part of the version. Below them the strategy's
//! `review_below` counts: a no that is less sure is passed on as POSSIBLE. So a strategy can find more, and never fewer.

use std::collections::BTreeMap;

use maud::{Markup, html};
use ombud_contract::{
    records::{ModelVersion, Role},
    task::VULNERABLE,
};
use ombud_launch::guard::Right;
use ombud_models::{Kind, Manifest};
use serde::Deserialize;

use super::card::Block;
use crate::pages::{
    RolloutLog,
    address::encoded,
    frame::Frame,
    parts::{Field, Tone, badge, field},
    strategy::pieces::{args, version_path},
};

/// Complaints a day where nobody says how many.
const PER_DAY: u32 = 5_000;
/// More than any bank gets.
const MOST_PER_DAY: u32 = 1_000_000;
/// The threshold from which on a flag's answer is POSSIBLE.
const POSSIBLE: &str = "possible";

/// Where the slider stands, and for how many complaints a day.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DialQuery {
    per_day: String,
    /// Which choice, from 0.
    at: String,
}

/// What flagging from a score on gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    /// Share of the vulnerable that is found.
    recall: f64,
    /// From which score on; `None` where nobody wrote it down.
    score: Option<f64>,
    /// Share of the flagged that is vulnerable.
    precision: f64,
    /// Share of all complaints that is flagged.
    flagged: f64,
}

/// The dial of a version, and who looks at it.
pub(super) struct DialPage<'a> {
    pub(super) frame: &'a Frame,
    pub(super) log: &'a RolloutLog,
    pub(super) model: &'a ModelVersion,
    pub(super) manifest: Option<&'a Manifest>,
    pub(super) card: &'a [Block],
    pub(super) query: &'a DialQuery,
}

/// The choices that a card has of `task`, from the least that are found up.
fn of_card(card: &[Block], task: &str) -> Vec<Choice> {
    let wanted = format!("The dial of {task}");
    let Some(at) = card.iter().position(|block| matches!(block, Block::Heading(_, text) if *text == wanted))
    else {
        return Vec::new();
    };
    let Some(Block::Table { rows, .. }) = card.get(at + 1) else { return Vec::new() };
    let per_day = per_day_of(&card[..at]);
    let choice = |row: &Vec<String>| {
        let [recall, score, precision, flags] = row.first_chunk()?;
        Some(Choice {
            recall: number(recall.strip_suffix('%')?)? / 100.0,
            score: number(score),
            precision: number(precision)?,
            flagged: number(flags)? / f64::from(per_day),
        })
    };
    rows.iter().filter_map(choice).collect()
}

/// For how many complaints a day a card counts: the nearest table before the dial says it.
fn per_day_of(before: &[Block]) -> u32 {
    let said = before.iter().rev().find_map(|block| match block {
        Block::Table { header, .. } => header.iter().find_map(|cell| cell.strip_prefix("a day, of ")),
        _ => None,
    });
    said.and_then(|number| number.replace(',', "").parse().ok()).filter(|n| *n > 0).unwrap_or(PER_DAY)
}

fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', "").parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// The one choice that every version's figures have: 60 % found.
fn of_figures(model: &ModelVersion, task: &str) -> Vec<Choice> {
    let newest_first = model.evaluations.iter().rev().map(|evaluation| &evaluation.figures);
    let choice = |figures: &BTreeMap<String, f64>| {
        let named = |name: &str| {
            let of_task = format!("{task}.{name}");
            let trained = format!("validation.{of_task}");
            figures.get(&of_task).or_else(|| figures.get(&trained)).copied()
        };
        let (precision, flagged) = (named("precision_at_recall_60")?, named("flag_rate_at_recall_60")?);
        Some(Choice { recall: 0.6, score: None, precision, flagged })
    };
    newest_first.chain([&model.metrics]).find_map(choice).into_iter().collect()
}

impl DialPage<'_> {
    /// The dial; nothing of a model that raises no flag.
    pub(super) fn section(&self) -> Markup {
        let Self { frame, model, card, .. } = self;
        if !model.tasks.iter().any(|task| task == VULNERABLE) {
            return html! {};
        }
        let mut choices = of_card(card, VULNERABLE);
        if choices.is_empty() {
            choices = of_figures(model, VULNERABLE);
        }
        html! {
            section.card id="dial" aria-labelledby="dial-title" {
                h2 id="dial-title" { (frame.say("models-dial")) }
                p { (frame.say("models-dial-what")) }
                @if choices.is_empty() {
                    p.muted { (frame.say("models-no-dial")) }
                } @else {
                    (self.dial(&choices))
                }
            }
        }
    }

    fn dial(&self, choices: &[Choice]) -> Markup {
        let now = self.flagged_from().and_then(|from| nearest(choices, from));
        let last = choices.len() - 1;
        let at = self.query.at.parse::<usize>().ok().or(now).unwrap_or(last).min(last);
        let chosen = choices[at];
        html! {
            @if last > 0 { (self.slider(choices, at)) }
            div.row role="status" {
                (self.lead("models-dial-recall", &percent(chosen.recall)))
                (self.lead("models-dial-precision", &percent(chosen.precision)))
                (self.lead("models-dial-reviews", &self.a_day(chosen.flagged)))
            }
            (self.table(choices, at, now))
            (self.how_to_change(&chosen))
        }
    }

    fn lead(&self, id: &str, figure: &str) -> Markup {
        html! { p { strong.lead { (figure) } " " (self.frame.say(id)) } }
    }

    fn slider(&self, choices: &[Choice], at: usize) -> Markup {
        let Self { frame, model, query, .. } = self;
        let (label, hint) = (frame.say("models-dial-slider"), frame.say("models-dial-hint"));
        let per_day_label = frame.say("models-dial-per-day");
        let per_day = self.per_day();
        let is_wrong = !query.per_day.is_empty() && query.per_day != per_day.to_string();
        let problem = frame.say_count("models-dial-wrong", i64::from(MOST_PER_DAY));
        html! {
            form.stack method="get" action={ (version_path(&model.model_id, &model.version)) "#dial" } {
                (field(Field { id: "at", label: &label, hint: Some(&hint), problem: None }, |described| html! {
                    input id="at" name="at" type="range" min="0" max=(choices.len() - 1) step="1" value=(at)
                        list="dial-marks" aria-valuetext=(percent(choices[at].recall)) aria-describedby=[described];
                    datalist id="dial-marks" {
                        @for (mark, choice) in choices.iter().enumerate() {
                            option value=(mark) label=(percent(choice.recall)) {}
                        }
                    }
                }))
                (field(
                    Field {
                        id: "per_day",
                        label: &per_day_label,
                        hint: None,
                        problem: is_wrong.then_some(problem.as_str()),
                    },
                    |described| html! {
                        input id="per_day" name="per_day" type="number" min="1" max=(MOST_PER_DAY) step="1"
                            value=(per_day) aria-describedby=[described];
                    },
                ))
                div.actions { button type="submit" { (frame.say("models-dial-show")) } }
            }
        }
    }

    /// The same as the slider, all at once.
    fn table(&self, choices: &[Choice], at: usize, now: Option<usize>) -> Markup {
        let frame = self.frame;
        let per_day = self.per_day();
        html! {
            table.dense {
                caption { (frame.say_count("models-dial-caption", i64::from(per_day))) }
                thead { tr {
                    th scope="col" { (frame.say("models-dial-recall")) }
                    th.number scope="col" { (frame.say("models-dial-score")) }
                    th.number scope="col" { (frame.say("models-dial-precision")) }
                    th.number scope="col" { (frame.say("models-dial-reviews")) }
                } }
                tbody {
                    @for (place, choice) in choices.iter().enumerate() {
                        tr aria-current=[(place == at).then_some("true")] {
                            th scope="row" {
                                (percent(choice.recall))
                                @if place == at { " " (badge(Tone::Good, &frame.say("models-dial-chosen"))) }
                                @if Some(place) == now { " " (badge(Tone::Plain, &frame.say("models-dial-now"))) }
                            }
                            td.number { @if let Some(score) = choice.score { (format!("{score:.3}")) } @else { "–" } }
                            td.number { (percent(choice.precision)) }
                            td.number { (self.a_day(choice.flagged)) }
                        }
                    }
                }
            }
        }
    }

    /// By which change the chosen place is reached: the strategy's bound below the version's own threshold, another version
    /// above it.
    fn how_to_change(&self, chosen: &Choice) -> Markup {
        let Self { frame, .. } = self;
        let Some(own) = self.own_threshold() else {
            return html! { p.muted { (frame.say("models-dial-version-alone")) } };
        };
        let values = [("score", format!("{own:.3}").into())];
        let lower = chosen
            .score
            .filter(|score| *score < own && self.decides() && self.flagged_from() != Some(*score));
        html! {
            p { (frame.say_with("models-dial-own", &args(values))) }
            @match lower {
                Some(score) if frame.caller.may(Right::AskForChange) => {
                    p.actions {
                        a.button href={
                            "/strategy/change?change=review-below&task=" (encoded(VULNERABLE))
                            "&review_below=" (format!("{:.3}", 1.0 - score))
                        } { (frame.say_with("models-dial-ask", &args([("recall", percent(chosen.recall).into())]))) }
                    }
                }
                Some(_) => p.muted { (frame.say("models-dial-who")) },
                None => p.muted { (frame.say("models-dial-other-version")) },
            }
            @if !self.decides() { p.muted { (frame.say("models-dial-not-deciding")) } }
        }
    }

    /// The score from which on the version itself says POSSIBLE.
    fn own_threshold(&self) -> Option<f64> {
        let (_, head) = self.manifest?.head(VULNERABLE)?;
        (head.kind == Kind::Flag).then(|| head.thresholds.get(POSSIBLE).copied())?
    }

    /// The score from which on a complaint is passed on as POSSIBLE today.
    fn flagged_from(&self) -> Option<f64> {
        let newest = self.log.strategies.newest()?;
        let review_below = f64::from(newest.task(VULNERABLE)?.review_below);
        Some(self.own_threshold()?.min(1.0 - review_below))
    }

    /// Whether it decides the task in the newest strategy.
    fn decides(&self) -> bool {
        let newest = self.log.strategies.newest();
        newest.and_then(|newest| newest.task(VULNERABLE)).is_some_and(|task| {
            task.arms.iter().any(|arm| {
                arm.role == Role::Deciding
                    && arm.model_id == self.model.model_id
                    && arm.model_version == self.model.version
            })
        })
    }

    fn per_day(&self) -> u32 {
        let asked = self.query.per_day.trim().parse().ok();
        asked.filter(|per_day| (1..=MOST_PER_DAY).contains(per_day)).unwrap_or(PER_DAY)
    }

    /// Complaints a day, of the share `flagged`.
    fn a_day(&self, flagged: f64) -> String {
        format!("{:.0}", flagged * f64::from(self.per_day()))
    }
}

/// The choice whose score is nearest to `from`.
fn nearest(choices: &[Choice], from: f64) -> Option<usize> {
    let far = |choice: &Choice| choice.score.map(|score| (score - from).abs());
    let all = choices.iter().enumerate().filter_map(|(at, choice)| Some((at, far(choice)?)));
    all.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
}

fn percent(share: f64) -> String {
    let percent = format!("{:.1}", 100.0 * share);
    format!("{} %", percent.strip_suffix(".0").unwrap_or(&percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::models::card::blocks;

    #[test]
    fn the_dial_of_the_shipped_model_is_read_from_its_card() {
        let card = blocks(include_str!("../../../../../models/complaints/README.md"));
        let choices = of_card(&card, VULNERABLE);
        assert_eq!(choices.len(), 6);
        let found = choices[3];
        assert_eq!((found.recall, found.score, found.precision), (0.75, Some(0.156), 0.233));
        assert!((found.flagged - 2_938.0 / 5_000.0).abs() < 1e-9, "{found:?}");
        assert_eq!(nearest(&choices, 0.181), Some(2));
        assert_eq!(of_card(&card, "weather"), []);
    }

    #[test]
    fn figures_that_are_none_give_no_choice() {
        let card = "### The dial of vulnerable\n\n| recall | from score | precision | flags a day |\n|---|---|---|---|\n\
                    | 30 % | - | 0.4 | 100 |\n| many | 0.2 | 0.3 | 5 |\n| 60 % | 0.1 | NaN | 5 |\n| 75 % |\n";
        let choices = of_card(&blocks(card), VULNERABLE);
        assert_eq!(choices, [Choice { recall: 0.3, score: None, precision: 0.4, flagged: 0.02 }]);
    }
}
