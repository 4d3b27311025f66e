//! The desk on a CQL server keeps what every desk has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::{sync::Arc, time::Duration};

use ombud_store::{
    CqlDesk, check, desk_keeps_its_promises,
    testing::desk::{DeskWorld, median_of_taking},
};
use ombud_stream::SystemClock;

use crate::server::Keyspace;

struct World(Keyspace);

impl DeskWorld for World {
    type Stores = CqlDesk;

    fn open(&self) -> CqlDesk {
        CqlDesk::connect(&self.0.0, Arc::new(SystemClock)).unwrap()
    }

    /// Asks the server for its time until it has passed.
    fn pass(&self, time: Duration) {
        let now = || check(&self.0.0).unwrap().now_ms;
        let end = now() + i64::try_from(time.as_millis()).unwrap();
        while now() < end {}
    }
}

fn fresh() -> World {
    World(Keyspace::fresh())
}

desk_keeps_its_promises!(fresh);

#[test]
fn half_of_all_leases_are_taken_within_a_tenth_of_a_second() {
    let median = median_of_taking(&fresh());
    println!("median of 300 leases: {median:?}");
    assert!(median < Duration::from_millis(100), "{median:?}");
}
