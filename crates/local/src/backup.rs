//! A copy of log, cases and desk as they are at one moment, made while they are written.

use std::{ffi::c_int, path::Path};

use ombud_stream::Outage;
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};

use crate::{
    desk,
    error::{LocalError, sql},
    file::open_to_read,
    folder, inspect,
    local::LocalView,
    marks::Marks,
};

/// Pages of 4 KiB that are copied between two reports of how far the copy is.
const PAGES_PER_STEP: c_int = 1_024;

impl LocalView {
    /// Copies log and cases, as they are now, into the folder `to`, which holds no log yet, with marks of their own, and of the
    /// desk its requests and users. `progress` hears how many of how many pages are copied.
    ///
    /// # Errors
    /// The log can't be read, or the copy can't be written; what was written stays then.
    pub fn back_up(&self, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LocalError> {
        let target = folder::path(to);
        let doing = || format!("copy {} to {}", self.shared.path.display(), target.display());
        let from = open_to_read(&self.shared.path)?;
        // All steps read the log as it is now. Without this SQLite would start again whenever the log grows.
        let moment = from.unchecked_transaction().map_err(sql(doing()))?;
        let begun = moment.query_row("SELECT count(*) FROM topics", [], |row| row.get::<_, i64>(0));
        begun.map_err(sql(doing()))?;
        let mut copy = Connection::open(&target).map_err(sql(doing()))?;
        let backup = Backup::new(&moment, &mut copy).map_err(sql(doing()))?;
        loop {
            let step = backup.step(PAGES_PER_STEP).map_err(sql(doing()))?;
            let (pages, left) = (backup.progress().pagecount, backup.progress().remaining);
            progress(u64::from((pages - left).unsigned_abs()), u64::from(pages.unsigned_abs()));
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => {
                    return Err(LocalError::Unreadable(Outage::passing(
                        doing(),
                        "another program has one of them open",
                    )));
                }
            }
        }
        drop(backup);
        drop(copy);
        // Out of the mode in which a journal lies beside the file: the copy is whole by itself, also on a read-only mount.
        let copy = Connection::open(&target).map_err(sql(doing()))?;
        copy.pragma_update(None, "journal_mode", "delete").map_err(sql(doing()))?;
        // Of what was copied: marks never say more than the copy holds.
        if let Some((held, _)) = inspect::held(&copy, &target)? {
            Marks::begin(to, &held)?;
        }
        desk::backup::back_up(self.folder(), to)
    }
}
