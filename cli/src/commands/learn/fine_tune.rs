//! The flags of `ombud learn --family encoder`; without them it trains as the default models were made.

use clap::{Args, ValueEnum, value_parser};

/// Flags of `learn` that no other family has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "With --family encoder")]
pub(crate) struct FineTune {
    /// Encoder to start from: a folder with config.json, tokenizer.json and model.safetensors, or a model of the hub
    #[arg(long, value_name = "DIR|OWNER/NAME[@REVISION]")]
    pub(crate) base: Option<String>,

    /// Passes over the complaints [default: 3]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<f64>,

    /// Learn from this many complaints only: a random part, for a quick comparison; with --from-feedback the latest of
    /// the judged ones (50000 unless this is set), and all of FILES
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<usize>,

    /// Threads, each with a replica [default: one a core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,

    /// Complaints a step [default: 16]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,

    /// Tokens that are read of a complaint: all, or its head and tail [default: 256]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,

    /// Read complaints as they are, marks of redaction included
    #[arg(long)]
    pub(crate) uncleaned: bool,

    /// Learning rate of the top layer [default: 0.00015]
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<f64>,

    /// The rate times this for each layer further down [default: 0.9]
    #[arg(long, value_name = "SHARE")]
    pub(crate) rate_a_layer: Option<f64>,

    /// Learning rate of the heads [default: 0.001]
    #[arg(long, value_name = "RATE")]
    pub(crate) head_rate: Option<f64>,

    /// Lower layers that stay as they are, the embeddings with them; `none` trains all [default: 2]
    #[arg(long, value_parser = layers, value_name = "N")]
    pub(crate) frozen_layers: Option<Layers>,

    /// Number format of the trained layers' products [default: bfloat16 where the processor has it, which is twice as
    /// fast]
    #[arg(long, value_enum)]
    pub(crate) precision: Option<Precision>,

    /// How a head makes one vector of a text's tokens [default: attention]
    #[arg(long, value_enum)]
    pub(crate) pooling: Option<Pooling>,

    /// Share that dropout drops, of tokens and of attention [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    pub(crate) dropout: Option<f64>,

    /// Share of a target that is spread over all labels [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    pub(crate) smoothing: Option<f64>,

    /// Weight of the intents in the loss, beside the issues' [default: 0.5]
    #[arg(long, value_name = "WEIGHT")]
    pub(crate) coarse_weight: Option<f64>,

    /// Decay of the weights' moving average [default: 0.998]
    #[arg(long, value_name = "SHARE")]
    pub(crate) average: Option<f64>,

    /// Disk space to cache the output of the frozen layers; what does not fit is computed each time
    #[arg(long, value_name = "GB", default_value_t = 6.0)]
    pub(crate) cache_gb: f64,

    /// How often the unfinished run is saved: a run that is killed loses no more than this; 0 saves every step
    #[arg(long, value_name = "SECONDS", default_value_t = 240, value_parser = value_parser!(u64).range(..=300))]
    pub(crate) keep_every: u64,
}

/// The value of `--frozen-layers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layers {
    /// Everything is trained.
    None,
    /// So many, and the embeddings.
    Lowest(usize),
}

/// The value of `--pooling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pooling {
    /// All tokens, by a learned query a task
    Attention,
    /// The first token, as stock classifiers do
    Stock,
}

/// The value of `--precision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    /// Single
    Float,
    /// Half, with sums in single
    Bfloat16,
}

fn layers(text: &str) -> Result<Layers, String> {
    match text {
        "none" => Ok(Layers::None),
        number => number.parse().map(Layers::Lowest).map_err(|_| "neither a number nor `none`".to_owned()),
    }
}

#[cfg(feature = "torch")]
impl FineTune {
    /// The default recipe with the flags that were given.
    pub(crate) fn recipe(&self) -> ombud_learn::encoder::Recipe {
        fn set<T: Copy>(field: &mut T, said: Option<T>) {
            *field = said.unwrap_or(*field);
        }
        let mut recipe = ombud_learn::encoder::Recipe::default();
        let tuning = &mut recipe.tuning;
        set(&mut tuning.epochs, self.epochs);
        set(&mut tuning.batch, self.batch);
        set(&mut tuning.rate, self.rate);
        set(&mut tuning.rate_a_layer, self.rate_a_layer);
        set(&mut tuning.head_rate, self.head_rate);
        set(&mut tuning.dropout, self.dropout);
        set(&mut tuning.attention_dropout, self.dropout);
        set(&mut tuning.smoothing, self.smoothing);
        set(&mut tuning.average, self.average);
        let frozen = self.frozen_layers.map(|layers| match layers {
            Layers::None => None,
            Layers::Lowest(layers) => Some(layers),
        });
        set(&mut tuning.frozen_layers, frozen);
        let precision = self.precision.map(|precision| match precision {
            Precision::Float => ombud_torch::encoder::Precision::Float,
            Precision::Bfloat16 => ombud_torch::encoder::Precision::Bfloat16,
        });
        set(&mut tuning.precision, precision);
        let pooling = self.pooling.map(|pooling| match pooling {
            Pooling::Attention => ombud_torch::encoder::Pool::Attention,
            Pooling::Stock => ombud_torch::encoder::Pool::First,
        });
        set(&mut tuning.pooling, pooling);
        set(&mut recipe.max_tokens, self.max_tokens);
        recipe.rows = self.rows;
        if self.uncleaned {
            recipe.cleaning = None;
        }
        for coarse in recipe.heads.iter_mut().filter_map(|head| head.coarse.as_mut()) {
            set(&mut coarse.weight, self.coarse_weight);
        }
        recipe
    }

    /// Bytes that `--cache-gb` allows.
    pub(crate) fn cache_bytes(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped, and whole bytes do"
        )]
        let bytes = (self.cache_gb.max(0.0) * 1e9) as u64;
        bytes
    }
}

#[cfg(test)]
#[cfg(feature = "torch")]
mod tests;
