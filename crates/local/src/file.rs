//! The folder: its lock, the SQLite file, its format and its topics.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{Read, Write},
    ops::Range,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use ombud_stream::TopicPartition;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, config::DbConfig};

use crate::{
    digest,
    error::{LocalError, sql},
    gaps::{Gaps, has_table},
    media,
};

/// How often the tables have changed: rows have digests, and the log has marks.
const TABLE_CHANGES: i64 = 1;
/// "ombd": tells our file from any other SQLite file.
const APPLICATION_ID: i64 = 0x6f6d_6264;
/// How many low bits of a record's place are its offset.
const OFFSET_BITS: u32 = 40;
/// No topic has more partitions: what says so is damaged.
const MOST_PARTITIONS: i64 = 1 << 16;

/// The format that this build writes, kept in SQLite's `user_version`. It rises with each schema that the catalogue gains and
/// with each change of the tables, so that an older build, which could read neither, refuses the file. The first build
/// wrote 1.
fn newest_format() -> i64 {
    let schemas: usize =
        ombud_contract::catalogue::Topic::ALL.iter().map(|topic| topic.schemas().len()).sum();
    schemas as i64 + TABLE_CHANGES
}

/// Where in the file the record of a partition and offset lies.
pub(crate) fn place(partition_id: usize, offset: i64) -> i64 {
    ((partition_id as i64) << OFFSET_BITS) | offset
}

/// The offset of a record's place.
pub(crate) fn offset_of(place: i64) -> i64 {
    place & ((1 << OFFSET_BITS) - 1)
}

/// The SQLite file of a folder.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("ombud.db")
}

/// Takes the folder for this process until the file is dropped; the system lets go of it when the process dies.
pub(crate) fn lock(dir: &Path) -> Result<File, LocalError> {
    let io = |action: &str| {
        let action = format!("{action} {}", dir.display());
        move |cause| LocalError::Io { action, cause }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("create folder"))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join("lock"))
        .map_err(io("open the lock of"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(cause)) => return Err(io("lock")(cause)),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // A holder that was quick has not written its id yet: then it stays unnamed.
            let holder = match file.read_to_string(&mut pid) {
                Ok(_) if !pid.trim().is_empty() => format!("process {}", pid.trim()),
                _ => "another process".into(),
            };
            return Err(LocalError::Locked { dir: dir.into(), holder });
        }
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io("write the lock of"))?;
    keep_private(dir);
    Ok(file)
}

/// Takes from everybody else what an older build let them read of the folder, which holds what customers wrote. A folder that
/// is not ours to close (a mounted volume, `/tmp`, one that holds other things as well) stays as it is, and our files in it are
/// closed.
fn keep_private(dir: &Path) {
    const OURS: [&str; 7] =
        ["lock", "ombud.db", "ombud.db-wal", "ombud.db-shm", "marks", "operator.token", "models"];
    let is_ours = |name: &str| {
        OURS.contains(&name) || ["damaged-", "replaced-"].iter().any(|mark| name.starts_with(mark))
    };
    let holds_ours_alone = fs::read_dir(dir).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_ours)))
    });
    close(dir, holds_ours_alone);
    OURS.iter().for_each(|name| close(&dir.join(name), true));
}

/// Takes `path` from everybody but its owner, if it `may` be taken from others.
fn close(path: &Path, may: bool) {
    const OTHERS: u32 = 0o077;
    const STICKY: u32 = 0o1000;
    let Ok(found) = fs::metadata(path) else { return };
    let mode = found.permissions().mode();
    if mode & OTHERS == 0 {
        return;
    }
    if !may || mode & STICKY != 0 {
        tracing::warn!(path = %path.display(), "others may look into the data folder: give it one of its own");
        return;
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS)) {
        Ok(()) => tracing::warn!(path = %path.display(), "closed to other users"),
        Err(cause) => {
            tracing::warn!(path = %path.display(), %cause, "others may read it: take that from them")
        }
    }
}

/// Opens the file, which is made where there is none; nothing is written to it before [`prepare`].
pub(crate) fn open(path: &Path) -> Result<Connection, LocalError> {
    let connection = Connection::open(path).map_err(sql(format!("open {}", path.display())))?;
    leave_journal(&connection, path, true)?;
    Ok(connection)
}

/// Whether the journal stays as it lies when the last connection is closed. SQLite would move what it takes for its whole
/// part into the file, and remove the rest: of a damaged one nothing would be left to look at.
fn leave_journal(connection: &Connection, path: &Path, leave: bool) -> Result<(), LocalError> {
    let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave);
    set.map(drop).map_err(sql(format!("set up {}", path.display())))
}

/// Makes the file ready for its one writer: creates what it lacks, refuses a newer format.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), LocalError> {
    // First of all, so that a file of somebody else's is left as it is.
    let found = format(connection, path)?;
    leave_journal(connection, path, false)?;
    let set = |name: &str, value: &str| {
        connection.pragma_update(None, name, value).map_err(sql(format!("set {name} on {}", path.display())))
    };
    set("journal_mode", "wal")?;
    // FULL syncs the journal in every commit: what is acknowledged survives a power cut too.
    set("synchronous", "full")?;
    set("cache_size", "-16384")?;
    // Checkpoint every 16 MiB: often enough to keep the journal small, rarely enough to stay off the commit path.
    set("wal_autocheckpoint", "4096")?;
    set("journal_size_limit", "67108864")?;
    if found < newest_format() {
        bring_up_to_date(connection, path, found)?;
    }
    Ok(())
}

/// Opens the file for reading, beside its writer; also where nothing may be written.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, LocalError> {
    if !path.exists() {
        return Err(LocalError::Absent { path: path.into() });
    }
    // Not SQLITE_OPEN_READ_ONLY: after a kill -9 the first reader has to rebuild the journal's index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags)
        .map_err(sql(format!("open {}", path.display())))
        .and_then(|connection| checked(connection, path));
    match opened {
        Err(LocalError::Sql { cause, .. }) if needs_writing(&cause) && media::is_read_only(path) => {
            checked(media::open(path)?, path)
        }
        opened => opened,
    }
}

/// SQLite could not make the index of its journal.
pub(crate) fn needs_writing(cause: &rusqlite::Error) -> bool {
    matches!(cause.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn checked(connection: Connection, path: &Path) -> Result<Connection, LocalError> {
    let doing = || format!("open {}", path.display());
    leave_journal(&connection, path, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(sql(doing()))?;
    connection.pragma_update(None, "query_only", true).map_err(sql(doing()))?;
    if format(&connection, path)? == 0 {
        return Err(LocalError::Absent { path: path.into() });
    }
    Ok(connection)
}

/// All tables of a new file, or what one of format `found` lacks.
fn bring_up_to_date(connection: &mut Connection, path: &Path, found: i64) -> Result<(), LocalError> {
    let doing = || format!("create the tables of {}", path.display());
    let change = connection.transaction().map_err(sql(doing()))?;
    if found == 0 {
        change.execute_batch(include_str!("schema.sql")).map_err(sql(doing()))?;
    } else {
        digest::add_columns(&change)?;
    }
    if !has_table(&change, "commits").map_err(sql(doing()))? {
        change.execute_batch(include_str!("schema-marks.sql")).map_err(sql(doing()))?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql(doing()))?;
    change.pragma_update(None, "user_version", newest_format()).map_err(sql(doing()))?;
    change.commit().map_err(sql(doing()))
}

/// The file's format; 0 for an empty file.
pub(crate) fn format(connection: &Connection, path: &Path) -> Result<i64, LocalError> {
    let number = |pragma: &str| -> Result<i64, LocalError> {
        connection
            .query_row(pragma, [], |row| row.get(0))
            .map_err(sql(format!("read the format of {}", path.display())))
    };
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    match number("PRAGMA application_id")? {
        0 if found == 0 && tables == 0 => Ok(0),
        APPLICATION_ID if found > newest_format() => {
            Err(LocalError::Newer { path: path.into(), found, known: newest_format() })
        }
        APPLICATION_ID if found > 0 => Ok(found),
        _ => Err(LocalError::Foreign { path: path.into() }),
    }
}

/// The log's topics and where their partitions lie.
pub(crate) struct Topics(BTreeMap<Arc<str>, Topic>);

#[derive(Clone, Copy)]
struct Topic {
    first: u32,
    partitions: i32,
}

impl Topics {
    /// Those in the file.
    pub(crate) fn read(connection: &Connection) -> Result<Self, LocalError> {
        let read = || -> rusqlite::Result<_> {
            let mut query = connection.prepare("SELECT name, first, partitions FROM topics")?;
            let topic = |row: &rusqlite::Row<'_>| {
                let name: String = row.get(0)?;
                Ok((name.into(), Topic { first: row.get(1)?, partitions: row.get(2)? }))
            };
            query.query_map([], topic)?.collect()
        };
        let topics: BTreeMap<Arc<str>, Topic> = read().map_err(sql("read the topics"))?;
        let mut in_order: Vec<Topic> = topics.values().copied().collect();
        in_order.sort_by_key(|topic| topic.first);
        let mut next = 0_i64;
        for Topic { first, partitions } in in_order {
            // One behind the other: records lie by these numbers.
            if i64::from(first) != next || !(1..=MOST_PARTITIONS).contains(&i64::from(partitions)) {
                let cause = rusqlite::Error::IntegralValueOutOfRange(1, first.into());
                return Err(sql("read the topics")(cause));
            }
            next += i64::from(partitions);
        }
        Ok(Self(topics))
    }

    /// Creates the topic if it isn't there; refuses another partition count than it has.
    pub(crate) fn ensure(
        &mut self,
        connection: &Connection,
        name: &str,
        partitions: i32,
    ) -> Result<(), LocalError> {
        let partitions = partitions.max(1);
        if let Some(topic) = self.0.get(name) {
            let refused =
                || LocalError::Partitions { topic: name.into(), asked: partitions, found: topic.partitions };
            return if topic.partitions == partitions { Ok(()) } else { Err(refused()) };
        }
        let first = self.partitions().sum();
        let topic = Topic { first, partitions };
        let insert = "INSERT INTO topics (name, first, partitions) VALUES (?1, ?2, ?3)";
        connection
            .execute(insert, (name, topic.first, partitions))
            .map_err(sql(format!("create topic {name}")))?;
        self.0.insert(name.into(), topic);
        Ok(())
    }

    /// How many partitions there are over all topics; their ids are the numbers below.
    pub(crate) fn partition_count(&self) -> usize {
        self.partitions().sum::<u32>() as usize
    }

    fn partitions(&self) -> impl Iterator<Item = u32> {
        self.0.values().map(|topic| topic.partitions.unsigned_abs())
    }

    /// The topic's name, shared, and its partition count.
    pub(crate) fn find(&self, topic: &str) -> Option<(Arc<str>, i32)> {
        self.0.get_key_value(topic).map(|(name, topic)| (Arc::clone(name), topic.partitions))
    }

    /// The id of a partition.
    pub(crate) fn id(&self, partition: &TopicPartition) -> Option<usize> {
        let topic = self.0.get(&partition.topic)?;
        let known = (0..topic.partitions).contains(&partition.partition);
        known.then(|| (topic.first + partition.partition.unsigned_abs()) as usize)
    }

    /// All topics by name, with the ids of their partitions.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&Arc<str>, Range<usize>)> {
        let ids =
            |topic: &Topic| topic.first as usize..(topic.first + topic.partitions.unsigned_abs()) as usize;
        self.0.iter().map(move |(name, topic)| (name, ids(topic)))
    }

    /// All topics by name, with their partition counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, i32)> {
        self.0.iter().map(|(name, topic)| (name, topic.partitions))
    }
}

/// Where a partition ends, and when its last record was appended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Head {
    pub(crate) end: i64,
    pub(crate) appended_at: i64,
}

/// The head of the partition of that id.
pub(crate) fn head(connection: &Connection, gaps: &Gaps, id: usize) -> rusqlite::Result<Head> {
    let mut query = connection.prepare_cached(
        "SELECT place, appended_at FROM records WHERE place >= ?1 AND place < ?2 ORDER BY place DESC LIMIT 1",
    )?;
    let last = query.query_row((place(id, 0), place(id + 1, 0)), |row| {
        Ok(Head { end: offset_of(row.get(0)?) + 1, appended_at: row.get(1)? })
    });
    let last = last.optional()?.unwrap_or_default();
    Ok(Head { end: last.end.max(gaps.floor(id)), ..last })
}

/// The heads of the first `count` partitions, by id.
pub(crate) fn heads(connection: &Connection, gaps: &Gaps, count: usize) -> rusqlite::Result<Vec<Head>> {
    (0..count).map(|id| head(connection, gaps, id)).collect()
}

/// The number of the last transaction; `None` in a file of an older build, which has no marks either.
pub(crate) fn last_commit(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !has_table(connection, "commits")? {
        return Ok(None);
    }
    connection.query_row("SELECT number FROM commits", [], |row| row.get(0)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_an_older_build_left_open_is_closed_and_a_new_one_is_made_so() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::create_dir(&old).unwrap();
        fs::write(path(&old), "").unwrap();
        for (path, open) in [(&old, 0o755), (&path(&old), 0o644)] {
            set(path, open);
        }
        let _locks = (lock(&old).unwrap(), lock(&new).unwrap());
        assert_eq!((mode(&old), mode(&path(&old)), mode(&new)), (0o700, 0o600, 0o700));
    }

    #[test]
    fn a_folder_that_holds_other_things_as_well_stays_open_and_our_files_in_it_are_closed() {
        let dir = tempfile::tempdir().unwrap();
        let orders = dir.path().join("orders.csv");
        fs::write(&orders, "").unwrap();
        fs::write(path(dir.path()), "").unwrap();
        for (path, open) in [(dir.path(), 0o755), (&path(dir.path()), 0o644), (&orders, 0o644)] {
            set(path, open);
        }
        let _lock = lock(dir.path()).unwrap();
        assert_eq!((mode(dir.path()), mode(&path(dir.path())), mode(&orders)), (0o755, 0o600, 0o644));
    }

    #[test]
    fn a_folder_of_everybodys_stays_and_our_files_in_it_are_closed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(path(dir.path()), "").unwrap();
        set(dir.path(), 0o1777);
        set(&path(dir.path()), 0o644);
        let _lock = lock(dir.path()).unwrap();
        assert_eq!((mode(dir.path()), mode(&path(dir.path()))), (0o1777, 0o600));
    }
}
