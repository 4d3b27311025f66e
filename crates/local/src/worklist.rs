//! The worklist in an SQLite file of its own, which can be thrown away at any time: it is made again from the topics.
//!
//! One row a complaint: all that is known of it as one value with its digest, and beside it the columns by which pages are
//! filtered and ordered. What a reader gets is folded from the value again, so that a row that was damaged, or that another
//! build has written otherwise, is noticed.

mod columns;
mod file;
mod names;
mod order;
mod page;
mod pool;
mod read;
mod row;
mod statement;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use ombud_contract::{records::Vulnerability, work::Phase};
use ombud_store::{
    DueCount, ItemFilter, ItemOrder, ItemPage, PageStart, ReadClock, WorkItem, Worklist, WorklistChange,
    WorklistPosition,
};
use ombud_stream::Outage;
use rusqlite::Connection;

use crate::{
    error::LocalError,
    worklist::{file::WorklistFile, pool::ReadPool, row::RowError, write::Writer},
};

/// A worklist that one process keeps and reads.
pub struct LocalWorklist {
    // Dropped in this order: the writer is closed last, moves the journal into the file, and then lets go of it.
    readers: ReadPool,
    writer: Mutex<Writer>,
    file: WorklistFile,
    read_clock: Arc<ReadClock>,
    damaged: AtomicBool,
}

impl LocalWorklist {
    /// Opens the worklist in `folder`; an empty one where there is none, where it was made by another build, or where it is
    /// damaged. Several processes may share a folder: each has a file of its own.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn open(folder: &Path, read_clock: Arc<ReadClock>) -> Result<Self, LocalError> {
        let file = WorklistFile::claim(folder)?;
        let writer = Writer::new(file.open()?);
        let readers = ReadPool::new(file.path().to_owned());
        Ok(Self { readers, writer: Mutex::new(writer), file, read_clock, damaged: AtomicBool::new(false) })
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    fn read<T>(
        &self,
        what: &str,
        read: impl FnOnce(&Connection) -> Result<T, RowError>,
    ) -> Result<T, Outage> {
        let doing = || format!("read {what} of the worklist");
        self.readers.with(&doing, read)?.map_err(|error| self.outage(doing(), error))
    }

    fn write<T>(
        &self,
        what: &str,
        write: impl FnOnce(&mut Writer) -> Result<T, RowError>,
    ) -> Result<T, Outage> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut writer).map_err(|error| {
            writer.forget_names();
            self.outage(format!("{what} the worklist"), error)
        })
    }

    /// Damage passes: the view is made again.
    fn outage(&self, doing: String, error: RowError) -> Outage {
        if error.is_damage() {
            self.damaged.store(true, Ordering::SeqCst);
        }
        Outage::passing(doing, error)
    }
}

impl Worklist for LocalWorklist {
    fn apply(&self, changes: &[WorklistChange], positions: &[WorklistPosition]) -> Result<(), Outage> {
        self.write("write", |writer| writer.apply(changes, positions, &*self.read_clock))
    }

    fn positions(&self) -> Result<Vec<WorklistPosition>, Outage> {
        self.read("the positions", read::positions)
    }

    fn page(
        &self,
        filter: &ItemFilter,
        order: ItemOrder,
        after: Option<&PageStart>,
        most: usize,
    ) -> Result<ItemPage, Outage> {
        self.read("a page", |connection| {
            page::page(connection, filter, order, after, most, &*self.read_clock)
        })
    }

    fn item(&self, complaint_id: &str) -> Result<Option<WorkItem>, Outage> {
        self.read("an item", |connection| read::item(connection, complaint_id, &*self.read_clock))
    }

    fn search(&self, text: &str, most: usize) -> Result<Vec<WorkItem>, Outage> {
        self.read("what was searched", |connection| read::search(connection, text, most, &*self.read_clock))
    }

    fn counts(&self) -> Result<Vec<(String, Phase, u64)>, Outage> {
        self.read("the counts", read::counts)
    }

    fn vulnerability_counts(&self) -> Result<Vec<(String, Vulnerability, u64)>, Outage> {
        self.read("the counts", read::vulnerability_counts)
    }

    fn due_counts(&self, now: i64, soon: i64) -> Result<Vec<DueCount>, Outage> {
        self.read("what is due", |connection| read::due_counts(connection, now, soon))
    }

    fn put_away(&self, changed_before: i64, most: usize) -> Result<usize, Outage> {
        self.write("put away items of", |writer| writer.put_away(changed_before, most))
    }

    fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::SeqCst)
    }

    fn clear(&self) -> Result<(), Outage> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let doing = || format!("make {} again", self.file.path().display());
        // Until it is made, nothing can be read or written.
        self.damaged.store(true, Ordering::SeqCst);
        // Closed before its journal is removed: SQLite would remove the new file's instead.
        let nothing = Connection::open_in_memory().map_err(|cause| Outage::passing(doing(), cause))?;
        *writer = Writer::new(nothing);
        let made = self.file.make_again().map_err(|error| Outage::passing(doing(), error))?;
        *writer = Writer::new(made);
        // After the new file is there: who opens one from now on reads the new one.
        self.readers.renew();
        self.damaged.store(false, Ordering::SeqCst);
        Ok(())
    }
}
