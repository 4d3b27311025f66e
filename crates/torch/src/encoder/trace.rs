//! A narrative followed through an encoder: from a text of padding to the text itself, along the straight line between their
//! word vectors. Positions and mask stay as they are, and so do the tokens that frame every text.

use std::sync::Arc;

use ombud_models::{
    ClassifyError, Logits, Origin, Outputs, Source, Step, Summing, Trace, Traced, UnreadText,
};
use tch::{Kind, TchError, Tensor};

use super::alignment::{Aligned, Token};
use super::network::Network;
use crate::{blame, tuning};

/// What origins are of, unless a blend says otherwise.
const MEMBER: &str = "encoder";

/// One narrative in one encoder.
pub(super) struct EncoderTrace {
    network: Network,
    /// For each head how its labels are summed; `None`, or nothing at all, where they are ours.
    sums: Arc<[Option<Summing>]>,
    /// Word vectors where the path begins, `[1, tokens, hidden]`, ...
    base: Tensor,
    /// ... where it ends, ...
    words: Tensor,
    /// ... and from one to the other, in double precision.
    way: Tensor,
    /// Its origins are one a token.
    traced: Arc<Traced>,
}

impl EncoderTrace {
    /// `pad` is the token that stands for no text, `served` what the network answered to the same tokens.
    pub(super) fn new(
        network: Network,
        pad: u32,
        sums: Arc<[Option<Summing>]>,
        aligned: Aligned,
        served: Logits,
    ) -> Result<Self, ClassifyError> {
        let (base, words) = ends(&network, pad, &aligned.tokens).map_err(|error| failed(&error))?;
        let difference = |base: &Tensor| words.f_to_kind(Kind::Double)?.f_sub(&base.f_to_kind(Kind::Double)?);
        let way = difference(&base).map_err(|error| failed(&error))?;
        let origin = |token: Token| Origin {
            member: MEMBER.to_owned(),
            source: match token.stretch {
                Some(stretch) => Source::Text { stretches: vec![stretch], collides: false },
                None => Source::Special,
            },
        };
        let unread = aligned.unread.map(|one| UnreadText { member: MEMBER.to_owned(), stretches: vec![one] });
        let traced = Traced {
            origins: aligned.tokens.into_iter().map(origin).collect(),
            unread: unread.into_iter().collect(),
            served,
            is_straight: false,
        };
        Ok(Self { network, sums, base, words, way, traced: Arc::new(traced) })
    }

    /// The word vectors at `point`, and for each head the network's own logits, `[1, labels]`.
    fn forward(&self, point: f64) -> Result<(Tensor, Vec<Tensor>), TchError> {
        // Of the two formulas for a point between, this takes the one that is exact at the nearer end.
        let at = self.base.f_lerp(&self.words, point)?.f_set_requires_grad(true)?;
        let hidden = self.network.embed_words(&at, None)?;
        let hidden = self.network.run(0..self.network.layers.len(), hidden, None, None)?;
        let logits = self.network.answer(&hidden, None, None)?;
        Ok((at, logits))
    }

    /// Logits of our labels.
    fn ours(&self, theirs: &Outputs) -> Outputs {
        let ours = |(head, theirs): (usize, &Vec<f64>)| match self.sum(head) {
            Some(sum) => sum.sum_in_double(theirs),
            None => theirs.clone(),
        };
        theirs.iter().enumerate().map(ours).collect()
    }

    /// From how fast something grows with each logit of ours to how fast it does with each of the network's.
    fn with_theirs(&self, theirs: &Outputs, ours: &Outputs) -> Vec<f64> {
        let slopes = |(head, (theirs, ours)): (usize, (&Vec<f64>, &Vec<f64>))| match self.sum(head) {
            Some(sum) => sum.slopes(theirs, ours),
            None => ours.clone(),
        };
        theirs.iter().zip(ours).enumerate().flat_map(slopes).collect()
    }

    fn sum(&self, head: usize) -> Option<&Summing> {
        self.sums.get(head).and_then(Option::as_ref)
    }

    /// What each token adds along the path to the sum of `logits`, `[1, labels of all heads]`, times `gradient`.
    fn slopes(
        &self,
        at: &Tensor,
        logits: &Tensor,
        gradient: &[f64],
        keep_graph: bool,
    ) -> Result<Vec<f64>, TchError> {
        if gradient.iter().all(|slope| *slope == 0.0) {
            return Ok(vec![0.0; self.traced.origins.len()]);
        }
        let gradient = Tensor::f_from_slice(gradient)?;
        let objective = tch::with_grad(|| logits.f_mul(&gradient)?.f_sum(Kind::Double))?;
        let found = Tensor::f_run_backward(&[&objective], &[at], keep_graph, false)?;
        let Some(by_word) = found.first() else { unreachable!("one gradient for one input") };
        let steps = by_word.f_to_kind(Kind::Double)?.f_mul(&self.way)?;
        Vec::try_from(steps.f_sum_dim_intlist(2, false, Kind::Double)?.f_flatten(0, 1)?)
    }

    fn try_step(
        &self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, TchError> {
        tuning::one_thread();
        let (at, logits) = tch::with_grad(|| self.forward(point))?;
        let theirs = logits.iter().map(|head| Vec::try_from(head.f_to_kind(Kind::Double)?.f_flatten(0, 1)?));
        let theirs: Outputs = theirs.collect::<Result<_, TchError>>()?;
        let outputs = self.ours(&theirs);

        let objectives = gradients(&outputs);
        let joined = tch::with_grad(|| Tensor::f_cat(&logits, 1)?.f_to_kind(Kind::Double))?;
        let slopes = objectives.iter().enumerate().map(|(number, ours)| {
            let more = number + 1 < objectives.len();
            self.slopes(&at, &joined, &self.with_theirs(&theirs, ours), more)
        });
        Ok(Step { outputs, slopes: slopes.collect::<Result<_, TchError>>()? })
    }
}

/// The word vectors at the path's beginning and at its end.
fn ends(network: &Network, pad: u32, tokens: &[Token]) -> Result<(Tensor, Tensor), TchError> {
    let vectors = |id: &dyn Fn(&Token) -> u32| {
        let ids: Vec<i64> = tokens.iter().map(|token| i64::from(id(token))).collect();
        let ids = Tensor::f_from_slice(&ids)?.f_unsqueeze(0)?;
        Tensor::f_embedding(&network.words, &ids, -1, false, false)
    };
    let base = vectors(&|token| if token.is_frame { token.id } else { pad })?;
    Ok((base.f_detach()?, vectors(&|token| token.id)?.f_detach()?))
}

fn failed(error: &TchError) -> ClassifyError {
    ClassifyError { model: MEMBER, rows: 1, what: error.to_string(), blame: blame::of(error) }
}

impl Trace for EncoderTrace {
    fn traced(&self) -> &Traced {
        &self.traced
    }

    fn share(&self) -> Box<dyn Trace> {
        Box::new(Self {
            network: self.network.share(),
            sums: Arc::clone(&self.sums),
            base: self.base.shallow_clone(),
            words: self.words.shallow_clone(),
            way: self.way.shallow_clone(),
            traced: Arc::clone(&self.traced),
        })
    }

    fn step(
        &mut self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, ClassifyError> {
        self.try_step(point, gradients).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::encoder::config::Config;
    use crate::encoder::weights::Weights;

    /// A trace through the golden BERT of tokens with these ids, the first and the last of which are a frame.
    fn through(ids: &[u32]) -> EncoderTrace {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/bert");
        let config = Config::parse(&std::fs::read_to_string(dir.join("config.json")).unwrap()).unwrap();
        let weights = Weights::open(&dir.join("model.safetensors"), &config).unwrap();
        let last = ids.len() - 1;
        let token =
            |(at, id): (usize, &u32)| Token { id: *id, is_frame: at == 0 || at == last, stretch: None };
        let tokens = ids.iter().enumerate().map(token).collect();
        let aligned = Aligned { tokens, unread: None };
        let network = weights.classifier(9).unwrap();
        EncoderTrace::new(network, config.pad, Arc::from([]), aligned, Logits::new()).unwrap()
    }

    #[test]
    fn a_token_adds_what_a_small_step_of_its_own_vector_shows() {
        const STEP: f64 = 0.01;
        let ids = [2, 40, 41, 42, 43, 3];
        let mut trace = through(&ids);
        let mut objective = vec![vec![0.0; 9]];
        (objective[0][0], objective[0][1]) = (1.0, -1.0);
        let slopes = trace.step(0.5, &mut |_| vec![objective.clone()]).unwrap().slopes.remove(0);

        let middle = trace.base.lerp(&trace.words, 0.5);
        for (token, slope) in slopes.iter().enumerate() {
            let mut value = |by: f64| {
                let way = trace.way.narrow(1, token as i64, 1).to_kind(Kind::Float) * by;
                let moved = middle.copy();
                let _ = moved.narrow(1, token as i64, 1).g_add_(&way);
                trace.base = moved.shallow_clone();
                trace.words = moved;
                let outputs = trace.step(0.0, &mut |_| Vec::new()).unwrap().outputs;
                outputs[0][0] - outputs[0][1]
            };
            let expected = (value(STEP) - value(-STEP)) / (2.0 * STEP);
            assert!((slope - expected).abs() < 1e-4 + 2e-3 * expected.abs(), "{token}: {slope} {expected}");
        }
        assert!(slopes.iter().any(|slope| slope.abs() > 1e-3), "{slopes:?}");
    }
}
