//! `ombud evaluate`: how good models are on labelled complaints, how sure one may be of that, and what it costs.
//!
//! `run` scores the rows, and `measured` holds what came of it; `answers` counts it by task and taxonomy level.
//! `choice`, `flag`, `calibration` and `interval` compute figures from plain numbers; `slice` (by `traits`) and `mix`
//! count rows apart or anew, `answered` says on which level answers are given, `served` adds what narratives say
//! outright, `compare` sets two models side by side, `dial` prices thresholds. `tables` and `decisions` put a `report`
//! into columns and words; `terminal`, `card` and `html` show them; `listing` says every single answer.

mod answered;
mod answers;
mod calibration;
mod card;
mod choice;
mod compare;
mod decisions;
mod dial;
mod error;
mod flag;
mod html;
mod interval;
mod listing;
mod measured;
mod mix;
mod named;
mod report;
mod run;
mod served;
mod slice;
mod subject;
mod tables;
mod terminal;
mod traits;

pub use answered::{Answered, AnsweredLevel, Given};
#[cfg(feature = "torch")]
pub(crate) use answers::{Answers, LevelAnswers, Scored, Scores, tasks};
pub use answers::{PerTask, TaskFigures, TaskReport};
pub use choice::{ChoiceFigures, ChoiceIntervals, ChoiceReport, Class, Graded, Majority};
pub use compare::{Compared, Comparison, FlagCompared, McNemar, Paired, TaskComparison, Test};
#[cfg(feature = "torch")]
pub(crate) use decisions::answered_table;
pub use dial::{AtRecall, Dial, Flagged, Kept, PER_DAY, RecallDial, ReviewBelow, ReviewDial, TaskDial};
pub use error::EvaluateError;
pub use flag::{AtThreshold, FlagFigures, FlagIntervals, FlagReport, Marked};
#[cfg(feature = "torch")]
pub(crate) use html::{confusions, reliabilities};
pub use interval::Resampling;
pub use listing::{Listed, list};
pub use measured::{Measured, View};
pub use mix::{Mix, NaturalMix};
#[cfg(feature = "torch")]
pub(crate) use named::figures;
pub use report::{Evaluated, Evaluation, RECENT_FROM_MS, Recent};
pub use run::Evaluate;
pub use served::Served;
pub use slice::{LEAST_POSITIVES, LEAST_ROWS, Slice, Slices};
pub use subject::Subject;
pub(crate) use subject::{AskedHead, champions_of};
#[cfg(feature = "torch")]
pub(crate) use tables::{figure, with};
