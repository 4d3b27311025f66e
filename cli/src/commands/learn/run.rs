//! Which kind of learning was asked for.

use std::io::Write;

use anyhow::Result;
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use super::{args::Learn, challenge::challenge, train::train};
use crate::{Done, output::terminal::Terminal};

/// Learns a model from files, or a challenger from verdicts.
pub(crate) fn learn(
    args: Learn,
    settings: &Settings,
    clock: &dyn Clock,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    match args.feedback.from_feedback {
        true => challenge(args, settings, clock, terminal, out),
        false => train(args, terminal, out),
    }
}
