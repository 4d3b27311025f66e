//! What stands only in the card of an encoder.

use std::fmt::Write;

use ombud_models::Head;
use ombud_torch::encoder::{Pool, Tuned};

use super::recipe::Recipe;

/// How the encoder works and how it was trained.
pub(super) fn about(recipe: &Recipe, base: &str, heads: &[&Head], tuned: &Tuned) -> String {
    let tuning = &recipe.tuning;
    let pooling = match tuning.pooling {
        Pool::Attention => "a learned query weighs all tokens of a text, and one linear layer answers",
        Pool::First => "the first token goes through a layer of the head's own, and a linear one answers",
    };
    let frozen = match tuning.frozen_layers {
        Some(layers) => format!("embeddings and the lowest {layers} layers stayed as they were"),
        None => "all layers were trained, the embeddings with them".to_owned(),
    };
    let best = &tuned.points[tuned.best];
    let mut text = format!(
        "Reads a customer's complaint in English and says, in one pass, what it is about: a transformer encoder, trained\n\
         on from {base}, with one head a task. In each, {pooling}. Of a text, cleaned of marks of\n\
         redaction, {} tokens are read: all, or its head and its tail.\n\n\
         AdamW, {} epochs of {} examples a step, rate {} at the top and times {} a layer down, {} for the heads; {frozen};\n\
         dropout {}, label smoothing {}. Kept is a moving average of the weights (decay {}), as it stood after {} steps\n\
         (epoch {:.1}), where the calibrated cross entropy on the held-out rows was least ({:.4}). Matrices are\n\
         stored in a byte a weight.\n\n",
        recipe.max_tokens,
        tuning.epochs,
        tuning.batch,
        tuning.rate,
        tuning.rate_a_layer,
        tuning.head_rate,
        tuning.dropout,
        tuning.smoothing,
        tuning.average,
        best.step,
        best.epoch,
        best.score,
    );
    text += "| task | labels | kind | share in the loss |\n|---|---|---|---|\n";
    for head in heads {
        let Some(how) = recipe.heads.iter().find(|recipe| recipe.task.name == head.task) else { continue };
        let (task, labels, kind, set) = (&head.task, head.labels.len(), head.kind, &head.label_set);
        let coarse = how.coarse.as_ref().map(|coarse| format!(", {} {}", coarse.level, coarse.weight));
        // Writing to a string never fails.
        let _ = writeln!(
            text,
            "| {task} | {labels} ({set}) | {kind:?} | {}{} |",
            how.weight,
            coarse.unwrap_or_default()
        );
    }
    text
}

/// What an encoder can't do.
pub(super) const LIMITS: &str = "\
- Of a long text it reads the beginning and the end: what stands between them alone is lost on it.
- It learned from English complaints; what it makes of other languages or of other kinds of text nobody measured.
";
