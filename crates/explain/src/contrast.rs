//! Why A and not B, as a function of logits: the difference of the log-sums over the leaves of each, in calibrated units.
//!
//! Of two leaves it is the difference of two logits over the temperature; of a yes or no the log-odds of what was said.

use ombud_contract::records::{Evidence, Vulnerability};
use ombud_contract::verdict::{NO, YES};
use ombud_models::{Head, Outputs, vulnerability_of};

use crate::{document::Side, error::ExplainError, head::TaskHead};

/// What asks for a comparison with every other label together: what an answer's own probability is about.
pub const ALL_OTHERS: &str = "all others";

/// What is compared, and with what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compared {
    pub(crate) answer: Side,
    pub(crate) against: Side,
    pub(crate) objective: Objective,
}

/// `log-sum of A's logits - log-sum of B's`, over the temperature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Objective {
    /// The head's place.
    head: usize,
    /// Places of A's leaves.
    a: Vec<usize>,
    /// Places of B's.
    b: Vec<usize>,
    temperature: f64,
    /// What the narrative says outright counts so: 1 where A is a yes, -1 where it is a no, 0 in a choice.
    pub(crate) sign: f64,
    /// What that adds.
    pub(crate) odds: f64,
}

impl Objective {
    /// Its value, without [`Self::odds`].
    pub(crate) fn value(&self, outputs: &[Vec<f64>]) -> f64 {
        let logits = &outputs[self.head];
        self.log_sum(logits, &self.a) - self.log_sum(logits, &self.b)
    }

    /// As served, with [`Self::odds`].
    pub(crate) fn served(&self, logits: &[Vec<f32>]) -> f64 {
        self.value(&in_double(logits)) + self.odds
    }

    /// As served in another text of the same complaint, with what that says outright.
    pub(crate) fn in_text(&self, logits: &[Vec<f32>], text: &str, head: &Head) -> f64 {
        let odds = if self.sign == 0.0 { 0.0 } else { self.sign * head.odds_of(&head.evidence_in(text)) };
        self.value(&in_double(logits)) + odds
    }

    /// How fast it grows with each logit.
    pub(crate) fn gradient(&self, outputs: &Outputs) -> Outputs {
        let mut gradient: Outputs = outputs.iter().map(|row| vec![0.0; row.len()]).collect();
        for (side, sign) in [(&self.a, 1.0), (&self.b, -1.0)] {
            let logits = &outputs[self.head];
            let all = self.log_sum(logits, side);
            for place in side {
                let share = (logits[*place] / self.temperature - all).exp();
                gradient[self.head][*place] += sign * share / self.temperature;
            }
        }
        gradient
    }

    /// Whether it is a difference of two logits.
    pub(crate) fn is_difference(&self) -> bool {
        self.a.len() == 1 && self.b.len() == 1
    }

    fn log_sum(&self, logits: &[f64], places: &[usize]) -> f64 {
        if let [place] = places {
            return logits[*place] / self.temperature;
        }
        let scaled = || places.iter().map(|place| logits[*place] / self.temperature);
        let greatest = scaled().fold(f64::NEG_INFINITY, f64::max);
        scaled().map(|logit| (logit - greatest).exp()).sum::<f64>().ln() + greatest
    }
}

/// Logits as sums are made of them.
fn in_double(logits: &[Vec<f32>]) -> Outputs {
    logits.iter().map(|row| row.iter().copied().map(f64::from).collect()).collect()
}

/// Compares what was answered, `label` at `level`, with `against`, which may be [`ALL_OTHERS`], or with the runner-up at that
/// level. `None` where there is nothing to compare with: the level has one label, or the model does not know what was answered.
///
/// # Errors
/// No level has `against`, or it is what was answered.
pub(crate) fn compared(
    task: &TaskHead<'_>,
    (level, label): (&str, &str),
    against: Option<&str>,
    logits: &[f32],
    evidence: &[Evidence],
) -> Result<Option<Compared>, ExplainError> {
    if logits.len() != task.head.outputs() {
        return Ok(None);
    }
    if task.is_flag() {
        return flag(task, label, against, logits, evidence);
    }
    let a = task.leaves(level, label);
    if a.is_empty() {
        return Ok(None);
    }
    let side = |level: &str, label: &str| {
        let labels = task.level(level, logits).map(|(labels, _)| labels).unwrap_or_default();
        let probability = labels.iter().find(|(other, _)| *other == label).map_or(0.0, |(_, p)| *p);
        Side { label: label.to_owned(), level: level.to_owned(), probability }
    };
    let answer = side(level, label);
    let objective =
        |a, b| Objective { head: task.place, a, b, temperature: task.head.temperature, sign: 0.0, odds: 0.0 };
    if against == Some(ALL_OTHERS) {
        let b: Vec<usize> = (0..logits.len()).filter(|place| !a.contains(place)).collect();
        let against =
            Side { label: ALL_OTHERS.to_owned(), probability: 1.0 - answer.probability, ..answer.clone() };
        return Ok((!b.is_empty()).then(|| Compared { answer, against, objective: objective(a, b) }));
    }
    let Some((b_level, b_label)) = (match against {
        Some(asked) => Some(asked_for(task, level, &a, asked)?),
        None => runner_up(task, level, label, logits).map(|label| (level.to_owned(), label)),
    }) else {
        return Ok(None);
    };
    let b = task.leaves(&b_level, &b_label);
    Ok(Some(Compared { answer, against: side(&b_level, &b_label), objective: objective(a, b) }))
}

/// POSSIBLE and VULNERABLE speak for a yes; what they differ in is the threshold, which is no matter of words.
fn flag(
    task: &TaskHead<'_>,
    label: &str,
    against: Option<&str>,
    logits: &[f32],
    evidence: &[Evidence],
) -> Result<Option<Compared>, ExplainError> {
    const LABELS: [&str; 3] = [NO, "POSSIBLE", YES];
    // A yes has no other but a no.
    let against = against.filter(|asked| *asked != ALL_OTHERS);
    let is_yes = |label: &str| vulnerability_of(label) != Vulnerability::NotIndicated;
    if let Some(asked) = against {
        if !LABELS.contains(&asked) {
            return Err(unknown(asked, LABELS));
        }
        if asked == label {
            return Err(ExplainError::SameLabel { label: asked.to_owned() });
        }
    }
    let Some(score) = task.score(logits, evidence) else { return Ok(None) };
    let yes = is_yes(label);
    let other = match against {
        Some(asked) if is_yes(asked) != yes => asked,
        _ if yes => NO,
        _ => YES,
    };
    let side = |label: &str| Side {
        label: label.to_owned(),
        level: task.head.task.clone(),
        probability: if is_yes(label) { score } else { 1.0 - score },
    };
    let (a, b, sign) = if yes { (1, 0, 1.0) } else { (0, 1, -1.0) };
    let (temperature, odds) = (task.head.temperature, sign * task.head.odds_of(evidence));
    let objective = Objective { head: task.place, a: vec![a], b: vec![b], temperature, sign, odds };
    Ok(Some(Compared { answer: side(label), against: side(other), objective }))
}

fn runner_up(task: &TaskHead<'_>, level: &str, label: &str, logits: &[f32]) -> Option<String> {
    let (labels, _) = task.level(level, logits)?;
    let others = labels.into_iter().filter(|(other, _)| *other != label);
    let best = others.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(label, _)| label.to_owned())
}

/// The level of a label that was asked for: the answer's own where that has it, else the finest. One name may stand on
/// several levels for the same leaves.
fn asked_for(
    task: &TaskHead<'_>,
    answered: &str,
    a: &[usize],
    asked: &str,
) -> Result<(String, String), ExplainError> {
    let levels = std::iter::once(answered).chain(task.taxonomy.levels());
    let having = levels.filter(|level| {
        task.taxonomy.labels(level).is_some_and(|labels| labels.iter().any(|label| label == asked))
    });
    let mut found =
        having.map(|level| (level, task.leaves(level, asked))).filter(|(_, b)| !b.is_empty()).peekable();
    if found.peek().is_none() {
        let all = task.taxonomy.levels().flat_map(|level| task.taxonomy.labels(level).unwrap_or_default());
        return Err(unknown(asked, all.map(String::as_str)));
    }
    let other = found.find(|(_, b)| b != a);
    other
        .map(|(level, _)| (level.to_owned(), asked.to_owned()))
        .ok_or_else(|| ExplainError::SameLabel { label: asked.to_owned() })
}

fn unknown<'a>(asked: &str, labels: impl IntoIterator<Item = &'a str>) -> ExplainError {
    let mut known: Vec<String> = Vec::new();
    for label in labels {
        if !known.iter().any(|other| other == label) {
            known.push(label.to_owned());
        }
    }
    ExplainError::UnknownLabel { label: asked.to_owned(), labels: known }
}
