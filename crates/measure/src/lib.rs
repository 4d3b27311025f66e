//! What decisions are worth: on labelled complaints, against a candidate's, and by what humans made of them.
//!
//! labelled complaints -> `evaluate`      archived complaints, a candidate -> `replay`
//! verdicts -> `truth` -> `quality`                 work -> `clocks`      narratives -> `alike`

pub mod alike;
pub mod audit_half;
mod calendar;
pub mod case;
pub mod clocks;
pub mod evaluate;
pub mod interval;
mod model_name;
pub mod quality;
pub mod replay;
pub mod replicas;
pub mod target;
pub mod truth;
