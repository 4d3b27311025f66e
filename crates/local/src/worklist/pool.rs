//! The connections that read, a bounded number: whoever finds none free waits a moment.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use ombud_stream::Outage;
use rusqlite::Connection;

use super::file::open_reader;

/// How many read at once.
const READERS: usize = 4;
/// How long a reader waits for a connection: many times as long as a page takes.
const FREE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to one path; each is opened when it is needed first.
pub(super) struct ReadPool {
    path: PathBuf,
    free: Receiver<Option<Opened>>,
    put_back: Sender<Option<Opened>>,
    /// Rises when the file is made again: connections of before read what is not there any more.
    generation: AtomicU64,
}

struct Opened {
    connection: Connection,
    generation: u64,
}

impl ReadPool {
    pub(super) fn new(path: PathBuf) -> Self {
        let (put_back, free) = bounded(READERS);
        for _ in 0..READERS {
            // There is room for exactly these.
            let _ = put_back.send(None);
        }
        Self { path, free, put_back, generation: AtomicU64::new(0) }
    }

    /// Has whoever reads from now on read the file that is there now.
    pub(super) fn renew(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// What `read` makes of a connection; `doing` says what for.
    pub(super) fn with<T>(
        &self,
        doing: &dyn Fn() -> String,
        read: impl FnOnce(&Connection) -> T,
    ) -> Result<T, Outage> {
        let Ok(free) = self.free.recv_timeout(FREE_TIMEOUT) else {
            return Err(Outage::passing(doing(), "others are reading it: try again in a moment"));
        };
        let mut place = Place { pool: self, opened: None };
        let generation = self.generation.load(Ordering::SeqCst);
        let opened = match free.filter(|opened| opened.generation == generation) {
            Some(opened) => opened,
            None => {
                let connection = open_reader(&self.path);
                let connection = connection.map_err(|cause| Outage::passing(doing(), cause))?;
                Opened { connection, generation }
            }
        };
        let result = read(&opened.connection);
        place.opened = Some(opened);
        Ok(result)
    }
}

/// A place in the pool, which is given back whatever happens.
struct Place<'p> {
    pool: &'p ReadPool,
    opened: Option<Opened>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // There is room: it was taken from there.
        let _ = self.pool.put_back.send(self.opened.take());
    }
}
