//! The store on a CQL server keeps what every case store has to keep, and makes its tables once.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{thread, time::Duration};

use bytes::Bytes;
use ombud_store::{
    CaseEvent, CaseStore, CqlCases, CqlConnection, CqlError, Found, Kind, Row, case_store_keeps_its_promises,
    check, migrate, sketches_keep_their_promises,
};

use crate::server::{Keyspace, elsewhere, nodes};

fn fresh() -> (CqlCases, Keyspace) {
    let keyspace = Keyspace::fresh();
    (CqlCases::connect(&keyspace.0).unwrap(), keyspace)
}

case_store_keeps_its_promises!(fresh);

sketches_keep_their_promises!(fresh);

#[test]
fn tables_are_made_once_and_found_again() {
    let keyspace = Keyspace(elsewhere(nodes()));
    let before = check(&keyspace.0).unwrap();
    assert_eq!((&before.replication, before.newer.len()), (&None, 0), "{before:?}");
    let made = migrate(&keyspace.0, 1).unwrap();
    assert!(made.keyspace_created && made.applied == before.missing && !made.applied.is_empty(), "{made:?}");

    let again = migrate(&keyspace.0, 1).unwrap();
    assert!(!again.keyspace_created && again.applied.is_empty(), "{again:?}");
    let Found { replication: Some(replication), missing, datacenter, nodes, release, .. } =
        check(&keyspace.0).unwrap()
    else {
        panic!("no keyspace")
    };
    assert_eq!(replication.get(&datacenter).map(String::as_str), Some("1"), "{replication:?}");
    assert!(missing.is_empty() && nodes == 1 && !release.is_empty(), "{missing:?} {nodes} {release}");
    assert_eq!(keyspace.run("SELECT version FROM {keyspace}.schema_migrations").len(), made.applied.len());
}

#[test]
fn two_may_migrate_at_once() {
    let keyspace = Keyspace(elsewhere(nodes()));
    let runs = thread::scope(|scope| {
        let runs = [(), ()].map(|()| scope.spawn(|| migrate(&keyspace.0, 1)));
        runs.map(|run| run.join().unwrap())
    });
    assert!(runs.iter().all(Result::is_ok), "{runs:?}");
    CqlCases::connect(&keyspace.0).unwrap();
}

#[test]
fn a_keyspace_of_a_newer_build_is_left_alone() {
    let (_cases, keyspace) = fresh();
    keyspace.run("INSERT INTO {keyspace}.schema_migrations (component, version) VALUES ('store', 999)");
    let refused = migrate(&keyspace.0, 1).unwrap_err();
    assert!(matches!(refused, CqlError::Newer { found: 999, .. }), "{refused}");
    assert_eq!(check(&keyspace.0).unwrap().newer, [999]);
}

#[test]
fn a_keyspace_that_is_not_there_is_named_with_the_mend() {
    let connection = elsewhere(nodes());
    let missing = CqlCases::connect(&connection).err().unwrap();
    assert_eq!(
        missing.to_string(),
        format!("use keyspace {}: create it and its tables with `ombud setup`", connection.keyspace)
    );
}

#[test]
fn copies_need_nodes_and_a_datacenter_that_is_there() {
    let keyspace = Keyspace(elsewhere(nodes()));
    for copies in [0, 2] {
        let refused = migrate(&keyspace.0, copies).unwrap_err();
        assert!(matches!(refused, CqlError::TooFewNodes { nodes: 1, .. }), "{refused}");
    }
    let nowhere = CqlConnection { datacenter: Some("nowhere".into()), ..keyspace.0.clone() };
    let refused = migrate(&nowhere, 1).unwrap_err();
    assert!(matches!(refused, CqlError::NoDatacenter { .. }), "{refused}");
    let datacenter = Some(check(&keyspace.0).unwrap().datacenter);
    migrate(&CqlConnection { datacenter, ..keyspace.0.clone() }, 1).unwrap();
}

#[test]
fn nobody_there_is_said_with_the_place_and_the_mend() {
    let connection =
        CqlConnection { timeout: Duration::from_secs(1), ..elsewhere(vec!["127.0.0.1:1".into()]) };
    let unreachable = CqlCases::connect(&connection).err().unwrap();
    assert_eq!(
        unreachable.to_string(),
        "reach a CQL server at 127.0.0.1:1: start it, or correct `cql_nodes` (and `ca` of [cql], if it wants TLS)"
    );
}

#[test]
fn a_setting_that_can_not_be_meant_is_refused_before_anybody_is_asked() {
    let good = elsewhere(vec!["127.0.0.1:1".into()]);
    let wrong = [
        CqlConnection { keyspace: "a; DROP".into(), ..good.clone() },
        CqlConnection { keyspace: "Ombud".into(), ..good.clone() },
        CqlConnection { concurrency: 0, ..good.clone() },
        CqlConnection { timeout: Duration::ZERO, ..good.clone() },
        CqlConnection { narrative_ttl: Some(Duration::from_millis(900)), ..good.clone() },
    ];
    for connection in wrong {
        let refused = CqlCases::connect(&connection).err().unwrap();
        assert!(matches!(refused, CqlError::Setting { .. }), "{refused}");
    }
    let absent = CqlConnection { ca: Some("absent.pem".into()), ..good };
    assert!(matches!(CqlCases::connect(&absent).err(), Some(CqlError::Ca { .. })));
}

#[test]
fn credentials_are_not_shown() {
    let secret = Some(("user".into(), "secret".into()));
    let connection = CqlConnection { credentials: secret, ..elsewhere(vec!["host:1".into()]) };
    let shown = format!("{connection:?}");
    assert!(shown.contains("host:1") && !shown.contains("secret") && !shown.contains("user"), "{shown}");
}

#[test]
fn only_narratives_go_when_their_time_is_up() {
    let (_forever, keyspace) = fresh();
    let narrative_ttl = Some(Duration::from_secs(86_400));
    let mut cases = CqlCases::connect(&CqlConnection { narrative_ttl, ..keyspace.0.clone() }).unwrap();
    let rows = [Kind::Raw, Kind::Routed].map(|kind| {
        Row::CaseEvent(CaseEvent {
            complaint_id: "c".into(),
            kind,
            seq: 1,
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
    });
    cases.write(&rows).unwrap();
    let left = keyspace.run("SELECT kind, TTL(body) FROM {keyspace}.case_events WHERE complaint_id = 'c'");
    let left: Vec<_> =
        left.into_iter().map(|row| row.columns[1].as_ref().and_then(|ttl| ttl.as_int())).collect();
    let [Some(raw), None] = left[..] else { panic!("{left:?}") };
    assert!((86_000..=86_400).contains(&raw), "{raw}");
}

#[test]
fn every_other_row_lies_in_its_table() {
    let (mut cases, keyspace) = fresh();
    ombud_store::testing::a_large_batch_of_every_kind_is_written(&mut cases);
    for table in [
        "cases_by_customer",
        "decisions_by_model_and_bucket",
        "feedback_by_day_and_bucket",
        "strategy_history",
        "model_versions",
    ] {
        let rows = keyspace.run(&format!("SELECT * FROM {{keyspace}}.{table}"));
        assert_eq!(rows.len(), 100, "{table}");
    }
    // As an independent client reads them.
    let decision = keyspace.run(
        "SELECT day, label, confidence FROM {keyspace}.decisions_by_model_and_bucket WHERE model_id = 'bag'
         AND model_version = 'v' AND day = '2023-11-14' AND bucket = 25 AND complaint_id = '2'",
    );
    assert_eq!(decision.len(), 1);
    let buckets = (0..64).map(|bucket| bucket.to_string()).collect::<Vec<_>>().join(", ");
    let feedback = keyspace.run(&format!(
        "SELECT * FROM {{keyspace}}.feedback_by_day_and_bucket \
         WHERE day = '2023-11-14' AND bucket IN ({buckets})"
    ));
    assert_eq!(feedback.len(), 100);
}

#[test]
fn a_row_that_was_changed_is_not_taken_for_what_was_written() {
    let (mut cases, keyspace) = fresh();
    let event = CaseEvent {
        complaint_id: "c".into(),
        kind: Kind::Routed,
        seq: 1,
        id: "a".into(),
        at: 1,
        task: None,
        team: Some("cards".into()),
        model_id: None,
        model_version: None,
        schema_id: None,
        body: Bytes::from_static(b"body"),
        origin: "o".into(),
    };
    let neighbour = CaseEvent { id: "b".into(), ..event.clone() };
    let rows = [event.clone(), neighbour.clone()].map(Row::CaseEvent);
    cases.write(&rows).unwrap();
    let change = |set: &str| {
        let row = "complaint_id = 'c' AND kind = 3 AND seq = 1 AND id = 'a'";
        keyspace.run(&format!("UPDATE {{keyspace}}.case_events SET {set} WHERE {row}"));
    };
    for set in ["body = 0x00", "team = 'loans'", "at = 2", "task = 'product'", "origin = 'p'"] {
        change(set);
        let found = cases.case("c").unwrap();
        assert!(found[0].is_spoilt() && found[1] == neighbour, "{set}");
    }
    // As a build from before there were digests left it.
    change("digest = null");
    assert!(!cases.case("c").unwrap()[0].is_spoilt());
    change("task = null");
    cases.write(&rows).unwrap();
    assert_eq!(cases.case("c").unwrap(), [event, neighbour], "written again, it has its digest");
}

#[test]
fn the_column_of_digests_is_added_once() {
    let (_cases, keyspace) = fresh();
    keyspace.run("DELETE FROM {keyspace}.schema_migrations WHERE component = 'store' AND version = 3");
    assert_eq!(migrate(&keyspace.0, 1).unwrap().applied, ["0003-digests"]);
    assert!(migrate(&keyspace.0, 1).unwrap().applied.is_empty());
}
