//! Every setting with its default, one small struct a section.
//!
//! What a value may be stands in `rule.rs`; a test holds the two lists together.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, thread};

use serde::{Deserialize, Serialize};

use super::{
    people::SignIn,
    secret::Secret,
    services::{Cql, Explain, Kafka, Registry, Telemetry},
};
use crate::Error;

/// All settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder of the embedded log and case store (`--data`, `OMBUD_DATA`).
    pub data: PathBuf,
    /// Folder of the models and of the first strategy (`OMBUD_MODELS`). Where it is not set: `models` in the current folder,
    /// else `models` beside the program.
    pub models: PathBuf,
    /// Folder that all hosts mount, through which added models reach them; empty where there is none, or where they come
    /// from the hub.
    pub shared_models: PathBuf,
    /// Which events are logged, as `tracing` filters are written (`OMBUD_LOG`).
    pub log: String,
    /// `human` or `json` (`OMBUD_LOG_FORMAT`).
    pub log_format: LogFormat,
    /// Kafka's brokers, `HOST:PORT,HOST:PORT` (`--kafka`, `OMBUD_KAFKA_BOOTSTRAP`); empty is the embedded log.
    pub kafka_bootstrap: String,
    /// The schema registry's URL (`--registry`, `OMBUD_REGISTRY_URL`); empty where the log is embedded.
    pub registry_url: String,
    /// CQL nodes, `HOST:PORT,HOST:PORT` (`--cql`, `OMBUD_CQL_NODES`); empty is the embedded case store.
    pub cql_nodes: String,
    /// Topic names.
    pub topics: Topics,
    /// The HTTP port.
    pub http: Http,
    /// Who signs in at the console, and how.
    pub sign_in: SignIn,
    /// Deciding.
    pub infer: Infer,
    /// Joining.
    pub join: Join,
    /// Archiving.
    pub archive: Archive,
    /// What people work with.
    pub console: Console,
    /// Who explains decisions.
    pub explain: Explain,
    /// Dossiers: decisions with everything that they rest on, in signed files.
    pub dossier: Dossier,
    /// Reading complaints from files and over HTTP.
    pub intake: Intake,
    /// The embedded log.
    pub embedded: Embedded,
    /// The connection to Kafka.
    pub kafka: Kafka,
    /// The connection to the schema registry.
    pub registry: Registry,
    /// The connection to the CQL store.
    pub cql: Cql,
    /// Traces.
    pub telemetry: Telemetry,
}

/// How log events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Topic names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    /// Before every topic's name; lets several systems share a cluster.
    pub prefix: String,
}

/// The HTTP port: health, readiness, metrics, and complaints that are posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// Where `/metrics` is served instead of at `address`, which may be public; empty serves it there.
    pub metrics_address: String,
    /// Host names under which clients may ask `/api/*`, besides loopback and the address that it listens on:
    /// `ombud,ombud.bank.example`.
    pub hosts: String,
    /// The URL under which browsers reach the console, such as `https://ombud.bank.example`; empty where that is this machine's
    /// own address. Its host needs no place in `hosts`.
    pub public_url: String,
    /// Connections at once; each takes a file descriptor, and memory for a body while that is read. At this bound the
    /// connection that has been silent for longest is closed.
    pub connections: usize,
    /// The largest body that is accepted, in bytes; raise it only with the topics' own limit.
    pub body_bytes: usize,
    /// Who may use `/api/*`: a system's name, and the SHA-256 of its token in hexadecimal. Without any, everybody on
    /// this machine may, and no other address is listened on.
    #[serde(default)]
    pub tokens: BTreeMap<String, Secret>,
    /// What each token opens: `complaints`, `feedback`, `work`, `narratives`, `evidence`, `requests`, `strategy`, `models`,
    /// `audit`, `users`, `read`, with commas between them. A token that is not listed here opens complaints, feedback and read.
    #[serde(default)]
    pub scopes: BTreeMap<String, String>,
    /// The teams whose work and narratives each token opens, with commas between them. A token that is not listed here opens
    /// those of every team.
    #[serde(default)]
    pub teams: BTreeMap<String, String>,
    /// Listen on other addresses even without tokens: only behind a proxy that lets in known clients alone.
    pub open: bool,
    /// The token that commands on this machine send to a running `up` or console; empty sends none.
    pub token: Secret,
    /// File that holds the token; wins over `token`.
    pub token_file: PathBuf,
}

/// Deciding: bounds of the path from a raw complaint to a prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Infer {
    /// Threads that cut narratives into tokens; the default is one for each core that the process may use. Beside an encoder one
    /// keeps all of them busy; before a bag it is most of the work.
    pub tokenizer_threads: usize,
    /// Model replicas, each on a thread of its own; the default is one for each core that the process may use.
    pub replicas: usize,
    /// Tokens in one batch; above about 5,000 the memory allocator costs more than the batch saves. A model that computes
    /// fewer at once gets fewer.
    pub token_budget: usize,
    /// Complaints in one batch, however short they are.
    pub batch: usize,
    /// Complaints looked at together when batches are cut by length; more pads less and waits longer.
    pub window: usize,
    /// Complaints between the threads, and those among which the next batch is chosen, live ones first: fewer than come in
    /// half a drain leave live complaints behind bulk; more only adds memory.
    pub queue: usize,
    /// Loaded models that no strategy in force names: more make roll-backs and replays of old complaints quick, and take
    /// the memory of a model each.
    pub spare_models: usize,
}

/// Joining: what is kept in memory and how long it waits. Deadline and amend window are the strategy's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// What all shards of the process may hold together, in megabytes: five eighths for routed complaints that are
    /// remembered to recognise duplicates, a quarter for those that wait for decisions (at that bound no more are read), an
    /// eighth for predictions that came before their complaint (above it they are read again later). More remembers more.
    pub memory_mb: usize,
    /// How long after a start no deadline fires, in milliseconds: infer may be recovering too.
    pub grace_ms: i64,
    /// How long after its deadline a complaint may wait for predictions that are not read yet, in milliseconds.
    pub hard_cap_ms: i64,
    /// How long a bulk complaint waits for its decisions, in milliseconds.
    pub bulk_wait_ms: i64,
    /// How long routes may be written without an acknowledged commit, in milliseconds.
    pub lease_ms: i64,
    /// How long a shard that is given up waits for its acknowledgements, in milliseconds.
    pub drain_ms: i64,
    /// After this long without a heartbeat the joiner's shards go to another, in milliseconds: longer than `lease_ms` and
    /// `drain_ms` together, and much shorter than the strategy's deadline. Heartbeats go out three times as often.
    pub session_timeout_ms: i64,
}

impl Join {
    /// Checks what these settings may be together; each by itself is checked before.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { lease_ms, drain_ms, session_timeout_ms, .. } = *self;
        let writes_for = lease_ms + drain_ms;
        if writes_for < session_timeout_ms {
            return Ok(());
        }
        Err(Error::TwoOwners { lease_ms, drain_ms, session_timeout_ms, writes_for })
    }
}

/// Archiving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Records in one batch; more is fewer and larger writes, and more rows of a complaint in one request of the store.
    pub batch: usize,
    /// Bytes in one batch; one larger record still passes, alone.
    pub batch_bytes: usize,
    /// How long a batch waits for more after its first record, in milliseconds; longer is fewer writes and commits, and
    /// cases that are seen later.
    pub linger_ms: u64,
    /// How long a batch is worked on before what is kept of it is committed and the group is polled, in milliseconds; the
    /// rest follows after that. Far below `max.poll.interval.ms` (5 minutes), after which the group gives the partitions
    /// away.
    pub batch_ms: u64,
    /// How long a store that keeps nothing is asked again before the worker gives up, in milliseconds.
    pub give_up_ms: u64,
    /// The wait before a store that did not answer is asked again, in milliseconds; it doubles up to a hundredfold.
    pub retry_after_ms: u64,
}

/// What people work with: the lists of what is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Folder of the worklist, which is made again from the topics where it is missing; empty is the data folder. Several
    /// consoles may share it: each has a file of its own.
    pub worklist_folder: PathBuf,
    /// How long an answered or withdrawn complaint stays in its team's list, in days; after that it is found by its id and by its
    /// customer.
    pub answered_days: u32,
    /// How long somebody who took a complaint has it, in milliseconds, unless their page renews it, which it does every 30 seconds.
    /// Longer keeps what people walked away from lying; shorter takes it from those whose browser runs no script.
    pub lease_ms: u64,
    /// How many event streams one process keeps open: each visible tab of a browser has one. Beyond it pages work as before, and
    /// show what is new when they are loaded again.
    pub event_streams: u32,
}

/// Dossiers: decisions with everything that they rest on, in signed files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// What they are signed with: an ed25519 key as PKCS#8 PEM, which `ombud dossier key` makes. Without one, `up` on the embedded
    /// log makes one in the data folder, and on brokers there are none.
    pub key: Secret,
    /// File that holds the key; wins over `key`.
    pub key_file: PathBuf,
    /// Whom a customer asks to have a person look at a decision again: an address, a number, a page.
    pub contact: String,
}

/// Reading complaints from files and over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// In which order dates such as 03/04/2026 are written, in all files and requests; `--dates` sets it for one file.
    pub dates: Dates,
}

/// In which order dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// As a whole file shows; a single request shows nothing.
    Found,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Year, month, day.
    Iso,
}

impl Dates {
    /// As settings write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
            Self::Iso => "iso",
        }
    }
}

/// The embedded log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    /// Partitions of each complaints topic; fixed once the data folder exists.
    pub partitions: i32,
}

/// How many the process may use: respects the cgroup's CPU quota, which libtorch's own count does not.
fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: ".ombud".into(),
            models: "models".into(),
            shared_models: PathBuf::new(),
            log: "info".into(),
            log_format: LogFormat::Human,
            kafka_bootstrap: String::new(),
            registry_url: String::new(),
            cql_nodes: String::new(),
            topics: Topics { prefix: String::new() },
            http: Http {
                address: SocketAddr::from(([127, 0, 0, 1], 8080)),
                metrics_address: String::new(),
                hosts: String::new(),
                public_url: String::new(),
                connections: 256,
                body_bytes: 2 << 20,
                tokens: BTreeMap::new(),
                scopes: BTreeMap::new(),
                teams: BTreeMap::new(),
                open: false,
                token: Secret::default(),
                token_file: PathBuf::new(),
            },
            sign_in: SignIn::default(),
            infer: Infer {
                tokenizer_threads: cores(),
                replicas: cores(),
                token_budget: 2_048,
                batch: 256,
                window: 128,
                queue: 1_024,
                spare_models: 2,
            },
            join: Join {
                memory_mb: 1_000,
                grace_ms: 10_000,
                hard_cap_ms: 120_000,
                bulk_wait_ms: 24 * 3_600_000,
                lease_ms: 3_000,
                drain_ms: 3_000,
                session_timeout_ms: 8_000,
            },
            archive: Archive {
                batch: 2_048,
                batch_bytes: 8 << 20,
                linger_ms: 200,
                batch_ms: 20_000,
                give_up_ms: 60_000,
                retry_after_ms: 50,
            },
            console: Console {
                worklist_folder: PathBuf::new(),
                answered_days: 30,
                lease_ms: 600_000,
                event_streams: 200,
            },
            dossier: Dossier::default(),
            explain: Explain::default(),
            intake: Intake { dates: Dates::Found },
            embedded: Embedded { partitions: 4 },
            kafka: Kafka::default(),
            registry: Registry::default(),
            cql: Cql::default(),
            telemetry: Telemetry::default(),
        }
    }
}
