//! `ombud redrive`: complaints.dead-letters -> those that are selected -> their own topic and partition, once.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ombud_contract::{
    catalogue::Topic,
    key::may_name,
    records::{DeadLetter, DeadReason, RawComplaint},
};
use ombud_intake::{DateOrder, Posted, complaint_of_json};
use ombud_launch::config::Settings;
use ombud_stream::Clock;
use serde::Serialize;

use crate::{
    Done,
    dead_letters::{self, IN_FLIGHT, LetterState, Line, RedrivePlan, Selection},
    input::examples::{Example, examples_text},
    input::{
        file_reading::Dates,
        when::{When, when},
    },
    log::{
        backend::{Backend, READER, View},
        publish::Publisher,
    },
    output::{
        screen::{Screen, Table},
        terminal::Escaped,
    },
};

const EXAMPLES: [Example; 2] = [
    ("Say what would be sent again", "ombud redrive --all --dry-run"),
    ("What was parked today for its schema", "ombud redrive --reason unknown-schema --since 24h"),
];

/// The arguments of `redrive`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Redrive {
    /// The dead letter's id, as `tail complaints.dead-letters` prints it; repeat for several
    #[arg(long = "id", value_name = "DEAD_LETTER_ID")]
    pub(crate) ids: Vec<String>,

    /// Parked for this reason: undecodable, unknown-schema, invalid, too-large, corrupt or other; repeat for several
    #[arg(long = "reason", value_name = "REASON", value_parser = dead_letters::reason)]
    pub(crate) reasons: Vec<DeadReason>,

    /// Parked at or after this time: 2026-01-31T09:00Z, 2026-01-31, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) since: Option<When>,

    /// Parked before this time
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(crate) until: Option<When>,

    /// Every dead letter
    #[arg(long, conflicts_with_all = ["ids", "reasons", "since", "until"])]
    pub(crate) all: bool,

    /// The complaint that the one selected record should have been: a JSON object with the same complaint_id
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,

    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct RedriveReport<'a> {
    dry_run: bool,
    sent: usize,
    already: usize,
    refused: usize,
    letters: &'a [Line],
}

impl Redrive {
    fn selection(&self, now: i64) -> Result<Selection> {
        let selects =
            !self.ids.is_empty() || !self.reasons.is_empty() || self.since.is_some() || self.until.is_some();
        ensure!(selects || self.all, "choose dead letters: say --id, --reason, --since, --until or --all");
        Ok(Selection {
            ids: self.ids.iter().cloned().collect(),
            reasons: self.reasons.clone(),
            since: self.since.map(|time| time.ms(now)),
            until: self.until.map(|time| time.ms(now)),
        })
    }
}

/// Sends what `args` select again, unless it was.
pub(crate) fn redrive(
    args: &Redrive,
    settings: &Settings,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> Result<Done> {
    let dates = Dates::default().order(settings);
    let selection = args.selection(clock.now_ms())?;
    let view = View::open(settings)?;
    let mut reader = view.reader(READER)?;
    let prefix = &settings.topics.prefix;
    let mut plan = RedrivePlan::of(&view, &mut reader, prefix, &selection, args.with.is_some())?;
    if args.with.is_some() {
        ensure!(
            plan.letters.len() == 1,
            "replace a record: --with is for one, and {} are selected",
            plan.letters.len()
        );
    }
    let to_send = plan.count(LetterState::ToSend);
    if to_send > 0 && !args.dry_run {
        confirm(args, to_send, &plan.lines)?;
        let backend = match settings.kafka_bootstrap.is_empty() {
            true => Backend::embedded(settings)
                .context("write the embedded log: stop `ombud up` first, or send them on its page /health")?,
            // The topics that they came from were looked at above.
            false => Backend::brokers(settings, &[])?,
        };
        let mut publisher = Publisher::new(backend.sink(IN_FLIGHT)?);
        let replacement = |letter: &DeadLetter| {
            args.with.as_deref().map(|path| replacement(path, letter, dates)).transpose()
        };
        plan.send(&mut reader, &mut publisher, &replacement)?;
    }
    print(args, &plan, out)
}

/// The complaint in the file at `path`, which is to stand in for the letter's value.
fn replacement(path: &Path, letter: &DeadLetter, dates: Option<DateOrder>) -> Result<RawComplaint> {
    ensure!(
        letter.source_topic.ends_with(Topic::Raw.base_name()),
        "replace a record of {}: --with is for raw complaints",
        letter.source_topic
    );
    let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let Posted { complaint, .. } = complaint_of_json(&text, letter.source_timestamp, dates)
        .with_context(|| format!("read a complaint from {}", path.display()))?;
    // It is sent under the same key, which must not name another complaint.
    if !may_name(letter.key.as_deref(), &complaint.complaint_id) {
        bail!(
            "replace the record: the complaint_id in {} is not what the record's key names",
            path.display()
        );
    }
    Ok(complaint)
}

fn confirm(args: &Redrive, records: usize, lines: &[Line]) -> Result<()> {
    if args.yes || !io::stdin().is_terminal() {
        return Ok(());
    }
    let screen = Screen::new(80, false);
    let mut asked = Escaped::new(io::stderr().lock(), screen);
    writeln!(asked, "{}", table_of(lines, screen))?;
    write!(asked, "Send {records} records again? [y/N] ")?;
    asked.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("send records: not confirmed"),
    }
}

fn table_of(lines: &[Line], screen: Screen) -> Table {
    let mut table = screen.table(["dead letter", "reason", "record", "state", "detail"]);
    for line in lines {
        let state = match line.state {
            LetterState::ToSend => "to send",
            LetterState::Sent => "sent",
            LetterState::Already => "sent before",
            LetterState::Refused => "not sent",
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let reason = line.reason.unwrap_or_default();
        table.add_row([&line.dead_letter_id, reason, &text(&line.source), state, &text(&line.detail)]);
    }
    table
}

fn print(args: &Redrive, plan: &RedrivePlan, out: &mut impl Write) -> Result<Done> {
    let (to_send, refused) = (plan.count(LetterState::ToSend), plan.count(LetterState::Refused));
    let lines = &plan.lines;
    let report = RedriveReport {
        dry_run: args.dry_run,
        sent: plan.count(LetterState::Sent),
        already: plan.count(LetterState::Already),
        refused,
        letters: lines,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else if lines.is_empty() {
        writeln!(out, "no dead letter matches")?;
    } else {
        let done = match args.dry_run {
            true => format!("dry run, nothing sent: {to_send} to send"),
            false => format!("{} sent", report.sent),
        };
        let table = table_of(lines, Screen::of_process());
        writeln!(out, "{table}\n{done}, {} sent before, {refused} not sent", report.already)?;
    }
    Ok(if refused > 0 { Done::Wanting } else { Done::Well })
}

#[cfg(test)]
mod tests;
