//! The embedded desk keeps what every desk has to keep, for several processes, and whatever becomes of one of them.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use ombud_local::{LocalDesk, LocalError};
use ombud_store::{
    Claim, LeaseAnswer, Leases as _, desk_keeps_its_promises,
    testing::desk::{DeskWorld, median_of_taking},
};
use ombud_stream::ManualClock;
use rusqlite::Connection;
use tempfile::TempDir;

struct World {
    dir: TempDir,
    clock: Arc<ManualClock>,
}

impl DeskWorld for World {
    type Stores = LocalDesk;

    fn open(&self) -> LocalDesk {
        LocalDesk::open(self.dir.path(), Arc::clone(&self.clock) as _).unwrap()
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(i64::try_from(time.as_millis()).unwrap());
    }
}

fn fresh() -> World {
    World { dir: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::at(1_800_000_000_000)) }
}

desk_keeps_its_promises!(fresh);

fn claim(lease_id: &str) -> Claim {
    Claim {
        complaint_id: "c".into(),
        lease_id: lease_id.into(),
        holder: "anna".into(),
        team: "cards".into(),
        revision: 1,
    }
}

#[test]
fn a_lease_ends_at_its_last_millisecond_and_not_before() {
    let world = fresh();
    let mut desk = world.open();
    desk.take(&claim("a"), Duration::from_millis(100)).unwrap();
    world.pass(Duration::from_millis(99));
    assert!(matches!(desk.take(&claim("b"), Duration::ZERO).unwrap(), LeaseAnswer::Held(_)));
    world.pass(Duration::from_millis(1));
    assert!(matches!(desk.take(&claim("b"), Duration::from_secs(1)).unwrap(), LeaseAnswer::Yours(_)));
}

#[test]
fn a_file_that_others_keep_busy_is_an_outage_that_passes() {
    let world = fresh();
    let mut desk = world.open();
    let busy = Connection::open(world.dir.path().join("desk.db")).unwrap();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outage = desk.take(&claim("a"), Duration::from_secs(1)).unwrap_err();
    assert!(!outage.fatal, "{outage:?}");
    // What a process that dies has written without a commit is gone.
    busy.execute("INSERT INTO leases VALUES ('c', 'x', 'x', 'x', 1, 0, 9223372036854775807, 0)", []).unwrap();
    drop(busy);
    assert!(matches!(desk.take(&claim("a"), Duration::from_secs(1)).unwrap(), LeaseAnswer::Yours(_)));
}

#[test]
fn what_ran_out_does_not_stay_in_the_file() {
    let world = fresh();
    let mut desk = world.open();
    for n in 0..50 {
        let claim = Claim { complaint_id: format!("c-{n}"), ..claim("a") };
        desk.take(&claim, Duration::from_millis(1)).unwrap();
        world.pass(Duration::from_millis(1));
    }
    let file = Connection::open(world.dir.path().join("desk.db")).unwrap();
    let rows: i64 = file.query_row("SELECT count(*) FROM leases", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn many_who_open_a_new_desk_at_once_all_have_it() {
    const PROCESSES: usize = 8;
    for _ in 0..50 {
        let (world, start) = (fresh(), Barrier::new(PROCESSES));
        thread::scope(|scope| {
            for _ in 0..PROCESSES {
                scope.spawn(|| {
                    start.wait();
                    world.open();
                });
            }
        });
    }
}

#[test]
fn a_newer_file_and_somebody_elses_are_left_alone() {
    let world = fresh();
    drop(world.open());
    let path = world.dir.path().join("desk.db");
    let open = || LocalDesk::open(world.dir.path(), Arc::clone(&world.clock) as _).err().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let newer = open();
    assert!(matches!(newer, LocalError::Newer { found: 999, .. }), "{newer}");
    Connection::open(&path).unwrap().pragma_update(None, "application_id", 7).unwrap();
    let foreign = open();
    assert!(matches!(foreign, LocalError::Foreign { .. }), "{foreign}");
}

#[test]
fn half_of_all_leases_are_taken_within_a_tenth_of_a_second() {
    let median = median_of_taking(&fresh());
    println!("median of 300 leases: {median:?}");
    assert!(median < Duration::from_millis(100), "{median:?}");
}
