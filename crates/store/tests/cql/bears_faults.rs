//! Faults between the store and its server: what is written is there once, what fails says so within bounds.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::time::Instant;

use bytes::Bytes;
use ombud_store::{CaseEvent, CaseStore, CqlCases, CqlError, Kind, Row};
use scylla_proxy::{
    Reaction, RequestOpcode, RequestReaction, ResponseFrame, ResponseReaction, example_db_errors,
};

use crate::faulty::{Faulty, SLACK, TIMEOUT};

impl Faulty {
    fn cases(&self) -> Result<CqlCases, CqlError> {
        CqlCases::connect_through(&self.connection, self.translation.clone())
    }

    /// Writes during the fault, reads beside the proxy, and finds each row once.
    fn writes_all(&self, cases: &mut CqlCases) {
        let start = Instant::now();
        cases.write(&events().map(Row::CaseEvent)).unwrap();
        assert!(start.elapsed() < 4 * TIMEOUT + SLACK, "{:?}", start.elapsed());
        assert!((self.struck)() > 0, "the fault did not strike");
        let mut beside = CqlCases::connect(&self.keyspace.0).unwrap();
        for case in events().chunk_by(|a, b| a.complaint_id == b.complaint_id) {
            let found = beside.case(&case[0].complaint_id).unwrap();
            assert!(found == case, "events are missing or written twice");
        }
    }
}

/// Of every third complaint two, which go in one request.
fn events() -> [CaseEvent; 40] {
    std::array::from_fn(|n| CaseEvent {
        complaint_id: format!("c-{}", n - n / 4),
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
    faulty.on_writes(60, RequestReaction::forge().overloaded());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_server_that_has_forgotten_the_statements_is_told_them_again() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_writes(25, RequestReaction::forge().unprepared());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_cut_connection_is_made_again() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_writes(2, RequestReaction::drop_connection());
    faulty.writes_all(&mut cases);
}

#[test]
fn a_server_that_hangs_is_a_passing_outage_within_bounds_and_nothing_is_lost() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_writes(usize::MAX, RequestReaction::drop_frame());
    let start = Instant::now();
    let outages = [
        cases.write(&events().map(Row::CaseEvent)).unwrap_err(),
        cases.case("c-0").unwrap_err(),
        cases.known_cases(&["c-0".into()], &mut |_, _| {}).unwrap_err(),
        cases.queue("t", ombud_store::day_of(0)).unwrap_err(),
    ];
    assert!(outages.iter().all(|outage| !outage.fatal), "{outages:?}");
    assert!(start.elapsed() < 4 * 4 * TIMEOUT + SLACK, "{:?}", start.elapsed());
    faulty.proxy.turn_off_rules();
    faulty.writes_all(&mut cases);
}

#[test]
fn what_the_server_refuses_for_good_is_fatal_at_once() {
    let mut faulty = Faulty::fresh();
    let mut cases = faulty.cases().unwrap();
    faulty.on_writes(usize::MAX, RequestReaction::forge().unauthorized());
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
