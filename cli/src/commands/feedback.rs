//! `ombud feedback`: what humans decided, one verdict by its words or many from a file, by the rules of the API.

mod file;
mod sink;

use std::{io::Write, path::PathBuf};

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use file::FileOutcome;
use indicatif::HumanCount;
use ombud_console::{Kind, Verdict};
use ombud_launch::config::Settings;
use ombud_stream::{Clock, SystemClock};
use sink::{TakenVerdict, VerdictSink};

use crate::{
    Done,
    input::examples::{Example, examples_text},
    input::login::login,
    input::{
        file_reading::{Dates, print_rejections},
        when::{When, when},
    },
    output::terminal::Terminal,
};

const EXAMPLES: [Example; 2] = [
    ("The team was right", "ombud feedback c-1 confirmed"),
    ("Many verdicts at once", "ombud feedback --file verdicts.csv"),
];

/// The arguments of `feedback`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Feedback {
    /// The complaint's id
    #[arg(required_unless_present = "file")]
    pub(crate) id: Option<String>,

    /// What was done with it
    #[arg(value_enum, required_unless_present = "file")]
    pub(crate) kind: Option<VerdictKind>,

    /// The task that was judged: needed for relabelled
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Option<String>,

    /// The right label, in any case: needed for relabelled, and for vulnerability, where it is VULNERABLE or NOT_INDICATED
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Option<String>,

    /// The team that gets the complaint: needed for reallocated
    #[arg(long, value_name = "TEAM")]
    pub(crate) to_team: Option<String>,

    /// The verdict that is taken back, by its id, which `ombud show` lists: needed for retracted
    #[arg(long, value_name = "ID")]
    pub(crate) verdict: Option<String>,

    /// Pseudonym of the person who decided [default: the login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// A code of the bank's, such as WRONG_PRODUCT
    #[arg(long, value_name = "CODE")]
    pub(crate) reason_code: Option<String>,

    /// When it was decided: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 2h [default: now]
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) at: Option<When>,

    /// Many verdicts: CSV (also with semicolons, tabs or bars) or JSON, with the API's field names; a second run changes
    /// nothing of what was given
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "kind", "task", "label", "to_team", "verdict", "reason_code", "at"])]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) dates: Dates,

    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A kind of verdict as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictKind {
    /// The decision is right; of --task alone, where one is named. It confirms the vulnerability flag only where that is
    /// VULNERABLE, or with --task vulnerable
    Confirmed,
    /// Sent on to --to-team
    Reallocated,
    /// --label is right for --task
    Relabelled,
    /// --label is the truth: VULNERABLE or NOT_INDICATED
    Vulnerability,
    /// No complaint at all
    NotAComplaint,
    /// --verdict is taken back, as if it had never been given
    Retracted,
}

impl From<VerdictKind> for Kind {
    fn from(word: VerdictKind) -> Self {
        match word {
            VerdictKind::Confirmed => Self::Confirmed,
            VerdictKind::Reallocated => Self::Reallocated,
            VerdictKind::Relabelled => Self::Relabelled,
            VerdictKind::Vulnerability => Self::Vulnerability,
            VerdictKind::NotAComplaint => Self::NotAComplaint,
            VerdictKind::Retracted => Self::Retracted,
        }
    }
}

/// Gives verdicts to brokers, or to the `up` that has the embedded log.
pub(crate) fn feedback(
    args: &Feedback,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let by = match &args.by {
        Some(by) => by.clone(),
        None => login(std::env::var("USER").ok()),
    };
    let mut sink = VerdictSink::open(settings)?;
    if let Some(path) = &args.file {
        let bar = terminal.bytes("given");
        let (given, rejections) = file::give_all(path, &by, args.dates.order(settings), &mut sink, &bar)?;
        bar.finish_and_clear();
        let done = conclude(args, path, given, out)?;
        print_rejections(&rejections)?;
        return Ok(done);
    }
    let (Some(id), Some(kind)) = (&args.id, args.kind) else {
        bail!("judge a complaint: name its id and a verdict, or --file FILE");
    };
    let verdict = Verdict {
        task: args.task.clone(),
        label_after: args.label.clone(),
        to_team: args.to_team.clone(),
        reason_code: args.reason_code.clone().unwrap_or_default(),
        decided_at: args.at.map(|at| at.ms(SystemClock.now_ms())),
        retracts: args.verdict.clone(),
        ..Verdict::new(id, kind.into(), by)
    };
    match sink.give(std::slice::from_ref(&verdict))?.pop() {
        Some(Ok(taken)) => print(args, &taken, out),
        Some(Err(refused)) => bail!("take the verdict on {id}: {}", refused.text()),
        None => bail!("take the verdict on {id}: nothing was answered"),
    }
}

fn print(args: &Feedback, taken: &TakenVerdict, out: &mut impl Write) -> Result<Done> {
    if args.json {
        writeln!(out, "{}", serde_json::to_string(taken)?)?;
    } else {
        let drawn = if taken.audit_sample { ", of the audit sample" } else { "" };
        let (complaint, revision) = (&taken.complaint_id, taken.revision);
        writeln!(out, "verdict {} on {complaint}, revision {revision}{drawn}", taken.feedback_id)?;
        if taken.vulnerability_missing {
            writeln!(
                out,
                "vulnerability missing: say also whether the customer is vulnerable, by vulnerability --label VULNERABLE or \
                 NOT_INDICATED, or by confirmed --task vulnerable where the flag is right"
            )?;
        }
    }
    Ok(Done::Well)
}

fn conclude(
    args: &Feedback,
    path: &std::path::Path,
    given: FileOutcome,
    out: &mut impl Write,
) -> Result<Done> {
    ensure!(given.rows > 0, "give the verdicts in {}: it has none", path.display());
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&given)?)?;
    } else {
        writeln!(
            out,
            "{} verdicts given, {} of them on the audit sample, {} rejected",
            HumanCount(given.given),
            HumanCount(given.audit_sample),
            HumanCount(given.rejected)
        )?;
        if given.vulnerability_missing > 0 {
            writeln!(
                out,
                "vulnerability missing: of {} verdicts on the audit sample nobody says whether the customer is vulnerable; \
                 `ombud report quality` lists the cases",
                HumanCount(given.vulnerability_missing)
            )?;
        }
    }
    Ok(if given.rejected == 0 { Done::Well } else { Done::Wanting })
}

#[cfg(test)]
mod tests;
