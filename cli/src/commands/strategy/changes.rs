//! The changes that one person makes, or that one asks for and another approves: the words of each.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use ombud_models::{ALL, ModelName, StrategyChange, StrategyDraft};

use super::{
    examples,
    options::{RequestOptions, share},
};
use crate::{input::examples::examples_text, strategies::LogSnapshot};

/// The strategy of a file.
#[derive(Args, Debug)]
pub(crate) struct SetArgs {
    /// TOML as in models/strategy.toml; `model` is MODEL@VERSION, or a folder beside the file
    file: PathBuf,
}

/// A model that gets a share.
#[derive(Args, Debug)]
pub(crate) struct CanaryArgs {
    task: String,

    /// MODEL, or MODEL@ and the first digits of a version
    model: ModelName,

    /// Such as 10%
    #[arg(value_parser = share)]
    share: i32,
}

/// A model that is watched.
#[derive(Args, Debug)]
pub(crate) struct ShadowArgs {
    task: String,

    /// MODEL, or MODEL@ and the first digits of a version
    model: ModelName,

    /// Such as 10% [default: all]
    #[arg(value_parser = share)]
    share: Option<i32>,
}

/// An arm that gets all.
#[derive(Args, Debug)]
pub(crate) struct PromoteArgs {
    task: String,

    /// The arm [default: canary, or else challenger]
    arm: Option<String>,

    /// The evaluation that shows it is better
    #[arg(long, value_name = "ID")]
    evaluation: Option<String>,

    /// Without an evaluation; the history records that
    #[arg(long, conflicts_with = "evaluation")]
    force: bool,
}

/// An older version.
#[derive(Args, Debug)]
pub(crate) struct RollBackArgs {
    /// Which [default: the one before the newest]
    #[arg(long, value_name = "N")]
    to: Option<i64>,
}

impl SetArgs {
    /// What its file says, for the log that is `known`.
    pub(super) fn change(&self, known: &LogSnapshot) -> Result<StrategyChange> {
        let newest = &known.newest()?.record;
        let draft = StrategyDraft::read(&self.file, &known.registry, newest)?;
        Ok(StrategyChange::Replace(Box::new(draft.record)))
    }
}

impl From<CanaryArgs> for StrategyChange {
    fn from(CanaryArgs { task, model, share }: CanaryArgs) -> Self {
        Self::Canary { task, model, basis_points: share }
    }
}

impl From<ShadowArgs> for StrategyChange {
    fn from(ShadowArgs { task, model, share }: ShadowArgs) -> Self {
        Self::Shadow { task, model, basis_points: share.unwrap_or(ALL) }
    }
}

impl From<PromoteArgs> for StrategyChange {
    fn from(PromoteArgs { task, arm, evaluation, force }: PromoteArgs) -> Self {
        Self::Promote { task, arm, evaluation, forced: force }
    }
}

impl From<RollBackArgs> for StrategyChange {
    fn from(RollBackArgs { to }: RollBackArgs) -> Self {
        Self::RollBack { to }
    }
}

/// A change that is asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Ask for the strategy of a file
    #[command(after_help = examples_text(&examples::REQUEST_SET))]
    Set {
        #[command(flatten)]
        change: SetArgs,

        #[command(flatten)]
        options: RequestOptions,
    },
    /// Ask for a model to decide a share of a task's complaints
    #[command(after_help = examples_text(&examples::REQUEST_CANARY))]
    Canary {
        #[command(flatten)]
        change: CanaryArgs,

        #[command(flatten)]
        options: RequestOptions,
    },
    /// Ask for a model to answer without deciding
    #[command(after_help = examples_text(&examples::REQUEST_SHADOW))]
    Shadow {
        #[command(flatten)]
        change: ShadowArgs,

        #[command(flatten)]
        options: RequestOptions,
    },
    /// Ask for the canary (or another arm) to be the champion of all complaints
    #[command(after_help = examples_text(&examples::REQUEST_PROMOTE))]
    Promote {
        #[command(flatten)]
        change: PromoteArgs,

        #[command(flatten)]
        options: RequestOptions,
    },
    /// Ask for the content of an older version
    #[command(after_help = examples_text(&examples::REQUEST_ROLL_BACK))]
    RollBack {
        #[command(flatten)]
        change: RollBackArgs,

        #[command(flatten)]
        options: RequestOptions,
    },
}
