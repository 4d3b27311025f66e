//! A worker, and then `tail`, on brokers whose topics hold what no reader is given, as a mirror or a producer with transactions
//! leaves it.

use std::{path::Path, sync::Arc, thread, time::Instant};

use ombud_contract::{catalogue::Topic, codec};
use ombud_kafka::testing::{
    Ending::{self, Aborted, Committed},
    append_in_transaction,
};
use ombud_launch::{config::Settings, health::Readiness, shutdown::Shutdown};
use ombud_models::FirstStrategy;
use ombud_stream::{Reader as _, Start, SystemClock, TopicPartition};

use super::{From, Tail, tail};
use crate::{
    log::{
        backend::{Backend, READER},
        on_brokers::on_brokers,
        scan::scan,
    },
    serve::{Crew, Workers},
};

/// How long a test waits for what must come.
const TEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

fn append(settings: &Settings, topic: Topic, key: &str, value: &[u8], ending: Ending) {
    let name = topic.name(&settings.topics.prefix);
    append_in_transaction(&settings.kafka_bootstrap, &name, 0, &[(key.as_bytes(), value)], ending);
}

fn partition(settings: &Settings, topic: Topic) -> TopicPartition {
    TopicPartition::new(topic.name(&settings.topics.prefix), 0)
}

/// Runs a joiner until there are so many routes and its group has nothing left to do.
fn join_until(backend: &Backend, settings: &Settings, routes: u64) {
    let view = backend.view();
    let (standing, mut reader) =
        (view.group_offsets(ombud_join::GROUP).unwrap(), view.reader(READER).unwrap());
    let (raw, routed) = (partition(settings, Topic::Raw), partition(settings, Topic::Routed));
    thread::scope(|scope| {
        let mut crew = Crew::new(scope, Shutdown::default(), false);
        let (clock, readiness) = (Arc::new(SystemClock), Readiness::default());
        let workers = Arc::new(Workers { backend, settings, clock, readiness, start: Start::Earliest });
        workers.join(&mut crew).unwrap();
        let (mut found, mut lag, until) = (0, i64::MAX, Instant::now() + TEST_TIMEOUT);
        while (found < routes || lag > 0) && Instant::now() < until {
            let end = reader.end(&routed).unwrap();
            found = scan(&mut reader, &routed, 0, end, |_| Ok(())).unwrap();
            lag = reader.end(&raw).unwrap() - standing.committed(&raw).unwrap().unwrap_or(0);
        }
        crew.stop(Ok(())).unwrap();
        assert_eq!((found, lag), (routes, 0), "routes, and what the group has left to do");
    });
}

#[test]
fn a_joiner_works_behind_markers_and_its_group_has_nothing_left() {
    let dir = tempfile::tempdir().unwrap();
    let settings = on_brokers(&dir);
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let first = FirstStrategy::read(&models.join("strategy.toml"), &models, "test", 0).unwrap().record;
    append(&settings, Topic::Strategy, "strategy", &codec::encode(&first).unwrap(), Committed);
    append(&settings, Topic::Strategy, "strategy", b"never happened", Aborted);
    let backend = Backend::brokers(&settings, &[]).unwrap();
    for round in 1..=2 {
        append(&settings, Topic::Routed, "c-0", b"never happened", Aborted);
        // Nobody can read it, so that it is routed at once and needs no models.
        append(&settings, Topic::Raw, &format!("c-{round}"), b"no complaint", Committed);
        append(&settings, Topic::Raw, "c-0", b"never happened", Aborted);
        join_until(&backend, &settings, round);
    }
    let topic = partition(&settings, Topic::Raw).topic.to_string();
    for (from, number) in [(From::End, 2), (From::End, 1), (From::Start, 2), (From::End, 9)] {
        let args = Tail { topic: topic.clone(), json: true, number: Some(number), from, follow: false };
        let mut out = Vec::new();
        tail(&args, &settings, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), number.min(2), "{from:?} {number}");
    }
}
