//! The encoder's arithmetic: embeddings, layers of attention and feed-forward, and heads that pool and answer.

use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use super::distances::Distances;
use super::dropout::Dropout;

type Result<T> = std::result::Result<T, TchError>;

/// Weights in single precision, laid out alike for all architectures. Never changed while they serve.
pub(crate) struct Network {
    /// A row a token id.
    pub(crate) words: Tensor,
    /// A row a place in the text, from the first token on.
    pub(crate) places: Tensor,
    pub(crate) norm: Norm,
    /// What distances between tokens add to attention, where the architecture has that.
    pub(crate) distances: Option<Distances>,
    pub(crate) layers: Vec<Layer>,
    /// Attention heads in each layer.
    pub(crate) attention_heads: i64,
    /// One a task.
    pub(crate) heads: Vec<Head>,
    /// What the layers multiply in.
    pub(crate) precision: Precision,
}

/// What matrices are multiplied in; sums and norms are always computed in single precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision: what serves.
    Float,
    /// Half of it, for training alone: twice as fast where the processor has instructions for it, else slower.
    Bfloat16,
}

/// Where in the network a tensor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Embeddings,
    Layer(usize),
    Head,
}

/// From the tokens of a text to one task's logits.
pub(crate) struct Head {
    pub(crate) pooling: Pooling,
    pub(crate) answer: Linear,
}

/// How a head makes one vector of a text's tokens.
pub(crate) enum Pooling {
    /// The first token, through a layer of the head's own: what stock classifiers do.
    First { dense: Linear, activation: Activation },
    /// The mean of all tokens, weighed by `softmax(token . query / sqrt(hidden))`.
    Attention { query: Tensor },
}

/// What stands between a stock classifier's own layer and its logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Tanh,
    Relu,
}

impl Network {
    /// For each head its logits, `[texts, labels]`, of `ids`, `[texts, length]`. `padding` is true where a text
    /// has ended; `None` where all are of one length.
    pub(crate) fn logits(&self, ids: &Tensor, padding: Option<&Tensor>) -> Result<Vec<Tensor>> {
        let hidden = self.embed(ids, None)?;
        let hidden = self.run(0..self.layers.len(), hidden, padding, None)?;
        self.answer(&hidden, padding, None)
    }

    /// What goes into the first layer, `[texts, length, hidden]`.
    pub(crate) fn embed(&self, ids: &Tensor, dropout: Option<&mut Dropout>) -> Result<Tensor> {
        self.embed_words(&Tensor::f_embedding(&self.words, ids, -1, false, false)?, dropout)
    }

    /// As [`Self::embed`], of the tokens' rows of `words`, `[texts, length, hidden]`.
    pub(crate) fn embed_words(&self, words: &Tensor, mut dropout: Option<&mut Dropout>) -> Result<Tensor> {
        let (_, length, _) = words.size3()?;
        let normed = self.norm.apply(&words.f_add(&self.places.f_narrow(0, 0, length)?)?)?;
        match dropout.as_mut() {
            Some(dropout) => dropout.on_tokens(normed),
            None => Ok(normed),
        }
    }

    /// What comes out of the last of `layers`. Where it is the network's last, only tokens that a head pools.
    pub(crate) fn run(
        &self,
        layers: Range<usize>,
        mut hidden: Tensor,
        padding: Option<&Tensor>,
        mut dropout: Option<&mut Dropout>,
    ) -> Result<Tensor> {
        let (texts, length, _) = hidden.size3()?;
        let padding = padding.map(|padding| padding.f_view([texts, 1, 1, length])).transpose()?;
        let added = self.distances.as_ref().map(|distances| distances.of(length)).transpose()?;
        let added = match (added, &padding) {
            (Some(added), Some(padding)) => Some(added.f_masked_fill(padding, f64::NEG_INFINITY)?),
            (added, _) => added,
        };
        for number in layers {
            let last = number + 1 == self.layers.len();
            let asking = if last && !self.heads.iter().any(Head::pools_all) { 1 } else { length };
            let pass = Pass {
                asking,
                heads: self.attention_heads,
                padding: padding.as_ref(),
                added: added.as_ref().map(|added| added.f_narrow(2, 0, asking)).transpose()?,
                precision: self.precision,
            };
            hidden = self.layers[number].apply(&hidden, &pass, dropout.as_deref_mut())?;
        }
        Ok(hidden)
    }

    /// For each head its logits, from what comes out of the last layer.
    pub(crate) fn answer(
        &self,
        hidden: &Tensor,
        padding: Option<&Tensor>,
        mut dropout: Option<&mut Dropout>,
    ) -> Result<Vec<Tensor>> {
        let mut pooled = self.attend(hidden, padding)?.into_iter();
        let mut logits = Vec::with_capacity(self.heads.len());
        for head in &self.heads {
            let mut vector = match &head.pooling {
                Pooling::First { dense, activation } => {
                    let dense = dense.apply(&hidden.f_select(1, 0)?)?;
                    match activation {
                        Activation::Tanh => dense.f_tanh()?,
                        Activation::Relu => dense.f_relu()?,
                    }
                }
                Pooling::Attention { .. } => match pooled.next() {
                    Some(vector) => vector,
                    None => unreachable!("one vector for each head that attends"),
                },
            };
            if let Some(dropout) = dropout.as_mut() {
                vector = dropout.on_tokens(vector)?;
            }
            logits.push(head.answer.apply(&vector)?);
        }
        Ok(logits)
    }

    /// A vector a text for each head that attends: all queries in one multiplication.
    fn attend(&self, hidden: &Tensor, padding: Option<&Tensor>) -> Result<Vec<Tensor>> {
        let queries: Vec<&Tensor> = self.heads.iter().filter_map(Head::query).collect();
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let (_, _, width) = hidden.size3()?;
        let queries = Tensor::f_stack(&queries, 0)?.f_mul_scalar((width as f64).sqrt().recip())?;
        let mut scores = hidden.f_matmul(&queries.f_transpose(0, 1)?)?.f_transpose(1, 2)?;
        if let Some(padding) = padding {
            scores = scores.f_masked_fill(&padding.f_unsqueeze(1)?, f64::NEG_INFINITY)?;
        }
        scores.f_softmax(2, None::<Kind>)?.f_matmul(hidden)?.f_unbind(1)
    }

    /// Calls `each` for every tensor, always in the same order.
    pub(crate) fn each(&mut self, each: &mut impl FnMut(Part, &mut Tensor)) {
        each(Part::Embeddings, &mut self.words);
        each(Part::Embeddings, &mut self.places);
        self.norm.each(Part::Embeddings, each);
        if let Some(distances) = &mut self.distances {
            each(Part::Embeddings, &mut distances.table);
        }
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let part = Part::Layer(number);
            layer.query_key_value.each(part, each);
            layer.attention_out.each(part, each);
            layer.attention_norm.each(part, each);
            layer.up.each(part, each);
            layer.down.each(part, each);
            layer.out_norm.each(part, each);
        }
        for head in &mut self.heads {
            match &mut head.pooling {
                Pooling::First { dense, .. } => dense.each(Part::Head, each),
                Pooling::Attention { query } => each(Part::Head, query),
            }
            head.answer.each(Part::Head, each);
        }
    }

    /// The same weights for another thread; nothing is copied.
    pub(crate) fn share(&self) -> Self {
        Self {
            words: self.words.shallow_clone(),
            places: self.places.shallow_clone(),
            norm: self.norm.share(),
            distances: self.distances.as_ref().map(Distances::share),
            layers: self.layers.iter().map(Layer::share).collect(),
            attention_heads: self.attention_heads,
            heads: self.heads.iter().map(Head::share).collect(),
            precision: self.precision,
        }
    }
}

impl Head {
    fn query(&self) -> Option<&Tensor> {
        match &self.pooling {
            Pooling::Attention { query } => Some(query),
            Pooling::First { .. } => None,
        }
    }

    fn pools_all(&self) -> bool {
        self.query().is_some()
    }

    fn share(&self) -> Self {
        let pooling = match &self.pooling {
            Pooling::First { dense, activation } => {
                Pooling::First { dense: dense.share(), activation: *activation }
            }
            Pooling::Attention { query } => Pooling::Attention { query: query.shallow_clone() },
        };
        Self { pooling, answer: self.answer.share() }
    }
}

/// Attention, then feed-forward; each is added to what came in, and normed.
pub(crate) struct Layer {
    pub(crate) query_key_value: Linear,
    pub(crate) attention_out: Linear,
    pub(crate) attention_norm: Norm,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) out_norm: Norm,
}

/// What is alike for all layers of a pass, the last one's `asking` excepted.
struct Pass<'a> {
    /// How many tokens of each text are wanted, from the first on.
    asking: i64,
    heads: i64,
    /// `[texts, 1, 1, length]`, true where a text has ended: no token reads there.
    padding: Option<&'a Tensor>,
    /// What is added to the scores, `[1 or texts, heads, asking, length]`: minus infinity where a text has ended. `None`
    /// where the architecture adds nothing.
    added: Option<Tensor>,
    precision: Precision,
}

impl Layer {
    fn apply(&self, hidden: &Tensor, pass: &Pass<'_>, mut dropout: Option<&mut Dropout>) -> Result<Tensor> {
        let precision = pass.precision;
        let askers = hidden.f_narrow(1, 0, pass.asking)?;
        let attended = self.attention(hidden, &askers, pass, dropout.as_deref_mut())?;
        let mut out = widened(self.attention_out.apply_in(precision, &attended)?)?;
        if let Some(dropout) = dropout.as_mut() {
            out = dropout.on_tokens(out)?;
        }
        let hidden = self.attention_norm.apply(&out.f_add_(&askers)?)?;

        let up = self.up.apply_in(precision, &hidden)?.f_gelu_("none")?;
        let mut down = widened(self.down.apply_in(precision, &up)?)?;
        if let Some(dropout) = dropout.as_mut() {
            down = dropout.on_tokens(down)?;
        }
        self.out_norm.apply(&down.f_add_(&hidden)?)
    }

    fn attention(
        &self,
        hidden: &Tensor,
        askers: &Tensor,
        pass: &Pass<'_>,
        dropout: Option<&mut Dropout>,
    ) -> Result<Tensor> {
        let (texts, asking, width) = askers.size3()?;
        let by_head = |t: &Tensor| -> Result<Tensor> {
            let (_, length, _) = t.size3()?;
            t.f_view([texts, length, pass.heads, width / pass.heads])?.f_transpose(1, 2)
        };
        let (query, key_value) = if askers.size() == hidden.size() {
            let all = self.query_key_value.apply_in(pass.precision, hidden)?;
            (all.f_narrow(2, 0, width)?, all.f_narrow(2, width, 2 * width)?)
        } else {
            let query = self.query_key_value.rows(0, width)?.apply_in(pass.precision, askers)?;
            (query, self.query_key_value.rows(width, 2 * width)?.apply_in(pass.precision, hidden)?)
        };
        let key = by_head(&key_value.f_narrow(2, 0, width)?)?;
        let value = by_head(&key_value.f_narrow(2, width, width)?)?;
        let query = by_head(&query)?;
        let attended = match dropout {
            // The fused kernel draws its masks from a generator that all threads share: they could not be repeated.
            Some(dropout) => {
                let scale = ((width / pass.heads) as f64).sqrt().recip();
                let mut scores = query.f_mul_scalar(scale)?.f_matmul(&key.f_transpose(2, 3)?)?;
                if let Some(added) = &pass.added {
                    scores = scores.f_add(&added.f_to_kind(scores.kind())?)?;
                } else if let Some(padding) = pass.padding {
                    scores = scores.f_masked_fill_(padding, f64::NEG_INFINITY)?;
                }
                dropout.attended(scores.f_softmax(3, None::<Kind>)?, &value)?
            }
            None => {
                let read = match &pass.added {
                    Some(added) => Some(added.f_to_kind(query.kind())?),
                    None => pass.padding.map(Tensor::f_logical_not).transpose()?,
                };
                let read = read.as_ref();
                Tensor::f_scaled_dot_product_attention(&query, &key, &value, read, 0.0, false, None, false)?
            }
        };
        attended.f_transpose(1, 2)?.f_reshape([texts, asking, width])
    }

    fn share(&self) -> Self {
        Self {
            query_key_value: self.query_key_value.share(),
            attention_out: self.attention_out.share(),
            attention_norm: self.attention_norm.share(),
            up: self.up.share(),
            down: self.down.share(),
            out_norm: self.out_norm.share(),
        }
    }
}

fn widened(x: Tensor) -> Result<Tensor> {
    if x.kind() == Kind::Float { Ok(x) } else { x.f_to_kind(Kind::Float) }
}

/// `x` times `weight`, `[outputs, inputs]`, plus `bias`.
pub(crate) struct Linear {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
}

impl Linear {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.f_linear(&self.weight, Some(&self.bias))
    }

    /// In that precision, which is also the result's.
    fn apply_in(&self, precision: Precision, x: &Tensor) -> Result<Tensor> {
        match precision {
            Precision::Float => self.apply(x),
            Precision::Bfloat16 => {
                let narrow = |t: &Tensor| t.f_to_kind(Kind::BFloat16);
                narrow(x)?.f_linear(&narrow(&self.weight)?, Some(narrow(&self.bias)?))
            }
        }
    }

    /// The part that computes `count` of the outputs, from `start` on.
    pub(crate) fn rows(&self, start: i64, count: i64) -> Result<Self> {
        Ok(Self {
            weight: self.weight.f_narrow(0, start, count)?,
            bias: self.bias.f_narrow(0, start, count)?,
        })
    }

    pub(crate) fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }

    fn each(&mut self, part: Part, each: &mut impl FnMut(Part, &mut Tensor)) {
        each(part, &mut self.weight);
        each(part, &mut self.bias);
    }
}

/// Layer normalisation over the last dimension.
pub(crate) struct Norm {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
    pub(crate) eps: f64,
}

impl Norm {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.f_layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, false)
    }

    fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone(), eps: self.eps }
    }

    fn each(&mut self, part: Part, each: &mut impl FnMut(Part, &mut Tensor)) {
        each(part, &mut self.weight);
        each(part, &mut self.bias);
    }
}
