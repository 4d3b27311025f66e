//! The digest of a row, over everything that the row holds, so that a deep look finds what a disk has changed.

use sha2::{Digest, Sha256};

/// Half a SHA-256: it stands against chance, not against an enemy, who could write the digest too.
pub(crate) type RowDigest = [u8; 16];

/// Of a record.
pub(crate) fn of_record(place: i64, appended_at: i64, parts: [Option<&[u8]>; 3]) -> RowDigest {
    let mut row = Row::default();
    row.number(place).number(appended_at);
    parts.into_iter().for_each(|part| row.part(part));
    row.digest()
}

/// Of a group's position.
pub(crate) fn of_position(
    group: &str,
    topic: &str,
    partition: i32,
    offset: i64,
    metadata: &str,
) -> RowDigest {
    let mut row = Row::default();
    [group, topic, metadata].into_iter().for_each(|text| row.part(Some(text.as_bytes())));
    row.number(partition.into()).number(offset);
    row.digest()
}

#[derive(Default)]
struct Row(Sha256);

impl Row {
    fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// Its length goes first, so that no two rows read alike; null has one of its own.
    fn part(&mut self, part: Option<&[u8]>) {
        self.number(part.map_or(-1, |part| part.len() as i64));
        self.0.update(part.unwrap_or_default());
    }

    fn digest(self) -> RowDigest {
        let whole: [u8; 32] = self.0.finalize().into();
        let mut half = RowDigest::default();
        half.copy_from_slice(&whole[..half.len()]);
        half
    }
}
