//! What can be said on the command line.

mod examples;

use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
#[cfg(feature = "torch")]
use ombud_infer::Tasks;
use ombud_models::ModelName;
use ombud_stream::Start;

#[cfg(feature = "torch")]
use crate::trial::TryTokenizer;
use crate::{
    backup::Backup,
    check::Check,
    config::ConfigCommand,
    doctor::Doctor,
    feedback::Feedback,
    file_reading::{Dates, FileReading},
    fine_tune::FineTune,
    from_feedback::FromFeedback,
    fuse::Fuse,
    quality::Quality,
    redrive::Redrive,
    repair::Repair,
    restore::Restore,
    send::Send,
    setup::Setup,
    strategy::StrategyCommand,
    tasks::{Named, Tasks as Learned},
};

/// Triage customer complaints: read them, decide product, issue and vulnerability, route them, keep the case.
#[derive(Debug, Parser)]
#[command(name = "ombud", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) common: Common,
}

impl Cli {
    /// What this process was told. Ends the process, with exit code 2, where it can't be understood; the help says it.
    pub fn of_process() -> Self {
        let matches = Self::described().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command with all that its help says.
    pub(crate) fn described() -> clap::Command {
        examples::with_examples(Self::command())
    }
}

/// The heading of what may be said to any command.
const ALL: &str = "Options for all commands";

/// Said to any command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: triage FILE, then keep serving
    Up(Up),
    /// Make topics, schemas, tables and the first strategy on brokers; a second run changes nothing
    Setup(Setup),
    /// Check what is reachable, what differs and who lags, each with the mend
    Doctor(Doctor),
    /// Copy the data folder's log, cases, marks and models to DIR, also while `ombud up` serves from it; tokens stay behind
    Backup(Backup),
    /// Put a backup back into the data folder
    Restore(Restore),
    /// Say what the data folder has lost of what was acknowledged, and go on without it
    Repair(Repair),
    /// Run the consumer groups that decide, one for each --task
    Infer(Infer),
    /// Run a joiner: predictions into routes
    Join(Group),
    /// Run an archiver: everything into the case store
    Archive(Group),
    /// Run the API on brokers: complaints and verdicts over HTTP
    Console,
    /// Say what humans decided: of one complaint, or of many in a file
    Feedback(Feedback),
    /// What was made of the decisions
    #[command(subcommand)]
    Report(ReportCommand),
    /// Send the complaints of FILE, at a rate; begun again, it goes on behind what is durable
    Send(Send),
    /// Say what is wrong with the records of FILE or TOPIC, and the mend
    Check(Check),
    /// Send records again that nobody could read, once what was wrong is mended
    Redrive(Redrive),
    /// Print the records of a topic
    Tail(Tail),
    /// Print one case: what came, what each model said, where it went and why
    Show(Show),
    /// The strategy that decides: look at it, and change it
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// The model versions that are registered
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Train a model from labelled complaints
    Learn(Box<Learn>),
    /// Measure models on labelled complaints
    Evaluate(Evaluate),
    /// Read tokenizers within limits, or die of it: what a version is tried with before this host loads it
    #[cfg(feature = "torch")]
    #[command(hide = true)]
    TryTokenizer(TryTokenizer),
    /// The settings: what is in force and from where, and a file to begin with
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a shell's completion script
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Write the manual's pages, one for each command
    #[command(hide = true)]
    Man {
        /// The folder to write
        dir: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Up {
    /// Complaints to triage: CSV (also with semicolons, tabs or bars) or JSON, in our field names or the CFPB's, plain,
    /// .gz or .zst; - for stdin
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: FileReading,

    /// Stop when everything is routed and archived
    #[arg(long)]
    pub(crate) once: bool,

    /// Print the summary as one JSON object, on the last line
    #[arg(long)]
    pub(crate) json: bool,

    /// Work in the data folder of this machine, also where settings name brokers
    #[arg(long)]
    pub(crate) embedded: bool,

    /// Whether --kafka was said.
    #[cfg(feature = "torch")]
    #[arg(skip)]
    pub(crate) on_brokers: bool,
}

/// A consumer group on brokers.
#[derive(Args, Debug)]
pub(crate) struct Group {
    /// Where a group without offsets starts: earliest, latest, or a time such as 2026-01-31T09:00Z
    #[arg(long, value_parser = start, default_value = "earliest", value_name = "WHERE")]
    pub(crate) start: Start,
}

#[derive(Args, Debug)]
pub(crate) struct Infer {
    /// A task; several with commas in between for one group of all of them; again for another group; `all` for
    /// whatever the strategy lists
    #[arg(long = "task", required = true, value_name = "TASK")]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    pub(crate) group: Group,
}

impl Infer {
    /// What each group answers.
    #[cfg(feature = "torch")]
    pub(crate) fn groups(&self) -> Vec<Tasks> {
        let group = |tasks: &String| match tasks.as_str() {
            "all" => Tasks::All,
            named => Tasks::Named(named.split(',').map(str::to_owned).collect()),
        };
        self.tasks.iter().map(group).collect()
    }
}

fn start(text: &str) -> Result<Start, String> {
    match text {
        "earliest" => Ok(Start::Earliest),
        "latest" => Ok(Start::Latest),
        time => time
            .parse::<jiff::Timestamp>()
            .map(|time| Start::Time(time.as_millisecond()))
            .map_err(|error| format!("neither earliest nor latest, and no time: {error}")),
    }
}

#[derive(Args, Debug)]
pub(crate) struct Tail {
    /// The topic, such as complaints.routed
    pub(crate) topic: String,

    /// One JSON object a record
    #[arg(long)]
    pub(crate) json: bool,

    /// At most so many records [default: 10 from the end, all from the start]
    #[arg(short = 'n', value_name = "N")]
    pub(crate) number: Option<usize>,

    /// From which side
    #[arg(long, value_enum, default_value_t = From::End)]
    pub(crate) from: From,

    /// Go on with what comes
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// The first records
    Start,
    /// The last records
    End,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The complaint's id
    pub(crate) id: String,

    /// Also every record in the order in which they came, with versions, confidences and hashes
    #[arg(long)]
    pub(crate) long: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Accuracy by task, model version, team and week, and how often complaints were sent on
    Quality(Quality),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// One line a version
    List {
        /// One JSON object a version
        #[arg(long)]
        json: bool,
    },
    /// Card, figures and files of a version, where it stands, and where it serves and served
    Show {
        /// MODEL, its newest registered version, or MODEL@ and the first digits of a version
        model: ModelName,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Verify a model and make it known, so that a strategy may name it
    Add {
        /// An artefact's folder, or its name on the hub, where `@REVISION` behind it names another than the newest
        source: String,
    },
    /// Take a version that no strategy names out of use
    Retire {
        /// MODEL@VERSION, as `list` has them
        #[arg(value_name = "VERSION")]
        named: String,
    },
    /// Write one task of an encoder as a folder that Python's transformers loads
    Export(ExportModel),
    /// Take a classifier that was trained with Python's transformers
    Import(ImportModel),
}

#[derive(Args, Debug)]
pub(crate) struct ExportModel {
    /// The folder to write
    pub(crate) dir: PathBuf,

    /// Which of the model's tasks
    #[arg(long)]
    pub(crate) task: String,

    /// An artefact's folder, or MODEL@VERSION of the data folder [default: what the first strategy names for the task]
    #[arg(long, value_name = "DIR|MODEL@VERSION")]
    pub(crate) model: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ImportModel {
    /// A folder that `save_pretrained` wrote, or a model of the hub, such as bank/triage
    pub(crate) source: String,

    /// Branch, tag or commit of the hub's model [default: main]
    #[arg(long)]
    pub(crate) revision: Option<String>,

    /// What it answers: product, issue, vulnerable, or a task of your own with the model's own labels, such as queue
    #[arg(long, value_name = "TASK[@NUMBER]")]
    pub(crate) task: String,

    /// What its labels stand for: a file with lines of "theirs" = "ours"; several may stand for one, and "" is none
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,

    /// Print such a file to be filled in, and import nothing
    #[arg(long)]
    pub(crate) labels_template: bool,

    /// Keep its own labels although the task has some: they become the task's next label tree
    #[arg(long)]
    pub(crate) own_labels: bool,

    /// What one of its labels stands for; again for another
    #[arg(long = "map", value_name = "THEIRS=OURS", value_parser = pair)]
    pub(crate) map: Vec<(String, String)>,

    /// From which confidence on it may answer, by level, or `possible` and `vulnerable`; again for another
    #[arg(long = "threshold", value_name = "NAME=SHARE", value_parser = threshold)]
    pub(crate) thresholds: Vec<(String, f64)>,

    /// Languages that it reads, such as en,fr: of any other text it abstains, and people read it
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',', default_value = "en")]
    pub(crate) reads: Vec<String>,

    /// Folder to write the artefact to; its name becomes the model's
    #[arg(long, value_name = "DIR", required_unless_present = "labels_template")]
    pub(crate) out: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (theirs, ours) = text.split_once('=').ok_or("write it as THEIRS=OURS")?;
    Ok((theirs.trim().to_owned(), ours.trim().to_owned()))
}

fn threshold(text: &str) -> Result<(String, f64), String> {
    let (name, share) = pair(text).map_err(|_| "write it as NAME=SHARE, such as vulnerable=0.5")?;
    match share.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok((name, share)),
        _ => Err(format!("{share} is no share: write a number from 0 to 1")),
    }
}

#[derive(Args, Debug)]
pub(crate) struct Learn {
    /// Labelled complaints: CSV or CSV.gz in the layout of the data sets or the CFPB's export
    #[arg(required_unless_present = "from_feedback")]
    pub(crate) files: Vec<PathBuf>,

    /// How the model is built
    #[arg(long, value_enum, default_value_t = Family::Bag)]
    pub(crate) family: Family,

    /// Labelled complaints to calibrate and choose on [default: a tenth of FILES, held out]
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Option<PathBuf>,

    /// Languages that it reads, such as en,fr: of any other text it abstains, and people read it
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',', default_value = "en")]
    pub(crate) reads: Vec<String>,

    /// Folder to write the artefact to; its name becomes the model's
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Put the model in the place of the one that --out holds
    #[arg(long)]
    pub(crate) replace: bool,

    /// Seeds everything that is drawn
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) tasks: Learned,

    #[command(flatten)]
    pub(crate) fine_tune: FineTune,

    #[command(flatten)]
    pub(crate) fuse: Fuse,

    #[command(flatten)]
    pub(crate) feedback: FromFeedback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Family {
    /// Hashed words and runs of characters, one regression a task: minutes
    Bag,
    /// A transformer trained on from --base, one head a task: hours
    Encoder,
    /// A --bag and at least one --encoder that were learned before, as one: minutes
    Blend,
}

#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// An artefact's folder [default: what the first strategy names]
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,

    /// Labelled complaints
    #[arg(long, value_name = "FILE")]
    pub(crate) data: PathBuf,

    #[command(flatten)]
    pub(crate) dates: Dates,

    /// Where the labels of a task of your own stand
    #[arg(long = "task", value_name = "TASK=COLUMN")]
    pub(crate) tasks: Vec<Named>,

    /// Say whether the difference to this artefact is real, task by task
    #[arg(long, value_name = "DIR")]
    pub(crate) against: Option<PathBuf>,

    /// A cheap artefact to show beside [default: complaints-bag in the models folder, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<PathBuf>,

    /// Print what each choice of threshold costs in reviews a day
    #[arg(long)]
    pub(crate) dial: bool,

    /// Complaints a day that the dial reckons with
    #[arg(long, value_name = "N", default_value_t = ombud_learn::evaluate::PER_DAY, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_day: u32,

    /// Percent of complaints by product, a TOML file with a table `percent` [default: the CFPB's]
    #[arg(long, value_name = "FILE")]
    pub(crate) mix: Option<PathBuf>,

    /// Write everything, with its curves, to one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Put everything into the card of --model, in place of an earlier evaluation
    #[arg(long, requires = "model")]
    pub(crate) card: bool,

    /// Tell the registry, so that a promotion can rest on it: the id is printed
    #[arg(long, requires = "model")]
    pub(crate) record: bool,

    /// Also write every answer about every complaint, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,

    /// Everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests;
