//! What a model says about labelled rows, computed by what will serve.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;
use ombud_models::{ClassifyError, Logits, Model, Prepared};

use super::examples::Example;

/// Rows that a thread scores at once: enough for an encoder to find company of like length.
const CHUNK: usize = 64;

/// The logits of each row, in order; `progress` counts the rows. Chunks are the same for any number of threads, and so
/// are the logits.
pub(crate) fn score(
    model: &dyn Model,
    rows: &[Example],
    threads: usize,
    progress: &ProgressBar,
) -> Result<Vec<Logits>, ClassifyError> {
    let chunks: Vec<&[Example]> = rows.chunks(CHUNK).collect();
    let next = AtomicUsize::new(0);
    let score = || {
        let mut replica = model.replica();
        let mut scored = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(at) else { return Ok(scored) };
            let prepared: Vec<Prepared> = chunk.iter().map(|row| model.prepare(&row.narrative)).collect();
            scored.push((at, replica.classify(&prepared.iter().collect::<Vec<_>>())?));
            progress.inc(chunk.len() as u64);
        }
    };
    let mut scored = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(score)).collect();
        let mut all = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(scored) => all.extend(scored?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })?;
    scored.sort_unstable_by_key(|(at, _)| *at);
    Ok(scored.into_iter().flat_map(|(_, logits)| logits).collect())
}
