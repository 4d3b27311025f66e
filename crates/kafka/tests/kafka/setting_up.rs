//! Setting up on a real cluster and a real registry: what is missing comes about, and what is there is never narrowed.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::time::Duration;

use futures_executor::block_on;
use ombud_contract::catalogue::Topic;
use ombud_kafka::{Admin, Brokers, Mode, Outcome, Registry, RegistryConnection, Schemas, State, Wish};
use ombud_stream::testing::server_address;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, ConfigResource, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
};

use crate::administrator::add_partitions;

const TIMEOUT: Duration = Duration::from_secs(20);
const FEW: Wish = Wish { partitions: Some(2), replication: None };

fn brokers() -> Brokers {
    let bootstrap = server_address("OMBUD_KAFKA_BOOTSTRAP");
    Brokers { bootstrap, properties: [].into(), timeout: TIMEOUT }
}

fn registry() -> RegistryConnection {
    let urls = vec![server_address("OMBUD_REGISTRY_URL")];
    RegistryConnection { urls, credentials: None, ca: None, timeout: TIMEOUT }
}

fn prefix() -> String {
    format!("t{:08x}-", rand::random::<u32>())
}

fn states(outcomes: &[Outcome]) -> Vec<State> {
    outcomes.iter().map(|outcome| outcome.state).collect()
}

fn config(brokers: &Brokers) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &brokers.bootstrap);
    config
}

fn admin(brokers: &Brokers) -> AdminClient<DefaultClientContext> {
    config(brokers).create().unwrap()
}

fn set(brokers: &Brokers, topic: &str, settings: &[(&str, &str)]) {
    let mut alter = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (name, value) in settings {
        alter = alter.set(name, value);
    }
    for result in block_on(admin(brokers).alter_configs([&alter], &AdminOptions::new())).unwrap() {
        result.unwrap();
    }
}

fn setting(brokers: &Brokers, topic: &str, name: &str) -> String {
    let asked = [ResourceSpecifier::Topic(topic)];
    let answer = block_on(admin(brokers).describe_configs(&asked, &AdminOptions::new())).unwrap();
    let resource: &ConfigResource = answer[0].as_ref().unwrap();
    resource.get(name).unwrap().value.clone().unwrap()
}

#[test]
fn topics_come_about_once() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    let planned = admin.ensure_topics(&prefix, FEW, Mode::DryRun).unwrap();
    assert_eq!(states(&planned), [State::Created; 9]);
    let first = admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    assert_eq!(first, planned);
    for again in [FEW, Wish::default()] {
        let second = admin.ensure_topics(&prefix, again, Mode::Apply).unwrap();
        assert_eq!(states(&second), [State::Unchanged; 9], "{second:?}");
    }
    let raw = Topic::Raw.name(&prefix);
    for topic in [&raw, &Topic::Strategy.name(&prefix)] {
        assert_eq!(setting(&brokers, topic, "message.timestamp.type"), "LogAppendTime");
    }
    assert_eq!(setting(&brokers, &raw, "max.message.bytes"), "4194304");
    assert_eq!(setting(&brokers, &Topic::Routed.name(&prefix), "cleanup.policy"), "compact");
}

#[test]
fn what_widens_is_changed_and_all_else_stays() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    let raw = Topic::Raw.name(&prefix);
    let theirs = [("retention.ms", "60000"), ("segment.ms", "3600000"), ("max.message.bytes", "4194304")];
    set(&brokers, &raw, &theirs);

    let planned = admin.ensure_topics(&prefix, FEW, Mode::DryRun).unwrap();
    assert_eq!(setting(&brokers, &raw, "retention.ms"), "60000");
    let outcomes = admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    assert_eq!(outcomes, planned);
    assert_eq!(outcomes[0].state, State::Changed);
    let stamped = "message.timestamp.type CreateTime -> LogAppendTime".to_owned();
    assert_eq!(outcomes[0].details, ["retention.ms 60000 -> 1209600000".to_owned(), stamped]);
    assert_eq!(setting(&brokers, &raw, "retention.ms"), "1209600000");
    assert_eq!(setting(&brokers, &raw, "segment.ms"), "3600000");
    let again = admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    assert_eq!(states(&again), [State::Unchanged; 9], "{again:?}");
}

#[test]
fn the_log_stamps_strategies_also_where_their_topic_is_older_than_that_rule() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    let strategy = Topic::Strategy.name(&prefix);
    // Whoever sets a topic's settings sets all of them.
    let bytes = setting(&brokers, &strategy, "max.message.bytes");
    set(&brokers, &strategy, &[("message.timestamp.type", "CreateTime"), ("max.message.bytes", &bytes)]);
    let outcomes = admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    let changed = outcomes.iter().find(|outcome| outcome.name == strategy).unwrap();
    assert_eq!(changed.state, State::Changed, "{changed:?}");
    let stamped = "message.timestamp.type CreateTime -> LogAppendTime".to_owned();
    assert!(changed.details.contains(&stamped), "{changed:?}");
    assert_eq!(setting(&brokers, &strategy, "message.timestamp.type"), "LogAppendTime");
}

#[test]
fn what_would_narrow_is_refused_and_untouched() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    let raw = Topic::Raw.name(&prefix);
    set(&brokers, &raw, &[("retention.ms", "-1"), ("max.message.bytes", "1000000")]);
    let more = Wish { partitions: Some(4), replication: None };
    let outcomes = admin.ensure_topics(&prefix, more, Mode::Apply).unwrap();
    assert_eq!(outcomes[0].state, State::Refused);
    assert!(outcomes[0].details[0].contains("2 partitions where 4"), "{:?}", outcomes[0]);
    assert!(outcomes[0].details[1].starts_with("retention.ms is -1"), "{:?}", outcomes[0]);
    assert_eq!(setting(&brokers, &raw, "max.message.bytes"), "1000000");
}

#[test]
fn what_is_too_narrow_is_named_with_the_command_and_widened_once() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    add_partitions(&brokers.bootstrap, &Topic::Raw.name(&prefix), 4);
    let found = admin.ensure_topics(&prefix, Wish::default(), Mode::Apply).unwrap();
    let narrow: Vec<_> = found.iter().filter(|it| it.state == State::Refused).map(|it| &*it.name).collect();
    assert_eq!(narrow, [Topic::Predictions.name(&prefix), Topic::Routed.name(&prefix)]);
    let mends: Vec<_> = found.iter().filter_map(|it| it.fix.as_deref()).collect();
    assert_eq!(mends, ["run `ombud setup --widen 4`"; 2]);

    let planned = admin.widen(&prefix, 4, Mode::DryRun).unwrap();
    let widened = admin.widen(&prefix, 4, Mode::Apply).unwrap();
    assert_eq!(widened, planned);
    let mut of_all = vec![State::Changed; 6];
    of_all.push(State::Unchanged);
    assert_eq!(states(&widened), of_all, "complaints.raw comes last, and is wide enough");
    assert_eq!(widened[0].details, ["partitions 2 -> 4"]);
    assert_eq!(states(&admin.widen(&prefix, 4, Mode::Apply).unwrap()), [State::Unchanged; 7]);
    let found = admin.ensure_topics(&prefix, Wish::default(), Mode::DryRun).unwrap();
    assert_eq!(states(&found), [State::Unchanged; 9], "{found:?}");
    let refused = admin.widen(&prefix, 3, Mode::Apply).unwrap_err().to_string();
    assert!(refused.contains("complaints.raw has 4") && refused.contains("--widen 4"), "{refused}");
}

#[test]
fn a_group_lags_by_what_it_has_not_finished() {
    let brokers = brokers();
    let (admin, prefix) = (Admin::connect(&brokers).unwrap(), prefix());
    admin.ensure_topics(&prefix, FEW, Mode::Apply).unwrap();
    let (raw, group) = (Topic::Raw.name(&prefix), format!("{prefix}group"));
    let producer: rdkafka::producer::BaseProducer = config(&brokers).create().unwrap();
    for number in 0..5 {
        let record = rdkafka::producer::BaseRecord::to(&raw).key("k").payload("v").partition(number % 2);
        producer.send(record).unwrap();
    }
    rdkafka::producer::Producer::flush(&producer, TIMEOUT).unwrap();
    let consumer: BaseConsumer = config(&brokers).set("group.id", &group).create().unwrap();
    let mut positions = TopicPartitionList::new();
    positions.add_partition_offset(&raw, 0, Offset::Offset(1)).unwrap();
    consumer.commit(&positions, CommitMode::Sync).unwrap();

    let groups = admin.groups(&group, &prefix).unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].state.as_str(), groups[0].members), ("Empty", 0));
    let [lag] = groups[0].topics.as_slice() else { panic!("{groups:?}") };
    assert_eq!((lag.topic.as_str(), lag.lag, lag.committed, lag.partitions), (raw.as_str(), 4, 1, 2));
    assert!(lag.lost.is_empty());
}

#[test]
fn subjects_come_about_once_and_ids_are_translated() {
    let connection = registry();
    let (registry, prefix) = (Registry::connect(&connection).unwrap(), prefix());
    for topic in Topic::ALL {
        let first = registry.register(topic, &prefix, Mode::Apply).unwrap();
        assert_eq!(first.state, State::Created, "{first:?}");
        let second = registry.register(topic, &prefix, Mode::Apply).unwrap();
        assert_eq!((second.state, second.details.len()), (State::Unchanged, 0), "{second:?}");
    }
    let schemas = Schemas::connect(&connection, &prefix).unwrap();
    for topic in Topic::ALL {
        let name = topic.name(&prefix);
        let value = bytes::Bytes::from([&[0], &topic.newest_schema().0.to_be_bytes()[..], b"body"].concat());
        let out = schemas.outgoing(&name, value.clone()).unwrap();
        assert!(ombud_contract::codec::schema_id(&out).unwrap() > 0);
        assert_eq!(schemas.incoming(&name, &out).unwrap(), Some(value));
    }
    let unheard_of = bytes::Bytes::from_static(&[0, 0x7f, 0xff, 0xff, 0xff, 1]);
    assert_eq!(schemas.incoming(&Topic::Raw.name(&prefix), &unheard_of).unwrap(), None);
}
