//! What brokers refuse ends the worker soon and names what to grant: on a cluster that librdkafka plays.

use std::time::{Duration, Instant};

use ombud_contract::{access::Operation, catalogue::Topic};
use ombud_stream::{Outage, Outgoing, Reader as _, Sink as _, Source as _, Start, TopicPartition};
use rdkafka::{
    mocking::MockCluster,
    producer::DefaultProducerContext,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};

use crate::{
    Brokers, Connection, Kafka, KafkaMember, KafkaSink, RegistryConnection, shown_groups::ensure_shown,
};

/// How long a refusal may take to end a worker.
const END_TIMEOUT: Duration = Duration::from_secs(10);
const TOPIC: &str = "complaints.raw";
const GROUP: &str = "ombud.join";

struct Refusing {
    cluster: MockCluster<'static, DefaultProducerContext>,
    kafka: Kafka,
}

fn refusing() -> Refusing {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    let timeout = Duration::from_secs(5);
    let brokers = Brokers { bootstrap: cluster.bootstrap_servers(), properties: [].into(), timeout };
    let urls = vec!["http://127.0.0.1:1".to_owned()];
    let registry = RegistryConnection { urls, credentials: None, ca: None, timeout };
    let kafka = Kafka::connect(&Connection { brokers, registry }, "").unwrap();
    Refusing { cluster, kafka }
}

/// What ends a member.
fn end_of_member(kafka: &Kafka) -> Outage {
    end_of(&mut kafka.member(GROUP, &[TOPIC], Start::Earliest, None).unwrap())
}

fn end_of(member: &mut KafkaMember) -> Outage {
    let until = Instant::now() + END_TIMEOUT;
    while Instant::now() < until {
        if let Err(outage) = member.poll(Duration::from_millis(100)) {
            return outage;
        }
    }
    panic!("nothing ended the member within {END_TIMEOUT:?}");
}

fn is_named(outage: &Outage, right: &str) {
    assert!(outage.fatal && outage.action.contains(right), "{outage}: {}", outage.cause);
}

#[test]
fn a_group_that_is_refused_is_named() {
    let Refusing { cluster, kafka } = refusing();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED; 100];
    cluster.request_errors(RDKafkaApiKey::FindCoordinator, &refused);
    is_named(&end_of_member(&kafka), "Read on group ombud.join");
    cluster.clear_request_errors(RDKafkaApiKey::FindCoordinator);
    cluster.request_errors(RDKafkaApiKey::JoinGroup, &refused);
    is_named(&end_of_member(&kafka), "Read on group ombud.join");
}

#[test]
fn a_session_that_the_brokers_do_not_take_is_named() {
    let Refusing { cluster, kafka } = refusing();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT; 100];
    cluster.request_errors(RDKafkaApiKey::JoinGroup, &refused);
    is_named(&end_of_member(&kafka), "join.session_timeout_ms");
}

#[test]
fn a_topic_that_is_refused_is_named() {
    let Refusing { cluster, kafka } = refusing();
    cluster.topic_error(TOPIC, RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED).unwrap();
    let right = "Read on topic complaints.raw";
    is_named(&end_of_member(&kafka), right);
    let began = Instant::now();
    is_named(&kafka.reader(GROUP).unwrap().end(&TopicPartition::new(TOPIC, 0)).unwrap_err(), right);
    assert!(began.elapsed() < END_TIMEOUT);
    assert!(kafka.partitions(TOPIC).unwrap_err().to_string().contains(right));
    let needs = [(Topic::Raw, Operation::Write)];
    let hidden = kafka.find_topics("", &needs).unwrap_err().to_string();
    assert!(hidden.contains("the operation Write on topic complaints.raw"), "{hidden}");
}

#[test]
fn of_several_topics_the_refused_one_is_named() {
    let Refusing { cluster, kafka } = refusing();
    cluster.create_topic("complaints.feedback", 1, 1).unwrap();
    cluster
        .topic_error("complaints.feedback", RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        .unwrap();
    let mut member = kafka.member(GROUP, &[TOPIC, "complaints.feedback"], Start::Earliest, None).unwrap();
    let outage = end_of(&mut member);
    is_named(&outage, "Read on topic complaints.feedback");
    assert!(!outage.action.contains(TOPIC), "{outage}");
}

#[test]
fn who_only_reads_needs_no_group_and_groups_that_are_hidden_are_named() {
    let Refusing { cluster, kafka } = refusing();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED; 100];
    cluster.request_errors(RDKafkaApiKey::FindCoordinator, &refused);
    let mut reader = kafka.reader("ombud.read").unwrap();
    let until = Instant::now() + END_TIMEOUT / 5;
    while Instant::now() < until {
        let at = TopicPartition::new(TOPIC, 0);
        assert!(reader.fetch(&at, 0, Duration::from_millis(100)).is_ok());
    }
    let brokers =
        Brokers { bootstrap: cluster.bootstrap_servers(), properties: [].into(), timeout: END_TIMEOUT };
    let hidden = ensure_shown(&brokers, "ombud.infer.").unwrap_err().to_string();
    assert!(hidden.contains("Describe on the groups ombud.infer.*"), "{hidden}");
    cluster.clear_request_errors(RDKafkaApiKey::FindCoordinator);
    assert!(ensure_shown(&brokers, "ombud.infer.").is_ok());
}

fn record() -> Outgoing {
    Outgoing { topic: TOPIC.into(), partition: Some(0), key: None, value: None, headers: Vec::new() }
}

#[test]
fn what_is_purged_comes_back_undelivered_and_what_is_sent_after_it_arrives() {
    let Refusing { cluster, kafka } = refusing();
    let (mut sink, deliveries) = kafka.sink(8).unwrap();
    let send = |sink: &mut KafkaSink<u32>, token| assert!(sink.send(record(), token).is_ok());
    send(&mut sink, 0);
    deliveries.recv_timeout(END_TIMEOUT).unwrap().result.unwrap();
    cluster.broker_round_trip_time(1, END_TIMEOUT / 5).unwrap();
    for (token, is_on_its_way) in [(1, false), (2, true), (3, false)] {
        send(&mut sink, token);
        if is_on_its_way {
            // The purge before may take it along: a broker's thread does its part when it comes to it.
            while let Ok(purged) = deliveries.recv_timeout(END_TIMEOUT / 50) {
                assert!(purged.token == token && !purged.result.unwrap_err().fatal);
                send(&mut sink, token);
            }
        }
        sink.purge();
        let purged = deliveries.recv_timeout(END_TIMEOUT).unwrap();
        assert!(purged.token == token && !purged.result.unwrap_err().fatal);
    }
    cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    let sent_again = (0..3).any(|_| {
        send(&mut sink, 4);
        let last = deliveries.recv_timeout(2 * END_TIMEOUT).unwrap();
        assert_eq!(last.token, 4);
        last.result.is_ok()
    });
    assert!(sent_again, "one purge takes nothing along three times");
}

/// What becomes of a record that is sent.
fn delivery(kafka: &Kafka) -> Outage {
    let (mut sink, deliveries) = kafka.sink(1).unwrap();
    match sink.send(record(), ()) {
        Err(refused) => refused.outage.unwrap(),
        Ok(()) => deliveries.recv_timeout(END_TIMEOUT).unwrap().result.unwrap_err(),
    }
}

#[test]
fn an_append_that_is_refused_is_named() {
    let Refusing { cluster, kafka } = refusing();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 100];
    cluster.request_errors(RDKafkaApiKey::Produce, &refused);
    is_named(&delivery(&kafka), "Write on topic complaints.raw");
}

#[test]
fn a_producer_that_is_refused_is_named() {
    let Refusing { cluster, kafka } = refusing();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED; 100];
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &refused);
    is_named(&delivery(&kafka), "Write on topic complaints.raw");
}
