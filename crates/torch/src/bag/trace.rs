//! A narrative followed through a bag: logits are sums over its n-grams, so what each adds is known without going the path.

use std::sync::Arc;

use ombud_models::{
    ClassifyError, Logits, Origin, Outputs, Source, Step, Stretch, Trace, Traced, UnreadText,
};

use super::features::Row;
use super::hint::Hint;
use super::places::Gram;

/// What origins are of, unless a blend says otherwise.
const MEMBER: &str = "bag";

/// A column that the narrative has and the bag has weights for.
struct Column {
    /// How much the narrative has of it.
    value: f64,
    /// By label, all heads side by side.
    weights: Vec<f64>,
}

/// A gram that the bag has weights for.
struct Part {
    /// Its place among the columns.
    column: usize,
    /// Which share of the column is its, the rest being that of other grams that hash there.
    share: f64,
}

/// What a head is hinted, by label.
#[derive(Clone)]
struct GivenHint {
    to: usize,
    terms: Vec<f64>,
}

/// One narrative in one bag. With a column `c` at `value(c)`, a label's logit at `t` is
/// ```text
/// bias + t * (sum over c of value(c) * weight(c, label) + hint)
/// ```
/// and the hint is what it is when served, so that it needs no path of its own.
#[derive(Clone)]
pub(super) struct BagTrace {
    traced: Arc<Traced>,
    /// By head, by label: where the path begins.
    bias: Outputs,
    /// What all of the path adds.
    added: Outputs,
    columns: Arc<[Column]>,
    /// One for each origin, but for the hint's, which comes last.
    parts: Arc<[Part]>,
    hint: Option<GivenHint>,
}

/// What a trace is made of.
pub(super) struct Ingredients<'a> {
    pub(super) served: Logits,
    /// Labels of each head.
    pub(super) heads: &'a [usize],
    /// By label, all heads side by side.
    pub(super) bias: &'a [f32],
    /// The narrative's columns that have weights, ascending.
    pub(super) row: Row,
    /// For each of them its weights by label, one row after the other.
    pub(super) weights: Vec<f32>,
    /// All of the narrative's grams, ascending by column.
    pub(super) grams: Vec<Gram>,
    pub(super) unread: Option<Stretch>,
    /// The hint, and the task that hints.
    pub(super) hint: Option<(&'a Hint, String)>,
}

impl BagTrace {
    pub(super) fn new(from: Ingredients<'_>) -> Self {
        let labels = from.bias.len();
        let column = |((_, value), weights): (&(u32, f32), &[f32])| Column {
            value: f64::from(*value),
            weights: weights.iter().copied().map(f64::from).collect(),
        };
        // A bag of no labels has no weights.
        let rows = from.weights.chunks_exact(labels.max(1));
        let columns: Vec<Column> = from.row.iter().zip(rows).map(column).collect();

        let (mut origins, mut parts) = (Vec::new(), Vec::new());
        for grams in from.grams.chunk_by(|a, b| a.column == b.column) {
            let known = from.row.binary_search_by_key(&grams[0].column, |(column, _)| *column);
            let Ok(column) = known else { continue };
            let all: usize = grams.iter().map(|gram| gram.stretches.len()).sum();
            for gram in grams {
                parts.push(Part { column, share: gram.stretches.len() as f64 / all as f64 });
                let stretches = gram.stretches.clone();
                origins.push(origin(Source::Text { stretches, collides: grams.len() > 1 }));
            }
        }

        let hint = from.hint.map(|(hint, task)| {
            origins.push(origin(Source::Hint { from: task }));
            GivenHint { to: hint.to, terms: hint.added(&from.served[hint.from]) }
        });
        let mut all = vec![0.0; labels];
        for column in &columns {
            all.iter_mut().zip(&column.weights).for_each(|(all, weight)| *all += column.value * weight);
        }
        let mut added = by_head(from.heads, all);
        if let Some(GivenHint { to, terms }) = &hint {
            added[*to].iter_mut().zip(terms).for_each(|(added, term)| *added += term);
        }
        let unread =
            from.unread.map(|unread| UnreadText { member: MEMBER.to_owned(), stretches: vec![unread] });
        let traced =
            Traced { origins, unread: unread.into_iter().collect(), served: from.served, is_straight: true };
        Self {
            traced: Arc::new(traced),
            bias: by_head(from.heads, from.bias.iter().copied().map(f64::from).collect()),
            added,
            columns: columns.into(),
            parts: parts.into(),
            hint,
        }
    }

    /// What each origin adds along the path to what grows with the logits as `gradient` says.
    fn slopes(&self, gradient: &Outputs) -> Vec<f64> {
        let flat: Vec<f64> = gradient.concat();
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let columns: Vec<f64> =
            self.columns.iter().map(|column| column.value * dot(&column.weights, &flat)).collect();
        let parts = self.parts.iter().map(|part| part.share * columns[part.column]);
        parts.chain(self.hint.iter().map(|hint| dot(&hint.terms, &gradient[hint.to]))).collect()
    }
}

fn origin(source: Source) -> Origin {
    Origin { member: MEMBER.to_owned(), source }
}

fn by_head(heads: &[usize], flat: Vec<f64>) -> Outputs {
    let mut flat = flat.into_iter();
    heads.iter().map(|labels| flat.by_ref().take(*labels).collect()).collect()
}

impl Trace for BagTrace {
    fn traced(&self) -> &Traced {
        &self.traced
    }

    fn share(&self) -> Box<dyn Trace> {
        Box::new(self.clone())
    }

    fn step(
        &mut self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, ClassifyError> {
        let at = |(bias, added): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            bias.iter().zip(added).map(|(bias, added)| bias + point * added).collect()
        };
        let outputs: Outputs = self.bias.iter().zip(&self.added).map(at).collect();
        let slopes = gradients(&outputs).iter().map(|gradient| self.slopes(gradient)).collect();
        Ok(Step { outputs, slopes })
    }
}
