//! The embedded case store keeps what every case store has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use ombud_local::{Local, LocalCases, Options};
use ombud_store::{case_store_keeps_its_promises, sketches_keep_their_promises};
use tempfile::TempDir;

fn fresh() -> (LocalCases, (Local, TempDir)) {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), Options::default()).unwrap();
    (local.cases().unwrap(), (local, dir))
}

case_store_keeps_its_promises!(fresh);

sketches_keep_their_promises!(fresh);
