//! What can be said to `ombud strategy`.

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use ombud_launch::config::Settings;
use ombud_models::{ALL, Change, ModelName, Signature};
use ombud_stream::Clock;

use super::{args::Replay, change, check, diff, history, show, simulate};
use crate::{
    Done,
    terminal::Terminal,
    when::{When, moment, when},
};

#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// Print the strategy in force
    #[command(disable_version_flag = true)]
    Show {
        /// This version instead
        #[arg(long, value_name = "N")]
        version: Option<i64>,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Check a strategy file, and say what is wrong with it
    Check {
        /// The file [default: strategy.toml in the models folder]
        file: Option<PathBuf>,
    },
    /// Publish the strategy of a file
    Set {
        /// TOML as in models/strategy.toml; `model` is MODEL@VERSION, or a folder beside the file
        file: PathBuf,

        #[command(flatten)]
        how: How,
    },
    /// Let a model decide a share of a task's complaints, taken from the champion
    Canary {
        task: String,

        /// MODEL, or MODEL@ and the first digits of a version
        model: ModelName,

        /// Such as 10%
        #[arg(value_parser = share)]
        share: i32,

        #[command(flatten)]
        how: How,
    },
    /// Let a model answer without deciding
    Shadow {
        task: String,

        /// MODEL, or MODEL@ and the first digits of a version
        model: ModelName,

        /// Such as 10% [default: all]
        #[arg(value_parser = share)]
        share: Option<i32>,

        #[command(flatten)]
        how: How,
    },
    /// Make the canary (or another arm) the champion of all complaints
    Promote {
        task: String,

        /// The arm [default: canary, or else challenger]
        arm: Option<String>,

        /// The evaluation that shows it is better
        #[arg(long, value_name = "ID")]
        evaluation: Option<String>,

        /// Without an evaluation; the history says so
        #[arg(long, conflicts_with = "evaluation")]
        force: bool,

        #[command(flatten)]
        how: How,
    },
    /// Publish what an older version says once more
    RollBack {
        /// Which [default: the one before the newest]
        #[arg(long, value_name = "N")]
        to: Option<i64>,

        #[command(flatten)]
        how: How,
    },
    /// Every version: who changed what, when and why
    History {
        /// One JSON object a version
        #[arg(long)]
        json: bool,
    },
    /// What version M says otherwise than version N
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
    Simulate(simulate::Simulate),
    /// Which archived complaints a model would decide otherwise
    Replay(Replay),
}

/// How a change is signed and published.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct How {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Who [default: the login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// From when on, such as 2026-01-31T09:00Z [default: as soon as every worker knows, in some seconds]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<i64>,

    /// Say what would be published, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl How {
    pub(super) fn signature(&self, now_ms: i64) -> Result<Signature> {
        let login = || ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
        let by = self.by.clone().or_else(login).unwrap_or_default().trim().to_owned();
        if by.is_empty() {
            bail!("sign the change: say who you are with --by NAME, for the environment has no LOGNAME")
        }
        Ok(Signature { by, reason: self.reason.clone(), now_ms, from: self.from })
    }
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

/// Does what was asked.
pub(crate) fn run(
    command: StrategyCommand,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let (change, how) = match command {
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
        StrategyCommand::Set { file, how } => return change::set(&file, &how, settings, clock, out),
        StrategyCommand::Canary { task, model, share, how } => {
            (Change::Canary { task, model, basis_points: share }, how)
        }
        StrategyCommand::Shadow { task, model, share, how } => {
            (Change::Shadow { task, model, basis_points: share.unwrap_or(ALL) }, how)
        }
        StrategyCommand::Promote { task, arm, evaluation, force, how } => {
            (Change::Promote { task, arm, evaluation, forced: force }, how)
        }
        StrategyCommand::RollBack { to, how } => (Change::RollBack { to }, how),
    };
    change::change(&change, &how, settings, clock, out)
}

/// Where there is none yet.
pub(super) fn unpublished() -> anyhow::Error {
    anyhow!(
        "find a strategy: none is published yet; `ombud up`, and `ombud setup` on brokers, publish the first"
    )
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
