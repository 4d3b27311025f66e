//! The command line of `ombud`: its commands, and the options of all of them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[cfg(feature = "torch")]
use crate::commands::try_tokenizer::TryTokenizer;
use crate::commands::{
    archive::Archive, backup::Backup, check::Check, completions::Completions, config::ConfigCommand,
    console::Console, doctor::Doctor, dossier::Dossier, evaluate::Evaluate, explain::Explain,
    feedback::Feedback, infer::Infer, join::Join, learn::Learn, man::Man, models::ModelsCommand,
    queue::Queue, redrive::Redrive, repair::Repair, report::ReportCommand, restore::Restore, send::Send,
    setup::Setup, show::Show, strategy::StrategyCommand, tail::Tail, up::Up, users::UsersCommand, work::Work,
};

/// Triage customer complaints: read them, decide product, issue and vulnerability, route them, keep the case.
#[derive(Debug, Parser)]
#[command(name = "ombud", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) options: Options,
}

/// The heading of what every command takes.
const ALL: &str = "Options for all commands";

/// The options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Settings file [default: ombud.toml, where there is one]
    #[arg(long, global = true, help_heading = ALL, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Folder of the log, the cases and the models [default: .ombud; or OMBUD_DATA]
    #[arg(long, global = true, help_heading = ALL, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Kafka's brokers [default: the embedded log; or OMBUD_KAFKA_BOOTSTRAP]
    #[arg(long, global = true, help_heading = ALL, value_name = "HOST:PORT,...")]
    pub(crate) kafka: Option<String>,

    /// The schema registry's Confluent API [or OMBUD_REGISTRY_URL]
    #[arg(long, global = true, help_heading = ALL, value_name = "URL")]
    pub(crate) registry: Option<String>,

    /// Nodes of the CQL server that keeps the cases [or OMBUD_CQL_NODES]
    #[arg(long, global = true, help_heading = ALL, value_name = "HOST:PORT,...")]
    pub(crate) cql: Option<String>,

    /// Say what goes on, on stderr; -vv says more [setting: log, OMBUD_LOG]
    #[arg(short, long, global = true, help_heading = ALL, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What `ombud` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: triage FILE, then keep serving
    Up(Up),
    /// Make topics, schemas, tables and the first strategy on brokers; a second run changes nothing
    Setup(Setup),
    /// Check what is reachable, what differs and who lags, each with the fix
    Doctor(Doctor),
    /// Copy the data folder's log, cases, marks and models to DIR, also while `ombud up` serves from it; tokens stay behind
    Backup(Backup),
    /// Put a backup back into the data folder
    Restore(Restore),
    /// Report what the data folder has lost of what was acknowledged, and continue without it
    Repair(Repair),
    /// Run the consumer groups that decide, one for each --task
    Infer(Infer),
    /// Run a joiner: predictions into routes
    Join(Join),
    /// Run an archiver: everything into the case store
    Archive(Archive),
    /// Run the API on brokers: complaints and verdicts over HTTP
    Console(Console),
    /// Say what people decided: of one complaint, or of many in a file
    Feedback(Feedback),
    /// What a team has to do, in the order in which it is to be done
    Queue(Queue),
    /// Take a complaint, and say what was done about it
    Work(Box<Work>),
    /// What became of the decisions
    #[command(subcommand)]
    Report(ReportCommand),
    /// Send the complaints of FILE, at a rate; a second run resumes behind what is durable
    Send(Send),
    /// Say what is wrong with the records of FILE or TOPIC, and the fix
    Check(Check),
    /// Send records again that nobody could read, once what was wrong is fixed
    Redrive(Redrive),
    /// Print the records of a topic
    Tail(Tail),
    /// Print one case: what came, what each model said, where it went and why
    Show(Show),
    /// A decision with everything it rests on, in a signed file that others can verify
    Dossier(Box<Dossier>),
    /// The strategy that decides: look at it, and change it
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// The model versions that are registered
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Who signs in with a password that Ombud keeps
    #[command(subcommand)]
    Users(UsersCommand),
    /// Train a model from labelled complaints
    Learn(Box<Learn>),
    /// Measure models on labelled complaints
    Evaluate(Evaluate),
    /// Say why: which words decided a complaint, and what would have changed it
    Explain(Box<Explain>),
    /// Read tokenizers within limits, or die of it: what a version is tried with before this host loads it
    #[cfg(feature = "torch")]
    #[command(hide = true)]
    TryTokenizer(TryTokenizer),
    /// The settings: what is in force and from where, and a file to begin with
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a shell's completion script
    Completions(Completions),
    /// Write the manual's pages, one for each command
    #[command(hide = true)]
    Man(Man),
}

#[cfg(test)]
mod tests;
