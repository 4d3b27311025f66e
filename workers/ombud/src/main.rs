//! `ombud`: the one command, its roles and its tools.

mod cli;
#[cfg(feature = "torch")]
mod evaluate;
#[cfg(feature = "torch")]
mod learn;
mod models;
mod show;
mod strategy;
mod tail;
mod terminal;
#[cfg(feature = "torch")]
mod up;

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::{CommandFactory, Parser};
use cli::{Cli, Command, Common, ModelsCommand, StrategyCommand};
use ombud_launch::{
    config::{self, Flag, Inputs, Settings},
    telemetry,
};
use terminal::Terminal;

/// Exit codes are part of the interface: 0 done, 1 failed, 2 usage (clap's), 3 checked and found wanting.
const FAILED: u8 = 1;
const FOUND_WANTING: u8 = 3;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// As asked.
    Well,
    /// It checked something and found it wanting, and has said so.
    Wanting,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::stdout().lock();
    let ended = run(cli, &mut out).and_then(|done| out.flush().map(|()| done).map_err(Into::into));
    match ended {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Wanting) => ExitCode::from(FOUND_WANTING),
        // `ombud tail ... | head` has seen enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Every error completes "failed to"; its causes follow in the same line.
            eprintln!("ombud failed to {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn settings(common: Common) -> Result<config::Loaded> {
    let data = common.data.map(|dir| Flag {
        name: "--data",
        setting: "data",
        value: dir.to_string_lossy().into_owned(),
    });
    Ok(config::load(&Inputs::of_process(common.config, data.into_iter().collect()))?)
}

fn run(cli: Cli, out: &mut impl Write) -> Result<Done> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "ombud", out);
        return Ok(Done::Well);
    }
    let loaded = settings(cli.common)?;
    let terminal = Terminal::default();
    telemetry::log_to(terminal.clone(), &loaded.settings)?;
    let settings: &Settings = &loaded.settings;
    let prefix = &settings.topics.prefix;
    match cli.command {
        Command::Completions { .. } => unreachable!("answered above, before any settings are read"),
        Command::Tail(args) => tail::tail(&args, &settings.data, prefix, out)?,
        Command::Show(args) => return show::show(&args, &settings.data, out),
        Command::Strategy(StrategyCommand::Show { json }) => strategy::show(json, settings, out)?,
        Command::Strategy(StrategyCommand::Check { file }) => return strategy::check(file, settings, out),
        Command::Models(ModelsCommand::List { json }) => models::list(json, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Up(args) => return up::up(&args, &loaded, &terminal, out),
        #[cfg(feature = "torch")]
        Command::Learn(args) => learn::learn(args, &terminal, out)?,
        #[cfg(feature = "torch")]
        Command::Evaluate(args) => evaluate::evaluate(&args, settings, &terminal, out)?,
        #[cfg(not(feature = "torch"))]
        Command::Up(_) | Command::Learn(_) | Command::Evaluate(_) => {
            anyhow::bail!(
                "run models: this build has none of libtorch; build it with `cargo build --release -p ombud --features torch`"
            )
        }
    }
    Ok(Done::Well)
}
