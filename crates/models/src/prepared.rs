//! A narrative as a model reads it: plain numbers, no text.

/// A narrative made ready for a model: plain numbers, no text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What the model reads.
    pub input: Input,
    /// Tokens (encoder, and a blend with one) or distinct n-grams (bag) of the whole narrative.
    pub tokens: u32,
    /// How many of them the model will not see.
    pub truncated_tokens: u32,
    /// How many of them it has never learned: words outside its vocabulary, n-grams without weights. Of a blend the share
    /// of the member that knows the least of them, in tokens.
    pub unseen_tokens: u32,
    /// How many windows it reads; 1 unless the text is read in pieces.
    pub windows: u32,
}

impl Prepared {
    /// Which share of the tokens the model has never learned, 0 to 1; of no tokens at all it has learned none.
    pub fn unseen_share(&self) -> f64 {
        if self.tokens == 0 { 1.0 } else { f64::from(self.unseen_tokens) / f64::from(self.tokens) }
    }

    /// What one text adds to a batch's token budget. An n-gram costs one row of a table to add up, a token a
    /// pass through every layer: so many n-grams cost as much as one token.
    pub fn cost(&self) -> usize {
        const NGRAMS_A_TOKEN: usize = 64;
        match &self.input {
            Input::Tokens(ids) => ids.len(),
            Input::Columns { columns, .. } => columns.len().div_ceil(NGRAMS_A_TOKEN),
            Input::Members(members) => members.iter().map(Self::cost).sum(),
        }
    }
}

/// A model's input, by family.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Token ids of an encoder, special tokens included.
    Tokens(Vec<u32>),
    /// Columns of a bag's embedding table and their weights, ascending by column.
    Columns {
        /// Rows of the embedding table.
        columns: Vec<u32>,
        /// The weight of each.
        weights: Vec<f32>,
    },
    /// What each member of a blend reads, in the blend's order.
    Members(Vec<Prepared>),
}
