//! The flags of `ombud learn --from-feedback`.

use clap::Args;

use crate::input::when::{When, when};

/// Flags of `learn` that make a challenger.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "With --from-feedback")]
pub(crate) struct FromFeedback {
    /// Learn a challenger by the champion's recipe: from the verdicts of people, and from FILES where there are any
    #[arg(long, conflicts_with_all = ["family", "validation", "tasks", "seed"])]
    pub(crate) from_feedback: bool,

    /// Leave out what came after this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = when, requires = "from_feedback")]
    pub(crate) as_of: Option<When>,

    /// Verdicts from this time on
    #[arg(long, value_name = "TIME", value_parser = when, default_value = "365d")]
    pub(crate) since: When,

    /// The model to challenge: MODEL, MODEL@VERSION or an artefact's folder [default: the champion in force]
    #[arg(long, value_name = "MODEL|DIR", requires = "from_feedback")]
    pub(crate) champion: Option<String>,

    /// Learn a new label once it has this many complaints
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) admit: usize,
}
