//! The encoder's arithmetic: embeddings, layers of attention and feed-forward, a pooled first token, logits.

use tch::{TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// Weights in single precision, laid out alike for all architectures. Never changed after loading.
pub(crate) struct Network {
    /// A row a token id.
    pub(crate) words: Tensor,
    /// A row a place in the text, from the first token on.
    pub(crate) places: Tensor,
    pub(crate) norm: Norm,
    pub(crate) layers: Vec<Layer>,
    /// Attention heads in each layer.
    pub(crate) heads: i64,
    pub(crate) pooler: Linear,
    pub(crate) activation: Activation,
    pub(crate) classifier: Linear,
}

/// What stands between the pooler and the classifier.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activation {
    Tanh,
    Relu,
}

impl Network {
    /// Logits, `[texts, labels]`, of `ids`, `[texts, length]`. `padding` is true where a text has ended; `None`
    /// where all are of one length.
    pub(crate) fn logits(&self, ids: &Tensor, padding: Option<&Tensor>) -> Result<Tensor> {
        let (texts, length) = ids.size2()?;
        let words = Tensor::f_embedding(&self.words, ids, -1, false, false)?;
        let mut hidden = self.norm.apply(&words.f_add(&self.places.f_narrow(0, 0, length)?)?)?;

        // Attention reads where this is true; one row serves all heads and all asking tokens.
        let read = padding.map(|p| p.f_logical_not()?.f_view([texts, 1, 1, length])).transpose()?;
        for (number, layer) in self.layers.iter().enumerate() {
            // Of the last layer only each text's first token is used, so only that one asks.
            let asking = if number + 1 == self.layers.len() { 1 } else { length };
            hidden = layer.apply(&hidden, asking, self.heads, read.as_ref())?;
        }

        let pooled = self.pooler.apply(&hidden.f_select(1, 0)?)?;
        let pooled = match self.activation {
            Activation::Tanh => pooled.f_tanh()?,
            Activation::Relu => pooled.f_relu()?,
        };
        self.classifier.apply(&pooled)
    }

    /// The same weights for another thread; nothing is copied.
    pub(crate) fn share(&self) -> Self {
        Self {
            words: self.words.shallow_clone(),
            places: self.places.shallow_clone(),
            norm: self.norm.share(),
            layers: self.layers.iter().map(Layer::share).collect(),
            heads: self.heads,
            pooler: self.pooler.share(),
            activation: self.activation,
            classifier: self.classifier.share(),
        }
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

impl Layer {
    /// The first `asking` tokens of each text after this layer; they read all tokens where `read` is true.
    fn apply(&self, hidden: &Tensor, asking: i64, heads: i64, read: Option<&Tensor>) -> Result<Tensor> {
        let (_, _, width) = hidden.size3()?;
        let askers = hidden.f_narrow(1, 0, asking)?;
        let attended = self.attention(hidden, &askers, width, heads, read)?;
        let hidden = self.attention_norm.apply(&self.attention_out.apply(&attended)?.f_add_(&askers)?)?;

        let up = self.up.apply(&hidden)?.f_gelu_("none")?;
        self.out_norm.apply(&self.down.apply(&up)?.f_add_(&hidden)?)
    }

    fn attention(
        &self,
        hidden: &Tensor,
        askers: &Tensor,
        width: i64,
        heads: i64,
        read: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (texts, asking, _) = askers.size3()?;
        let by_head = |t: &Tensor| -> Result<Tensor> {
            let (_, length, _) = t.size3()?;
            t.f_view([texts, length, heads, width / heads])?.f_transpose(1, 2)
        };
        let (query, key_value) = if askers.size() == hidden.size() {
            let all = self.query_key_value.apply(hidden)?;
            (all.f_narrow(2, 0, width)?, all.f_narrow(2, width, 2 * width)?)
        } else {
            let query = self.query_key_value.rows(0, width)?.apply(askers)?;
            (query, self.query_key_value.rows(width, 2 * width)?.apply(hidden)?)
        };
        let key = by_head(&key_value.f_narrow(2, 0, width)?)?;
        let value = by_head(&key_value.f_narrow(2, width, width)?)?;
        let query = by_head(&query)?;
        Tensor::f_scaled_dot_product_attention(&query, &key, &value, read, 0.0, false, None, false)?
            .f_transpose(1, 2)?
            .f_reshape([texts, asking, width])
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

/// `x` times `weight`, `[outputs, inputs]`, plus `bias`.
pub(crate) struct Linear {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
}

impl Linear {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.f_linear(&self.weight, Some(&self.bias))
    }

    /// The part that computes `count` of the outputs, from `start` on.
    fn rows(&self, start: i64, count: i64) -> Result<Self> {
        Ok(Self {
            weight: self.weight.f_narrow(0, start, count)?,
            bias: self.bias.f_narrow(0, start, count)?,
        })
    }

    fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
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
}
