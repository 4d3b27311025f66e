//! In one plain sentence: why this level and no finer one, or why there is no answer.
//!
//! No sentence names what a customer was called vulnerable for: who may not see that reads it too.

use ombud_contract::records::{Outcome, Prediction};
use ombud_models::PRODUCT;

use crate::{document::LevelReached, head::TaskHead};

/// A share of 1 in hundredths.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Why `prediction` is as it is. `levels`: what the logits of that time reach; empty where nobody knows.
pub(crate) fn reason(
    prediction: &Prediction,
    task: Option<&TaskHead<'_>>,
    levels: &[LevelReached],
    known_product: Option<&str>,
) -> String {
    let said = match (&prediction.unread, prediction.outcome) {
        (Some(code), _) => {
            format!("The model cannot read the text, because {}; so it gives no answer.", unread(code))
        }
        (None, Outcome::Failed) => {
            let code = prediction.failure.as_deref().unwrap_or("unknown");
            format!("The model gave no answer: it failed with `{code}`.")
        }
        _ if task.is_some_and(TaskHead::is_flag) => flag(prediction, levels),
        _ => choice(prediction, task, levels),
    };
    match known_product.filter(|_| prediction.task == PRODUCT) {
        Some(known) => {
            format!("The CRM said that the product is {known}, which counts whatever the model says. {said}")
        }
        None => said,
    }
}

fn unread(code: &str) -> String {
    match code {
        "language" => "it is in a language that the model does not read".to_owned(),
        "script" => "it is in a script that the model has no words of".to_owned(),
        "too-few-words" => "the customer's own words are too few".to_owned(),
        "unseen-words" => "too many of its words are ones that the model never learned".to_owned(),
        other => format!("of `{other}`"),
    }
}

fn choice(prediction: &Prediction, task: Option<&TaskHead<'_>>, levels: &[LevelReached]) -> String {
    let label = prediction.label.as_deref().unwrap_or("nothing");
    let (sure, needed) =
        (percent(f64::from(prediction.confidence)), percent(f64::from(prediction.threshold)));
    let bound = bound(prediction, task);
    if prediction.outcome == Outcome::Abstained {
        let level = &prediction.level;
        return format!(
            "No level is sure enough: at the coarsest, {level}, {label} gets {sure} where {needed} are needed{bound}; so it gives no answer, and {label} is only its best guess."
        );
    }
    let finer: Vec<&LevelReached> =
        levels.iter().take_while(|level| level.level != prediction.level).collect();
    if finer.is_empty() && prediction.threshold == 0.0 {
        return format!("{label} is the likeliest with {sure}, and no least confidence is asked for.");
    }
    match finer.last() {
        Some(finer) if levels.iter().any(|level| level.level == prediction.level) => format!(
            "The likeliest answer at the finer level {} is {} with {}, where {} are needed; so it answers at the level {}: {label} with {sure}, where {needed} are needed{bound}.",
            finer.level,
            finer.label,
            percent(finer.confidence),
            percent(finer.threshold),
            prediction.level,
        ),
        _ => format!(
            "{label} gets {sure}, where {needed} are needed at the level {}{bound}.",
            prediction.level
        ),
    }
}

/// Whose bound the threshold is, where it is not the model's own.
fn bound(prediction: &Prediction, task: Option<&TaskHead<'_>>) -> &'static str {
    let Some(task) = task else { return "" };
    let own = task.head.thresholds.get(&prediction.level).copied().unwrap_or(0.0);
    if prediction.threshold > (own as f32).max(task.review_below) {
        " (as likely is none of its labels)"
    } else if prediction.threshold > own as f32 {
        " (by the strategy)"
    } else {
        ""
    }
}

fn flag(prediction: &Prediction, levels: &[LevelReached]) -> String {
    let label = prediction.label.as_deref().unwrap_or_default();
    let score = prediction.score.map(f64::from);
    let yes = score.map_or_else(
        || "an unknown share".to_owned(),
        |score| format!("{} ({})", percent(score), odds(score)),
    );
    let by_phrases = prediction.threshold == 0.0 && !prediction.evidence.is_empty();
    if prediction.outcome == Outcome::Labelled && by_phrases && label != "NOT_INDICATED" {
        let enough = if label == "VULNERABLE" {
            "The narrative says it outright, which is enough for VULNERABLE whatever the score"
        } else {
            "The narrative hints at it, which is enough for POSSIBLE whatever the score"
        };
        return format!("{enough}; by score and phrases together a yes gets {yes}.");
    }
    let needs = |name: &str| {
        let level = levels.iter().find(|level| level.level == name);
        level.map(|level| format!("{} ({})", percent(level.threshold), odds(level.threshold)))
    };
    let (possible, vulnerable) = (needs("possible"), needs("vulnerable"));
    let from = |needed: Option<String>| needed.unwrap_or_else(|| percent(f64::from(prediction.threshold)));
    match label {
        "VULNERABLE" => {
            format!("A yes gets {yes}, and from {} on the answer is VULNERABLE.", from(vulnerable))
        }
        "POSSIBLE" => {
            let upper = vulnerable.map_or_else(String::new, |v| format!(", and VULNERABLE from {v} on"));
            format!("A yes gets {yes}: the answer is POSSIBLE from {} on{upper}.", from(possible))
        }
        _ if prediction.outcome == Outcome::Abstained => format!(
            "A yes gets {yes}, too little for POSSIBLE, and a no gets {}, where the strategy asks for {}; so it gives no answer.",
            percent(f64::from(prediction.confidence)),
            percent(f64::from(prediction.threshold)),
        ),
        _ => {
            let lower = possible
                .map_or_else(String::new, |p| format!(", and from {p} on the answer would be POSSIBLE"));
            format!("A yes gets {yes}{lower}.")
        }
    }
}

/// A probability as log-odds, which is what the bars are in.
fn odds(share: f64) -> String {
    let odds = (share / (1.0 - share)).ln();
    if odds.is_finite() { format!("log-odds {odds:+.2}") } else { "log-odds without bound".to_owned() }
}
