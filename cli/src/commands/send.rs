//! `ombud send`: FILE -> complaints -> at the rate -> complaints.raw; what is durable is not sent again.

mod bookmark;
mod in_flight;
mod pace;
mod post;
mod sending;

use std::{
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use bookmark::{Bookmark, SendJob, SendProgress, digest};
use clap::Args;
use indicatif::HumanCount;
use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_intake::{FileDefaults, Rows};
use ombud_launch::{
    config::Settings,
    shutdown::{Shutdown, SignalWatch},
};
use ombud_stream::{Clock as _, SystemClock};
use pace::Pace;
use post::PostSink;
use sending::{FileSender, SendOutcome, SinkAndDeliveries};
use serde::Serialize;
use tracing::{info, warn};

use crate::{
    Done,
    backfill::Backfill,
    exit::report_stopped,
    input::examples::{Example, examples_text},
    input::{
        complaint_file::ComplaintFile,
        file_reading::{FileReading, print_rejections},
    },
    log::backend::{Backend, View},
    output::terminal::Terminal,
    running_up,
};

/// Complaints on their way at once.
const IN_FLIGHT: usize = 4_096;

/// The wait before a registry that did not answer is asked again.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// A file up to this size is read once more, to count its rows for the bar: that takes less than a second.
const COUNTED_BYTES: u64 = 8 << 20;

const EXAMPLES: [Example; 2] = [
    ("Send a file, or resume it", "ombud send complaints.csv"),
    ("As backfill, 20 complaints a second", "ombud send complaints.csv --bulk --rate 20"),
];

/// The arguments of `send`.
#[derive(Args, Debug)]
#[command(after_help = examples_text(&EXAMPLES))]
pub(crate) struct Send {
    /// Complaints: CSV (also with semicolons, tabs or bars) or JSON, in our field names or the CFPB's, plain, .gz or .zst;
    /// - for stdin
    pub(crate) file: PathBuf,

    /// Mark them as backfill: without a deadline, and after live complaints
    #[arg(long)]
    pub(crate) bulk: bool,

    /// Send a backfill as fast as it is accepted, not as fast as it is answered: live complaints then wait behind it
    #[arg(long, requires = "bulk")]
    pub(crate) at_once: bool,

    /// At most this many complaints a second, such as 20 or 0.5 [default: as fast as they are accepted]
    #[arg(long, value_name = "N", value_parser = pace::rate)]
    pub(crate) rate: Option<f64>,

    /// Send again what was sent; harmless, because duplicates change nothing
    #[arg(long)]
    pub(crate) from_start: bool,

    #[command(flatten)]
    pub(crate) reading: FileReading,

    /// Print the summary as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Summary {
    /// Complaints that are durable, of this run.
    sent: u64,
    /// Those that an earlier run had sent.
    sent_before: u64,
    /// Rows that are no complaint.
    rejected: u64,
    /// Rows that repeat what another row says.
    duplicates: u64,
    /// How long it took.
    seconds: f64,
    /// Complaints a second.
    rate: f64,
    /// Every complaint of the file is durable.
    done: bool,
}

/// Sends the file's complaints to brokers, or to the `up` that has the embedded log.
pub(crate) fn send(
    args: &Send,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut impl Write,
) -> Result<Done> {
    let shutdown = Shutdown::default();
    let _signals = SignalWatch::start(shutdown.clone())?;
    let topic: Arc<str> = Topic::Raw.name(&settings.topics.prefix).into();
    let (cluster, appending): (_, SinkAndDeliveries) = if settings.kafka_bootstrap.is_empty() {
        let url = running_up::url(settings.http.address);
        let (posts, deliveries) = PostSink::start(&url, &settings.http.token, &shutdown)?;
        (url, (Box::new(posts), deliveries))
    } else {
        let backend = Backend::brokers(settings, &[(Topic::Raw, Operation::Write)])?;
        (settings.kafka_bootstrap.clone(), backend.sink(IN_FLIGHT)?)
    };
    let job =
        SendJob { file_sha256: digest(&args.file)?, bulk: args.bulk, topic: topic.to_string(), cluster };
    let bookmark = Bookmark::new(&settings.data, job);
    let reached = begin_at(args, &bookmark, || View::open(settings)?.ends(&topic))?;
    if reached.done {
        return sent_already(args, out);
    }
    if reached.row > 0 {
        info!(row = reached.row, "resuming after what was sent before");
    }
    let defaults = args.reading.defaults(&args.file, settings, SystemClock.now_ms())?;
    let reading = ComplaintFile::open(&args.file, defaults.clone())?;
    let bar = terminal.bar("sent");
    let counted = !bar.is_hidden() && reading.progress().total_bytes() <= COUNTED_BYTES;
    if counted {
        bar.set_length(rows_of(args, defaults)?);
    }
    let backfill = match args.bulk && !args.at_once {
        true => backfill(settings)?,
        false => None,
    };
    let sending = FileSender {
        appending,
        backfill,
        topic,
        bulk: args.bulk,
        pace: args.rate.map(|rate| Pace::new(rate, Instant::now())),
        clock: Arc::new(SystemClock),
        shutdown,
        bar: bar.clone(),
        counted,
        pause: RETRY_DELAY,
    };
    let began = Instant::now();
    let sent = sending.run(reading, &bookmark, reached)?;
    bar.finish_and_clear();
    conclude(args, sent, began.elapsed().as_secs_f64(), out)
}

/// What keeps a backfill behind live complaints; `None` where the log of an `up` can't be read from here.
fn backfill(settings: &Settings) -> Result<Option<Backfill>> {
    let watched = View::open(settings).and_then(|view| Backfill::watch(&view, settings));
    match watched {
        Err(why) if settings.kafka_bootstrap.is_empty() => {
            let why = format!("{why:#}");
            warn!(
                why,
                "sent as fast as it is taken, because nothing shows what is answered; --rate makes it slower"
            );
            Ok(None)
        }
        watched => watched.map(Some),
    }
}

/// After what an earlier run has sent; at the start where the log no longer holds it.
fn begin_at(
    args: &Send,
    bookmark: &Bookmark,
    ends: impl FnOnce() -> Result<Vec<(ombud_stream::TopicPartition, i64)>>,
) -> Result<SendProgress> {
    if args.from_start {
        return Ok(SendProgress::default());
    }
    let reached = bookmark.read()?;
    // A log that can't be read proves nothing.
    let Ok(ends) = ends() else { return Ok(reached) };
    let end = |partition| ends.iter().find(|(at, _)| at.partition == partition).map_or(0, |(_, end)| *end);
    if reached.last.iter().all(|(partition, offset)| *offset < end(*partition)) {
        return Ok(reached);
    }
    warn!("the log ends before what was sent to it: it is another one, so everything is sent");
    Ok(SendProgress::default())
}

fn sent_already(args: &Send, out: &mut impl Write) -> Result<Done> {
    if args.json {
        writeln!(out, "{}", serde_json::json!({ "sent": 0, "done": true }))?;
    } else {
        let file = args.file.display();
        writeln!(out, "everything in {file} was sent already; --from-start sends it again")?;
    }
    Ok(Done::Well)
}

/// How many rows there are to read, for the bar alone.
fn rows_of(args: &Send, defaults: FileDefaults) -> Result<u64> {
    let rows = Rows::open(&args.file, defaults)?;
    Ok(u64::try_from(rows.count())?)
}

fn conclude(args: &Send, sent: SendOutcome, seconds: f64, out: &mut impl Write) -> Result<Done> {
    let summary = Summary {
        sent: sent.sent,
        sent_before: sent.before,
        rejected: sent.read.rejections.count(),
        duplicates: sent.duplicates,
        seconds,
        rate: sent.sent as f64 / seconds.max(f64::EPSILON),
        done: sent.reached.done,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
    } else {
        write!(out, "{} sent in {seconds:.1} s ({:.1} a second)", HumanCount(summary.sent), summary.rate)?;
        for (number, what) in [
            (summary.sent_before, "sent before"),
            (summary.duplicates, "said twice"),
            (summary.rejected, "rejected"),
        ] {
            if number > 0 {
                write!(out, ", {} {what}", HumanCount(number))?;
            }
        }
        writeln!(out)?;
    }
    out.flush()?;
    print_rejections(&sent.read.rejections)?;
    if let Some(broken_off) = sent.read.broken_off {
        return Err(broken_off.into());
    }
    if !sent.reached.done {
        let (row, unsure) = (sent.reached.row, sent.unsure);
        return Ok(report_stopped(&format!(
            "behind row {row}, with {unsure} complaints unacknowledged; the same command resumes there"
        )));
    }
    Ok(Done::Well)
}

#[cfg(test)]
mod tests;
