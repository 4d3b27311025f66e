//! `ombud`: the one command, its roles and its tools.

mod ask_up;
#[cfg(feature = "torch")]
mod challenge;
mod check;
mod cli;
mod connect;
mod doctor;
#[cfg(feature = "torch")]
mod evaluate;
mod feedback;
mod fine_tune;
mod first_start;
mod from_feedback;
mod fuse;
#[cfg(feature = "torch")]
mod learn;
#[cfg(feature = "torch")]
mod listing;
mod models;
#[cfg(all(test, feature = "servers"))]
mod on_brokers;
mod publish;
mod quality;
mod reading;
mod redrive;
mod scan;
mod send;
mod setup;
mod show;
mod strategy;
mod tail;
mod tasks;
mod terminal;
#[cfg(feature = "torch")]
mod up;
mod when;
mod work;
mod world;

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Result;
use clap::{CommandFactory, Parser};
use cli::{Cli, Command, Common, ModelsCommand, ReportCommand};
use ombud_launch::{
    config::{self, Flag, Inputs, Settings},
    telemetry::{self, Traces},
};
use ombud_stream::{Clock, Start, SystemClock};
use terminal::Terminal;
use work::Role;

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
    let data = common.data.map(|dir| dir.to_string_lossy().into_owned());
    let said = [
        ("--data", "data", data),
        ("--kafka", "kafka_bootstrap", common.kafka),
        ("--registry", "registry_url", common.registry),
        ("--cql", "cql_nodes", common.cql),
    ];
    let flags =
        said.into_iter().filter_map(|(name, setting, value)| Some(Flag { name, setting, value: value? }));
    Ok(config::load(&Inputs::of_process(common.config, flags.collect()))?)
}

/// As whom a process signs its logs and traces.
fn service(command: &Command) -> &'static str {
    match command {
        Command::Infer(_) => "ombud-infer",
        Command::Join(_) => "ombud-join",
        Command::Archive(_) => "ombud-archive",
        Command::Console => "ombud-console",
        _ => "ombud",
    }
}

fn set_up(args: &setup::Setup, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let mut items = setup::bring_about(args, settings)?;
    items.push(first_start::on_brokers(args.mode(), settings)?);
    setup::print(args, &items, out)
}

fn run(cli: Cli, out: &mut impl Write) -> Result<Done> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "ombud", out);
        return Ok(Done::Well);
    }
    #[cfg(feature = "torch")]
    let on_brokers = cli.common.kafka.is_some();
    let loaded = settings(cli.common)?;
    let terminal = Terminal::default();
    let settings: &Settings = &loaded.settings;
    let service = service(&cli.command);
    telemetry::log_to(terminal.clone(), settings, service)?;
    telemetry::log_panics();
    // Until the workers have stopped: what they still have to tell goes out then.
    let _traces = Traces::install(settings, service)?;
    match cli.command {
        Command::Completions { .. } => unreachable!("answered above, before any settings are read"),
        Command::Setup(args) => return set_up(&args, settings, out),
        Command::Doctor(args) => return doctor::doctor(&args, settings, out),
        Command::Join(args) => return work::run(&Role::Join, &loaded, args.start),
        Command::Archive(args) => return work::run(&Role::Archive, &loaded, args.start),
        Command::Console => return work::run(&Role::Console, &loaded, Start::Earliest),
        Command::Feedback(args) => return feedback::feedback(&args, settings, &terminal, out),
        Command::Report(ReportCommand::Quality(args)) => {
            return quality::quality(&args, settings, &SystemClock, &terminal, out);
        }
        Command::Send(args) => return send::send(&args, settings, &terminal, out),
        Command::Check(args) => return check::check(&args, settings, &SystemClock, out),
        Command::Redrive(args) => return redrive::redrive(&args, settings, &SystemClock, out),
        Command::Tail(args) => tail::tail(&args, settings, out)?,
        Command::Show(args) => return show::show(&args, settings, out),
        Command::Strategy(command) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            return strategy::run(command, settings, &clock, &terminal, out);
        }
        Command::Models(ModelsCommand::List { json }) => {
            models::list(json, settings, SystemClock.now_ms(), out)?;
        }
        Command::Models(ModelsCommand::Show { model, json }) => {
            models::show(&model, json, settings, SystemClock.now_ms(), out)?;
        }
        #[cfg(feature = "torch")]
        Command::Up(args) => {
            return up::up(&cli::Up { on_brokers, ..args }, &loaded, &terminal, out);
        }
        #[cfg(feature = "torch")]
        Command::Infer(args) => {
            return work::run(&Role::Infer(args.groups()), &loaded, args.group.start);
        }
        #[cfg(feature = "torch")]
        Command::Learn(args) if args.feedback.from_feedback => {
            challenge::challenge(*args, settings, &SystemClock, &terminal, out)?;
        }
        #[cfg(feature = "torch")]
        Command::Learn(args) => learn::learn(*args, &terminal, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Add { source }) => models::add(&source, settings, out)?,
        Command::Models(ModelsCommand::Retire { version }) => models::retire(&version, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Export(args)) => models::export(&args, settings, out)?,
        #[cfg(feature = "torch")]
        Command::Models(ModelsCommand::Import(args)) => models::import(args, out)?,
        #[cfg(feature = "torch")]
        Command::Evaluate(args) => evaluate::evaluate(&args, settings, &terminal, out)?,
        #[cfg(not(feature = "torch"))]
        Command::Up(_)
        | Command::Infer(_)
        | Command::Learn(_)
        | Command::Evaluate(_)
        | Command::Models(ModelsCommand::Add { .. } | ModelsCommand::Export(_) | ModelsCommand::Import(_)) => {
            return Err(without_models());
        }
    }
    Ok(Done::Well)
}

/// Says so where something needs models.
#[cfg(not(feature = "torch"))]
fn without_models() -> anyhow::Error {
    anyhow::anyhow!(
        "run models: this build has none of libtorch; build it with `cargo build --release -p ombud --features torch`"
    )
}
