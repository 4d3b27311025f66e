//! `ombud report`: what became of the decisions.

mod clocks;
mod quality;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use ombud_launch::config::Settings;
use ombud_stream::SystemClock;

use crate::{Done, output::terminal::Terminal};

/// The commands of `report`.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Which clocks were met, missed or are open, by team and rule
    Clocks(clocks::Clocks),
    /// Accuracy by task, model version, team and week, and how often complaints were sent on
    Quality(quality::Quality),
}

/// Prints the report.
pub(crate) fn report(
    command: &ReportCommand,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    match command {
        ReportCommand::Clocks(args) => clocks::clocks(args, settings, &SystemClock, terminal, out),
        ReportCommand::Quality(args) => quality::quality(args, settings, &SystemClock, terminal, out),
    }
}
