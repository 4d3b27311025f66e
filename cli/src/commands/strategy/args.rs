//! The arguments of `replay`.

use std::path::PathBuf;

use clap::Args;
use ombud_models::ModelName;

use crate::input::when::{When, when};

#[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "a build without models has nothing to ask"))]
#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// The model that is asked: MODEL, or MODEL@ and the first digits of a version
    #[arg(long, value_name = "MODEL")]
    pub(super) candidate: ModelName,

    /// Complaints that were decided from this time on: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 30d
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(super) since: When,

    /// And before this time, in their state of then [default: now]
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(super) until: Option<When>,

    /// A task that it is asked; repeat for another [default: all that it answers and the strategy decides]
    #[arg(long = "task", value_name = "TASK")]
    pub(super) tasks: Vec<String>,

    /// Write everything to one HTML file, each complaint in its group
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// How many complaints and moves are listed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) limit: usize,

    /// Record nothing in the registry: no promotion can rest on it then
    #[arg(long)]
    pub(super) no_record: bool,

    /// Everything as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}
