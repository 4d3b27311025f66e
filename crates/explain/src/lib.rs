//! Why a model answered as it did, computed again from the archived text and the very weights.
//!
//! case -> job -> the model of that version -> the same answer? -> contrast -> shares of words -> explanation

mod attribution;
mod bars;
mod case;
mod code_points;
mod contrast;
mod document;
mod error;
mod explainer;
mod head;
mod job;
mod model;
mod occlusion;
mod own_text;
mod quadrature;
mod reading;
mod reason;
mod rerouting;
mod routing;
mod rule;
mod sentences;
#[cfg(test)]
mod testing;
mod texts;
mod words;

pub use case::{NoJob, jobs_of};
pub use contrast::ALL_OTHERS;
pub use document::{
    AnswerGiven, AnsweredBy, Bar, BarKind, Contrast, Counterfactual, EvidencePhrase, Explanation, FORMAT,
    LevelReached, Method, Place, Reproduction, RoutingReason, SentenceShare, Side, UnreadPart, WordShare,
};
pub use error::{ExplainError, OpenError};
pub use explainer::Explainer;
pub use job::ExplainJob;
pub use model::{OpenModels, OpenedModel};
