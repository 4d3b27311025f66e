//! What the absence of each sentence changes: asked of the model as it is served.

use std::ops::Range;

use ombud_models::Stop;

use crate::{
    code_points::CodePoints,
    contrast::Objective,
    document::SentenceShare,
    error::Interruption,
    head::TaskHead,
    sentences::{sentences, without},
    texts::ServedModel,
};

/// Neighbouring sentences are merged until there are so many: each costs as much as answering a text.
pub(crate) const MOST_SENTENCES: usize = 40;

/// The sentences of `narrative`, each with how far the contrast falls without it, whose value is `served`. One whose absence
/// leaves a text that can't be scored is not among them.
pub(crate) fn occluded(
    model: &ServedModel<'_>,
    narrative: &str,
    (task, objective): (&TaskHead<'_>, &Objective),
    served: f64,
    stop: &Stop,
) -> Result<Vec<SentenceShare>, Interruption> {
    let pieces: Vec<Range<usize>> = sentences(narrative, MOST_SENTENCES);
    let shortened: Vec<String> = pieces.iter().map(|piece| without(narrative, [piece])).collect();
    let scores = model.scores(&shortened, true, stop)?;
    let points = CodePoints::of(narrative);
    let shares = pieces.iter().zip(&shortened).zip(scores).filter_map(|((piece, shortened), score)| {
        let without_it = objective.in_text(&score.logits?, shortened, task.head);
        Some(SentenceShare { place: points.place(piece), value: served - without_it })
    });
    Ok(shares.filter(|share| share.value.is_finite()).collect())
}
