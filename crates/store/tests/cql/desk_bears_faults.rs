//! Faults between the desk and its server: a change whose outcome is unknown is judged by what is there, and is made once.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ombud_store::{
    ChangeRequest, Claim, CqlDesk, LeaseAnswer, Leases as _, RequestState, Requests as _, Sessions as _,
    User, Users as _,
};
use ombud_stream::SystemClock;
use scylla_proxy::{
    Reaction, RequestOpcode, RequestReaction, ResponseFrame, ResponseReaction, example_db_errors,
};

use crate::faulty::{Faulty, SLACK, TIMEOUT};

const LONG: Duration = Duration::from_secs(600);

fn desk(faulty: &Faulty) -> CqlDesk {
    CqlDesk::connect_through(&faulty.connection, Arc::new(SystemClock), faulty.translation.clone()).unwrap()
}

fn beside(faulty: &Faulty) -> CqlDesk {
    CqlDesk::connect(&faulty.keyspace.0, Arc::new(SystemClock)).unwrap()
}

fn claim(complaint_id: &str, lease_id: &str) -> Claim {
    Claim {
        complaint_id: complaint_id.into(),
        lease_id: lease_id.into(),
        holder: "anna".into(),
        team: "cards".into(),
        revision: 1,
    }
}

/// The answer of the server is lost, or says that it timed out, though it has done what was asked.
fn reactions() -> [ResponseReaction; 2] {
    let timed_out = |answer: ResponseFrame| {
        ResponseFrame::forged_error(answer.params, example_db_errors::write_timeout(), None).unwrap()
    };
    [ResponseReaction::drop_frame(), ResponseReaction::transform_frame(Arc::new(timed_out))]
}

#[test]
fn a_lease_whose_answers_are_lost_is_taken_renewed_finished_and_given_back_once() {
    for reaction in reactions() {
        let mut faulty = Faulty::fresh();
        let (mut desk, mut beside) = (desk(&faulty), beside(&faulty));
        // Of the note alone, or of the write on a condition as well.
        for lost in 1..=2 {
            let id = format!("c-{lost}");
            let mut during = |act: &mut dyn FnMut(&mut CqlDesk)| {
                faulty.on_answers(lost, reaction.clone());
                act(&mut desk);
                assert!((faulty.struck)() > 0, "the fault did not strike");
                faulty.proxy.turn_off_rules();
            };
            let is_yours =
                |answer: LeaseAnswer| assert!(matches!(answer, LeaseAnswer::Yours(_)), "{answer:?}");
            during(&mut |desk| is_yours(desk.take(&claim(&id, "a"), LONG).unwrap()));
            assert!(matches!(beside.take(&claim(&id, "b"), LONG).unwrap(), LeaseAnswer::Held(_)));
            during(&mut |desk| is_yours(desk.renew(&id, "a", LONG).unwrap()));
            during(&mut |desk| assert!(desk.release(&id, "a").unwrap().is_some()));
            assert!(beside.held(std::slice::from_ref(&id)).unwrap().is_empty());
            is_yours(beside.take(&claim(&id, "c"), LONG).unwrap());
            during(&mut |desk| is_yours(desk.take_over(&claim(&id, "d"), "c", LONG).unwrap()));
            during(&mut |desk| is_yours(desk.finish(&id, "d", LONG).unwrap()));
            assert!(
                beside.held(std::slice::from_ref(&id)).unwrap().get(&id).is_some_and(|lease| lease.finished)
            );
        }
    }
}

#[test]
fn an_approval_and_a_link_whose_answers_are_lost_count_once() {
    for reaction in reactions() {
        let mut faulty = Faulty::fresh();
        let (mut desk, mut beside) = (desk(&faulty), beside(&faulty));
        let request = ChangeRequest {
            request_id: "r".into(),
            requested_by: "olga".into(),
            requested_at: 1,
            reason: String::new(),
            base_version: 1,
            change: "{}".into(),
            approved_by: Vec::new(),
            state: RequestState::Open,
        };
        beside.ask(&request).unwrap();
        beside.save_link("l", "anna", LONG).unwrap();
        let user = User {
            name: "anna".into(),
            password_hash: None,
            roles: ["clerk".to_owned()].into(),
            teams: None,
            disabled: false,
            changed_at: 1,
        };
        for lost in 1..=2 {
            let person = format!("p-{lost}");
            faulty.on_answers(lost, reaction.clone());
            assert!(desk.approve("r", &person).unwrap().unwrap().approved_by.contains(&person));
            assert!((faulty.struck)() > 0);
        }
        assert_eq!(beside.request("r").unwrap().unwrap().approved_by, ["p-1", "p-2"]);
        faulty.on_answers(1, reaction.clone());
        assert!(desk.end_request("r", RequestState::Published).unwrap());
        faulty.on_answers(1, reaction.clone());
        assert!(desk.save_user(&user, None).unwrap());
        faulty.on_answers(1, reaction.clone());
        assert_eq!(desk.use_link("l").unwrap().as_deref(), Some("anna"));
        assert_eq!(beside.use_link("l").unwrap(), None);
        faulty.on_answers(1, reaction.clone());
        desk.save("s", "anna", b"body", LONG).unwrap();
        assert!(beside.load("s").unwrap().is_some());
    }
}

#[test]
fn a_server_that_hangs_is_a_passing_outage_within_bounds_and_the_same_claim_is_taken_after() {
    let mut faulty = Faulty::fresh();
    let mut desk = desk(&faulty);
    faulty.on_requests(RequestOpcode::Execute, usize::MAX, RequestReaction::drop_frame());
    let start = Instant::now();
    let outages = [
        desk.take(&claim("c", "a"), LONG).unwrap_err(),
        desk.held(&["c".into()]).unwrap_err(),
        desk.held_by("anna").unwrap_err(),
        desk.load("s").unwrap_err(),
    ];
    assert!(outages.iter().all(|outage| !outage.fatal), "{outages:?}");
    assert!(start.elapsed() < 4 * 4 * TIMEOUT + SLACK, "{:?}", start.elapsed());
    faulty.proxy.turn_off_rules();
    assert!(matches!(desk.take(&claim("c", "a"), LONG).unwrap(), LeaseAnswer::Yours(_)));
}
