//! The commands against an embedded log, through the HTTP port of whoever writes it; and against brokers.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Barrier, Mutex},
    thread,
};

use ombud_contract::records::{ModelEvaluation, ModelVersion, Strategy};
use ombud_models::{
    Artefact, ModelStore, Signature, StrategyChange, evaluated, model_version_record, registry_key,
};
use ombud_stream::{Clock, ManualClock, SystemClock};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinHandle};

use super::*;
use crate::{
    Done,
    log::{
        backend::{Backend, READER},
        publish::{Publisher, outgoing},
    },
    output::terminal::Terminal,
    running_up::operator,
    strategies::{self, LogSnapshot, StrategyPublisher, first_start::FirstStart, publish, routes},
};
use memory::MemoryRequests;
use ombud_contract::catalogue::Topic;
use ombud_launch::{config::Settings, guard::Guard};

mod approvals;
mod memory;

/// Models of the same labels and other weights, with MegaBank's strategy of the first one, which asks for `approvals`.
fn models(dir: &Path, approvals: i32) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for model in ["complaints", "challenger"] {
        let folder = dir.join(model);
        fs::create_dir_all(&folder).unwrap();
        let manifest = fs::read_to_string(own.join("complaints-bag/ombud.json")).unwrap();
        let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["model_id"] = model.into();
        fs::write(folder.join("ombud.json"), manifest.to_string()).unwrap();
        fs::write(folder.join("model.safetensors"), model).unwrap();
    }
    let first = fs::read_to_string(own.join("strategy.toml")).unwrap();
    let asking = first.replace("approvals = 0", &format!("approvals = {approvals}"));
    fs::write(dir.join("strategy.toml"), asking).unwrap();
}

/// Both models registered, the first strategy published.
fn begin(backend: &Backend, settings: &Settings) {
    let store = ModelStore::new(settings.data.join("models"));
    let mut publisher = Publisher::new(backend.sink(8).unwrap());
    let reader = backend.view().reader(READER).unwrap();
    let prefix = &settings.topics.prefix;
    let mut first =
        FirstStart { reader, store: &store, models: &settings.models, prefix, clock: &SystemClock };
    assert!(first.ensure(&mut publisher).unwrap());
    let challenger = Artefact::open(&settings.models.join("challenger")).unwrap();
    let record = evaluated(&model_version_record(&challenger, "test", 1), evaluation()).unwrap();
    let key = registry_key(&record.model_id, &record.version);
    let topic: Arc<str> = Topic::Registry.name(prefix).into();
    publisher.send(outgoing(&topic, &key, &record).unwrap()).unwrap();
    publisher.flush().unwrap();
}

fn evaluation() -> ModelEvaluation {
    let example = include_str!("../../../../schemas/models.registry/examples/valid/evaluated.json");
    let known: ModelVersion = serde_json::from_str(example).unwrap();
    ModelEvaluation { evaluation_id: "e-1".to_owned(), ..known.evaluations[0].clone() }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// An embedded log that somebody writes, and its port, as `up` has them.
struct StrategyLog {
    _dir: TempDir,
    settings: Settings,
    backend: Backend,
    requests: MemoryRequests,
    runtime: Option<Runtime>,
    server: JoinHandle<()>,
}

impl StrategyLog {
    fn start() -> Self {
        Self::asking_for(0)
    }

    fn asking_for(approvals: i32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("models-folder");
        models(&folder, approvals);
        let mut settings = Settings { data: dir.path().to_owned(), models: folder, ..Settings::default() };
        let backend = Backend::embedded(&settings).unwrap();
        begin(&backend, &settings);
        let publisher = StrategyPublisher::open(&backend, &settings, clock()).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(any)).unwrap();
        settings.http.address = listener.local_addr().unwrap();
        let token = operator::make_token(&settings.data).unwrap();
        let requests = MemoryRequests::default();
        let book = requests.book(&backend, &settings);
        let routes = routes(publisher).merge(strategies::requests::routes(Arc::new(Mutex::new(book))));
        let routes = Guard::of(&settings.http, Some(&token)).unwrap().around(routes);
        let server = runtime.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { _dir: dir, settings, backend, requests, runtime: Some(runtime), server }
    }

    /// Runs the words of a command and gives its JSON.
    fn json(&self, words: &str) -> Result<Value, String> {
        command(words, &self.settings)
    }
}

impl Drop for StrategyLog {
    fn drop(&mut self) {
        self.server.abort();
        self.runtime.take().unwrap().shutdown_background();
    }
}

fn command(words: &str, settings: &Settings) -> Result<Value, String> {
    use clap::Parser;
    let line = format!("ombud strategy {words} --json");
    let cli = crate::command_line::Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
    run(cli, settings)
}

fn run(cli: crate::command_line::Cli, settings: &Settings) -> Result<Value, String> {
    let crate::command_line::Command::Strategy(said) = cli.command else { panic!("another command") };
    let mut out = Vec::new();
    let done = strategy(said, settings, &clock(), &Terminal::default(), &mut out)
        .map_err(|error| format!("{error:#}"))?;
    assert_eq!(done, Done::Well);
    Ok(serde_json::from_slice(&out).unwrap())
}

fn share_of(strategy: &Value, task: &str, arm: &str) -> Option<i64> {
    let task = strategy["tasks"].as_array()?.iter().find(|known| known["task"] == task)?;
    task["arms"].as_array()?.iter().find(|known| known["name"] == arm)?["basis_points"].as_i64()
}

#[test]
fn a_canary_grows_is_promoted_and_is_rolled_back() {
    goes_round(&StrategyLog::start().settings);
}

#[cfg(feature = "servers")]
#[test]
fn a_canary_grows_is_promoted_and_is_rolled_back_on_brokers() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = crate::log::on_brokers::on_brokers(&dir);
    settings.models = dir.path().join("models-folder");
    models(&settings.models, 0);
    begin(&Backend::brokers(&settings, &[]).unwrap(), &settings);
    goes_round(&settings);
}

fn goes_round(settings: &Settings) {
    let say = |words: &str| command(words, settings);
    let champion = say("show").unwrap()["tasks"][1]["arms"][0]["model_version"].clone();
    for (version, share) in [(2, "10%"), (3, "25%")] {
        let published = say(&format!("canary product challenger {share} --by ann --reason try")).unwrap();
        assert_eq!(
            (&published["strategy"]["version"], &published["published"]),
            (&version.into(), &true.into())
        );
    }
    let three = say("show --version 3").unwrap();
    assert_eq!(
        (share_of(&three, "product", "canary"), share_of(&three, "product", "champion")),
        (Some(2_500), Some(7_500))
    );
    assert_eq!(share_of(&three, "issue", "canary"), None);
    let lead = three["effective_from"].as_i64().unwrap() - three["changed_at"].as_i64().unwrap();
    assert!(lead >= 5_000, "{lead}");
    let diff = say("diff 2 3").unwrap();
    assert_eq!(diff["differences"][0]["place"], serde_json::json!(["product", "canary", "share"]));
    assert_eq!(
        (&diff["differences"][0]["before"], &diff["differences"][0]["after"]),
        (&"10 %".into(), &"25 %".into())
    );

    let error = say("promote product --by ann").unwrap_err();
    assert!(error.contains("--evaluation ID"), "{error}");
    let error = say("promote product --by ann --evaluation e-2").unwrap_err();
    assert!(error.contains("it has e-1"), "{error}");
    let promoted = say("promote product --by ann --evaluation e-1").unwrap()["strategy"].clone();
    assert_eq!(
        (&promoted["evaluation_id"], share_of(&promoted, "product", "champion")),
        (&"e-1".into(), Some(10_000))
    );
    assert_ne!(promoted["tasks"][1]["arms"][0]["model_version"], champion);
    let back = say("roll-back --to 1 --by bob").unwrap()["strategy"].clone();
    assert_eq!((&back["version"], &back["tasks"][1]["arms"][0]["model_version"]), (&5.into(), &champion));
    assert_eq!((&back["changed_by"], &back["reason"]), (&"bob".into(), &"roll back to strategy 1".into()));
    // Announced is not in force: a complaint from before the second one's time still has the first one.
    let two = say("show --version 2").unwrap()["effective_from"].as_i64().unwrap();
    for (time, version) in [(two - 1, 1), (two, 2)] {
        let time = jiff::Timestamp::from_millisecond(time).unwrap();
        assert_eq!(say(&format!("at {time}")).unwrap()["version"], version, "at {time}");
    }
    assert_eq!(say("at 2200-01-01").unwrap()["version"], 5);
    let shadowed = say("shadow issue challenger --by bob --dry-run").unwrap();
    assert_eq!(
        (&shadowed["published"], share_of(&shadowed["strategy"], "issue", "shadow")),
        (&false.into(), Some(10_000))
    );
    assert_eq!(say("at 2200-01-01").unwrap()["version"], 5, "a dry run publishes nothing");
}

#[test]
fn of_two_operators_one_wins_and_the_other_is_refused() {
    let log = StrategyLog::start();
    let known = LogSnapshot::read(&log.settings).unwrap();
    let next = |by: &str, share| {
        let change = StrategyChange::Canary {
            task: "product".into(),
            model: "challenger".parse().unwrap(),
            basis_points: share,
        };
        let signature = Signature { by: by.into(), reason: None, now_ms: clock().now_ms(), from: None };
        change.next(known.strategies(), &known.registry, &signature).unwrap()
    };
    let both: [Strategy; 2] = [next("ann", 1_000), next("bob", 2_000)];
    let start = Barrier::new(2);
    let ended: Vec<Result<_, String>> = thread::scope(|scope| {
        let race = |next| {
            start.wait();
            publish(next, &log.settings, &clock()).map_err(|error| format!("{error:#}"))
        };
        let racing = both.each_ref().map(|next| scope.spawn(move || race(next)));
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let winner = ended.iter().position(Result::is_ok).unwrap();
    let refused = ended[1 - winner].as_ref().unwrap_err();
    assert_eq!(
        *refused,
        format!(
            "publish strategy 2: it was published by {} in the meantime: look at `ombud strategy diff 1 2` and try again",
            both[winner].changed_by
        )
    );
    let known = LogSnapshot::read(&log.settings).unwrap();
    let newest = &known.newest().unwrap().record;
    // When it was signed is set by the server.
    assert!(newest.changed_at >= both[winner].changed_at);
    assert_eq!(*newest, Strategy { changed_at: newest.changed_at, ..both[winner].clone() });
}

#[test]
fn a_strategy_that_this_clock_made_void_is_told_with_how_far_it_is_off() {
    let log = StrategyLog::start();
    let known = LogSnapshot::read(&log.settings).unwrap();
    let newest = known.newest().unwrap().record.clone();
    let log_now = SystemClock.now_ms();
    let published_by = |off_ms: i64| {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(log_now + off_ms));
        // As `ombud strategy` makes it: soon, by its own clock.
        let next = Strategy { version: 2, effective_from: log_now + off_ms + 7_000, ..newest.clone() };
        StrategyPublisher::open(&log.backend, &log.settings, clock).unwrap().publish(&next)
    };
    // By its own clock in time, and by the log's 2 s late.
    let refused = published_by(-4_000).unwrap_err().to_string();
    assert!(refused.contains("too late for its time, and no worker takes it"), "{refused}");
    assert!(refused.contains("ms or more behind the log's"), "{refused}");
    assert_eq!(LogSnapshot::read(&log.settings).unwrap().newest().unwrap().record.version, 1);
    // Ahead, it begins later than was meant and is no less valid.
    let published = published_by(60_000).unwrap();
    assert!(published.appended_at < log_now + 60_000, "the log's time, not ours: {published:?}");
    assert_eq!(LogSnapshot::read(&log.settings).unwrap().newest().unwrap().record.version, 2);
}

#[test]
fn the_port_refuses_what_no_worker_should_take() {
    let log = StrategyLog::start();
    let known = LogSnapshot::read(&log.settings).unwrap();
    let newest = known.newest().unwrap().record.clone();
    let soon = clock().now_ms();
    let next = Strategy { version: 2, effective_from: soon + 60_000, ..newest };
    let refuse = |next: Strategy| publish(&next, &log.settings, &clock()).unwrap_err().to_string();
    assert!(
        refuse(Strategy { effective_from: soon + 4_000, ..next.clone() }).contains("choose a later --from")
    );
    assert!(refuse(Strategy { version: 3, ..next.clone() }).contains("the next version is 2"));
    let mut unknown = next.clone();
    unknown.tasks[0].arms[0].model_version = "0".repeat(64);
    assert!(refuse(unknown).contains("is not registered"));
    let mut uneven = next.clone();
    uneven.tasks[0].arms[0].basis_points = 9_000;
    assert!(refuse(uneven).contains("must sum to 10000"));
    publish(&next, &log.settings, &clock()).unwrap();
}

#[test]
fn a_change_over_http_is_signed_and_dated_by_the_server_and_by_nobody_without_the_token() {
    let log = StrategyLog::start();
    let known = LogSnapshot::read(&log.settings).unwrap();
    let newest = known.newest().unwrap().record.clone();
    let before = clock().now_ms();
    let forged = Strategy {
        version: 2,
        effective_from: before + 60_000,
        changed_by: "the-board".into(),
        changed_at: 7,
        ..newest
    };
    let stranger = Settings { data: log.settings.data.join("elsewhere"), ..log.settings.clone() };
    let refused = publish(&forged, &stranger, &clock()).unwrap_err().to_string();
    assert!(refused.contains("OMBUD_HTTP__TOKEN") && refused.contains("--data"), "{refused}");
    assert_eq!(LogSnapshot::read(&log.settings).unwrap().newest().unwrap().record.version, 1);
    let published = publish(&forged, &log.settings, &clock()).unwrap();
    let record = LogSnapshot::read(&log.settings).unwrap().newest().unwrap().record.clone();
    assert!(record.changed_at >= before, "{}", record.changed_at);
    assert_eq!(
        (&published.changed_by, published.changed_at),
        (&record.changed_by, record.changed_at),
        "it learns how it was signed"
    );
    // The operator's token is read by one account alone, and with it the person is believed.
    assert_eq!(record.changed_by, "the-board");
}

#[test]
fn a_file_may_name_a_registered_version_and_ask_another_task() {
    let log = StrategyLog::start();
    let text = fs::read_to_string(log.settings.models.join("strategy.toml")).unwrap();
    let file = log.settings.data.join("next.toml");
    let version = Artefact::open(&log.settings.models.join("challenger")).unwrap().version;
    let named = text.replace("model = \"complaints\"", &format!("model = \"challenger@{}\"", &version[..6]));
    fs::write(&file, named.replace("deadline = \"30 s\"", "deadline = \"45 s\"")).unwrap();
    let set =
        log.json(&format!("set {} --by ann --reason slower", file.display())).unwrap()["strategy"].clone();
    assert_eq!((&set["deadline_ms"], &set["reason"]), (&45_000.into(), &"slower".into()));
    assert_eq!(set["tasks"][0]["arms"][0]["model_version"], version);
    let again = log.json(&format!("set {} --by ann", file.display())).unwrap_err();
    assert!(again.contains("strategy 2 says so already"), "{again}");
    fs::write(&file, named.replace("challenger@", "challenger@0")).unwrap();
    let error = log.json(&format!("set {} --by ann", file.display())).unwrap_err();
    assert!(error.contains("next.toml line ") && error.contains("begins with 0"), "{error}");
    let mut out = Vec::new();
    let done = check::check(Some(file), &log.settings, clock().as_ref(), &mut out).unwrap();
    assert_eq!(done, Done::Wanting, "{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_simulation_shows_each_arms_share_of_a_files_complaints() {
    let log = StrategyLog::start();
    log.json("canary product challenger 10% --by ann").unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/complaints-sample.csv.gz");
    let shares = log.json(&format!("simulate {}", sample.display())).unwrap();
    let arms = shares["arms"].as_array().unwrap();
    let canary = arms.iter().find(|arm| arm["arm"] == "canary").unwrap();
    assert!(shares["complaints"].as_u64().unwrap() > 250, "{shares}");
    let off = (canary["share"].as_f64().unwrap() - 0.1).abs();
    assert!(off < 4.0 * canary["sampling_error"].as_f64().unwrap(), "{canary}");
}
