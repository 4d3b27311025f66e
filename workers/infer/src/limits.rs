//! Every bound of an infer worker, and what a record costs of them.

use ombud_models::BatchBudget;
use ombud_stream::{DriveLimits, Record};

/// Bounds of one infer worker.
#[derive(Clone, Copy, Debug)]
pub struct InferLimits {
    /// Threads that decode and tokenise.
    pub tokenizer_threads: usize,
    /// Threads that run models, each with its own replica; one a core is best.
    pub replicas: usize,
    /// What a batch may hold; a model that declares less gets less. More fills the vector units better and costs latency
    /// and memory.
    pub batch: BatchBudget,
    /// Complaints looked at together when batches are cut by length.
    pub window: usize,
    /// Complaints waiting between two stages, and those among which the next batch is chosen.
    pub queue: usize,
    /// Of the thread that polls and commits.
    pub drive: DriveLimits,
}

/// About how many bytes of a narrative make a token.
const BYTES_PER_TOKEN: usize = 4;
/// Beyond this no record costs more: a model reads no further, about 500 tokens on.
const RECORD_COST_MAX: usize = 2_048;

impl InferLimits {
    /// Bytes in flight that keep all threads busy: a batch for each replica, and one that is being prepared.
    pub fn busy_bytes(replicas: usize, batch: BatchBudget) -> u64 {
        let bytes = (replicas + 1).saturating_mul(batch.tokens).saturating_mul(BYTES_PER_TOKEN);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What a record costs, in bytes, before it is decoded.
pub(crate) fn cost(record: &Record) -> u64 {
    let bytes = record.value.as_ref().map_or(0, |value| value.len());
    u64::try_from(bytes.clamp(1, RECORD_COST_MAX)).unwrap_or(u64::MAX)
}
