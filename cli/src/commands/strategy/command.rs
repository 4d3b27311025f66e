//! The commands of `ombud strategy`, and which part does each.

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::Result;
use clap::Subcommand;
use ombud_launch::config::Settings;
use ombud_models::StrategyChange;
use ombud_stream::Clock;

use super::{
    args::Replay,
    change,
    changes::{CanaryArgs, PromoteArgs, RequestCommand, RollBackArgs, SetArgs, ShadowArgs},
    check, diff, examples, history,
    options::{AnswerOptions, ChangeOptions},
    request, show, simulate,
};
use crate::{
    Done,
    input::{
        examples::examples_text,
        when::{When, moment, when},
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
        #[command(flatten)]
        change: SetArgs,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Let a model decide a share of a task's complaints, taken from the champion
    #[command(after_help = examples_text(&examples::CANARY))]
    Canary {
        #[command(flatten)]
        change: CanaryArgs,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Let a model answer without deciding
    #[command(after_help = examples_text(&examples::SHADOW))]
    Shadow {
        #[command(flatten)]
        change: ShadowArgs,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Make the canary (or another arm) the champion of all complaints
    #[command(after_help = examples_text(&examples::PROMOTE))]
    Promote {
        #[command(flatten)]
        change: PromoteArgs,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Publish the content of an older version again
    #[command(after_help = examples_text(&examples::ROLL_BACK))]
    RollBack {
        #[command(flatten)]
        change: RollBackArgs,

        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Ask for a change that another person has to approve
    #[command(subcommand)]
    Request(RequestCommand),
    /// The changes that wait for another person
    #[command(after_help = examples_text(&examples::REQUESTS))]
    Requests {
        /// One JSON object a request
        #[arg(long)]
        json: bool,
    },
    /// Approve a change that another person has asked for; the last approval publishes it
    #[command(after_help = examples_text(&examples::APPROVE))]
    Approve {
        /// As `ombud strategy requests` lists it
        request: String,

        /// From when on, such as 2026-01-31T09:00Z [default: as soon as every worker knows, in some seconds]
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<i64>,

        #[command(flatten)]
        options: AnswerOptions,
    },
    /// Refuse a change that somebody has asked for, or take back your own
    #[command(after_help = examples_text(&examples::REFUSE))]
    Refuse {
        /// As `ombud strategy requests` lists it
        request: String,

        #[command(flatten)]
        options: AnswerOptions,
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
        StrategyCommand::Request(command) => return request::request(command, settings, clock, out),
        StrategyCommand::Requests { json } => return request::list(json, settings, clock, out),
        StrategyCommand::Approve { request: id, from, options } => {
            return request::approve(&id, from, &options, settings, clock, out);
        }
        StrategyCommand::Refuse { request: id, options } => {
            return request::refuse(&id, &options, settings, clock, out);
        }
        StrategyCommand::Set { change, options } => {
            return change::set(&change, &options, settings, clock, out);
        }
        StrategyCommand::Canary { change, options } => (StrategyChange::from(change), options),
        StrategyCommand::Shadow { change, options } => (change.into(), options),
        StrategyCommand::Promote { change, options } => (change.into(), options),
        StrategyCommand::RollBack { change, options } => (change.into(), options),
    };
    change::change(&change, &options, settings, clock, out)
}
