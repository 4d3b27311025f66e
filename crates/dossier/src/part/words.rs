//! Part 3: the words that decided, as far as they could be computed again.

use ombud_explain::Explanation;
use serde::Serialize;

use super::RATIONALE;
use crate::case::Case;

#[derive(Serialize)]
pub(crate) struct WordsPart {
    pub(crate) answers: [&'static str; 1],
    pub(crate) notes: Vec<String>,
    /// One a task. Words are places in the narrative, in code points.
    pub(crate) explanations: Vec<Explanation>,
}

impl WordsPart {
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut notes =
            vec!["Words are the model's reasons, and not the merits of what the customer says.".to_owned()];
        let explanations = match &case.sources.explanations {
            Ok(explanations) => explanations.clone(),
            Err(why) => {
                notes.push(format!("There is no explanation: {why}."));
                Vec::new()
            }
        };
        let judged = &case.route().input_sha256;
        let (mut explanations, others): (Vec<_>, Vec<_>) =
            explanations.into_iter().partition(|explanation| explanation.input_sha256 == *judged);
        if !others.is_empty() {
            notes.push("An explanation of another text than was judged is left out.".to_owned());
        }
        if !case.sources.sees_evidence {
            explanations = explanations.into_iter().map(Explanation::without_evidence).collect();
        }
        for explanation in explanations.iter().filter(|explanation| !explanation.reproduction.is_reproduced) {
            notes.push(format!("The answer to {} was not reproduced: see under Proof.", explanation.task));
        }
        Self { answers: [RATIONALE], notes, explanations }
    }
}
