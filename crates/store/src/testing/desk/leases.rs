//! What every store of leases has to keep.

use std::time::{Duration, Instant};

use super::{DeskWorld, LONG, ROUNDING, SHORT, at_once};
use crate::{Claim, Lease, LeaseAnswer, Leases};

fn claim(complaint_id: &str, lease_id: &str, holder: &str) -> Claim {
    Claim {
        complaint_id: complaint_id.into(),
        lease_id: lease_id.into(),
        holder: holder.into(),
        team: "cards".into(),
        revision: 3,
    }
}

/// The lease of an answer that must be the asker's.
fn yours(answer: LeaseAnswer) -> Lease {
    let LeaseAnswer::Yours(lease) = answer else { unreachable!("{answer:?}") };
    lease
}

/// The lease id of an answer that must be another's.
fn held(answer: LeaseAnswer) -> String {
    let LeaseAnswer::Held(lease) = answer else { unreachable!("{answer:?}") };
    lease.claim.lease_id
}

/// Processes that do not know of each other, over several complaints.
pub fn of_many_who_ask_at_once_one_gets_it(world: &impl DeskWorld) {
    const PROCESSES: usize = 6;
    const COMPLAINTS: usize = 8;
    let taken = at_once(world, PROCESSES, |number, mut desk| {
        let take = |complaint: usize| {
            let claim =
                claim(&format!("c-{complaint}"), &format!("l-{number}-{complaint}"), &number.to_string());
            match desk.take(&claim, LONG).expect("answers") {
                LeaseAnswer::Yours(lease) => {
                    assert_eq!(lease.claim, claim);
                    true
                }
                LeaseAnswer::Held(lease) => {
                    assert_ne!(lease.claim.holder, claim.holder);
                    false
                }
                LeaseAnswer::Nobody => unreachable!("somebody has it"),
            }
        };
        (0..COMPLAINTS).map(take).collect::<Vec<_>>()
    });
    for complaint in 0..COMPLAINTS {
        let holders = taken.iter().filter(|taken| taken[complaint]).count();
        assert_eq!(holders, 1, "c-{complaint}");
    }
}

/// Whoever repeats it after a crash learns that it is theirs, until when it was.
pub fn a_claim_that_is_sent_again_is_the_same_lease(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let lease = yours(desk.take(&claim("c", "a", "anna"), LONG).expect("answers"));
    assert_eq!((&lease.claim, lease.finished), (&claim("c", "a", "anna"), false));
    let length = lease.until - lease.since;
    assert_eq!(u128::try_from(length).expect("later"), LONG.as_millis());
    assert_eq!(yours(other.take(&claim("c", "a", "anna"), LONG).expect("answers")), lease);
    assert_eq!(held(other.take(&claim("c", "b", "anna"), LONG).expect("answers")), "a", "another one is not");
}

/// Without anybody's doing, and no later than the store's rounding.
pub fn a_lease_ends_by_itself_and_the_next_gets_it(world: &impl DeskWorld) {
    let mut desk = world.open();
    let first = yours(desk.take(&claim("c", "a", "anna"), SHORT).expect("answers"));
    assert_eq!(held(desk.take(&claim("c", "b", "ben"), LONG).expect("answers")), "a");
    world.pass(SHORT + ROUNDING);
    assert!(desk.held(&["c".into()]).expect("answers").is_empty());
    assert!(desk.held_by("anna").expect("answers").is_empty());
    let second = yours(desk.take(&claim("c", "b", "ben"), LONG).expect("answers"));
    assert!(second.since >= first.until, "{first:?} {second:?}");
}

/// It neither ends when it would have, nor is it restarted.
pub fn a_lease_that_is_renewed_lasts_and_began_when_it_began(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let lease = yours(desk.take(&claim("c", "a", "anna"), SHORT).expect("answers"));
    let renewed = yours(other.renew("c", "a", LONG).expect("answers"));
    assert!(renewed.since == lease.since && renewed.until > lease.until, "{lease:?} {renewed:?}");
    world.pass(SHORT + ROUNDING);
    assert_eq!(held(desk.take(&claim("c", "b", "ben"), LONG).expect("answers")), "a");
    assert_eq!(desk.held_by("anna").expect("answers"), [renewed]);
}

/// Nor does it keep another from what is theirs.
pub fn what_a_lease_has_lost_it_does_not_get_back(world: &impl DeskWorld) {
    let mut desk = world.open();
    yours(desk.take(&claim("c", "a", "anna"), SHORT).expect("answers"));
    world.pass(SHORT + ROUNDING);
    assert_eq!(desk.renew("c", "a", LONG).expect("answers"), LeaseAnswer::Nobody);
    assert_eq!(desk.finish("c", "a", LONG).expect("answers"), LeaseAnswer::Nobody);
    assert_eq!(desk.release("c", "a").expect("answers"), None);
    let lease = yours(desk.take(&claim("c", "b", "ben"), LONG).expect("answers"));
    assert_eq!(held(desk.renew("c", "a", LONG).expect("answers")), "b");
    assert_eq!(held(desk.finish("c", "a", LONG).expect("answers")), "b");
    assert_eq!(desk.release("c", "a").expect("answers"), None);
    assert_eq!(desk.held(&["c".into()]).expect("answers").get("c"), Some(&lease));
}

/// Once; what is said about it is what it was.
pub fn what_is_given_back_is_free_at_once(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let lease = yours(desk.take(&claim("c", "a", "anna"), LONG).expect("answers"));
    let ended = other.release("c", "a").expect("answers").expect("it was there");
    assert_eq!((&ended.claim, ended.since), (&lease.claim, lease.since));
    assert!((lease.since..lease.until).contains(&ended.until), "{lease:?} {ended:?}");
    assert_eq!(desk.release("c", "a").expect("answers"), None);
    assert!(desk.held_by("anna").expect("answers").is_empty());
    let next = yours(desk.take(&claim("c", "b", "ben"), LONG).expect("answers"));
    assert!(next.since >= ended.until, "{ended:?} {next:?}");
}

/// Of two who take over the same lease one gets it; again is the same.
pub fn to_take_over_needs_the_lease_that_is_there(world: &impl DeskWorld) {
    let mut desk = world.open();
    assert_eq!(desk.take_over(&claim("c", "b", "ben"), "a", LONG).expect("answers"), LeaseAnswer::Nobody);
    let first = yours(desk.take(&claim("c", "a", "anna"), LONG).expect("answers"));
    assert_eq!(held(desk.take_over(&claim("c", "b", "ben"), "x", LONG).expect("answers")), "a");
    let lease = yours(desk.take_over(&claim("c", "b", "ben"), "a", LONG).expect("answers"));
    assert_eq!(lease.claim, claim("c", "b", "ben"));
    assert!(lease.since >= first.since, "{first:?} {lease:?}");
    assert_eq!(yours(desk.take_over(&claim("c", "b", "ben"), "a", LONG).expect("answers")), lease);
    assert_eq!(held(desk.take_over(&claim("c", "d", "dora"), "a", LONG).expect("answers")), "b");
    assert_eq!(held(desk.renew("c", "a", LONG).expect("answers")), "b", "who had it has lost it");
    assert!(desk.held_by("anna").expect("answers").is_empty());
    assert_eq!(desk.held_by("ben").expect("answers"), [lease]);
}

/// Not even whoever finished it, who may say again that it is finished.
pub fn finished_work_is_nobodys_until_its_time_is_over(world: &impl DeskWorld) {
    let (mut desk, mut other) = (world.open(), world.open());
    let lease = yours(desk.take(&claim("c", "a", "anna"), LONG).expect("answers"));
    let finished = yours(desk.finish("c", "a", SHORT).expect("answers"));
    assert!(finished.finished && finished.since >= lease.since, "{finished:?}");
    let again = yours(other.finish("c", "a", SHORT).expect("answers"));
    assert!(
        again.finished && again.since == finished.since,
        "the moment at which it was finished: {again:?}"
    );
    assert!(again.until >= finished.until, "views have as much time as before: {finished:?} {again:?}");
    assert_eq!(held(other.take(&claim("c", "a", "anna"), LONG).expect("answers")), "a");
    assert_eq!(held(other.take(&claim("c", "b", "ben"), LONG).expect("answers")), "a");
    assert_eq!(held(other.take_over(&claim("c", "b", "ben"), "a", LONG).expect("answers")), "a");
    assert_eq!(held(other.renew("c", "a", LONG).expect("answers")), "a");
    assert_eq!(other.release("c", "a").expect("answers"), None);
    assert!(other.held_by("anna").expect("answers").is_empty(), "they have finished it");
    assert_eq!(other.held(&["c".into()]).expect("answers").get("c"), Some(&again));
    world.pass(SHORT + ROUNDING);
    yours(other.take(&claim("c", "b", "ben"), LONG).expect("answers"));
}

/// The mark of what is finished goes, and a lease under which somebody works stays.
pub fn what_is_opened_again_is_free_and_work_goes_on(world: &impl DeskWorld) {
    let mut desk = world.open();
    yours(desk.take(&claim("c", "a", "anna"), LONG).expect("answers"));
    desk.forget("c").expect("answers");
    assert_eq!(held(desk.take(&claim("c", "b", "ben"), LONG).expect("answers")), "a");
    yours(desk.finish("c", "a", LONG).expect("answers"));
    desk.forget("c").expect("answers");
    desk.forget("c").expect("again");
    yours(desk.take(&claim("c", "b", "ben"), LONG).expect("answers"));
}

/// Nobody's are not, nor others'.
pub fn what_somebody_has_is_found_by_complaint_and_by_holder(world: &impl DeskWorld) {
    let mut desk = world.open();
    let mut leases = Vec::new();
    for n in 0..70 {
        let holder = if n % 2 == 0 { "anna" } else { "ben" };
        let claim = claim(&format!("c-{n:02}"), &format!("l-{n}"), holder);
        leases.push(yours(desk.take(&claim, LONG).expect("answers")));
    }
    desk.release("c-04", "l-4").expect("answers");
    desk.finish("c-06", "l-6", LONG).expect("answers");
    let ids: Vec<String> = (0..90).map(|n| format!("c-{n:02}")).collect();
    let held = desk.held(&ids).expect("answers");
    assert_eq!(held.len(), 69);
    assert!(!held.contains_key("c-04") && held.get("c-07") == leases.get(7), "{held:?}");
    assert!(desk.held(&[]).expect("answers").is_empty());
    let hers = desk.held_by("anna").expect("answers");
    let expected = leases.iter().step_by(2).filter(|lease| !["l-4", "l-6"].contains(&&*lease.claim.lease_id));
    assert!(hers.iter().eq(expected), "the earliest taken first: {hers:?}");
    assert!(desk.held_by("dora").expect("answers").is_empty());
}

/// Takes 300 complaints, one after the other: half of the calls were faster than this.
pub fn median_of_taking(world: &impl DeskWorld) -> Duration {
    let mut desk = world.open();
    let mut took = Vec::new();
    for n in 0..300 {
        let claim = claim(&format!("m-{n}"), &format!("l-{n}"), "anna");
        let began = Instant::now();
        yours(desk.take(&claim, LONG).expect("answers"));
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[took.len() / 2]
}
