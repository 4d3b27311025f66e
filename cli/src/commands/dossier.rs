//! `ombud dossier`: a decision with everything it rests on, in a signed file; and the keys and the check of such files.

mod export;
mod key;
mod verify;

use std::{io::Write, path::PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use ombud_launch::config::Settings;
use ombud_stream::Clock;

use crate::{
    Done,
    input::{
        examples::{Example, examples_text},
        when::moment,
    },
    running_up::desk::ConsoleAddress,
};

const EXAMPLES: [Example; 2] = [
    ("What was decided about a complaint, and why", "ombud dossier c-1 --out c-1.dossier.json"),
    (
        "As it stood then, with what the customer wrote",
        "ombud dossier c-1 --as-of 2026-02-01 --text ombudsman --out c-1.dossier.json",
    ),
];

const VERIFY: [Example; 2] = [
    ("Without any of Ombud's data", "ombud dossier verify c-1.dossier.json --keys dossier-keys.toml"),
    ("And read it", "ombud dossier verify c-1.dossier.json --keys dossier-keys.toml --page c-1.html"),
];

const KEY: [Example; 2] = [
    (
        "A key; put the entry that is printed into your list of keys",
        "ombud dossier key --out dossier-key.pem",
    ),
    ("The key that takes its place later", "ombud dossier key --out next-key.pem"),
];

const KEYS: [Example; 2] = [
    ("For whoever verifies", "ombud dossier keys"),
    ("Of another data folder", "ombud dossier keys --data /srv/ombud"),
];

/// The arguments of `dossier`.
#[derive(Args, Debug)]
#[command(
    after_help = examples_text(&EXAMPLES),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Dossier {
    #[command(subcommand)]
    pub(crate) command: Option<DossierCommand>,

    /// The complaint's id
    #[arg(required = true)]
    pub(crate) id: Option<String>,

    /// The file to write: a new one
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) options: ExportOptions,
}

/// What goes into a dossier, and who makes it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ExportOptions {
    /// As it stood then: only what had been appended, such as 2026-01-31T09:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<i64>,

    /// Put in what the customer wrote, and why, as a code; without it only its hash is in
    #[arg(long, value_name = "REASON")]
    pub(crate) text: Option<String>,

    /// Leave out what the customer was called vulnerable for
    #[arg(long)]
    pub(crate) no_evidence: bool,

    /// One JSON object about the file
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) console: ConsoleAddress,
}

/// The commands of `dossier`.
#[derive(Debug, Subcommand)]
pub(crate) enum DossierCommand {
    /// Whether a dossier is genuine: signed by a key of the list, and unchanged since. Needs no settings and no data
    #[command(after_help = examples_text(&VERIFY))]
    Verify(Verify),
    /// Make a key to sign with, and print its entry for the list of keys
    #[command(after_help = examples_text(&KEY))]
    Key {
        /// The file to write the private key to: a new one
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the entry of the key that signs here, for the list of keys
    #[command(after_help = examples_text(&KEYS))]
    Keys,
}

/// Which file is checked, by which keys.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The dossier
    pub(crate) file: PathBuf,

    /// The list of keys that may have signed, from whoever made the dossier, but never from the dossier
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,

    /// Write its page there, to read it: a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl Dossier {
    /// Whether it works without settings and data, and so where the settings are wrong.
    pub(crate) fn needs_no_settings(&self) -> bool {
        matches!(self.command, Some(DossierCommand::Verify(_) | DossierCommand::Key { .. }))
    }
}

/// Does what needs no settings.
pub(crate) fn alone(args: &Dossier, clock: &dyn Clock, out: &mut impl Write) -> Result<Done> {
    match &args.command {
        Some(DossierCommand::Verify(args)) => verify::verify(args, out),
        Some(DossierCommand::Key { out: file }) => key::make(file, clock, out),
        Some(DossierCommand::Keys) | None => unreachable!("asked only for what needs no settings"),
    }
}

/// Whether it needs libtorch: it makes a dossier, and nobody else explains.
#[cfg(not(feature = "torch"))]
pub(crate) fn computes(args: &Dossier, settings: &Settings) -> Result<bool> {
    Ok(args.command.is_none() && export::computes(&args.options, settings)?)
}

/// Does what `args` ask for; what needs no settings was done before.
pub(crate) fn dossier(args: &Dossier, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    match (&args.command, &args.id, &args.out) {
        (Some(DossierCommand::Keys), ..) => key::print(settings, out),
        (Some(DossierCommand::Verify(_) | DossierCommand::Key { .. }), ..) => {
            unreachable!("done before any settings are read")
        }
        (None, Some(id), Some(file)) => {
            export::export(&export::Export { id, file, options: &args.options }, settings, out)
        }
        (None, ..) => unreachable!("clap asks for an id and a file, or for a command"),
    }
}

#[cfg(test)]
mod tests;
