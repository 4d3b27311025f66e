//! The network that a training begins with: the base's body under new heads.

use super::base::Base;
use super::error::TuneError;
use super::recipe::{HeadTuning, Pool};
use super::seeds::{Draw, normal, seed};
use crate::encoder::names::Names;
use crate::encoder::network::{Head, Linear, Network, Pooling};

/// What new matrices are drawn with; BERT's own.
const DEVIATION: f64 = 0.02;

/// The base's body with a new head for each of `heads`; a flag's answers with one number.
pub(super) fn start(
    base: &Base,
    heads: &[HeadTuning],
    pool: Pool,
    run_seed: u64,
) -> Result<Network, TuneError> {
    let (mut network, pooler) = base.network()?;
    let hidden = base.hidden();
    for (place, head) in heads.iter().enumerate() {
        let drawn = seed(run_seed, Draw::Head(place));
        let pooling = match (pool, &pooler) {
            // Zero reads all tokens alike.
            (Pool::Attention, _) => Pooling::Attention { query: base.zeros(&[hidden])? },
            (Pool::First, pooler) => {
                let dense = match pooler {
                    Some(pooler) => Linear { weight: pooler.weight.copy(), bias: pooler.bias.copy() },
                    None => {
                        let mut drawn = drawn;
                        drawn[31] = 1;
                        let weight = normal(&[hidden, hidden], DEVIATION, drawn)?;
                        Linear { weight, bias: base.zeros(&[hidden])? }
                    }
                };
                Pooling::First { dense, activation: Names::of(base.config.architecture).activation }
            }
        };
        let outputs = if head.flag { 1 } else { head.labels as i64 };
        let answer =
            Linear { weight: normal(&[outputs, hidden], DEVIATION, drawn)?, bias: base.zeros(&[outputs])? };
        network.heads.push(Head { pooling, answer });
    }
    Ok(network)
}
