//! The arguments of `models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ombud_models::ModelName;

use crate::input::examples::{Example, examples_text};

const LIST: [Example; 2] = [
    ("Every version, and where it serves", "ombud models list"),
    ("For programs", "ombud models list --json"),
];

const SHOW: [Example; 2] = [
    ("The newest version of a model", "ombud models show complaints"),
    ("One version, by its first digits", "ombud models show complaints@08364c3c8331"),
];

const ADD: [Example; 2] = [
    ("A folder that `ombud learn` wrote", "ombud models add models/mine"),
    ("A model of the hub", "ombud models add bank/triage@main"),
];

const RETIRE: [Example; 2] = [
    ("Take a version out of use", "ombud models retire complaints@08364c3c8331"),
    ("On brokers", "ombud models retire complaints@08364c3c8331 --kafka one:9092"),
];

const EXPORT: [Example; 2] = [
    ("One task of the default model", "ombud models export --task issue exported"),
    ("Of another", "ombud models export --task issue --model models/mine exported"),
];

const IMPORT: [Example; 2] = [
    ("A classifier of the hub", "ombud models import bank/triage --task product --out models/triage"),
    (
        "With other labels than ours",
        "ombud models import exported --task issue --labels ours.toml --out models/theirs",
    ),
];

/// The commands of `models`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// One line a version
    #[command(after_help = examples_text(&LIST))]
    List {
        /// One JSON object a version
        #[arg(long)]
        json: bool,
    },
    /// Card, figures and files of a version, its state, and where it serves and served
    #[command(after_help = examples_text(&SHOW))]
    Show {
        /// MODEL, its newest registered version, or MODEL@ and the first digits of a version
        model: ModelName,

        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Verify a model and make it known, so that a strategy may name it
    #[command(after_help = examples_text(&ADD))]
    Add {
        /// An artefact's folder, or its name on the hub; `@REVISION` after the name takes another revision than the
        /// newest
        source: String,
    },
    /// Take a version that no strategy names out of use
    #[command(after_help = examples_text(&RETIRE))]
    Retire {
        /// MODEL@VERSION, as `list` has them
        #[arg(value_name = "VERSION")]
        named: String,
    },
    /// Write one task of an encoder as a folder that Python's transformers loads
    #[command(after_help = examples_text(&EXPORT))]
    Export(ExportModel),
    /// Take a classifier that was trained with Python's transformers
    #[command(after_help = examples_text(&IMPORT))]
    Import(ImportModel),
}

/// The arguments of `models export`.
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

/// The arguments of `models import`.
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

    /// What one of its labels stands for; repeat for another
    #[arg(long = "map", value_name = "THEIRS=OURS", value_parser = pair)]
    pub(crate) map: Vec<(String, String)>,

    /// The least confidence of an answer, by level, or `possible` and `vulnerable`; repeat for another
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_thresholds_are_said_as_pairs() {
        let pairs = |text: &str| pair(text).ok();
        assert_eq!(pairs("late fee = fees"), Some(("late fee".to_owned(), "fees".to_owned())));
        assert_eq!(pairs("a=b=c"), Some(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pairs("fees"), None);
        assert_eq!(threshold("leaf= 0.35"), Ok(("leaf".to_owned(), 0.35)));
        assert!(threshold("0.35").is_err_and(|why| why.contains("NAME=SHARE")));
        assert!(threshold("leaf=35").is_err_and(|why| why.contains("35 is no share")));
    }
}
