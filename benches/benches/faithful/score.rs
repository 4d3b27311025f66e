//! The served model for explainers that are not ours: texts in, log-odds out.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{
    sample::complaints,
    served::Served,
    words::{in_code_points, words},
};

/// Nearer to 0 or 1 a probability's log-odds are those of this.
const NEAREST: f64 = 1e-9;

/// One line a complaint: `{"row", "text", "words": [[start, end] in code points], "answers": [label of each task]}`.
pub(crate) fn print_words(split: &str, count: usize, out: &mut dyn Write) -> Result<()> {
    let mut served = Served::load()?;
    for complaint in complaints(split, count, &mut served)? {
        let text = &complaint.narrative;
        let places = in_code_points(text, &words(text));
        let places: Vec<[usize; 2]> = places.into_iter().map(|word| [word.start, word.end]).collect();
        let answered = served.answered(text)?;
        let answers: Vec<_> = answered.answers.iter().map(|answer| answer.label.as_deref()).collect();
        let line = json!({
            "row": complaint.row, "text": text, "words": places, "tasks": served.tasks(), "answers": answers,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Answers lines `{"of": text, "texts": [text, ...]}` with `{"log_odds": [[one a task], ...]}`: for each text those of what is
/// answered to `of`.
pub(crate) fn score(lines: &mut dyn BufRead, out: &mut dyn Write) -> Result<()> {
    let mut served = Served::load()?;
    let mut last: Option<(String, Vec<ombud_models::Answer>)> = None;
    for line in lines.lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let of = asked["of"].as_str().context("`of`")?;
        let texts: Vec<&str> =
            asked["texts"].as_array().context("`texts`")?.iter().filter_map(Value::as_str).collect();
        let answers = match last.take() {
            Some((text, answers)) if text == of => answers,
            _ => served.answered(of)?.answers,
        };
        let log_odds: Vec<Vec<f64>> = served
            .probabilities(&answers, &texts)?
            .into_iter()
            .map(|of_text| of_text.into_iter().map(log_odds).collect())
            .collect();
        last = Some((of.to_owned(), answers));
        writeln!(out, "{}", json!({ "log_odds": log_odds }))?;
        out.flush()?;
    }
    Ok(())
}

fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(NEAREST, 1.0 - NEAREST);
    (probability / (1.0 - probability)).ln()
}
