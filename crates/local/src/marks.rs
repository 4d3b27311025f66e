//! The high-water marks: how far the log had come when it last acknowledged, in a synced file of their own, so that a log that
//! has lost its end is noticed.
//!
//! The file `marks` has two slots of equal size. They are written in turn, so that a torn slot, which fails its checksum,
//! leaves the other one. The first transaction after that writes it again.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::{Buf, BufMut};
use ombud_stream::TopicPartition;
use sha2::{Digest, Sha256};

use crate::{error::LocalError, gap::Gap, heads::Head, topics::Topics};

const MAGIC: &[u8] = b"ombudmk1";
const CHECKSUM_BYTES: usize = 32;
/// A disk writes blocks of this size: with slots of whole blocks, one that is torn leaves the other as it was.
const BLOCK: usize = 4_096;

/// How far a log has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of the last transaction.
    pub(crate) commit: i64,
    /// The offset after the last record, by topic and partition number.
    pub(crate) ends: BTreeMap<Arc<str>, Vec<i64>>,
}

impl Mark {
    /// After transaction `commit`, when the partitions end at `heads`.
    pub(crate) fn of(commit: i64, topics: &Topics, heads: &[Head]) -> Self {
        let ends = |ids: Range<usize>| -> Vec<i64> { heads[ids].iter().map(|head| head.end).collect() };
        Self { commit, ends: topics.ids().map(|(topic, ids)| (Arc::clone(topic), ends(ids))).collect() }
    }

    /// Whether nothing has ever been acknowledged.
    pub(crate) fn is_empty(&self) -> bool {
        self.commit == 0 && self.ends.values().flatten().all(|end| *end == 0)
    }

    /// The offsets that this mark has and a log that stands at `held` has not.
    pub(crate) fn missing_in(&self, held: &Self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (topic, ends) in &self.ends {
            let there = held.ends.get(topic);
            for (number, to) in (0_i32..).zip(ends) {
                let from = there.and_then(|ends| ends.get(number as usize)).copied().unwrap_or(0);
                if from < *to {
                    gaps.push(Gap {
                        partition: TopicPartition::new(Arc::clone(topic), number),
                        from,
                        to: *to,
                    });
                }
            }
        }
        gaps
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = MAGIC.to_vec();
        body.put_i64(self.commit);
        body.put_u32(self.ends.len() as u32);
        for (topic, ends) in &self.ends {
            body.put_u32(topic.len() as u32);
            body.put_slice(topic.as_bytes());
            body.put_u32(ends.len() as u32);
            ends.iter().for_each(|end| body.put_i64(*end));
        }
        let mut slot = Vec::with_capacity(4 + body.len() + CHECKSUM_BYTES);
        slot.put_u32(body.len() as u32);
        slot.put_slice(&body);
        slot.put_slice(&checksum(&body));
        slot
    }

    /// `None` when the slot is damaged.
    fn decode(mut slot: &[u8]) -> Option<Self> {
        let len = slot.try_get_u32().ok()? as usize;
        let (body, rest) = slot.split_at_checked(len)?;
        if rest.get(..CHECKSUM_BYTES)? != checksum(body) {
            return None;
        }
        let mut body = body.strip_prefix(MAGIC)?;
        let commit = body.try_get_i64().ok()?;
        let mut ends = BTreeMap::new();
        for _ in 0..body.try_get_u32().ok()? {
            let len = body.try_get_u32().ok()? as usize;
            let (name, rest) = body.split_at_checked(len)?;
            body = rest;
            let count = body.try_get_u32().ok()?;
            let of_topic = (0..count).map(|_| body.try_get_i64().ok()).collect::<Option<Vec<i64>>>()?;
            ends.insert(std::str::from_utf8(name).ok()?.into(), of_topic);
        }
        Some(Self { commit, ends })
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    Sha256::digest(body).into()
}

/// What a folder's file of marks says.
pub(crate) enum MarksFile {
    /// There is no such file.
    Absent,
    /// Neither slot is whole.
    Damaged,
    /// The newer whole slot.
    Whole(Mark),
}

/// Reads the marks of a folder, also beside their writer.
pub(crate) fn read(dir: &Path) -> Result<MarksFile, LocalError> {
    let path = path(dir);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(MarksFile::Absent),
        Err(cause) => return Err(LocalError::Io { action: format!("read {}", path.display()), cause }),
    };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let newest = [first, second].into_iter().filter_map(Mark::decode).max_by_key(|mark| mark.commit);
    Ok(newest.map_or(MarksFile::Damaged, MarksFile::Whole))
}

fn path(dir: &Path) -> PathBuf {
    dir.join("marks")
}

/// The file, open for the log's one writer.
pub(crate) struct Marks {
    file: File,
    slot_bytes: usize,
    /// Which slot is written next: never the one that holds the newest mark.
    next: usize,
}

impl Marks {
    /// Writes a new file with `mark`, whole or not at all.
    pub(crate) fn begin(dir: &Path, mark: &Mark) -> Result<Self, LocalError> {
        let begin = || -> io::Result<Self> {
            let (path, coming) = (path(dir), dir.join("marks.new"));
            let mut slot = mark.encode();
            slot.resize(slot.len().next_multiple_of(BLOCK), 0);
            let mut file = File::create(&coming)?;
            // Both at once, and no holes: a later write needs no room on the disk.
            file.write_all(&[&slot[..], &slot[..]].concat())?;
            file.sync_all()?;
            fs::rename(&coming, &path)?;
            sync_folder(dir)?;
            Ok(Self { file, slot_bytes: slot.len(), next: 0 })
        };
        begin().map_err(|cause| LocalError::Io {
            action: format!("write the marks of {}", dir.display()),
            cause,
        })
    }

    /// Durable when it returns. The topics are those that the file was begun with.
    pub(crate) fn write(&mut self, mark: &Mark) -> io::Result<()> {
        self.file.seek(SeekFrom::Start((self.next * self.slot_bytes) as u64))?;
        self.file.write_all(&mark.encode())?;
        self.file.sync_data()?;
        self.next = 1 - self.next;
        Ok(())
    }
}

/// Makes what was created, renamed or removed in `dir` durable.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(commit: i64, ends: &[i64]) -> Mark {
        Mark { commit, ends: BTreeMap::from([("t".into(), ends.to_vec())]) }
    }

    fn newest(dir: &Path) -> Option<Mark> {
        match read(dir).unwrap() {
            MarksFile::Whole(mark) => Some(mark),
            MarksFile::Absent | MarksFile::Damaged => None,
        }
    }

    #[test]
    fn the_newest_mark_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(dir.path()).unwrap(), MarksFile::Absent));
        let mut marks = Marks::begin(dir.path(), &mark(0, &[0, 0])).unwrap();
        assert_eq!(newest(dir.path()), Some(mark(0, &[0, 0])));
        for commit in 1..5 {
            marks.write(&mark(commit, &[commit, 7])).unwrap();
            assert_eq!(newest(dir.path()), Some(mark(commit, &[commit, 7])));
        }
    }

    #[test]
    fn a_torn_slot_leaves_the_mark_before_it_and_two_are_damage() {
        let dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::begin(dir.path(), &mark(0, &[0])).unwrap();
        marks.write(&mark(1, &[1])).unwrap();
        marks.write(&mark(2, &[2])).unwrap();
        let whole = fs::read(path(dir.path())).unwrap();
        let newer = whole.len() / 2;
        for byte in 0..mark(2, &[2]).encode().len() {
            let mut torn = whole.clone();
            torn[newer + byte] ^= 1;
            fs::write(path(dir.path()), &torn).unwrap();
            assert_eq!(newest(dir.path()), Some(mark(1, &[1])), "byte {byte}");
            torn[byte] ^= 1;
            fs::write(path(dir.path()), &torn).unwrap();
            assert!(matches!(read(dir.path()).unwrap(), MarksFile::Damaged), "byte {byte}");
        }
        fs::write(path(dir.path()), b"").unwrap();
        assert!(matches!(read(dir.path()).unwrap(), MarksFile::Damaged));
    }

    #[test]
    fn what_a_log_lacks_is_said_by_partition_and_what_it_has_beyond_the_mark_is_no_loss() {
        let lost = mark(3, &[5, 2, 0]).missing_in(&mark(3, &[3, 4]));
        let gap = Gap { partition: TopicPartition::new("t", 0), from: 3, to: 5 };
        assert_eq!(lost, [gap]);
        assert_eq!(mark(1, &[2]).missing_in(&Mark::default()).len(), 1, "a topic that is gone");
    }
}
