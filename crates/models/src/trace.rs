//! A text followed through a model along a path, from nothing read to all read: what each piece of it adds on the way.
//!
//! At a point `t` of the path, 0 to 1, a bag's features are `t` times those of the text, an encoder's word vectors lie at `t`
//! between those of padding and the text's own, and what a blend adds (its shift, its hints) is `t` times what it adds. Adding up
//! the slopes along the path is integrated gradients (Sundararajan et al., 2017): they sum to the difference between its ends.

use serde::{Deserialize, Serialize};

use crate::logits::{ClassifyError, Logits};

/// Logits in double precision: for each head, in the artefact's order, one a label and one more where [`crate::Head::outputs`]
/// says so.
pub type Outputs = Vec<Vec<f64>>;

/// A stretch of a narrative, in bytes; it begins and ends between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stretch {
    /// Where it begins.
    pub start: usize,
    /// Where it ends; what stands there is no part of it.
    pub end: usize,
}

/// Whence a part of the logits comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// Something that stands in the narrative: a token, or an n-gram at each of its places. Places of one n-gram share evenly.
    Text {
        /// Where it stands; ascending, at least one.
        stretches: Vec<Stretch>,
        /// Another n-gram of this narrative has the same weights, because both hash into one column: which of them the model
        /// learned, it does not know.
        collides: bool,
    },
    /// A token that stands for no text, such as the first and the last.
    Special,
    /// What a blend adds to each label whatever the text says.
    Shift,
    /// What another task's answer says about this one's labels.
    Hint {
        /// That task.
        from: String,
    },
}

/// One part that a trace follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The blend's member that reads it, such as `encoder`; of a model that is no blend its family, such as `bag`; empty for
    /// what the blend itself adds.
    pub member: String,
    /// Whence it comes.
    pub source: Source,
}

/// What a member does not read of a narrative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadText {
    /// As [`Origin::member`].
    pub member: String,
    /// What it leaves out; ascending.
    pub stretches: Vec<Stretch>,
}

/// What is known at one point of the path.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The model's logits there.
    pub outputs: Outputs,
    /// For each objective, for each of [`Traced::origins`], what it adds to the objective a unit of the path. Their sum is the
    /// objective's slope along the path.
    pub slopes: Vec<Vec<f64>>,
}

/// What is known of a narrative in a model before it is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The parts that a trace follows.
    pub origins: Vec<Origin>,
    /// What the model's members leave out; without members that read everything.
    pub unread: Vec<UnreadText>,
    /// The logits as they are served: in the arithmetic that serves, with the cascade that serves.
    pub served: Logits,
    /// Whether the logits, or for a blend the differences between those of one head, are straight along the path: then one step
    /// anywhere on it is exact for a difference of two labels.
    pub is_straight: bool,
}

/// One narrative in one model. Computes in single precision (sums in double), on the calling thread alone, so that a step has the
/// same bits on any number of threads.
pub trait Trace: Send {
    /// What is known before the first step.
    fn traced(&self) -> &Traced;

    /// Another hold on the same narrative and weights, for a thread that steps at the same time.
    fn share(&self) -> Box<dyn Trace>;

    /// Computes at `point`, 0 to 1. `gradients` gets the logits there and answers, for each objective, how fast it grows with each
    /// logit (shaped as the logits); none at all saves the way back. It is called once.
    ///
    /// # Errors
    /// libtorch said no.
    fn step(
        &mut self,
        point: f64,
        gradients: &mut dyn FnMut(&Outputs) -> Vec<Outputs>,
    ) -> Result<Step, ClassifyError>;
}
