//! `ombud evaluate`: how good models are on labelled complaints, how sure one may be of that, and what it costs.
//!
//! `run` scores the rows, and `measurement` holds the answers; `answers` counts them by task and taxonomy level.
//! `choice`, `flag` and `calibration` compute figures from plain numbers; `slice` (by `traits`) and `mix`
//! count rows separately or with other weights, `served_choice` says on which level answers are given, `served_flag` adds
//! explicit evidence, `compare` sets two models side by side (by `mcnemar`), `dial` prices thresholds. `evaluation` holds all
//! of it, `tables` and `decisions` put it into columns and words; `terminal`, `card` and `html` show them; `listing` says every single answer.

mod answers;
mod calibration;
mod card;
mod choice;
mod compare;
mod decisions;
mod dial;
mod error;
mod evaluation;
mod flag;
mod graded;
mod html;
mod leads;
mod listing;
mod mcnemar;
mod measurement;
mod mix;
mod named;
mod run;
mod served_choice;
mod served_flag;
mod slice;
mod subject;
mod tables;
mod terminal;
mod traits;
mod view;

pub use crate::interval::Resampling;
pub use answers::{Answers, LevelAnswers, PerTask, ScoredRow, TaskFigures, TaskReport, TaskScores, tasks};
pub use card::with_section;
pub use choice::{ChoiceFigures, ChoiceIntervals, ChoiceReport, Class, Majority};
pub use compare::{ChoiceComparison, Comparison, FlagComparison, PairedFigure, TaskComparison};
pub use decisions::answered_table;
pub use dial::{AtRecall, Dial, FlaggedShare, KeptShare, RecallDial, ReviewBelow, ReviewDial, TaskDial};
pub use error::EvaluateError;
pub use evaluation::{Evaluation, RecentRows};
pub use flag::{AtThreshold, FlagFigures, FlagIntervals, FlagReport, FlagScore};
pub use graded::{GradedRow, RankedAnswer};
pub use html::{confusions, reliabilities};
pub use leads::leads;
pub use listing::{ListedAnswer, list};
pub use mcnemar::{McNemar, Test};
pub use measurement::Measurement;
pub use mix::{Mix, NaturalMix};
pub use named::figures;
pub use served_choice::{AnswerShare, ServedChoice, ServedLevel};

pub use run::Evaluate;
pub use served_flag::ServedFlag;
pub use slice::{LEAST_POSITIVES, LEAST_ROWS, Slice, Slices};
pub use subject::{EvaluatedModel, Subject};
pub(crate) use subject::{SubjectHead, champions_of};
pub use tables::{figure, with};
pub use traits::RECENT_FROM_MS;
pub use view::{PER_DAY, View};
