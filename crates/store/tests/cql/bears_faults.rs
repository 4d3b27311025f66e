//! Faults between the store and its server: what is written is there once, what fails says so within bounds.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ombud_store::{CaseEvent, CaseStore, CqlCases, CqlConnection, CqlError, Kind, Row};
use scylla_proxy::{
    Condition, Node, Proxy, Reaction, RequestOpcode, RequestReaction, RequestRule, ResponseFrame,
    ResponseOpcode, ResponseReaction, ResponseRule, RunningProxy, ShardAwareness, example_db_errors,
};
use tokio::runtime::Runtime;

use crate::server::{self, Keyspace};

/// How long a request may take; a call may take four times as long.
const TIMEOUT: Duration = Duration::from_millis(500);
/// What a bound may be overrun by on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// A server with a proxy before it. The proxy is dropped: finishing it is not reliable.
struct Faulty {
    proxy: RunningProxy,
    translation: HashMap<SocketAddr, SocketAddr>,
    connection: CqlConnection,
    keyspace: Keyspace,
    /// How often the last fault struck.
    struck: Box<dyn Fn() -> usize>,
    _runtime: Runtime,
}

impl Faulty {
    fn fresh() -> Self {
        let keyspace = Keyspace::fresh();
        let real: SocketAddr = keyspace.0.nodes[0].parse().unwrap();
        // The nodes name the port themselves, so that another address has to do.
        let [a, b, c, ..] = server::chance().to_be_bytes();
        let between = SocketAddr::from(([127, a.max(1), b, c.clamp(1, 254)], real.port()));
        let node = Node::builder().real_address(real).proxy_address(between);
        let proxy = Proxy::builder().with_node(node.shard_awareness(ShardAwareness::Unaware).build()).build();
        let translation = proxy.translation_map();
        let runtime = Runtime::new().unwrap();
        let proxy = runtime.block_on(proxy.run()).unwrap();
        let nodes = vec![between.to_string()];
        let connection = CqlConnection { nodes, timeout: TIMEOUT, ..keyspace.0.clone() };
        Self { proxy, translation, connection, keyspace, struck: Box::new(|| 0), _runtime: runtime }
    }

    fn cases(&self) -> Result<CqlCases, CqlError> {
        CqlCases::connect_through(&self.connection, self.translation.clone())
    }

    fn on_requests(&mut self, opcode: RequestOpcode, times: usize, reaction: RequestReaction) {
        let when = Condition::RequestOpcode(opcode).and(Condition::TrueForLimitedTimes(times));
        let (reaction, struck) = counted(reaction);
        self.struck = struck;
        self.proxy.running_nodes[0].change_request_rules(Some(vec![RequestRule(when, reaction)]));
    }

    /// Answers to the store's own requests, not those to the driver's.
    fn on_answers(&mut self, times: usize, reaction: ResponseReaction) {
        let when = Condition::ResponseOpcode(ResponseOpcode::Result)
            .and(Condition::not(Condition::ConnectionRegisteredAnyEvent))
            .and(Condition::TrueForLimitedTimes(times));
        let (reaction, struck) = counted(reaction);
        self.struck = struck;
        self.proxy.running_nodes[0].change_response_rules(Some(vec![ResponseRule(when, reaction)]));
    }

    /// Writes during the fault, reads beside the proxy, and finds each row once.
    fn writes_all(&self, cases: &mut CqlCases) {
        let start = Instant::now();
        cases.write(&events().map(Row::CaseEvent)).unwrap();
        assert!(start.elapsed() < 4 * TIMEOUT + SLACK, "{:?}", start.elapsed());
        assert!((self.struck)() > 0, "the fault did not strike");
        let mut beside = CqlCases::connect(&self.keyspace.0).unwrap();
        assert!(beside.case("c").unwrap() == events(), "events are missing or written twice");
    }
}

/// A reaction, and how often it was performed.
#[expect(clippy::disallowed_methods, reason = "the proxy takes no bounded channel; a test's faults are few")]
fn counted<R: Reaction>(reaction: R) -> (R, Box<dyn Fn() -> usize>)
where
    R::Incoming: 'static,
{
    let (performed, count) = tokio::sync::mpsc::unbounded_channel();
    (reaction.with_feedback_when_performed(performed), Box::new(move || count.len()))
}

fn events() -> [CaseEvent; 40] {
    std::array::from_fn(|n| CaseEvent {
        complaint_id: "c".into(),
        kind: Kind::Prediction,
        seq: 40 - n as i64,
        id: "a".into(),
        at: 1,
        task: None,
        team: None,
        model_id: None,
        model_version: None,
        schema_id: None,
        body: Bytes::from_static(b"body"),
        origin: "o".into(),
    })
}

#[test]
fn a_write_whose_answer_is_lost_is_written_once() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_answers(25, ResponseReaction::drop_frame());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_write_that_timed_out_after_the_server_applied_it_is_written_once() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    let timed_out = |answer: ResponseFrame| {
        ResponseFrame::forged_error(answer.params, example_db_errors::write_timeout(), None).unwrap()
    };
    faulty.on_answers(25, ResponseReaction::transform_frame(std::sync::Arc::new(timed_out)));
    faulty.writes_all(&mut cases);
}

#[test]
fn an_overloaded_server_is_asked_again() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_requests(RequestOpcode::Execute, 60, RequestReaction::forge().overloaded());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_server_that_has_forgotten_the_statements_is_told_them_again() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_requests(RequestOpcode::Execute, 25, RequestReaction::forge().unprepared());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_cut_connection_is_made_again() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_requests(RequestOpcode::Execute, 2, RequestReaction::drop_connection());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_server_that_hangs_is_a_passing_outage_within_bounds_and_nothing_is_lost() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_requests(RequestOpcode::Execute, usize::MAX, RequestReaction::drop_frame());
    let start = Instant::now();
    let outages = [
        cases.write(&events().map(Row::CaseEvent)).unwrap_err(),
        cases.case("c").unwrap_err(),
        cases.queue("t", ombud_store::day_of(0)).unwrap_err(),
    ];
    assert!(outages.iter().all(|outage| !outage.fatal), "{outages:?}");
    assert!(start.elapsed() < 3 * 4 * TIMEOUT + SLACK, "{:?}", start.elapsed());
    faulty.proxy.turn_off_rules();
    faulty.writes_all(&mut cases);
}

#[test]
fn what_the_server_refuses_for_good_is_fatal_at_once() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_requests(RequestOpcode::Execute, usize::MAX, RequestReaction::forge().unauthorized());
    let start = Instant::now();
    let outage = cases.write(&events().map(Row::CaseEvent)).unwrap_err();
    assert!(outage.fatal && start.elapsed() < SLACK, "{outage:?} after {:?}", start.elapsed());
}

#[test]
fn a_table_that_is_gone_is_fatal() {
    let faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.keyspace.run("DROP TABLE {keyspace}.case_events");
    let outage = cases.write(&events().map(Row::CaseEvent)).unwrap_err();
    assert!(outage.fatal, "{outage:?}");
}

#[test]
fn a_refused_login_is_said_with_the_mend() {
    let mut faulty = Faulty::fresh();
    faulty.on_requests(RequestOpcode::Startup, usize::MAX, RequestReaction::forge().authentication_error());
    let refused = faulty.cases().err().unwrap();
    assert!(matches!(refused, CqlError::Refused { .. }), "{refused}: {refused:?}");
}

#[test]
fn a_server_that_hangs_at_the_start_is_unreachable_within_bounds() {
    let mut faulty = Faulty::fresh();
    // Metadata that don't come are done without; these are not.
    for opcode in [RequestOpcode::Startup, RequestOpcode::Prepare] {
        faulty.on_requests(opcode, usize::MAX, RequestReaction::drop_frame());
        let start = Instant::now();
        let failed = faulty.cases().err().unwrap();
        assert!(start.elapsed() < 4 * TIMEOUT + SLACK, "{opcode:?}: {failed} after {:?}", start.elapsed());
        assert!(matches!(failed, CqlError::Unreachable { .. }), "{opcode:?}: {failed}");
    }
}
