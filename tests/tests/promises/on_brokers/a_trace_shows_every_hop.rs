//! One complaint's trace shows every hop in a receiver that is not ours, from the sender to the case; and nothing that a
//! customer wrote is in any span, log line or metric of the whole run.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_contract::taxonomy::Taxonomy;
use ombud_tests::{Deployment, Role, Routes, sample_times};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// Words in a row that nobody writes by chance twice.
const IN_A_ROW: usize = 5;

/// A receiver of traces by OTLP over HTTP that prints what it gets.
struct Receiver {
    child: Child,
    printed: PathBuf,
    port: u16,
}

impl Receiver {
    fn start(deployment: &Deployment) -> Result<Self> {
        let (port, other) = (free_port()?, free_port()?);
        let printed = deployment.folder().join("receiver.out");
        let out = File::create(&printed)?;
        let mut rotel = deployment.client_command("rotel")?;
        rotel
            .args(["start", "--exporter", "blackhole", "--debug-log", "traces"])
            .args(["--debug-log-verbosity", "detailed"])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{other}")])
            .stderr(Stdio::null())
            .stdout(out);
        let child = rotel.spawn().context("start rotel")?;
        let until = Instant::now() + WAIT_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < until, "rotel does not listen");
            thread::park_timeout(Duration::from_millis(50));
        }
        Ok(Self { child, printed, port })
    }

    fn printed(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.printed)?)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// One span as the receiver printed it.
#[derive(Debug, Default)]
struct Span {
    service: String,
    trace: String,
    id: String,
    parent: String,
    name: String,
    complaint: Option<String>,
}

/// Reads the receiver's print: a service, then its spans, each as indented lines.
fn spans(printed: &str) -> Vec<Span> {
    let (mut spans, mut service): (Vec<Span>, String) = (Vec::new(), String::new());
    for line in printed.lines() {
        let line = line.trim();
        let after = |name: &str| {
            line.strip_prefix(name).map(|rest| rest.trim_start_matches([' ', ':']).trim().to_owned())
        };
        let attribute = |name: &str| {
            let value = line.strip_prefix("->")?.trim().strip_prefix(name)?.strip_prefix(": Str(")?;
            Some(value.trim_end_matches(')').to_owned())
        };
        if let Some(named) = attribute("service.name") {
            service = named;
        } else if line.starts_with("Span #") {
            spans.push(Span { service: service.clone(), ..Span::default() });
        } else if let Some(span) = spans.last_mut() {
            if let Some(trace) = after("Trace ID") {
                span.trace = trace;
            } else if let Some(parent) = after("Parent ID") {
                span.parent = parent;
            } else if let Some(id) = after("ID") {
                span.id = id;
            } else if let Some(name) = after("Name") {
                span.name = name;
            } else if let Some(complaint) = attribute("ombud.complaint_id") {
                span.complaint = Some(complaint);
            }
        }
    }
    spans
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Everything of `IN_A_ROW` words in a row that stands in the narratives of `file`.
fn sequences(file: &Path) -> Result<HashSet<Vec<String>>> {
    let mut rows = csv::Reader::from_path(file)?;
    let narrative = rows.headers()?.iter().position(|name| name == "narrative").context("narratives")?;
    let mut sequences = HashSet::new();
    for row in rows.records() {
        sequences.extend(words(&row?[narrative]).windows(IN_A_ROW).map(<[String]>::to_vec));
    }
    Ok(sequences)
}

/// The first of `sequences` in `text`.
fn leak(text: &str, sequences: &HashSet<Vec<String>>) -> Option<String> {
    words(text).windows(IN_A_ROW).find(|five| sequences.contains(*five)).map(|five| five.join(" "))
}

/// Of the trees that models answer in, on all levels.
fn labels() -> impl Iterator<Item = &'static String> {
    let trees = ["product@1", "issue@1", "vulnerable@1"].into_iter().filter_map(Taxonomy::by_label_set);
    trees.flat_map(|tree| tree.levels().filter_map(|level| tree.labels(level)).flatten())
}

#[test]
fn every_hop_is_in_one_trace_and_no_narrative_in_any_telemetry() -> Result<()> {
    let mut deployment = Deployment::fresh(4)?;
    let receiver = Receiver::start(&deployment)?;
    let endpoint = format!("http://127.0.0.1:{}", receiver.port);
    deployment.set("OMBUD_TELEMETRY__OTLP_ENDPOINT", &endpoint);
    // As much as there is to tell.
    deployment.set("OMBUD_LOG", "debug");
    let roles: Vec<Role> =
        [&["infer", "--task", "product", "--task", "issue,vulnerable"][..], &["join"], &["archive"]]
            .into_iter()
            .map(|role| deployment.start(role))
            .collect::<Result<_>>()?;
    let file = deployment.folder().join("sample.csv");
    let complaints = usize::try_from(sample_times(1, &file)?)?;
    let said = deployment.command()?.args(["send", "--bulk"]).arg(&file).output()?;
    ensure!(said.status.success(), "send: {}", String::from_utf8_lossy(&said.stderr));
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(complaints, WAIT_TIMEOUT)?;
    let until = Instant::now() + WAIT_TIMEOUT;
    let archived = || deployment.client("python", &["tests/clients/cases.py", &deployment.keyspace]);
    while serde_json::from_str::<serde_json::Value>(&archived()?)?["3"] != complaints {
        ensure!(Instant::now() < until, "the archive does not catch up");
    }
    let mut told = String::from_utf8_lossy(&said.stderr).into_owned();
    for role in &roles {
        let (status, metrics) = role.get("/metrics")?;
        ensure!(status == 200 && metrics.contains("ombud_"), "{metrics}");
        told.push_str(&metrics);
    }
    // What they still have to tell goes out when they stop.
    roles.into_iter().try_for_each(|role| role.stop().map(drop))?;

    let printed = receiver.printed()?;
    let spans = spans(&printed);
    let traced: BTreeMap<&str, &str> =
        spans.iter().filter_map(|span| Some((span.complaint.as_deref()?, span.trace.as_str()))).collect();
    assert_eq!(traced.len(), complaints, "every complaint has a trace");
    for trace in traced.values() {
        let hops: Vec<&Span> = spans.iter().filter(|span| span.trace == **trace).collect();
        let ids: BTreeSet<&str> = hops.iter().map(|span| span.id.as_str()).collect();
        let roots = hops.iter().filter(|span| !ids.contains(span.parent.as_str())).count();
        assert_eq!(roots, 1, "one span begins the trace, and all others hang on it: {hops:#?}");
        let count = |service: &str| hops.iter().filter(|span| span.service == service).count();
        // The sender; both groups of infer; the joiner; and the archive for raw, three predictions and the route.
        let counts = ["ombud", "ombud-infer", "ombud-join", "ombud-archive"].map(count);
        assert_eq!(counts, [1, 2, 1, 5], "{hops:#?}");
    }

    told.push_str(&printed);
    told.push_str(&deployment.logs()?);
    let mut sequences = sequences(&file)?;
    // A metric counts labels by name, and a label may say what somebody says: "at the end of the" loan.
    for label in labels() {
        for five in words(label).windows(IN_A_ROW) {
            sequences.remove(five);
        }
    }
    assert_eq!(
        leak(&told, &sequences),
        None,
        "what a customer wrote stands in a log line, a span or a metric"
    );
    // The search itself finds what is there.
    let planted = sequences.iter().next().context("narratives have words")?.join("... ");
    assert!(leak(&format!("{told} {planted}"), &sequences).is_some());
    Ok(())
}
