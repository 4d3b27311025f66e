//! The logits of a model for labelled rows, computed by what will serve.

use indicatif::ProgressBar;
use ombud_measure::replicas::share_out;
use ombud_models::{ClassifyError, Logits, Model, Prepared};

use super::examples::Example;

/// Rows that a thread scores at once: enough for an encoder to batch texts of similar length.
const CHUNK: usize = 64;

/// The logits of each row, in order; `progress` counts the rows. Chunks are the same for any number of threads, and so
/// are the logits.
pub(crate) fn score(
    model: &dyn Model,
    rows: &[Example],
    threads: usize,
    progress: &ProgressBar,
) -> Result<Vec<Logits>, ClassifyError> {
    let (_, scored) = share_out(
        threads,
        |chunks| rows.chunks(CHUNK).enumerate().all(|chunk| chunks.send(chunk)),
        |chunks| {
            let mut replica = model.replica();
            let mut scored = Vec::new();
            for (at, chunk) in chunks {
                let prepared: Vec<Prepared> = chunk.iter().map(|row| model.prepare(&row.narrative)).collect();
                scored.push((at, replica.classify(&prepared.iter().collect::<Vec<_>>())?));
                progress.inc(chunk.len() as u64);
            }
            Ok::<_, ClassifyError>(scored)
        },
    )?;
    let mut scored: Vec<(usize, Vec<Logits>)> = scored.into_iter().flatten().collect();
    scored.sort_unstable_by_key(|(at, _)| *at);
    Ok(scored.into_iter().flat_map(|(_, logits)| logits).collect())
}
