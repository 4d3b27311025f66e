//! What an explanation says: plain data, the same in JSON, in a terminal, on a page and in a dossier. Places are in code points of
//! the narrative, as those of evidence are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The number of this form.
pub const FORMAT: u32 = 1;

/// Why a task was answered as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// [`FORMAT`].
    pub format: u32,
    /// The complaint.
    pub complaint_id: String,
    /// Which content was judged.
    pub input_sha256: String,
    /// The task.
    pub task: String,
    /// Who answered.
    pub answered_by: AnsweredBy,
    /// What was answered, by which thresholds, and why nothing finer.
    pub answer: AnswerGiven,
    /// Whether the answer comes out again.
    pub reproduction: Reproduction,
    /// Why A and not B; `None` where there is nothing to compare: a text that the model cannot read.
    #[schema(required)]
    pub contrast: Option<Contrast>,
    /// Phrases that say it outright. Empty also where whoever asks may not see them; see [`Self::without_evidence`].
    pub evidence: Vec<EvidencePhrase>,
    /// What was not read.
    pub unread: Vec<UnreadPart>,
    /// Where the complaint went, by which rule, and what would have changed that; `None` before it was routed.
    #[schema(required)]
    pub routing: Option<RoutingReason>,
}

/// Which version answered, chosen by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnsweredBy {
    /// The model's name.
    pub model_id: String,
    /// Its version.
    pub model_version: String,
    /// The strategy that was in force.
    pub strategy_version: i64,
    /// The arm that answered.
    pub arm: String,
    /// What it computed in, such as `FLOAT`.
    pub arithmetic: String,
}

/// An answer with its thresholds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerGiven {
    /// `LABELLED`, `ABSTAINED` or `FAILED`.
    pub outcome: String,
    /// The label, or the best guess.
    #[schema(required)]
    pub label: Option<String>,
    /// Its level of the taxonomy.
    pub level: String,
    /// Calibrated probability, 0 to 1.
    pub confidence: f32,
    /// What the confidence had to reach.
    pub threshold: f32,
    /// Every level from fine to coarse: its likeliest label, how sure the model was of it, and what it had to reach.
    pub levels: Vec<LevelReached>,
    /// In one plain sentence: why this level and no finer one, or why there is no answer.
    pub reason: String,
}

/// One level of a taxonomy, or one threshold of a yes or no.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LevelReached {
    /// The level; of a yes or no the threshold's name.
    pub level: String,
    /// Its likeliest label.
    pub label: String,
    /// How sure the model was of it.
    pub confidence: f64,
    /// What that had to reach.
    pub threshold: f64,
    /// Whether it did.
    pub is_reached: bool,
}

/// Whether the same answer comes out again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reproduction {
    /// The label is the same, and the confidence within `tolerance`.
    pub is_reproduced: bool,
    /// The label as it was recorded.
    #[schema(required)]
    pub recorded_label: Option<String>,
    /// The label as it comes out now.
    #[schema(required)]
    pub label: Option<String>,
    /// The confidence as it was recorded.
    pub recorded_confidence: f32,
    /// The confidence as it comes out now.
    pub confidence: f32,
    /// How far the two may be apart, by the arithmetic that the record names.
    pub tolerance: f64,
    /// The version of libtorch that computed now; empty where another library did.
    pub libtorch: String,
}

/// Why A and not B, in log-odds: above 0 speaks for A.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contrast {
    /// What was answered.
    pub answer: Side,
    /// What it is compared with.
    pub against: Side,
    /// Log-odds of A against B as served.
    pub value: f64,
    /// What it is the sum of, the greatest first; those of the text alone are in `words` one by one, here as one sum a member.
    pub bars: Vec<Bar>,
    /// The words that decided, in the order of the narrative.
    pub words: Vec<WordShare>,
    /// How it was computed, and how exactly.
    pub method: Method,
    /// Sentences by what their absence changes, in the order of the narrative; given where the words are only approximate.
    pub sentences: Vec<SentenceShare>,
    /// Words whose share another word may have earned: both hash into one column of a bag.
    pub collisions: Vec<Place>,
}

/// One side of a contrast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Side {
    /// The label.
    pub label: String,
    /// Its level.
    pub level: String,
    /// Its calibrated probability.
    pub probability: f64,
}

/// A part of a contrast that is not one word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bar {
    /// What it is.
    pub kind: BarKind,
    /// The member, the other task, the category of evidence; empty where the kind says all.
    pub name: String,
    /// What it is in words, such as `because the product reads as Mortgage`.
    pub text: String,
    /// Log-odds.
    pub value: f64,
}

/// The kinds of bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BarKind {
    /// All words as one member reads them: the sum of their shares.
    Words,
    /// What the model says to a text of nothing.
    Baseline,
    /// Tokens that stand for no text.
    Special,
    /// What the blend adds whatever the text says.
    Shift,
    /// Another task's answer; `name` is that task, whose own explanation says why.
    Hint,
    /// Phrases that say it outright; `name` is their category.
    Evidence,
    /// The contrast as served, less that in single precision.
    Arithmetic,
    /// What the sum lacks.
    Error,
}

/// A stretch of the narrative in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// Where it begins.
    pub start: usize,
    /// Where it ends; what stands there is no part of it.
    pub end: usize,
}

/// A word with its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordShare {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Log-odds: above 0 it speaks for the answer.
    pub value: f64,
}

/// A sentence with what its absence changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SentenceShare {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// How far the contrast falls without it: above 0 it speaks for the answer.
    pub value: f64,
}

/// How a contrast was computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Method {
    /// `exact`, `integrated-gradients`, or `occlusion` where the model can't be followed: then only sentences are known.
    pub name: String,
    /// Where the path begins, in words.
    pub baseline: String,
    /// Points of the path.
    pub steps: usize,
    /// |sum - contrast| over the contrast, or over half a unit of log-odds where that is less.
    pub error: f64,
    /// The error, or the gap of the arithmetic, is above a tenth.
    pub is_approximate: bool,
}

/// A phrase that says it outright.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidencePhrase {
    /// What it speaks of: a category of the evidence table.
    pub category: String,
    /// Enough for a yes by itself.
    pub explicit: bool,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
}

/// What a member did not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadPart {
    /// The member; empty where no member is given it: quoted mail, a signature, markup.
    pub member: String,
    /// Where it stands; ascending.
    pub places: Vec<Place>,
}

/// Where a complaint went, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoutingReason {
    /// The team as recorded.
    pub team: String,
    /// The rule of the routing table that decided, in a plain sentence.
    pub rule: String,
    /// The clocks that run, each by its name, with when it is due (milliseconds since the epoch).
    pub clocks: Vec<(String, i64)>,
    /// What would have changed the team.
    pub counterfactual: Counterfactual,
}

/// The fewest sentences found without which another team would have got the complaint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Counterfactual {
    /// Those sentences; empty where none were found.
    pub sentences: Vec<Place>,
    /// The team without them.
    #[schema(required)]
    pub team: Option<String>,
    /// In a plain sentence; also why none were found.
    pub text: String,
    /// How many texts the models were asked about.
    pub texts_tried: usize,
}

impl Explanation {
    /// The same for who may not see what a customer was called vulnerable for: neither phrases nor categories; their bars become
    /// one.
    #[must_use]
    pub fn without_evidence(mut self) -> Self {
        self.evidence.clear();
        if let Some(contrast) = &mut self.contrast {
            let (evidence, mut bars): (Vec<Bar>, Vec<Bar>) =
                contrast.bars.drain(..).partition(|bar| bar.kind == BarKind::Evidence);
            if !evidence.is_empty() {
                let value = evidence.iter().map(|bar| bar.value).sum();
                let text = "what the narrative says outright".to_owned();
                bars.push(Bar { kind: BarKind::Evidence, name: String::new(), text, value });
            }
            contrast.bars = sorted(bars);
        }
        self
    }
}

/// The greatest first, whichever side it speaks for.
pub(crate) fn sorted(mut bars: Vec<Bar>) -> Vec<Bar> {
    bars.sort_by(|one, other| {
        let by_size = other.value.abs().total_cmp(&one.value.abs());
        by_size.then_with(|| (one.kind, &one.name).cmp(&(other.kind, &other.name)))
    });
    bars
}
