//! A copy of what the desk keeps for long: requests and users. Who works on what, and who is signed in, is over when it is put back.

use std::path::Path;

use rusqlite::Connection;

use super::{BUSY_TIMEOUT, FILE, format};
use crate::error::{LocalError, sql};

/// Copies the desk of the folder `from` into the folder `to`; nothing, where there is none.
pub(crate) fn back_up(from: &Path, to: &Path) -> Result<(), LocalError> {
    let (source, target) = (from.join(FILE), to.join(FILE));
    if !source.exists() {
        return Ok(());
    }
    let doing = || format!("copy {} to {}", source.display(), target.display());
    let desk = Connection::open(&source).map_err(sql(doing()))?;
    desk.busy_timeout(BUSY_TIMEOUT).map_err(sql(doing()))?;
    if format(&desk, &source)? == 0 {
        return Ok(());
    }
    desk.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map_err(sql(doing()))?;
    let copy = Connection::open(&target).map_err(sql(doing()))?;
    // Vacuumed again: what was deleted would still lie in the file.
    let rest = "DELETE FROM leases; DELETE FROM sessions; DELETE FROM links; VACUUM;";
    copy.execute_batch(rest).map_err(sql(doing()))?;
    copy.pragma_update(None, "journal_mode", "delete").map_err(sql(doing()))
}
