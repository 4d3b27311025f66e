//! One side of a pair: complaints are sent to a running `ombud up`, and what it made of them.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_archive::GROUP;
use ombud_contract::catalogue::Topic;
use ombud_local::Local;
use ombud_stream::{Reader as _, TopicPartition};
use ombud_tests::ombud;

use crate::{figures::percentile, filled::PARTITIONS, people::Console, since::Since};

/// For everything to be archived.
const TIMEOUT: Duration = Duration::from_secs(600);

/// What came of the complaints of one file.
pub(crate) struct Side {
    /// Complaints a second of computing, on all replicas.
    pub(crate) computed: f64,
    /// Complaints a second, from the first append to the last route.
    pub(crate) routed: f64,
    /// From append to route, in milliseconds.
    pub(crate) p95: f64,
}

impl Side {
    /// Sends the file's complaints, so many a second or as fast as they are taken, and waits for their routes.
    pub(crate) fn of(data: &Path, console: &Console<'_>, file: &Path, rate: Option<f64>) -> Result<Self> {
        let before = Since::now(data)?;
        let busy = gauge(console, "ombud_infer_batch_seconds_sum")?;
        send(data, console, file, rate)?;
        let log = before.wait_for_routes(data, complaints(file)?)?;
        let busy = gauge(console, "ombud_infer_batch_seconds_sum")? - busy;
        let count = log.routes.len() as f64;
        let first = log.appended.values().min().context("a complaint")?;
        let last = log.routes.iter().map(|route| route.at).max().context("a route")?;
        let waits =
            log.routes.iter().filter_map(|route| Some((route.at - log.appended.get(&route.id)?) as f64));
        Ok(Self {
            computed: count / busy,
            routed: count / ((last - first) as f64 / 1e3),
            p95: percentile(&mut waits.collect::<Vec<_>>(), 0.95),
        })
    }
}

/// Sends the file's complaints to the console's HTTP port.
pub(crate) fn send(data: &Path, console: &Console<'_>, file: &Path, rate: Option<f64>) -> Result<()> {
    let mut send = ombud(data)?;
    send.env("OMBUD_HTTP__ADDRESS", console.serving.address()).arg("send").arg(file);
    if let Some(rate) = rate {
        send.args(["--rate", &rate.to_string()]);
    }
    let output = send.output()?;
    ensure!(output.status.success(), "send: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Waits until the archive has kept every route.
pub(crate) fn wait_for_archive(data: &Path) -> Result<()> {
    let until = Instant::now() + TIMEOUT;
    while !is_archived(data)? {
        ensure!(Instant::now() < until, "the log is not archived");
        thread::park_timeout(Duration::from_millis(200));
    }
    Ok(())
}

fn is_archived(data: &Path) -> Result<bool> {
    let mut reader = Local::open_read_only(data)?.reader()?;
    for number in 0..PARTITIONS {
        let partition = TopicPartition::new(Topic::Routed.name(""), number);
        let committed = reader.committed(GROUP, &partition)?.map(|position| position.offset);
        if committed != Some(reader.end(&partition)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many a file has.
pub(crate) fn complaints(file: &Path) -> Result<usize> {
    Ok(csv::Reader::from_path(file)?.records().count())
}

/// The same complaints under other ids.
pub(crate) fn renamed(file: &Path, to: &Path, suffix: &str) -> Result<()> {
    let mut rows = csv::Reader::from_path(file)?;
    let header = rows.headers()?.clone();
    let id = header.iter().position(|name| name == "complaint_id").context("ids")?;
    let mut writer = csv::Writer::from_path(to)?;
    writer.write_record(&header)?;
    for row in rows.records() {
        let row = row?;
        let fields = row.iter().enumerate();
        writer.write_record(
            fields.map(|(at, field)| if at == id { format!("{field}-{suffix}") } else { field.to_owned() }),
        )?;
    }
    Ok(writer.flush()?)
}

/// The sum of a metric over its labels.
fn gauge(console: &Console<'_>, name: &str) -> Result<f64> {
    let (status, text) = console.serving.get("/metrics")?;
    ensure!(status == 200, "/metrics: {status}");
    let lines = text.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
    });
    lines.map(|line| Ok(line.rsplit(' ').next().context("a number")?.parse::<f64>()?)).sum()
}
