//! What stands only in the card of a bag.

use std::fmt::Write;

use ombud_models::Head;

use super::recipe::Recipe;

/// How the bag works and how each of its heads was learned.
pub(super) fn about(recipe: &Recipe, heads: &[&Head], kept: usize) -> String {
    let (max_chars, bits) = (recipe.hashing.max_chars, recipe.hashing.bits);
    let mut text = format!(
        "Reads a customer's complaint in English and says, in one pass, what it is about. It counts words, pairs of\n\
         words and runs of 3 to 5 characters in the first {max_chars} characters, hashes them (murmur3, 2 x 2^{bits}\n\
         columns), weighs them by tf-idf and adds up {kept} learned rows of eight-bit weights: one softmax regression a\n\
         task, learned by L-BFGS with an L2 penalty.\n\n"
    );
    if let Some(hint) = &recipe.hint {
        let (from, to) = (&hint.from, &hint.to);
        text += &format!(
            "The answer to {from} hints at {to}: to each of its logits is added a share of `ln sum p(c) P(c | label)` over\n\
             the labels `c` of {from}, `P` counted on the rows that carry both. Temperature, the hint's share and a\n\
             shift a label are fitted to rows that the weights didn't see.\n\n"
        );
    }
    text += "| task | labels | kind | C | iterations |\n|---|---|---|---|---|\n";
    for head in heads {
        let Some(how) = recipe.heads.iter().find(|recipe| recipe.task.name == head.task) else { continue };
        let (task, labels, kind) = (&head.task, head.labels.len(), head.kind);
        let (set, c, iterations) = (&head.label_set, how.c, how.iterations);
        // Writing to a string never fails.
        let _ = writeln!(text, "| {task} | {labels} ({set}) | {kind:?} | {c} | {iterations} |");
    }
    text
}

/// What a bag can't do.
pub(super) const LIMITS: &str = "\
- It knows words, not meaning: sarcasm, negation over distance and languages other than English are lost on it.
";
