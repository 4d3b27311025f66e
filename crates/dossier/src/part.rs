//! The nine parts, a file each: what a part says, and how it comes out of a case.
//!
//! Each names which of the six kinds of explanation it gives, as the ICO and the Alan Turing Institute have them, and says in
//! `notes`, in words, what is not there and why.

mod answers;
mod decision;
mod input;
mod model;
mod outcome;
mod people;
mod proof;
mod strategy;
mod words;

pub(crate) use answers::{AnswerLine, AnswersPart};
pub(crate) use decision::DecisionPart;
pub(crate) use input::InputPart;
pub(crate) use model::{ModelLine, ModelPart};
pub(crate) use outcome::OutcomePart;
pub(crate) use people::PeoplePart;
pub(crate) use proof::ProofPart;
pub(crate) use strategy::{ArmLine, DrawLine, StrategyLine, StrategyPart, arms_of};
pub(crate) use words::WordsPart;

pub(crate) const RATIONALE: &str = "rationale";
pub(crate) const DATA: &str = "data";
pub(crate) const SAFETY: &str = "safety and performance";
pub(crate) const FAIRNESS: &str = "fairness";
pub(crate) const RESPONSIBILITY: &str = "responsibility";
pub(crate) const IMPACT: &str = "impact";
