//! The commands of `ombud strategy`, and which part does each.

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::Result;
use clap::Subcommand;
use ombud_launch::config::Settings;
use ombud_models::{ALL, ModelName, StrategyChange};
use ombud_stream::Clock;

use super::{args::Replay, change, check, diff, examples, history, options::ChangeOptions, show, simulate};
use crate::{
    Done,
    input::{
        examples::examples_text,
        when::{When, when},
    },
    output::terminal::Terminal,
};

/// The commands of `strategy`.
#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// Print the strategy in force
    #[command(disable_version_flag = true)]
    #[command(after_help = examples_text(&examples::SHOW))]
    Show {
        /// This version instead
        #[arg(long, value_name = "N")]
        version: Option<i64>,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Check a strategy file, and report what is wrong with it
    #[command(after_help = examples_text(&examples::CHECK))]
    Check {
        /// The file [default: strategy.toml in the models folder]
        file: Option<PathBuf>,
    },
    /// Publish the strategy of a file
    #[command(after_help = examples_text(&examples::SET))]
    Set {
        /// TOML as in models/strategy.toml; `model` is MODEL@VERSION, or a folder beside the file
        file: PathBuf,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Let a model decide a share of a task's complaints, taken from the champion
    #[command(after_help = examples_text(&examples::CANARY))]
    Canary {
        task: String,

        /// MODEL, or MODEL@ and the first digits of a version
        model: ModelName,

        /// Such as 10%
        #[arg(value_parser = share)]
        share: i32,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Let a model answer without deciding
    #[command(after_help = examples_text(&examples::SHADOW))]
    Shadow {
        task: String,

        /// MODEL, or MODEL@ and the first digits of a version
        model: ModelName,

        /// Such as 10% [default: all]
        #[arg(value_parser = share)]
        share: Option<i32>,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Make the canary (or another arm) the champion of all complaints
    #[command(after_help = examples_text(&examples::PROMOTE))]
    Promote {
        task: String,

        /// The arm [default: canary, or else challenger]
        arm: Option<String>,

        /// The evaluation that shows it is better
        #[arg(long, value_name = "ID")]
        evaluation: Option<String>,

        /// Without an evaluation; the history records that
        #[arg(long, conflicts_with = "evaluation")]
        force: bool,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Publish the content of an older version again
    #[command(after_help = examples_text(&examples::ROLL_BACK))]
    RollBack {
        /// Which [default: the one before the newest]
        #[arg(long, value_name = "N")]
        to: Option<i64>,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Every version: who changed what, when and why
    #[command(after_help = examples_text(&examples::HISTORY))]
    History {
        /// One JSON object a version
        #[arg(long)]
        json: bool,
    },
    /// How version M differs from version N
    #[command(after_help = examples_text(&examples::DIFF))]
    Diff {
        #[arg(value_name = "N")]
        before: i64,

        #[arg(value_name = "M")]
        after: i64,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the strategy of the complaints that came at a time
    #[command(after_help = examples_text(&examples::AT))]
    At {
        /// 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 2h
        #[arg(value_parser = when)]
        time: When,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// What share of known complaints each arm would get
    #[command(disable_version_flag = true)]
    #[command(after_help = examples_text(&examples::SIMULATE))]
    Simulate(simulate::Simulate),
    /// Which archived complaints a model would decide differently
    #[command(after_help = examples_text(&examples::REPLAY))]
    Replay(Replay),
}

/// Basis points of `10%`.
fn share(text: &str) -> Result<i32, String> {
    let wrong = || format!("{text} is no share: write percent, such as 10% or 0.5%");
    let percent: f64 = text.strip_suffix('%').ok_or_else(wrong)?.trim().parse().map_err(|_| wrong())?;
    let basis_points = percent * 100.0;
    if !(1.0..=f64::from(ALL)).contains(&basis_points) {
        return Err(format!("{text} is out of range: write 0.01% to 100%"));
    }
    match (basis_points - basis_points.round()).abs() < 1e-6 {
        true => Ok(basis_points.round() as i32),
        false => Err(format!("{text} is too exact: shares have two decimals, such as 0.25%")),
    }
}

/// Does what `command` asks for.
pub(crate) fn strategy(
    command: StrategyCommand,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let (change, options) = match command {
        StrategyCommand::Show { version, json } => {
            return show::show(version, json, settings, clock.as_ref(), out);
        }
        StrategyCommand::Check { file } => return check::check(file, settings, clock.as_ref(), out),
        StrategyCommand::History { json } => return history::history(json, settings, out),
        StrategyCommand::Diff { before, after, json } => {
            return diff::diff(before, after, json, settings, out);
        }
        StrategyCommand::At { time, json } => {
            return show::at(time.ms(clock.now_ms()), json, settings, out);
        }
        StrategyCommand::Simulate(args) => return simulate::simulate(&args, settings, clock.as_ref(), out),
        #[cfg(feature = "torch")]
        StrategyCommand::Replay(args) => {
            return super::replay::replay(&args, settings, clock.as_ref(), terminal, out);
        }
        #[cfg(not(feature = "torch"))]
        StrategyCommand::Replay(_) => {
            let _ = terminal;
            unreachable!("handed over before")
        }
        StrategyCommand::Set { file, options } => return change::set(&file, &options, settings, clock, out),
        StrategyCommand::Canary { task, model, share, options } => {
            (StrategyChange::Canary { task, model, basis_points: share }, options)
        }
        StrategyCommand::Shadow { task, model, share, options } => {
            (StrategyChange::Shadow { task, model, basis_points: share.unwrap_or(ALL) }, options)
        }
        StrategyCommand::Promote { task, arm, evaluation, force, options } => {
            (StrategyChange::Promote { task, arm, evaluation, forced: force }, options)
        }
        StrategyCommand::RollBack { to, options } => (StrategyChange::RollBack { to }, options),
    };
    change::change(&change, &options, settings, clock, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_said_in_percent() {
        for (text, basis_points) in
            [("10%", 1_000), ("0.5%", 50), ("100 %", 10_000), ("0.07%", 7), ("33.33%", 3_333)]
        {
            assert_eq!(share(text), Ok(basis_points), "{text}");
        }
        for (text, why) in [
            ("10", "write percent"),
            ("0%", "out of range"),
            ("101%", "out of range"),
            ("NaN%", "out of range"),
            ("0.125%", "two decimals"),
        ] {
            assert!(share(text).is_err_and(|error| error.contains(why)), "{text}");
        }
    }
}
