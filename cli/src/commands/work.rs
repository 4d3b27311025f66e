//! `ombud work`: take a complaint, and say what was done about it, by the rules of the API.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use ombud_console::{
    AcceptedWork, Answer, LeaseAction, LeaseAnswer, LeaseRequest, NotTaken, WorkReport, WorkReportKind,
    minor_units,
};
use ombud_launch::config::Settings;
use ombud_stream::{Clock, SystemClock};
use serde_json::json;

use crate::{
    Done,
    input::{
        examples::{Example, examples_text},
        login::login,
        when::{When, when},
    },
    running_up::desk::{ConsoleAddress, DeskClient, encoded},
};

const EXAMPLES: [Example; 2] = [
    ("Take a complaint", "ombud work c-1 claim"),
    ("Say that it was answered", "ombud work c-1 final-response --outcome upheld --cause FEES"),
];

/// The arguments of `work`.
#[derive(Args, Clone, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Work {
    /// The complaint's id
    pub(crate) id: String,

    /// What is done
    #[arg(value_enum)]
    pub(crate) what: WorkWord,

    /// What the customer was answered: needed for final-response and summary-resolution
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) outcome: Option<OutcomeWord>,

    /// The bank's code of the cause: needed for final-response and summary-resolution
    #[arg(long, value_name = "CODE")]
    pub(crate) cause: Option<String>,

    /// What was paid, such as 25.00
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub(crate) redress: Option<String>,

    /// ISO 4217, such as GBP
    #[arg(long, value_name = "CODE", requires = "redress")]
    pub(crate) currency: Option<String>,

    /// The bank's code of what vulnerability had to do with it
    #[arg(long, value_name = "CODE")]
    pub(crate) vulnerability: Option<String>,

    /// The bank's code of the firm that got it: needed for forward
    #[arg(long, value_name = "CODE")]
    pub(crate) to: Option<String>,

    /// A code of the bank's: needed for note, where it is what is noted, and for take-over
    #[arg(long, value_name = "CODE")]
    pub(crate) reason: Option<String>,

    /// What is undone, by its id, which `ombud show` lists: needed for undo
    #[arg(long, value_name = "ID")]
    pub(crate) event: Option<String>,

    /// The lease that `claim` has printed: needed for release and renew
    #[arg(long, value_name = "ID")]
    pub(crate) lease: Option<String>,

    /// Pseudonym of who did it [default: the login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// Their role, such as clerk or lead
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,

    /// When it was done: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 2h [default: now]
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) at: Option<When>,

    #[command(flatten)]
    pub(crate) address: ConsoleAddress,

    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done, as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorkWord {
    /// Take it: for ten minutes it is yours
    Claim,
    /// Keep --lease for ten minutes from now on
    Renew,
    /// Give it back
    Release,
    /// Take it from whoever has it, for a --reason
    TakeOver,
    /// The customer knows that it was received
    Acknowledge,
    /// The customer knows why there is no answer yet
    HoldingResponse,
    /// Resolved at once, with the customer's agreement
    SummaryResolution,
    /// Answered
    FinalResponse,
    /// Given to another firm, whose complaint it is
    Forward,
    /// Open again after it was answered or forwarded
    Reopen,
    /// --reason is noted
    Note,
    /// --event is undone
    Undo,
}

/// What a word asks the console for.
enum Request {
    Lease(LeaseAction),
    Report(WorkReportKind),
}

impl WorkWord {
    fn request(self) -> Request {
        match self {
            Self::Claim => Request::Lease(LeaseAction::Take),
            Self::Renew => Request::Lease(LeaseAction::Renew),
            Self::Release => Request::Lease(LeaseAction::Release),
            Self::TakeOver => Request::Lease(LeaseAction::TakeOver),
            Self::Acknowledge => Request::Report(WorkReportKind::Acknowledged),
            Self::HoldingResponse => Request::Report(WorkReportKind::HoldingResponse),
            Self::SummaryResolution => Request::Report(WorkReportKind::SummaryResolution),
            Self::FinalResponse => Request::Report(WorkReportKind::FinalResponse),
            Self::Forward => Request::Report(WorkReportKind::Forwarded),
            Self::Reopen => Request::Report(WorkReportKind::Reopened),
            Self::Note => Request::Report(WorkReportKind::Noted),
            Self::Undo => Request::Report(WorkReportKind::Undone),
        }
    }
}

/// What the customer was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeWord {
    /// The customer is right
    Upheld,
    /// In part
    PartlyUpheld,
    /// The customer is not
    Rejected,
}

impl From<OutcomeWord> for Answer {
    fn from(word: OutcomeWord) -> Self {
        match word {
            OutcomeWord::Upheld => Self::Upheld,
            OutcomeWord::PartlyUpheld => Self::PartlyUpheld,
            OutcomeWord::Rejected => Self::Rejected,
        }
    }
}

/// Has the console do it, and prints what came of it.
pub(crate) fn work(args: &Work, settings: &Settings, out: &mut impl Write) -> Result<Done> {
    let by = args.by.clone().unwrap_or_else(|| login(std::env::var("USER").ok()));
    let console = DeskClient::of(&args.address, settings)?;
    match args.what.request() {
        Request::Lease(action) => {
            let request = LeaseRequest {
                action,
                lease_id: args.lease.clone(),
                reason_code: args.reason.clone().unwrap_or_default(),
                actor: Some(by),
            };
            let answer = console.post(&format!("/api/leases/{}", encoded(&args.id)), &request)?;
            let answer: LeaseAnswer = taken(answer, &args.id)?;
            print_lease(args, &answer, out)
        }
        Request::Report(kind) => {
            let answer = console.post("/api/work", &report(args, kind, by)?)?;
            let accepted: AcceptedWork = taken(answer, &args.id)?;
            match args.json {
                true => writeln!(out, "{}", serde_json::to_string(&accepted)?)?,
                false => {
                    let AcceptedWork { work_id, complaint_id, revision, .. } = accepted;
                    writeln!(out, "work {work_id} on {complaint_id}, revision {revision}")?;
                }
            }
            Ok(Done::Well)
        }
    }
}

fn taken<T: serde::de::DeserializeOwned>(answer: crate::running_up::Answer, id: &str) -> Result<T> {
    if answer.status.is_success() {
        return answer.taken();
    }
    match serde_json::from_str::<NotTaken>(&answer.body) {
        Ok(NotTaken { error, holder: Some(holder), until, .. }) => {
            let until = until.map_or_else(String::new, |until| format!(" until {}", moment(until)));
            bail!("work on {id}: {error} ({holder}{until})")
        }
        Ok(NotTaken { error, .. }) => bail!("work on {id}: {error}"),
        Err(_) => answer.taken(),
    }
}

fn report(args: &Work, kind: WorkReportKind, by: String) -> Result<WorkReport> {
    let redress = match (&args.redress, &args.currency) {
        (Some(amount), Some(currency)) => Some(minor_units(amount, currency).context("read --redress")?),
        _ => None,
    };
    Ok(WorkReport {
        actor: Some(by),
        actor_role: args.role.clone(),
        done_at: args.at.map(|at| at.ms(SystemClock.now_ms())),
        lease_id: args.lease.clone(),
        reason_code: args.reason.clone().unwrap_or_default(),
        outcome: args.outcome.map(Answer::from),
        cause_code: args.cause.clone(),
        redress_minor: redress,
        redress_currency: args.currency.clone(),
        vulnerability_code: args.vulnerability.clone(),
        forwarded_to: args.to.clone(),
        undoes: args.event.clone(),
        ..WorkReport::new(&args.id, kind)
    })
}

fn print_lease(args: &Work, answer: &LeaseAnswer, out: &mut impl Write) -> Result<Done> {
    match (&answer.lease, args.json) {
        (_, true) => writeln!(out, "{}", json!({ "complaint_id": args.id, "lease": answer.lease }))?,
        (Some(lease), false) => {
            writeln!(
                out,
                "{} is with {} until {}: --lease {}",
                args.id,
                lease.holder,
                moment(lease.until),
                lease.lease_id
            )?;
        }
        (None, false) => writeln!(out, "{} is with nobody", args.id)?,
    }
    Ok(Done::Well)
}

fn moment(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
