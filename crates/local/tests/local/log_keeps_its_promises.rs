//! The embedded log keeps what every log has to keep.

#![expect(clippy::unwrap_used, reason = "these helpers are part of tests")]

use std::sync::Arc;

use crossbeam_channel::Receiver;
use ombud_local::{Local, LocalMember, LocalReader, LocalSink, Options};
use ombud_stream::{Delivery, Start, log_keeps_its_promises, testing::World};
use tempfile::TempDir;

struct Fresh {
    local: Local,
    _dir: TempDir,
}

fn fresh() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(dir.path(), Options::new([("t".to_owned(), 2)])).unwrap();
    Fresh { local, _dir: dir }
}

impl World for Fresh {
    type Sink = LocalSink<u64>;
    type GroupMember = LocalMember;
    type Reader = LocalReader;

    fn topic(&self) -> Arc<str> {
        "t".into()
    }

    fn sink(&self, capacity: usize) -> (LocalSink<u64>, Receiver<Delivery<u64>>) {
        self.local.sink(capacity)
    }

    fn member(&self, group: &str) -> LocalMember {
        self.local.member(group, &["t"], Start::Earliest).unwrap()
    }

    fn reader(&self) -> LocalReader {
        self.local.reader().unwrap()
    }
}

log_keeps_its_promises!(fresh);
